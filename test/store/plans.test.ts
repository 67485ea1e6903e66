/**
 * No question that is asked at each step of a payment reads more, the more payments there are.
 *
 * @module
 */

import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { Client } from 'pg'
import { addMs, toFen, toInstant } from '../../src/alipay/index.ts'
import type { PaymentFilter, PaymentRecord, PaymentStore } from '../../src/payments/index.ts'
import { openDatabase } from '../../src/store/database-sync.ts'
import { RETENTION_KIND_NAMES } from '../../src/retention/index.ts'
import { openPostgresStore, openSqliteStore, type Store } from '../../src/store/index.ts'
import { postgresPrograms, query, sharedPostgres } from '../machines/postgres.ts'
import { putMany, type Wanted } from './many-payments.ts'
import { storeKinds, testFolder, type StoreKind } from './opened-stores.ts'
import { commitOf, lease, moveOf, opening, refund } from './payments-to-store.ts'

/** Every statement that was prepared. */
const prepared = vi.hoisted(() => new Set<string>())

vi.mock('../../src/store/database-sync.ts', async (importActual) => {
  const actual = await importActual<typeof import('../../src/store/database-sync.ts')>()
  return {
    ...actual,
    async openDatabase(file: string) {
      return new Proxy(await actual.openDatabase(file), {
        get(target, name) {
          const value: unknown = Reflect.get(target, name)
          if (typeof value !== 'function') return value
          return (...args: unknown[]): unknown => {
            if (name === 'prepare') prepared.add(String(args[0]))
            return value.apply(target, args)
          }
        },
      })
    },
  }
})

// A server and thousands of payments are made for some of them.
vi.setConfig({ testTimeout: 60_000 })

beforeEach(() => prepared.clear())

async function fill(store: PaymentStore, count: number): Promise<void> {
  await Promise.all(
    Array.from({ length: count }, (_, index) => {
      const id = `pay_${index}`
      const held = lease()
      const change = { reference: `A-${index}`, createdAt: addMs(opening, index) }
      return store.insert(commitOf(id, change, [], { release: held }), held)
    }),
  )
}

/** Everything that the engine does with a payment. */
async function useAll(store: PaymentStore): Promise<void> {
  const held = lease()
  const [first] = (await store.claimDue(5, held)) as [PaymentRecord]
  const { id, outTradeNo, checkoutToken, reference } = first.payment
  expect(await store.reschedule(moveOf(id))).toBe(true)
  const commit = commitOf(id, { reference, version: 2, status: 'succeeded' }, [refund(id, 're_1')])
  expect(await store.save({ ...commit, release: held })).toBe('saved')
  for (const key of [{ id }, { outTradeNo }, { checkoutToken }, { refundId: 're_1' }]) {
    expect(await store.find(key)).toBeDefined()
  }
  expect(await store.listByReference(reference ?? '')).toHaveLength(1)
  expect(await store.timeline(id)).toHaveLength(2)
  expect(await store.list({ limit: 5 })).toHaveLength(5)
  expect(await store.list({ limit: 5, before: 'pay_9' })).toHaveLength(5)
  expect(await store.claim(id, held)).toBeDefined()
  await store.release(held, id, null)
  expect(await store.nextDueInMs()).toBe(0)
  const last = await store.lastEventPosition()
  expect(await store.eventsAfter(last - 5, 5)).toHaveLength(5)
  await store.storeOrphan({ outTradeNo: 'x', receivedAt: opening, params: { notify_id: 'n' } })
  await store.quarantine({ receivedAt: opening, body: 'x' })
}

/** A batch of each kind, counted and pruned. */
async function pruneAll({ retention }: Store): Promise<void> {
  const held = lease()
  for (const kind of RETENTION_KIND_NAMES) {
    expect(await retention.claim(kind, held, opening)).toBeDefined()
    for (const isTrial of [true, false]) {
      const batch = { before: addMs(opening, 1_000_000), after: '', limit: 10, isTrial }
      await retention.prune(kind, batch)
    }
    const walk = { walkedTo: '', turnedAt: opening, pruned: 0, finishedAt: null }
    expect(await retention.save(kind, held, walk)).toBe(true)
  }
}

