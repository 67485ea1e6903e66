/**
 * Sends what is due. Any number of dispatchers may run on one store; the lease sees to it that a
 * delivery is in one pair of hands, and ends by itself when they are dead. Each endpoint has a few
 * places of its own, so that none waits for another.
 *
 * @module
 */

import { SpanKind } from '@opentelemetry/api'
import { addMs, type Clock } from '../alipay/index.ts'
import { DueLoop } from '../payments/due-loop.ts'
import { newLeaseToken } from '../payments/identifiers.ts'
import type { Lease } from '../payments/payment-store.ts'
import { traced } from '../payments/tracing.ts'
import { unsent, type AttemptResult } from './attempt.ts'
import { BREAKER_FAILURES, IN_FLIGHT_MAX, inFlightMax } from './breaker.ts'
import type { WebhookCrashPoint } from './crash-points.ts'
import { ENDPOINTS_MAX, type WebhookEndpoint } from './endpoint.ts'
import { eventMessage, type WebhookMessage } from './message.ts'
import type { Random } from './schedule.ts'
import { settle } from './settlement.ts'
import type { ClaimedDelivery, WebhookStore } from './webhook-store.ts'

/** A lease outlasts an attempt and the writing down of it. */
export const LEASE_MS = 60_000

/** Deliveries that one dispatcher has in flight: those of all endpoints there may be. */
export const DISPATCHER_IN_FLIGHT_MAX = ENDPOINTS_MAX * IN_FLIGHT_MAX

/** A dispatcher also looks without being woken, this often. */
export const IDLE_MS = 250

/** Tries to write one attempt down; each that fails means that another was written in between. */
const SETTLE_TRIES_MAX = 100

/** What a dispatcher needs. */
export interface DispatcherContext {
  readonly store: WebhookStore
  readonly send: (endpoint: WebhookEndpoint, message: WebhookMessage) => Promise<AttemptResult>
  readonly clock: Clock
  readonly random: Random
  /** Is told of a failure that is not a receiver's: a bug, or the store's. */
  readonly onError: (error: unknown) => void
  /** Is told of an endpoint that was disabled because of what it answered. */
  readonly onDisabled: (endpoint: WebhookEndpoint) => void
  readonly crashPoint: (point: WebhookCrashPoint) => void
}

/** Sends deliveries. */
export class Dispatcher {
  readonly #context: DispatcherContext
  readonly #inHand = new Set<Promise<void>>()
  readonly #loop: DueLoop

  constructor(context: DispatcherContext) {
    this.#context = context
    const { onError } = context
    // Where something was claimed there may be more.
    const look = async (): Promise<number> => ((await this.#claim()) > 0 ? 0 : IDLE_MS)
    this.#loop = new DueLoop({ look, idleMs: IDLE_MS, onError })
  }

  /** Begins to look for what is due, at once and at least every {@link IDLE_MS}. */
  start(): void {
    this.#loop.start()
  }

  /** Stops claiming and waits for what is in flight. */
  async stop(): Promise<void> {
    await this.#loop.stop()
    await Promise.all(this.#inHand)
  }

  /** Looks now: something has become due. */
  wake(): void {
    this.#loop.wake()
  }

  /**
   * Sends what is due now, until nothing is.
   *
   * @returns How many attempts were made.
   */
  async runDue(): Promise<number> {
    let count = 0
    for (;;) {
      const claimed = await this.#claim()
      count += claimed
      // Others may hold all places of an endpoint: their end may make room for what is still due.
      if (claimed === 0 && this.#inHand.size === 0) return count
      if (this.#inHand.size > 0) await Promise.race(this.#inHand)
    }
  }

  async #claim(): Promise<number> {
    const limit = DISPATCHER_IN_FLIGHT_MAX - this.#inHand.size
    if (limit <= 0) return 0
    const lease: Lease = { token: newLeaseToken(), ms: LEASE_MS }
    const failing = {
      failures: BREAKER_FAILURES,
      inFlightMax: inFlightMax({ failures: BREAKER_FAILURES }),
    }
    const claim = { limit, lease, inFlightMax: IN_FLIGHT_MAX, failing }
    const deliveries = await this.#context.store.claimDue(claim)
    for (const delivery of deliveries) this.#launch(delivery, lease)
    return deliveries.length
  }

  #launch(delivery: ClaimedDelivery, lease: Lease): void {
    const work = this.#deliver(delivery, lease)
      .catch(this.#context.onError)
      .finally(() => {
        this.#inHand.delete(work)
        this.wake()
      })
    this.#inHand.add(work)
  }

  async #deliver(delivery: ClaimedDelivery, lease: Lease): Promise<void> {
    const { crashPoint } = this.#context
    crashPoint('delivery-claimed')
    const { endpoint, event, attempts } = delivery
    const attributes = {
      'saoma.webhook.endpoint': endpoint.id,
      'saoma.webhook.attempt': attempts + 1,
      ...(event !== null && { 'saoma.event.id': event.id, 'saoma.event.type': event.type }),
    }
    const span = { kind: SpanKind.CLIENT, attributes }
    const result = await traced('webhook', span, async (told) => {
      const attempt = await this.#attempt(delivery)
      told.setAttribute('saoma.webhook.verdict', attempt.verdict)
      if (attempt.status !== null) told.setAttribute('http.response.status_code', attempt.status)
      return attempt
    })
    crashPoint('delivery-sent')
    await this.#writeDown(delivery, lease, result)
  }

  /** What cannot be sent is an attempt that failed: it harms its own endpoint and no other. */
  async #attempt({ endpoint, event }: ClaimedDelivery): Promise<AttemptResult> {
    const { send, clock, onError } = this.#context
    if (event === null) return unsent(clock.now(), 'unsendable', 'The event is not kept any more.')
    try {
      return await send(endpoint, eventMessage(event))
    } catch (error) {
      onError(error)
      const reason = error instanceof Error ? error.message : String(error)
      return unsent(clock.now(), 'failed', `saoma could not send it: ${reason}`)
    }
  }

  async #writeDown(delivery: ClaimedDelivery, lease: Lease, result: AttemptResult): Promise<void> {
    const { store, random } = this.#context
    const { id: deliveryId, attempts, createdAt } = delivery
    const attempted = { attempts, createdAt, url: delivery.endpoint.url }
    let believed: WebhookEndpoint | undefined = delivery.endpoint
    // An endpoint that was deleted meanwhile has taken its deliveries along.
    for (let tries = 0; believed !== undefined; tries++) {
      if (tries === SETTLE_TRIES_MAX) throw new Error(`${deliveryId} could not be written down`)
      const now = addMs(result.at, result.durationMs)
      const settlement = settle(believed, attempted, result, { now, random })
      const commit = { deliveryId, lease, result, believed, settlement }
      if ((await store.settleAttempt(commit)) === 'settled') {
        const { endpoint: state } = settlement
        if (believed.status === 'enabled' && state?.status === 'disabled') {
          this.#tellDisabled({ ...believed, ...state })
        }
        return
      }
      believed = await store.findEndpoint(believed.id)
    }
  }

  #tellDisabled(endpoint: WebhookEndpoint): void {
    try {
      this.#context.onDisabled(endpoint)
    } catch (error) {
      this.#context.onError(error)
    }
  }
}
