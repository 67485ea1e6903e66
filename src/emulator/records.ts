/**
 * What the emulator keeps: orders that were precreated, trades, notifications, buyers. Records are
 * never changed in place; a new one takes the old one's place.
 *
 * @module
 */

import type { Charset } from '../alipay/charset.ts'
import type { SignType } from '../alipay/keys.ts'
import { type Fen, toFen } from '../alipay/money.ts'
import type { Instant } from '../alipay/time.ts'
import type { TradeMoney } from './trade-money.ts'

/** How the application that sent a request proves itself, and how it is answered. */
export type KeyMode = 'key' | 'certificate'

/** What the merchant asked for in a precreate or in a barcode payment. */
export interface Order {
  readonly out_trade_no: string
  readonly total_amount: Fen
  readonly subject: string
  readonly body?: string | undefined
  readonly store_id?: string | undefined
  readonly operator_id?: string | undefined
  readonly terminal_id?: string | undefined
  readonly passback_params?: string | undefined
  /** The JSON of `goods_detail`, kept to see whether a repeated order is the same order. */
  readonly goods_detail?: string | undefined
  readonly expiry: Expiry
  readonly notify_url?: string | undefined
  readonly app_id: string
  readonly charset: Charset
  readonly sign_type: SignType
  readonly mode: KeyMode
}

/** When an order stops being payable, as the merchant wrote it. */
export interface Expiry {
  readonly time_expire?: Instant | undefined
  readonly timeout_express?: string | undefined
  readonly qr_code_timeout_express?: string | undefined
}

/** A QR code of a preorder. */
export interface Code {
  readonly code: string
  readonly created_at: Instant
  /** When it can be scanned no more: 2 hours after it was made, or sooner. */
  readonly expires_at: Instant
}

/** An order that was precreated. No trade yet: a buyer's scan makes one. */
export interface Preorder {
  readonly order: Order
  readonly created_at: Instant
  readonly codes: readonly Code[]
  /** Whether it was cancelled or closed before anybody scanned, so that nobody can pay any more. */
  readonly locked: boolean
}

/** Alipay's four states of a trade. */
export type TradeStatus = 'WAIT_BUYER_PAY' | 'TRADE_SUCCESS' | 'TRADE_FINISHED' | 'TRADE_CLOSED'

/** What ended a trade that is `TRADE_CLOSED`. */
export type TradeEnd = 'expiry' | 'close' | 'cancel' | 'refund'

/** A trade: an order that a buyer has scanned, or a barcode payment. */
export interface Trade {
  readonly trade_no: string
  readonly order: Order
  readonly buyer_id: string
  readonly status: TradeStatus
  readonly created_at: Instant
  readonly expires_at: Instant
  readonly paid_at?: Instant | undefined
  /** What the payment was made of; `undefined` before it, and where nothing was let off. */
  readonly money?: TradeMoney | undefined
  readonly closed_at?: Instant | undefined
  readonly ended_by?: TradeEnd | undefined
  readonly refunds: readonly Refund[]
}

/** Money given back. */
export interface Refund {
  readonly out_request_no: string
  readonly amount: Fen
  readonly at: Instant
  readonly reason?: string | undefined
  readonly by: 'refund' | 'cancel'
}

/** A person with a wallet. */
export interface Buyer {
  readonly id: string
  readonly name: string
  /** The masked account name that the merchant gets to see. */
  readonly logon_id: string
  readonly balance: Fen
}

/** What a notification tells of. */
export type NotificationEvent = 'paid' | 'refunded' | 'scanned' | 'closed'

/** A notification that is on its way, or was. */
export interface NotificationRecord {
  readonly notify_id: string
  readonly event: NotificationEvent
  readonly url: string
  readonly out_trade_no: string
  readonly trade_no: string
  /** All parameters but those that differ from send to send: `notify_time`, `sign_type`, `sign`. */
  readonly fields: Readonly<Record<string, string>>
  readonly charset: Charset
  readonly sign_type: SignType
  readonly mode: KeyMode
  readonly status: 'pending' | 'delivered' | 'given_up'
  readonly due_at: Instant
  /**
   * Whether it waits for another notification of the same trade to go first (the fault
   * `reordered`).
   */
  readonly held: boolean
  readonly attempts: readonly NotificationAttempt[]
}

/** One send of a notification, and what came back. */
export interface NotificationAttempt {
  readonly at: Instant
  readonly result: 'success' | 'refused' | 'unreachable' | 'lost'
  /** The HTTP status of the reply. */
  readonly status?: number | undefined
  /** The first 200 characters of the reply. */
  readonly reply?: string | undefined
  /** The fault that was injected. */
  readonly fault?: string | undefined
}

/** What `trade` has given back so far. */
export function refundedAmount(trade: Trade): Fen {
  return trade.refunds.reduce((sum, refund) => toFen(sum + refund.amount), toFen(0))
}
