/** The account bill (signcustomer): what came in and went out, beside fees and withdrawals. */
import { describe, expect, test, vi } from 'vitest'
import { encodeText } from '../../src/alipay/charset.ts'
import { formatYuan, toFen } from '../../src/alipay/index.ts'
import { storeKinds } from '../store/opened-stores.ts'
import { fileOf } from './bill-files.ts'
import { openBookShop, type BookShop } from './book-shop.ts'

const DAY = '2026-11-23'
const NEXT = '2026-11-24'

// The first emulator of a process makes keys.
vi.setConfig({ testTimeout: 60_000 })

describe('with refunds that wait for one another by a clock that can be put forward', () => {
  test('discounts, fees and like refunds on two days are no differences', async () => {
    const shop = await openBookShop('sqlite', { rules: { feeRate: 6_000 } })
    shop.emulator.settings.update({ fee_rate: 6_000, merchant_discount: 7, platform_discount: 3 })
    const { payment } = await shop.sell({ amount: toFen(9_999) })
    await shop.sell({ amount: toFen(101) })
    await refund(shop, payment.id, 333)
    await refund(shop, payment.id, 333)
    shop.at(`${NEXT} 11:00:00`)
    await refund(shop, payment.id, 333)
    shop.at('2026-11-25 09:00:00')
    for (const [date, sums] of [
      [DAY, { payments: 2, refunds: 2, received: 9_393 - 619, others: 4, othersAmount: -53 }],
      [NEXT, { payments: 0, refunds: 1, received: -310, others: 1, othersAmount: 2 }],
    ] as const) {
      expect(await shop.books.reconcile(date, 'signcustomer')).toMatchObject({
        status: 'balanced',
        billType: 'signcustomer',
        result: { bill: sums },
      })
      expect(await shop.books.reconcile(date)).toMatchObject({ status: 'balanced' })
      expect(await shop.differences(date)).toEqual([])
    }
  })

  test('a file by hand: withdrawals are no differences, an entry that is there twice is', async () => {
    const shop = await openBookShop('sqlite')
    const { payment } = await shop.sell()
    await refund(shop, payment.id, 100)
    await refund(shop, payment.id, 100)
    shop.at('2026-11-24 09:00:00')
    const { outTradeNo } = payment
    const rows: Entry[] = [
      { no: 1, outTradeNo, amount: 8888, kind: '在线支付' },
      { no: 2, outTradeNo, amount: -100, kind: '交易退款' },
      { no: 3, outTradeNo, amount: -100, kind: '交易退款' },
      { no: 4, outTradeNo: '', amount: -5_000, kind: '提现' },
      { no: 5, outTradeNo, amount: -53, kind: '收费' },
    ]
    const good = accountFile(shop, rows)
    expect(await shop.books.reconcileFile(good)).toMatchObject({
      status: 'balanced',
      result: { bill: { payments: 1, refunds: 2, others: 2, othersAmount: -5_053 } },
    })
    const again = [1, 3, 3].map((no) => rows[no - 1] as Entry)
    await shop.books.reconcileFile(accountFile(shop, [...rows, ...again]))
    expect(await found(shop)).toEqual([
      'duplicate_row open',
      'duplicate_row open',
      'duplicate_row open',
    ])
    const wrong = rows.with(0, { ...(rows[0] as Entry), amount: 8887 })
    await shop.books.reconcileFile(accountFile(shop, wrong))
    expect(await found(shop)).toContain('amount_mismatch open')
  })
})

describe.each(storeKinds)('on $kind', ({ kind }) => {
  test('what is missing on either side is found; a refund without a number books nothing', async () => {
    const shop = await openBookShop(kind)
    const open = await shop.order()
    shop.pay(open)
    const { payment } = await shop.sell()
    await shop.client.trade.refund({
      out_trade_no: payment.outTradeNo,
      refund_amount: '3.00',
      out_request_no: 'console-1',
    })
    const missing = await shop.sell({ amount: toFen(5) })
    const { outTradeNo } = missing.payment
    shop.at('2026-11-24 09:00:00')
    shop.emulator.faults.add({ name: 'bill-row-missing', out_trade_no: outTradeNo })
    await shop.books.reconcile(DAY, 'signcustomer')
    expect(await found(shop)).toEqual([
      'missing_remote waiting',
      'refund_missing_local open',
      'status_local_open healed',
    ])
    expect((await shop.payments.find(payment.id))?.refunds).toEqual([])
    // The business bill knows the number: then both agree.
    await shop.books.reconcile(DAY)
    await shop.books.reconcile(DAY, 'signcustomer')
    expect((await found(shop)).filter((line) => !line.endsWith('healed'))).toEqual([])
    await shop.expectLedger()
  })
})

async function refund(shop: BookShop, paymentId: string, amount: number): Promise<void> {
  // Alipay asks for a pause between two refunds of a payment.
  shop.clock.advance(4_000)
  await shop.payments.refund({ paymentId, amount: toFen(amount) })
}

async function found(shop: BookShop): Promise<string[]> {
  const billType = 'signcustomer'
  const all = await shop.books.differences({ limit: 100, date: DAY, billType })
  return all.map(({ code, status }) => `${code} ${status}`).sort()
}

interface Entry {
  readonly no: number
  readonly outTradeNo: string
  readonly amount: number
  readonly kind: string
}

function accountFile({ sellerId }: BookShop, entries: readonly Entry[]): string {
  const yuan = (amount: number) => formatYuan(toFen(amount))
  const [income, expense] = [
    entries.filter(({ amount }) => amount > 0),
    entries.filter(({ amount }) => amount < 0),
  ]
  const sum = (some: readonly Entry[]) => yuan(some.reduce((all, { amount }) => all + amount, 0))
  const lines = [
    '#支付宝账务明细查询',
    `#账号：[${sellerId}0156]`,
    '#起始日期：[2026年11月23日 00:00:00]   终止日期：[2026年11月24日 00:00:00]',
    '#-----------------------------------------账务明细列表----------------------------------------',
    '账务流水号,业务流水号,商户订单号,商品名称,发生时间,对方账号,收入金额（+元）,支出金额（-元）,账户余额（元）,交易渠道,业务类型,备注',
    ...entries.map(({ no, outTradeNo, amount, kind }) =>
      [
        `2026112300${no}\t`,
        '20261123220014\t',
        `${outTradeNo}\t`,
        '咖啡',
        `${DAY} 12:00:00`,
        '2088102100000016\t',
        yuan(Math.max(0, amount)),
        yuan(Math.min(0, amount)),
        '0.00',
        '支付宝\t',
        `${kind}\t`,
        '',
      ].join(','),
    ),
    '#-----------------------------------------账务明细列表结束------------------------------------',
    `#支出合计：${expense.length}笔，共${sum(expense)}元`,
    `#收入合计：${income.length}笔，共${sum(income)}元`,
    '#导出时间：[2026年11月24日 09:10:00]',
    '',
  ]
  return fileOf(encodeText(lines.join('\r\n'), 'gbk'), 'bill.csv')
}
