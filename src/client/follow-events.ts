/**
 * Events as they are committed, without a gap: each connection goes on after the last event of the
 * one before.
 *
 * @module
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */

import type { EventType as StoredEventType } from '../payments/payment-event.ts'
import type { Connection } from './connection.ts'
import { mayPass, SaomaError } from './error.ts'
import type { List, Payment, Refund } from './objects.ts'

/** The kinds of events. */
export type EventType = StoredEventType

/** An event; its `type` says what it is about. */
export type SaomaEvent =
  | EventOf<Extract<EventType, `payment.${string}`>, Payment>
  | EventOf<Extract<EventType, `refund.${string}`>, Refund>
  | EventOf<Extract<EventType, `reconciliation.${string}`>, Reconciliation, null>

interface EventOf<Type extends EventType, Subject, Paid = string> {
  readonly id: string
  readonly object: 'event'
  readonly type: Type
  readonly timestamp: string
  /** Counts the events of its object: drop one that is lower than one that you have seen. */
  readonly sequence: number
  /** The payment's id; `null` where it is about a reconciliation. */
  readonly payment: Paid
  readonly refund: string | null
  readonly data: {
    /** The payment, the refund or the reconciliation as it was then. */
    readonly object: Subject
    /** Those of its fields that changed, as they were before. */
    readonly previous: Partial<Subject> | null
  }
}

/** A day's comparison of Alipay's bill with your books, as its events tell of it. */
export interface Reconciliation {
  readonly id: string
  readonly object: 'reconciliation'
  /** The day in Beijing, `yyyy-MM-dd`. */
  readonly date: string
  readonly bill_type: 'trade' | 'signcustomer'
  readonly status: 'awaiting_bill' | 'running' | 'balanced' | 'differences' | 'failed'
  readonly differences: Readonly<Record<'open' | 'waiting' | 'healed' | 'resolved', number>>
  /** Why there is no result, or `null`. */
  readonly failure: { readonly code: string; readonly message: string } | null
}

/** From where, and which. */
export interface FollowOptions {
  /** The last event that you have; `start` for all there are. Default: only those from now on. */
  readonly after?: string
  /** Only those of these kinds, e.g. `['payment.succeeded']`. */
  readonly types?: readonly string[]
  /** Ends it. */
  readonly signal?: AbortSignal
}

/** The server says something every 15 s: a connection that is silent for longer is dead. */
const SILENCE_MAX_MS = 45_000

/**
 * Follows them. Rejects where asking again cannot help, such as for a wrong key, and where the
 * server is not there at the very beginning, without an `after`.
 */
export async function* followEvents(
  { call, stream, pause }: Connection,
  { after, types, signal = new AbortController().signal }: FollowOptions = {},
): AsyncGenerator<SaomaEvent, void, undefined> {
  let last = after ?? (await newestEvent(call))
  for (let attempt = 0; !signal.aborted; attempt++) {
    try {
      const query = { after: last, types: types?.join(',') }
      for await (const event of readEvents(stream, query, signal)) {
        attempt = 0
        last = event.id
        yield event
      }
    } catch (error) {
      if (!signal.aborted && error instanceof SaomaError && !mayPass(error)) throw error
    }
    await pause(attempt, { signal })
  }
}

/** From where on something is new: else what happens between two connections would be missed. */
async function newestEvent(call: Connection['call']): Promise<string> {
  const { data } = await call<List<SaomaEvent>>('GET', '/events', { query: { limit: 1 } })
  return data[0]?.id ?? 'start'
}

/** Reads the events of one connection, until it ends, breaks or falls silent. */
async function* readEvents(
  stream: Connection['stream'],
  query: object,
  signal: AbortSignal,
): AsyncGenerator<SaomaEvent> {
  const silence = new AbortController()
  const heard = async <Value>(waiting: Promise<Value>): Promise<Value> => {
    const alarm = setTimeout(() => silence.abort(), SILENCE_MAX_MS)
    return waiting.finally(() => clearTimeout(alarm))
  }
  const either = AbortSignal.any([signal, silence.signal])
  const reader = (await heard(stream('/events/stream', query, either))).getReader()
  const decoder = new TextDecoder()
  let text = ''
  try {
    for (;;) {
      const { done, value } = await heard(reader.read())
      if (done) return
      text += decoder.decode(value, { stream: true })
      const blocks = text.split('\n\n')
      text = blocks.pop() ?? ''
      for (const block of blocks) {
        const data = block.split('\n').find((line) => line.startsWith('data: '))
        if (data !== undefined) yield JSON.parse(data.slice('data: '.length)) as SaomaEvent
      }
    }
  } finally {
    await reader.cancel().catch(() => {})
  }
}
