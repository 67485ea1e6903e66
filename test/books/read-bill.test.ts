import { expect, test } from 'vitest'
import { encodeText } from '../../src/alipay/charset.ts'
import { parseBeijingTime } from '../../src/alipay/index.ts'
import type { BillRow } from '../../src/books/bill-row.ts'
import { billRows, checkBill } from '../../src/books/read-bill.ts'
import { billFile, detailText, fileOf, SELLER, type HandBill } from './bill-files.ts'

const sale = { outTradeNo: 'A-1', amount: 8888, store: 'S1', operator: '小王' }
const refund = { outTradeNo: 'A-1', amount: 100, outRequestNo: 'R-1', store: 'S1' }
const day: HandBill = { rows: [sale, refund, { outTradeNo: 'B-2', amount: 1, fee: -1 }] }

test('a bill tells its day, its account, its sums and its rows', async () => {
  const file = billFile(day)
  expect(await checkBill(file, { type: 'trade', date: '2026-11-23', sellerId: SELLER })).toEqual({
    type: 'trade',
    date: '2026-11-23',
    sellerId: SELLER,
    rows: 3,
    totals: {
      payments: 2,
      gross: 8889,
      refunds: 1,
      refunded: 100,
      received: 8789,
      fee: -1,
      others: 0,
      othersAmount: 0,
    },
    groups: expect.arrayContaining([
      expect.objectContaining({ storeId: 'S1', operatorId: '小王', payments: 1, gross: 8888 }),
    ]),
    hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    hasSummary: true,
  })
  const rows = await all(file)
  expect(rows).toMatchObject([
    { kind: 'payment', outTradeNo: 'A-1', outRequestNo: '', amount: 8888, operatorId: '小王' },
    { kind: 'refund', outTradeNo: 'A-1', outRequestNo: 'R-1', amount: 100, received: -100 },
    { kind: 'payment', outTradeNo: 'B-2', fee: -1 },
  ])
  expect(rows[0]?.completedAt).toBe(parseBeijingTime('2026-11-23 12:00:00'))
})

test('names in GBK, with commas too, are read as they were written', async () => {
  const file = billFile({
    rows: [
      { outTradeNo: 'A-1', amount: 5, subject: '拿铁,大杯,加糖', store: '朝阳门' },
      { outTradeNo: 'A-2', amount: 5, subject: '囍囧喆镕', operator: '王'.repeat(30_000) },
    ],
  })
  expect(await all(file)).toMatchObject([
    { subject: '拿铁,大杯,加糖', storeId: '朝阳门', amount: 5 },
    { subject: '囍囧喆镕', operatorId: '王'.repeat(30_000) },
  ])
})

test('a single CSV file is a bill too, and other columns in another order', async () => {
  const text = detailText(day)
    .replace('支付宝交易号,商户订单号', '商户订单号,新的一列,支付宝交易号')
    .replaceAll(/^(\d+\t),([AB]-\d\t)/gm, '`$2,x,$1')
  const file = fileOf(encodeText(text, 'gbk'), 'bill.csv')
  expect((await checkBill(file)).hasSummary).toBe(false)
  expect((await all(file)).map(({ outTradeNo }) => outTradeNo)).toEqual(['A-1', 'A-1', 'B-2'])
})

test('an empty bill is a bill', async () => {
  expect(await checkBill(billFile({ rows: [] }))).toMatchObject({ rows: 0, totals: { gross: 0 } })
})

test('a file that is sent again has the same hash, one with other rows another', async () => {
  const [first, again, other] = await Promise.all(
    [day, day, { rows: day.rows.slice(1) }].map((bill) => checkBill(billFile(bill))),
  )
  expect(again?.hash).toBe(first?.hash)
  expect(other?.hash).not.toBe(first?.hash)
})

test.each<[fault: string, bill: HandBill, expected?: Parameters<typeof checkBill>[1]]>([
  ['summary_wrong', { ...day, summary: (text) => text.replace(/合计\t,\t,2/, '合计\t,\t,3') }],
  ['summary_wrong', { ...day, summary: (text) => text.replaceAll('87.88', '87.87') }],
  ['totals_wrong', { ...day, detail: (text) => text.replace('交易合计：2笔', '交易合计：3笔') }],
  ['totals_wrong', { ...day, detail: (text) => text.replace('共88.89元', '共88.90元') }],
  ['truncated', { ...day, detail: (text) => text.slice(0, text.lastIndexOf('#-----')) }],
  ['column_missing', { ...day, detail: (text) => text.replace('商户订单号', '订单') }],
  ['row_malformed', { ...day, detail: (text) => text.replace(',88.88,', ',八十八,') }],
  [
    'row_malformed',
    { ...day, detail: (text) => text.replaceAll('-11-23 12:00:00', '-11-31 12:00:00') },
  ],
  ['not_one_day', { ...day, detail: (text) => text.replace('2026年11月24日', '2026年12月23日') }],
  ['unknown_type', { ...day, detail: (text) => text.replaceAll('业务明细', '别的') }],
  ['other_date', day, { date: '2026-11-22' }],
  ['other_account', day, { sellerId: '2088000000000000' }],
  ['unknown_type', day, { type: 'signcustomer' }],
])('%s is named', async (fault, bill, expected = {}) => {
  await expect(checkBill(billFile(bill), expected)).rejects.toMatchObject({
    code: 'ERR_BILL_INVALID',
    fault,
    outcome: 'not_applied',
  })
})

test('a page instead of a bill, and half an archive, are named', async () => {
  const page = fileOf(Buffer.from('<html>链接已失效</html>'))
  const whole = billFile(day)
  await expect(checkBill(page)).rejects.toMatchObject({ fault: 'not_a_zip' })
  const { readFileSync } = await import('node:fs')
  const half = fileOf(readFileSync(whole).subarray(0, 400))
  await expect(checkBill(half)).rejects.toMatchObject({ fault: 'not_a_zip' })
})

async function all(file: string): Promise<BillRow[]> {
  const rows: BillRow[] = []
  for await (const batch of billRows(file)) rows.push(...batch)
  return rows
}
