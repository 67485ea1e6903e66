/**
 * The schema's history, forward only, the same for SQLite and PostgreSQL. A migration that has been
 * released is never edited.
 *
 * Old and new nodes run together while an installation is brought up to date, and a node may be put
 * back to the version before. So a migration leaves what the release before it reads and writes as
 * it is: it adds tables, indexes, and columns that may be left out; what has fallen out of use goes
 * a release later. A program that meets migrations that it does not know therefore goes on, as long
 * as all that it knows itself are made.
 *
 * @module
 */

import { sql, type Kysely, type RawBuilder } from 'kysely'
import { appsSchema } from './apps-schema.ts'
import { booksSchema } from './books-schema.ts'
import { alarmsSchema } from './alarms-schema.ts'
import { StoreTooOld, type DatabaseKind } from './database.ts'
import { firstSchema } from './first-schema.ts'
import { listsSchema } from './lists-schema.ts'
import { merchantSchema } from './merchant-schema.ts'
import { movesSchema } from './moves-schema.ts'
import { reachSchema } from './reach-schema.ts'
import type { Schema } from './schema.ts'
import { upkeepSchema } from './upkeep-schema.ts'
import { tracesSchema } from './traces-schema.ts'
import { usersSchema } from './users-schema.ts'
import { writeProbesSchema } from './write-probes-schema.ts'

/** What each migration runs, in the order of their names. */
const MIGRATIONS: Readonly<Record<string, (kind: DatabaseKind) => readonly string[]>> = {
  '0001-first-schema': firstSchema,
  '0002-merchant': merchantSchema,
  '0003-users': usersSchema,
  '0004-books': booksSchema,
  '0005-alarms': alarmsSchema,
  '0006-moves': movesSchema,
  '0007-apps': appsSchema,
  '0008-upkeep': upkeepSchema,
  '0009-traces': tracesSchema,
  '0010-lists': listsSchema,
  '0011-write-probes': writeProbesSchema,
  '0012-reach': reachSchema,
}

/** The migrations, in their order. */
export const MIGRATION_NAMES: readonly string[] = Object.keys(MIGRATIONS)

/** The tables, and the one that says what was done. */
interface MigratedSchema extends Schema {
  readonly migrations: { name: string }
}

/**
 * Brings a database up to date. Many may do so at once: one does it, the others wait for it.
 *
 * @param db One whose transactions are real ones.
 * @throws {StoreTooOld} If it is of a version before the first release.
 * @throws {Error} If a migration fails; the database is then as it was before.
 */
export async function migrate(db: Kysely<Schema>, kind: DatabaseKind): Promise<void> {
  const database = db.withTables<Pick<MigratedSchema, 'migrations'>>()
  if ((await pending(database, kind)).length === 0) return
  try {
    await database.transaction().execute(async (trx) => {
      if (kind === 'postgresql') await sql`select pg_advisory_xact_lock(${LOCK})`.execute(trx)
      await sql`create table if not exists migrations (name text primary key)`.execute(trx)
      for (const name of await pending(trx, kind)) {
        for (const statement of MIGRATIONS[name]?.(kind) ?? [])
          await sql.raw(statement).execute(trx)
        await trx.insertInto('migrations').values({ name }).execute()
      }
    })
  } catch (error) {
    throw new Error('The database could not be brought up to date; it is as it was before.', {
      cause: error,
    })
  }
}

/** Nodes that start together take turns. Any number that no other program takes a lock of. */
const LOCK = 7_310_591_823n

async function pending(db: Kysely<MigratedSchema>, kind: DatabaseKind): Promise<string[]> {
  const { rows } = await TABLES[kind].execute(db)
  const tables = new Set(rows.map(({ name }) => name))
  if (tables.has('kysely_migration')) throw new StoreTooOld()
  const made = tables.has('migrations')
    ? await db.selectFrom('migrations').select('name').execute()
    : []
  return MIGRATION_NAMES.filter((name) => !made.some((one) => one.name === name))
}

const TABLES: Record<DatabaseKind, RawBuilder<{ name: string }>> = {
  sqlite: sql`select name from sqlite_schema where type = 'table'`,
  postgresql: sql`select table_name as name from information_schema.tables
    where table_schema = current_schema()`,
}
