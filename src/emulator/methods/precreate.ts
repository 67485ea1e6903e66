/**
 * `alipay.trade.precreate`: keeps an order and gives a QR code for it. It makes no trade; a scan
 * does.
 *
 * @module
 */

import { codeExpiry } from '../expiry.ts'
import type { Code, Order, Preorder } from '../records.ts'
import { judgePrecreate } from '../trade.ts'
import { type World, commit, findTrade } from '../world.ts'
import { type Method, fail, succeed } from './method.ts'
import { readOrder } from './order.ts'

/** The method. */
export const precreate: Method = (world, call) => {
  const order = readOrder(world, call)
  const earlier = world.state.preorder(order.out_trade_no)
  const refusal = judgePrecreate(order, earlier, findTrade(world, order), world.state.settings)
  if (refusal !== undefined) return fail(refusal, { out_trade_no: order.out_trade_no })
  const repeated = repeatedCode(world, earlier)
  const code = repeated ?? newCode(world, order)
  const codes = repeated === undefined ? [...(earlier?.codes ?? []), code] : (earlier?.codes ?? [])
  const created_at = earlier?.created_at ?? world.clock.now()
  commit(world, { preorder: { order, created_at, codes, locked: earlier?.locked ?? false } })
  return succeed({
    out_trade_no: order.out_trade_no,
    qr_code: `${world.baseUrl}/qr/${code.code}`,
  })
}

function repeatedCode(world: World, earlier: Preorder | undefined): Code | undefined {
  const last = earlier?.codes.at(-1)
  if (world.state.settings.repeated_precreate === 'new_code' || last === undefined) return undefined
  return last.expires_at > world.clock.now() ? last : undefined
}

function newCode(world: World, order: Order): Code {
  const created_at = world.clock.now()
  let code = world.numbers.qrCode()
  while (world.state.preorderOfCode(code) !== undefined) code = world.numbers.qrCode()
  return {
    code,
    created_at,
    expires_at: codeExpiry(order.expiry, created_at, world.state.settings),
  }
}
