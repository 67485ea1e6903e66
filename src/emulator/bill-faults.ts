/**
 * What can be wrong with a bill: rows that are missing or too many, files that contradict
 * themselves, downloads that break off. Pure.
 *
 * @module
 */

import { toFen } from '../alipay/money.ts'
import { addMs } from '../alipay/time.ts'
import type { BillPeriod, BillRow } from './bill-rows.ts'
import { DAY_MS } from './expiry.ts'
import type { Strike } from './faults.ts'
import { writeZip } from './zip.ts'

/** A fault of one download. `out_trade_no` names the row, by order or refund; else: the first. */
export type BillFault = Strike

/** What stands above the tables. */
export interface BillHead {
  readonly account: string
  readonly period: BillPeriod
}

/** Changes account or day. */
export function alterHead(head: BillHead, fault: BillFault | undefined): BillHead {
  switch (fault?.name) {
    case 'bill-other-account':
      return { ...head, account: '20880000000000000156' }
    case 'bill-other-day': {
      const { from, until } = head.period
      return { ...head, period: { from: addMs(from, -DAY_MS), until: addMs(until, -DAY_MS) } }
    }
    default:
      return head
  }
}

/** Changes rows; the sums that the bill tells follow them. */
export function alterRows(rows: readonly BillRow[], fault: BillFault | undefined): BillRow[] {
  const wanted = fault?.out_trade_no
  const isWanted = (row: BillRow) => [row.out_trade_no, row.out_request_no].includes(wanted)
  const index = wanted === undefined ? 0 : rows.findIndex(isWanted)
  const row = rows[index]
  if (fault?.name === 'bill-empty') return []
  if (row === undefined) return [...rows]
  const { total, merchantDiscount, fee } = row.money
  switch (fault?.name) {
    case 'bill-row-missing':
      return rows.toSpliced(index, 1)
    case 'bill-row-twice':
      return rows.toSpliced(index, 0, row)
    case 'bill-row-foreign':
      return [...rows, { ...row, kind: '交易', out_trade_no: 'OTHER-1', out_request_no: undefined }]
    case 'bill-row-unknown':
      return [...rows, { ...row, kind: '分账' }]
    case 'bill-row-amount':
      return rows.with(index, { ...row, money: { ...row.money, total: toFen(total + 1) } })
    case 'bill-row-received': {
      const money = { ...row.money, merchantDiscount: toFen(merchantDiscount + 1) }
      return rows.with(index, { ...row, money })
    }
    case 'bill-row-fee':
      return rows.with(index, { ...row, money: { ...row.money, fee: toFen(fee + 1) } })
    default:
      return [...rows]
  }
}

/** Changes the text of a file. */
export function alterText(
  { text, isSummary }: { readonly text: string; readonly isSummary: boolean },
  fault: BillFault | undefined,
): string {
  switch (fault?.name) {
    case 'bill-cut':
      return isSummary ? text : text.slice(0, text.search(/^#.*列表结束/m) - 4)
    case 'bill-totals-wrong':
      return text.replace(/(?<=^#(?:交易|收入)合计：)\d+/m, (count) => String(Number(count) + 1))
    case 'bill-summary-wrong':
      return isSummary
        ? text.replace(/^合计.*$/m, (line) => line.replaceAll(/\.(\d)(\d)/g, aFenMore))
        : text
    case 'bill-columns':
      return text.replaceAll(/^(?!#|$)(.*)$/gm, (line) => `${moreCells(line)}${line}`)
    case 'bill-utf8':
      return `\uFEFF${text}`
    default:
      return text
  }
}

function aFenMore(_cents: string, tenth: string, hundredth: string): string {
  return `.${tenth}${(Number(hundredth) + 1) % 10}`
}

function moreCells(line: string): string {
  const isHeader = line.startsWith('支付宝交易号') || /^(?:门店编号|账务流水号|类型)/.test(line)
  return Array.from({ length: 75 }, (_, index) => (isHeader ? `新增列${index},` : '\t,')).join('')
}

/** Changes the archive. */
export function alterArchive(archive: Buffer, fault: BillFault | undefined): Buffer {
  switch (fault?.name) {
    case 'bill-half':
      return archive.subarray(0, archive.length / 2)
    case 'bill-bomb':
      return writeZip([{ name: Buffer.from('bill.csv'), content: Buffer.alloc(64 * 2 ** 20, '#') }])
    default:
      return archive
  }
}
