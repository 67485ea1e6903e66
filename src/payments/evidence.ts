/**
 * Evidence: everything that can change a payment, as facts. Answers of the gateway, notifications,
 * deadlines and people's decisions all become one of these before anything is decided.
 *
 * @module
 */

import type { Fen, Instant } from '../alipay/index.ts'
import type { Failure } from './payment.ts'
import type { HeldReason } from './refund-hold.ts'

/** What a verified message says of a trade. */
export interface TradeFacts {
  /**
   * `WAIT_BUYER_PAY`, `TRADE_SUCCESS`, `TRADE_FINISHED`, `TRADE_CLOSED`, or a status that is not
   * known.
   */
  readonly tradeStatus: string
  readonly tradeNo: string | null
  readonly totalAmount: Fen
  readonly amountReceived: Fen | null
  readonly buyerLogonId: string | null
  /** The seller's PID, where the message names it. */
  readonly sellerId: string | null
  /** Whether that is not the account that the money should go to. */
  readonly isOtherSeller: boolean
  readonly paidAt: Instant | null
  /** All that has gone back so far, where the message says it. */
  readonly refundedTotal: Fen | null
  /** The refund that the message is about. */
  readonly outRequestNo: string | null
}

/** What the answer to a refund may tell beside it. */
interface RefundedTotal {
  /** All that has gone back of the trade so far: what exceeds ours was made in the console. */
  readonly refundedTotal?: Fen | null
}

/** A fact about a payment or one of its refunds. */
export type Evidence =
  | { readonly kind: 'precreated'; readonly qrCode: string }
  | { readonly kind: 'precreate_refused'; readonly failure: Failure }
  /** The number has a trade already, so a precreate or a pay cannot tell: a query must. */
  | { readonly kind: 'trade_exists' }
  /** The buyer's code was taken: paid, or `WAIT_BUYER_PAY` while the password is asked for. */
  | { readonly kind: 'pay_answered'; readonly trade: TradeFacts }
  /** A definite no: the code, the buyer or the merchant will not do. */
  | { readonly kind: 'pay_refused'; readonly failure: Failure }
  | {
      readonly kind: 'trade'
      readonly source: 'query' | 'notification'
      readonly trade: TradeFacts
    }
  /** `askedAt`: when it was asked; what was so then may have changed before it was read. */
  | { readonly kind: 'trade_not_exist'; readonly askedAt?: Instant }
  | { readonly kind: 'deadline_passed' }
  | { readonly kind: 'cancel_requested' }
  /**
   * An earlier payment of the same reference was paid late, or the buyer pays in another way: this
   * one is not needed any more.
   */
  | { readonly kind: 'superseded'; readonly by: string }
  /**
   * Committed before the call is made; it follows an answer of a moment ago that the buyer has not
   * paid.
   */
  | { readonly kind: 'cancel_attempted'; readonly lastAnswer: 'WAIT_BUYER_PAY' | 'TRADE_NOT_EXIST' }
  | {
      readonly kind: 'cancel_answered'
      /**
       * `close`: was unpaid; `refund`: was paid, the money goes back; `null`: Alipay knows no such
       * trade.
       */
      readonly action: 'close' | 'refund' | null
      readonly tradeNo: string | null
    }
  /** A definite no: nothing was undone. */
  | { readonly kind: 'cancel_refused' }
  /** Closed, unpaid: a closed trade cannot be paid. */
  | { readonly kind: 'close_answered' }
  /** A definite no: somebody has paid or closed it, or there is no trade to close. */
  | { readonly kind: 'close_refused'; readonly isTradeMissing: boolean }
  /** Nothing else, or the payment `duplicateOf`, has paid the reference of this late money. */
  | { readonly kind: 'settled'; readonly duplicateOf: string | null }
  /** A person has looked at it. */
  | { readonly kind: 'review_resolved'; readonly action: 'accept' | 'refund' }
  /** Committed before the call is made. */
  | { readonly kind: 'refund_sent'; readonly refundId: string }
  /** It is not sent, because of a restored backup; Alipay does not know its number. */
  | { readonly kind: 'refund_held'; readonly refundId: string; readonly reason: HeldReason }
  /** `amount`: what Alipay has sent back by this number, where the answer says it. */
  | ({
      readonly kind: 'refund_done'
      readonly refundId: string
      readonly amount?: Fen | null
    } & RefundedTotal)
  /** Accepted, but this call moved no money: a repeat, or still under way. */
  | ({ readonly kind: 'refund_unmoved'; readonly refundId: string } & RefundedTotal)
  | { readonly kind: 'refund_not_found'; readonly refundId: string }
  | {
      readonly kind: 'refund_refused'
      readonly refundId: string
      readonly failure: Failure
      /** Whether the merchant can mend it, such as by topping up the balance. */
      readonly mendable: boolean
    }
  /**
   * The trade is closed: by this very refund, if an earlier call made it, or by others. What the
   * refund query says in the end decides.
   */
  | {
      readonly kind: 'refund_trade_closed'
      readonly refundId: string
      readonly failure: Failure
    }
  /** Alipay's bill has it: money that went back, by its own number. */
  | {
      readonly kind: 'refund_billed'
      /** Empty where the bill names none, as for a cancel. */
      readonly outRequestNo: string
      readonly amount: Fen
      readonly at: Instant
    }
  /** The merchant has mended what was wrong: try now. */
  | { readonly kind: 'refund_retry_requested'; readonly refundId: string }
  /** The merchant does not want it any more. */
  | { readonly kind: 'refund_cancel_requested'; readonly refundId: string }
  /** The call may or may not have had its effect. `retry_flag=Y` of a cancel is this too. */
  | {
      readonly kind: 'unknown'
      readonly call: GatewayCall
      /** Why, for people; holds no key and no buyer data. */
      readonly reason: string
      readonly refundId?: string
    }

/** The calls that the engine makes. */
export type GatewayCall =
  'precreate' | 'pay' | 'query' | 'cancel' | 'close' | 'refund' | 'refund_query'

/** What a call brought. */
export interface Finding {
  readonly evidence: Evidence
  /** The verified message as it came, buyer data and all; `null` where there was none. */
  readonly raw: string | null
  /** Whether Alipay said that there were too many calls. */
  readonly isThrottled: boolean
}
