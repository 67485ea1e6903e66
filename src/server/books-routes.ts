/**
 * `/v1/reconciliations`, `/v1/differences` and `/v1/day_summaries`: Alipay's bills against the
 * books, and the day's end.
 *
 * @module
 */
import { formatRfc3339 } from '../alipay/index.ts'
import {
  reconciliationJson,
  type BillTotals,
  type Books,
  type DaySummary,
  type Difference,
  type GroupTotals,
  type Reconciliation,
} from '../books/index.ts'
import {
  createReconciliationFields,
  daySummaryFields,
  listDifferencesFields,
  listReconciliationsFields,
  resolveDifferenceFields,
} from './fields.ts'
import { OPERATOR_ID_MAX } from '../payments/index.ts'
import { ok, operation, page, type AnyOperation } from './operation.ts'
import type { AppContext } from './options.ts'
import { notFound, type Problem } from './problem.ts'
import { daySummary, difference, list, reconciliation } from './schemas.ts'

const NO_BOOKS = {
  books_not_kept: { status: 404, description: 'This server keeps no books.' },
} as const
const NOT_FOUND = {
  ...NO_BOOKS,
  reconciliation_not_found: { status: 404, description: 'No such reconciliation.' },
} as const
const DATE_INVALID = {
  date_invalid: { status: 400, description: 'The day does not exist, or is not over in Beijing.' },
} as const

const createReconciliation = operation({
  method: 'POST',
  path: '/v1/reconciliations',
  id: 'createReconciliation',
  summary: 'Compare a day with Alipay’s bill',
  description:
    'Fetches the bill and compares it, again where that was done before. A bill that you have as a file is sent to `POST /v1/bills` as it is: the ZIP of Alipay or its detail as CSV, with your key and a length.',
  scope: 'reconciliations:write',
  body: createReconciliationFields,
  audit: 'reconciliation.run',
  answers: {
    200: { description: 'It was compared, or there is no bill yet.', schema: reconciliation },
    202: { description: 'It is under way: ask for it.', schema: reconciliation },
  },
  problems: { ...NO_BOOKS, ...DATE_INVALID },
  async handle({ app: { books }, body: { date, bill_type } }) {
    if (books === null) return noBooks()
    try {
      return ok(await toJson(books, await books.reconcile(date, bill_type)))
    } catch (error) {
      if (error instanceof RangeError) return dateInvalid()
      throw error
    }
  },
  async late({ app: { books }, body: { date, bill_type } }) {
    const found = await books?.list({ limit: 10, date })
    const running = found?.find(({ billType }) => billType === bill_type)
    if (books === null || running === undefined) return undefined
    return { status: 202, body: await toJson(books, running) }
  },
})

const listReconciliations = operation({
  method: 'GET',
  path: '/v1/reconciliations',
  id: 'listReconciliations',
  summary: 'List reconciliations',
  scope: 'reconciliations:read',
  query: listReconciliationsFields,
  answers: { 200: { description: 'A page, newest day first.', schema: list(reconciliation) } },
  problems: NOT_FOUND,
  async handle({ app: { books }, query: { limit, starting_after: before, date } }) {
    if (books === null) return noBooks()
    if (before !== undefined && !(await books.find(before))) return reconciliationNotFound()
    const found = await books.list({ limit: limit + 1, before, date })
    const data = await Promise.all(found.slice(0, limit).map((one) => toJson(books, one)))
    return ok({ object: 'list', data, has_more: found.length > limit })
  },
})

const getReconciliation = operation({
  method: 'GET',
  path: '/v1/reconciliations/{id}',
  id: 'getReconciliation',
  summary: 'Get a reconciliation',
  description: 'While it runs, `rows_read` tells how far it is.',
  scope: 'reconciliations:read',
  answers: { 200: { description: 'The reconciliation.', schema: reconciliation } },
  problems: NOT_FOUND,
  async handle({ app: { books }, params }) {
    if (books === null) return noBooks()
    const found = await books.find(params['id'] ?? '')
    return found === undefined ? reconciliationNotFound() : ok(await toJson(books, found))
  },
})

const listDifferences = operation({
  method: 'GET',
  path: '/v1/reconciliations/{id}/differences',
  id: 'listDifferences',
  summary: 'List the differences of a day',
  description:
    'The same as a table for spreadsheets: `GET /v1/reconciliations/{id}/report`, which answers with CSV.',
  scope: 'reconciliations:read',
  query: listDifferencesFields,
  answers: { 200: { description: 'A page.', schema: list(difference) } },
  problems: {
    ...NOT_FOUND,
    difference_not_found: { status: 404, description: 'No such difference.' },
  },
  async handle({ app: { books }, params, query: { limit, starting_after: after, status } }) {
    if (books === null) return noBooks()
    const found = await books.find(params['id'] ?? '')
    if (found === undefined) return reconciliationNotFound()
    if (after !== undefined && !(await books.findDifference(after))) return differenceNotFound()
    const { date, billType } = found
    const statuses = status === undefined ? undefined : [status]
    const range = { limit: limit + 1, after, date, billType, statuses }
    return page(await books.differences(range), limit, differenceJson)
  },
})

