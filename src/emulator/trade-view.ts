/**
 * A trade as people are shown it: amounts in fen, times in RFC 3339.
 *
 * @module
 */

import { type Fen, toFen } from '../alipay/money.ts'
import { type Instant, formatRfc3339 } from '../alipay/time.ts'
import { type Trade, type TradeEnd, type TradeStatus, refundedAmount } from './records.ts'
import { type World, currentTrade } from './world.ts'

/** A trade as it stands now. */
export interface TradeView {
  readonly trade_no: string
  readonly out_trade_no: string
  readonly status: TradeStatus
  readonly subject: string
  readonly body?: string | undefined
  readonly amount: Fen
  readonly seller_name: string
  /** Who scanned it, and alone can pay it. */
  readonly buyer: string
  readonly created_at: string
  readonly expires_at: string
  readonly paid_at?: string | undefined
  readonly closed_at?: string | undefined
  /** What ended it, where it is `TRADE_CLOSED`. */
  readonly ended_by?: TradeEnd | undefined
  /** What the buyer paid: the amount, or 0. */
  readonly paid: Fen
  /** What was given back so far. */
  readonly refunded: Fen
}

/** Shows a trade. */
export function viewTrade(world: World, stored: Trade): TradeView {
  const trade = currentTrade(world, stored)
  const { order, paid_at, closed_at } = trade
  const time = (at: Instant | undefined) => (at === undefined ? undefined : formatRfc3339(at))
  return {
    trade_no: trade.trade_no,
    out_trade_no: order.out_trade_no,
    status: trade.status,
    subject: order.subject,
    body: order.body,
    amount: order.total_amount,
    seller_name: world.sellerName,
    buyer: trade.buyer_id,
    created_at: formatRfc3339(trade.created_at),
    expires_at: formatRfc3339(trade.expires_at),
    paid_at: time(paid_at),
    closed_at: time(closed_at),
    ended_by: trade.ended_by,
    paid: paid_at === undefined ? toFen(0) : order.total_amount,
    refunded: refundedAmount(trade),
  }
}
