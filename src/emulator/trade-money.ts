/**
 * Who bears what of a payment: the buyer, the merchant's own discount, Alipay's discount, and the
 * fee. It is fixed when the buyer pays; refunds give back their share of each, rounded so that all
 * refunds of a whole payment give back exactly the whole. Pure.
 *
 * @module
 * @see Alipay: 商家优惠, 支付宝优惠, 服务费
 */

import { type Fen, formatYuan, toFen } from '../alipay/money.ts'
import type { Order, Refund, Trade } from './records.ts'
import type { Settings } from './settings.ts'

/** What a payment is made of, in fen, all of it 0 or more. */
export interface TradeMoney {
  readonly total: Fen
  /** What the merchant lets off (商家优惠). */
  readonly merchantDiscount: Fen
  /** What Alipay adds for the buyer (支付宝优惠): the merchant gets it all the same. */
  readonly platformDiscount: Fen
  /** What Alipay takes of what the merchant gets (服务费). */
  readonly fee: Fen
}

/** What paying `order` now is made of. */
export function moneyOf({ total_amount: total }: Order, settings: Settings): TradeMoney {
  const merchantDiscount = share(total, settings.merchant_discount, 100)
  const platformDiscount = share(total, settings.platform_discount, 100)
  const fee = share(toFen(total - merchantDiscount), settings.fee_rate, 1_000_000)
  return { total, merchantDiscount, platformDiscount, fee }
}

/** What a trade that was paid is made of. */
export function moneyOfTrade({ money, order }: Trade): TradeMoney {
  const none = toFen(0)
  return (
    money ?? {
      total: order.total_amount,
      merchantDiscount: none,
      platformDiscount: none,
      fee: none,
    }
  )
}

/** The shares of one of its refunds. */
export function moneyOfRefund(trade: Trade, refund: Refund): TradeMoney {
  const money = moneyOfTrade(trade)
  let before = 0
  for (const earlier of trade.refunds) {
    if (earlier.out_request_no === refund.out_request_no) break
    before += earlier.amount
  }
  const part = (whole: Fen): Fen =>
    toFen(share(whole, before + refund.amount, money.total) - share(whole, before, money.total))
  return {
    total: refund.amount,
    merchantDiscount: part(money.merchantDiscount),
    platformDiscount: part(money.platformDiscount),
    fee: part(money.fee),
  }
}

/** What the merchant has of it, the fee not taken off (商家实收). */
export function receivedOf({ total, merchantDiscount }: TradeMoney): Fen {
  return toFen(total - merchantDiscount)
}

/** What the buyer pays, or gets back. */
export function paidByBuyer({ total, merchantDiscount, platformDiscount }: TradeMoney): Fen {
  return toFen(total - merchantDiscount - platformDiscount)
}

/** By channel what was paid: the buyer's balance, Alipay's discount, the merchant's. */
export function fundChannels(money: TradeMoney): readonly (readonly [string, string])[] {
  const { platformDiscount, merchantDiscount } = money
  const channels = [
    ['ALIPAYACCOUNT', paidByBuyer(money)],
    ['DISCOUNT', platformDiscount],
    ['MDISCOUNT', merchantDiscount],
  ] as const
  return channels.flatMap(([name, amount]) => (amount === 0 ? [] : [[name, formatYuan(amount)]]))
}

/** Half a fen is rounded up. */
function share(whole: Fen, part: number, of: number): Fen {
  return of === 0 ? toFen(0) : toFen(Math.floor((2 * whole * part + of) / (2 * of)))
}
