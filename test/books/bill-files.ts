/**
 * Bills made by hand, as Alipay's: GBK, CRLF, tabs, a summary beside the rows.
 *
 * @module
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { encodeText } from '../../src/alipay/charset.ts'
import { formatYuan, toFen } from '../../src/alipay/index.ts'
import { writeZip } from '../../src/emulator/zip.ts'

/** A row by its words; amounts in fen, those of refunds positive, a fee with its sign. */
export interface HandRow {
  readonly outTradeNo: string
  readonly amount: number
  readonly outRequestNo?: string
  readonly at?: string
  readonly subject?: string
  readonly store?: string
  readonly operator?: string
  readonly terminal?: string
  readonly fee?: number
  /** What the merchant has of it. Default: the amount. */
  readonly received?: number
  /** 业务类型, where it is neither 交易 nor 退款. */
  readonly kind?: string
}

/** What differs from a bill that is in order. */
export interface HandBill {
  readonly rows: readonly HandRow[]
  readonly date?: string
  readonly sellerId?: string
  /** Changes the text of the detail before it is encoded. */
  readonly detail?: (text: string) => string
  /** Changes the text of the summary; `null` leaves it out. */
  readonly summary?: ((text: string) => string) | null
}

export const SELLER = '2088102100000001'

const HEADER =
  '支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,' +
  '订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,' +
  '券名称,商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注'

/** Writes a bill to a file that is gone after the test. */
export function billFile(bill: HandBill): string {
  return fileOf(billZip(bill))
}

/** Writes bytes to a file that is gone after the test. */
export function fileOf(bytes: Uint8Array, name = 'bill.zip'): string {
  const folder = mkdtempSync(join(tmpdir(), 'saoma-bill-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, name)
  writeFileSync(file, bytes)
  return file
}

/** The archive. */
export function billZip(bill: HandBill): Buffer {
  const { date = '2026-11-23', sellerId = SELLER, detail = same, summary = same } = bill
  const day = date.replaceAll('-', '')
  const name = `${sellerId}0156_${day}_业务明细`
  const members = [{ name: `${name}.csv`, text: detail(detailText(bill)) }]
  if (summary !== null) {
    members.push({ name: `${name}(汇总).csv`, text: summary(summaryText(bill)) })
  }
  return writeZip(
    members.map((member) => ({
      name: encodeText(member.name, 'gbk'),
      content: encodeText(member.text, 'gbk'),
    })),
  )
}

function same(text: string): string {
  return text
}

/** The table of single rows. */
export function detailText({ rows, date = '2026-11-23', sellerId = SELLER }: HandBill): string {
  const [payments, refunds] = split(rows)
  return [
    '#支付宝业务明细查询',
    ...head(sellerId, date),
    '#-----------------------------------------业务明细列表----------------------------------------',
    HEADER,
    ...rows.map((row) => rowText(row, date)),
    '#-----------------------------------------业务明细列表结束------------------------------------',
    `#交易合计：${payments.length}笔，商家实收共${yuan(payments, received)}元，商家优惠共${yuan(payments, discount)}元`,
    `#退款合计：${refunds.length}笔，商家实收退款共${yuan(refunds, received)}元，商家优惠退款共${yuan(refunds, discount)}元`,
    '#导出时间：[2026年11月24日 09:10:00]',
    '',
  ].join('\r\n')
}

function split(rows: readonly HandRow[]): [payments: HandRow[], refunds: HandRow[]] {
  const sales = rows.filter(({ kind }) => kind === undefined)
  return [
    sales.filter(({ outRequestNo }) => outRequestNo === undefined),
    sales.filter(({ outRequestNo }) => outRequestNo !== undefined),
  ]
}

function amount(row: HandRow): number {
  return row.outRequestNo === undefined ? row.amount : 0 - row.amount
}

function received(row: HandRow): number {
  const { received: own = row.amount } = row
  return row.outRequestNo === undefined ? own : 0 - own
}

function discount(row: HandRow): number {
  return amount(row) - received(row)
}

function yuan(rows: readonly HandRow[], of: (row: HandRow) => number): string {
  return formatYuan(toFen(rows.reduce((total, row) => total + of(row), 0)))
}

function head(sellerId: string, date: string): string[] {
  const chinese = (text: string) => text.replace(/^(\d+)-(\d+)-(\d+)$/, '$1年$2月$3日 00:00:00')
  const next = new Date(Date.parse(date) + 86_400_000).toISOString().slice(0, 10)
  return [
    `#账号：[${sellerId}0156]`,
    `#起始日期：[${chinese(date)}]   终止日期：[${chinese(next)}]`,
  ]
}

function rowText(row: HandRow, date: string): string {
  const { outTradeNo, outRequestNo, subject = '咖啡' } = row
  const at = row.at ?? `${date} 12:00:00`
  return [
    `${tradeNoOf(outTradeNo)}\t`,
    `${outTradeNo}\t`,
    `${row.kind ?? (outRequestNo === undefined ? '交易' : '退款')}\t`,
    subject,
    at,
    at,
    `${row.store ?? ''}\t`,
    '\t',
    `${row.operator ?? ''}\t`,
    `${row.terminal ?? ''}\t`,
    '**博(156******89)\t',
    yuan([row], amount),
    yuan([row], received),
    '0.00,0.00,0.00',
    yuan([row], discount),
    '0.00,,0.00\t,0.00',
    `${outRequestNo ?? ''}\t`,
    formatYuan(toFen(row.fee ?? 0)),
    '0.00',
    '',
  ].join(',')
}

/** Alipay's number of a hand-made trade. */
export function tradeNoOf(outTradeNo: string): string {
  return `2026112322001419931441${outTradeNo.length}`
}

function fee(row: HandRow): number {
  return row.fee ?? 0
}

function net(row: HandRow): number {
  return received(row) + fee(row)
}

function summaryText({ rows, date = '2026-11-23', sellerId = SELLER }: HandBill): string {
  const stores = [...new Set(rows.map(({ store }) => store ?? ''))].sort()
  const line = (name: string, some: readonly HandRow[]) => {
    const [payments, refunds] = split(some)
    const sales = [...payments, ...refunds]
    const sums = [amount, received, () => 0, discount, () => 0, fee, () => 0, net]
    return [
      `${name}\t`,
      '\t',
      payments.length,
      refunds.length,
      ...sums.map((of) => yuan(sales, of)),
    ].join(',')
  }
  return [
    '#支付宝业务汇总查询',
    ...head(sellerId, date),
    '#-----------------------------------------业务汇总列表----------------------------------------',
    '门店编号,门店名称,交易订单总笔数,退款订单总笔数,订单金额（元）,商家实收（元）,支付宝优惠（元）,商家优惠（元）,卡消费金额（元）,服务费（元）,分润（元）,实收净额（元）',
    ...stores.map((store) =>
      line(
        store,
        rows.filter((row) => (row.store ?? '') === store),
      ),
    ),
    line('合计', rows),
    '#----------------------------------------业务汇总列表结束-------------------------------------',
    '#导出时间：[2026年11月24日 09:10:00]',
    '',
  ].join('\r\n')
}
