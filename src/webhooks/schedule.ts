/**
 * When a delivery that failed is tried again: about three days in all.
 *
 * @module
 */

const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS

/** The pauses between the attempts, 71.7 hours together. */
export const RETRY_DELAYS_MS: readonly number[] = [
  5 * SECOND_MS,
  30 * SECOND_MS,
  2 * MINUTE_MS,
  10 * MINUTE_MS,
  30 * MINUTE_MS,
  HOUR_MS,
  2 * HOUR_MS,
  4 * HOUR_MS,
  8 * HOUR_MS,
  12 * HOUR_MS,
  20 * HOUR_MS,
  24 * HOUR_MS,
]

/** Attempts of one delivery, if nothing brings one forward. */
export const ATTEMPTS_MAX = RETRY_DELAYS_MS.length + 1

/**
 * No delivery is given up before this age, however many attempts it had: one that was brought
 * forward because its endpoint answered again loses nothing by it. Less than the pauses take where
 * jitter makes each of them as short as it can.
 */
export const GIVE_UP_AGE_MIN_MS = 60 * HOUR_MS

/** A pause is made longer or shorter by up to this share, so that what failed together parts. */
export const JITTER = 0.1

/** A receiver's `Retry-After` is obeyed up to this. */
export const RETRY_AFTER_MAX_MS = HOUR_MS

/** Gives numbers from 0 (inclusive) to 1 (exclusive). */
export type Random = () => number

/**
 * Milliseconds until the next attempt, `null` where the delivery is given up.
 *
 * @param attempts Those that were made, the last one included.
 * @param ageMs Since the event.
 */
export function retryDelayMs(attempts: number, ageMs: number, random: Random): number | null {
  if (attempts >= ATTEMPTS_MAX && ageMs >= GIVE_UP_AGE_MIN_MS) return null
  const index = Math.min(attempts, RETRY_DELAYS_MS.length) - 1
  return withJitter(RETRY_DELAYS_MS[index] ?? 0, random)
}

/** Makes a duration longer or shorter by up to {@link JITTER} of it. */
export function withJitter(ms: number, random: Random): number {
  return Math.round(ms * (1 - JITTER + 2 * JITTER * random()))
}
