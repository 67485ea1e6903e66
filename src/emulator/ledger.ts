/**
 * What really happened with money, to compare a merchant's books with.
 *
 * @module
 */

import { type Fen, toFen } from '../alipay/money.ts'
import { formatRfc3339 } from '../alipay/time.ts'
import { type Trade, type TradeStatus, refundedAmount } from './records.ts'
import { moneyOfRefund, moneyOfTrade } from './trade-money.ts'
import { type World, currentTrade } from './world.ts'

/** One trade's money, in fen; times are RFC 3339. */
export interface LedgerEntry {
  readonly out_trade_no: string
  readonly trade_no: string
  readonly status: TradeStatus
  readonly amount: Fen
  /** What the buyer paid: the amount, or 0. */
  readonly paid: Fen
  readonly refunded: Fen
  /** Alipay's fee, less what refunds gave back of it. */
  readonly fee: Fen
  readonly paid_at?: string | undefined
  readonly refunds: readonly {
    readonly out_request_no: string
    readonly amount: Fen
    readonly at: string
    readonly by: 'refund' | 'cancel'
  }[]
}

function feeKept(trade: Trade): Fen {
  const back = trade.refunds.map((refund) => moneyOfRefund(trade, refund).fee)
  return toFen(back.reduce((rest, fee) => rest - fee, Number(moneyOfTrade(trade).fee)))
}

/** All trades, oldest first. */
export function readLedger(world: World): LedgerEntry[] {
  return [...world.state.trades.values()].map((stored) => {
    const trade = currentTrade(world, stored)
    return {
      out_trade_no: trade.order.out_trade_no,
      trade_no: trade.trade_no,
      status: trade.status,
      amount: trade.order.total_amount,
      paid: trade.paid_at === undefined ? toFen(0) : trade.order.total_amount,
      refunded: refundedAmount(trade),
      fee: feeKept(trade),
      paid_at: trade.paid_at === undefined ? undefined : formatRfc3339(trade.paid_at),
      refunds: trade.refunds.map(({ out_request_no, amount, at, by }) => ({
        out_request_no,
        amount,
        at: formatRfc3339(at),
        by,
      })),
    }
  })
}
