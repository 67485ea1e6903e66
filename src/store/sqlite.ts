/**
 * The embedded store: one SQLite file, owned by one process. WAL with `synchronous=FULL`, so that
 * what is acknowledged survives a power cut.
 *
 * @module
 */

import { chmodSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { sql, type Kysely } from 'kysely'
import { appIdOf } from '../access/index.ts'
import { systemClock, type Clock } from '../alipay/index.ts'
import { createAccessStore } from './access-queries.ts'
import { createBooksStore } from './books-queries.ts'
import { createAlarmStore } from './alarm-queries.ts'
import { StoreMoved, StoreNotDurable, StoreOfAnother, type StoreDatabase } from './database.ts'
import { openDatabase, type DatabaseSync } from './database-sync.ts'
import { createDeskStore } from './desk-queries.ts'
import { createFigureStore } from './figure-queries.ts'
import { GroupCommit, type GroupCommitOptions } from './group-commit.ts'
import { migrate } from './migrations.ts'
import { resealAll } from './reseal.ts'
import { createRetentionStore } from './retention-queries.ts'
import type { Schema } from './schema.ts'
import { backUp } from './sqlite-backup.ts'
import { directKysely, groupedKysely, StatementRunner } from './sqlite-dialect.ts'
import { ownFile } from './sqlite-ownership.ts'
import { createSqlitePayments } from './sqlite-payments.ts'
import { IDENTITY_DEFAULT, type AppStore, type Store } from './store.ts'
import { createUserStore } from './user-queries.ts'
import { createWebhookStore } from './webhook-queries.ts'
import { probeWrite } from './write-probe.ts'

/** A store on a file. */
export interface SqliteStore extends Store {
  readonly kind: 'sqlite'
  /**
   * Copies the file as it is now, while payments go on.
   *
   * @param to A file that does not exist, in a folder that does.
   * @throws {BackupExists} If it does.
   */
  backup(to: string): Promise<void>
}

/** How a file is opened. */
export interface SqliteStoreOptions extends Partial<GroupCommitOptions> {
  /**
   * Whose payments it holds, e.g. `live 2021000000000000`. Kept with the first payment and compared
   * at each later opening: another application's gateway knows nothing of these payments, and would
   * have paid ones expire. Default: not compared.
   */
  readonly identity?: string | undefined
  /**
   * What leases and due times are counted by, while this process has the file; it should not jump.
   * Default: the machine's.
   */
  readonly clock?: Clock | undefined
}

/**
 * Opens a SQLite file, makes it where there is none, and brings its schema up to date.
 *
 * @param file Path of the file, or `:memory:`.
 * @throws {StoreInUse} If another process has it open.
 * @throws {StoreOfAnother} If its payments are those of another application or mode.
 * @throws {StoreMoved} If its rows are in PostgreSQL now.
 * @throws {StoreTooOld} If it was made by a version before the first release.
 * @throws {StoreNotDurable} If SQLite does not write through to the disk.
 */
export async function openSqliteStore(
  file: string,
  options: SqliteStoreOptions = {},
): Promise<SqliteStore> {
  if (file !== ':memory:') mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const releaseOwnership = file === ':memory:' ? () => {} : await ownFile(file)
  try {
    const database = await openDatabase(file)
    try {
      return await start(database, file, options, releaseOwnership)
    } catch (error) {
      database.close()
      throw error
    }
  } catch (error) {
    releaseOwnership()
    throw error
  }
}

async function start(
  database: DatabaseSync,
  file: string,
  options: SqliteStoreOptions,
  releaseOwnership: () => void,
): Promise<SqliteStore> {
  const { identity, clock = systemClock, scheduleFlush, crashPoint } = options
  if (file !== ':memory:') chmodSync(file, 0o600)
  setPragmas(database, file)
  const direct = directKysely(database)
  await migrate(direct, 'sqlite')
  if (identity !== undefined) await claimOwnership(direct, file, identity)
  await refuseMoved(direct, file)
  await wakeAll(direct, clock.now())

  let fail: (error: Error) => void
  const failed = new Promise<Error>((resolve) => {
    fail = resolve
  })
  const group = new GroupCommit(database, {
    scheduleFlush,
    crashPoint,
    onFatal(error) {
      fail(error)
      options.onFatal?.(error)
    },
  })
  const runner = new StatementRunner(database)
  const home = identity ?? IDENTITY_DEFAULT
  const shared: Omit<StoreDatabase, 'app'> = {
    kind: 'sqlite',
    db: groupedKysely(runner, group),
    now: () => sql<number>`${clock.now()}`,
    atomically: (statements) => {
      const compiled = statements.map((statement) => statement.compile())
      return group.write(() => compiled.map((statement) => runner.run(statement)))
    },
  }
  const stores = new Map<string, AppStore>()
  const of = (app: string): AppStore => {
    const known = stores.get(app)
    if (known !== undefined) return known
    const its = { ...shared, app }
    const store = {
      payments: createSqlitePayments({ database, group, shared: its, clock }),
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
    kind: 'sqlite',
    ...of(home),
    access: createAccessStore(shared),
    users: createUserStore(shared),
    desk: createDeskStore(shared),
    reseal: (reseal) => resealAll(shared, reseal),
    probeWrite: () => probeWrite(shared.db, clock.now()),
    of,
    failed,
    async backup(to) {
      group.assertUsable()
      if (file === ':memory:') throw new TypeError('What is only in memory has no file to copy')
      await backUp(file, to)
    },
    async close() {
      if (!isOpen) return
      isOpen = false
      group.close()
      database.close()
      releaseOwnership()
    },
  }
}

/**
 * Set at every open, and asserted: a build of SQLite may open an existing WAL file with
 * `synchronous=NORMAL`.
 */
export function setPragmas(database: DatabaseSync, file: string): void {
  database.exec(`PRAGMA busy_timeout=5000; PRAGMA page_size=${PAGE_BYTES};
    PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;
    PRAGMA foreign_keys=ON; PRAGMA wal_autocheckpoint=${CHECKPOINT_PAGES};
    PRAGMA journal_size_limit=${LOG_KEPT_MAX}`)
  const { synchronous } = database.prepare('PRAGMA synchronous').get() as { synchronous: number }
  const { journal_mode: mode } = database.prepare('PRAGMA journal_mode').get() as {
    journal_mode: string
  }
  if (synchronous !== 2 || (mode !== 'wal' && file !== ':memory:')) {
    throw new StoreNotDurable(
      `SQLite refused durable settings for ${file} (synchronous=${synchronous}, journal_mode=${mode}). Is it on a network disk?`,
    )
  }
}

/**
 * Of a new file; one that is there keeps its own. What a payment writes lies together more often
 * than in SQLite's 4 KiB: 6 % more payments a second.
 */
const PAGE_BYTES = 8_192

/**
 * Pages of the log, 32 MiB of them, that are put into the file in one go: what was written several
 * times since goes there once.
 */
const CHECKPOINT_PAGES = 4_000

/** The log grows while a backup reads; afterwards this much of it is kept. */
const LOG_KEPT_MAX = 64 * 1_048_576

async function claimOwnership(db: Kysely<Schema>, file: string, identity: string): Promise<void> {
  await db
    .insertInto('owner')
    .values({ id: 1, identity })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  const kept = await db.selectFrom('owner').select('identity').executeTakeFirstOrThrow()
  if (kept.identity === identity) return
  const payment = await db.selectFrom('payments').select('id').limit(1).executeTakeFirst()
  if (payment !== undefined) throw new StoreOfAnother(file, kept.identity, identity)
  // Nothing was sold yet: a first start with a mistyped APPID must not spoil the folder.
  await db.updateTable('owner').set({ identity }).execute()
}

/** What was moved lives on elsewhere; a move that has not come to its end begins again. */
async function refuseMoved(db: Kysely<Schema>, file: string): Promise<void> {
  const move = await db.selectFrom('moves').select(['state', 'peer']).executeTakeFirst()
  if (move?.state === 'moved') throw new StoreMoved(file, move.peer)
  if (move !== undefined) await db.deleteFrom('moves').execute()
}

/**
 * Nobody else can have the file open now, so all leases are those of a process that is gone; and
 * its clock, which all that is due was counted by, may have been another. A payment that is not due
 * after all is found out soon enough; a delivery keeps its turn, unless it lies out of all reason.
 */
export async function wakeAll(db: Kysely<Schema>, now: number): Promise<void> {
  await db.deleteFrom('due_payments').where('due_at', 'is', null).execute()
  await db
    .updateTable('due_payments')
    .set({ due_at: 0, lease_token: null, leased_until: 0 })
    .execute()
  await db
    .updateTable('webhook_deliveries')
    .set({ due_at: now, lease_token: null, leased_until: 0 })
    .where('due_at', 'is not', null)
    .where((where) =>
      where.or([where('leased_until', '>', 0), where('due_at', '>', now + PLAUSIBLE_MS)]),
    )
    .execute()
  await db
    .updateTable('alarm_deliveries')
    .set({ due_at: now, lease_token: null, leased_until: 0 })
    .where('due_at', 'is not', null)
    .where((where) =>
      where.or([where('leased_until', '>', 0), where('due_at', '>', now + PLAUSIBLE_MS)]),
    )
    .execute()
  await db
    .updateTable('reconciliations')
    .set({ lease_token: null, leased_until: 0 })
    .where('leased_until', '>', 0)
    .execute()
  await db
    .updateTable('idempotency_keys')
    .set({ holder: null, held_until: 0 })
    .where('holder', 'is not', null)
    .execute()
  await db
    .updateTable('webhook_endpoints')
    .set({ paused_until: 0 })
    .where('paused_until', '>', now + PLAUSIBLE_MS)
    .execute()
}

/** Nothing is put off for longer than this. */
const PLAUSIBLE_MS = 3 * 24 * 3_600_000
