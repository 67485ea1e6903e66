/**
 * The move from SQLite to PostgreSQL, with real processes that are killed on the way.
 *
 * @module
 */

import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openDatabase } from '../../src/store/database-sync.ts'
import { openPostgresStore, openSqliteStore } from '../../src/store/index.ts'
import { MOVED_TABLES, UNMOVED_TABLES } from '../../src/store/moved-tables.ts'
import { openInstallation, type Installation, type PaymentAnswer } from '../crash/installation.ts'
import { postgresPrograms, query, sharedPostgres } from '../machines/postgres.ts'
import { saoma } from '../saoma-program.ts'
import { testFolder } from './opened-stores.ts'
import { commitOf, lease } from './payments-to-store.ts'

test('every table either is moved or stays for a reason', async () => {
  const file = join(testFolder(), 'saoma.db')
  await (await openSqliteStore(file)).close()
  const database = await openDatabase(file)
  const tables = database
    .prepare(`select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'`)
    .all() as { name: string }[]
  database.close()
  expect(tables.map(({ name }) => name).toSorted()).toEqual(
    [...MOVED_TABLES.map(({ name }) => name), ...UNMOVED_TABLES].toSorted(),
  )
})

describe.runIf(postgresPrograms !== '')('a move', { timeout: 120_000 }, () => {
  test('killed with kill -9 at every step goes on, and open payments lose nothing', async () => {
    const url = await (await sharedPostgres()).createDatabase()
    const shop = await openInstallation()
    const node = await shop.start()
    const create = async (reference: string) =>
      (
        await shop.api<PaymentAnswer>('POST', '/payments', {
          amount: 990,
          subject: '茶',
          reference,
        })
      ).body
    const [paid, scanned, open] = [await create('A'), await create('B'), await create('C')]
    buy(shop, paid)
    await statusOf(shop, paid, 'succeeded')
    const trade = scan(shop, scanned)
    await node.kill('SIGKILL')
    // He pays while nobody listens.
    shop.emulator.wallet.pay(trade, buyerOf(shop))

    const move = (crashAt = '') =>
      saoma(['migrate', '--to', url, '--folder', shop.folder, '--json'], {
        SAOMA_CRASH_AT: crashAt,
      })
    for (const point of ['move-begun', 'move-batch', 'move-batch:3', 'move-verified']) {
      expect([point, (await move(point)).code]).toEqual([point, null])
      await expect(openPostgresStore({ url, identity: identityOf(shop) })).rejects.toThrow(
        'Run `saoma migrate` again',
      )
    }
    // Sealed: neither side is served until it is finished.
    expect((await move('move-sealed')).code).toBe(null)
    await expect(openPostgresStore({ url, identity: identityOf(shop) })).rejects.toThrow('again')
    const refused = await shop.start()
    expect(refused.stderr()).toContain('was moved to postgres://')

    const finished = await move()
    expect([finished.code, finished.stderr]).toEqual([0, ''])
    expect(JSON.parse(finished.stdout)).toMatchObject({
      wasMoved: true,
      tables: expect.arrayContaining([{ table: 'payments', rows: 3 }]) as unknown,
    })

    await shop.start({ env: { SAOMA_DATABASE_URL: url } })
    await statusOf(shop, paid, 'succeeded')
    await statusOf(shop, scanned, 'succeeded')
    buy(shop, open)
    await statusOf(shop, open, 'succeeded')
    await shop.until(
      () => 'Not every event was told',
      async () => {
        const pending = `select id from webhook_deliveries where status = 'pending'`
        return (await query(url, pending)).length === 0 ? true : undefined
      },
      0,
    )
  })

  test('is void once the file was served again, and begins anew', async () => {
    const url = await (await sharedPostgres()).createDatabase()
    const folder = testFolder()
    const file = join(folder, 'saoma.db')
    const insert = async (id: string): Promise<void> => {
      const store = await openSqliteStore(file, { identity: 'test 1' })
      await store.payments.insert(commitOf(id, { reference: id }), lease())
      await store.close()
    }
    const move = (crashAt = '') =>
      saoma(['migrate', '--to', url, '--folder', folder, '--json'], { SAOMA_CRASH_AT: crashAt })
    await insert('pay_1')
    await move('move-verified')
    await insert('pay_2')
    const result = await move()
    expect(JSON.parse(result.stdout)).toMatchObject({ apps: ['test 1'], wasMoved: false })
    expect(await query(url, 'select id from payments order by id')).toEqual([
      { id: 'pay_1' },
      { id: 'pay_2' },
    ])
    await expect(openSqliteStore(file, { identity: 'test 1' })).rejects.toThrow('was moved')
  })

  test('beside another application changes nothing of it, and mixes no two histories', async () => {
    const url = await (await sharedPostgres()).createDatabase()
    const folders = ['test 1', 'test 2', 'test 1'].map((identity) => ({
      identity,
      folder: testFolder(),
    }))
    for (const [index, { identity, folder }] of folders.entries()) {
      const store = await openSqliteStore(join(folder, 'saoma.db'), { identity })
      await store.payments.insert(commitOf(`pay_${index}`), lease())
      await store.close()
    }
    const move = ({ folder }: { folder: string }) =>
      saoma(['migrate', '--to', url, '--folder', folder])
    const [first, second, third] = folders as [
      (typeof folders)[0],
      (typeof folders)[0],
      (typeof folders)[0],
    ]
    expect((await move(first)).stdout).toContain('equal on both sides: test 1')
    expect((await move(second)).stdout).toContain('equal on both sides: test 2')
    const refused = await move(third)
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('already')])
    expect(await query(url, 'select id, app from payments order by id')).toEqual([
      { id: 'pay_0', app: 'test 1' },
      { id: 'pay_1', app: 'test 2' },
    ])
  })

  test('whose rows are altered on the way is found out and undone', async () => {
    const url = await (await sharedPostgres()).createDatabase()
    const folder = testFolder()
    const file = join(folder, 'saoma.db')
    const store = await openSqliteStore(file, { identity: 'test 1' })
    await store.payments.insert(commitOf('pay_1'), lease())
    await store.close()
    const args = ['migrate', '--to', url, '--folder', folder]
    await saoma(args, { SAOMA_CRASH_AT: 'move-batch:2' })
    await query(url, 'update payments set amount = amount + 1')
    const result = await saoma(args)
    expect([result.code, result.stderr]).toEqual([1, expect.stringContaining('table payments')])
    expect(await query(url, 'select id from payments')).toEqual([])
    expect((await saoma(args)).code).toBe(0)
  })
})

function identityOf(shop: Installation): string {
  return `test ${shop.emulator.credentials.app_id}`
}

function buyerOf({ emulator }: Installation): string {
  return emulator.wallet.buyers()[0]?.id ?? ''
}

function scan(shop: Installation, { next_action }: PaymentAnswer): string {
  const scanned = shop.emulator.wallet.scan(next_action?.qr_code ?? '', buyerOf(shop))
  if (scanned.status !== 'ready') throw new Error(`The code is ${scanned.status}`)
  return scanned.trade.trade_no
}

function buy(shop: Installation, payment: PaymentAnswer): void {
  shop.emulator.wallet.pay(scan(shop, payment), buyerOf(shop))
}

async function statusOf(shop: Installation, { id }: PaymentAnswer, status: string): Promise<void> {
  let last = ''
  await shop.until(
    () => `${id} is ${last}, not ${status}`,
    async () => {
      const { body } = await shop.api<PaymentAnswer>('GET', `/payments/${id}`)
      last = body.status
      return last === status ? true : undefined
    },
    0,
  )
}
