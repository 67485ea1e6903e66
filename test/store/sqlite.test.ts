/**
 * The embedded store on real files: what is acknowledged is there, one process owns the file, and
 * every write says which version it believes.
 *
 * @module
 */

import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { addMs, toFen } from '../../src/alipay/index.ts'
import type { Payment, PaymentRecord, PaymentStore } from '../../src/payments/index.ts'
import { openDatabase, type DatabaseSync } from '../../src/store/database-sync.ts'
import { openSqliteStore, StoreInUse, type SqliteStore } from '../../src/store/index.ts'
import { payment, refund } from '../payments/records.ts'
import { commitOf, lease, opening } from './payments-to-store.ts'

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

let folder: string
let file: string
const stores: SqliteStore[] = []
const processes: ChildProcess[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'saoma-store-'))
  file = join(folder, 'data', 'saoma.db')
})

afterEach(async () => {
  connections.change = undefined
  for (const child of processes.splice(0)) await kill(child)
  for (const store of stores.splice(0)) await store.close()
  rmSync(folder, { recursive: true })
})

async function open(path = file): Promise<PaymentStore> {
  const store = await openSqliteStore(path)
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
    await expect(open()).rejects.toThrow(complaint)
    connections.change = undefined
    await open()
  })

  test('and its log can be read by their owner alone', async () => {
    await (await open()).insert(commitOf('pay_1'), lease())
    for (const path of [file, `${file}-wal`, `${file}-shm`, `${file}-owner.pid`]) {
      expect(`${path} ${(statSync(path).mode & 0o777).toString(8)}`).toBe(`${path} 600`)
    }
    expect((statSync(join(folder, 'data')).mode & 0o777).toString(8)).toBe('700')
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
    await open(join(folder, 'other.db'))
    const { writeFileSync } = await import('node:fs')
    writeFileSync(
      join(folder, 'text.db'),
      'no database, but long enough to be looked at\n'.repeat(99),
    )
    await expect(open(join(folder, 'text.db'))).rejects.toThrow(/not a database/)
    rmSync(join(folder, 'text.db'))
    await open(join(folder, 'text.db'))
  })
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
    expect(await store.claim('leased', opening, lease())).toMatchObject({
      payment: { id: 'leased' },
    })
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
    const stored = await store.list({ limit: 10_000 })
    expect(stored.length - acknowledged.length).toBeLessThanOrEqual(1 + acknowledged.length / 10)
  })
})

