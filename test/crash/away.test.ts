/**
 * The database can be read but not written, or is not there at all, while buyers pay: Alipay is not
 * told `success`, nothing is lost, and all goes on by itself when it is back.
 *
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { sellMuch } from '../cluster/load.ts'
import type { GuardedProcess } from '../machines/guarded-process.ts'
import { postgresPrograms, query, sharedPostgres, startPostgres } from '../machines/postgres.ts'
import { collect, differences } from './checker.ts'
import { openInstallation, type Installation } from './installation.ts'
import { openShop, type Merchant } from './merchant.ts'

/** Buyers who pay in the worst moment. */
const BUYERS = 4

const IS_LONG = Boolean(process.env['SAOMA_TEST_ALL'])

/** In real time: how long the database is away, a minute where there is time for it. */
const AWAY_MS = IS_LONG ? 60_000 : 1_000

/** A busy machine may take its time. */
const TEST_MS = 120_000 + 4 * AWAY_MS

const SALES = IS_LONG ? 200 : 10

const ORDER = { reference: 'cake', amount: 100, subject: '美式咖啡' }

test.skipIf(postgresPrograms === '')(
  'PostgreSQL that takes no writes: Alipay is told `fail`, and all goes on when it takes them again',
  { timeout: TEST_MS },
  async () => {
    const server = await sharedPostgres()
    const url = await server.createDatabase()
    const name = /\/(test_\w+)/.exec(url)?.[1] ?? ''
    const installation = await openInstallation({ database: { url, direct: () => url } })
    const merchant = openShop(installation)
    const node = await installation.start()
    const { payments, tradeNos } = await scanned(merchant)
    /** As after a fail-over to where the standby still is one, or when the disk is nearly full. */
    const takesWrites = async (isSo: boolean): Promise<void> => {
      const set = `set default_transaction_read_only = ${isSo ? 'off' : 'on'}`
      await query(server.url, `alter database ${name} ${set}`)
      await query(
        server.url,
        'select pg_terminate_backend(pid) from pg_stat_activity where datname = $1',
        [name],
      )
    }

    await takesWrites(false)
    for (const tradeNo of tradeNos) expect(merchant.payScanned(tradeNo)).toBe('paid')
    expect(await installation.call('POST', '/payments', ORDER)).toMatchObject({ status: 503 })
    // Alipay waits longer for an answer than a quick run does.
    if (IS_LONG) await untilRefused(installation, node)
    expect(delivered(installation)).toEqual([])

    await takesWrites(true)
    await expectWhole(installation, merchant, payments)
    expect(await node.kill('SIGTERM')).toBe(0)
  },
)

test.skipIf(postgresPrograms === '')(
  'PostgreSQL is away under load: nobody is told what was not kept, and all recovers by itself',
  { timeout: TEST_MS },
  async () => {
    const server = await startPostgres()
    const url = await server.createDatabase()
    const installation = await openInstallation({
      database: { url, direct: () => url },
      patienceMs: 60_000 + AWAY_MS,
    })
    // Somebody else moves the time: that of the database cannot be moved while it is away.
    const merchant = openShop(installation, 0)
    const node = await installation.start()
    const { payments, tradeNos } = await scanned(merchant)
    const selling = sellMuch(installation, merchant, { seed: 1, sales: SALES, overMs: AWAY_MS })
    selling.catch(() => {})
    await server.stop('immediate')

    for (const tradeNo of tradeNos) expect(merchant.payScanned(tradeNo)).toBe('paid')
    const orders = payments.map(({ alipay }) => alipay.out_trade_no)
    if (IS_LONG) await untilRefused(installation, node, orders)
    await sleep(AWAY_MS)
    expect(delivered(installation).filter((order) => orders.includes(order))).toEqual([])

    await server.start()
    const counts = await selling
    expect(counts.sold + counts.missed).toBe(SALES)
    await expectWhole(installation, openShop(installation), payments, merchant)
    expect(await node.kill('SIGTERM')).toBe(0)
  },
)

async function scanned(merchant: Merchant) {
  const names = Array.from({ length: BUYERS }, (_, number) => `tea ${number}`)
  const payments = await Promise.all(names.map((reference) => merchant.sell({ reference })))
  return { payments, tradeNos: payments.map((payment) => merchant.scan(payment)) }
}

/** Waits until Alipay has tried to tell of each payment, and was told `fail` or nothing. */
async function untilRefused(
  { emulator, until }: Installation,
  node: GuardedProcess,
  orders?: readonly string[],
): Promise<void> {
  await until(
    () => 'Alipay does not notify',
    async () => {
      const tried = emulator.notifications.list().filter(({ attempts, out_trade_no }) => {
        return attempts.length > 0 && (orders?.includes(out_trade_no) ?? true)
      })
      return tried.length >= BUYERS ? true : undefined
    },
    0,
  )
  await node.line('"event":"notification.failed"')
}

/** Orders of which Alipay was told `success`. */
function delivered({ emulator }: Installation): string[] {
  return emulator.notifications
    .list()
    .filter(({ status }) => status === 'delivered')
    .map(({ out_trade_no }) => out_trade_no)
}

async function expectWhole(
  installation: Installation,
  merchant: Merchant,
  payments: Parameters<Merchant['until']>[0][],
  { acknowledged }: Merchant = merchant,
): Promise<void> {
  for (const payment of payments) await merchant.until(payment, 'succeeded')
  await installation.untilOver()
  expect(differences(await collect(installation), acknowledged)).toEqual([])
}
