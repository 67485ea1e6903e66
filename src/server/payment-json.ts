/**
 * How payments and refunds look in the merchant API: snake_case, fen, RFC 3339, and nothing about
 * the buyer.
 *
 * @module
 */
import { formatRfc3339, type Instant } from '../alipay/index.ts'
import {
  amountRefunded,
  amountRefundable,
  checkoutView,
  type Failure,
  type PaymentRecord,
  type Refund,
} from '../payments/index.ts'
import type { ServerContext } from './options.ts'

/** A payment as JSON. `next_action` is `null` as soon as the code must not be shown. */
export function paymentJson(record: PaymentRecord, context: ServerContext) {
  const { payment, refunds } = record
  const checkoutUrl = `${context.baseUrl}/c/${payment.checkoutToken}`
  const { qrCode } = checkoutView(record, context.clock.now())
  return {
    id: payment.id,
    object: 'payment',
    livemode: context.mode === 'live',
    amount: payment.amount,
    currency: 'cny',
    amount_received: payment.amountReceived,
    amount_refunded: amountRefunded(refunds),
    amount_refundable: refundable(record),
    subject: payment.subject,
    reference: payment.reference,
    status: payment.status,
    outcome: payment.outcome,
    next_action:
      qrCode === null
        ? null
        : {
            type: 'show_qr',
            qr_code: qrCode,
            checkout_url: checkoutUrl,
            qr_image_url: `${checkoutUrl}/qr.png`,
          },
    checkout_url: checkoutUrl,
    return_url: payment.returnUrl,
    expires_at: formatRfc3339(payment.expiresAt),
    scanned_at: timeJson(payment.scannedAt),
    paid_at: timeJson(payment.paidAt),
    late: payment.late,
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
export function refundJson(refund: Refund, context: ServerContext) {
  return {
    id: refund.id,
    object: 'refund',
    livemode: context.mode === 'live',
    payment: refund.paymentId,
    amount: refund.amount,
    currency: 'cny',
    reference: refund.reference,
    reason: refund.reason,
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

function refundable({ payment, refunds }: PaymentRecord): number {
  return payment.status === 'succeeded' ? amountRefundable({ payment, refunds }) : 0
}

function failureJson(failure: Failure | null) {
  return failure && { message: failure.message, alipay: refusalJson(failure) }
}

function timeJson(time: Instant | null): string | null {
  return time === null ? null : formatRfc3339(time)
}
