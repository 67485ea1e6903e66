/**
 * Events told to the merchant, by the Standard Webhooks specification.
 *
 * The way of an event, which is also the reading order: the store writes a delivery in the commit
 * of the event → `dispatcher` (claims what is due) → `message` → `attempt` (signs, posts over a
 * `pinned-dispatcher`) → `settlement` (what follows) → the store again. A receiver on Node takes
 * `verify-webhook`.
 *
 * @module
 */

import { performance } from 'node:perf_hooks'
import type { Dispatcher as HttpDispatcher } from 'undici'
import { systemClock, type Clock, type Instant } from '../alipay/index.ts'
import { newEventId, newLeaseToken, type RandomBytes } from '../payments/identifiers.ts'
import { AddressRules, type AddressOptions } from './address-rules.ts'
import { attemptDelivery, type AttemptResult } from './attempt.ts'
import { HEALTHY } from './breaker.ts'
import type { WebhookCrashPoint } from './crash-points.ts'
import { Dispatcher } from './dispatcher.ts'
import {
  ENDPOINTS_MAX,
  toDescription,
  toEndpointUrl,
  toTypeFilter,
  type CreateEndpointOptions,
  type UpdateEndpointOptions,
  type WebhookEndpoint,
} from './endpoint.ts'
import { EndpointInvalid } from './errors.ts'
import { testMessage, type WebhookMessage } from './message.ts'
import { createPinnedDispatcher, systemLookup, type Lookup } from './pinned-dispatcher.ts'
import type { Random } from './schedule.ts'
import {
  KeptSecrets,
  plainVault,
  SECRET_OVERLAP_MAX_MS,
  SECRET_OVERLAP_MS,
  SigningSecret,
  type SecretVault,
} from './secret.ts'
import type {
  DeliveryRange,
  EndpointChange,
  WebhookDelivery,
  WebhookStore,
} from './webhook-store.ts'

/** What webhooks are made of. */
export interface WebhooksOptions {
  readonly store: WebhookStore
  /** Live endpoints are https. */
  readonly livemode: boolean
  /** Seals the secrets. Default: they are kept as they are, which is for tests and laptops. */
  readonly vault?: SecretVault
  /** Addresses beyond the public ones that may be sent to. Default: none. */
  readonly addresses?: AddressOptions
  /** Default: the machine's clock. */
  readonly clock?: Clock
  /** Milliseconds that never run backwards; only differences count. Default: the machine's. */
  readonly monotonicMs?: () => number
  /** For jitter. Default: `Math.random`. */
  readonly random?: Random
  /** For ids and secrets. Default: the system's. */
  readonly randomBytes?: RandomBytes
  /** Looks hosts up. Default: the system's resolver. */
  readonly lookup?: Lookup
  /** Milliseconds of an attempt. Default 15,000. */
  readonly attemptTimeoutMs?: number
  /** Is told of failures that are not a receiver's. Default: writes them to stderr. */
  readonly onError?: (error: unknown) => void
  /** Is told of an endpoint that answered 410 or failed for days. Default: nobody is. */
  readonly onDisabled?: (endpoint: WebhookEndpoint) => void
  /** For tests: is called where a process may die. Default: nothing. */
  readonly crashPoint?: (point: WebhookCrashPoint) => void
}

/** The webhooks of one application. */
export interface Webhooks {
  readonly endpoints: Endpoints
  /**
   * Gives an endpoint a new secret. The former one holds a while longer, in which every message has
   * both signatures.
   *
   * @param options `overlapMs`: how long, 24 hours by default, 7 days at most; 0 ends all former
   *   secrets at once, for one that has leaked.
   * @returns The secret, which is told this once; `undefined` if there is no such endpoint.
   * @throws {EndpointInvalid} `too_many_secrets`
   */
  rotateSecret(
    endpointId: string,
    options?: { readonly overlapMs?: number },
  ): Promise<EndpointWithSecret | undefined>
  /**
   * Sends `webhook.test` to an endpoint now, also to a disabled one. Nothing is stored, and nothing
   * follows from it.
   *
   * @returns `undefined` if there is no such endpoint.
   * @throws {SecretInvalid} If the endpoint's secrets cannot be read.
   */
  test(endpointId: string): Promise<AttemptResult | undefined>
  /** What was sent to an endpoint and what is to be, newest first, with every attempt. */
  deliveries(endpointId: string, range: DeliveryRange): Promise<WebhookDelivery[]>
  /** Sends a delivery again as soon as possible, whatever became of it. */
  redeliver(deliveryId: string): Promise<RedeliverResult>
  /**
   * Sends an endpoint all events since an instant that it has not taken: those that wait, those
   * that were given up, and those that happened while it was disabled.
   */
  recover(endpointId: string, since: Instant): Promise<RecoverResult>
  /** Sends an event again to every enabled endpoint that wants its kind, delivered or not. */
  resend(eventId: string): Promise<ResendResult>
  /** Begins to send what is due, in the background. */
  start(): void
  /** Stops claiming, waits for what is in flight, and closes the connections. */
  stop(): Promise<void>
  /** Sends what is due now and waits for it: for tests, and for those who run their own loop. */
  runDue(): Promise<number>
  /** Looks now: an event was committed. A hint; without it the next look finds it. */
  wake(): void
}

