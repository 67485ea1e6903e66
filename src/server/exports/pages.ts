/**
 * What an export reads, page after page: each page is asked for only when the one before was taken.
 *
 * @module
 */
import { formatBeijingDate, type Instant } from '../../alipay/index.ts'
import type { Books } from '../../books/index.ts'
import { paymentJson, refundJson } from '../../payments/index.ts'
import { auditJson } from '../api-keys-routes.ts'
import { differenceJson, toJson } from '../books-routes.ts'
import { eventJson } from '../events-routes.ts'
import type { AppContext } from '../options.ts'

/** Objects that are read at once. */
export const ROWS_AT_ONCE = 500

/** What is exported as JSON Lines. */
export const JSON_KINDS = [
  'payments',
  'refunds',
  'events',
  'reconciliations',
  'audit_entries',
] as const

/** One of them. */
export type JsonKind = (typeof JSON_KINDS)[number]

/** From when to when, the end not included. */
export interface ExportSpan {
  readonly from: Instant
  readonly to: Instant
}

/**
 * The objects of a kind as the API writes them: those that were created in the span, of
 * reconciliations those whose day it touches, each followed by its differences.
 */
export function jsonPages(
  app: AppContext,
  kind: JsonKind,
  span: ExportSpan,
): AsyncGenerator<readonly object[]> {
  switch (kind) {
    case 'payments':
      return paymentPages(app, span)
    case 'refunds':
      return refundPages(app, span)
    case 'events':
      return eventPages(app, span)
    case 'reconciliations':
      return reconciliationPages(app.books, span)
    case 'audit_entries':
      return auditPages(app, span)
  }
}

async function* paymentPages({ payments, presentation, clock }: AppContext, span: ExportSpan) {
  const range = { limit: ROWS_AT_ONCE, createdFrom: span.from, createdBefore: span.to }
  for (let before: string | undefined; ;) {
    const found = await payments.list({ ...range, before })
    yield found.map((record) => paymentJson(record, presentation, clock.now()))
    if (found.length < ROWS_AT_ONCE) return
    before = found.at(-1)?.payment.id
  }
}

async function* refundPages({ payments, presentation }: AppContext, span: ExportSpan) {
  const range = { limit: ROWS_AT_ONCE, createdFrom: span.from, createdBefore: span.to }
  for (let before: string | undefined; ;) {
    const found = await payments.listRefunds({ ...range, before })
    yield found.map((refund) => refundJson(refund, presentation))
    if (found.length < ROWS_AT_ONCE) return
    before = found.at(-1)?.id
  }
}

/** In the order of commits. */
async function* eventPages({ payments }: AppContext, span: ExportSpan) {
  const range = { limit: ROWS_AT_ONCE, createdFrom: span.from, createdBefore: span.to }
  for (let after: string | undefined; ;) {
    const found = await payments.listEvents({ ...range, order: 'asc', after })
    yield found.map(eventJson)
    if (found.length < ROWS_AT_ONCE) return
    after = found.at(-1)?.id
  }
}

async function* reconciliationPages(books: Books | null, { from, to }: ExportSpan) {
  if (books === null) return
  const [first, last] = [formatBeijingDate(from), formatBeijingDate(to)]
  for (let before: string | undefined; ;) {
    const found = await books.list({ limit: ROWS_AT_ONCE, before })
    for (const one of found.filter(({ date }) => date >= first && date <= last)) {
      yield [await toJson(books, one)]
      yield* differencePages(books, one)
    }
    if (found.length < ROWS_AT_ONCE || (found.at(-1)?.date ?? '') < first) return
    before = found.at(-1)?.id
  }
}

async function* differencePages(
  books: Books,
  { date, billType }: Parameters<typeof toJson>[1],
): AsyncGenerator<readonly object[]> {
  for (let after: string | undefined; ;) {
    const found = await books.differences({ limit: ROWS_AT_ONCE, after, date, billType })
    yield found.map(differenceJson)
    if (found.length < ROWS_AT_ONCE) return
    after = found.at(-1)?.id
  }
}

async function* auditPages({ access, id }: AppContext, { from, to }: ExportSpan) {
  for (let before: string | undefined; ;) {
    const found = await access.listAuditEntries(id, { limit: ROWS_AT_ONCE, before })
    yield found.filter(({ at }) => at >= from && at < to).map(auditJson)
    const last = found.at(-1)
    if (found.length < ROWS_AT_ONCE || (last !== undefined && last.at < from)) return
    before = last?.id
  }
}
