import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { encodeText } from '../../src/alipay/charset.ts'
import { parseBeijingTime } from '../../src/alipay/index.ts'
import { BILL_FAULTS, type BillFault } from '../../src/books/bill-invalid.ts'
import type { BillRow } from '../../src/books/bill-row.ts'
import { billRows, checkBill } from '../../src/books/read-bill.ts'
import { writeZip } from '../../src/emulator/zip.ts'
import { billFile, billZip, detailText, fileOf, SELLER, type HandBill } from './bill-files.ts'

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
      discount: 0,
      discountBack: 0,
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

/** A file that is wrong. */
interface Wrong {
  readonly file: () => string
  readonly expected?: Parameters<typeof checkBill>[1]
}

const changed = (change: Partial<HandBill>): Wrong => ({
  file: () => billFile({ ...day, ...change }),
})
const archive = (...texts: readonly (string | Buffer)[]): Wrong => ({
  file: () =>
    fileOf(
      writeZip(
        texts.map((text, index) => ({
          name: Buffer.from(`${index}.csv`),
          content: typeof text === 'string' ? encodeText(text, 'gbk') : text,
        })),
      ),
    ),
})

const wrong: Readonly<Record<BillFault, Readonly<Record<string, Wrong>>>> = {
  not_a_zip: {
    'a page': { file: () => fileOf(Buffer.from('<html>链接已失效</html>')) },
    nothing: { file: () => fileOf(Buffer.alloc(0)) },
    'half an archive': { file: () => fileOf(billZip(day).subarray(0, 400)) },
    'an archive without its directory': { file: () => fileOf(billZip(day).subarray(0, -1)) },
    'an archive with a byte that fell over': { file: () => fileOf(damaged(billZip(day))) },
  },
  no_detail: { 'a summary alone': archive(detailText(day).replaceAll('明细', '汇总')) },
  unknown_type: {
    'another table': changed({ detail: (text) => text.replaceAll('业务明细', '别的') }),
    'a workbook': archive('<?xml version="1.0"?>'),
    'a bill of another type': { ...changed({}), expected: { type: 'signcustomer' } },
  },
  column_missing: {
    'no column of orders': changed({ detail: (text) => text.replace('商户订单号', '订单') }),
  },
  row_malformed: {
    'an amount in words': changed({ detail: (text) => text.replace(',88.88,', ',八十八,') }),
    'an amount of a spreadsheet': changed({ detail: (text) => text.replace(',88.88,', ',8.9E1,') }),
    'a day that does not exist': changed({
      detail: (text) => text.replaceAll('-11-23 12:00:00', '-11-31 12:00:00'),
    }),
    'half a row': changed({ detail: (text) => text.slice(0, text.lastIndexOf('#-----') - 20) }),
    'a cell too few': changed({ detail: (text) => text.replace(',咖啡,', ',') }),
  },
  truncated: {
    'no end': changed({ detail: (text) => text.slice(0, text.lastIndexOf('#-----')) }),
    'a summary without end': changed({
      summary: (text) => text.slice(0, text.lastIndexOf('#-----')),
    }),
  },
  totals_wrong: {
    'a payment more': changed({
      detail: (text) => text.replace('交易合计：2笔', '交易合计：3笔'),
    }),
    'a refund less': changed({ detail: (text) => text.replace('退款合计：1笔', '退款合计：0笔') }),
    'a fen more': changed({ detail: (text) => text.replace('共88.89元', '共88.90元') }),
  },
  summary_wrong: {
    'a payment more': changed({ summary: (text) => text.replace(/合计\t,\t,2/, '合计\t,\t,3') }),
    'a fen less': changed({ summary: (text) => text.replaceAll('87.88', '87.87') }),
    'a fen of fee': changed({ summary: (text) => text.replaceAll('-0.01', '-0.02') }),
    'no number': changed({ summary: (text) => text.replaceAll('87.88', '很多') }),
  },
  too_large: {
    'a line without end': archive(Buffer.alloc(32 * 2 ** 20, '#')),
    'comments without end': archive('#\r\n'.repeat(2_000)),
    'totals without end': archive(`${detailText(day)}${'#\r\n'.repeat(2_000)}`),
    'files without end': archive(...Array.from({ length: 200 }, () => detailText(day))),
    'tills without end': {
      file: () =>
        billFile({
          rows: Array.from({ length: 20_001 }, (_, n) => ({
            outTradeNo: `A-${n}`,
            amount: 1,
            terminal: `T${n}`,
          })),
          summary: null,
        }),
    },
  },
  other_account: { 'another PID': { ...changed({}), expected: { sellerId: '2088000000000000' } } },
  other_date: { 'the day after': { ...changed({}), expected: { date: '2026-11-22' } } },
  not_one_day: {
    'a month': changed({ detail: (text) => text.replace('2026年11月24日', '2026年12月23日') }),
  },
}

