/**
 * How often each node has called Alipay, against the budget that it was given.
 *
 * @module
 */

import type { Violations } from './violations.ts'

/** The rate is looked at over so long. */
const WINDOW_MS = 30_000

/** Calls that one request of the merchant's makes at the most, without waiting for the budget. */
const CALLS_OF_A_REQUEST = 6

/** Calls that follow the first one of a claimed payment at the most, at once. */
const CALLS_OF_A_CLAIM = 4

/**
 * Compares calls with the budget. What is in hand is finished, so it may be passed for a moment,
 * but not for long.
 *
 * @param sends When each process sent a call, in milliseconds.
 * @param requests When each process was asked something by the merchant.
 */
export function checkRates(
  sends: ReadonlyMap<string, readonly number[]>,
  requests: ReadonlyMap<string, readonly number[]>,
  callsPerSecond: number,
  violations: Violations,
): void {
  const most = callsPerSecond * (WINDOW_MS / 1_000 + CALLS_OF_A_CLAIM + 1)
  for (const [process, times] of sends) {
    const asked = requests.get(process) ?? []
    for (let first = 0; first < times.length; first++) {
      const from = times[first] ?? 0
      const isIn = (at: number): boolean => at >= from && at < from + WINDOW_MS
      const calls = times.slice(first).filter(isIn).length
      const free = asked.filter((at) => at >= from - WINDOW_MS && at < from + WINDOW_MS).length
      if (calls > most + free * CALLS_OF_A_REQUEST) {
        violations.add('I12', undefined, `${process} made ${calls} calls in 30 s`)
        break
      }
    }
  }
}
