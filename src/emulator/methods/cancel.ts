/**
 * `alipay.trade.cancel`: undoes an order whose outcome is unknown. What it did is said by `action`.
 *
 * @module
 */

import type { Trade } from '../records.ts'
import { cancelTrade } from '../trade.ts'
import { moneyOfTrade, paidByBuyer } from '../trade-money.ts'
import { type World, buyerWith, commit, findTrade } from '../world.ts'
import { notificationOf } from '../notification-fields.ts'
import { type Method, fail, succeed } from './method.ts'

/** The method. */
export const cancel: Method = (world, { biz }) => {
  const names = biz.tradeNames()
  const trade = findTrade(world, names)
  if (trade === undefined) {
    if (names.trade_no !== undefined)
      return fail('ACQ.TRADE_NOT_EXIST', { ...names, retry_flag: 'N' })
    lockPreorder(world, names.out_trade_no ?? '', world.state.settings.unscanned_cancel)
    return succeed({ out_trade_no: names.out_trade_no, retry_flag: 'N' })
  }
  const { trade_no, order } = trade
  const fields = { trade_no, out_trade_no: order.out_trade_no, retry_flag: 'N' }
  const result = cancelTrade(trade, world.clock.now(), world.state.settings)
  switch (result.status) {
    case 'refused':
      return fail(result, fields)
    case 'already':
      return succeed({ ...fields, action: result.action })
    case 'closed':
      commit(world, { trade: result.trade }, closeNotification(world, result.trade))
      return succeed({ ...fields, action: 'close' })
    case 'refunded': {
      const { notify_cancel_refund: isNotified } = world.state.settings
      const refund = result.trade.refunds.at(-1)
      commit(
        world,
        {
          trade: result.trade,
          buyer: buyerWith(world, trade.buyer_id, paidByBuyer(moneyOfTrade(trade))),
        },
        isNotified ? notificationOf(world, result.trade, 'refunded', refund) : {},
      )
      return succeed({ ...fields, action: 'refund' })
    }
  }
}

/** Whether this kills a code that nobody has scanned is not documented, so it is a switch. */
export function lockPreorder(
  world: World,
  outTradeNo: string,
  effect: 'tombstone' | 'no_effect',
): void {
  const preorder = world.state.preorder(outTradeNo)
  if (preorder === undefined || effect === 'no_effect') return
  commit(world, { preorder: { ...preorder, locked: true } })
}

/** The notification that an unpaid trade was closed, where the settings ask for it. */
export function closeNotification(world: World, trade: Trade) {
  return world.state.settings.notify_close ? notificationOf(world, trade, 'closed') : {}
}
