/**
 * What to do next about a payment: pure, from what is stored alone, so that any process can go on
 * where another one died.
 *
 * @module
 */

import { addMs, toInstant, type Instant } from '../alipay/index.ts'
import type { Payment, PaymentRecord, Refund } from './payment.ts'
import { DEFAULT_RULES, type PaymentRules } from './rules.ts'
import { earlier, later } from './schedule.ts'

/** One thing to do: a call to the gateway, or a fact of the clock. */
export type Step =
  | { readonly kind: 'precreate' }
  /**
   * Send the buyer's code. Never decided from what is stored, for the code is not: whoever has just
   * stored the intent takes this step once, and nobody after him.
   */
  | { readonly kind: 'pay'; readonly authCode: string }
  | { readonly kind: 'query' }
  | { readonly kind: 'cancel'; readonly lastAnswer: Exclude<FreshAnswer, null> }
  | { readonly kind: 'close' }
  | { readonly kind: 'deadline' }
  /** Decide about late money. */
  | { readonly kind: 'settle' }
  | { readonly kind: 'refund'; readonly refund: Refund }
  | { readonly kind: 'refund_query'; readonly refund: Refund }

/** What a query of a moment ago said: only then may a cancel or a close follow. */
export type FreshAnswer = 'WAIT_BUYER_PAY' | 'TRADE_NOT_EXIST' | null

/**
 * Decides the next step of a payment, or `null` where nothing is due.
 *
 * @param fresh What a query said less than 2 s ago, under the same lease.
 */
export function nextStep(
  record: PaymentRecord,
  fresh: FreshAnswer,
  now: Instant,
  rules: PaymentRules = DEFAULT_RULES,
): Step | null {
  const { payment } = record
  const isDue = payment.nextStepAt !== null && payment.nextStepAt <= now
  if (isDue) {
    switch (payment.status) {
      case 'created':
        if (now >= payment.expiresAt) return { kind: 'deadline' }
        return { kind: mayHaveTrade(payment) ? 'query' : 'precreate' }
      case 'pending':
        return { kind: now >= payment.expiresAt ? 'deadline' : 'query' }
      case 'closing':
        return (fresh === null ? null : fence(record, fresh, rules)) ?? { kind: 'query' }
      case 'succeeded':
        return { kind: payment.settlement === 'due' ? 'settle' : 'query' }
      case 'expired':
      case 'canceled':
      case 'failed':
        return { kind: 'query' }
    }
  }
  const refund = dueRefund(record, now, rules)
  return refund === undefined ? null : { kind: refund.nextCall, refund }
}

/** Where a barcode payment stands without an answer, its code may be on the way to Alipay. */
function mayHaveTrade({ method, outcome }: Payment): boolean {
  return method === 'barcode' || outcome === 'applied'
}

/** When something is next due about a payment or one of its refunds, or `null` for never. */
export function nextDueAt(
  { payment, refunds }: PaymentRecord,
  rules: PaymentRules = DEFAULT_RULES,
): Instant | null {
  let due = payment.nextStepAt
  for (const refund of refunds) {
    if (refund.nextStepAt === null) continue
    const at =
      refund.nextCall === 'refund'
        ? later(refund.nextStepAt, mayRefundAt(refunds, rules))
        : refund.nextStepAt
    due = due === null ? at : earlier(due, at)
  }
  return due
}

/**
 * How urgent what is due is: 0 for what ends or refunds a payment and for new ones, whose code the
 * buyer waits for; 1 for open ones; 2 for those that have ended and are watched.
 */
export function duePriority({ payment, refunds }: PaymentRecord): 0 | 1 | 2 {
  if (refunds.some(({ nextStepAt }) => nextStepAt !== null)) return 0
  switch (payment.status) {
    case 'created':
    case 'closing':
    case 'succeeded':
      return 0
    case 'pending':
      return 1
    case 'expired':
    case 'canceled':
    case 'failed':
      return 2
  }
}

/**
 * A cancel or a close follows a fresh answer that the buyer has not paid. On a code that nobody has
 * scanned it is tried until it is answered once: Alipay knows nothing that a repeat could undo.
 */
function fence(
  { payment }: PaymentRecord,
  fresh: NonNullable<FreshAnswer>,
  rules: PaymentRules,
): Step | null {
  const isScanned = fresh === 'WAIT_BUYER_PAY'
  switch (rules.fence) {
    case 'cancel':
      return isScanned || payment.cancelAnsweredAt === null
        ? { kind: 'cancel', lastAnswer: fresh }
        : null
    case 'close':
      return isScanned || payment.closeAttemptedAt === null ? { kind: 'close' } : null
  }
}

function dueRefund(
  { refunds }: PaymentRecord,
  now: Instant,
  rules: PaymentRules,
): Refund | undefined {
  return refunds
    .filter(({ nextStepAt }) => nextStepAt !== null && nextStepAt <= now)
    .find(({ nextCall }) => nextCall === 'refund_query' || mayRefundAt(refunds, rules) <= now)
}

/** Refunds of one trade are sent one after the other, and not too close together. */
function mayRefundAt(refunds: readonly Refund[], { refundSpacingMs }: PaymentRules): Instant {
  return refunds.reduce<Instant>((at, { sentAt, outcome }) => {
    if (sentAt === null) return at
    // Of a process that died only the intention is known, and not when it came to the sending.
    const sendingMs = outcome === 'unknown' ? SENDING_MAX_MS : 0
    return later(at, addMs(sentAt, refundSpacingMs + sendingMs))
  }, toInstant(0))
}

/** From the commit that a refund is being sent to its sending: the time that a commit takes. */
const SENDING_MAX_MS = 1_000
