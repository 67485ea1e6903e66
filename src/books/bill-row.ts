/**
 * A row of a bill, and the tables that hold them: columns are found by their names, since Alipay
 * adds and moves them.
 *
 * @module
 * @see Alipay: 业务账单, 账务账单
 */

import {
  addMs,
  parseBeijingTime,
  parseYuan,
  toFen,
  type Fen,
  type Instant,
} from '../alipay/index.ts'
import { BillInvalid } from './bill-invalid.ts'

/** `trade`: payments and refunds (业务账单). `signcustomer`: changes of the balance (账务账单). */
export type BillType = (typeof BILL_TYPES)[number]

/** Both types. */
export const BILL_TYPES = ['trade', 'signcustomer'] as const

/** Money that moved, by Alipay's bill. */
export interface BillRow {
  /**
   * `other`: what the account bill has beside sales, such as fees and withdrawals; in the business
   * bill, what it should not have.
   */
  readonly kind: 'payment' | 'refund' | 'other'
  readonly tradeNo: string
  readonly outTradeNo: string
  /** The number of a refund; empty for a payment, and in the account bill. */
  readonly outRequestNo: string
  /** What was paid, or went back: 0 or more. */
  readonly amount: Fen
  /** What the merchant has of it: negative for a refund. */
  readonly received: Fen
  /** Alipay's fee: negative where it costs; `null` where the bill tells of none. */
  readonly fee: Fen | null
  readonly completedAt: Instant
  readonly createdAt: Instant
  readonly subject: string
  readonly storeId: string
  readonly operatorId: string
  readonly terminalId: string
  /** The row's own number (账务流水号), which the account bill alone has; else empty. */
  readonly entryNo: string
}

/** Reads the rows of a table below a header. */
export type RowReader = (line: string) => BillRow

/**
 * Reads a header.
 *
 * @throws {BillInvalid} `column_missing` if a needed column is not there.
 */
export function rowReader(type: BillType, header: string): RowReader {
  const names = header.split(',').map(nameOf)
  return type === 'trade' ? tradeReader(names) : accountReader(names)
}

