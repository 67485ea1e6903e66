/**
 * What is pruned, and when. Sales, refunds, their timelines, reconciliations and differences are
 * accounting records, which are kept for ten years and more by law: none of them is among these.
 *
 * @module
 * @see 会计档案管理办法, 电子商务法 第三十一条
 */

import { parseBeijingTime, addMs, formatBeijingDate, type Instant } from '../alipay/index.ts'

/** Something that is pruned. */
export type RetentionKind = keyof typeof RETENTION_KINDS

/** The days that each kind is kept; `null`: for ever. */
export type RetentionRules = Readonly<Record<RetentionKind, number | null>>

/** Alipay gives money back for 12 months: what proves a sale is kept as long at the least. */
const REFUND_PERIOD_DAYS = 366

/** Every kind, with the days that it is kept unless chosen otherwise, and at the least. */
export const RETENTION_KINDS = {
  /** Events of settled sales, and what is left of their deliveries. */
  events: { days: 400, min: 30 },
  /** Deliveries of webhooks that were taken, with their attempts. */
  deliveries: { days: 90, min: 7 },
  /** The verified messages behind the timelines of settled sales; the lines stay. */
  raw_evidence: { days: 400, min: REFUND_PERIOD_DAYS },
  /** Verified notifications of unknown orders, once nothing about them is open. */
  notifications: { days: 400, min: REFUND_PERIOD_DAYS },
  /** Notifications that could not be verified. */
  unverified: { days: 90, min: 7 },
  /** Alarms that were told. */
  alarms: { days: 400, min: 30 },
  /** The audit log: who did what. */
  audit: { days: null, min: REFUND_PERIOD_DAYS },
} as const satisfies Record<string, { readonly days: number | null; readonly min: number }>

/** All kinds, in the order in which they are pruned: what depends on others goes first. */
export const RETENTION_KIND_NAMES: readonly RetentionKind[] = [
  'deliveries',
  'events',
  'raw_evidence',
  'notifications',
  'unverified',
  'alarms',
  'audit',
]

/**
 * Fills in what was not chosen.
 *
 * @throws {RangeError} If something would be kept for too short a time.
 */
export function toRetentionRules(chosen: Partial<RetentionRules> = {}): RetentionRules {
  const entries = RETENTION_KIND_NAMES.map((kind) => {
    const { days: usual, min } = RETENTION_KINDS[kind]
    const days = chosen[kind] === undefined ? usual : chosen[kind]
    if (days !== null && (!Number.isInteger(days) || days < min)) {
      throw new RangeError(`${kind} is kept for whole days, ${min} or more, or for ever`)
    }
    return [kind, days] as const
  })
  return Object.fromEntries(entries) as RetentionRules
}

const DAY_MS = 86_400_000

/** The instant before which a kind is pruned; `null` where nothing is. */
export function prunedBefore(days: number | null, now: Instant): Instant | null {
  return days === null ? null : addMs(now, -days * DAY_MS)
}

/** When walks were last due: at three at night in Beijing, when shops sleep. */
export function lastNight(now: Instant): Instant {
  const today = parseBeijingTime(`${formatBeijingDate(now)} 03:00:00`)
  return today <= now ? today : addMs(today, -DAY_MS)
}
