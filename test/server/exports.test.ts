/**
 * Exports: every row once, hostile names as text, files that Excel opens.
 *
 * @module
 */
import { hash } from 'node:crypto'
import { strFromU8, unzipSync } from 'fflate'
import { expect, test } from 'vitest'
import { addMs, formatRfc3339, MovableClock, toFen, toInstant } from '../../src/alipay/index.ts'
import { signedIn } from './back-office.ts'
import { openUsers, startServer } from './server-under-test.ts'

const hostile = [
  '=HYPERLINK("http://evil.example","点我")',
  "+1+cmd|' /C calc'!A0",
  '-2+3',
  '@SUM(1,1)',
  '  =1+1',
  '＝1+1',
  '"quoted", 逗号',
  '<b>粗体</b> & \u202Egnp.exe 😀',
]

function start() {
  const under = startServer()
  const now = under.clock.now()
  const range = { from: formatRfc3339(addMs(now, -1_000)), to: formatRfc3339(addMs(now, 1_000)) }
  const download = (body: object) => under.api('POST', '/v1/exports', { ...range, ...body })
  return { under, range, download }
}

test('JSON Lines have what the API says, and end with their count; nothing is filtered silently', async () => {
  const { under, download } = start()
  for (const subject of hostile) await under.order({ subject })
  const answer = await download({ kind: 'payments', format: 'jsonl' })
  expect(answer.headers.get('content-type')).toBe('application/jsonl')
  const lines = (await answer.text()).trimEnd().split('\n')
  const objects = lines.map((line) => JSON.parse(line) as { object: string; subject?: string })
  expect(objects.slice(0, -1).map(({ subject }) => subject)).toEqual(hostile.toReversed())
  expect(objects.at(-1)).toMatchObject({
    object: 'export_end',
    kind: 'payments',
    count: hostile.length,
    sha256: hash('sha256', `${lines.slice(0, -1).join('\n')}\n`),
  })
  for (const [body, param] of [
    [{ kind: 'payments', format: 'jsonl', filters: { q: 'x' } }, 'filters.q'],
    [{ kind: 'events', format: 'csv' }, 'format'],
    [{ kind: 'secrets', format: 'jsonl' }, 'kind'],
  ] as const) {
    const refused = await download(body)
    expect([refused.status, (await refused.json()) as object]).toMatchObject([
      400,
      { error: { code: 'parameter_invalid', param } },
    ])
  }
})

test('a CSV has every payment once, newest first, and nothing that a spreadsheet carries out', async () => {
  const { under, download } = start()
  for (const subject of hostile) await under.order({ subject })
  const { payment } = await under.order({ subject: '普通' })
  under.payments.change(payment.id, { tradeNo: '2026112322001476681000000001' })
  const answer = await download({ kind: 'payments', format: 'csv' })
  expect(answer.status).toBe(200)
  expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8')
  expect(answer.headers.get('content-disposition')).toMatch(
    /^attachment; filename="payments-[\d-]+\.csv"$/,
  )
  const bytes = new Uint8Array(await answer.arrayBuffer())
  expect([...bytes.subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf])
  const [header, first, ...rest] = parseCsv(new TextDecoder().decode(bytes))
  expect(header?.slice(0, 7)).toEqual([
    '创建时间',
    '支付时间',
    '业务单号',
    '商户订单号',
    '支付宝交易号',
    '商品',
    '金额（元）',
  ])
  expect(first?.[4]).toBe('2026112322001476681000000001\t')
  expect(first?.[6]).toBe('88.88')
  const subjects = rest.map((row) => row[5] ?? '').toReversed()
  for (const [index, subject] of hostile.entries()) {
    const isCarriedOut = index < 6
    expect(subjects[index]).toBe(isCarriedOut ? `'${subject}` : subject)
  }
  expect(rest.flat().filter((cell) => /^[=+\-@]/.test(cell))).toEqual([])
})

test('a workbook has more rows than are read at once, each once, and no formula', async () => {
  const { under, download } = start()
  for (const subject of hostile) await under.order({ subject: `${subject}\u0007` })
  for (let count = 0; count < 1_200; count++) await under.order({ subject: `第 ${count} 单` })
  const answer = await download({ kind: 'payments', format: 'xlsx', language: 'en' })
  const files = unzipSync(new Uint8Array(await answer.arrayBuffer()))
  expect(Object.keys(files)).toEqual([
    '[Content_Types].xml',
    '_rels/.rels',
    'xl/workbook.xml',
    'xl/_rels/workbook.xml.rels',
    'xl/worksheets/sheet1.xml',
  ])
  const sheet = strFromU8(files['xl/worksheets/sheet1.xml'] ?? new Uint8Array())
  expect(sheet.match(/<row>/g)).toHaveLength(1 + hostile.length + 1_200)
  expect(new Set(sheet.match(/第 \d+ 单/g)).size).toBe(1_200)
  expect(sheet).not.toMatch(/<f[ >]/)
  expect(sheet).not.toContain('\u0007')
  expect(sheet).toContain('=HYPERLINK(&quot;http://evil.example&quot;')
  expect(sheet).toContain('&lt;b&gt;粗体&lt;/b&gt; &amp;')
  expect(sheet).toContain('<c><v>88.88</v></c>')
  expect(sheet).toContain('Amount (yuan)')
})

test('refunds are exported too, and a filter that their list does not know is refused', async () => {
  const { under, download } = start()
  const { payment } = await under.order()
  await under.payments.refund({ paymentId: payment.id, amount: toFen(123), reason: '=退' })
  const answer = await download({ kind: 'refunds', format: 'csv' })
  const [, row] = parseCsv(await answer.text())
  expect(row?.slice(4, 8)).toEqual(['1.23', "'=退", '已退款', payment.id])
  for (const filters of [{ q: 'x' }, { reference: 'x' }, { status: 'expired' }]) {
    const refused = await download({ kind: 'refunds', format: 'csv', filters })
    expect(refused.status).toBe(400)
  }
})

test('who exports is in the audit log', async () => {
  const clock = new MovableClock(toInstant(1_795_400_000_000))
  const users = await openUsers(clock)
  const under = startServer({ users, clock })
  const { range } = start()
  const finance = await signedIn(under.get, users, 'finance')
  const body = { kind: 'payments', format: 'csv', ...range }
  expect((await finance.ask('POST', '/v1/exports', body)).status).toBe(200)
  const { json } = await finance.ask('GET', '/v1/audit_entries')
  expect(json.data?.[0]).toMatchObject({ action: 'export.create', actor: finance.user.id })
})

/** As RFC 4180 reads it. */
function parseCsv(text: string): string[][] {
  return text
    .replace(/^\uFEFF/, '')
    .split('\r\n')
    .filter((line) => line !== '')
    .map((line) =>
      [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)]
        .slice(0, -1)
        .map(([, cell = '']) =>
          cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell,
        ),
    )
}
