/**
 * Where rows are kept during a measurement, and what the database says it has done.
 *
 * @module
 */
import { join } from 'node:path'
import { Client } from 'pg'
import { openDatabase } from '../../dist/store/database-sync.js'
import { openPostgresStore, openSqliteStore, type Store } from 'saoma'

/** A database that is there for one measurement. The parent makes it, a child opens it. */
export type Place = SqlitePlace | PostgresPlace

/** Where it may be. */
export type StoreKind = Place['kind']

/** A folder that is empty at first. */
export interface SqlitePlace {
  readonly kind: 'sqlite'
  readonly folder: string
}

/** A database that is empty at first, and the process that runs its server. */
export interface PostgresPlace {
  readonly kind: 'postgresql'
  readonly url: string
  readonly serverPid: number
}

/** An open store. */
export interface OpenPlace {
  readonly store: Store
  /** Transactions that were committed since the database was made, by whomever. */
  readonly commits: () => Promise<number>
  readonly close: () => Promise<void>
}

/** The file of a place on SQLite. */
export function fileOf({ folder }: SqlitePlace): string {
  return join(folder, 'saoma.db')
}

/** Opens it, as any program would. */
export async function openPlace(place: Place): Promise<OpenPlace> {
  return place.kind === 'sqlite' ? openSqlite(fileOf(place)) : openPostgres(place.url)
}

async function openSqlite(file: string): Promise<OpenPlace> {
  let commits = 0
  const store = await openSqliteStore(file, {
    crashPoint: (point) => void (commits += Number(point === 'store-after-commit')),
  })
  return { store, commits: async () => commits, close: () => store.close() }
}

async function openPostgres(url: string): Promise<OpenPlace> {
  const store = await openPostgresStore({ url })
  const commits = await counterOfCommits(url)
  return {
    store,
    commits: commits.read,
    async close() {
      await store.close()
      await commits.close()
    },
  }
}

/** Counts the transactions that a database of PostgreSQL has committed. */
export async function counterOfCommits(
  url: string,
): Promise<{ readonly read: () => Promise<number>; readonly close: () => Promise<void> }> {
  const client = new Client({ connectionString: url })
  await client.connect()
  return {
    async read() {
      const { rows } = await client.query<{ commits: string }>(
        'select xact_commit as commits from pg_stat_database where datname = current_database()',
      )
      return Number(rows[0]?.commits)
    },
    close: () => client.end(),
  }
}

/** Runs statements beside the store: while it is closed, on SQLite. */
export interface DirectConnection {
  readonly query: (
    sql: string,
    parameters?: readonly unknown[],
  ) => Promise<Record<string, unknown>[]>
  readonly close: () => Promise<void>
}

/** Opens the database itself. */
export async function openDirectly(place: Place): Promise<DirectConnection> {
  if (place.kind === 'postgresql') {
    const client = new Client({ connectionString: place.url })
    await client.connect()
    return {
      query: async (sql, parameters = []) =>
        (await client.query<Record<string, unknown>>(sql, [...parameters])).rows,
      close: () => client.end(),
    }
  }
  const database = await openDatabase(fileOf(place))
  return {
    query: async (sql) => database.prepare(sql).all() as Record<string, unknown>[],
    close: async () => database.close(),
  }
}
