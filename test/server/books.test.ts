import { readFileSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { createAccess } from '../../src/access/index.ts'
import { toFen } from '../../src/alipay/index.ts'
import { createServer, listen, oneApp, ONE_APP_ID } from '../../src/server/index.ts'
import { daySummary, difference, reconciliation } from '../../src/server/schemas.ts'
import { billFile } from '../books/bill-files.ts'
import { openBookShop } from '../books/book-shop.ts'

const DAY = '2026-11-23'
const KEY = 'sk_test_books'

async function openServer() {
  const shop = await openBookShop()
  const { payments, books, client, clock } = shop
  const access = createAccess({ store: shop.store.access, clock })
  await access.adoptKey({ appId: ONE_APP_ID, key: KEY, name: 'the shop' })
  const server = createServer({
    apps: oneApp({
      payments,
      books,
      client,
      notifyToken: 'notify-token-of-the-shop',
      mode: 'test',
    }),
    access,
    publicUrl: 'https://pay.example.com',
    clock,
  })
  const port = await listen(server, { port: 0 })
  onTestFinished(() => port.close())
  const call = async (method: string, path: string, body?: object | Buffer) => {
    const response = await fetch(`${port.url}/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${KEY}`,
        ...(body !== undefined && {
          'content-type': body instanceof Buffer ? 'application/zip' : 'application/json',
        }),
      },
      ...(body !== undefined && {
        body: body instanceof Buffer ? new Uint8Array(body) : JSON.stringify(body),
      }),
    })
    return { status: response.status, text: await response.text() }
  }
  return { shop, call }
}

test('a day is compared on demand, listed, reported, looked at and closed', async () => {
  const { shop, call } = await openServer()
  const sold = await shop.sell({ storeId: 'S1' })
  await shop.payments.refund({ paymentId: sold.payment.id, amount: toFen(88) })
  shop.at('2026-11-24 09:00:00')
  const ran = await call('POST', '/reconciliations', { date: DAY })
  expect(ran.status).toBe(200)
  const run = reconciliation.parse(JSON.parse(ran.text))
  expect(run).toMatchObject({ status: 'balanced', rows: 2, bill: { gross: 8888, net: 8800 } })

  // A file by hand, with a row that nobody knows and whose number a spreadsheet would calculate.
  const rows = [
    { outTradeNo: '=1+1', amount: 5 },
    { outTradeNo: sold.payment.outTradeNo, amount: 8888, store: 'S1' },
  ]
  const file = readFileSync(billFile({ rows, sellerId: shop.sellerId }))
  const uploaded = await call('POST', '/bills', file)
  expect(uploaded.status).toBe(200)
  expect(JSON.parse(uploaded.text)).toMatchObject({
    id: run.id,
    source: 'upload',
    status: 'differences',
    reissued: true,
    differences: { open: 1, waiting: 1 },
  })
  const listed = await call('GET', `/reconciliations/${run.id}/differences?status=open`)
  const { data } = JSON.parse(listed.text) as { data: unknown[] }
  const [open] = data.map((one) => difference.parse(one))
  expect(open).toMatchObject({ code: 'missing_local', bill_amount: 5, books_amount: null })
  const attention = await call('GET', '/attention')
  expect(attention.text).toContain(`POST /v1/differences/${open?.id}/resolve`)
  expect(attention.text).toContain(`"difference":{"id":"${open?.id}"`)

  const report = await call('GET', `/reconciliations/${run.id}/report`)
  expect(report.text.startsWith('账单日期,')).toBe(true)
  expect(report.text).toContain(`${DAY},长款·我方漏单,待处理,'=1+1,,`)
  expect(report.text).toContain('退款·渠道无,等待后续账单')

  const resolved = await call('POST', `/differences/${open?.id}/resolve`, { note: '测试' })
  expect(difference.parse(JSON.parse(resolved.text))).toMatchObject({
    status: 'resolved',
    note: '测试',
    resolved_by: expect.stringMatching(/^key_/),
  })
  const summary = await call('GET', `/day_summaries?date=${DAY}`)
  expect(daySummary.parse(JSON.parse(summary.text))).toMatchObject({
    books: { gross: 8888, refunded: 88 },
    groups: [{ store_id: 'S1', operator_id: null }],
    reasons: expect.arrayContaining([
      { reason: 'missing_local', count: 1, net: 5 },
      { reason: 'refund_missing_remote', count: 1, net: 88 },
    ]),
    unexplained: 0,
  })
})

test('what is wrong is named', async () => {
  const { shop, call } = await openServer()
  const code = async (answer: Promise<{ text: string }>) =>
    (JSON.parse((await answer).text) as { error: { code: string } }).error.code
  expect(await code(call('POST', '/reconciliations', { date: DAY }))).toBe('date_invalid')
  expect(await code(call('POST', '/reconciliations', { date: '2026-02-30' }))).toBe('date_invalid')
  expect(await code(call('GET', '/reconciliations/rec_none'))).toBe('reconciliation_not_found')
  expect(await code(call('GET', '/reconciliations/rec_none/report'))).toBe(
    'reconciliation_not_found',
  )
  shop.at('2026-11-24 09:00:00')
  const other = readFileSync(billFile({ rows: [] }))
  expect(await code(call('POST', '/bills', other))).toBe('bill_other_account')
  expect(await code(call('POST', '/bills', Buffer.from('no bill')))).toBe('bill_not_a_zip')
})
