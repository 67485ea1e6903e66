/**
 * `alipay.trade.close`: ends a trade that is unpaid. Money never moves.
 *
 * @module
 */

import { closeUnpaid } from '../trade.ts'
import { commit, findTrade } from '../world.ts'
import { closeNotification, lockPreorder } from './cancel.ts'
import { type Method, fail, succeed } from './method.ts'

/** The method. */
export const close: Method = (world, { biz }) => {
  const names = biz.tradeNames()
  const trade = findTrade(world, names)
  if (trade === undefined) {
    if (names.trade_no === undefined) {
      lockPreorder(world, names.out_trade_no ?? '', world.state.settings.unscanned_close)
    }
    return fail('ACQ.TRADE_NOT_EXIST', names)
  }
  const fields = { trade_no: trade.trade_no, out_trade_no: trade.order.out_trade_no }
  const result = closeUnpaid(trade, world.clock.now())
  if (result.status === 'refused') return fail(result, fields)
  commit(world, { trade: result.trade }, closeNotification(world, result.trade))
  return succeed(fields)
}
