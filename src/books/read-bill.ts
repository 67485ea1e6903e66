/**
 * Reads a bill: once to see whether it is whole and adds up, then row by row. A file of any size
 * takes the same memory.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import {
  formatBeijingDate,
  formatYuan,
  parseBeijingTime,
  parseYuan,
  sumFen,
  toFen,
  type Instant,
} from '../alipay/index.ts'
import { BillInvalid } from './bill-invalid.ts'
import { billMembers, tooLarge, type BillMember } from './bill-members.ts'
import { columnOf, rowReader, type BillRow, type BillType, type RowReader } from './bill-row.ts'
import { BillSum, type BillTotals, type GroupTotals } from './bill-totals.ts'

/** What a bill says, once it is known to be whole. */
export interface Bill {
  readonly type: BillType
  /** The day in Beijing, `yyyy-MM-dd`. */
  readonly date: string
  /** The merchant's account (PID). */
  readonly sellerId: string
  readonly rows: number
  readonly totals: BillTotals
  readonly groups: readonly GroupTotals[]
  /** SHA-256 of the rows as they stand there: the same for a file that is sent again. */
  readonly hash: string
  /** Whether the file came with a summary that the rows were compared to. */
  readonly hasSummary: boolean
}

/** What a bill should be. */
export interface BillExpectation {
  readonly type?: BillType | undefined
  readonly date?: string | undefined
  /** The merchant's account (PID). */
  readonly sellerId?: string | undefined
}

/**
 * Checks a whole bill: form, span, account, end, its own totals and its summary.
 *
 * @throws {BillInvalid} What is wrong, by name.
 */
export async function checkBill(file: string, expected: BillExpectation = {}): Promise<Bill> {
  const sum = new BillSum()
  const hash = createHash('sha256')
  let detail: Head | undefined
  let rows = 0
  let summary: readonly string[] | undefined
  for await (const member of billMembers(file)) {
    const reader = new MemberReader(member)
    const head = await reader.head()
    if (head.isSummary) {
      summary = await reader.table()
      continue
    }
    if (detail !== undefined) continue
    detail = head
    assertExpected(head, expected)
    for await (const lines of reader.rowLines()) {
      hash.update(lines.join('\n'))
      const read = reader.rowReader()
      for (const line of lines) sum.add(read(line))
      rows += lines.length
      if (sum.groupCount > GROUPS_MAX) throw tooLarge(`more than ${GROUPS_MAX} tills`)
    }
    reader.assertColumns()
    assertTotals(head.type, reader.totals, sum.total)
  }
  if (detail === undefined) {
    throw new BillInvalid('no_detail', 'The archive holds no table of single rows (明细).')
  }
  if (summary !== undefined) assertSummary(detail.type, summary, sum)
  return {
    type: detail.type,
    date: detail.date,
    sellerId: detail.sellerId,
    rows,
    totals: sum.total,
    groups: sum.groups,
    hash: hash.digest('hex'),
    hasSummary: summary !== undefined,
  }
}

/** Stores, cashiers and tills of a day; they are held in memory, and are part of what is kept. */
const GROUPS_MAX = 20_000

/** Lines above and below a table, and those of a summary. */
const COMMENTS_MAX = 1_000
const SUMMARY_MAX = 100_000

/** Reads the rows of a bill that was checked, some hundreds at a time. */
export async function* billRows(file: string): AsyncGenerator<readonly BillRow[]> {
  for await (const member of billMembers(file)) {
    const reader = new MemberReader(member)
    if ((await reader.head()).isSummary) continue
    for await (const lines of reader.rowLines()) yield lines.map(reader.rowReader())
    return
  }
}

/** What stands above a table. */
interface Head {
  readonly type: BillType
  readonly isSummary: boolean
  readonly date: string
  readonly sellerId: string
}

/** Walks through a member: comments, header, rows, the mark of the end, totals. */
class MemberReader {
  readonly #batches: AsyncIterator<readonly string[]>
  #lines: readonly string[] = []
  #at = 0
  #type: BillType = 'trade'
  #header = ''
  #read: RowReader | undefined
  /** The lines below the table. */
  readonly totals: string[] = []

  constructor(member: BillMember) {
    this.#batches = member.lines()[Symbol.asyncIterator]()
  }