test('SQLite finds every row that a statement is about by an index', async () => {
  const file = join(testFolder(), 'saoma.db')
  const store = await openSqliteStore(file)
  onTestFinished(() => store.close())
  await fill(store.payments, 10)
  await useAll(store.payments)
  await pruneAll(store)
  const statements = [...prepared].filter((text) =>
    /^\s*(?:select|update|delete|with)\b/i.test(text),
  )
  expect(statements.length).toBeGreaterThan(20)
  const database = await openDatabase(file)
  onTestFinished(() => database.close())
  const details = statements.flatMap((text) =>
    database
      .prepare(`explain query plan ${text}`)
      .all()
      .map((row) => `${(row as { detail: string }).detail}: ${text}`),
  )
  // All payments of an application are all payments of the file: only pages of the list go along them.
  const ofApp = details.filter((line) =>
    /^SEARCH payments USING \w+(?: \w+)? \w+ \(app=\?\):/.test(line),
  )
  expect(
    ofApp.filter((line) => !line.endsWith('order by "created_at" desc, "id" desc limit ?')),
  ).toEqual([])
  expect(ofApp).not.toEqual([])
  const scans = details.filter((line) => line.startsWith('SCAN'))
  expect(scans.toSorted()).toEqual(
    [
      // From the end, and one application has a file for itself.
      'SCAN events: select "position" from "events" where "app" = ? order by "position" desc limit ?',
      // When the file is opened.
      `SCAN alarm_deliveries USING INDEX alarm_deliveries_due: update "alarm_deliveries" set "due_at" = ?, "lease_token" = ?, "leased_until" = ? where "due_at" is not null and ("leased_until" > ? or "due_at" > ?)`,
      'SCAN due_payments: delete from "due_payments" where "due_at" is null',
      'SCAN due_payments: update "due_payments" set "due_at" = ?, "lease_token" = ?, "leased_until" = ?',
      'SCAN idempotency_keys: update "idempotency_keys" set "holder" = ?, "held_until" = ? where "holder" is not null',
      'SCAN migrations: select "name" from "migrations"',
      'SCAN moves: select "state", "peer" from "moves"',
      'SCAN reconciliations: update "reconciliations" set "lease_token" = ?, "leased_until" = ? where "leased_until" > ?',
      "SCAN sqlite_schema: select name from sqlite_schema where type = 'table'",
      `SCAN webhook_deliveries USING INDEX webhook_deliveries_due: update "webhook_deliveries" set "due_at" = ?, "lease_token" = ?, "leased_until" = ? where "due_at" is not null and ("leased_until" > ? or "due_at" > ?)`,
      'SCAN webhook_endpoints: update "webhook_endpoints" set "paused_until" = ? where "paused_until" > ?',
    ].toSorted(),
  )
})

/** What people look for in the list of payments, and the index that finds it on SQLite. */
const SEARCHES: Readonly<Record<string, readonly [(wanted: Wanted) => PaymentFilter, string]>> = {
  'our id': [({ id }) => ({ search: id }), 'sqlite_autoindex_payments_1'],
  'the order number': [({ outTradeNo }) => ({ search: outTradeNo }), 'payments_out_trade_no'],
  'the merchant’s number': [({ reference }) => ({ search: reference }), 'payments_by_reference'],
  'Alipay’s number': [({ tradeNo }) => ({ search: tradeNo }), 'payments_by_trade_no'],
  'its last digits': [({ tradeNo }) => ({ search: tradeNo.slice(-6) }), 'payments_by_trade_no'],
  'the masked account': [({ buyerLogonId }) => ({ search: buyerLogonId }), 'payments_by_buyer'],
  'the amount': [({ amount }) => ({ amount: toFen(amount) }), 'payments_by_amount'],
  'the time': [
    ({ createdAt }) => ({
      createdFrom: toInstant(createdAt),
      createdBefore: toInstant(createdAt + 1),
    }),
    'payments_by_creation',
  ],
}
const FILTERS: Readonly<Record<string, readonly [PaymentFilter, string]>> = {
  open: [{ status: 'pending' }, 'due_payments_in_order'],
  'just made': [{ status: 'created' }, 'due_payments_in_order'],
  paid: [{ status: 'succeeded' }, 'payments_by_creation'],
  canceled: [{ status: 'canceled' }, 'payments_by_status'],
  'to be looked at': [{ inReview: true }, 'payments_in_review'],
}

