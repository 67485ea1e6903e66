/**
 * A payment in the moment in which it is first known of.
 *
 * @module
 */

import type { Instant } from '../alipay/index.ts'
import type { Payment } from './payment.ts'

/** What is known of a payment when it begins. */
export type PaymentOrder = Pick<
  Payment,
  | 'id'
  | 'reference'
  | 'retryOf'
  | 'amount'
  | 'subject'
  | 'outTradeNo'
  | 'checkoutToken'
  | 'returnUrl'
  | 'expiresAt'
  | 'method'
  | 'metadata'
  | 'storeId'
  | 'operatorId'
  | 'terminalId'
  | 'retryAllowed'
  | 'traceParent'
>

/**
 * A payment that Alipay has not been told of: it is due at once. Its fields are in the order in
 * which a store reads them, and none comes by a spread: V8 then has one shape for all payments, and
 * copies it in one go.
 */
export function newPayment(order: PaymentOrder, now: Instant): Payment {
  return {
    id: order.id,
    version: 0,
    reference: order.reference,
    retryOf: order.retryOf,
    amount: order.amount,
    subject: order.subject,
    status: 'created',
    outTradeNo: order.outTradeNo,
    checkoutToken: order.checkoutToken,
    returnUrl: order.returnUrl,
    qrCode: null,
    createdAt: now,
    updatedAt: now,
    expiresAt: order.expiresAt,
    shownAt: null,
    scannedAt: null,
    endedAt: null,
    paidAt: null,
    late: false,
    tradeNo: null,
    tradeStatus: null,
    amountReceived: null,
    refundedTotal: null,
    buyerLogonId: null,
    cancellationReason: null,
    cancelAttemptedAt: null,
    cancelAnsweredAt: null,
    closeAttemptedAt: null,
    refundedByCancel: false,
    settlement: null,
    duplicateOf: null,
    review: null,
    failure: null,
    // No commit comes between: whoever finds the intent cannot tell whether a code was sent.
    outcome: order.method === 'barcode' ? 'unknown' : 'not_applied',
    unknownCalls: 0,
    answers: 0,
    answeredAt: null,
    answerHash: null,
    events: 0,
    nextStepAt: now,
    method: order.method,
    metadata: order.metadata,
    storeId: order.storeId,
    operatorId: order.operatorId,
    terminalId: order.terminalId,
    retryAllowed: order.retryAllowed,
    traceParent: order.traceParent,
  }
}
