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

/** A payment that Alipay has not been told of: it is due at once. */
export function newPayment(order: PaymentOrder, now: Instant): Payment {
  return {
    ...order,
    version: 0,
    status: 'created',
    qrCode: null,
    createdAt: now,
    updatedAt: now,
    shownAt: null,
    scannedAt: null,
    paidAt: null,
    endedAt: null,
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
  }
}
