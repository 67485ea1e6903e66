/**
 * The embedded store: one SQLite file, owned by one process. WAL with `synchronous=FULL`, so that
 * what is acknowledged survives a power cut.
 *
 * @module
 */

import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { Kysely, SqliteDialect, type SqliteDatabase, type SqliteStatement } from 'kysely'
import type { PaymentStore } from '../payments/index.ts'
import { migrate } from './migrations.ts'
import { openDatabase, type DatabaseSync } from './database-sync.ts'
import { createPaymentStore } from './payment-queries.ts'
import type { Schema } from './schema.ts'

/** A store on a file. */
export interface SqliteStore {
  readonly payments: PaymentStore
  close(): Promise<void>
}

/** How a file is opened. */
export interface SqliteStoreOptions {
  /**
   * Whose payments it holds, e.g. `live 2021000000000000`. Kept with the first payment and compared
   * at each later one: another application's gateway knows nothing of these payments, and would
   * have paid ones expire. Default: not compared.
   */
  readonly identity?: string
}

/** The file holds the payments of another application, or of another mode. */
export class StoreOfAnother extends Error {
  readonly code = 'ERR_STORE_OF_ANOTHER'

  constructor(file: string, kept: string, given: string) {
    super(`${file} holds the payments of ${kept}, not of ${given}. Give each a folder of its own.`)
    this.name = 'StoreOfAnother'
  }
}

/** Another process has the file open. */
export class StoreInUse extends Error {
  readonly code = 'ERR_STORE_IN_USE'
  /** The process that has it, where it is known. */
  readonly pid: number | undefined

  constructor(file: string, pid: number | undefined) {
    super(
      `${file} is open in another process${pid === undefined ? '' : ` (pid ${pid})`}. One process owns a SQLite file: stop that one, or use another folder.`,
    )
    this.name = 'StoreInUse'
    this.pid = pid
  }
}

/**
 * Opens a SQLite file, makes it where there is none, and brings its schema up to date.
 *
 * @param file Path of the file, or `:memory:`.
 * @throws {StoreInUse} If another process has it open.
 * @throws {StoreOfAnother} If its payments are those of another application or mode.
 */
export async function openSqliteStore(
  file: string,
  options: SqliteStoreOptions = {},
): Promise<SqliteStore> {
  if (file !== ':memory:') mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const releaseOwnership = file === ':memory:' ? () => {} : await ownFile(file)
  try {
    const database = await openDatabase(file)
    if (file !== ':memory:') chmodSync(file, 0o600)
    setPragmas(database, file)
    const db = new Kysely<Schema>({ dialect: new SqliteDialect({ database: adapt(database) }) })
    await migrate(db)
    if (options.identity !== undefined) await claimOwnership(db, file, options.identity)
    // Leases of a process that is gone: nobody else can have the file open now.
    await db
      .updateTable('payments')
      .set({ lease_token: null, leased_until: 0 })
      .where('leased_until', '>', 0)
      .execute()
    return {
      payments: createPaymentStore(db),
      async close() {
        await db.destroy()
        releaseOwnership()
      },
    }
  } catch (error) {
    releaseOwnership()
    throw error
  }
}

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

/**
 * Set at every open, and asserted: a build of SQLite may open an existing WAL file with
 * `synchronous=NORMAL`.
 */
function setPragmas(database: DatabaseSync, file: string): void {
  database.exec(
    'PRAGMA busy_timeout=5000; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON',
  )
  const { synchronous } = database.prepare('PRAGMA synchronous').get() as { synchronous: number }
  const { journal_mode: mode } = database.prepare('PRAGMA journal_mode').get() as {
    journal_mode: string
  }
  if (synchronous !== 2 || (mode !== 'wal' && file !== ':memory:')) {
    throw new Error(
      `SQLite refused durable settings for ${file} (synchronous=${synchronous}, journal_mode=${mode}). Is it on a network disk?`,
    )
  }
}

/**
 * Takes the file for this process. The lock is SQLite's own, on a file beside it, so the operating
 * system lifts it when the process dies.
 */
async function ownFile(file: string): Promise<() => void> {
  const owner = await openDatabase(`${file}-owner`)
  const pidFile = `${file}-owner.pid`
  try {
    owner.exec('PRAGMA busy_timeout=0; PRAGMA journal_mode=DELETE; BEGIN EXCLUSIVE')
  } catch (error) {
    owner.close()
    if (!/locked|busy/i.test(String(error))) throw error
    throw new StoreInUse(file, readPid(pidFile))
  }
  writeFileSync(pidFile, String(process.pid), { mode: 0o600 })
  return () => {
    rmSync(pidFile, { force: true })
    owner.close()
  }
}

function readPid(pidFile: string): number | undefined {
  try {
    return Number.parseInt(readFileSync(pidFile, 'utf8'), 10) || undefined
  } catch {
    return undefined
  }
}

/** The built-in API in the form that Kysely asks for. Statements are prepared once and kept. */
function adapt(database: DatabaseSync): SqliteDatabase {
  const statements = new Map<string, SqliteStatement>()
  const prepare = (text: string): SqliteStatement => {
    const statement = database.prepare(text)
    return {
      reader: statement.columns().length > 0,
      all: (parameters) => statement.all(...parameters),
      run: (parameters) => statement.run(...parameters),
      iterate: (parameters) => statement.iterate(...parameters),
    }
  }
  return {
    prepare(text) {
      const statement = statements.get(text) ?? prepare(text)
      statements.set(text, statement)
      return statement
    },
    close() {
      statements.clear()
      database.close()
    },
  }
}
