/**
 * `/v1/exports`: payments and refunds as a file, written while it is read, however many there are.
 *
 * @module
 */
import { z } from 'zod'
import { allows, type Locale } from '../access/index.ts'
import { formatBeijingDate, type Instant } from '../alipay/index.ts'
import { insufficientScope } from './authentication.ts'
import { writeCsv } from './exports/csv.ts'
import { HEADERS, paymentRow, refundRow, SHEET_NAMES, type ExportKind } from './exports/columns.ts'
import { writeJsonLines } from './exports/json-lines.ts'
import { writeXlsx } from './exports/xlsx.ts'
import { JSON_KINDS, jsonPages, ROWS_AT_ONCE, type JsonKind } from './exports/pages.ts'
import { instant, text } from './fields.ts'
import { operation, type AnyOperation } from './operation.ts'
import type { AppContext } from './options.ts'
import type { Problem } from './problem.ts'
import { paymentStatus, refundStatus } from './schemas.ts'

const MEDIA_TYPES = {
  csv: 'text/csv; charset=utf-8',
  jsonl: 'application/jsonl',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
} as const

const createExport = operation({
  method: 'POST',
  path: '/v1/exports',
  id: 'createExport',
  summary: 'Export payments, refunds, events, the books or the audit log as a file',
  description:
    'Newest first, in Beijing’s time. JSON Lines have an object a line, as this API writes it (events in the order of commits, reconciliations followed by their differences), and end with an `export_end` that tells their `count` and the `sha256` of the lines before it. CSV has a byte order mark, and what a spreadsheet would carry out stands behind an apostrophe. A file that breaks off is not whole: ask again.',
  scope: 'exports:create',
  audit: 'export.create',
  body: z.strictObject({
    kind: z
      .enum(JSON_KINDS, `kind is one of ${JSON_KINDS.join(', ')}`)
      .describe('As files for spreadsheets payments and refunds alone'),
    format: z.enum(['csv', 'xlsx', 'jsonl'], 'format is csv, xlsx or jsonl'),
    from: instant('from').describe('Created then or later, RFC 3339'),
    to: instant('to').describe('Created before then'),
    language: z
      .enum(['zh', 'en'], 'language is zh or en')
      .optional()
      .describe('Of the headers; by default that of who asks, else Chinese'),
    filters: z
      .strictObject({
        status: z.union([paymentStatus, refundStatus], 'status is one of the list’s').optional(),
        reference: text('reference', 128).optional(),
        in_review: z.boolean('in_review is true or false').optional(),
        q: text('q', 128).optional(),
        payment: text('payment', 64).optional(),
      })
      .default({})
      .describe(
        'As for the list: `payment` for refunds, `reference`, `in_review`, `q` for payments',
      ),
  }),
  answers: {
    200: {
      description: 'The file.',
      schema: null,
      mediaType: ['text/csv', MEDIA_TYPES.xlsx, MEDIA_TYPES.jsonl],
    },
  },
  async handle({ app, body, actor }) {
    const { kind, format, from, to: before } = body
    const language = body.language ?? actor.session?.user.locale ?? 'zh'
    const wrong = wrongFilter(body)
    if (wrong !== undefined) return wrong
    if (kind === 'audit_entries' && !allows(actor.scopes, 'audit:read')) {
      return insufficientScope('audit:read', actor)
    }
    const fileName = `${kind}-${formatBeijingDate(from)}-${formatBeijingDate(before)}.${format}`
    const mediaType = MEDIA_TYPES[format]
    if (format === 'jsonl') {
      const lines = writeJsonLines(kind, jsonPages(app, kind, body))
      return { stream: toStream(lines), mediaType, fileName }
    }
    if (!isTable(kind)) return invalid('format', `${kind} are exported as jsonl`)
    const header = HEADERS[kind][language]
    const rows = rowsOf(app, { ...body, kind }, language)
    const parts =
      format === 'csv'
        ? writeCsv(header, rows)
        : writeXlsx(SHEET_NAMES[kind][language], header, rows)
    return { stream: toStream(parts), mediaType, fileName }
  },
})

/** The operations of exports. */
export const exportOperations: readonly AnyOperation[] = [createExport]

interface Wish<Kind extends JsonKind = JsonKind> {
  readonly kind: Kind
  readonly format: 'csv' | 'xlsx' | 'jsonl'
  readonly from: Instant
  readonly to: Instant
  readonly filters: {
    readonly status?: string | undefined
    readonly reference?: string | undefined
    readonly in_review?: boolean | undefined
    readonly q?: string | undefined
    readonly payment?: string | undefined
  }
}

/** Nothing is left out silently: what the list does not know is refused. */
function wrongFilter({ kind, format, from, to, filters }: Wish): Problem | undefined {
  if (from >= to) return invalid('to', 'to is after from')
  const named = Object.entries(filters).find(([, value]) => value !== undefined)?.[0]
  if (format === 'jsonl') {
    return named === undefined
      ? undefined
      : invalid(`filters.${named}`, 'jsonl has all of the range: leave filters out')
  }
  const { status, payment, ...ofPayments } = filters
  const statuses = kind === 'payments' ? paymentStatus : refundStatus
  if (status !== undefined && !statuses.safeParse(status).success) {
    return invalid('filters.status', `status is one of ${statuses.options.join(', ')}`)
  }
  const wrong =
    kind === 'payments'
      ? payment !== undefined && 'payment'
      : Object.entries(ofPayments).find(([, value]) => value !== undefined)?.[0]
  return wrong ? invalid(`filters.${wrong}`, `${kind} have no filter "${wrong}"`) : undefined
}

function invalid(param: string, message: string): Problem {
  const code = 'parameter_invalid'
  return { status: 400, type: 'invalid_request_error', code, message: `${message}.`, param }
}

async function* rowsOf(
  app: AppContext,
  { kind, from, to, filters }: Wish<ExportKind>,
  language: Locale,
): AsyncGenerator<readonly (readonly string[])[]> {
  const range = { limit: ROWS_AT_ONCE, createdFrom: from, createdBefore: to }
  for (let before: string | undefined; ;) {
    if (kind === 'payments') {
      const { reference, in_review: inReview, q: search } = filters
      const status = paymentStatus.optional().parse(filters.status)
      const filter = { reference, inReview, search, status }
      const found = await app.payments.list({ ...range, before, ...filter })
      yield found.map((record) => paymentRow(app, record, language))
      if (found.length < ROWS_AT_ONCE) return
      before = found.at(-1)?.payment.id
    } else {
      const { payment: paymentId } = filters
      const status = refundStatus.optional().parse(filters.status)
      const found = await app.payments.listRefunds({ ...range, before, paymentId, status })
      yield found.map((refund) => refundRow(refund, language))
      if (found.length < ROWS_AT_ONCE) return
      before = found.at(-1)?.id
    }
  }
}

function isTable(kind: JsonKind): kind is ExportKind {
  return kind === 'payments' || kind === 'refunds'
}

/** Reads on only as fast as it is taken. */
function toStream(parts: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await parts.next()
      if (done) controller.close()
      else controller.enqueue(value)
    },
    async cancel() {
      await parts.return(undefined)
    },
  })
}
