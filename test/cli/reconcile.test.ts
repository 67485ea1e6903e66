/** `saoma reconcile` and `saoma day-end`, as a person runs them at night. */
import { once } from 'node:events'
import { expect, test, vi } from 'vitest'
import { billFile, fileOf } from '../books/bill-files.ts'
import { PATIENCE, startDev, type Dev } from '../saoma-program.ts'
import { runSaoma, startSaoma } from './run-saoma.ts'

const DAY_SECONDS = 86_400

interface Run {
  readonly date: string
  readonly status: string
  readonly source: string
  readonly rows: number
}

const on = (dev: Dev, ...args: string[]) => runSaoma([...args, '--folder', dev.options.folder])

/** The day in Beijing of a time in RFC 3339. */
const dayOf = (time: string, days = 0): string =>
  new Date(Date.parse(time) + (8 * 3_600 + days * DAY_SECONDS) * 1_000).toISOString().slice(0, 10)

/** A sale of two days ago, whose bill is compared, and nothing is due. */
async function shopAfterTwoDays() {
  const dev = await startDev()
  const payment = await dev.api('POST', '/payments', { amount: 8888, subject: '咖啡' })
  await dev.pay(await dev.scan(payment))
  await dev.until(payment, 'succeeded')
  const day = dayOf(payment.created_at)
  await dev.advance(2 * DAY_SECONDS + 10 * 3_600)
  const compared = await on(dev, 'reconcile', day, '--json')
  expect([compared.code, compared.stderr]).toEqual([0, ''])
  expect(JSON.parse(compared.stdout)).toMatchObject({ date: day, status: 'balanced', rows: 1 })
  await on(dev, 'reconcile', dayOf(payment.created_at, 1))
  return { dev, payment, day }
}

test('a day, a file, a day’s end: what is said, and how it ends', async () => {
  const { dev, payment, day } = await shopAfterTwoDays()
  const again = await on(dev, 'reconcile', day)
  expect(again).toEqual({
    code: 0,
    stdout: `${day}: balanced. 1 rows, 88.88 yuan net. Differences: 0 open, 0 waiting, 0 healed, 0 resolved.\n`,
    stderr: '',
  })
  const account = await on(dev, 'reconcile', day, '--type', 'signcustomer', '--json')
  expect(JSON.parse(account.stdout)).toMatchObject({ status: 'balanced', rows: 1 })

  const end = await on(dev, 'day-end', day)
  expect([end.code, end.stderr]).toEqual([0, ''])
  expect(end.stdout).toMatch(/TOTAL .*88\.88.*\nBILL .*88\.88.*\nBooks and bill are the same\.\n$/)
  const json = JSON.parse((await on(dev, 'day-end', day, '--json')).stdout) as object
  expect(json).toMatchObject({ date: day, books: { gross: 8888 }, unexplained: 0, reasons: [] })

  // Something that a person has to look at ends with 1, and is told on both ways out.
  await dev.control('POST', '/faults', { name: 'bill-row-foreign' })
  const left = await on(dev, 'reconcile', day)
  expect(left.code).toBe(1)
  expect(left.stdout).toMatch(/Differences: 1 open.*\nCODE .*\nmissing_local +OTHER-1 +88\.88 /)
  expect(left.stderr).toContain('1 differences are left')
  const why = await on(dev, 'day-end', day)
  expect(why.code).toBe(0)
  expect(why.stdout).toContain('missing_local: 1, 88.88 yuan more in the bill\n')

  // A file by hand, right and wrong.
  const { seller_id: sellerId } = await dev.control<{ seller_id: string }>('GET', '/credentials')
  const rows = [{ outTradeNo: payment.alipay.out_trade_no, amount: 8888, at: `${day} 12:00:00` }]
  const file = await on(dev, 'reconcile', billFile({ sellerId, date: day, rows }), '--json')
  expect(file.code).toBe(0)
  expect(JSON.parse(file.stdout) as Run).toMatchObject({ status: 'balanced', source: 'upload' })
  const wrong = await on(dev, 'reconcile', fileOf(Buffer.from('<html>')))
  expect([wrong.code, wrong.stdout, wrong.stderr]).toEqual([
    1,
    '',
    expect.stringContaining('(bill_not_a_zip)'),
  ])

  await dev.control('POST', '/faults', { name: 'bill-late' })
  const late = await on(dev, 'reconcile', dayOf(payment.created_at, 1))
  expect([late.code, late.stderr]).toEqual([1, expect.stringContaining('no bill of that day yet')])
  const today = await on(dev, 'reconcile', dayOf(payment.created_at, 3))
  expect([today.code, today.stderr]).toEqual([1, expect.stringContaining('date_invalid')])
  const nonsense = await on(dev, 'reconcile', 'yesterday')
  expect([nonsense.code, nonsense.stderr]).toEqual([2, expect.stringContaining('neither a day')])
}, 120_000)

test('Ctrl-C, and the death of the server: the next run finds the same', async () => {
  const { dev, payment, day } = await shopAfterTwoDays()
  const before = dayOf(payment.created_at, -1)
  const method = 'alipay.data.dataservice.bill.downloadurl.query'
  const hang = { name: 'delay', method, delay_ms: 3_000 }
  const running = async (date: string) => {
    const path = `/reconciliations?date=${date}`
    const { data } = await dev.api<{ data: readonly Run[] }>('GET', path)
    expect(data.map(({ status }) => status)).toContain('running')
  }

  await dev.control('POST', '/faults', hang)
  const stopped = await startSaoma(['reconcile', before, '--folder', dev.options.folder])
  const ended = once(stopped, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  await vi.waitFor(() => running(before), PATIENCE)
  stopped.kill('SIGINT')
  const [code, signal] = await ended
  expect(code === 130 || signal === 'SIGINT').toBe(true)
  // The server goes on; who asks again waits for the same run.
  const waited = await on(dev, 'reconcile', before, '--json')
  expect(JSON.parse(waited.stdout)).toMatchObject({ status: 'balanced', rows: 0 })

  await dev.control('POST', '/faults', { ...hang, delay_ms: 60_000 })
  const orphan = await startSaoma(['reconcile', day, '--folder', dev.options.folder])
  const gone = once(orphan, 'close')
  await vi.waitFor(() => running(day), PATIENCE)
  await dev.kill('SIGKILL')
  expect((await gone)[0]).toBe(1)
  const next = await startDev(dev.options)
  const again = await on(next, 'reconcile', day, '--json')
  expect(again.code).toBe(0)
  expect(JSON.parse(again.stdout)).toMatchObject({
    status: 'balanced',
    rows: 1,
    bill: { net: 8888 },
  })
  const end = await on(next, 'day-end', day)
  expect(end.stdout).toContain('Books and bill are the same.')
}, 120_000)

test('without a server it is said how to start one', async () => {
  const folder = fileOf(Buffer.alloc(0)).replace(/[^/]+$/, '')
  for (const command of ['reconcile', 'day-end']) {
    const alone = await runSaoma([command, '2026-11-23', '--folder', folder])
    expect([alone.code, alone.stderr]).toEqual([2, expect.stringContaining('saoma serve')])
  }
})