/** The endpoints of one application. */
export interface Endpoints {
  /**
   * Makes an endpoint, enabled.
   *
   * @returns It with its secret, which is told this once.
   * @throws {EndpointInvalid} If it cannot be so; `problem` says why.
   */
  create(endpoint: CreateEndpointOptions): Promise<EndpointWithSecret>
  find(id: string): Promise<WebhookEndpoint | undefined>
  /** All, oldest first. */
  list(): Promise<WebhookEndpoint[]>
  /**
   * Changes what is given. A new URL begins with a clean record.
   *
   * @throws {EndpointInvalid} If it cannot be so; `problem` says why.
   */
  update(id: string, change: UpdateEndpointOptions): Promise<WebhookEndpoint | undefined>
  /** Sends to it again, with what still waits; what was given up comes with `recover`. */
  enable(id: string): Promise<WebhookEndpoint | undefined>
  /** Sends nothing more to it, and keeps what waits. */
  disable(id: string): Promise<WebhookEndpoint | undefined>
  /** Removes it and its deliveries; `false` if there is none. */
  delete(id: string): Promise<boolean>
}

/** An endpoint whose secret is new. */
export interface EndpointWithSecret {
  readonly endpoint: WebhookEndpoint
  /** Prints as `[redacted]`; `secret.reveal()` tells it. */
  readonly secret: SigningSecret
}

/** What became of the wish to send a delivery again. */
export interface RedeliverResult {
  /** `in_flight`: it is being sent in this moment. */
  readonly status: 'due' | 'in_flight' | 'endpoint_disabled' | 'not_found'
}

/** What became of the wish to send an endpoint what it missed. */
export type RecoverResult =
  | { readonly status: 'due'; readonly count: number }
  | { readonly status: 'endpoint_disabled' | 'not_found' }

/** What became of the wish to send an event again. */
export type ResendResult =
  { readonly status: 'due'; readonly count: number } | { readonly status: 'not_found' }