const resolveDifference = operation({
  method: 'POST',
  path: '/v1/differences/{id}/resolve',
  id: 'resolveDifference',
  summary: 'Say that a difference was looked at',
  description: 'It moves no money: it says who has looked at it, and what came of it.',
  scope: 'reconciliations:write',
  body: resolveDifferenceFields,
  audit: 'difference.resolve',
  answers: { 200: { description: 'The difference.', schema: difference } },
  problems: {
    ...NO_BOOKS,
    difference_not_found: { status: 404, description: 'No such difference.' },
  },
  async handle({ app: { books }, params, body: { note }, actor }) {
    if (books === null) return noBooks()
    const resolved = await books.resolve(params['id'] ?? '', { by: actor.id, note })
    return resolved === undefined ? differenceNotFound() : ok(differenceJson(resolved))
  },
})

const getDaySummary = operation({
  method: 'GET',
  path: '/v1/day_summaries',
  id: 'getDaySummary',
  summary: 'Close the day: what it adds up to',
  description:
    'By your books and by Alipay’s bill, with the reasons why they are not the same; `unexplained` is 0.',
  scope: 'reconciliations:read',
  query: daySummaryFields,
  answers: { 200: { description: 'The summary.', schema: daySummary } },
  problems: { ...NO_BOOKS, ...DATE_INVALID },
  async handle({ app, query: { date } }) {
    const { books } = app
    if (books === null) return noBooks()
    try {
      return ok(await summaryJson(app, books, await books.daySummary(date)))
    } catch (error) {
      if (error instanceof RangeError) return dateInvalid()
      throw error
    }
  },
})

/** The operations of the books. */
export const booksOperations: readonly AnyOperation[] = [
  createReconciliation,
  listReconciliations,
  getReconciliation,
  listDifferences,
  resolveDifference,
  getDaySummary,
]

/** A reconciliation, as the API writes it. */
export async function toJson(books: Books, one: Reconciliation) {
  const { result } = one
  return {
    ...reconciliationJson(one, await books.countDifferences(one.date, one.billType)),
    rows_read: one.rowsRead,
    bill: result === null ? null : totalsJson(result.bill),
    foreign: result === null ? null : result.foreign,
    reissued: result?.reissued ?? false,
    repeated: result?.repeated ?? false,
  }
}

/** A difference, as the API writes it. */
export function differenceJson(one: Difference) {
  return {
    id: one.id,
    object: 'difference',
    date: one.date,
    bill_type: one.billType,
    code: one.code,
    status: one.status,
    payment: one.paymentId,
    refund: one.refundId,
    bill_amount: one.billAmount,
    books_amount: one.localAmount,
    note: one.note,
    resolved_by: one.resolvedBy,
    alipay: {
      out_trade_no: one.outTradeNo,
      out_request_no: one.outRequestNo === '' ? null : one.outRequestNo,
      trade_no: one.tradeNo,
    },
    created_at: formatRfc3339(one.createdAt),
    updated_at: formatRfc3339(one.updatedAt),
  }
}

async function summaryJson({ id, users }: AppContext, books: Books, summary: DaySummary) {
  const { date, bill, groups, reasons, unexplained } = summary
  const run = summary.reconciliation
  // The counter names who has signed in, as far as Alipay takes an id.
  const team = (await users?.list(id)) ?? []
  const names = new Map(team.map((user) => [user.id.slice(0, OPERATOR_ID_MAX), user.name]))
  return {
    object: 'day_summary',
    date,
    books: totalsJson(summary.books),
    bill: bill === null ? null : totalsJson(bill),
    groups: groups.map((group) => ({
      ...idsJson(group),
      operator_name: names.get(group.operatorId) ?? null,
      ...totalsJson(group),
    })),
    reasons,
    unexplained,
    reconciliation: run === null ? null : await toJson(books, run),
  }
}

function idsJson({ storeId, operatorId, terminalId }: GroupTotals) {
  return {
    store_id: storeId || null,
    operator_id: operatorId || null,
    terminal_id: terminalId || null,
  }
}

function totalsJson(totals: BillTotals) {
  const { payments, gross, refunds, refunded, received, fee } = totals
  const discount = totals.discount - totals.discountBack
  return { payments, gross, refunds, refunded, discount, received, fee, net: received + fee }
}

/** The server keeps no books. */
export function noBooks(): Problem {
  return notFound('books_not_kept', 'This server keeps no books: give it `books`.')
}

function dateInvalid(): Problem {
  return {
    status: 400,
    type: 'invalid_request_error',
    code: 'date_invalid',
    message: 'date is a day that exists and is over in Beijing, yyyy-MM-dd.',
    param: 'date',
  }
}

/** There is none with this id. */
export function reconciliationNotFound(): Problem {
  return notFound('reconciliation_not_found', 'There is no reconciliation with this id.', 'id')
}

function differenceNotFound(): Problem {
  return notFound('difference_not_found', 'There is no difference with this id.', 'id')
}
