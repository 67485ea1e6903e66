/**
 * Payments and refunds as they may be stored, for tests of the rules.
 *
 * @module
 */

import { addMs, parseBeijingTime, toFen, type Instant } from '../../src/alipay/index.ts'
import type { TradeFacts } from '../../src/payments/index.ts'
import type { Payment, PaymentRecord, Refund } from '../../src/payments/index.ts'

/** When every payment here was created, and its code shown. */
export const shownAt = parseBeijingTime('2026-11-23 10:00:00')

/** The deadline of every payment here, 5 minutes later. */
export const expiresAt = addMs(shownAt, 300_000)

/** `seconds` after the code was shown. */
export function at(seconds: number): Instant {
  return addMs(shownAt, seconds * 1_000)
}

/** A payment of 88.88 yuan whose code was just shown. */
export function payment(change: Partial<Payment> = {}): Payment {
  return {
    id: 'pay_1',
    version: 3,
    reference: 'A-1001',
    retryOf: null,
    amount: toFen(8888),
    subject: '美式咖啡',
    status: 'pending',
    outTradeNo: 'sm0123456789abcdefghjkmnpqrs',
    checkoutToken: 'token',
    returnUrl: null,
    qrCode: 'https://qr.alipay.com/bax1',
    createdAt: shownAt,
    updatedAt: shownAt,
    expiresAt,
    shownAt,
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
    outcome: 'applied',
    unknownCalls: 0,
    answers: 0,
    answeredAt: null,
    answerHash: null,
    events: 2,
    nextStepAt: at(5),
    method: 'qr',
    metadata: {},
    storeId: null,
    operatorId: null,
    terminalId: null,
    retryAllowed: false,
    traceParent: null,
    ...change,
  }
}

/** A refund of 30.00 yuan that was not sent yet. */
export function refund(change: Partial<Refund> = {}): Refund {
  return {
    id: 're_1',
    paymentId: 'pay_1',
    reference: 'R-1',
    amount: toFen(3000),
    reason: null,
    status: 'pending',
    outRequestNo: 'rf0123456789abcdefghjkmnpqrs',
    source: 'api',
    createdAt: shownAt,
    updatedAt: shownAt,
    nextCall: 'refund',
    sentAt: null,
    succeededAt: null,
    cancelRequestedAt: null,
    failure: null,
    outcome: 'not_applied',
    unknownCalls: 0,
    events: 1,
    nextStepAt: shownAt,
    metadata: {},
    ...change,
  }
}

export function record(
  change: Partial<Payment> = {},
  refunds: readonly Refund[] = [],
): PaymentRecord {
  return { payment: payment(change), refunds }
}

/** What a message says of the trade of that payment. */
export function trade(change: Partial<TradeFacts> = {}): TradeFacts {
  return {
    tradeStatus: 'WAIT_BUYER_PAY',
    tradeNo: '2026112322001400001000000001',
    totalAmount: toFen(8888),
    amountReceived: null,
    buyerLogonId: '138****1234',
    sellerId: null,
    isOtherSeller: false,
    paidAt: null,
    refundedTotal: null,
    outRequestNo: null,
    ...change,
  }
}

/** The same of one that is paid. */
export function paidTrade(change: Partial<TradeFacts> = {}): TradeFacts {
  return trade({
    tradeStatus: 'TRADE_SUCCESS',
    paidAt: at(20),
    amountReceived: toFen(8888),
    ...change,
  })
}

/** Freezes a value in depth, so that whoever writes to it fails. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const part of Object.values(value)) deepFreeze(part)
  }
  return value
}
