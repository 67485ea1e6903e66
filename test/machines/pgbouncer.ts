/**
 * PgBouncer in front of a PostgreSQL server, as many sites have it: a connection of the client is
 * one of the server's for the length of a transaction.
 *
 * @module
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fixedPort } from './fixed-port.ts'
import { startGuarded, type GuardedProcess } from './guarded-process.ts'
import { afterUse } from './lifetime.ts'
import { machineFolder } from './machine-folder.ts'
import { serverUser } from './server-user.ts'

/** The program; empty where there is none, and nothing here can be started. */
export const pgbouncerProgram = process.env['SAOMA_PGBOUNCER'] ?? ''

/** How it is set up. */
export interface PgbouncerOptions {
  /** The server's port, or that of a proxy before it, on 127.0.0.1. */
  readonly serverPort: number
  /** More settings, as in `pgbouncer.ini`: `{ pool_mode: 'session' }`. */
  readonly settings?: Readonly<Record<string, string>>
}

/** A PgBouncer on 127.0.0.1. */
export interface Pgbouncer {
  readonly port: number
  /** Its own database, for `SHOW POOLS`, `PAUSE`, `KILL …`; takes simple queries alone. */
  readonly consoleUrl: string
  /** The address, through it, of a database of the server. */
  through(databaseUrl: string): string
  log(): string
  /** Kills it (SIGKILL), with all connections. */
  kill(): Promise<void>
  /** Ends it if it runs, and starts it again, under the same address. */
  restart(): Promise<void>
  pause(): void
  resume(): void
}

/** Starts one, which is gone after the test, or after the file when no test runs. */
export async function startPgbouncer({
  serverPort,
  settings = {},
}: PgbouncerOptions): Promise<Pgbouncer> {
  if (pgbouncerProgram === '') throw new Error('SAOMA_PGBOUNCER names no PgBouncer')
  const folder = machineFolder('pgbouncer', { owner: serverUser })
  const port = await fixedPort()
  const file = join(folder.path, 'pgbouncer.ini')
  const users = join(folder.path, 'users.txt')
  writeFileSync(users, '"postgres" ""\n')
  const all = {
    listen_addr: '127.0.0.1',
    listen_port: port,
    unix_socket_dir: '',
    auth_type: 'trust',
    auth_file: users,
    admin_users: 'postgres',
    pool_mode: 'transaction',
    max_client_conn: 500,
    // Tests that take the server away do not wait 15 seconds until it is looked for again.
    server_login_retry: 1,
    ...settings,
  }
  const lines = Object.entries(all).map(([name, value]) => `${name} = ${value}`)
  const databases = `[databases]\n* = host=127.0.0.1 port=${serverPort}\n`
  writeFileSync(file, `${databases}[pgbouncer]\n${lines.join('\n')}\n`)

  let running: GuardedProcess | undefined
  const start = async (): Promise<void> => {
    running = startGuarded(pgbouncerProgram, [file], {
      cwd: folder.path,
      env: process.env,
      user: serverUser,
    })
    await running.line('process up')
  }
  const kill = async (): Promise<void> => {
    await running?.kill('SIGKILL')
    running = undefined
  }
  afterUse(async () => {
    await kill()
    folder.remove()
  })
  await start()
  return {
    port,
    consoleUrl: `postgres://postgres@127.0.0.1:${port}/pgbouncer`,
    through(databaseUrl) {
      const url = new URL(databaseUrl)
      url.port = String(port)
      return url.href
    },
    log: () => running?.stderr() ?? '',
    kill,
    async restart() {
      await kill()
      await start()
    },
    pause: () => running?.pause(),
    resume: () => running?.resume(),
  }
}
