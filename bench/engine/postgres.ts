/**
 * A PostgreSQL server for measurements: new, on disk, flushing what it acknowledges, and with the
 * few settings that whoever runs one changes.
 *
 * @module
 */
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { fixedPort } from '../../test/machines/fixed-port.ts'
import { startGuarded } from '../../test/machines/guarded-process.ts'
import { machineFolder } from '../../test/machines/machine-folder.ts'
import { postgresEnv } from '../../test/machines/postgres-data.ts'
import { serverUser } from '../../test/machines/server-user.ts'
import type { PostgresPlace } from './place.ts'

/** What differs from the server's own defaults; `fsync` and `synchronous_commit` do not. */
export const SETTINGS: Readonly<Record<string, string>> = {
  shared_buffers: '512MB',
  max_wal_size: '4GB',
  checkpoint_timeout: '15min',
}

/** A running server. */
export interface Server {
  /** Makes an empty database, once what the one before has left is on disk. */
  createPlace(): Promise<PostgresPlace>
  /** Removes one. */
  removePlace(place: PostgresPlace): Promise<void>
  stop(): Promise<void>
}

/**
 * Starts one, which ends with this process in any case.
 *
 * @throws If this machine has no PostgreSQL.
 */
export async function startServer(): Promise<Server> {
  const programs = await findPrograms()
  const folder = machineFolder('bench-postgres', { owner: serverUser })
  const data = join(folder.path, 'data')
  const options = { cwd: folder.path, env: postgresEnv, ...serverUser }
  const initdb = ['--username=postgres', '--auth=trust', '--encoding=UTF8', '--locale=C']
  await promisify(execFile)(join(programs, 'initdb'), [...initdb, '--pgdata', data], options)

  const port = await fixedPort()
  const settings = {
    ...SETTINGS,
    port: String(port),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
  }
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const server = startGuarded(join(programs, 'postgres'), ['-D', data, ...flags], {
    cwd: folder.path,
    env: postgresEnv,
    user: serverUser,
    deathSignal: 'SIGQUIT',
  })
  await server.line('database system is ready to accept')

  const urlOf = (database: string): string => `postgres://postgres@127.0.0.1:${port}/${database}`
  const run = async (...statements: readonly string[]): Promise<void> => {
    const client = new Client({ connectionString: urlOf('postgres') })
    await client.connect()
    for (const statement of statements) await client.query(statement)
    await client.end()
  }
  return {
    async createPlace() {
      const name = `bench_${randomUUID().slice(0, 8)}`
      await run(`create database ${name}`, 'checkpoint')
      return { kind: 'postgresql', url: urlOf(name), serverPid: server.pid }
    },
    removePlace: ({ url }) => run(`drop database ${url.split('/').at(-1)} with (force)`),
    async stop() {
      await server.kill('SIGINT')
      folder.remove()
    },
  }
}

/** The folder of the server's programs, as the tests find it. */
async function findPrograms(): Promise<string> {
  const { href } = new URL('../../scripts/test-programs.mjs', import.meta.url)
  const { findTestPrograms } = (await import(href)) as {
    findTestPrograms: () => { env: Record<string, string> }
  }
  const programs = findTestPrograms().env['SAOMA_PG_BIN'] ?? ''
  if (programs === '')
    throw new Error('There is no PostgreSQL here. Install it, or set SAOMA_PG_BIN.')
  return programs
}
