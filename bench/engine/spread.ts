/**
 * Many times as a few numbers.
 *
 * @module
 */

/** How times spread, in milliseconds. */
export interface Spread {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** Sorts the times, and picks. */
export function spreadOf(timesMs: number[]): Spread {
  timesMs.sort((a, b) => a - b)
  const at = (share: number): number =>
    timesMs[Math.min(timesMs.length - 1, Math.floor(timesMs.length * share))] ?? Number.NaN
  return { p50: at(0.5), p99: at(0.99), max: at(1) }
}
