/**
 * Every screen and file calls what became of a payment by one name.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { root } from './saoma-program.ts'

const SCREENS = [
  'web/src/language/zh.ts',
  'src/server/counter/texts.ts',
  'src/server/cashier/texts.ts',
  'src/server/exports/columns.ts',
  'src/emulator/pages/texts/zh.ts',
  'src/emulator/wallet.ts',
]

/** What is called 待支付, 已支付, 支付成功, 已取消, 已退款 and 商户订单号 (out_trade_no). */
const OTHER_NAMES = /(?<!等)待付款|已付款|付款成功|已撤销|已全额退款|支付号|业务编号/g

test.each(SCREENS)('%s has no other names for it', (path) => {
  expect(readFileSync(`${root}/${path}`, 'utf8').match(OTHER_NAMES)).toBeNull()
})