  /** Reads down to the header of the table. */
  async head(): Promise<Head> {
    const comments: string[] = []
    for (let line = await this.#next(); line !== undefined; line = await this.#next()) {
      if (!line.startsWith('#')) {
        this.#header = line
        const head = readHead(comments)
        this.#type = head.type
        return head
      }
      comments.push(line)
      if (comments.length > COMMENTS_MAX) throw tooLarge('comments without end')
    }
    // A table without rows may come without a header.
    const head = readHead(comments)
    this.#type = head.type
    this.totals.push(...comments)
    return head
  }

  /** How a line of this table is read. */
  rowReader(): RowReader {
    return (this.#read ??= rowReader(this.#type, this.#header))
  }

  /**
   * Also where the table has no rows.
   *
   * @throws {BillInvalid} `column_missing` if a needed column is not there.
   */
  assertColumns(): void {
    if (this.#header !== '') this.rowReader()
  }

  /**
   * The lines of the table.
   *
   * @throws {BillInvalid} `truncated` if its end is not marked.
   */
  async *rowLines(): AsyncGenerator<readonly string[]> {
    let isOver = this.totals.some(isEnd)
    while (await this.#more()) {
      const rest = this.#at === 0 ? this.#lines : this.#lines.slice(this.#at)
      this.#at = this.#lines.length
      const comment = isOver ? 0 : rest.findIndex((line) => line.startsWith('#'))
      const rows = comment < 0 ? rest : rest.slice(0, comment)
      if (!isOver && rows.length > 0) yield rows.includes('') ? rows.filter(isNotEmpty) : rows
      if (comment >= 0) {
        this.totals.push(...rest.slice(comment))
        isOver = true
        if (this.totals.length > COMMENTS_MAX) throw tooLarge('comments without end')
      }
    }
    if (!this.totals.some(isEnd)) {
      throw new BillInvalid(
        'truncated',
        'The bill breaks off before its end (列表结束). Download it again.',
      )
    }
  }

  /** Header and lines of a table that is small. */
  async table(): Promise<readonly string[]> {
    const table = [this.#header]
    for await (const lines of this.rowLines()) {
      table.push(...lines)
      if (table.length > SUMMARY_MAX) throw tooLarge('a summary without end')
    }
    return table
  }

  async #next(): Promise<string | undefined> {
    return (await this.#more()) ? this.#lines[this.#at++] : undefined
  }

  async #more(): Promise<boolean> {
    while (this.#at >= this.#lines.length) {
      const { done, value } = await this.#batches.next()
      if (done === true) return false
      this.#lines = value
      this.#at = 0
    }
    return true
  }
}

function isNotEmpty(line: string): boolean {
  return line !== ''
}

function isEnd(line: string): boolean {
  return line.includes('列表结束')
}

function readHead(comments: readonly string[]): Head {
  const title = comments.find((line) => /(?:业务|账务)(?:明细|汇总)/.test(line))
  if (title === undefined) {
    throw new BillInvalid(
      'unknown_type',
      'This is neither a business bill (业务明细) nor an account bill (账务明细).',
    )
  }
  const text = comments.join('\n')
  const account = /账号：?\s*\[?(\d+)/.exec(text)?.[1] ?? ''
  return {
    type: title.includes('业务') ? 'trade' : 'signcustomer',
    isSummary: title.includes('汇总'),
    date: readDay(text),
    // The number of the account is the PID and 0156.
    sellerId: account.replace(/(?<=^\d{16})0156$/, ''),
  }
}

function readDay(text: string): string {
  const [from, until] = [...text.matchAll(SPAN)].map(readTime)
  if (from === undefined || until === undefined) return ''
  const lengthMs = until - from
  // Some files name the last second of the day.
  const isDay = lengthMs >= DAY_MS - 1_000 && lengthMs <= DAY_MS
  if (!isDay) {
    throw new BillInvalid(
      'not_one_day',
      'Books are closed by the day: give the bill of a single day, not of a month.',
    )
  }
  return formatBeijingDate(from)
}

const SPAN = /(\d{4})年(\d{2})月(\d{2})日\s*(\d{2}:\d{2}:\d{2})/g
const DAY_MS = 86_400_000

function readTime([, year, month, day, time]: RegExpMatchArray): Instant {
  return parseBeijingTime(`${year}-${month}-${day} ${time}`)
}

function assertExpected(head: Head, { type, date, sellerId }: BillExpectation): void {
  if (type !== undefined && head.type !== type) {
    throw new BillInvalid('unknown_type', `This is a bill of the type ${head.type}, not ${type}.`)
  }
  if (date !== undefined && head.date !== date) {
    throw new BillInvalid('other_date', `This is the bill of ${head.date}, not of ${date}.`)
  }
  if (sellerId !== undefined && head.sellerId !== sellerId) {
    throw new BillInvalid(
      'other_account',
      `This is the bill of the account ${head.sellerId}, not of ${sellerId}.`,
    )
  }
}

/** Compares the rows to what the lines below them say. */
function assertTotals(type: BillType, lines: readonly string[], totals: BillTotals): void {
  const said = lines.flatMap((line) => {
    const [, name = '', count = '', amount = ''] = TOTAL.exec(line) ?? []
    return name === '' ? [] : [{ name, count: Number(count), amount: parseYuan(amount) }]
  })
  if (said.length === 0) return
  // What went out is written with a sign in one of them, and without in the other.
  const net = sumFen(
    said.map(({ name, amount }) => toFen(/退款|支出/.test(name) ? 0 - Math.abs(amount) : amount)),
  )
  const own = type === 'trade' ? totals.received : toFen(totals.received + totals.othersAmount)
  const counts = said.map(({ name, count }) => `${name} ${count}`).join(', ')
  const isCounted =
    type === 'trade'
      ? said.every(
          ({ name, count }) => count === (name === '交易' ? totals.payments : totals.refunds),
        )
      : sumOf(said) === totals.payments + totals.refunds + totals.others
  if (isCounted && net === own) return
  throw new BillInvalid(
    'totals_wrong',
    `The bill says ${counts}, ${formatYuan(net)} yuan in all; its rows are ${totals.payments} payments and ${totals.refunds} refunds, ${formatYuan(own)} yuan. Download it again.`,
  )
}

const TOTAL = /#(交易|退款|支出|收入)合计：(\d+)笔，[^\d-]*(-?[\d.]+)元/

function sumOf(said: readonly { readonly count: number }[]): number {
  return said.reduce((sum, { count }) => sum + count, 0)
}

/** Compares the rows to the summary beside them: counts, what was received, the fee. */
function assertSummary(type: BillType, table: readonly string[], sum: BillSum): void {
  const [header = '', ...lines] = table
  if (header === '' || type !== 'trade') return
  const names = header.split(',').map((cell) => cell.replace(/[(（].*$/, '').trim())
  const [store, payments, refunds, received] = [
    '门店编号',
    '交易订单总笔数',
    '退款订单总笔数',
    '商家实收',
  ].map((name) => columnOf(names, name)) as [number, number, number, number]
  const fee = names.indexOf('服务费')
  for (const line of lines) {
    const cells = line.split(',').map((cell) => cell.trim())
    const name = cells[store] ?? ''
    const own = name === '合计' ? sum.total : ofStore(sum.groups, name)
    const said = [cells[payments], cells[refunds], cells[received]].map((cell) => cell ?? '')
    // Some write it with a sign, some without.
    const isFee = fee < 0 || !sum.hasFees || Math.abs(yuanOf(cells[fee])) === Math.abs(own.fee)
    const isEqual =
      Number(said[0]) === own.payments &&
      Number(said[1]) === own.refunds &&
      yuanOf(said[2]) === own.received &&
      isFee
    if (!isEqual) {
      throw new BillInvalid(
        'summary_wrong',
        `The summary of ${name === '合计' ? 'the bill' : `store ${name}`} says ${said.join(', ')}; its rows come to ${own.payments}, ${own.refunds}, ${formatYuan(toFen(own.received))}. Download it again.`,
      )
    }
  }
}

function yuanOf(cell = ''): number {
  try {
    return parseYuan(cell)
  } catch {
    return Number.NaN
  }
}

function ofStore(groups: readonly GroupTotals[], storeId: string) {
  const own = groups.filter((group) => group.storeId === storeId)
  const total = (name: 'payments' | 'refunds' | 'received' | 'fee') =>
    own.reduce((sum, group) => sum + group[name], 0)
  return {
    payments: total('payments'),
    refunds: total('refunds'),
    received: total('received'),
    fee: total('fee'),
  }
}
