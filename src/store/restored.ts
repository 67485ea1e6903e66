/**
 * Notes in a database that it comes from a backup: the servers that run on it then hold refunds
 * until they know what they have missed.
 *
 * @module
 */

import type { Kysely } from 'kysely'
import { newLeaseToken } from '../payments/identifiers.ts'
import { openDatabase } from './database-sync.ts'
import { migrate } from './migrations.ts'
import { transactionKysely } from './postgres-dialect.ts'
import { PostgresHosts } from './postgres-hosts.ts'
import type { Schema } from './schema.ts'
import { directKysely } from './sqlite-dialect.ts'

/** What was restored. */
export interface RestoredContent {
  /** Whose payments it holds: each application and mode. */
  readonly apps: readonly string[]
  /** When a payment last changed; `null` without payments. */
  readonly lastChange: number | null
}

/** Notes it in a SQLite file that nobody has open, and brings its schema up to date. */
export async function noteFileRestored(file: string): Promise<RestoredContent> {
  const database = await openDatabase(file)
  try {
    const db = directKysely(database)
    await migrate(db, 'sqlite')
    const owner = await db.selectFrom('owner').select('identity').executeTakeFirst()
    return await noteRestored(db, owner?.identity)
  } finally {
    database.close()
  }
}

/**
 * Notes it in PostgreSQL, before the first server is started on it.
 *
 * @param identity Whose payments come here, also where there are none yet.
 * @throws {StoreUnavailable} If it cannot be reached.
 */
export async function notePostgresRestored(
  url: string,
  identity: string,
): Promise<RestoredContent> {
  const hosts = new PostgresHosts({ url, poolMax: 1, statementMaxMs: SCAN_MAX_MS })
  try {
    const db = transactionKysely(hosts)
    await migrate(db, 'postgresql')
    return await noteRestored(db, identity)
  } finally {
    await hosts.end()
  }
}

/** All payments are read once. */
const SCAN_MAX_MS = 600_000

async function noteRestored(
  db: Kysely<Schema>,
  identity: string | undefined,
): Promise<RestoredContent> {
  return db.transaction().execute(async (trx) => {
    const rows = await trx
      .selectFrom('payments')
      .groupBy('app')
      .select((of) => ['app', of.fn.max('updated_at').as('changed')])
      .execute()
    // Where nothing was sold, the first start of a server left its key.
    const { begun } = await trx
      .selectFrom('api_keys')
      .select((of) => of.fn.max('created_at').as('begun'))
      .executeTakeFirstOrThrow()
    const changes = rows.map(({ changed }) => changed)
    const lastChange = changes.length === 0 ? null : Math.max(...changes)
    const apps = new Set([...rows.map(({ app }) => app), ...(identity ? [identity] : [])])
    for (const app of apps) {
      const id = `rst_${newLeaseToken()}`
      const gap_from = lastChange ?? begun ?? 0
      await trx.insertInto('restores').values({ id, app, gap_from }).execute()
    }
    return { apps: [...apps].toSorted(), lastChange }
  })
}
