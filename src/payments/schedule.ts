/**
 * When to ask, and how long to wait: every interval of the engine, with its source.
 *
 * @module
 */

import { addMs, toInstant, type Instant } from '../alipay/index.ts'
import type { Payment } from './payment.ts'
import type { PaymentRules } from './rules.ts'

/** Shortest time that a buyer may be given: a scan and a password take less. */
export const DEADLINE_MIN_MS = 60_000

/**
 * Longest time that a buyer may be given: a code lives 2 hours, less the minutes that closing
 * takes.
 */
export const DEADLINE_MAX_MS = 6_600_000

/** Time that a buyer is given unless the merchant says otherwise. */
export const DEADLINE_DEFAULT_MS = 300_000

/**
 * Time that the buyer of a barcode payment is given for the password: he stands at the till, and
 * the code itself lives a minute. Alipay: 条码支付, 轮询 5 s × 30–60 s, then 撤销.
 */
export const BARCODE_WINDOW_MS = 60_000

/**
 * `time_expire` lies this long after our own deadline, so that the last query can still say
 * `WAIT_BUYER_PAY` and the cancel is ours to make; it is a net for the case that no node of ours
 * runs.
 */
export const ALIPAY_EXPIRY_AFTER_MS = 60_000

/**
 * A code that nobody scanned counts as dead when a query this long after `time_expire` still finds
 * no trade.
 */
export const PROOF_OF_DEATH_AFTER_MS = ALIPAY_EXPIRY_AFTER_MS + 30_000

/**
 * A code cannot be paid later than this after it was issued, whatever was asked for. Alipay: 预下单,
 * 二维码有效期.
 */
export const CODE_LIFETIME_MS = 7_200_000

/** How often an ended payment is looked at while its code could still be paid. */
export const WATCH_INTERVAL_MS = 60_000

/** How often an unscanned, canceled code is looked at until it counts as dead. */
export const CLOSING_INTERVAL_MS = 15_000

/**
 * A cancel follows a query's answer that is younger than this, so that it never overtakes a
 * payment.
 */
export const FRESH_ANSWER_MS = 2_000

/** After a cancel without a definite answer, what a query says of the money counts from here on. */
export const CANCEL_SETTLES_MS = 10_000

/** A refund is asked about no earlier than this after it was sent. Alipay: 退款查询. */
export const REFUND_QUERY_AFTER_MS = 10_000

/** The next query after a cancel that found no trade, where a query had seen one. */
export const CONTRADICTION_MS = 5_000

/**
 * A refund of a closed trade that no refund query knows is given up after so many calls in a row,
 * some 3 minutes: longer than a refund takes to be seen.
 */
export const CLOSED_TRADE_CALLS_MIN = 10

/**
 * A refund that was given up while a call of it is in doubt counts as not made where no refund
 * query knows it so long after it was sent.
 */
export const GIVEN_UP_REFUND_MS = 180_000

/** A refund that the merchant has to mend is tried again after these, the last one repeated. */
export const REFUND_ACTION_DELAYS_MS = [900_000, 3_600_000, 21_600_000, 86_400_000] as const

/** Wait after the n-th call in a row whose outcome is unknown: 1, 2, 4, … 30 s. */
export function backoffMs(unknownCalls: number): number {
  return Math.min(30_000, 1_000 * 2 ** Math.max(0, Math.min(unknownCalls - 1, 10)))
}

/**
 * The next query of a payment that a buyer may pay, or the deadline: the first one 5 s after
 * {@link Payment.shownAt}, or after its creation where no code of ours is shown, then every 5 s.
 *
 * @see Alipay: 扫码支付, 轮询
 */
export function nextPollAt(payment: Payment, now: Instant, rules: PaymentRules): Instant {
  const firstAt = addMs(payment.shownAt ?? payment.createdAt, rules.firstQueryAfterMs)
  const polls = now < firstAt ? 0 : Math.floor((now - firstAt) / rules.pollIntervalMs) + 1
  // Behind a clock that was put back the grid may lie far ahead.
  const next = earlier(
    addMs(firstAt, polls * rules.pollIntervalMs),
    addMs(now, Math.max(rules.firstQueryAfterMs, rules.pollIntervalMs)),
  )
  return earlier(next, payment.expiresAt)
}

/** When our code cannot be paid any more, whatever became of it. */
export function codeEndsAt(payment: Payment): Instant {
  return addMs(payment.shownAt ?? payment.createdAt, CODE_LIFETIME_MS)
}

/** When a code that nobody scanned counts as dead. */
export function provenDeadAt(payment: Payment): Instant {
  return addMs(payment.expiresAt, PROOF_OF_DEATH_AFTER_MS)
}

/**
 * The next look at an ended payment, or `null` once its code cannot be paid any more. What a
 * buyer's code may still have done is known with one look when it is dead.
 */
export function nextWatchAt(payment: Payment, now: Instant): Instant | null {
  const deadAt = provenDeadAt(payment)
  if (payment.method === 'barcode') return now < deadAt ? deadAt : null
  if (payment.shownAt === null) return null
  const next = addMs(now, WATCH_INTERVAL_MS)
  return next <= addMs(payment.shownAt, CODE_LIFETIME_MS) ? next : null
}

/** The earlier of two instants. */
export function earlier(a: Instant, b: Instant): Instant {
  return toInstant(Math.min(a, b))
}

/** The later of two instants. */
export function later(a: Instant, b: Instant): Instant {
  return toInstant(Math.max(a, b))
}
