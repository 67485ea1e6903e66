import { expect, test } from 'vitest'
import { saoma } from '../saoma-program.ts'

test.each([
  ['en', 'three orders from beginning to end', 'expired:'],
  ['zh', '三笔订单从头走到尾', '已过期：'],
])('the demonstration in %s shows the whole course', async (language, intro, expired) => {
  const { code, stdout, stderr } = await saoma(['demo', '--lang', language])
  expect([code, stderr]).toEqual([0, ''])
  const refund = (fee: string) => `alipay.trade.refund → 10000 fund_change=Y refund_fee=${fee}`
  expectInOrder(stdout, [
    intro,
    'alipay.trade.precreate → 10000',
    'alipay.trade.query → 40004 ACQ.TRADE_NOT_EXIST',
    'alipay.trade.query → 10000 trade_status=WAIT_BUYER_PAY',
    'trade_status=TRADE_SUCCESS',
    refund('30.00'),
    refund('50.00'),
    'alipay.trade.precreate → 10000',
    'alipay.trade.query → 10000 trade_status=WAIT_BUYER_PAY',
    'alipay.trade.cancel → 10000 action=close retry_flag=N',
    expired,
    'alipay.trade.precreate → 10000',
    'alipay.trade.query → 40004 ACQ.TRADE_NOT_EXIST',
    'alipay.trade.cancel → 10000 retry_flag=N',
    expired,
  ])
})

function expectInOrder(text: string, steps: readonly string[]): void {
  let from = 0
  for (const step of steps) {
    const at = text.indexOf(step, from)
    expect(at, `"${step}" in what follows:\n${text.slice(from)}`).toBeGreaterThanOrEqual(0)
    from = at + step.length
  }
}
