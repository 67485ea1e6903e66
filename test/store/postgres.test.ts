/**
 * What is special to PostgreSQL: many nodes share it, it is on another machine, and it goes away.
 *
 * @module
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { PaymentStore, StoredEvent } from '../../src/payments/index.ts'
import { StoreUnavailable } from '../../src/payments/payment-store.ts'
import {
  openPostgresStore,
  StoreNotDurable,
  StoreTooOld,
  type PostgresStore,
  type PostgresStoreOptions,
} from '../../src/store/index.ts'
import { MIGRATION_NAMES } from '../../src/store/migrations.ts'
import { hostUrls, PostgresHosts } from '../../src/store/postgres-hosts.ts'
import { startFaultProxy } from '../machines/fault-proxy.ts'
import { pgbouncerProgram, startPgbouncer } from '../machines/pgbouncer.ts'
import { postgresPrograms, query, sharedPostgres, startPostgres } from '../machines/postgres.ts'
import { startReplicatedPostgres } from '../machines/standby.ts'
import { PATIENCE } from '../saoma-program.ts'
import { add, commitOf, lease, moveOf } from './payments-to-store.ts'

const createDatabase = async (): Promise<string> => (await sharedPostgres()).createDatabase()

async function openStore(
  url: string,
  options: Partial<PostgresStoreOptions> = {},
): Promise<PostgresStore> {
  const store = await openPostgresStore({ url, ...options })
  onTestFinished(() => store.close())
  return store
}

async function connected(url: string): Promise<Client> {
  const client = new Client({ connectionString: url })
  await client.connect()
  onTestFinished(() => client.end())
  return client
}

const open = async (url: string, options: Partial<PostgresStoreOptions> = {}) =>
  (await openStore(url, options)).payments

describe('the address', () => {
  test.each([
    ['postgres://u:p@a/db', ['postgres://u:p@a/db']],
    ['postgresql://a:1,b:2/db', ['postgresql://a:1/db', 'postgresql://b:2/db']],
    [
      'postgres://u:p%40@a:1,b:2/db?sslmode=require&target_session_attrs=read-write',
      ['postgres://u:p%40@a:1/db?sslmode=require', 'postgres://u:p%40@b:2/db?sslmode=require'],
    ],
    ['postgres://u@a:1,[::1]:2', ['postgres://u@a:1', 'postgres://u@[::1]:2']],
  ])('%s names its hosts', (url, hosts) => {
    expect(hostUrls(url)).toEqual(hosts)
  })

  test.each(['mysql://a/db', 'postgres:///db', 'a:5432'])('%s is none', (url) => {
    expect(() => hostUrls(url)).toThrow('postgres://user:password@host:port/database')
  })
})

describe.skipIf(postgresPrograms === '')('a database', () => {
  test('is migrated once, by whichever of five nodes that start at once', async () => {
    const url = await createDatabase()
    const stores = await Promise.all(Array.from({ length: 5 }, () => open(url)))
    for (const [index, store] of stores.entries()) await add(store, `pay_${index}`)
    expect(await stores[0]?.list({ limit: 9 })).toHaveLength(5)
    expect(await query(url, 'select name from migrations')).toEqual(
      MIGRATION_NAMES.map((name) => ({ name })),
    )
  })

  test('of a version before the first release is refused', async () => {
    const url = await createDatabase()
    await query(url, 'create table kysely_migration (name text)')
    await expect(openPostgresStore({ url })).rejects.toThrow(StoreTooOld)
  })

  test('that a later version has migrated is taken: it left what this one needs', async () => {
    const url = await createDatabase()
    await add(await open(url), 'pay_1')
    await query(url, `insert into migrations values ('9999-from-the-future')`)
    expect(await (await open(url)).find({ id: 'pay_1' })).toBeDefined()
  })

  test('is shared by applications that do not see each other', async () => {
    const url = await createDatabase()
    const [one, other] = [
      await open(url, { identity: 'live 2021000000000001' }),
      await open(url, { identity: 'live 2021000000000002' }),
    ]
    const names = { reference: 'A-1', outTradeNo: 'sm_1' }
    expect(await one.insert(commitOf('pay_1', names), lease(0))).toBe('inserted')
    expect(await other.insert(commitOf('pay_2', names), lease(0))).toBe('inserted')
    const commit = commitOf('pay_1', { ...names, version: 2 })
    expect(await other.save(commit)).toBe('outdated')
    expect(await other.reschedule(moveOf('pay_1', names))).toBe(false)
    expect(await other.claim('pay_1', lease())).toBeUndefined()
    for (const key of [{ id: 'pay_1' }, { checkoutToken: 'token_pay_1' }]) {
      expect(await other.find(key)).toBeUndefined()
    }
    expect(await other.timeline('pay_1')).toEqual([])
    const theirs = [
      await other.find({ outTradeNo: 'sm_1' }),
      ...(await other.list({ limit: 9 })),
      ...(await other.listByReference('A-1')),
      ...(await other.claimDue(9, lease())),
    ]
    expect(theirs.map((record) => record?.payment.id)).toEqual(Array(4).fill('pay_2'))
    expect(await other.eventsAfter(0, 9)).toMatchObject([{ paymentId: 'pay_2' }])
    expect(await one.save(commit)).toBe('saved')
  })

  test.each([
    ['fsync', 'off'],
    ['full_page_writes', 'off'],
    ['synchronous_commit', 'off'],
  ])('of a server with %s=%s is refused', async (name, value) => {
    const server = await startPostgres({ settings: { [name]: value } })
    const refused = openPostgresStore({ url: server.url })
    await expect(refused).rejects.toThrow(StoreNotDurable)
    await expect(refused).rejects.toThrow(`${name}=off`)
  })

  test('goes by its own clock, whatever that of a node says', async () => {
    const url = await createDatabase()
    const [early, late] = [await open(url), await open(url)]
    await add(early, 'pay_1')
    expect(await early.claim('pay_1', lease())).toBeDefined()
    vi.useFakeTimers({ toFake: ['Date'], now: new Date('2036-01-01') })
    onTestFinished(() => void vi.useRealTimers())
    expect(await late.claim('pay_1', lease())).toBeUndefined()
    expect(await late.claimDue(1, lease())).toEqual([])
    expect(await late.nextDueInMs()).toBeGreaterThan(60_000)
  })
})

describe.skipIf(postgresPrograms === '')('writes', () => {
  test('that come together are few statements, and few while these are under way', async () => {
    const url = await createDatabase()
    let statements = 0
    const store = await open(url, {
      crashPoint: (point) => void (statements += +(point === 'store-before-commit')),
    })
    const ids = Array.from({ length: 1_000 }, (_, index) => `pay_${index}`)
    await Promise.all(ids.map((id) => store.insert(commitOf(id), lease())))
    await Promise.all(ids.map((id) => store.save(commitOf(id, { version: 2 }))))
    expect(statements).toBeLessThan(30)
    expect(await store.eventsAfter(0, 10_000)).toHaveLength(2_000)
  })

  test('that were asked for before the close are made', async () => {
    const url = await createDatabase()
    const store = await openPostgresStore({ url })
    const ids = Array.from({ length: 900 }, (_, index) => `pay_${index}`)
    const inserting = Promise.all(ids.map((id) => store.payments.insert(commitOf(id), lease())))
    await store.close()
    expect(new Set(await inserting)).toEqual(new Set(['inserted']))
    await expect(store.payments.list({ limit: 1 })).rejects.toMatchObject({
      name: 'StoreUnavailable',
      outcome: 'not_applied',
    })
  })

  test('that PostgreSQL has ended for the sake of another are made again', async () => {
    const url = await createDatabase()
    const store = await open(url)
    await add(store, 'pay_1')
    await add(store, 'pay_2')
    await query(url, `alter database ${new URL(url).pathname.slice(1)} set deadlock_timeout = '2s'`)
    const client = await connected(url)
    await client.query('set deadlock_timeout = 60000')
    const lock = (id: string) =>
      client.query('select id from payments where id = $1 for update', [id])
    await client.query('begin')
    await lock('pay_2')
    const fresh = await open(url)
    const saving = ['pay_1', 'pay_2'].map((id) => fresh.save(commitOf(id, { version: 2 })))
    await vi.waitFor(async () => {
      const waiting = `select from pg_stat_activity where wait_event = 'transactionid'`
      expect(await query(url, waiting)).toHaveLength(1)
    }, PATIENCE)
    await lock('pay_1')
    await client.query('commit')
    expect(await Promise.all(saving)).toEqual(['saved', 'saved'])
    const deadlocks = `select deadlocks from pg_stat_database where datname = current_database()`
    await vi.waitFor(async () => {
      expect(Number((await query(url, deadlocks))[0]?.['deadlocks'])).toBeGreaterThan(0)
    }, PATIENCE)
  })

  test('of others are not waited for by who claims what is due', async () => {
    const url = await createDatabase()
    const store = await open(url)
    for (const id of ['pay_1', 'pay_2']) await add(store, id)
    const client = await connected(url)
    await client.query('begin')
    await client.query(`select from due_payments where payment_id = 'pay_1' for update`)
    const claimed = await store.claimDue(9, lease())
    expect(claimed.map(({ payment }) => payment.id)).toEqual(['pay_2'])
  })

  test('leave no transaction open in which a node could be stopped', async () => {
    const { url } = await sharedPostgres()
    const database = await createDatabase()
    const store = await open(database)
    const proxyless = `select state, query from pg_stat_activity
      where datname = '${new URL(database).pathname.slice(1)}' and state like 'idle in%'`
    const seen: unknown[] = []
    const looking = (async () => {
      for (let count = 0; count < 20; count++) seen.push(...(await query(url, proxyless)))
    })()
    for (let count = 0; count < 20; count++) {
      await Promise.all(
        Array.from({ length: 20 }, (_, index) => add(store, `pay_${count}_${index}`)),
      )
      await store.claimDue(20, lease())
    }
    await looking
    expect(seen).toEqual([])
  })
})

describe.skipIf(postgresPrograms === '')('events', () => {
  test('are never passed over, however late the commit of the ones before', async () => {
    const url = await createDatabase()
    const nodes = await Promise.all(Array.from({ length: 4 }, () => open(url)))
    // Between the position of an event and its commit lies a while, a different one each time.
    await query(
      url,
      `create function dawdle() returns trigger language plpgsql as $$
        begin perform pg_sleep(random() * 0.02); return null; end $$`,
    )
    await query(
      url,
      `create trigger dawdle after insert on events for each statement execute function dawdle()`,
    )
    let isWriting = true
    const followed: StoredEvent[] = []
    const following = (async () => {
      const reader = nodes[0] as PaymentStore
      for (let isLast = false; !isLast;) {
        isLast = !isWriting
        followed.push(...(await reader.eventsAfter(followed.at(-1)?.position ?? 0, 7)))
        if (isLast && (await reader.lastEventPosition()) !== followed.at(-1)?.position)
          isLast = false
      }
    })()
    const ids: string[] = []
    const write = async (node: PaymentStore, name: string): Promise<void> => {
      for (let count = 0; count < 12; count++) {
        const id = `pay_${name}_${count}`
        await add(node, id)
        await node.save(commitOf(id, { version: 2 }))
        ids.push(id, id)
      }
    }
    await Promise.all(
      nodes.flatMap((node, index) => ['a', 'b', 'c'].map((name) => write(node, `${index}${name}`))),
    )
    isWriting = false
    await following
    expect(followed.map(({ paymentId }) => paymentId).toSorted()).toEqual(ids.toSorted())
    const positions = followed.map(({ position }) => position)
    expect(positions).toEqual(positions.toSorted((a, b) => a - b))
  })
})

describe.skipIf(postgresPrograms === '')('nodes', () => {
  test('hear of what others commit, and not of their own', async () => {
    const url = await createDatabase()
    const [one, other, stranger] = [
      await open(url),
      await open(url),
      await open(url, { identity: 'another' }),
    ]
    const heard: Record<string, string[]> = { one: [], other: [], stranger: [] }
    const hear = (store: PaymentStore, name: string) =>
      store.hear((ids) => heard[name]?.push(...ids))
    hear(one, 'one')
    const unhear = hear(other, 'other')
    hear(stranger, 'stranger')
    await vi.waitFor(async () => {
      await add(one, `pay_${heard['other']?.length}_${Math.random()}`)
      expect(heard['other']?.length).toBeGreaterThan(0)
    }, PATIENCE)
    await add(one, 'pay_a')
    await add(other, 'pay_b')
    await vi.waitFor(() => {
      expect(heard['other']).toContain('pay_a')
      expect(heard['one']).toEqual(['pay_b'])
    }, PATIENCE)
    unhear()
    await add(one, 'pay_c')
    await add(other, 'pay_d')
    await vi.waitFor(() => expect(heard['one']).toEqual(['pay_b', 'pay_d']), PATIENCE)
    expect(heard['other']).not.toContain('pay_c')
    expect(heard['stranger']).toEqual([])
  })

  test('that are told of too many payments are told to look', async () => {
    const url = await createDatabase()
    const [one, other] = [await open(url), await open(url)]
    const heard: (readonly string[])[] = []
    other.hear((ids) => heard.push(ids))
    await vi.waitFor(async () => {
      await add(one, `pay_${Math.random()}`)
      expect(heard.length).toBeGreaterThan(0)
    }, PATIENCE)
    const long = 'x'.repeat(100)
    const ids = Array.from({ length: 200 }, (_, index) => `pay_${long}_${index}`)
    await Promise.all(ids.map((id) => one.insert(commitOf(id), lease())))
    await vi.waitFor(() => expect(heard.some((told) => told.length === 0)).toBe(true), PATIENCE)
  })

  test('of all applications on one connection', async () => {
    const url = await createDatabase()
    const [one, other] = [await openStore(url), await openStore(url)]
    const names = ['test 1', 'test 2', 'test 3']
    const heard = new Map<string, string[]>(names.map((name) => [name, []]))
    for (const name of names) {
      other.of(name).payments.hear((ids) => void heard.get(name)?.push(...ids))
    }
    await vi.waitFor(async () => {
      for (const name of names) await add(one.of(name).payments, `${name}-${Math.random()}`)
      for (const name of names) expect(heard.get(name)).not.toEqual([])
    }, PATIENCE)
    for (const [name, ids] of heard) expect(ids.filter((id) => !id.startsWith(name))).toEqual([])
    const [row] = await query(
      url,
      `select count(*)::int as n from pg_stat_activity
        where datname = current_database() and query ilike 'listen%'`,
    )
    expect(row).toEqual({ n: 1 })
  })

  test('listen again after the server was away', async () => {
    const server = await startPostgres()
    const [one, other] = [await open(server.url), await open(server.url)]
    const heard: string[] = []
    other.hear((ids) => heard.push(...ids))
    const untilHeard = (prefix: string) =>
      vi.waitFor(async () => {
        await add(one, `${prefix}${Math.random()}`)
        expect(heard.some((id) => id.startsWith(prefix))).toBe(true)
      }, PATIENCE)
    await untilHeard('before')
    await server.restart()
    await untilHeard('after')
  })
})

describe.skipIf(postgresPrograms === '')('a server that is away', () => {
  test('has written nothing of what was not sent, and is used again when it is back', async () => {
    const server = await startPostgres()
    const store = await open(server.url)
    await add(store, 'pay_1')
    await server.stop()
    const save = () => store.save(commitOf('pay_1', { version: 2 }))
    // One whose end the pool has not seen yet may take it.
    await save().catch(() => {})
    for (const attempt of [
      save,
      () => store.find({ id: 'pay_1' }),
      () => store.list({ limit: 1 }),
    ]) {
      await expect(attempt()).rejects.toMatchObject({
        name: 'StoreUnavailable',
        code: 'ERR_STORE_UNAVAILABLE',
        outcome: 'not_applied',
      })
    }
    await server.start()
    expect(await save()).toBe('saved')
  })

  test('is told at the start', async () => {
    const server = await startPostgres()
    await server.stop()
    await expect(openPostgresStore({ url: server.url })).rejects.toThrow(StoreUnavailable)
  })

  test.each([
    ['cut-before', 1],
    ['cut-after', 2],
  ] as const)('when a write is under way (%s) leaves it unknown', async (kind, version) => {
    const server = await sharedPostgres()
    const url = await server.createDatabase()
    const proxy = await startFaultProxy(server.port)
    const store = await open(proxy.through(url))
    await add(store, 'pay_1')
    await proxy.set({ kind, matching: /update payments/, times: 1 })
    await expect(store.save(commitOf('pay_1', { version: 2 }))).rejects.toMatchObject({
      outcome: 'unknown',
    })
    expect((await store.find({ id: 'pay_1' }))?.payment.version).toBe(version)
  })

  test('without a word is given up after a while, and used again when it speaks', async () => {
    const server = await startPostgres()
    const hosts = new PostgresHosts({ url: server.url, poolMax: 2, statementMaxMs: 500 })
    onTestFinished(() => hosts.end())
    const ask = () => hosts.query('select 1 as one')
    await ask()
    server.pause()
    await expect(ask()).rejects.toMatchObject({ name: 'StoreUnavailable', outcome: 'unknown' })
    // Neither on a connection of its own.
    await expect(ask()).rejects.toMatchObject({ name: 'StoreUnavailable', outcome: 'not_applied' })
    server.resume()
    await vi.waitFor(async () => expect((await ask()).rows).toEqual([{ one: 1 }]), PATIENCE)
  })
})

describe.skipIf(postgresPrograms === '')('a fail-over', () => {
  test('loses nothing that was acknowledged, and the same address reaches the new primary', async () => {
    const servers = await startReplicatedPostgres()
    const store = await open(await servers.createDatabase())
    const acknowledged: string[] = []
    const over = new AbortController()
    const write = async (writer: number): Promise<void> => {
      for (let number = 0; !over.signal.aborted; number++) {
        const id = `pay_${writer}_${number}`
        await untilAvailable(async () => {
          if ((await store.insert(commitOf(id), lease())) === 'inserted') return
          // It was written, and only the answer was lost.
          expect(await store.find({ id })).toBeDefined()
        })
        acknowledged.push(id)
      }
    }
    const writing = Promise.all(Array.from({ length: 20 }, (_, writer) => write(writer)))
    await vi.waitUntil(() => acknowledged.length > 500, PATIENCE)
    await servers.killPrimary()
    await servers.promoteStandby()
    const before = acknowledged.length
    await vi.waitUntil(() => acknowledged.length > before + 500, PATIENCE)
    over.abort()
    await writing
    const kept = await store.list({ limit: 100_000 })
    expect(kept.map(({ payment }) => payment.id).toSorted()).toEqual(acknowledged.toSorted())
    expect(await store.eventsAfter(0, 100_000)).toHaveLength(acknowledged.length)
  }, 90_000)
})

async function untilAvailable(write: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      await write()
      return
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error
      await sleep(20)
    }
  }
}

describe.skipIf(postgresPrograms === '' || pgbouncerProgram === '')('through PgBouncer', () => {
  test('all is the same, and nodes hear each other past it', async () => {
    const server = await sharedPostgres()
    const direct = await server.createDatabase()
    const bouncer = await startPgbouncer({
      serverPort: server.port,
      settings: { default_pool_size: '3' },
    })
    const options = { listenUrl: direct }
    const url = bouncer.through(direct)
    const [one, other] = await Promise.all([open(url, options), open(url, options)])
    const heard: string[] = []
    other.hear((ids) => heard.push(...ids))
    await vi.waitFor(async () => {
      await add(one, `pay_${Math.random()}`)
      expect(heard.length).toBeGreaterThan(0)
    }, PATIENCE)
    const ids = Array.from({ length: 300 }, (_, index) => `pay_${index}`)
    const round = async (id: string): Promise<void> => {
      await add(one, id)
      await one.quarantine({ receivedAt: commitOf(id).record.payment.createdAt, body: id })
      expect(await other.save(commitOf(id, { version: 2 }))).toBe('saved')
      expect(await other.find({ id })).toMatchObject({ payment: { version: 2 } })
    }
    await Promise.all(ids.map(round))
    const claimed = await Promise.all([one.claimDue(200, lease()), other.claimDue(400, lease())])
    expect(claimed.flat().length).toBeGreaterThanOrEqual(300)
    expect(await one.quarantined()).toHaveLength(300)
  })
})
