/**
 * Payments and refunds as rows, and back.
 *
 * @module
 */

import type { Selectable } from 'kysely'
import { toFen, toInstant, type Fen, type Instant, type Outcome } from '../alipay/index.ts'
import {
  blocksReference,
  nextDueAt,
  type Failure,
  type Payment,
  type PaymentRecord,
  type Refund,
} from '../payments/index.ts'
import type { PaymentsTable, RefundsTable } from './schema.ts'

/** A payment's columns, but for its lease, which only claims touch. */
export type PaymentRow = Omit<Selectable<PaymentsTable>, 'lease_token' | 'leased_until'>

/** Writes a payment as a row. */
export function toPaymentRow(record: PaymentRecord): PaymentRow {
  const { payment } = record
  return {
    id: payment.id,
    version: payment.version,
    reference: payment.reference,
    blocking_reference: blocksReference(record) ? payment.reference : null,
    amount: payment.amount,
    subject: payment.subject,
    status: payment.status,
    out_trade_no: payment.outTradeNo,
    checkout_token: payment.checkoutToken,
    return_url: payment.returnUrl,
    qr_code: payment.qrCode,
    created_at: payment.createdAt,
    updated_at: payment.updatedAt,
    expires_at: payment.expiresAt,
    shown_at: payment.shownAt,
    scanned_at: payment.scannedAt,
    paid_at: payment.paidAt,
    late: Number(payment.late),
    trade_no: payment.tradeNo,
    trade_status: payment.tradeStatus,
    amount_received: payment.amountReceived,
    buyer_logon_id: payment.buyerLogonId,
    cancellation_reason: payment.cancellationReason,
    cancel_attempted_at: payment.cancelAttemptedAt,
    cancel_answered_at: payment.cancelAnsweredAt,
    refunded_by_cancel: Number(payment.refundedByCancel),
    review: payment.review,
    failure: toJson(payment.failure),
    outcome: payment.outcome,
    unknown_calls: payment.unknownCalls,
    next_step_at: payment.nextStepAt,
    due_at: nextDueAt(record),
  }
}

/** Reads a payment from its row. */
export function fromPaymentRow(row: PaymentRow): Payment {
  return {
    id: row.id,
    version: row.version,
    reference: row.reference,
    amount: toFen(row.amount),
    subject: row.subject,
    status: row.status as Payment['status'],
    outTradeNo: row.out_trade_no,
    checkoutToken: row.checkout_token,
    returnUrl: row.return_url,
    qrCode: row.qr_code,
    createdAt: toInstant(row.created_at),
    updatedAt: toInstant(row.updated_at),
    expiresAt: toInstant(row.expires_at),
    shownAt: instant(row.shown_at),
    scannedAt: instant(row.scanned_at),
    paidAt: instant(row.paid_at),
    late: row.late === 1,
    tradeNo: row.trade_no,
    tradeStatus: row.trade_status,
    amountReceived: fen(row.amount_received),
    buyerLogonId: row.buyer_logon_id,
    cancellationReason: row.cancellation_reason as Payment['cancellationReason'],
    cancelAttemptedAt: instant(row.cancel_attempted_at),
    cancelAnsweredAt: instant(row.cancel_answered_at),
    refundedByCancel: row.refunded_by_cancel === 1,
    review: row.review as Payment['review'],
    failure: fromJson(row.failure),
    outcome: row.outcome as Outcome,
    unknownCalls: row.unknown_calls,
    nextStepAt: instant(row.next_step_at),
  }
}

/** Writes a refund as a row. */
export function toRefundRow(refund: Refund, position: number): Selectable<RefundsTable> {
  return {
    id: refund.id,
    payment_id: refund.paymentId,
    position,
    reference: refund.reference,
    amount: refund.amount,
    reason: refund.reason,
    status: refund.status,
    out_request_no: refund.outRequestNo,
    source: refund.source,
    created_at: refund.createdAt,
    updated_at: refund.updatedAt,
    next_call: refund.nextCall,
    sent_at: refund.sentAt,
    succeeded_at: refund.succeededAt,
    failure: toJson(refund.failure),
    outcome: refund.outcome,
    unknown_calls: refund.unknownCalls,
    next_step_at: refund.nextStepAt,
  }
}

/** Reads a refund from its row. */
export function fromRefundRow(row: Selectable<RefundsTable>): Refund {
  return {
    id: row.id,
    paymentId: row.payment_id,
    reference: row.reference,
    amount: toFen(row.amount),
    reason: row.reason,
    status: row.status as Refund['status'],
    outRequestNo: row.out_request_no,
    source: row.source as Refund['source'],
    createdAt: toInstant(row.created_at),
    updatedAt: toInstant(row.updated_at),
    nextCall: row.next_call as Refund['nextCall'],
    sentAt: instant(row.sent_at),
    succeededAt: instant(row.succeeded_at),
    failure: fromJson(row.failure),
    outcome: row.outcome as Outcome,
    unknownCalls: row.unknown_calls,
    nextStepAt: instant(row.next_step_at),
  }
}

function instant(value: number | null): Instant | null {
  return value === null ? null : toInstant(value)
}

function fen(value: number | null): Fen | null {
  return value === null ? null : toFen(value)
}

function toJson(failure: Failure | null): string | null {
  return failure === null ? null : JSON.stringify(failure)
}

function fromJson(text: string | null): Failure | null {
  return text === null ? null : (JSON.parse(text) as Failure)
}
