/**
 * When bills are asked for: from 9:00 in Beijing on the next day, hourly until they are there.
 * Pure.
 *
 * @module
 */

import { addMs, formatBeijingDate, type Instant } from '../alipay/index.ts'
import { dayOf } from './compare.ts'
import type { Reconciliation } from './reconciliation.ts'

const HOUR_MS = 3_600_000

/** Bills of so many past days are caught up with, such as after a week without power. */
export const CATCH_UP_DAYS = 7

/** Hours after midnight of the next day. */
const READY_AFTER_HOURS = 9
const LATE_AFTER_HOURS = 18

/** How long until a bill that is not there, or is wrong, is asked for again. */
export const RETRY_MS = HOUR_MS

/**
 * The days whose bill is to be asked for now, oldest first.
 *
 * @param firstSaleAt When the books begin; `null` for not yet.
 * @param known What was run of the last days.
 */
export function dueDates(
  now: Instant,
  firstSaleAt: Instant | null,
  known: readonly Reconciliation[],
): string[] {
  if (firstSaleAt === null) return []
  const firstDate = formatBeijingDate(firstSaleAt)
  const dates: string[] = []
  for (let days = CATCH_UP_DAYS; days >= 1; days--) {
    const date = formatBeijingDate(addMs(now, -days * 24 * HOUR_MS))
    if (date < firstDate || now < readyAt(date)) continue
    const run = known.find((one) => one.date === date && one.billType === 'trade')
    if (run === undefined || isDue(run, now)) dates.push(date)
  }
  return dates
}

function isDue({ status, nextTryAt }: Reconciliation, now: Instant): boolean {
  // One whose process died goes on when its lease has ended.
  if (status === 'running') return true
  return nextTryAt !== null && nextTryAt <= now
}

/** When the bill of a day should be there. */
export function readyAt(date: string): Instant {
  return addMs(dayOf(date).until, READY_AFTER_HOURS * HOUR_MS)
}

/** From when a bill that is not there is worth an alarm. */
export function lateAt(date: string): Instant {
  return addMs(dayOf(date).until, LATE_AFTER_HOURS * HOUR_MS)
}
