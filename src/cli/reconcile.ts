/**
 * Reconciliations and day's ends in a terminal.
 *
 * @module
 */

import { createReadStream, existsSync, statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { request } from 'undici'
import { formatYuan, toFen } from '../alipay/index.ts'
import { Failure } from './failure.ts'
import { connect, findServer, type MerchantApi } from './merchant-api.ts'
import type { ObjectOptions } from './objects.ts'
import { table } from './table.ts'

interface Totals {
  readonly payments: number
  readonly gross: number
  readonly refunds: number
  readonly refunded: number
  readonly fee: number
  readonly net: number
}

interface ApiReconciliation {
  readonly id: string
  readonly date: string
  readonly status: string
  readonly rows: number | null
  readonly rows_read: number
  readonly bill: Totals | null
  readonly differences: Readonly<Record<string, number>>
  readonly failure: { readonly code: string; readonly message: string } | null
}

interface ApiDifference {
  readonly code: string
  readonly status: string
  readonly bill_amount: number | null
  readonly books_amount: number | null
  readonly note: string | null
  readonly alipay: { readonly out_trade_no: string }
}

interface ApiDaySummary {
  readonly books: Totals
  readonly bill: Totals | null
  readonly groups: readonly (Totals & {
    readonly store_id: string | null
    readonly operator_id: string | null
    readonly terminal_id: string | null
  })[]
  readonly reasons: readonly {
    readonly reason: string
    readonly count: number
    readonly net: number
  }[]
  readonly unexplained: number | null
}

/** Between two looks at a comparison that is under way. */
const LOOK_MS = 500

/**
 * Compares a day, or a file, and prints what it comes to.
 *
 * @throws {Failure} If something is left that a person has to look at, or there is no bill.
 */
export async function reconcile(
  day: string,
  type: string,
  { json, folder }: ObjectOptions,
): Promise<void> {
  const api = connect(process.env, folder)
  const isFile = existsSync(day)
  if (!isFile && !/^\d{4}-\d{2}-\d{2}$/.test(day)) {
    throw new Failure(`${day} is neither a day (yyyy-MM-dd) nor a file.`)
  }
  const begun = isFile
    ? await upload(day, folder)
    : await api.call<ApiReconciliation>('POST', '/reconciliations', { date: day, bill_type: type })
  const finished = await follow(api, begun)
  const differences = await openDifferences(api, finished.id)
  process.stdout.write(
    json ? `${JSON.stringify({ ...finished, open: differences })}\n` : show(finished, differences),
  )
  if (finished.status === 'balanced') return
  throw new Failure(
    finished.failure?.message ??
      (finished.status === 'awaiting_bill'
        ? 'Alipay has no bill of that day yet. It is asked for every hour.'
        : `${differences.length} differences are left: see them above, or in /v1/attention.`),
    1,
  )
}

/** Shows how far it is, where somebody looks. */
async function follow(api: MerchantApi, begun: ApiReconciliation): Promise<ApiReconciliation> {
  let current = begun
  while (current.status === 'running') {
    if (process.stderr.isTTY) process.stderr.write(`\r${current.rows_read} rows`)
    await sleep(LOOK_MS)
    current = await api.call('GET', `/reconciliations/${current.id}`)
  }
  return current
}

async function upload(file: string, folder: string): Promise<ApiReconciliation> {
  const server = findServer(process.env, folder)
  const response = await request(new URL('/v1/bills', server.url), {
    method: 'POST',
    headers: {
      authorization: `Bearer ${server.api_key}`,
      'content-type': 'application/octet-stream',
      'content-length': String(statSync(file).size),
    },
    body: createReadStream(file),
    headersTimeout: 0,
  })
  const answer = (await response.body.json()) as ApiReconciliation & {
    readonly error?: { readonly code: string; readonly message: string }
  }
  if (answer.error === undefined) return answer
  throw new Failure(`${answer.error.message} (${answer.error.code})`, 1)
}

async function openDifferences(api: MerchantApi, id: string): Promise<readonly ApiDifference[]> {
  const list = await api.call<{ readonly data: readonly ApiDifference[] }>(
    'GET',
    `/reconciliations/${id}/differences?status=open&limit=100`,
  )
  return list.data
}

function show(run: ApiReconciliation, differences: readonly ApiDifference[]): string {
  const { open = 0, waiting = 0, healed = 0, resolved = 0 } = run.differences
  const sums = run.bill === null ? '' : `${run.rows ?? 0} rows, ${yuan(run.bill.net)} yuan net. `
  const head = `${run.date}: ${run.status}. ${sums}Differences: ${open} open, ${waiting} waiting, ${healed} healed, ${resolved} resolved.\n`
  if (differences.length === 0) return head
  return (
    head +
    table(
      ['CODE', 'ORDER', 'BILL', 'BOOKS', 'NOTE'],
      differences.map((one) => [
        one.code,
        one.alipay.out_trade_no,
        one.bill_amount === null ? null : yuan(one.bill_amount),
        one.books_amount === null ? null : yuan(one.books_amount),
        one.note,
      ]),
    )
  )
}

/** Prints what a day adds up to. */
export async function dayEnd(date: string, { json, folder }: ObjectOptions): Promise<void> {
  const api = connect(process.env, folder)
  const path = `/day_summaries?date=${encodeURIComponent(date)}`
  const summary = await api.call<ApiDaySummary>('GET', path)
  process.stdout.write(json ? `${JSON.stringify(summary)}\n` : showDay(summary))
}

function showDay({ books, bill, groups, reasons, unexplained }: ApiDaySummary): string {
  const line = (names: readonly (string | null)[], totals: Totals) => [
    ...names,
    String(totals.payments),
    yuan(totals.gross),
    String(totals.refunds),
    yuan(totals.refunded),
    yuan(totals.fee),
    yuan(totals.net),
  ]
  const rows = [
    ...groups.map((one) => line([one.store_id, one.operator_id, one.terminal_id], one)),
    line(['TOTAL', null, null], books),
    ...(bill === null ? [] : [line(['BILL', null, null], bill)]),
  ]
  const columns = ['PAID', 'GROSS', 'REFUNDS', 'REFUNDED', 'FEE', 'NET']
  const why = reasons.map(
    ({ reason, count, net }) => `${reason}: ${count}, ${yuan(net)} yuan more in the bill\n`,
  )
  const end =
    unexplained === null
      ? 'There is no bill of this day yet.\n'
      : unexplained === 0
        ? reasons.length === 0
          ? 'Books and bill are the same.\n'
          : 'That is all that books and bill differ by.\n'
        : `Unexplained: ${yuan(unexplained)} yuan. Run \`saoma reconcile\` for this day again.\n`
  return table(['STORE', 'OPERATOR', 'TERMINAL', ...columns], rows) + why.join('') + end
}

function yuan(fen: number): string {
  return formatYuan(toFen(fen))
}
