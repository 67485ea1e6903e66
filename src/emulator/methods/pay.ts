/**
 * `alipay.trade.pay`: the merchant scans the buyer's payment code (付款码). Small amounts are paid at
 * once; for larger ones the buyer is asked for the password, and the answer is 10003.
 *
 * @module
 */

import { formatBeijingTime } from '../../alipay/time.ts'
import { tradeExpiry } from '../expiry.ts'
import { notificationOf } from '../notification-fields.ts'
import type { Buyer, Order, Trade } from '../records.ts'
import { judgeRepeatedOrder, payTrade } from '../trade.ts'
import { type TradeMoney, moneyOf, paidByBuyer } from '../trade-money.ts'
import { type World, buyerWith, commit, findTrade, newTradeNo } from '../world.ts'
import { type Answer, type Method, fail, succeed } from './method.ts'
import { readOrder } from './order.ts'
import { fundBills, tradeFields } from './query.ts'

/** The method. */
export const pay: Method = (world, call) => {
  const order = readOrder(world, call)
  const authCode = call.biz.requiredText('auth_code', 64)
  const fields = { out_trade_no: order.out_trade_no }
  const earlier = findTrade(world, order)
  const refusal = earlier === undefined ? undefined : judgeRepeatedOrder(order, earlier)
  if (refusal !== undefined) return fail(refusal, fields)
  const buyer = takePaymentCode(world, authCode)
  if (buyer === undefined) return fail('ACQ.PAYMENT_AUTH_CODE_INVALID', fields)
  if (earlier !== undefined && earlier.buyer_id !== buyer.id) {
    return fail('ACQ.TRADE_BUYER_NOT_MATCH', fields)
  }
  const trade = earlier ?? newTrade(world, order, buyer)
  if (order.total_amount > world.state.settings.password_above) return askPassword(world, trade)
  const money = moneyOf(order, world.state.settings)
  if (buyer.balance < paidByBuyer(money)) return fail('ACQ.BUYER_BALANCE_NOT_ENOUGH', fields)
  return bookPayment(world, trade, money)
}

/** A payment code is good for one payment. */
function takePaymentCode(world: World, code: string): Buyer | undefined {
  const found = world.paymentCodes.get(code)
  if (found === undefined || found.expires_at <= world.clock.now()) return undefined
  world.paymentCodes.delete(code)
  return world.state.buyers.get(found.buyer_id)
}

function newTrade(world: World, order: Order, buyer: Buyer): Trade {
  const created_at = world.clock.now()
  const times = { precreated: created_at, created: created_at }
  return {
    trade_no: newTradeNo(world),
    order,
    buyer_id: buyer.id,
    status: 'WAIT_BUYER_PAY',
    created_at,
    expires_at: tradeExpiry(order, times, world.state.settings),
    refunds: [],
  }
}

function askPassword(world: World, trade: Trade): Answer {
  commit(world, { trade })
  return {
    code: '10003',
    msg: ' order success pay inprocess',
    fields: tradeFields(world, trade),
  }
}

function bookPayment(world: World, unpaid: Trade, money: TradeMoney): Answer {
  const trade = payTrade(unpaid, money, world.clock.now())
  const buyer = buyerWith(world, trade.buyer_id, 0 - paidByBuyer(money))
  commit(world, { trade, buyer }, notificationOf(world, trade, 'paid'))
  return succeed({
    ...tradeFields(world, trade),
    gmt_payment: formatBeijingTime(world.clock.now()),
    buyer_user_type: 'PRIVATE',
    fund_bill_list: fundBills(trade),
  })
}
