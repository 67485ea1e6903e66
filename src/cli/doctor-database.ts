/**
 * What `saoma doctor` finds out about the database. It reads, and changes nothing.
 *
 * @module
 */

import { existsSync, statfsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { Client } from 'pg'
import { openDatabase } from '../store/database-sync.ts'
import { MIGRATION_NAMES } from '../store/migrations.ts'
import { hostUrls } from '../store/postgres-hosts.ts'
import type { ServeConfiguration } from './configuration.ts'
import { nameOf, PATIENCE_MS, right, warning, wrong, type Finding } from './finding.ts'
import { findRunning } from './folder.ts'

/** Bytes that should be free on the disk of a SQLite file. */
const FREE_BYTES_MIN = 1_073_741_824

/** Looks at the one that is configured. */
export function examineDatabase(configuration: ServeConfiguration): Promise<Finding[]> {
  const { database } = configuration
  return database === undefined ? examineSqlite(configuration) : examinePostgres(database.url)
}

async function examineSqlite({ folder, gateway }: ServeConfiguration): Promise<Finding[]> {
  const identity = `${gateway.mode} ${gateway.client.appId}`
  return [...(await sqliteFile(folder, identity)), freeSpace(folder)]
}

async function sqliteFile(folder: string, identity: string): Promise<Finding[]> {
  const what = 'Database'
  const file = join(folder, 'saoma.db')
  const running = findRunning(folder)
  if (running !== undefined) {
    // It has found everything right itself, or would not run.
    return [right(what, `${file} (SQLite), owned by the server with pid ${running.pid}`)]
  }
  if (!existsSync(file)) return [right(what, `${file} (SQLite) is made at the first start`)]
  try {
    const database = await openDatabase(file)
    try {
      database.exec('PRAGMA busy_timeout=5000; PRAGMA query_only=ON')
      const { journal_mode: mode } = database.prepare('PRAGMA journal_mode').get() as {
        journal_mode: string
      }
      const rows = <Row>(query: string): Row[] => database.prepare(query).all() as Row[]
      const owner = rows<{ identity: string }>('select identity from owner').at(0)?.identity
      const sold = rows('select id from payments limit 1').length > 0
      if (owner !== undefined && owner !== identity && sold) {
        const mend = 'Give each application and mode a folder of its own: SAOMA_FOLDER.'
        return [wrong(what, `${file} holds the payments of ${owner}, not of ${identity}`, mend)]
      }
      const made = rows<{ name: string }>('select name from migrations').map(({ name }) => name)
      return [
        mode === 'wal'
          ? right(what, `${file} (SQLite, durable settings)`)
          : wrong(what, `${file} is in the mode ${mode}`, 'Put SAOMA_FOLDER on a local disk.'),
        schema(made),
      ]
    } finally {
      database.close()
    }
  } catch (error) {
    const mend = 'Let the user of the server read and write it; restore a backup if it is broken.'
    return [wrong(what, `${file} cannot be read (${nameOf(error)})`, mend)]
  }
}

function freeSpace(folder: string): Finding {
  const { bavail, bsize } = statfsSync(existing(resolve(folder)))
  const free = bavail * bsize
  const found = `${Math.round(free / 1_048_576)} MiB free`
  return free >= FREE_BYTES_MIN
    ? right('Disk', found)
    : warning('Disk', found, 'Make room: on a full disk no payment is taken.')
}

/** The folder, or the nearest one above it that there is. */
function existing(folder: string): string {
  return existsSync(folder) ? folder : existing(dirname(folder))
}

async function examinePostgres(url: string): Promise<Finding[]> {
  const what = 'Database'
  let failure: unknown
  let standbys = 0
  for (const connectionString of hostUrls(url)) {
    const client = new Client({ connectionString, connectionTimeoutMillis: PATIENCE_MS })
    try {
      await client.connect()
      const { rows } = await client.query<{ is_standby: boolean }>(
        'select pg_is_in_recovery() as is_standby',
      )
      if (rows[0]?.is_standby !== true) return await examineServer(client)
      standbys++
    } catch (error) {
      failure = error
    } finally {
      await client.end().catch(() => {})
    }
  }
  return [
    failure === undefined && standbys > 0
      ? wrong(what, 'only standbys answer', 'Name the primary in SAOMA_DATABASE_URL too.')
      : wrong(
          what,
          `PostgreSQL cannot be used (${nameOf(failure)})`,
          'Check SAOMA_DATABASE_URL, the server and its permissions.',
        ),
  ]
}

async function examineServer(client: Client): Promise<Finding[]> {
  const { rows } = await client.query<Record<Setting | 'number' | 'may_create' | 'made', string>>(
    `select ${DURABLE.map((name) => `current_setting('${name}') as ${name}`).join()},
      current_setting('server_version') as server_version,
      current_setting('server_version_num') as number,
      has_schema_privilege(current_schema(), 'create')::text as may_create,
      to_regclass('migrations')::text as made`,
  )
  const found = rows[0] as NonNullable<(typeof rows)[0]>
  const version = `PostgreSQL ${found.server_version}`
  const isOff = DURABLE.some((name) => found[name] === 'off')
  const durable = DURABLE.map((name) => `${name} ${found[name]}`).join(', ')
  const migrations =
    found.made === null
      ? []
      : (await client.query<{ name: string }>('select name from migrations')).rows
  const upToDate = schema(migrations.map(({ name }) => name))
  return [
    Number(found.number) >= 140_000
      ? right('Database', version)
      : wrong('Database', version, 'Use 14 or newer.'),
    isOff
      ? wrong(
          'Durability',
          durable,
          'Switch all of them on: what is acknowledged would be lost in a crash.',
        )
      : right('Durability', durable),
    upToDate.status === 'warning' && found.may_create === 'false'
      ? wrong('Schema', upToDate.found, 'Let the user create tables: grant create on schema …')
      : upToDate,
    ...(await asynchronousStandby(client)),
  ]
}

const DURABLE = ['fsync', 'full_page_writes', 'synchronous_commit'] as const
type Setting = (typeof DURABLE)[number] | 'server_version'

async function asynchronousStandby(client: Client): Promise<Finding[]> {
  const { rows } = await client.query<{ sync_state: string | null }>(
    'select sync_state from pg_stat_replication',
  )
  if (rows.length === 0) return []
  const isSafe = rows.some(({ sync_state }) => sync_state === 'sync' || sync_state === 'quorum')
  if (isSafe) return [right('Standby', 'synchronous')]
  // Who may not see the state of a standby is told of it all the same.
  const mend =
    'A fail-over to it loses the last commits, payments among them. Name it in synchronous_standby_names.'
  return [warning('Standby', rows[0]?.sync_state === null ? 'unknown' : 'asynchronous', mend)]
}

function schema(made: readonly string[]): Finding {
  const missing = MIGRATION_NAMES.filter((name) => !made.includes(name))
  if (missing.length === 0) return right('Schema', 'up to date')
  if (made.length === 0)
    return warning('Schema', 'not made yet', 'Start `saoma serve`: it makes it.')
  return warning(
    'Schema',
    `${missing.length} migrations behind`,
    'Make a backup, then start `saoma serve`: it brings the schema up to date.',
  )
}
