/**
 * `alipay.trade.refund`: gives money back, in full or in parts. `fund_change` says whether this
 * call did.
 *
 * @module
 */

import { formatYuan } from '../../alipay/money.ts'
import { formatBeijingTime } from '../../alipay/time.ts'
import { notificationOf } from '../notification-fields.ts'
import { type Refund, type Trade, refundedAmount } from '../records.ts'
import { refundTrade } from '../trade.ts'
import { fundChannels, moneyOfRefund, paidByBuyer, receivedOf } from '../trade-money.ts'
import { type World, buyerWith, commit, findTrade } from '../world.ts'
import { type Method, fail, succeed } from './method.ts'

/** The method. */
export const refund: Method = (world, { biz }) => {
  const names = biz.tradeNames()
  const request = {
    out_request_no: biz.merchantNumber('out_request_no'),
    amount: biz.requiredAmount('refund_amount'),
    reason: biz.text('refund_reason', 256),
  }
  const options = biz.queryOptions()
  const trade = findTrade(world, names)
  if (trade === undefined) return fail('ACQ.TRADE_NOT_EXIST', { ...names, ...nothingSentBack })
  const result = refundTrade(trade, request, world.clock.now(), world.state.settings)
  switch (result.status) {
    case 'refused': {
      const { trade_no, order } = trade
      return fail(result, { trade_no, out_trade_no: order.out_trade_no, ...nothingSentBack })
    }
    case 'repeated':
      return succeed({
        ...refundFields(world, trade, result.refund),
        fund_change: 'N',
        send_back_fee: '0.00',
      })
    case 'refunded':
      book(world, result.trade, result.refund)
      return succeed({
        ...refundFields(world, result.trade, result.refund),
        fund_change: 'Y',
        send_back_fee: formatYuan(receivedOf(moneyOfRefund(result.trade, result.refund))),
        refund_detail_item_list: options.includes('refund_detail_item_list')
          ? refundDetails(result.trade, result.refund)
          : undefined,
      })
  }
}

function book(world: World, trade: Trade, made: Refund): void {
  commit(
    world,
    { trade, buyer: buyerWith(world, trade.buyer_id, paidByBuyer(moneyOfRefund(trade, made))) },
    world.state.settings.notify_refund ? notificationOf(world, trade, 'refunded', made) : {},
  )
}

const nothingSentBack = { refund_fee: '0.00', send_back_fee: '0.00' }

/** `refund_fee` is what the trade has given back in all its refunds. */
function refundFields(world: World, trade: Trade, made: Refund): Record<string, unknown> {
  return {
    trade_no: trade.trade_no,
    out_trade_no: trade.order.out_trade_no,
    buyer_logon_id: world.state.buyers.get(trade.buyer_id)?.logon_id,
    buyer_user_id: trade.buyer_id,
    refund_fee: formatYuan(refundedAmount(trade)),
    gmt_refund_pay: formatBeijingTime(made.at),
  }
}

/** Where the money went back to. */
export function refundDetails(trade: Trade, made: Refund): readonly Record<string, string>[] {
  const channels = fundChannels(moneyOfRefund(trade, made))
  return channels.map(([fund_channel, amount]) => ({ amount, fund_channel }))
}
