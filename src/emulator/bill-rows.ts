/**
 * What a bill is made of: the payments and refunds of a day or a month, in the order in which they
 * happened.
 *
 * @module
 */

import { type Instant, formatBeijingDate, addMs, parseBeijingTime } from '../alipay/time.ts'
import { DAY_MS } from './expiry.ts'
import type { Refund, Trade } from './records.ts'
import { type TradeMoney, moneyOfRefund, moneyOfTrade } from './trade-money.ts'
import type { World } from './world.ts'

/** A span of time, its end not included. */
export interface BillPeriod {
  readonly from: Instant
  readonly until: Instant
}

/** Money that moved. */
export interface BillRow {
  /** 业务类型: 交易 or 退款; a fault may have it be something else. */
  readonly kind: string
  readonly at: Instant
  readonly created_at: Instant
  readonly trade_no: string
  readonly out_trade_no: string
  /** Of a refund; `undefined` for a payment. */
  readonly out_request_no?: string | undefined
  readonly subject: string
  readonly store_id?: string | undefined
  readonly operator_id?: string | undefined
  readonly terminal_id?: string | undefined
  readonly buyer_id: string
  readonly reason?: string | undefined
  /** 0 or more in all its parts, for a refund too. */
  readonly money: TradeMoney
}

/**
 * The period of a `bill_date`: a day (`yyyy-MM-dd`) or a month (`yyyy-MM`); `undefined` for
 * anything else.
 */
export function billPeriod(billDate: string): BillPeriod | undefined {
  try {
    if (/^\d{4}-\d{2}$/.test(billDate)) {
      const from = midnight(`${billDate}-01`)
      const someDayOfNextMonth = formatBeijingDate(addMs(from, 31 * DAY_MS))
      return { from, until: midnight(`${someDayOfNextMonth.slice(0, 7)}-01`) }
    }
    const from = midnight(billDate)
    return { from, until: addMs(from, DAY_MS) }
  } catch {
    return undefined
  }
}

function midnight(date: string): Instant {
  return parseBeijingTime(`${date} 00:00:00`)
}

/** The rows of a period; without one, all that there ever were. */
export function billRows({ state }: World, period?: BillPeriod): BillRow[] {
  const cutMs = state.settings.bill_cut_minutes * 60_000
  const isWithin = ({ at }: BillRow) =>
    period === undefined || (at >= period.from - cutMs && at < period.until - cutMs)
  return [...state.trades.values()]
    .flatMap(rowsOfTrade)
    .filter(isWithin)
    .sort((a, b) => a.at - b.at)
}

function rowsOfTrade(trade: Trade): BillRow[] {
  if (trade.paid_at === undefined) return []
  const payment = rowOf(trade, trade.paid_at)
  return [payment, ...trade.refunds.map((refund) => rowOf(trade, refund.at, refund))]
}

function rowOf(trade: Trade, at: Instant, refund?: Refund): BillRow {
  const { order } = trade
  return {
    kind: refund === undefined ? '交易' : '退款',
    at,
    created_at: trade.created_at,
    trade_no: trade.trade_no,
    out_trade_no: order.out_trade_no,
    out_request_no: refund?.out_request_no,
    subject: order.subject,
    store_id: order.store_id,
    operator_id: order.operator_id,
    terminal_id: order.terminal_id,
    buyer_id: trade.buyer_id,
    reason: refund?.reason,
    money: refund === undefined ? moneyOfTrade(trade) : moneyOfRefund(trade, refund),
  }
}
