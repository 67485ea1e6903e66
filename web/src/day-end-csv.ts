/**
 * A day's end as a table for spreadsheets: sums, groups, reasons.
 *
 * @module
 */
import type { DaySummary } from './api/objects.ts'
import type { Texts } from './language/zh.ts'

/** The figures of a side or a group, in the order in which they are shown. */
export const FIGURES = ['payments', 'gross', 'refunds', 'refunded', 'fee', 'net'] as const

/** One of them. */
export type Figure = (typeof FIGURES)[number]

/** The words that the table needs. */
type Words = Pick<Texts['dayEnds'], Exclude<keyof Texts['dayEnds'], 'made' | 'signatures'>>

/** The whole file; the mark at its beginning has spreadsheets read it as UTF-8. */
export function dayEndCsv(
  summary: DaySummary,
  texts: { readonly [Name in keyof Words]: Words[Name] },
  reasonOf: (reason: string) => string,
): string {
  const { date, books, bill, groups, reasons } = summary
  const rows: string[][] = [
    [texts.title, date],
    [],
    ['', texts.books, texts.bill, texts.difference],
    ...FIGURES.map((name) => [
      texts[name],
      bill === null && name === 'fee' ? '' : figureText(name, books[name]),
      bill === null ? '' : figureText(name, bill[name]),
      bill === null ? '' : figureText(name, bill[name] - books[name]),
    ]),
    [],
    [texts.store, texts.operator, texts.terminal, ...FIGURES.map((name) => texts[name])],
    ...groups.map((group) => [
      group.store_id ?? '',
      group.operator_name ?? group.operator_id ?? '',
      group.terminal_id ?? '',
      ...FIGURES.map((name) => figureText(name, group[name])),
    ]),
    [],
    [texts.reason, texts.count, texts.amount],
    ...reasons.map(({ reason, count, net }) => [
      reasonOf(reason),
      String(count),
      figureText('net', net),
    ]),
  ]
  return `\uFEFF${rows.map((row) => row.map(cell).join(',')).join('\r\n')}\r\n`
}

/** Counts as they are, amounts in yuan. */
function figureText(name: Figure, value: number): string {
  return name === 'payments' || name === 'refunds' ? String(value) : (value / 100).toFixed(2)
}

/** A text that a spreadsheet would take for a formula is shown as text; a figure may be below zero. */
function cell(text: string): string {
  const isFormula = /^\s*[=+\-@＝＋－＠]/.test(text) && !/^-\d+(?:\.\d\d)?$/.test(text)
  const shown = isFormula ? `'${text}` : text
  return /[",\r\n\t']/.test(shown) ? `"${shown.replaceAll('"', '""')}"` : shown
}
