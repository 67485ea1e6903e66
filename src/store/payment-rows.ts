/**
 * Payments and what belongs to them as rows, and back.
 *
 * @module
 */

import type { Insertable, Selectable } from 'kysely'
import { toFen, toInstant, type Fen, type Instant, type Outcome } from '../alipay/index.ts'
import {
  blocksReference,
  NO_METADATA,
  type Failure,
  type Metadata,
  type NewEvent,
  type Payment,
  type PaymentRecord,
  type Refund,
  type StoredEvent,
  type TimelineEntry,
} from '../payments/index.ts'
import type { EventsTable, EvidenceTable, PaymentsTable, RefundsTable } from './schema.ts'

/** A payment's columns, but for its application. */
export type PaymentRow = Omit<Selectable<PaymentsTable>, 'app'>

/** Writes a payment as a row. */
export function toPaymentRow(record: PaymentRecord): PaymentRow {
  const { payment } = record
  const reference = storableOrNull(payment.reference)
  return {
    id: payment.id,
    version: payment.version,
    reference,
    blocking_reference: blocksReference(record) ? reference : null,
    retry_of: payment.retryOf,
    amount: payment.amount,
    subject: storable(payment.subject),
    status: payment.status,
    out_trade_no: payment.outTradeNo,
    checkout_token: payment.checkoutToken,
    return_url: storableOrNull(payment.returnUrl),
    qr_code: storableOrNull(payment.qrCode),
    created_at: payment.createdAt,
    updated_at: payment.updatedAt,
    expires_at: payment.expiresAt,
    shown_at: payment.shownAt,
    scanned_at: payment.scannedAt,
    ended_at: payment.endedAt,
    paid_at: payment.paidAt,
    late: Number(payment.late),
    trade_no: storableOrNull(payment.tradeNo),
    trade_status: storableOrNull(payment.tradeStatus),
    amount_received: payment.amountReceived,
    refunded_total: payment.refundedTotal,
    buyer_logon_id: storableOrNull(payment.buyerLogonId),
    cancellation_reason: payment.cancellationReason,
    cancel_attempted_at: payment.cancelAttemptedAt,
    cancel_answered_at: payment.cancelAnsweredAt,
    close_attempted_at: payment.closeAttemptedAt,
    refunded_by_cancel: Number(payment.refundedByCancel),
    settlement: payment.settlement,
    duplicate_of: payment.duplicateOf,
    review: payment.review,
    failure: toJson(payment.failure),
    outcome: payment.outcome,
    unknown_calls: payment.unknownCalls,
    answers: payment.answers,
    answered_at: payment.answeredAt,
    answer_hash: payment.answerHash,
    events: payment.events,
    next_step_at: payment.nextStepAt,
    method: payment.method === 'qr' ? null : payment.method,
    metadata: toMetadata(payment.metadata),
    store_id: storableOrNull(payment.storeId),
    operator_id: storableOrNull(payment.operatorId),
    terminal_id: storableOrNull(payment.terminalId),
    retry_allowed: Number(payment.retryAllowed),
    trace_parent: payment.traceParent,
  }
}

/** Reads a payment from its row. */
export function fromPaymentRow(row: PaymentRow): Payment {
  return {
    id: row.id,
    version: row.version,
    reference: row.reference,
    retryOf: row.retry_of,
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
    endedAt: instant(row.ended_at),
    paidAt: instant(row.paid_at),
    late: row.late === 1,
    tradeNo: row.trade_no,
    tradeStatus: row.trade_status,
    amountReceived: fen(row.amount_received),
    refundedTotal: fen(row.refunded_total),
    buyerLogonId: row.buyer_logon_id,
    cancellationReason: row.cancellation_reason as Payment['cancellationReason'],
    cancelAttemptedAt: instant(row.cancel_attempted_at),
    cancelAnsweredAt: instant(row.cancel_answered_at),
    closeAttemptedAt: instant(row.close_attempted_at),
    refundedByCancel: row.refunded_by_cancel === 1,
    settlement: row.settlement as Payment['settlement'],
    duplicateOf: row.duplicate_of,
    review: row.review as Payment['review'],
    failure: fromJson(row.failure),
    outcome: row.outcome as Outcome,
    unknownCalls: row.unknown_calls,
    answers: row.answers,
    answeredAt: instant(row.answered_at),
    answerHash: row.answer_hash,
    events: row.events,
    nextStepAt: instant(row.next_step_at),
    method: (row.method as Payment['method'] | null) ?? 'qr',
    metadata: fromMetadata(row.metadata),
    storeId: row.store_id,
    operatorId: row.operator_id,
    terminalId: row.terminal_id,
    retryAllowed: row.retry_allowed === 1,
    traceParent: row.trace_parent,
  }
}

