/**
 * What of the books is a file: a bill that is sent by hand, of any size, and the report for
 * spreadsheets.
 *
 * @module
 */
import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Hono, type Context } from 'hono'
import { allows, type AuditAction, type Scope } from '../access/index.ts'
import { formatYuan } from '../alipay/index.ts'
import { BillInvalid, type Books, type Difference } from '../books/index.ts'
import { authenticate, insufficientScope, type Actor } from './authentication.ts'
import { noBooks, reconciliationNotFound, toJson } from './books-routes.ts'
import type { RouteEnvironment, ServerContext } from './options.ts'
import { sendProblem, type Problem } from './problem.ts'

/** A bill of some ten million rows. */
const BILL_BYTES_MAX = 1_073_741_824

/** Rows of a report that are read at a time. */
const PAGE = 500

/** The routes below `/v1`. */
export function billFileRoutes(context: ServerContext): Hono<RouteEnvironment> {
  const app = new Hono<RouteEnvironment>()
  app.post('/bills', async (c) => {
    const who = await ask(c, context, 'reconciliations:write')
    return 'problem' in who ? sendProblem(c, who.problem) : upload(c, context, who)
  })
  app.get('/reconciliations/:id/report', async (c) => {
    const who = await ask(c, context, 'reconciliations:read')
    return 'problem' in who ? sendProblem(c, who.problem) : report(c, who.books)
  })
  return app
}

interface Asking {
  readonly books: Books
  readonly actor: Actor
}

async function ask(
  c: Context<RouteEnvironment>,
  context: ServerContext,
  scope: Scope,
): Promise<Asking | { readonly problem: Problem }> {
  const who = await authenticate(c, context)
  if ('problem' in who) return who
  const { actor, app } = who
  if (!allows(actor.scopes, scope)) return { problem: insufficientScope(scope, actor) }
  return app.books === null ? { problem: noBooks() } : { books: app.books, actor }
}

/** Kept in a file for as long as it is compared; nobody else can read it. */
async function upload(
  c: Context<RouteEnvironment>,
  { access }: ServerContext,
  { books, actor }: Asking,
): Promise<Response> {
  const length = Number(c.req.header('content-length') ?? Number.NaN)
  if (!(length <= BILL_BYTES_MAX)) return sendProblem(c, TOO_LARGE)
  await access.record({
    appId: actor.appId,
    actor: actor.id,
    actorName: actor.name,
    action: 'bill.upload' satisfies AuditAction,
    objectId: null,
    detail: { bytes: length },
    requestId: c.get('requestId'),
    address: c.env.address ?? null,
  })
  const folder = await mkdtemp(join(tmpdir(), 'saoma-bill-'))
  try {
    const file = join(folder, 'bill')
    const body: AsyncIterable<Uint8Array> | null = c.env?.incoming ?? c.req.raw.body
    await pipeline(Readable.from(body ?? []), createWriteStream(file, { mode: 0o600 }))
    return c.json(await toJson(books, await books.reconcileFile(file)))
  } catch (error) {
    if (error instanceof BillInvalid || error instanceof RangeError) {
      return sendProblem(c, invalid(error))
    }
    throw error
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const TOO_LARGE: Problem = {
  status: 413,
  type: 'invalid_request_error',
  code: 'body_too_large',
  message: 'Send the bill with its Content-Length, at most 1 GiB.',
}

function invalid(error: BillInvalid | RangeError): Problem {
  const code = error instanceof BillInvalid ? `bill_${error.fault}` : 'bill_other_date'
  return { status: 400, type: 'invalid_request_error', code, message: error.message }
}

async function report(c: Context<RouteEnvironment>, books: Books): Promise<Response> {
  const found = await books.find(c.req.param('id') ?? '')
  if (found === undefined) return sendProblem(c, reconciliationNotFound())
  const { date, billType } = found
  const lines = async function* (): AsyncGenerator<Uint8Array> {
    // The mark has spreadsheets read it as UTF-8.
    yield Buffer.from(`\uFEFF${HEADER.join(',')}\r\n`)
    for (let after: string | undefined; ;) {
      const rows = await books.differences({ limit: PAGE, date, billType, after })
      yield Buffer.from(rows.map((row) => `${csvLine(row)}\r\n`).join(''))
      after = rows.at(-1)?.id
      if (rows.length < PAGE) return
    }
  }
  c.header('content-type', 'text/csv; charset=utf-8')
  c.header('content-disposition', `attachment; filename="differences-${billType}-${date}.csv"`)
  return c.body(Readable.toWeb(Readable.from(lines())) as ReadableStream)
}

const HEADER = [
  '账单日期',
  '差异类型',
  '状态',
  '商户订单号',
  '退款请求号',
  '支付宝交易号',
  '账单金额（元）',
  '系统金额（元）',
  '说明',
]

/** The names that people know. */
const CODES: Readonly<Record<Difference['code'], string>> = {
  missing_local: '长款·我方漏单',
  status_local_open: '长款·状态不符',
  missing_remote: '短款·渠道漏单',
  amount_mismatch: '金额不符',
  refund_missing_local: '退款·我方漏记',
  refund_missing_remote: '退款·渠道无',
  fee_mismatch: '手续费不符',
  duplicate_reference: '重复支付',
  canceled_refunded: '撤销退款',
  duplicate_row: '账单重复行',
  received_mismatch: '实收不符',
  unknown_row: '未知业务类型',
}

const STATUSES: Readonly<Record<Difference['status'], string>> = {
  open: '待处理',
  waiting: '等待后续账单',
  healed: '已自动处理',
  resolved: '已人工处理',
}

function csvLine(row: Difference): string {
  return [
    row.date,
    CODES[row.code],
    STATUSES[row.status],
    row.outTradeNo,
    row.outRequestNo,
    row.tradeNo ?? '',
    row.billAmount === null ? '' : formatYuan(row.billAmount),
    row.localAmount === null ? '' : formatYuan(row.localAmount),
    row.note ?? '',
  ]
    .map(csvCell)
    .join(',')
}

/** A text that a spreadsheet would take for a formula is shown as text. */
function csvCell(text: string): string {
  const shown = /^[=+@\t\r]|^-(?!\d)/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(shown) ? `"${shown.replaceAll('"', '""')}"` : shown
}