describe('payments', () => {
  let store: PaymentStore
  beforeEach(async () => {
    store = await open()
  })

  test('come back as they were stored, found by each of their names', async () => {
    const full: Partial<Payment> = {
      status: 'succeeded',
      reference: 'A-1',
      returnUrl: 'https://shop.example/done',
      amount: toFen(10_000_000_000),
      subject: '☕️ "美式" 咖啡',
      scannedAt: opening,
      paidAt: opening,
      late: true,
      tradeNo: '1',
      tradeStatus: 'TRADE_SUCCESS',
      amountReceived: toFen(0),
      buyerLogonId: '138****1234',
      cancellationReason: 'requested',
      cancelAttemptedAt: opening,
      cancelAnsweredAt: opening,
      refundedByCancel: true,
      review: 'late',
      failure: { code: 'ACQ.X', message: 'a "b"', alipayMessage: '系统错误' },
      outcome: 'unknown',
      unknownCalls: 3,
      nextStepAt: null,
    }
    const stored: PaymentRecord[] = []
    for (const change of [full, {}]) {
      const commit = commitOf(`pay_${stored.length}`, change)
      expect(await store.insert(commit, lease())).toBe(true)
      stored.push(commit.record)
    }
    for (const record of stored) {
      const { id, outTradeNo, checkoutToken } = record.payment
      for (const key of [{ id }, { outTradeNo }, { checkoutToken }]) {
        expect(await store.find(key)).toEqual(record)
      }
    }
    expect(await store.find({ reference: 'A-1' })).toEqual(stored[0])
    expect(await store.find({ id: 'pay_unknown' })).toBeUndefined()
    await close()
    store = await open()
    expect(await store.find({ id: 'pay_0' })).toEqual(stored[0])
  })

  test('with refunds keep them whole and in their order', async () => {
    await store.insert(commitOf('pay_1', { status: 'succeeded' }), lease())
    const ids = ['re_z', 're_a', 're_m']
    const refunds = ids.map((id, index) =>
      refund({
        id,
        paymentId: 'pay_1',
        outRequestNo: `rf_${id}`,
        reference: index === 0 ? null : id,
        reason: '少了一杯',
        sentAt: opening,
        failure: { code: 'ACQ.X', message: 'x', alipayMessage: '余额不足' },
      }),
    )
    for (let count = 1; count <= 3; count++) {
      const change = { status: 'succeeded', version: count + 1 } as const
      await store.save(commitOf('pay_1', change, refunds.slice(0, count)))
    }
    expect((await store.find({ id: 'pay_1' }))?.refunds).toEqual(refunds)
    expect((await store.find({ refundId: 're_m' }))?.refunds).toEqual(refunds)
    expect(await store.find({ refundId: 're_unknown' })).toBeUndefined()

    const changed = refunds.map((other) => ({
      ...other,
      status: 'succeeded' as const,
      failure: null,
    }))
    await store.save(commitOf('pay_1', { status: 'succeeded', version: 5 }, changed))
    expect((await store.find({ id: 'pay_1' }))?.refunds).toEqual(changed)
  })

  test('are not written by whoever believes an old version, nor is what goes along', async () => {
    await store.insert(commitOf('pay_1'), lease())
    const change = (status: Payment['status'], version: number) =>
      store.save(commitOf('pay_1', { status, version }, [refund({ paymentId: 'pay_1' })]))
    expect(await change('closing', 2)).toBe(true)
    for (const version of [1, 2, 4]) expect(await change('succeeded', version)).toBe(false)
    expect((await store.find({ id: 'pay_1' }))?.payment).toMatchObject({
      status: 'closing',
      version: 2,
    })
    expect(await store.timeline('pay_1')).toHaveLength(2)
  })

  test('of ten writers with one version, one is heard', async () => {
    await store.insert(commitOf('pay_1'), lease())
    const saved = await Promise.all(
      Array.from({ length: 10 }, (_, unknownCalls) =>
        store.save(commitOf('pay_1', { version: 2, unknownCalls })),
      ),
    )
    expect(saved.filter(Boolean)).toHaveLength(1)
    const winner = saved.indexOf(true)
    expect((await store.find({ id: 'pay_1' }))?.payment.unknownCalls).toBe(winner)
  })

  test('are listed newest first, page by page, also where several have the same moment', async () => {
    for (const [index, id] of ['pay_c', 'pay_a', 'pay_b', 'pay_d'].entries()) {
      await store.insert(commitOf(id, { createdAt: addMs(opening, index < 3 ? 0 : 1) }), lease())
    }
    const all = (await store.list({ limit: 10 })).map(({ payment }) => payment.id)
    expect(all).toEqual(['pay_d', 'pay_c', 'pay_b', 'pay_a'])
    const pages: string[] = []
    for (let before: string | undefined; pages.length < 4; before = pages.at(-1)) {
      const page = await store.list({ limit: 1, ...(before === undefined ? {} : { before }) })
      pages.push(...page.map(({ payment }) => payment.id))
    }
    expect(pages).toEqual(all)
    expect(await store.list({ limit: 10, before: 'pay_a' })).toEqual([])
  })

  test('keep their timeline in the order in which it was learned', async () => {
    const { record, ...rest } = commitOf('pay_1')
    const kinds = ['one', 'two', 'three']
    const timeline = kinds.map((kind) => ({
      at: opening,
      kind,
      source: 'gateway',
      summary: { amount: 1, nothing: null, text: '咖啡' },
    }))
    await store.insert({ ...rest, record, timeline }, lease())
    expect(await store.timeline('pay_1')).toEqual(timeline)
  })
})

