/**
 * A stand to test webhooks on: a real store, real receivers on the loopback address, and one clock
 * that stands still until it is moved.
 *
 * @module
 */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Server } from 'node:net'
import { Webhook } from 'standardwebhooks'
import { expect, onTestFinished, vi } from 'vitest'
import { MovableClock, type Instant } from '../../src/alipay/index.ts'
import type { NewEvent, PaymentEventType } from '../../src/payments/payment-event.ts'
import {
  createWebhooks,
  type SigningSecret,
  type WebhookEndpoint,
  type WebhooksOptions,
  type Webhooks,
} from '../../src/webhooks/index.ts'
import type { OpenedStore, StoreKind } from '../store/opened-stores.ts'
import { commitOf, event, lease, opening } from '../store/payments-to-store.ts'

export const SECOND_MS = 1_000
export const MINUTE_MS = 60 * SECOND_MS
export const HOUR_MS = 60 * MINUTE_MS
export const DAY_MS = 24 * HOUR_MS

/** A request as a receiver got it. */
export interface Received {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** The event's id. */
  readonly id: string
}

/** What a receiver does with a request; by default it answers 204. */
export type Answer = (response: ServerResponse, received: Received) => void

/** A receiver of webhooks. */
export interface Receiver {
  readonly url: string
  readonly port: number
  readonly received: Received[]
  /** How it answers from now on; may be replaced. */
  answer: Answer
  /** Waits until so many requests have come in all. */
  until(count: number): Promise<void>
}

/** Answers with a status and nothing else. */
export const status =
  (code: number, headers: Readonly<Record<string, string>> = {}): Answer =>
  (response) =>
    void response.writeHead(code, headers).end()

/** Never answers. */
export const silence: Answer = () => {}

/** Starts a receiver, which is gone after the test. */
export async function startReceiver(answer: Answer = status(204)): Promise<Receiver> {
  const waiting = new Set<() => void>()
  const receive = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await readBody(request)
    const headers = request.headers as Record<string, string>
    const { method = '', url = '' } = request
    const received = { method, url, headers, body, id: headers['webhook-id'] ?? '' }
    receiver.received.push(received)
    receiver.answer(response, received)
    for (const look of waiting) look()
  }
  const server = createServer((request, response) => void receive(request, response))
  const port = await listenOnLoopback(server)
  const receiver: Receiver = {
    url: `http://127.0.0.1:${port}/hooks`,
    port,
    received: [],
    answer,
    until: (count) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (receiver.received.length < count) return
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
        look()
      }),
  }
  return receiver
}

/** Has a server listen until the test is over. */
export async function listenOnLoopback(
  server: Server & { closeAllConnections?(): void },
): Promise<number> {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', () => resolve()))
  onTestFinished(async () => {
    server.closeAllConnections?.()
    await new Promise((resolve) => void server.close(resolve))
  })
  return (server.address() as AddressInfo).port
}

/** Webhooks on a store. */
export interface Stand {
  readonly opened: OpenedStore
  readonly webhooks: Webhooks
  readonly clock: MovableClock
  readonly errors: unknown[]
  readonly disabled: WebhookEndpoint[]
  /** Another set of webhooks on the same store, as on another node. */
  readonly another: (options?: Partial<WebhooksOptions>) => Webhooks
  /** Commits a payment with events of these kinds, now. */
  readonly emit: (...types: readonly PaymentEventType[]) => Promise<NewEvent[]>
  /** Puts the clock forward that all goes by. */
  readonly advance: (ms: number) => Promise<void>
  /** Runs a statement beside the store. */
  readonly query: (statement: string) => Promise<Record<string, unknown>[]>
}

/** Opens a stand, which is gone after the test. */
export async function openStand(
  kind: StoreKind,
  options: Partial<WebhooksOptions> = {},
): Promise<Stand> {
  const opened = await kind.open()
  const clock = new MovableClock(opening)
  const errors: unknown[] = []
  const disabled: WebhookEndpoint[] = []
  let payments = 0
  const another = (more: Partial<WebhooksOptions> = {}): Webhooks => {
    const webhooks = createWebhooks({
      store: opened.store.webhooks,
      livemode: false,
      addresses: { allowPrivate: true },
      clock,
      monotonicMs: () => 0,
      random: () => 0.5,
      onError: (error) => errors.push(error),
      onDisabled: (endpoint) => disabled.push(endpoint),
      ...options,
      ...more,
    })
    onTestFinished(() => webhooks.stop())
    return webhooks
  }
  return {
    opened,
    webhooks: another(),
    clock,
    errors,
    disabled,
    another,
    async emit(...types) {
      const id = `pay_${++payments}`
      const createdAt = clock.now()
      const events = types.map((type, index) => event(id, { type, sequence: index + 1, createdAt }))
      const inserted = await opened.payments.insert(commitOf(id, {}, [], { events }), lease())
      expect(inserted).toBe('inserted')
      return events
    },
    async advance(ms) {
      clock.advance(ms)
      await opened.advance(ms)
      if (opened.store.kind === 'sqlite') return
      await opened.query(
        `update webhook_endpoints set paused_until = greatest(0, paused_until - ${ms})`,
      )
    },
    query: (statement) => opened.query(statement),
  }
}

/** Verifies a request by the library of Standard Webhooks, at an instant. */
export function verifiedByLibrary(received: Received, secret: SigningSecret, at: Instant): unknown {
  vi.useFakeTimers({ toFake: ['Date'], now: at })
  try {
    return new Webhook(secret.reveal()).verify(received.body, { ...received.headers })
  } finally {
    vi.useRealTimers()
  }
}

/** The ids of what a receiver got, in that order. */
export function idsOf({ received }: Receiver): string[] {
  return received.map(({ id }) => id)
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}
