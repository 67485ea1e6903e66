/**
 * What a payment and a refund are.
 *
 * Terminology: a _trade_ is Alipay's record, a _payment_ is ours of one sale. A _notification_
 * comes from Alipay, an _event_ goes to the merchant. To _cancel_ (`alipay.trade.cancel`) undoes
 * whatever happened, to _close_ (`alipay.trade.close`) ends an unpaid trade only. A _reference_ is
 * the merchant's name for a sale or a refund.
 *
 * @module
 */

import { sumFen, toFen, type Fen, type Instant, type Outcome } from '../alipay/index.ts'

/**
 * Where a payment stands.
 *
 * - `created`: stored; the gateway has not yet said that it made a code, or took the buyer's.
 * - `pending`: a code exists and is shown, or the buyer is asked for the password; he may pay.
 * - `closing`: past the deadline, or given up; proof of the end is being fetched.
 * - `succeeded`: paid. Never left.
 * - `expired`: proven unpaid after the deadline.
 * - `canceled`: proven unpaid after the merchant gave it up.
 * - `failed`: the gateway definitely refused to make a code, or to take the buyer's.
 */
export type PaymentStatus =
  'created' | 'pending' | 'closing' | 'succeeded' | 'expired' | 'canceled' | 'failed'

/** Where a refund stands. */
export type RefundStatus =
  'pending' | 'processing' | 'requires_action' | 'succeeded' | 'failed' | 'canceled'

/** Why the gateway said no, for the merchant. */
export interface Failure {
  /**
   * Alipay's sub code, e.g. `ACQ.TOTAL_FEE_EXCEED`; `ERR_ALIPAY_…` where a buyer's code did not
   * even leave this machine.
   */
  readonly code: string
  /** What to do, in English. */
  readonly message: string
  /** Alipay's own words, in Chinese; empty where Alipay was not reached. */
  readonly alipayMessage: string
}

/** One sale. */
export interface Payment {
  /** `pay_…`. */
  readonly id: string
  /** Counts the commits; each write repeats the version that it believes. */
  readonly version: number
  /** The merchant's name for the sale, or `null`. */
  readonly reference: string | null
  /** The payment before it of the same reference, which ended without money; `null` for none. */
  readonly retryOf: string | null
  readonly amount: Fen
  /** As the merchant wrote it; what Alipay forbids is replaced only on the wire. */
  readonly subject: string
  readonly status: PaymentStatus
  /**
   * The number that Alipay knows the sale by, committed before the first call and the same for
   * ever.
   */
  readonly outTradeNo: string
  /** Unguessable name of the cashier page. */
  readonly checkoutToken: string
  /** Where the cashier page leads when it is over; `null` for nowhere. */
  readonly returnUrl: string | null
  /** The text to encode as a QR code. */
  readonly qrCode: string | null
  readonly createdAt: Instant
  readonly updatedAt: Instant
  /** Our deadline. What is told to Alipay (`time_expire`) is 60 s later, a net under it. */
  readonly expiresAt: Instant
  /** When our code was first shown; polling counts from here. `null` for barcode payments. */
  readonly shownAt: Instant | null
  /** When a buyer was first seen to have scanned, or to be asked for the password. */
  readonly scannedAt: Instant | null
  readonly paidAt: Instant | null
  /** When it first ended without money; `null` where it never has. What comes after it is late. */
  readonly endedAt: Instant | null
  /** Whether the money came after the payment had ended. */
  readonly late: boolean
  readonly tradeNo: string | null
  /** Alipay's status as last seen. */
  readonly tradeStatus: string | null
  /** What the merchant receives, where Alipay said so. */
  readonly amountReceived: Fen | null
  /**
   * All that has gone back by Alipay's largest sum so far: ours and what was made elsewhere. `null`
   * where no message has told one.
   */
  readonly refundedTotal: Fen | null
  /** The buyer's account, masked by Alipay. */
  readonly buyerLogonId: string | null
  /**
   * `expired`: the deadline passed; `requested`: the merchant gave the sale up; `superseded`: an
   * earlier payment of the reference was paid late.
   */
  readonly cancellationReason: 'expired' | 'requested' | 'superseded' | null
  /**
   * When the last `alipay.trade.cancel` was sent, committed before it; then, when it ended without
   * an answer.
   */
  readonly cancelAttemptedAt: Instant | null
  /** When a cancel was definitely answered. */
  readonly cancelAnsweredAt: Instant | null
  /** When the last `alipay.trade.close` was answered or given up, with the fence `close`. */
  readonly closeAttemptedAt: Instant | null
  /** Whether our own cancel sent the buyer's money back. */
  readonly refundedByCancel: boolean
  /**
   * What was decided about money that came late, or twice for one reference: `due` until it is
   * decided, `null` where there is nothing to decide.
   */
  readonly settlement: 'due' | 'accepted' | 'held' | 'refunded' | null
  /** The payment that had paid the reference before, or `null`. */
  readonly duplicateOf: string | null
  /** Something that a person has to look at. */
  readonly review: Review | null
  readonly failure: Failure | null
  /** What is known about the last call. */
  readonly outcome: Outcome
  /** Calls in a row whose outcome is unknown. */
  readonly unknownCalls: number
  /** How often Alipay has answered a query about it. */
  readonly answers: number
  /** When it last did. */
  readonly answeredAt: Instant | null
  /** What it said then, as a hash: the same as long as nothing changes. */
  readonly answerHash: string | null
  /** How many events have told of it. */
  readonly events: number
  /** When the engine next does something about it, or `null` for never. */
  readonly nextStepAt: Instant | null
  /** How the buyer pays: scans our code, or shows one that we scan (付款码). */
  readonly method: 'qr' | 'barcode'
  /** The merchant's own, given back with each answer and event; Alipay never sees it. */
  readonly metadata: Metadata
  /** The merchant's shop (门店), cashier (操作员) and till (终端), as Alipay's bills repeat them. */
  readonly storeId: string | null
  readonly operatorId: string | null
  readonly terminalId: string | null
  /** Whether the cashier page may offer a new code after the end, for the same reference. */
  readonly retryAllowed: boolean
  /**
   * The span that created it, as W3C's `traceparent`: what is done about it later is linked to it.
   * `null` where none was recorded.
   */
  readonly traceParent: string | null
}