/** A refund's columns. */
export type RefundRow = Selectable<RefundsTable>

/** Writes a refund as a row. */
export function toRefundRow(refund: Refund, position: number): RefundRow {
  return {
    id: refund.id,
    payment_id: refund.paymentId,
    position,
    reference: storableOrNull(refund.reference),
    amount: refund.amount,
    reason: storableOrNull(refund.reason),
    status: refund.status,
    out_request_no: storable(refund.outRequestNo),
    source: refund.source,
    created_at: refund.createdAt,
    updated_at: refund.updatedAt,
    next_call: refund.nextCall,
    sent_at: refund.sentAt,
    succeeded_at: refund.succeededAt,
    cancel_requested_at: refund.cancelRequestedAt,
    failure: toJson(refund.failure),
    outcome: refund.outcome,
    unknown_calls: refund.unknownCalls,
    events: refund.events,
    next_step_at: refund.nextStepAt,
    metadata: toMetadata(refund.metadata),
  }
}

/** Reads a refund from its row. */
export function fromRefundRow(row: RefundRow): Refund {
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
    cancelRequestedAt: instant(row.cancel_requested_at),
    failure: fromJson(row.failure),
    outcome: row.outcome as Outcome,
    unknownCalls: row.unknown_calls,
    events: row.events,
    nextStepAt: instant(row.next_step_at),
    metadata: fromMetadata(row.metadata),
  }
}

/** Writes a line of a timeline as a row. */
export function toEvidenceRow(paymentId: string, entry: TimelineEntry): Insertable<EvidenceTable> {
  return {
    payment_id: paymentId,
    at: entry.at,
    kind: entry.kind,
    source: entry.source,
    summary: JSON.stringify(entry.summary),
    version: entry.version,
    from_status: entry.from,
    to_status: entry.to,
    raw: storableOrNull(entry.raw),
  }
}

/** Reads a line of a timeline from its row. */
export function fromEvidenceRow(row: Selectable<EvidenceTable>): TimelineEntry {
  return {
    at: toInstant(row.at),
    kind: row.kind,
    source: row.source,
    summary: JSON.parse(row.summary) as TimelineEntry['summary'],
    version: row.version,
    from: row.from_status as TimelineEntry['from'],
    to: row.to_status as TimelineEntry['to'],
    raw: row.raw,
  }
}

/** Writes an event as a row. */
export function toEventRow(
  app: string,
  paymentId: string,
  event: NewEvent,
): Insertable<EventsTable> {
  return {
    id: event.id,
    app,
    payment_id: paymentId,
    refund_id: event.refundId ?? null,
    type: event.type,
    sequence: event.sequence,
    created_at: event.createdAt,
    data: event.data,
  }
}

/** Reads an event from its row. */
export function fromEventRow(row: Selectable<EventsTable>): StoredEvent {
  return {
    id: row.id,
    paymentId: row.payment_id,
    ...(row.refund_id === null ? {} : { refundId: row.refund_id }),
    type: row.type as StoredEvent['type'],
    sequence: row.sequence,
    createdAt: toInstant(row.created_at),
    data: row.data,
    position: row.position,
  }
}

/**
 * Text that both databases keep as it is: SQLite ends a text at U+0000, and PostgreSQL takes
 * neither that nor half a character. They become U+FFFD.
 */
export function storable(text: string): string {
  return UNSTORABLE.test(text) ? Buffer.from(text).toString().replaceAll('\0', '\ufffd') : text
}

const UNSTORABLE = /[\0\ud800-\udfff]/

function storableOrNull(text: string | null): string | null {
  return text === null ? null : storable(text)
}

function instant(value: number | null): Instant | null {
  return value === null ? null : toInstant(value)
}

function fen(value: number | null): Fen | null {
  return value === null ? null : toFen(value)
}

function toMetadata(metadata: Metadata): string | null {
  return metadata === NO_METADATA || Object.keys(metadata).length === 0
    ? null
    : storable(JSON.stringify(metadata))
}

function fromMetadata(text: string | null): Metadata {
  return text === null ? NO_METADATA : (JSON.parse(text) as Metadata)
}

function toJson(failure: Failure | null): string | null {
  return failure === null ? null : JSON.stringify(failure)
}

function fromJson(text: string | null): Failure | null {
  return text === null ? null : (JSON.parse(text) as Failure)
}
