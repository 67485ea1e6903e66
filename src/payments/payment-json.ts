/**
 * How payments and refunds look to the merchant: snake_case, fen, RFC 3339, and nothing about the
 * buyer. What events carry and what the API answers with.
 *
 * @module
 */

import { formatRfc3339, type Instant } from '../alipay/index.ts'
import { checkoutView } from './checkout-view.ts'
import {
  amountRefundable,
  amountRefunded,
  type Failure,
  type PaymentRecord,
  type Refund,
} from './payment.ts'

/** What is the same for all payments of an application. */
export interface Presentation {
  readonly livemode: boolean
  /** Where buyers reach the server, without a slash at the end; `null` where there is none. */
  readonly publicUrl: string | null
}

/** A payment as JSON. */
export type PaymentJson = ReturnType<typeof paymentJson>

/** A refund as JSON. */
export type RefundJson = ReturnType<typeof refundJson>

/** A payment as JSON. `next_action` is `null` as soon as the code must not be shown. */
export function paymentJson(
  record: PaymentRecord,
  { livemode, publicUrl }: Presentation,
  now: Instant,
) {
  const { payment, refunds } = record
  const checkoutUrl = publicUrl === null ? null : `${publicUrl}/c/${payment.checkoutToken}`
  const { qrCode } = checkoutView(record, now)
  return {
    id: payment.id,
    object: 'payment' as const,
    livemode,
    amount: payment.amount,
    currency: 'cny' as const,
    amount_received: payment.amountReceived,
    amount_refunded: amountRefunded(refunds),
    amount_refundable: payment.status === 'succeeded' ? amountRefundable(record) : 0,
    subject: payment.subject,
    reference: payment.reference,
    retry_of: payment.retryOf,
    method: payment.method,
    metadata: payment.metadata,
    store_id: payment.storeId,
    operator_id: payment.operatorId,
    terminal_id: payment.terminalId,
    retry_allowed: payment.retryAllowed,
    status: payment.status,
    outcome: payment.outcome,
    next_action:
      qrCode === null
        ? null
        : {
            type: 'show_qr' as const,
            qr_code: qrCode,
            checkout_url: checkoutUrl,
            qr_image_url: checkoutUrl === null ? null : `${checkoutUrl}/qr.png`,
          },
    checkout_url: checkoutUrl,
    return_url: payment.returnUrl,
    expires_at: formatRfc3339(payment.expiresAt),
    scanned_at: timeJson(payment.scannedAt),
    paid_at: timeJson(payment.paidAt),
    ended_at: timeJson(payment.endedAt),
    late: payment.late,
    duplicate_of: payment.duplicateOf,
    settlement: payment.settlement,
    review: payment.review,
    cancellation_reason: payment.cancellationReason,
    failure: failureJson(payment.failure),
    alipay: {
      out_trade_no: payment.outTradeNo,
      trade_no: payment.tradeNo,
      trade_status: payment.tradeStatus,
    },
    created_at: formatRfc3339(payment.createdAt),
    updated_at: formatRfc3339(payment.updatedAt),
  }
}

/** A refund as JSON. */
export function refundJson(refund: Refund, { livemode }: Pick<Presentation, 'livemode'>) {
  return {
    id: refund.id,
    object: 'refund' as const,
    livemode,
    payment: refund.paymentId,
    amount: refund.amount,
    currency: 'cny' as const,
    reference: refund.reference,
    reason: refund.reason,
    metadata: refund.metadata,
    status: refund.status,
    outcome: refund.outcome,
    source: refund.source,
    failure: failureJson(refund.failure),
    alipay: { out_request_no: refund.outRequestNo },
    succeeded_at: timeJson(refund.succeededAt),
    created_at: formatRfc3339(refund.createdAt),
    updated_at: formatRfc3339(refund.updatedAt),
  }
}

/** Alipay's refusal as JSON. */
export function refusalJson({ code, alipayMessage }: Failure) {
  return { sub_code: code, sub_msg: alipayMessage }
}

function failureJson(failure: Failure | null) {
  return failure && { message: failure.message, alipay: refusalJson(failure) }
}

function timeJson(time: Instant | null): string | null {
  return time === null ? null : formatRfc3339(time)
}
