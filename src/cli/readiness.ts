/**
 * Whether this node can take payments now: what `/readyz` says to a balancer. A node that cannot is
 * left alone until it can; it is not restarted for it.
 *
 * @module
 */

import { CLOCK_SKEW_MAX_MS, GatewayClock, type Clock } from '../alipay/index.ts'
import type { Payments } from '../payments/index.ts'
import type { Health } from '../server/index.ts'
import type { Store } from '../store/index.ts'

/** What a node's readiness rests on. */
export interface ReadinessOptions {
  readonly store: Pick<Store, 'probeWrite'>
  readonly payments: Pick<Payments, 'sinceClaimMs'>
  readonly clock: Clock
  /** Milliseconds that never run backwards. */
  readonly monotonicMs: () => number
}

/** The database is not written to more often than this for those who ask, in milliseconds. */
export const PROBED_FOR_MS = 2_000

/** A database that has not answered after so many milliseconds cannot be written to. */
export const PROBE_MAX_MS = 3_000

/** Due payments are claimed four times a second: after so long they cannot be any more. */
export const CLAIM_MAX_MS = 15_000

/** Makes what answers, for each of these, `ok` or what is wrong. */
export function createReadiness(options: ReadinessOptions): () => Promise<Health> {
  const { store, payments, clock, monotonicMs } = options
  let probed = Number.NEGATIVE_INFINITY
  let isWritable: Promise<boolean> = Promise.resolve(false)
  return async () => {
    if (monotonicMs() - probed >= PROBED_FOR_MS) {
      probed = monotonicMs()
      isWritable = inTime(store.probeWrite())
    }
    const sinceClaimMs = payments.sinceClaimMs()
    const found = {
      database: (await isWritable) ? 'ok' : 'not_writable',
      clock: isFarOff(clock) ? 'off' : 'ok',
      leases: sinceClaimMs === null || sinceClaimMs > CLAIM_MAX_MS ? 'not_taken' : 'ok',
    }
    const isReady = Object.values(found).every((one) => one === 'ok')
    return { status: isReady ? 'ok' : 'unavailable', ...found }
  }
}

function isFarOff(clock: Clock): boolean {
  if (!(clock instanceof GatewayClock) || !clock.isMeasured) return false
  return Math.abs(clock.offsetMs) > CLOCK_SKEW_MAX_MS
}

async function inTime(write: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), PROBE_MAX_MS)
  })
  const written = write.then(
    () => true,
    () => false,
  )
  return Promise.race([written, late]).finally(() => clearTimeout(timer))
}
