/**
 * The states of payments and refunds, as tags: a colour and a word.
 *
 * @module
 */
import { Tag } from 'antd'
import type { ReactNode } from 'react'
import type { Payment, Refund } from '../api/objects.ts'
import { useTexts } from '../language/language.tsx'

const PAYMENT_COLOURS = {
  created: 'default',
  pending: 'processing',
  closing: 'processing',
  succeeded: 'success',
  expired: 'default',
  canceled: 'default',
  failed: 'error',
} as const
const REFUND_COLOURS = {
  pending: 'processing',
  processing: 'processing',
  requires_action: 'warning',
  succeeded: 'success',
  failed: 'error',
  canceled: 'default',
} as const

/** Where a payment stands, and what is special about it. */
export function PaymentState({ payment }: { readonly payment: Payment }): ReactNode {
  const texts = useTexts()
  const { status } = payment
  const isWaiting = status === 'pending' && payment.scanned_at !== null
  const isRefunded = payment.amount_refunded > 0
  return (
    <span style={{ display: 'inline-flex', gap: 4, flexWrap: 'wrap' }}>
      <Tag color={PAYMENT_COLOURS[status]} style={{ margin: 0 }}>
        {isWaiting ? texts.payment.scanned : texts.payment.status[status]}
      </Tag>
      {isRefunded && (
        <Tag style={{ margin: 0 }}>
          {payment.amount_refunded >= payment.amount
            ? texts.payment.status.refunded
            : texts.payment.status.partly_refunded}
        </Tag>
      )}
      {payment.review === null && payment.late && (
        <Tag style={{ margin: 0 }}>
          {payment.duplicate_of === null ? texts.payment.late : texts.payment.duplicate}
        </Tag>
      )}
      {payment.review !== null && (
        <Tag color="warning" style={{ margin: 0 }}>
          {texts.review[payment.review]}
        </Tag>
      )}
    </span>
  )
}

/** Where a refund stands. */
export function RefundState({ refund }: { readonly refund: Refund }): ReactNode {
  const texts = useTexts()
  return (
    <Tag color={REFUND_COLOURS[refund.status]} style={{ margin: 0 }}>
      {texts.refund.status[refund.status]}
    </Tag>
  )
}
