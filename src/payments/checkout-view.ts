/**
 * What a buyer may see of a payment. Never more than is committed, and never a code that must not
 * be paid.
 *
 * @module
 */

import type { Fen, Instant } from '../alipay/index.ts'
import { amountRefunded, type PaymentRecord } from './payment.ts'

/** The state of the cashier page. */
export type CheckoutState =
  /** The code is being made. */
  | 'preparing'
  | 'waiting'
  /** The buyer's app asks for the password; a barcode payment waits for nothing else. */
  | 'scanned'
  /** Whether it was paid is being found out. */
  | 'confirming'
  | 'paid'
  | 'expired'
  | 'canceled'
  | 'failed'
  | 'refunded'

/** The cashier page's content. */
export interface CheckoutView {
  readonly state: CheckoutState
  readonly amount: Fen
  readonly amountRefunded: Fen
  readonly subject: string
  /** Alipay shows it to the buyer as the merchant's order number. */
  readonly orderNumber: string
  /** Alipay's number of what was paid, for the receipt; `null` before. */
  readonly tradeNumber: string | null
  /** The text of the code; `null` as soon as it must not be shown. */
  readonly qrCode: string | null
  readonly expiresAt: Instant
  readonly paidAt: Instant | null
  readonly returnUrl: string | null
}

/** Decides what the buyer sees now. */
export function checkoutView(record: PaymentRecord, now: Instant): CheckoutView {
  const { payment, refunds } = record
  const state = checkoutState(record, now)
  return {
    state,
    amount: payment.amount,
    amountRefunded: amountRefunded(refunds),
    subject: payment.subject,
    orderNumber: payment.outTradeNo,
    tradeNumber: payment.status === 'succeeded' ? payment.tradeNo : null,
    qrCode: state === 'waiting' || state === 'scanned' ? payment.qrCode : null,
    expiresAt: payment.expiresAt,
    paidAt: payment.paidAt,
    returnUrl: payment.returnUrl,
  }
}

function checkoutState({ payment, refunds }: PaymentRecord, now: Instant): CheckoutState {
  switch (payment.status) {
    case 'created':
      // There is no code to make: the buyer's was sent, and is not answered yet.
      return payment.method === 'barcode' ? 'confirming' : 'preparing'
    case 'pending':
      if (now >= payment.expiresAt) return 'confirming'
      return payment.scannedAt === null ? 'waiting' : 'scanned'
    case 'closing': {
      // Alipay knows no trade of it: for the buyer it is over, although the proof takes until the
      // code is dead.
      const isUnscanned = payment.cancelAnsweredAt !== null && payment.tradeStatus === null
      if (!isUnscanned) return 'confirming'
      return payment.cancellationReason === 'requested' ? 'canceled' : 'expired'
    }
    case 'succeeded':
      return amountRefunded(refunds) >= payment.amount ? 'refunded' : 'paid'
    case 'expired':
    case 'canceled':
    case 'failed':
      return payment.status
  }
}
