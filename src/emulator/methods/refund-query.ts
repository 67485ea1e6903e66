/**
 * `alipay.trade.fastpay.refund.query`: whether a refund was made. Of one that was not, it says
 * nothing at all.
 *
 * @module
 */

import { formatYuan } from '../../alipay/money.ts'
import { addMs, formatBeijingTime } from '../../alipay/time.ts'
import type { Refund } from '../records.ts'
import { type World, findTrade } from '../world.ts'
import { invalid } from './biz-content.ts'
import { type Method, fail, succeed } from './method.ts'
import { refundDetails } from './refund.ts'
import { moneyOfRefund, receivedOf } from '../trade-money.ts'

/** The method. */
export const refundQuery: Method = (world, { biz }) => {
  const names = biz.tradeNames()
  const number = biz.merchantNumber('out_request_no')
  if (number === undefined) throw invalid('out_request_no')
  const options = biz.queryOptions()
  const trade = findTrade(world, names)
  if (trade === undefined) return fail('ACQ.TRADE_NOT_EXIST', names)
  const refund = trade.refunds.find((made) => made.out_request_no === number)
  if (refund === undefined || !isVisible(world, refund)) return succeed({})
  const withDetails = options.includes('refund_detail_item_list')
  return succeed({
    trade_no: trade.trade_no,
    out_trade_no: trade.order.out_trade_no,
    out_request_no: number,
    refund_amount: formatYuan(refund.amount),
    refund_reason: refund.reason,
    refund_status: world.state.settings.refund_status === 'present' ? 'REFUND_SUCCESS' : undefined,
    total_amount: formatYuan(trade.order.total_amount),
    gmt_refund_pay: options.includes('gmt_refund_pay') ? formatBeijingTime(refund.at) : undefined,
    refund_detail_item_list: withDetails ? refundDetails(trade, refund) : undefined,
    send_back_fee: withDetails ? formatYuan(receivedOf(moneyOfRefund(trade, refund))) : undefined,
  })
}

function isVisible({ clock, state }: World, { at }: Refund): boolean {
  return clock.now() >= addMs(at, state.settings.refund_query_after_ms)
}