/** Columns are named without the unit, which is written now in full-width brackets, now not. */
function nameOf(cell: string): string {
  return cell.replace(/[(（].*$/, '').trim()
}

/** Where a column stands. */
export function columnOf(names: readonly string[], name: string): number {
  const index = names.indexOf(name)
  if (index >= 0) return index
  throw new BillInvalid(
    'column_missing',
    `The bill has no column ${name}. Its columns: ${names.join(', ')}`,
  )
}

function tradeReader(names: readonly string[]): RowReader {
  const at = {
    tradeNo: columnOf(names, '支付宝交易号'),
    outTradeNo: columnOf(names, '商户订单号'),
    kind: columnOf(names, '业务类型'),
    subject: columnOf(names, '商品名称'),
    createdAt: columnOf(names, '创建时间'),
    completedAt: columnOf(names, '完成时间'),
    amount: columnOf(names, '订单金额'),
    received: columnOf(names, '商家实收'),
    outRequestNo: columnOf(names, '退款批次号/请求号'),
    fee: names.indexOf('服务费'),
    store: names.indexOf('门店编号'),
    operator: names.indexOf('操作员'),
    terminal: names.indexOf('终端号'),
  }
  return (line) => {
    const cells = split(line, names.length, at.subject, at.createdAt)
    const amount = money(cells, at.amount, line)
    const kind = text(cells, at.kind)
    return {
      kind: TRADE_KINDS[kind] ?? 'other',
      tradeNo: text(cells, at.tradeNo),
      outTradeNo: text(cells, at.outTradeNo),
      outRequestNo: text(cells, at.outRequestNo),
      amount: toFen(Math.abs(amount)),
      received: money(cells, at.received, line),
      fee: at.fee < 0 ? null : money(cells, at.fee, line),
      completedAt: time(cells, at.completedAt, line),
      createdAt: time(cells, at.createdAt, line),
      subject: text(cells, at.subject),
      storeId: text(cells, at.store),
      operatorId: text(cells, at.operator),
      terminalId: text(cells, at.terminal),
      entryNo: '',
    }
  }
}

const TRADE_KINDS: Readonly<Record<string, BillRow['kind']>> = { 交易: 'payment', 退款: 'refund' }

function accountReader(names: readonly string[]): RowReader {
  const at = {
    entryNo: columnOf(names, '账务流水号'),
    tradeNo: columnOf(names, '业务流水号'),
    outTradeNo: columnOf(names, '商户订单号'),
    subject: columnOf(names, '商品名称'),
    at: columnOf(names, '发生时间'),
    income: columnOf(names, '收入金额'),
    expense: columnOf(names, '支出金额'),
    kind: columnOf(names, '业务类型'),
  }
  return (line) => {
    const cells = split(line, names.length, at.subject, at.at)
    const received = toFen(money(cells, at.income, line) + money(cells, at.expense, line))
    const completedAt = time(cells, at.at, line)
    return {
      kind: ACCOUNT_KINDS[text(cells, at.kind)] ?? 'other',
      tradeNo: text(cells, at.tradeNo),
      outTradeNo: text(cells, at.outTradeNo),
      outRequestNo: '',
      amount: toFen(Math.abs(received)),
      received,
      fee: null,
      completedAt,
      createdAt: completedAt,
      subject: text(cells, at.subject),
      storeId: '',
      operatorId: '',
      terminalId: '',
      entryNo: text(cells, at.entryNo),
    }
  }
}

const NOTHING = toFen(0)

const ACCOUNT_KINDS: Readonly<Record<string, BillRow['kind']>> = {
  在线支付: 'payment',
  交易: 'payment',
  交易付款: 'payment',
  交易退款: 'refund',
  退款: 'refund',
}

/**
 * Bills know no quoting, so a comma in a name or in a remark makes cells of its own. The date
 * behind the name shows how many belong to it.
 */
function split(line: string, columns: number, subject: number, date: number): string[] {
  const cells = line.split(',')
  const extra = cells.length - columns
  if (extra === 0) return cells
  for (let inName = 0; inName <= extra; inName++) {
    if (!DATE.test(cells[date + inName] ?? '')) continue
    const name = cells.slice(subject, subject + inName + 1).join(',')
    return cells.toSpliced(subject, inName + 1, name)
  }
  throw malformed(line, `it has ${cells.length} cells instead of ${columns}`)
}

const DATE = /^\s*\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}/

/** A tab keeps spreadsheets from reading numbers as fractions; some files have a back-quote. */
function text(cells: readonly string[], index: number): string {
  const cell = cells[index] ?? ''
  return (cell.startsWith('`') ? cell.slice(1) : cell).trim()
}

function money(cells: readonly string[], index: number, line: string): Fen {
  const cell = text(cells, index)
  if (cell === '') return NOTHING
  try {
    return parseYuan(cell.startsWith('+') ? cell.slice(1) : cell)
  } catch {
    throw malformed(line, `${cell} is no amount`)
  }
}

function time(cells: readonly string[], index: number, line: string): Instant {
  const cell = text(cells, index)
  try {
    return timeOfDay(cell) ?? parseBeijingTime(cell)
  } catch {
    throw malformed(line, `${cell} is no time`)
  }
}

/** Nearly all times of a bill are of one day, which is read once. */
function timeOfDay(cell: string): Instant | undefined {
  const match = CLOCK.exec(cell)
  if (match === null) return undefined
  const [, day = '', hours, minutes, seconds] = match
  if (day !== lastDay.date) {
    lastDay = { date: day, midnight: parseBeijingTime(`${day} 00:00:00`) }
  }
  return addMs(
    lastDay.midnight,
    (Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds)) * 1_000,
  )
}

const CLOCK = /^(\d{4}-\d{2}-\d{2}) ([01]\d|2[0-3]):([0-5]\d):([0-5]\d)$/

let lastDay = { date: '1970-01-02', midnight: parseBeijingTime('1970-01-02 00:00:00') }

/** The order's number is enough to find the row: no buyer is shown. */
function malformed(line: string, why: string): BillInvalid {
  const [tradeNo = ''] = line.split(',', 1)
  return new BillInvalid('row_malformed', `The row of ${tradeNo.trim()} cannot be read: ${why}.`)
}
