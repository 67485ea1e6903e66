/**
 * What follows from an attempt, for its delivery and for its endpoint. A pure function.
 *
 * @module
 */

import type { Instant } from '../alipay/index.ts'
import type { AttemptResult } from './attempt.ts'
import { afterFailure, hasRecovered, HEALTHY, isGivenUp, type EndpointHealth } from './breaker.ts'
import type { WebhookEndpoint } from './endpoint.ts'
import { RETRY_AFTER_MAX_MS, retryDelayMs, type Random } from './schedule.ts'

/** What an attempt was made of. */
export interface AttemptedDelivery {
  /** Attempts before this one. */
  readonly attempts: number
  /** When the event happened. */
  readonly createdAt: Instant
  /** Where it was sent to. */
  readonly url: string
}

/** What follows from an attempt. */
export interface Settlement {
  readonly delivery: {
    /** `failed`: given up. */
    readonly status: 'pending' | 'succeeded' | 'failed'
    /** Milliseconds until the next attempt; `null` where there will be none. */
    readonly dueInMs: number | null
  }
  /** How the endpoint is from now on; `null` where nothing changes. */
  readonly endpoint: EndpointState | null
  /** Whether everything that waits for the endpoint becomes due. */
  readonly wakesWaiting: boolean
}

/** What attempts change in an endpoint. */
export type EndpointState = EndpointHealth & Pick<WebhookEndpoint, 'status' | 'disabledReason'>

/**
 * Judges an attempt.
 *
 * @param endpoint As it is stored now; it may have changed since the attempt was begun.
 * @param now When the attempt ended.
 */
export function settle(
  endpoint: WebhookEndpoint,
  attempted: AttemptedDelivery,
  result: AttemptResult,
  { now, random }: { readonly now: Instant; readonly random: Random },
): Settlement {
  if (result.verdict === 'unsendable') {
    return { delivery: { status: 'failed', dueInMs: null }, endpoint: null, wakesWaiting: false }
  }
  // What another address answered says nothing about the one that took its place.
  const isMoved = endpoint.url !== attempted.url
  if (result.verdict === 'delivered') {
    const isOutageOver = !isMoved && hasRecovered(endpoint, now)
    const isChanged = !isMoved && (endpoint.failures > 0 || endpoint.pausedForMs > 0)
    return {
      delivery: { status: 'succeeded', dueInMs: null },
      endpoint: isChanged ? { ...stateOf(endpoint), ...HEALTHY } : null,
      wakesWaiting: isOutageOver,
    }
  }
  // A disabled endpoint is sent nothing, so its delivery may as well be due when that ends.
  if (isMoved || result.verdict === 'gone') {
    return {
      delivery: { status: 'pending', dueInMs: 0 },
      endpoint: isMoved ? null : disable(stateOf(endpoint), 'gone'),
      wakesWaiting: false,
    }
  }
  const askedMs = Math.min(result.retryAfterMs ?? 0, RETRY_AFTER_MAX_MS)
  const delayMs = retryDelayMs(attempted.attempts + 1, now - attempted.createdAt, random)
  const health = afterFailure(endpoint, now, random)
  const state: EndpointState = {
    ...stateOf(endpoint),
    ...health,
    // Whoever says that it is too much means all that comes from here.
    pausedForMs: Math.max(health.pausedForMs, askedMs),
  }
  return {
    delivery:
      delayMs === null
        ? { status: 'failed', dueInMs: null }
        : { status: 'pending', dueInMs: Math.max(delayMs, askedMs) },
    endpoint: isGivenUp(health, now) ? disable(state, 'failing') : state,
    wakesWaiting: false,
  }
}

function stateOf(endpoint: WebhookEndpoint): EndpointState {
  const { status, disabledReason, failures, failingSince, pausedForMs } = endpoint
  return { status, disabledReason, failures, failingSince, pausedForMs }
}

/** One that the merchant has disabled stays so for the merchant's reason. */
function disable(state: EndpointState, reason: 'gone' | 'failing'): EndpointState {
  return state.status === 'disabled'
    ? state
    : { ...state, status: 'disabled', disabledReason: reason }
}
