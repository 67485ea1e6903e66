/**
 * What a bill is made of: the payments and refunds of a day or a month, in the order in which they
 * happened.
 *
 * @module
 */

import { type Fen, toFen } from '../alipay/money.ts'
import { type Instant, formatBeijingDate, addMs, parseBeijingTime } from '../alipay/time.ts'
import { DAY_MS } from './expiry.ts'
import type { Refund, Trade } from './records.ts'
import type { World } from './world.ts'

/** A span of time, its end not included. */
export interface BillPeriod {
  readonly from: Instant
  readonly until: Instant
}

/** Money that moved. */
export interface BillRow {
  readonly at: Instant
  readonly trade: Trade
  /** The refund; `undefined` for a payment. */
  readonly refund?: Refund | undefined
  /** Negative for a refund. */
  readonly amount: Fen
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
export function billRows(world: World, period?: BillPeriod): BillRow[] {
  const isWithin = (at: Instant) => period === undefined || (at >= period.from && at < period.until)
  return [...world.state.trades.values()]
    .flatMap(rowsOfTrade)
    .filter(({ at }) => isWithin(at))
    .sort((a, b) => a.at - b.at)
}

function rowsOfTrade(trade: Trade): BillRow[] {
  if (trade.paid_at === undefined) return []
  const payment = { at: trade.paid_at, trade, amount: trade.order.total_amount }
  const refunds = trade.refunds.map((refund) => ({
    at: refund.at,
    trade,
    refund,
    amount: toFen(0 - refund.amount),
  }))
  return [payment, ...refunds]
}
