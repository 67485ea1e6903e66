/**
 * What a restored backup has missed is known again, once Alipay's bill of each of its days was
 * compared. Pure.
 *
 * @module
 */

import { addMs, formatBeijingDate, type Instant } from '../alipay/index.ts'
import type { RefundHold } from '../payments/index.ts'
import { readyAt, RETRY_MS } from './bill-schedule.ts'
import { dayOf } from './compare.ts'
import type { DifferenceCode } from './difference.ts'
import type { Reconciliation } from './reconciliation.ts'

const DAY_MS = 86_400_000

/** Alipay keeps no bills for much longer: then a person decides. */
const GAP_MAX_MS = 366 * DAY_MS

/** That a day has no bill is believed this many days after it: until then it may be late. */
const NO_BILL_DAYS = 3

/** While one of these is open, something may have gone back that is not in the books. */
const MAY_HIDE_REFUNDS: ReadonlySet<DifferenceCode> = new Set([
  'missing_local',
  'status_local_open',
  'refund_missing_local',
  'canceled_refunded',
  'amount_mismatch',
])

/** A day of the gap. */
export interface GapDay {
  /** In Beijing, `yyyy-MM-dd`. */
  readonly date: string
  /** Whether all that went back on it is in the books. */
  readonly isCovered: boolean
}

/** What is known of one day: its last run, and the codes of what is open of it. */
export interface KnownDay {
  readonly run: Reconciliation | undefined
  readonly open: readonly DifferenceCode[]
}

/** The days of a gap, oldest first; none where it has no known end, or is longer than a year. */
export function gapDates({ from, until }: RefundHold): string[] {
  if (until === null || until - from > GAP_MAX_MS) return []
  const dates: string[] = []
  const last = formatBeijingDate(until)
  for (
    let date = formatBeijingDate(from);
    date <= last;
    date = formatBeijingDate(dayOf(date).until)
  )
    dates.push(date)
  return dates
}

/** Whether a day was compared since the backup was restored, and nothing of it is in doubt. */
export function isCovered(
  { until }: RefundHold,
  date: string,
  { run, open }: KnownDay,
  now: Instant,
): boolean {
  if (until === null || run === undefined || (run.finishedAt ?? until) <= until) return false
  if (run.status !== 'balanced' && run.status !== 'differences') return false
  const hasBill = run.billHash !== null || now >= addMs(dayOf(date).until, NO_BILL_DAYS * DAY_MS)
  return hasBill && !open.some((code) => MAY_HIDE_REFUNDS.has(code))
}

/** Whether the bill of a day that is not covered is to be asked for now. */
export function isDueForGap(date: string, { run }: KnownDay, now: Instant): boolean {
  if (now < readyAt(date)) return false
  return run === undefined || addMs(run.finishedAt ?? run.updatedAt, RETRY_MS) <= now
}
