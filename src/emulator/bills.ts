/**
 * Alipay's bills as files: the business bill (`trade`) and the account bill (`signcustomer`), each
 * of them a ZIP of two CSV files in GBK.
 *
 * @module
 * @see Alipay: 查询对账单下载地址
 */

import { encodeText } from '../alipay/charset.ts'
import { type Fen, formatYuan, toFen } from '../alipay/money.ts'
import { type Instant, formatBeijingTime } from '../alipay/time.ts'
import { type BillFault, alterArchive, alterHead, alterRows, alterText } from './bill-faults.ts'
import { type BillPeriod, type BillRow, billPeriod, billRows } from './bill-rows.ts'
import { receivedOf } from './trade-money.ts'
import type { World } from './world.ts'
import { writeZip } from './zip.ts'

/**
 * Writes a bill.
 *
 * @param type `trade` or `signcustomer`.
 * @param date A day, `yyyy-MM-dd`, or a month, `yyyy-MM`.
 * @param fault What is to be wrong with it.
 */
export function writeBill(world: World, type: string, date: string, fault?: BillFault): Buffer {
  const period = billPeriod(date)
  if (period === undefined) throw new RangeError(`A bill is of yyyy-MM-dd or yyyy-MM, not ${date}`)
  const { seller_id } = world.keys.credentials
  const head = alterHead({ account: `${seller_id}0156`, period }, fault)
  const rows = alterRows(billRows(world, period), fault)
  const kind = type === 'trade' ? '业务' : '账务'
  const detail = type === 'trade' ? tradeDetail(rows) : accountDetail(world, rows, period)
  const summary = type === 'trade' ? tradeSummary(rows) : accountSummary(rows)
  const name = `${head.account}_${date.replaceAll('-', '')}_${kind}明细`
  const now = world.clock.now()
  const members = [
    { name: `${name}.csv`, isSummary: false, text: csv(kind, '明细', head, now, detail) },
    { name: `${name}(汇总).csv`, isSummary: true, text: csv(kind, '汇总', head, now, summary) },
  ]
  const charset = fault?.name === 'bill-utf8' ? 'utf-8' : 'gbk'
  const archive = writeZip(
    members.map((member) => ({
      name: encodeText(member.name, 'gbk'),
      content: encodeText(alterText(member, fault), charset),
    })),
  )
  return alterArchive(archive, fault)
}

/** The part of a file that differs: its table, and the comment lines below it. */
interface Section {
  readonly header: string
  readonly rows: readonly string[]
  readonly totals: readonly string[]
}

function csv(
  kind: string,
  part: string,
  { account, period }: { readonly account: string; readonly period: BillPeriod },
  now: Instant,
  { header, rows, totals }: Section,
): string {
  const lines = [
    `#支付宝${kind}${part}查询`,
    `#账号：[${account}]`,
    `#起始日期：[${chineseTime(period.from)}]   终止日期：[${chineseTime(period.until)}]`,
    `#-----------------------------------------${kind}${part}列表----------------------------------------`,
    header,
    ...rows,
    `#-----------------------------------------${kind}${part}列表结束------------------------------------`,
    ...totals,
    `#导出时间：[${chineseTime(now)}]`,
  ]
  return `${lines.join('\r\n')}\r\n`
}

const TRADE_HEADER =
  '支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,' +
  '订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,' +
  '券名称,商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注'

function tradeDetail(rows: readonly BillRow[]): Section {
  const [payments, refunds] = split(rows)
  return {
    header: TRADE_HEADER,
    rows: rows.map((row) =>
      [
        tabbed(row.trade_no),
        tabbed(row.out_trade_no),
        tabbed(row.kind),
        cell(row.subject),
        formatBeijingTime(row.created_at),
        formatBeijingTime(row.at),
        tabbed(row.store_id),
        tabbed(''),
        tabbed(row.operator_id),
        tabbed(row.terminal_id),
        tabbed(row.buyer_id.replace(/^(\d{4})\d+(\d{2})$/, '**($1******$2)')),
        yuan([row], 'total'),
        yuan([row], 'received'),
        '0.00,0.00',
        yuan([row], 'platformDiscount'),
        yuan([row], 'merchantDiscount'),
        '0.00,',
        `0.00\t,0.00`,
        tabbed(row.out_request_no),
        yuan([row], 'fee'),
        '0.00',
        cell(row.reason),
      ].join(','),
    ),
    totals: [
      `#交易合计：${payments.length}笔，商家实收共${yuan(payments, 'received')}元，商家优惠共${yuan(payments, 'merchantDiscount')}元`,
      `#退款合计：${refunds.length}笔，商家实收退款共${yuan(refunds, 'received')}元，商家优惠退款共${yuan(refunds, 'merchantDiscount')}元`,
    ],
  }
}

function tradeSummary(all: readonly BillRow[]): Section {
  const rows = split(all).flat()
  const stores = [...new Set(rows.map((row) => row.store_id ?? ''))].sort()
  const line = (name: string, ofStore: readonly BillRow[]) => {
    const [payments, refunds] = split(ofStore)
    return [
      tabbed(name),
      tabbed(''),
      payments.length,
      refunds.length,
      yuan(ofStore, 'total'),
      yuan(ofStore, 'received'),
      yuan(ofStore, 'platformDiscount'),
      yuan(ofStore, 'merchantDiscount'),
      '0.00',
      yuan(ofStore, 'fee'),
      '0.00',
      yuan(ofStore, 'net'),
    ].join(',')
  }
  return {
    header:
      '门店编号,门店名称,交易订单总笔数,退款订单总笔数,订单金额（元）,商家实收（元）,支付宝优惠（元）,商家优惠（元）,' +
      '卡消费金额（元）,服务费（元）,分润（元）,实收净额（元）',
    rows: [
      ...stores.map((store) =>
        line(
          store,
          rows.filter((row) => (row.store_id ?? '') === store),
        ),
      ),
      line('合计', rows),
    ],
    totals: [],
  }
}

