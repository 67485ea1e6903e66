/**
 * The store of many nodes: PostgreSQL, which several applications and any number of processes
 * share. Its own commit is what durability rests on.
 *
 * @module
 */

import { sql } from 'kysely'
import { appIdOf } from '../access/index.ts'
import { systemClock } from '../alipay/index.ts'
import { StoreUnavailable } from '../payments/payment-store.ts'
import { createAccessStore } from './access-queries.ts'
import { createAlarmStore } from './alarm-queries.ts'
import { StoreMoved, StoreNotDurable, type StoreDatabase } from './database.ts'
import { createDeskStore } from './desk-queries.ts'
import { createFigureStore } from './figure-queries.ts'
import { createBooksStore } from './books-queries.ts'
import type { StoreCrashPoint } from './group-commit.ts'
import { migrate } from './migrations.ts'
import { BatchGate } from './postgres-batches.ts'
import { statementKysely, toResult, transactionKysely } from './postgres-dialect.ts'
import { PostgresHearing } from './postgres-hearing.ts'
import { PostgresHosts } from './postgres-hosts.ts'
import { createPostgresPayments } from './postgres-payments.ts'
import { resealAll } from './reseal.ts'
import { createRetentionStore } from './retention-queries.ts'
import { IDENTITY_DEFAULT, type AppStore, type Store } from './store.ts'
import { createUserStore } from './user-queries.ts'
import { createWebhookStore } from './webhook-queries.ts'
import { probeWrite } from './write-probe.ts'

/** A store on PostgreSQL. */
export interface PostgresStore extends Store {
  readonly kind: 'postgresql'
}

/** How PostgreSQL is opened. */
export interface PostgresStoreOptions {
  /**
   * `postgres://user:password@host:port/database`. Several hosts, `host1:port1,host2:port2`, are a
   * primary and its standbys, whichever is which at the time.
   */
  readonly url: string
  /**
   * Where to listen to other nodes, if `url` goes through a pooler such as PgBouncer: past it.
   * Default: `url`.
   */
  readonly listenUrl?: string | undefined
  /**
   * Whose payments these are, e.g. `live 2021000000000000`: the rows of others are not seen.
   * Default: `default`.
   */
  readonly identity?: string | undefined
  /** Connections at the most, besides the one that listens. Default: 10. */
  readonly poolMax?: number | undefined
  /** Called where a process may die. */
  readonly crashPoint?: ((point: StoreCrashPoint) => void) | undefined
}

/**
 * Connects to PostgreSQL 14 or newer, and brings the schema up to date.
 *
 * @throws {StoreNotDurable} If the server does not keep what it acknowledges.
 * @throws {StoreMoved} If not all rows of a SQLite file have come here yet.
 * @throws {StoreTooOld} If the tables were made by a version before the first release.
 * @throws {StoreUnavailable} If it cannot be reached.
 */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<PostgresStore> {
  const { url, identity = IDENTITY_DEFAULT, poolMax = 10, crashPoint = () => {} } = options
  await bringUpToDate(url, identity)
  const hosts = new PostgresHosts({ url, poolMax })
  const shared: Omit<StoreDatabase, 'app'> = {
    kind: 'postgresql',
    db: statementKysely(hosts),
    // As a query of its own it is asked once a statement, and an index may be searched for it.
    now: () => sql<number>`(select floor(extract(epoch from clock_timestamp()) * 1000)::bigint)`,
    async atomically(statements) {
      const results = await hosts.transaction(statements.map((statement) => statement.compile()))
      return results.map(toResult)
    },
  }
  const gate = new BatchGate()
  const hearing = new PostgresHearing({ hosts, listenUrl: options.listenUrl ?? url })
  const stores = new Map<string, AppStore>()
  const of = (app: string): AppStore => {
    const known = stores.get(app)
    if (known !== undefined) return known
    const heard = hearing.of(app)
    const its = { ...shared, app }
    const store = {
      payments: createPostgresPayments({
        hosts,
        shared: its,
        gate,
        crashPoint,
        onCommitted: (paymentIds) => heard.tell(paymentIds),
        hear: (listener) => heard.hear(listener),
      }),
      webhooks: createWebhookStore(its),
      figures: createFigureStore(its),
      books: createBooksStore(its),
      alarms: createAlarmStore(its),
      retention: createRetentionStore(its, appIdOf(app)),
    }
    stores.set(app, store)
    return store
  }
  let isOpen = true
  return {
    kind: 'postgresql',
    ...of(identity),
    access: createAccessStore(shared),
    users: createUserStore(shared),
    desk: createDeskStore(shared),
    reseal: (reseal) => resealAll(shared, reseal),
    probeWrite: () => probeWrite(shared.db, systemClock.now()),
    of,
    failed: new Promise(() => {}),
    async close() {
      if (!isOpen) return
      isOpen = false
      await gate.drain()
      await hearing.close()
      await hosts.end()
    },
  }
}

async function bringUpToDate(url: string, identity: string): Promise<void> {
  const hosts = new PostgresHosts({ url, poolMax: 1, statementMaxMs: MIGRATION_MAX_MS })
  try {
    await migrate(transactionKysely(hosts), 'postgresql')
    await refuseHalfMoved(hosts, identity)
  } catch (error) {
    const isNotDurable = error instanceof StoreUnavailable && error.cause instanceof StoreNotDurable
    throw isNotDurable ? error.cause : error
  } finally {
    await hosts.end()
  }
}

/** Half of an application's payments are not served: the other half would be forgotten. */
async function refuseHalfMoved(hosts: PostgresHosts, identity: string): Promise<void> {
  const { rows } = await hosts.query<{ apps: string }>(
    `select apps from moves where state = 'moving'`,
  )
  const isMoving = rows.some(({ apps }) => (JSON.parse(apps) as string[]).includes(identity))
  if (isMoving) throw new StoreMoved(identity)
}

/** For a statement of a migration, and for the node that waits until another has run them. */
const MIGRATION_MAX_MS = 600_000
