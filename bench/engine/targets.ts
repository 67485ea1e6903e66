/**
 * What has to hold: on the machine that the figures were set for, and, scaled by what this machine
 * can sign, here.
 *
 * @module
 */

/** The machine that the targets were set for, by signatures per second. */
export const REFERENCE = { allCores: 7_588, oneCore: 4_332 }

/** Payments per second through create, poll, paid and event. */
export const THROUGHPUT_TARGETS = { sqlite: 4_000, postgresql: 1_500 }

/** Open payments, and the 99th percentile of lateness that they are polled with. */
export const OPEN_TARGETS = {
  sqlite: { open: 30_000, latenessMaxMs: 300 },
  postgresql: { open: 20_000, latenessMaxMs: 1_000 },
}

/** The same with a real signature for each poll. */
export const SIGNED_TARGET = { open: 15_000, latenessMaxMs: 1_000 }

/**
 * What a payment in a table of a million may cost at the most, by one in a table of a thousand. A
 * poll touches only what is open. A reference is looked for among all, by an index that is deeper
 * and not in memory: several times is no scan, which would be a thousand times.
 */
export const GROWTH_MAX = { claimMs: 1.5, rescheduleMs: 1.5, listMs: 5 }

/** How a target was judged. */
export interface Verdict {
  readonly target: string
  readonly measured: string
  /** On any machine. */
  readonly isMet: boolean
  /** With the number of payments that belongs to this machine; the same where nothing is scaled. */
  readonly isMetScaled: boolean
}
