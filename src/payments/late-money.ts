/**
 * Money that comes after the end of its payment, or for a reference that something else has paid:
 * it is booked first, and then decided about. Pure.
 *
 * @module
 */

import type { Instant } from '../alipay/index.ts'
import { derivedRefundId, policyRequestNo } from './identifiers.ts'
import { newRefund } from './new-refund.ts'
import { amountRefundable, amountRefunded, type PaymentRecord, type Refund } from './payment.ts'
import { LATE_ACCEPTED_MS, type PaymentRules } from './rules.ts'
import type { Transition } from './transitions.ts'

/**
 * Decides about late money, once.
 *
 * @param duplicateOf The payment that has paid the same reference before it.
 */
export function settle(
  record: PaymentRecord,
  duplicateOf: string | null,
  now: Instant,
  rules: PaymentRules,
): Transition {
  const { payment } = record
  if (payment.settlement !== 'due') return { record, events: [] }
  const settlement = decide(record, duplicateOf, rules)
  const review = duplicateOf === null ? 'late' : 'duplicate'
  const settled: PaymentRecord = {
    ...record,
    payment: {
      ...payment,
      settlement,
      duplicateOf,
      review: settlement === 'held' ? review : payment.review,
      nextStepAt: null,
      updatedAt: now,
    },
  }
  const events = duplicateOf === null ? [] : [{ type: 'payment.duplicate' as const }]
  switch (settlement) {
    case 'accepted':
      return { record: settled, events }
    case 'held':
      return { record: settled, events: [...events, { type: 'payment.review_required' }] }
    case 'refunded': {
      const refund = policyRefund(settled, now)
      return {
        record: { ...settled, refunds: [...settled.refunds, refund] },
        events: [...events, { type: 'refund.created', refundId: refund.id }],
      }
    }
  }
}

/**
 * Which of two payments of one reference keeps it: what holds it already, or else whoever paid
 * first. Both sides come to the same answer, whoever asks first.
 *
 * @param record Late money that is to be decided about.
 * @param siblings All payments of its reference.
 * @returns The payment that `record` is a duplicate of.
 */
export function paidBefore(
  record: PaymentRecord,
  siblings: readonly PaymentRecord[],
): PaymentRecord | undefined {
  return siblings.find((other) => {
    if (other.payment.id === record.payment.id || !keepsMoney(other)) return false
    return other.payment.settlement !== 'due' || comesBefore(other, record)
  })
}

function keepsMoney({ payment, refunds }: PaymentRecord): boolean {
  return (
    payment.status === 'succeeded' &&
    payment.duplicateOf === null &&
    amountRefunded(refunds) < payment.amount
  )
}

function comesBefore({ payment: a }: PaymentRecord, { payment: b }: PaymentRecord): boolean {
  const [paidA, paidB] = [a.paidAt ?? a.createdAt, b.paidAt ?? b.createdAt]
  return paidA === paidB ? a.id < b.id : paidA < paidB
}

function decide(
  record: PaymentRecord,
  duplicateOf: string | null,
  rules: PaymentRules,
): 'accepted' | 'held' | 'refunded' {
  const { endedAt, paidAt } = record.payment
  // It went back by itself already: in the console, or by our own cancel.
  if (amountRefundable(record) === 0) return 'accepted'
  if (duplicateOf !== null) return rules.duplicatePayments === 'refund' ? 'refunded' : 'held'
  switch (rules.latePayments) {
    case 'accept':
      return 'accepted'
    case 'refund':
      return 'refunded'
    case 'hold':
      return 'held'
    case 'default':
      return (paidAt ?? 0) - (endedAt ?? paidAt ?? 0) <= LATE_ACCEPTED_MS ? 'accepted' : 'held'
  }
}

function policyRefund(record: PaymentRecord, now: Instant): Refund {
  const { payment } = record
  const outRequestNo = policyRequestNo(payment.outTradeNo)
  return newRefund(
    {
      id: derivedRefundId(payment.id, outRequestNo),
      paymentId: payment.id,
      outRequestNo,
      amount: amountRefundable(record),
      source: 'policy',
      reference: null,
      reason: null,
    },
    now,
  )
}