describe('a reference', () => {
  let store: PaymentStore
  beforeEach(async () => {
    store = await open()
  })
  const reference = 'A-1'
  const insert = (id: string, change: Partial<Payment> = {}) =>
    store.insert(commitOf(id, { reference, ...change }), lease())

  test('has one open payment: of ten inserts at once, one wins', async () => {
    const inserted = await Promise.all(
      Array.from({ length: 10 }, (_, index) => insert(`pay_${index}`)),
    )
    expect(inserted.filter(Boolean)).toHaveLength(1)
    expect(await store.list({ limit: 100 })).toHaveLength(1)
  })

  test('stays taken while it is paid, and is free when it has expired or all has gone back', async () => {
    await insert('pay_1')
    await store.save(commitOf('pay_1', { reference, version: 2, status: 'succeeded' }))
    expect(await insert('pay_2')).toBe(false)
    const back = refund({ paymentId: 'pay_1', amount: toFen(8888), status: 'succeeded' })
    await store.save(commitOf('pay_1', { reference, version: 3, status: 'succeeded' }, [back]))
    expect(await insert('pay_2')).toBe(true)
    await store.save(commitOf('pay_2', { reference, version: 2, status: 'expired' }))
    expect(await insert('pay_3', { createdAt: addMs(opening, 1) })).toBe(true)
    expect((await store.listByReference(reference)).map(({ payment }) => payment.id)[0]).toBe(
      'pay_3',
    )
    expect(await store.listByReference(reference)).toHaveLength(3)
  })

  test('that is sold again does not keep late money of the first sale from being booked', async () => {
    await insert('pay_1')
    await store.save(commitOf('pay_1', { reference, version: 2, status: 'expired' }))
    await insert('pay_2')
    const late = commitOf('pay_1', { reference, version: 3, status: 'succeeded', late: true })
    expect(await store.save(late)).toBe(true)
    expect((await store.find({ id: 'pay_1' }))?.payment.status).toBe('succeeded')
    await store.save(commitOf('pay_2', { reference, version: 2, status: 'succeeded' }))
    expect(await insert('pay_3')).toBe(false)
  })

  test('whose number is taken is refused, not an error', async () => {
    await insert('pay_1')
    await store.save(commitOf('pay_1', { reference, version: 2, status: 'failed' }))
    expect(await insert('pay_2', { outTradeNo: 'sm_pay_1' })).toBe(false)
    expect(await store.find({ id: 'pay_2' })).toBeUndefined()
  })
})

describe('leases', () => {
  let store: PaymentStore
  const due = { nextStepAt: opening }
  beforeEach(async () => {
    store = await open()
  })

  const add = async (id: string, change: Partial<Payment> = due) => {
    const first = lease()
    await store.insert(commitOf(id, change), first)
    await store.release(id, first)
  }
  const ids = (records: readonly PaymentRecord[]) => records.map(({ payment }) => payment.id).sort()

  test('give a due payment to one claimer alone, until it is given back', async () => {
    for (let count = 0; count < 20; count++) await add(`pay_${count}`)
    const [mine, ...others] = await Promise.all(
      Array.from({ length: 5 }, () => store.claimDue(opening, 7, lease())),
    )
    const all = [mine ?? [], ...others].flat()
    expect(all).toHaveLength(20)
    expect(new Set(ids(all)).size).toBe(20)
    expect(await store.claimDue(opening, 7, lease())).toEqual([])
    expect(await store.claim('pay_0', opening, lease())).toBeUndefined()
  })

  test('are given to whoever inserts, and end by themselves', async () => {
    await store.insert(commitOf('pay_1', due), lease())
    expect(await store.claimDue(addMs(opening, 89_999), 10, lease())).toEqual([])
    expect(ids(await store.claimDue(addMs(opening, 90_000), 10, lease()))).toEqual(['pay_1'])
  })

  test('are given back only by their holder', async () => {
    await add('pay_1')
    const [first, second] = [lease(), lease()]
    expect(await store.claim('pay_1', opening, first)).toMatchObject({ payment: { id: 'pay_1' } })
    await store.release('pay_1', second)
    expect(await store.claim('pay_1', opening, second)).toBeUndefined()
    await store.release('pay_1', first)
    expect(await store.claim('pay_1', opening, second)).toBeDefined()
  })

  test('are kept by a commit', async () => {
    await store.insert(commitOf('pay_1', due), lease())
    await store.save(commitOf('pay_1', { ...due, version: 2 }))
    expect(await store.claimDue(opening, 10, lease())).toEqual([])
  })

  test('are for what is due, the longest due first', async () => {
    await add('pay_later', { nextStepAt: addMs(opening, 1) })
    await add('pay_never', { nextStepAt: null })
    await add('pay_now')
    await add('pay_before', { nextStepAt: addMs(opening, -1) })
    expect(ids(await store.claimDue(opening, 1, lease()))).toEqual(['pay_before'])
    expect(ids(await store.claimDue(opening, 10, lease()))).toEqual(['pay_now'])
    expect(ids(await store.claimDue(addMs(opening, 1), 10, lease()))).toEqual(['pay_later'])
  })

  test('come with a refund that is due, though its payment is not', async () => {
    await add('pay_1', { status: 'succeeded', nextStepAt: null })
    const open = refund({ paymentId: 'pay_1', nextStepAt: opening })
    const change = { status: 'succeeded', nextStepAt: null, version: 2 } as const
    await store.save(commitOf('pay_1', change, [open]))
    expect(await store.claimDue(addMs(opening, -1), 10, lease())).toEqual([])
    expect(await store.claimDue(opening, 10, lease())).toMatchObject([
      { refunds: [{ id: 're_1' }] },
    ])
  })
})

