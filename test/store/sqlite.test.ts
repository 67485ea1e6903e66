/**
 * What is special to the embedded store: real files that one process owns.
 *
 * @module
 */

import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { statSync, writeFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { PaymentStore } from '../../src/payments/index.ts'
import { openDatabase, type DatabaseSync } from '../../src/store/database-sync.ts'
import {
  openSqliteStore,
  StoreInUse,
  StoreNotDurable,
  StoreTooOld,
  type SqliteStore,
  type SqliteStoreOptions,
} from '../../src/store/index.ts'
import { testFolder } from './opened-stores.ts'
import { add, commitOf, lease, opening } from './payments-to-store.ts'

/** The connections that were opened, to look at their settings; and what to do to the next one. */
const connections = vi.hoisted(() => ({
  opened: [] as unknown[],
  change: undefined as ((database: object) => object) | undefined,
}))

vi.mock('../../src/store/database-sync.ts', async (importActual) => {
  const actual = await importActual<typeof import('../../src/store/database-sync.ts')>()
  return {
    ...actual,
    async openDatabase(file: string) {
      const database = await actual.openDatabase(file)
      connections.opened.push(database)
      return connections.change?.(database) ?? database
    },
  }
})

let file: string
const stores: SqliteStore[] = []

beforeEach(() => {
  file = join(testFolder(), 'data', 'saoma.db')
})

afterEach(async () => {
  connections.change = undefined
  for (const store of stores.splice(0)) await store.close()
})

async function open(path = file, options: SqliteStoreOptions = {}): Promise<PaymentStore> {
  const store = await openSqliteStore(path, options)
  stores.push(store)
  return store.payments
}

async function close(): Promise<void> {
  await stores.pop()?.close()
}

describe('the file', () => {
  test('is written through to the disk before a commit comes back: at the first open and at each', async () => {
    for (let count = 0; count < 2; count++) {
      await open()
      const database = connections.opened.at(-1) as DatabaseSync
      expect(database.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: 2 })
      expect(database.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' })
      expect(database.prepare('PRAGMA foreign_keys').get()).toEqual({ foreign_keys: 1 })
      expect(database.prepare('PRAGMA busy_timeout').get()).toEqual({ timeout: 5000 })
      await close()
    }
  })

  test.each([
    ['synchronous=FULL', 'synchronous=NORMAL', 'synchronous=1'],
    ['journal_mode=WAL', 'journal_mode=MEMORY', 'journal_mode=memory'],
  ])('is refused where SQLite does not take %s', async (setting, instead, complaint) => {
    connections.change = (database) =>
      new Proxy(database, {
        get(target, name) {
          const value: unknown = Reflect.get(target, name)
          if (typeof value !== 'function') return value
          const replace = (text: unknown) =>
            typeof text === 'string' ? text.replace(setting, instead) : text
          return (...args: unknown[]): unknown => value.apply(target, args.map(replace))
        },
      })
    const refused = open()
    await expect(refused).rejects.toThrow(complaint)
    await expect(refused).rejects.toThrow(StoreNotDurable)
    connections.change = undefined
    await open()
  })

  test('and its log can be read by their owner alone', async () => {
    await (await open()).insert(commitOf('pay_1'), lease())
    for (const path of [file, `${file}-wal`, `${file}-shm`, `${file}-owner.pid`]) {
      expect(`${path} ${(statSync(path).mode & 0o777).toString(8)}`).toBe(`${path} 600`)
    }
    expect((statSync(dirname(file)).mode & 0o777).toString(8)).toBe('700')
  })

  test('is refused a second time in the same process, and free once it is closed', async () => {
    await open()
    await expect(open()).rejects.toMatchObject({
      name: 'StoreInUse',
      code: 'ERR_STORE_IN_USE',
      pid: process.pid,
    })
    await expect(open()).rejects.toThrow(StoreInUse)
    await close()
    await open()
  })

  test('that is no database is refused, and its name is free again', async () => {
    await open(join(dirname(file), 'other.db'))
    const text = join(dirname(file), 'text.db')
    writeFileSync(text, 'no database, but long enough to be looked at\n'.repeat(99))
    await expect(open(text)).rejects.toThrow(/not a database/)
    rmSync(text)
    await open(text)
  })

  test('of a version before the first release is refused', async () => {
    await open()
    await close()
    const old = await openDatabase(file)
    old.exec(
      "create table kysely_migration (name text); insert into kysely_migration values ('0001-payments')",
    )
    old.close()
    await expect(open()).rejects.toThrow(StoreTooOld)
    await expect(open()).rejects.toThrow('use another folder')
  })

  test('scenario 56, in part: that a later version has migrated is taken: it left what this one needs', async () => {
    await add(await open(), 'pay_1')
    await close()
    const database = await openDatabase(file)
    database.exec("insert into migrations values ('9999-from-the-future')")
    database.close()
    expect(await (await open()).find({ id: 'pay_1' })).toBeDefined()
  })

  test('that is opened again has no leases, and everything that was ever to be done is due', async () => {
    const store = await open()
    await add(store, 'leased')
    await store.claimDue(1, lease())
    await add(store, 'later', {}, { dueInMs: 60_000 })
    await add(store, 'never', {}, { dueInMs: null })
    await close()
    const due = await (await open()).claimDue(9, lease())
    expect(due.map(({ payment }) => payment.id).toSorted()).toEqual(['later', 'leased'])
  })

  test('in memory is forgotten', async () => {
    await (await open(':memory:')).insert(commitOf('pay_1'), lease())
    await close()
    expect(await (await open(':memory:')).list({ limit: 1 })).toEqual([])
  })
})

describe('the owner', () => {
  const right = { identity: 'test 9021000000000001' }

  test('of a file with payments is one application in one mode, and no other', async () => {
    await (await open(file, right)).insert(commitOf('pay_1'), lease())
    await close()
    await expect(open(file, { identity: 'live 2021000000000001' })).rejects.toThrow(
      'holds the payments of test 9021000000000001, not of live 2021000000000001',
    )
    expect(await (await open(file, right)).find({ id: 'pay_1' })).toBeDefined()
  })

  test('of a file without payments may change: a mistyped APPID is no harm', async () => {
    await open(file, { identity: 'test 9021000000000000' })
    await close()
    await (await open(file, right)).insert(commitOf('pay_1'), lease())
    await close()
    await expect(open(file, { identity: 'test 9021000000000000' })).rejects.toThrow(
      'holds the payments of test 9021000000000001',
    )
  })
})

test('an I/O error at a commit is the last that a store does', async () => {
  connections.change = (database) =>
    new Proxy(database, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name)
        if (typeof value !== 'function') return value
        return (...args: unknown[]): unknown => {
          if (name !== 'prepare' || args[0] !== 'COMMIT') return value.apply(target, args)
          return {
            run() {
              throw Object.assign(new Error('disk I/O error'), { errcode: 10 })
            },
          }
        }
      },
    })
  const fatal: Error[] = []
  const store = await openSqliteStore(file, { onFatal: (error) => void fatal.push(error) })
  stores.push(store)
  await expect(store.payments.insert(commitOf('pay_1'), lease())).rejects.toMatchObject({
    name: 'StoreUnavailable',
    outcome: 'unknown',
  })
  expect([await store.failed]).toEqual(fatal)
  for (const call of [
    store.payments.find({ id: 'pay_1' }),
    store.payments.list({ limit: 1 }),
    store.payments.nextDueInMs(),
    store.payments.claimDue(1, lease()),
    store.payments.storeOrphan({ outTradeNo: 'x', receivedAt: opening, params: {} }),
    store.webhooks.listEndpoints(),
    store.backup(`${file}.copy`),
  ]) {
    await expect(call).rejects.toMatchObject({ name: 'StoreUnavailable', outcome: 'not_applied' })
  }
  await close()
  connections.change = undefined
  expect(await (await open()).find({ id: 'pay_1' })).toBeUndefined()
})

