/**
 * What to do next about a payment: pure, from what is stored alone, so that any process can go on
 * where another one died.
 *
 * @module
 */

import { addMs, toInstant, type Instant } from '../alipay/index.ts'
import type { PaymentRecord, Refund } from './payment.ts'
import { earlier, later, REFUND_SPACING_MS } from './schedule.ts'

/** One thing to do: a call to the gateway, or a fact of the clock. */
export type Step =
  | { readonly kind: 'precreate' }
  | { readonly kind: 'query' }
  | { readonly kind: 'cancel'; readonly lastAnswer: Exclude<FreshAnswer, null> }
  | { readonly kind: 'deadline' }
  | { readonly kind: 'refund'; readonly refund: Refund }
  | { readonly kind: 'refund_query'; readonly refund: Refund }

/** What a query of a moment ago said: only then may a cancel follow. */
export type FreshAnswer = 'WAIT_BUYER_PAY' | 'TRADE_NOT_EXIST' | null

/**
 * Decides the next step of a payment, or `null` where nothing is due.
 *
 * @param fresh What a query said less than 2 s ago, under the same lease.
 */
export function nextStep(record: PaymentRecord, fresh: FreshAnswer, now: Instant): Step | null {
  const { payment } = record
  const isDue = payment.nextStepAt !== null && payment.nextStepAt <= now
  if (isDue) {
    switch (payment.status) {
      case 'created':
        if (now >= payment.expiresAt) return { kind: 'deadline' }
        return { kind: payment.outcome === 'applied' ? 'query' : 'precreate' }
      case 'pending':
        return { kind: now >= payment.expiresAt ? 'deadline' : 'query' }
      case 'closing':
        return fresh !== null && mayCancel(record, fresh)
          ? { kind: 'cancel', lastAnswer: fresh }
          : { kind: 'query' }
      case 'expired':
      case 'canceled':
      case 'failed':
      case 'succeeded':
        return { kind: 'query' }
    }
  }
  const refund = dueRefund(record, now)
  return refund === undefined ? null : { kind: refund.nextCall, refund }
}

/** When something is next due about a payment or one of its refunds, or `null` for never. */
export function nextDueAt({ payment, refunds }: PaymentRecord): Instant | null {
  let due = payment.nextStepAt
  for (const refund of refunds) {
    if (refund.nextStepAt === null) continue
    const at =
      refund.nextCall === 'refund'
        ? later(refund.nextStepAt, mayRefundAt(refunds))
        : refund.nextStepAt
    due = due === null ? at : earlier(due, at)
  }
  return due
}

/**
 * A cancel follows a fresh answer that the buyer has not paid. A code that nobody has scanned is
 * canceled until one cancel is answered: Alipay knows nothing of it that a repeat could undo.
 */
function mayCancel({ payment }: PaymentRecord, fresh: FreshAnswer): boolean {
  return (
    fresh === 'WAIT_BUYER_PAY' || (fresh === 'TRADE_NOT_EXIST' && payment.cancelAnsweredAt === null)
  )
}

function dueRefund({ refunds }: PaymentRecord, now: Instant): Refund | undefined {
  return refunds
    .filter(({ nextStepAt }) => nextStepAt !== null && nextStepAt <= now)
    .find(({ nextCall }) => nextCall === 'refund_query' || mayRefundAt(refunds) <= now)
}

/** Refunds of one trade are sent one after the other, 3 s apart. */
function mayRefundAt(refunds: readonly Refund[]): Instant {
  return refunds.reduce<Instant>(
    (at, { sentAt }) => (sentAt === null ? at : later(at, addMs(sentAt, REFUND_SPACING_MS))),
    toInstant(0),
  )
}