/** A change of the balance. */
interface AccountRow {
  readonly kind: string
  readonly row: BillRow
  /** Negative for what went out. */
  readonly amount: Fen
}

const INCOME = new Set(['在线支付', '退费'])

/** The fee is a change of its own, and so is what a refund gives back of it. */
function accountRows(rows: readonly BillRow[]): AccountRow[] {
  return rows.flatMap((row) => {
    const isRefund = row.out_request_no !== undefined
    const sale = {
      kind: isRefund ? '交易退款' : '在线支付',
      row,
      amount: amountOf(row, 'received'),
    }
    const fee = { kind: isRefund ? '退费' : '收费', row, amount: amountOf(row, 'fee') }
    return fee.amount === 0 ? [sale] : [sale, fee]
  })
}

function accountDetail(world: World, rows: readonly BillRow[], period: BillPeriod): Section {
  const changes = accountRows(rows)
  const [income, expense] = splitChanges(changes)
  const before = accountRows(billRows(world).filter(({ at }) => at < period.from))
  let balance = sum(before)
  return {
    header:
      '账务流水号,业务流水号,商户订单号,商品名称,发生时间,对方账号,收入金额（+元）,支出金额（-元）,账户余额（元）,' +
      '交易渠道,业务类型,备注',
    rows: changes.map(({ kind, row, amount }, index) => {
      balance = toFen(balance + amount)
      const isIncome = INCOME.has(kind)
      return [
        tabbed(`${row.trade_no.slice(0, 8)}${String(index + 1).padStart(8, '0')}`),
        tabbed(row.trade_no),
        tabbed(row.out_trade_no),
        cell(row.subject),
        formatBeijingTime(row.at),
        tabbed(row.buyer_id),
        formatYuan(isIncome ? amount : toFen(0)),
        formatYuan(isIncome ? toFen(0) : amount),
        formatYuan(balance),
        tabbed('支付宝'),
        tabbed(kind),
        cell(row.reason ?? row.out_request_no),
      ].join(',')
    }),
    totals: [
      `#支出合计：${expense.length}笔，共${formatYuan(sum(expense))}元`,
      `#收入合计：${income.length}笔，共${formatYuan(sum(income))}元`,
    ],
  }
}

function accountSummary(rows: readonly BillRow[]): Section {
  const changes = accountRows(rows)
  const line = (name: string, some: readonly AccountRow[]) => {
    const [income, expense] = splitChanges(some)
    return (
      `${tabbed(name)},${income.length},${formatYuan(sum(income))},` +
      `${expense.length},${formatYuan(sum(expense))},${formatYuan(sum(some))}`
    )
  }
  const kinds = [...new Set(['在线支付', '交易退款', ...changes.map(({ kind }) => kind)])]
  return {
    header: '类型,收入笔数,收入金额（+元）,支出笔数,支出金额（-元）,总金额（元）',
    rows: [
      ...kinds.map((name) =>
        line(
          name,
          changes.filter(({ kind }) => kind === name),
        ),
      ),
      line('合计', changes),
    ],
    totals: [],
  }
}

function split(rows: readonly BillRow[]): [payments: BillRow[], refunds: BillRow[]] {
  return [rows.filter(({ kind }) => kind === '交易'), rows.filter(({ kind }) => kind === '退款')]
}

function splitChanges(changes: readonly AccountRow[]) {
  return [
    changes.filter(({ kind }) => INCOME.has(kind)),
    changes.filter(({ kind }) => !INCOME.has(kind)),
  ] as const
}

function sum(changes: readonly AccountRow[]): Fen {
  return toFen(changes.reduce((total, { amount }) => total + amount, 0))
}

type Column = 'total' | 'received' | 'platformDiscount' | 'merchantDiscount' | 'fee' | 'net'

/** With its sign: what came in is positive, and so is what a refund gives back of the fee. */
function amountOf({ money, out_request_no }: BillRow, column: Column): Fen {
  const sign = out_request_no === undefined ? 1 : -1
  switch (column) {
    case 'received':
      return toFen(sign * receivedOf(money) + 0)
    case 'fee':
      return toFen(0 - sign * money.fee)
    case 'net':
      return toFen(sign * (receivedOf(money) - money.fee) + 0)
    default:
      return toFen(sign * money[column] + 0)
  }
}

function yuan(rows: readonly BillRow[], column: Column): string {
  return formatYuan(toFen(rows.reduce((total, row) => total + amountOf(row, column), 0)))
}

/** The tab keeps spreadsheets from reading numbers as fractions. */
function tabbed(text: string | undefined): string {
  return `${cell(text)}\t`
}

/** Bills know no quoting, so what would break the table becomes a blank. */
function cell(text: string | undefined): string {
  return (text ?? '').replaceAll(/[,\r\n\t]/g, ' ')
}

function chineseTime(time: Instant): string {
  const [date = '', clock = ''] = formatBeijingTime(time).split(' ')
  const [year, month, day] = date.split('-')
  return `${year}年${month}月${day}日 ${clock}`
}