test('commits when it is told to, for simulations that own the order of all things', async () => {
  const flushes: (() => void)[] = []
  const store = await open(file, { scheduleFlush: (flush) => void flushes.push(flush) })
  const inserting = store.insert(commitOf('pay_1'), lease())
  const orphan = store.storeOrphan({ outTradeNo: 'x', receivedAt: opening, params: {} })
  await new Promise((resolve) => setTimeout(resolve, 10))
  expect(await store.find({ id: 'pay_1' })).toBeUndefined()
  expect(flushes).toHaveLength(1)
  flushes[0]?.()
  expect(await store.find({ id: 'pay_1' })).toBeDefined()
  await Promise.all([inserting, orphan])
})

describe('another process', () => {
  test('is refused, and told who has the file', async () => {
    await open()
    const { lines } = start('hold')
    expect(await lines.next()).toMatchObject({
      value: `refused by ${process.pid}: ERR_STORE_IN_USE`,
    })
  })

  test('that was killed leaves the file, and its leases, to the next one', async () => {
    const { child, lines } = start('lease')
    expect([(await lines.next()).value, (await lines.next()).value]).toEqual(['open', 'leased'])
    await expect(open()).rejects.toMatchObject({ pid: child.pid })
    await expect(open()).rejects.toThrow(`is open in another process (pid ${child.pid})`)
    await kill(child)
    const store = await open()
    expect(await store.claim('leased', lease())).toMatchObject({ payment: { id: 'leased' } })
  })

  test('that is killed while it writes has lost nothing that it had acknowledged', async () => {
    const { child, lines } = start('write')
    expect((await lines.next()).value).toBe('open')
    const acknowledged: string[] = []
    for await (const id of lines) {
      acknowledged.push(id)
      if (acknowledged.length === 50) child.kill('SIGKILL')
    }
    expect(acknowledged.length).toBeGreaterThanOrEqual(50)
    const store = await open()
    for (const id of acknowledged) {
      expect((await store.find({ id }))?.payment).toMatchObject({ status: 'succeeded', version: 2 })
    }
  })
})

/** Starts a process on the file. Its lines are what it says. */
function start(task: 'hold' | 'lease' | 'write') {
  const script = join(import.meta.dirname, 'store-process.ts')
  const child = spawn(process.execPath, ['--import', 'tsx', script, file, task], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => kill(child))
  return { child, lines: createInterface(child.stdout)[Symbol.asyncIterator]() }
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}