/** Names and values that the merchant keeps with an object: at most 50. */
export type Metadata = Readonly<Record<string, string>>

/** No metadata. */
export const NO_METADATA: Metadata = Object.freeze({})

/**
 * Why a person has to look at a payment.
 *
 * - `amount_mismatch`: Alipay's amount is not ours; nothing was concluded from it.
 * - `seller_mismatch`: the money went to another account than the configured one.
 * - `refunded_by_cancel`: the buyer paid in the moment of our cancel, and got the money back.
 * - `late`: the money came after the end, and was not accepted by the policy.
 * - `duplicate`: the reference had been paid before.
 * - `refund_discordant`: Alipay knows one of our refunds with another amount.
 */
export type Review =
  | 'amount_mismatch'
  | 'seller_mismatch'
  | 'refunded_by_cancel'
  | 'late'
  | 'duplicate'
  | 'refund_discordant'

/** Money that goes back. One `out_request_no` for ever. */
export interface Refund {
  /** `re_…`. */
  readonly id: string
  readonly paymentId: string
  /** The merchant's name for the refund, or `null`. */
  readonly reference: string | null
  readonly amount: Fen
  readonly reason: string | null
  readonly status: RefundStatus
  /** The number that Alipay knows the refund by, committed before the first call. */
  readonly outRequestNo: string
  /**
   * `api`: asked for here; `policy`: late or doubled money, by the policy; `cancel`: by our own
   * cancel; `external`: in Alipay's console.
   */
  readonly source: 'api' | 'policy' | 'cancel' | 'external'
  readonly createdAt: Instant
  readonly updatedAt: Instant
  /** What is asked next: the refund itself (again), or what became of it. */
  readonly nextCall: 'refund' | 'refund_query'
  /** When it was last sent, committed before it; then, when that call ended. */
  readonly sentAt: Instant | null
  readonly succeededAt: Instant | null
  /** When the merchant gave it up; it is canceled once Alipay is known not to have made it. */
  readonly cancelRequestedAt: Instant | null
  readonly failure: Failure | null
  readonly outcome: Outcome
  readonly unknownCalls: number
  /** How many events have told of it. */
  readonly events: number
  readonly nextStepAt: Instant | null
  /** The merchant's own; Alipay never sees it. */
  readonly metadata: Metadata
}

/** A payment with its refunds: what is read, decided about and written together. */
export interface PaymentRecord {
  readonly payment: Payment
  readonly refunds: readonly Refund[]
}

/** Sum of the refunds that hold or have taken money: all but those that failed or were canceled. */
export function amountReserved(refunds: readonly Refund[]): Fen {
  return sumFen(
    refunds
      .filter(({ status }) => status !== 'failed' && status !== 'canceled')
      .map(({ amount }) => amount),
  )
}

/** What may still be refunded of a paid payment, 0 or more. */
export function amountRefundable({ payment, refunds }: PaymentRecord): Fen {
  return toFen(Math.max(0, payment.amount - amountReserved(refunds)))
}

/** Sum of the refunds that have gone back. */
export function amountRefunded(refunds: readonly Refund[]): Fen {
  return sumFen(refunds.filter(({ status }) => status === 'succeeded').map(({ amount }) => amount))
}