test('SQLite finds what people look for by the index that is made for it', async () => {
  let opened = await (storeKinds[0] as StoreKind).open()
  const wanted = await putMany(opened, 2_000)
  const reads = async (filter: PaymentFilter): Promise<string> => {
    // What was asked before is prepared already.
    opened = await opened.reopen()
    prepared.clear()
    await opened.payments.list({ limit: 5, ...filter })
    const plans = [...prepared].map((text) => opened.query(`explain query plan ${text}`))
    const lines = (await Promise.all(plans)).flat().map((row) => String(row['detail']))
    expect(lines.filter((line) => line.startsWith('SCAN'))).toEqual([])
    return lines.join('\n')
  }
  for (const [name, [filter, index]] of Object.entries(SEARCHES)) {
    const plan = await reads(filter(wanted))
    expect(plan, name).toContain(index)
    if (index !== 'payments_by_creation') expect(plan, name).not.toContain('payments_by_creation')
    const found = await opened.payments.list({ limit: 5, ...filter(wanted) })
    expect([name, found.map(({ payment }) => payment.id)]).toEqual([name, [wanted.id]])
  }
  for (const [name, [filter, index]] of Object.entries(FILTERS)) {
    const plan = await reads(filter)
    expect(plan, name).toContain(index)
    if (index !== 'payments_by_creation') expect(plan, name).not.toContain('payments_by_creation')
  }
  const open = await opened.payments.list({ limit: 5, status: 'pending' })
  expect(open.map(({ payment }) => payment.id)).toEqual(['pay_open'])
  prepared.clear()
  await opened.payments.listRefunds({ limit: 5, status: 'requires_action' })
  const [plan] = await Promise.all(
    [...prepared].map((text) => opened.query(`explain query plan ${text}`)),
  )
  expect(JSON.stringify(plan)).toContain('refunds_by_status')
})

describe.skipIf(postgresPrograms === '')('PostgreSQL', () => {
  test('finds what people look for by an index, never by going through the list', async () => {
    const url = await (await sharedPostgres()).createDatabase()
    const store = await openPostgresStore({ url })
    onTestFinished(() => store.close())
    const { payments } = store
    const wanted = await putMany({ store, payments, query: (text) => query(url, text) }, 5_000)
    await query(url, 'analyze')
    const sent: [string, unknown[]][] = []
    const send = vi.spyOn(Client.prototype, 'query')
    onTestFinished(() => send.mockRestore())
    const plan = async (ask: () => Promise<unknown>): Promise<string> => {
      sent.length = 0
      send.mockClear()
      await ask()
      for (const [first, values] of send.mock.calls as unknown as [unknown, unknown[]?][]) {
        const { text = first, values: given = values } = first as { text?: string; values?: [] }
        sent.push([String(text), given ?? []])
      }
      const explained = sent
        .filter(([text]) => /^\s*select/i.test(text))
        .map(([text, values]) => query(url, `explain ${text}`, values))
      return (await Promise.all(explained)).map((rows) => JSON.stringify(rows)).join('\n')
    }
    const ofPostgres = (index: string): string =>
      index.replace(/^(?:sqlite_auto|due_).*/, 'payments_pkey')
    const asked = [
      ...Object.entries(SEARCHES).map(([name, [of, index]]) => [name, of(wanted), index] as const),
      ...Object.entries(FILTERS).map(([name, [filter, index]]) => [name, filter, index] as const),
    ]
    for (const [name, filter, index] of asked) {
      const found = await plan(() => payments.list({ limit: 5, ...filter }))
      expect(found, name).toContain(ofPostgres(index))
      expect(found, name).not.toContain('Seq Scan on payments')
    }
  })

  test.each(['never', 'just now'])(
    'reads the rows that a statement is about, where tables were %s looked at',
    async (when) => {
      const url = await (await sharedPostgres()).createDatabase()
      const filling = await openPostgresStore({ url })
      await fill(filling.payments, 5_000)
      await filling.close()
      if (when === 'just now') await query(url, 'analyze')
      const counted = `select relname as name, seq_tup_read + coalesce(idx_tup_fetch, 0) as count
        from pg_stat_user_tables`
      // What a connection has read is counted once it is closed.
      const rowsRead = async () =>
        Object.fromEntries(
          (await query<{ name: string; count: string }>(url, counted)).map(({ name, count }) => [
            name,
            Number(count),
          ]),
        )
      const before = await rowsRead()
      const store = await openPostgresStore({ url })
      await useAll(store.payments)
      // At night, when PostgreSQL has statistics of what is old.
      if (when === 'just now') await pruneAll(store)
      const moves = Array.from({ length: 20 }, (_, index) => moveOf(`pay_${1_000 + index}`))
      await Promise.all(moves.map((move) => store.payments.reschedule(move)))
      await store.close()
      await vi.waitFor(async () => {
        const connected = `select from pg_stat_activity
          where datname = current_database() and pid <> pg_backend_pid()`
        expect(await query(url, connected)).toEqual([])
      })
      const after = await rowsRead()
      for (const table of ['payments', 'due_payments', 'events', 'evidence', 'refunds']) {
        const read = (after[table] ?? 0) - (before[table] ?? 0)
        expect(`${table}: ${read < 500 ? 'few' : read}`).toBe(`${table}: few`)
      }
    },
  )
})
