/**
 * `alipay.trade.query`: how a trade stands. There is none before the scan.
 *
 * @module
 */

import { formatYuan } from '../../alipay/money.ts'
import { formatBeijingTime } from '../../alipay/time.ts'
import type { Trade } from '../records.ts'
import { fundChannels, moneyOfTrade, paidByBuyer, receivedOf } from '../trade-money.ts'
import { type World, findTrade } from '../world.ts'
import { type Method, fail, succeed } from './method.ts'

/** The method. */
export const query: Method = (world, { biz }) => {
  const names = biz.tradeNames()
  const options = biz.queryOptions()
  const trade = findTrade(world, names)
  if (trade === undefined) return tradeNotExist(names)
  return succeed({
    ...tradeFields(world, trade),
    trade_status: trade.status,
    buyer_user_type: 'PRIVATE',
    send_pay_date: trade.paid_at === undefined ? undefined : formatBeijingTime(trade.paid_at),
    store_id: trade.order.store_id,
    terminal_id: trade.order.terminal_id,
    fund_bill_list: options.includes('fund_bill_list') ? fundBills(trade) : undefined,
  })
}

/**
 * What a query says of a trade that does not exist, which is how a code looks that nobody has
 * scanned yet.
 */
export function tradeNotExist(names: {
  readonly trade_no?: string | undefined
  readonly out_trade_no?: string | undefined
}) {
  return fail('ACQ.TRADE_NOT_EXIST', { ...names, ...noAmounts })
}

/** The fields that queries and barcode payments share. */
export function tradeFields(world: World, trade: Trade): Record<string, unknown> {
  return {
    trade_no: trade.trade_no,
    out_trade_no: trade.order.out_trade_no,
    total_amount: formatYuan(trade.order.total_amount),
    buyer_logon_id: world.state.buyers.get(trade.buyer_id)?.logon_id,
    buyer_user_id: trade.buyer_id,
    ...paidAmounts(world, trade),
  }
}

/** Where the money came from; nothing before it came. */
export function fundBills(trade: Trade): readonly Record<string, string>[] | undefined {
  if (trade.paid_at === undefined) return undefined
  return fundChannels(moneyOfTrade(trade)).map(([fund_channel, amount]) => ({
    amount,
    fund_channel,
  }))
}

const noAmounts = {
  buyer_pay_amount: '0.00',
  invoice_amount: '0.00',
  point_amount: '0.00',
  receipt_amount: '0.00',
}

function paidAmounts(world: World, trade: Trade): Record<string, string> {
  if (trade.paid_at === undefined || world.state.settings.paid_amounts === 'zero') return noAmounts
  const money = moneyOfTrade(trade)
  const paid = formatYuan(paidByBuyer(money))
  return {
    ...noAmounts,
    buyer_pay_amount: paid,
    invoice_amount: paid,
    receipt_amount: formatYuan(receivedOf(money)),
  }
}