test('a notification of an unknown order is kept without what it says of the buyer', async () => {
  const store = await open()
  await store.storeOrphan({
    outTradeNo: 'x',
    receivedAt: opening,
    params: { trade_no: '1', buyer_logon_id: '138****1234', buyer_id: '2088', empty: undefined },
  })
  await close()
  const database = await openDatabase(file)
  const rows = database.prepare('select out_trade_no, params from orphan_notifications').all()
  database.close()
  expect(rows).toEqual([{ out_trade_no: 'x', params: '{"trade_no":"1"}' }])
})

test('what is only in memory is forgotten', async () => {
  const store = await open(':memory:')
  await store.insert({ ...commitOf('pay_1'), record: { payment: payment(), refunds: [] } }, lease())
  await close()
  expect(await (await open(':memory:')).list({ limit: 1 })).toEqual([])
})

/** Starts a process on the file. Its lines are what it says. */
function start(task: 'hold' | 'lease' | 'write') {
  const script = join(import.meta.dirname, 'store-process.ts')
  const child = spawn(process.execPath, ['--import', 'tsx', script, file, task], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  processes.push(child)
  return { child, lines: createInterface(child.stdout)[Symbol.asyncIterator]() }
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}

test('a file with payments opens for their application and mode, and for no other', async () => {
  const first = await openSqliteStore(file, { identity: 'test 9021000000000001' })
  await first.payments.insert(commitOf('1'), lease())
  await first.close()
  await expect(openSqliteStore(file, { identity: 'live 2021000000000001' })).rejects.toThrow(
    'holds the payments of test 9021000000000001, not of live 2021000000000001',
  )
  const again = await openSqliteStore(file, { identity: 'test 9021000000000001' })
  await again.close()
})

test('a file without payments may change hands: a mistyped APPID is no harm', async () => {
  const mistyped = await openSqliteStore(file, { identity: 'test 9021000000000000' })
  await mistyped.close()
  const right = await openSqliteStore(file, { identity: 'test 9021000000000001' })
  await right.payments.insert(commitOf('1'), lease())
  await right.close()
  await expect(openSqliteStore(file, { identity: 'test 9021000000000000' })).rejects.toThrow(
    'holds the payments of test 9021000000000001',
  )
})

test('a notification of an unknown order that comes again is kept once', async () => {
  const store = await openSqliteStore(':memory:')
  const orphan = { outTradeNo: 'X', receivedAt: lease().until, params: { notify_id: 'n1' } }
  await store.payments.storeOrphan(orphan)
  await expect(store.payments.storeOrphan(orphan)).resolves.toBeUndefined()
  await store.close()
})