test('every fault has its files, and its name in the guide', () => {
  expect(Object.keys(wrong)).toEqual([...BILL_FAULTS])
  const path = new URL('../../docs/guides/reconciliation.md', import.meta.url)
  const [, section = ''] = readFileSync(path, 'utf8').split('\n## A bill that is wrong\n')
  for (const fault of BILL_FAULTS) expect(section).toContain(`\`${fault}\``)
})

test.each(
  BILL_FAULTS.flatMap((fault) =>
    Object.entries(wrong[fault]).map(([what, { file, expected }]) => ({
      fault,
      what,
      file,
      expected,
    })),
  ),
)('$fault: $what is named', async ({ fault, file, expected }) => {
  await expect(checkBill(file(), expected)).rejects.toMatchObject({
    code: 'ERR_BILL_INVALID',
    fault,
    outcome: 'not_applied',
  })
})

test('wherever an archive is cut off, nothing is concluded from it', async () => {
  const whole = billZip(day)
  for (let length = 0; length < whole.length; length += 37) {
    await expect(checkBill(fileOf(whole.subarray(0, length)))).rejects.toMatchObject({
      fault: 'not_a_zip',
    })
  }
})

test('a hundred columns more, a file that a spreadsheet has saved, and what a Mac packs are a bill', async () => {
  const columns = Array.from({ length: 100 }, (_, n) => `列${n}`).join(',')
  const wide = detailText(day)
    .replace(/^支付宝交易号/m, `${columns},支付宝交易号`)
    .replaceAll(/^(?=\d{16})/gm, '\t,'.repeat(100))
  const utf8 = [
    fileOf(Buffer.from(`\uFEFF${detailText(day)}`), 'bill.csv'),
    fileOf(Buffer.from(detailText(day)), 'bill.csv'),
    fileOf(
      writeZip([
        { name: Buffer.from('__MACOSX/._1.csv'), content: Buffer.from([0, 5, 22, 7]) },
        { name: Buffer.from('folder/'), content: Buffer.alloc(0) },
        { name: Buffer.from('folder/1.csv'), content: Buffer.from(`\uFEFF${detailText(day)}`) },
      ]),
    ),
  ]
  const expected = await all(billFile(day))
  for (const file of [archive(wide).file(), ...utf8]) {
    await checkBill(file)
    expect(await all(file)).toEqual(expected)
  }
})

test('the merchant’s discount and the fee are told apart from what Alipay adds', async () => {
  const file = billFile({
    rows: [
      { outTradeNo: 'A-1', amount: 10_000, received: 9_000, fee: -54 },
      { outTradeNo: 'A-1', amount: 5_000, received: 4_500, fee: 27, outRequestNo: 'R-1' },
      { outTradeNo: 'A-2', amount: 500, kind: '分账' },
    ],
  })
  expect((await checkBill(file)).totals).toEqual({
    payments: 1,
    gross: 10_000,
    refunds: 1,
    refunded: 5_000,
    discount: 1_000,
    discountBack: 500,
    received: 4_500,
    fee: -27,
    others: 1,
    othersAmount: 500,
  })
})

/** A bit of the first member's content is another. */
function damaged(zip: Buffer): Buffer {
  const copy = Buffer.from(zip)
  copy[200] = (copy[200] ?? 0) ^ 1
  return copy
}

async function all(file: string): Promise<BillRow[]> {
  const rows: BillRow[] = []
  for await (const batch of billRows(file)) rows.push(...batch)
  return rows
}