/** Makes the webhooks. Nothing runs in the background until `start()`. */
export function createWebhooks(options: WebhooksOptions): Webhooks {
  const { store, livemode, randomBytes, vault = plainVault, clock = systemClock } = options
  const rules = new AddressRules(options.addresses)
  const connections = new Connections(rules, options.lookup ?? systemLookup)
  const attemptContext = {
    vault,
    clock,
    monotonicMs: options.monotonicMs ?? (() => performance.now()),
    timeoutMs: options.attemptTimeoutMs,
  }
  const send = (endpoint: WebhookEndpoint, message: WebhookMessage): Promise<AttemptResult> =>
    attemptDelivery({ ...attemptContext, dispatcher: connections.open() }, endpoint, message)
  const dispatcher = new Dispatcher({
    store,
    send,
    clock,
    random: options.random ?? Math.random,
    onError: options.onError ?? ((error) => console.error(error)),
    onDisabled: options.onDisabled ?? (() => {}),
    crashPoint: options.crashPoint ?? (() => {}),
  })
  const urlRules = { livemode, addresses: rules }

  const update = async (
    id: string,
    change: Omit<EndpointChange, 'updatedAt' | 'secrets'>,
  ): Promise<WebhookEndpoint | undefined> => {
    const updated = await store.updateEndpoint(id, { ...change, updatedAt: clock.now() })
    if (updated === 'outdated') throw new Error('A store compares secrets that were not given')
    dispatcher.wake()
    return updated
  }

  const endpoints: Endpoints = {
    async create({ url, types = '*', description = '' }) {
      const now = clock.now()
      const id = `whe_${newLeaseToken(randomBytes)}`
      const secret = SigningSecret.create(randomBytes)
      const endpoint: WebhookEndpoint = {
        id,
        url: toEndpointUrl(url, urlRules),
        description: toDescription(description),
        types: toTypeFilter(types),
        status: 'enabled',
        disabledReason: null,
        secrets: KeptSecrets.of(secret, id, { vault, now }),
        ...HEALTHY,
        createdAt: now,
        updatedAt: now,
      }
      if ((await store.insertEndpoint(endpoint, ENDPOINTS_MAX)) === 'too_many') {
        throw new EndpointInvalid(
          'too_many_endpoints',
          null,
          `There are ${ENDPOINTS_MAX} endpoints already. Delete one that is not used any more.`,
        )
      }
      return { endpoint, secret }
    },
    find: (id) => store.findEndpoint(id),
    list: () => store.listEndpoints(),
    async update(id, { url, types, description }) {
      const current = await store.findEndpoint(id)
      if (current === undefined) return undefined
      const newUrl = url === undefined ? undefined : toEndpointUrl(url, urlRules)
      return update(id, {
        ...(newUrl !== undefined && newUrl !== current.url && { url: newUrl, ...HEALTHY }),
        ...(types !== undefined && { types: toTypeFilter(types) }),
        ...(description !== undefined && { description: toDescription(description) }),
      })
    },
    enable: (id) => update(id, { status: 'enabled', disabledReason: null, ...HEALTHY }),
    disable: (id) => update(id, { status: 'disabled', disabledReason: 'merchant' }),
    delete: (id) => store.deleteEndpoint(id),
  }

  return {
    endpoints,
    async rotateSecret(endpointId, { overlapMs = SECRET_OVERLAP_MS } = {}) {
      if (!Number.isInteger(overlapMs) || overlapMs < 0 || overlapMs > SECRET_OVERLAP_MAX_MS) {
        throw new RangeError(`overlapMs is whole milliseconds from 0 to ${SECRET_OVERLAP_MAX_MS}`)
      }
      const secret = SigningSecret.create(randomBytes)
      for (;;) {
        const current = await store.findEndpoint(endpointId)
        if (current === undefined) return undefined
        const now = clock.now()
        const secrets = current.secrets.rotate(secret, endpointId, { vault, now, overlapMs })
        const change = { secrets, updatedAt: now }
        const endpoint = await store.updateEndpoint(endpointId, change, current.secrets)
        if (endpoint === undefined) return undefined
        if (endpoint !== 'outdated') return { endpoint, secret }
      }
    },
    async test(endpointId) {
      const endpoint = await store.findEndpoint(endpointId)
      if (endpoint === undefined) return undefined
      return send(
        endpoint,
        testMessage(newEventId(clock.now(), randomBytes), endpointId, clock.now()),
      )
    },
    deliveries: (endpointId, range) => store.listDeliveries(endpointId, range),
    async redeliver(deliveryId) {
      const status = await store.redeliver(deliveryId)
      dispatcher.wake()
      return { status }
    },
    async recover(endpointId, since) {
      const endpoint = await store.findEndpoint(endpointId)
      if (endpoint === undefined) return { status: 'not_found' }
      if (endpoint.status === 'disabled') return { status: 'endpoint_disabled' }
      const count = await store.recover(endpointId, since)
      dispatcher.wake()
      return { status: 'due', count }
    },
    async resend(eventId) {
      const count = await store.resend(eventId)
      if (count === undefined) return { status: 'not_found' }
      dispatcher.wake()
      return { status: 'due', count }
    },
    start: () => dispatcher.start(),
    async stop() {
      await dispatcher.stop()
      await connections.close()
    },
    runDue: () => dispatcher.runDue(),
    wake: () => dispatcher.wake(),
  }
}

/** Connections from the first message until the end; open again with the next one. */
class Connections {
  readonly #rules: AddressRules
  readonly #lookup: Lookup
  #dispatcher: HttpDispatcher | undefined

  constructor(rules: AddressRules, lookup: Lookup) {
    this.#rules = rules
    this.#lookup = lookup
  }

  open(): HttpDispatcher {
    this.#dispatcher ??= createPinnedDispatcher(this.#rules, this.#lookup)
    return this.#dispatcher
  }

  async close(): Promise<void> {
    const dispatcher = this.#dispatcher
    this.#dispatcher = undefined
    // Only connections are left, or the making of one that nobody waits for any more.
    await dispatcher?.destroy()
  }
}

export { AddressRules, checkAddresses, type AddressOptions } from './address-rules.ts'
export { addressKind, type AddressKind } from './address.ts'
export {
  ANSWER_BYTES_KEPT,
  ANSWER_BYTES_MAX,
  ATTEMPT_TIMEOUT_MS,
  type AttemptResult,
} from './attempt.ts'
export * from './breaker.ts'
export * from './crash-points.ts'
export { DISPATCHER_IN_FLIGHT_MAX, IDLE_MS, LEASE_MS } from './dispatcher.ts'
export * from './endpoint.ts'
export * from './errors.ts'
export * from './event-types.ts'
export { eventMessage, type WebhookMessage } from './message.ts'
export {
  CONNECT_TIMEOUT_MS,
  createPinnedDispatcher,
  KEEP_ALIVE_MS,
  systemLookup,
  type Lookup,
  type ResolvedAddress,
} from './pinned-dispatcher.ts'
export * from './schedule.ts'
export * from './secret.ts'
export * from './settlement.ts'
export { signWebhook, type SignatureHeaders } from './signature.ts'
export * from './verify-webhook.ts'
export * from './webhook-store.ts'
