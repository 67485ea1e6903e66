/**
 * The circuit breaker of an endpoint: while nothing comes through, one delivery now and then finds
 * out whether it answers again, and the others wait.
 *
 * @module
 */

import type { Instant } from '../alipay/index.ts'
import type { WebhookEndpoint } from './endpoint.ts'
import { withJitter, type Random } from './schedule.ts'

/** Failures in a row after which the breaker opens. */
export const BREAKER_FAILURES = 10

/** The first pause of an open breaker. */
export const PAUSE_MIN_MS = 5_000

/** The longest pause of an open breaker. */
export const PAUSE_MAX_MS = 900_000

/** Deliveries of one endpoint in flight, on all nodes together. */
export const IN_FLIGHT_MAX = 8

/**
 * An endpoint that has not taken anything for so long, or whose breaker was open, has recovered
 * with the next success: everything that waits for it becomes due.
 */
export const RECOVERY_AFTER_MS = 600_000

/** An endpoint that has not taken anything for so long is disabled. */
export const DISABLE_AFTER_MS = 5 * 86_400_000

/** How an endpoint has answered of late. */
export type EndpointHealth = Pick<WebhookEndpoint, 'failures' | 'failingSince' | 'pausedForMs'>

/** The health of an endpoint that nothing is known against. */
export const HEALTHY: EndpointHealth = { failures: 0, failingSince: null, pausedForMs: 0 }

/** Deliveries that may be in flight at the same time: a single probe where the breaker is open. */
export function inFlightMax({ failures }: Pick<EndpointHealth, 'failures'>): number {
  return failures >= BREAKER_FAILURES ? 1 : IN_FLIGHT_MAX
}

/**
 * The health after an attempt that failed.
 *
 * A pause lasts half as long as the failures have lasted so far, so it grows with each probe that
 * fails. Attempts that were in flight when the breaker opened do not make it longer.
 */
export function afterFailure(health: EndpointHealth, now: Instant, random: Random): EndpointHealth {
  const failures = health.failures + 1
  const failingSince = health.failingSince ?? now
  if (failures < BREAKER_FAILURES || health.pausedForMs > 0) {
    return { failures, failingSince, pausedForMs: health.pausedForMs }
  }
  const halfMs = Math.max(0, now - failingSince) / 2
  const pauseMs = Math.min(PAUSE_MAX_MS, Math.max(PAUSE_MIN_MS, halfMs))
  return { failures, failingSince, pausedForMs: withJitter(pauseMs, random) }
}

/** Whether a success now ends an outage, and not only a stumble. */
export function hasRecovered({ failures, failingSince }: EndpointHealth, now: Instant): boolean {
  const isOld = failingSince !== null && now - failingSince >= RECOVERY_AFTER_MS
  return failures >= BREAKER_FAILURES || isOld
}

/** Whether an endpoint has failed for so long that it is disabled. */
export function isGivenUp({ failingSince }: EndpointHealth, now: Instant): boolean {
  return failingSince !== null && now - failingSince >= DISABLE_AFTER_MS
}
