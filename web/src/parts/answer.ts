/**
 * What the customer may be told about a payment: the answer to "I have paid".
 *
 * @module
 */
import type { Payment, Refund } from '../api/objects.ts'
import { useTexts } from '../language/language.tsx'
import { yuanText } from './money.tsx'

/** Words it. */
export function useAnswer(): (payment: Payment, refunds: readonly Refund[]) => string {
  const { answers } = useTexts().payment
  return (payment, refunds) => {
    const { status, review } = payment
    if (review === 'refunded_by_cancel' || gaveBackByCanceling(refunds))
      return answers.canceledRefunded
    if (status !== 'succeeded')
      return status === 'pending' && payment.scanned_at !== null ? answers.scanned : answers[status]
    if (payment.amount_refunded >= payment.amount)
      return answers.refunded(yuanText(payment.amount_refunded))
    const onTheWay = refunds.filter(
      (one) => one.status === 'pending' || one.status === 'processing',
    )
    if (onTheWay.length > 0)
      return answers.refunding(yuanText(onTheWay.reduce((sum, { amount }) => sum + amount, 0)))
    if (review === 'late' || review === 'duplicate') return answers[review]
    if (review !== null) return answers.review
    if (payment.late && payment.amount_refunded === 0) return answers.lateAccepted
    return payment.amount_refunded > 0
      ? answers.partlyRefunded(yuanText(payment.amount_refunded))
      : answers.succeeded
  }
}

function gaveBackByCanceling(refunds: readonly Refund[]): boolean {
  return refunds.some(({ source, status }) => source === 'cancel' && status === 'succeeded')
}
