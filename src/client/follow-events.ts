/**
 * Events as they are committed, without a gap: each connection goes on after the last event of the
 * one before.
 *
 * @module
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */

import type { Connection } from './connection.ts'
import { SaomaError } from './error.ts'
import type { List, Payment, Refund } from './objects.ts'

/** An event. */
export interface SaomaEvent {
  readonly id: string
  readonly object: 'event'
  /** E.g. `payment.succeeded`. */
  readonly type: string
  readonly timestamp: string
  /** Counts the events of its object: drop one that is lower than one that you have seen. */
  readonly sequence: number
  readonly payment: string
  readonly refund: string | null
  readonly data: {
    /** The payment or the refund as it was then. */
    readonly object: Payment | Refund
    readonly previous: Readonly<Record<string, unknown>> | null
  }
}

/** From where, and which. */
export interface FollowOptions {
  /** The last event that you have; `start` for all there are. Default: only those from now on. */
  readonly after?: string
  /** Only those of these kinds. */
  readonly types?: readonly string[]
  /** Ends it. */
  readonly signal?: AbortSignal
}

/** Before a connection that broke is made again, in milliseconds. */
const AGAIN_MS = 1_000

/** Follows them. Rejects only where asking again cannot help, such as for a wrong key. */
export async function* followEvents(
  { call, stream, sleep }: Connection,
  { after, types, signal = new AbortController().signal }: FollowOptions = {},
): AsyncGenerator<SaomaEvent, void, undefined> {
  let last = after ?? (await newestEvent(call))
  const isOver = (): boolean => signal.aborted
  while (!isOver()) {
    try {
      const query = { after: last, types: types?.join(',') }
      for await (const event of readEvents(await stream('/events/stream', query, signal))) {
        last = event.id
        yield event
      }
    } catch (error) {
      if (isOver()) return
      if (error instanceof SaomaError && error.status !== null && error.status < 500) throw error
    }
    await sleep(AGAIN_MS)
  }
}

/** From where on something is new: else what happens between two connections would be missed. */
async function newestEvent(call: Connection['call']): Promise<string> {
  const { data } = await call<List<SaomaEvent>>('GET', '/events', { query: { limit: 1 } })
  return data[0]?.id ?? 'start'
}

/** Reads the events of one connection. */
async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<SaomaEvent> {
  const decoder = new TextDecoder()
  const reader = body.getReader()
  let text = ''
  try {
    for (;;) {
      const { done, value } = await reader.read()
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
