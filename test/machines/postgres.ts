/**
 * Real PostgreSQL servers: new and empty ones, that can be stopped, killed, frozen and started
 * again.
 *
 * @module
 */
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Client, type QueryResultRow } from 'pg'
import { fixedPort } from './fixed-port.ts'
import { startGuarded, type GuardedProcess } from './guarded-process.ts'
import { afterFile, afterUse } from './lifetime.ts'
import { machineFolder } from './machine-folder.ts'
import { createPostgresData, postgresEnv } from './postgres-data.ts'
import { childrenOf, signalAll } from './process-tree.ts'
import { serverUser } from './server-user.ts'

/** The folder of the server's programs; empty where there is none, and nothing here can be started. */
export const postgresPrograms = process.env['SAOMA_PG_BIN'] ?? ''

/** How a server is set up. */
export interface PostgresOptions {
  /** More settings, as in `postgresql.conf`: `{ max_connections: '20' }`. */
  readonly settings?: Readonly<Record<string, string>>
  /**
   * Whether the data has to be on a disk, for tests that are about its speed. Default `false`: in
   * memory, where the machine has enough of it. `fsync` is on in any case, and a killed server
   * finds its data again.
   */
  readonly onDisk?: boolean
  /** Files to put into the data folder before the first start, such as `standby.signal`. */
  readonly files?: Readonly<Record<string, string>>
}

/** What a server waits for before it stops: its clients, its transactions (rolled back), nothing. */
export type StopMode = 'smart' | 'fast' | 'immediate'

/** A server on 127.0.0.1, whose superuser `postgres` needs no password. */
export interface PostgresCluster {
  readonly port: number
  /** The database `postgres`. */
  readonly url: string
  readonly dataFolder: string
  /** The process that has started all others; changes with each start. */
  pid(): number
  /** What the server has logged since its last start. */
  log(): string
  /** Waits for such a line in the log since the last start. */
  logged(pattern: RegExp | string): Promise<string>
  /** The address of a database. */
  urlOf(database: string): string
  /** Makes an empty database, and resolves with its address. */
  createDatabase(): Promise<string>
  /** Ends it in order, by default `fast`. */
  stop(mode?: StopMode): Promise<void>
  /** Kills every one of its processes at once (SIGKILL), as when the machine fails. */
  kill(): Promise<void>
  /** Starts it again, under the same address and on the same data. */
  start(): Promise<void>
  /** Stops it, if it runs, and starts it again. */
  restart(): Promise<void>
  /** Freezes every process: connections stay open or are accepted, and nothing answers. */
  pause(): void
  /** Ends that. */
  resume(): void
}

/** Starts a new server, which is gone after the test, or after the file when no test runs. */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresCluster> {
  const { cluster, remove } = await createCluster(options)
  afterUse(remove)
  return cluster
}

let shared: Promise<PostgresCluster> | undefined

/** The server that the tests of a file have in common, each with a database of its own. */
export function sharedPostgres(): Promise<PostgresCluster> {
  shared ??= (async () => {
    const { cluster, remove } = await createCluster({})
    afterFile(remove)
    return cluster
  })()
  return shared
}

/** Runs one statement on a connection of its own. */
export async function query<Row extends QueryResultRow>(
  url: string,
  statement: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  const client = new Client({ connectionString: url })
  client.on('error', () => {})
  try {
    await client.connect()
    return (await client.query<Row>(statement, [...values])).rows
  } finally {
    // One that is broken may never say that it has ended.
    void client.end().catch(() => {})
  }
}

const STOP_SIGNALS = { smart: 'SIGTERM', fast: 'SIGINT', immediate: 'SIGQUIT' } as const

/** Times that an address may be taken by somebody else: for a new server, and for one that returns. */
const STARTS_MAX = 20

async function createCluster({
  settings = {},
  onDisk = false,
  files = {},
}: PostgresOptions): Promise<{ cluster: PostgresCluster; remove: () => Promise<void> }> {
  if (postgresPrograms === '') throw new Error('SAOMA_PG_BIN names no PostgreSQL')
  const folder = machineFolder('postgres', { owner: serverUser, inMemory: !onDisk })
  const dataFolder = join(folder.path, 'data')
  let port = 0
  let running: GuardedProcess | undefined
  let log = (): string => ''

  const theRunning = (): GuardedProcess => {
    if (running) return running
    throw new Error('The server does not run')
  }
  const remove = async (): Promise<void> => {
    await cluster.kill()
    folder.remove()
  }
  const startOnce = async (): Promise<void> => {
    const all = { ...SETTINGS, ...(!onDisk && SMALL), ...settings, port: String(port) }
    const flags = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    const started = startGuarded(join(postgresPrograms, 'postgres'), ['-D', dataFolder, ...flags], {
      cwd: folder.path,
      env: postgresEnv,
      user: serverUser,
      deathSignal: 'SIGQUIT',
    })
    running = started
    log = started.stderr
    void started.ended().then(
      () => (running = running === started ? undefined : running),
      () => {},
    )
    await started.line('database system is ready to accept')
  }
  const startOrRetry = async (choosePort: () => Promise<number>): Promise<void> => {
    for (let attempt = 1; ; attempt++) {
      port = await choosePort()
      try {
        return await startOnce()
      } catch (error) {
        if (attempt === STARTS_MAX || !log().includes('could not bind')) throw error
      }
    }
  }
  const cluster: PostgresCluster = {
    get port() {
      return port
    },
    get url() {
      return cluster.urlOf('postgres')
    },
    dataFolder,
    pid: () => theRunning().pid,
    log: () => log(),
    logged: async (pattern) => theRunning().line(pattern),
    urlOf: (database) => `postgres://postgres@127.0.0.1:${port}/${database}`,
    async createDatabase() {
      const name = `test_${randomBytes(6).toString('hex')}`
      await query(cluster.url, `create database ${name}`)
      return cluster.urlOf(name)
    },
    async stop(mode = 'fast') {
      await running?.kill(STOP_SIGNALS[mode])
    },
    async kill() {
      const killed = running
      if (!killed) return
      // Frozen first, so that none is started while the others are counted.
      killed.pause()
      signalAll([...childrenOf(killed.pid), killed.pid], 'SIGKILL')
      await killed.ended()
      await removeSharedMemory(dataFolder)
    },
    async start() {
      if (running) throw new Error('The server runs already')
      await startOrRetry(async () => {
        if (log().includes('could not bind')) await sleep(100)
        return port
      })
    },
    async restart() {
      await cluster.stop()
      await cluster.start()
    },
    pause() {
      theRunning().pause()
      signalAll(childrenOf(cluster.pid()), 'SIGSTOP')
    },
    resume() {
      signalAll(childrenOf(cluster.pid()), 'SIGCONT')
      theRunning().resume()
    },
  }
  try {
    await createPostgresData(postgresPrograms, dataFolder)
    for (const [name, text] of Object.entries(files)) writeFileSync(join(dataFolder, name), text)
    await startOrRetry(fixedPort)
  } catch (error) {
    await remove()
    throw error
  }
  return { cluster, remove }
}

const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  // Goes with the folder, when a killed server cannot remove it.
  dynamic_shared_memory_type: 'mmap',
  // Halves the time that a new database takes.
  wal_init_zero: 'off',
}

/** What a log that is kept in memory may grow to. */
const SMALL = { max_wal_size: '256MB' }

/** A killed server leaves a piece of shared memory behind, of which a machine has few. */
async function removeSharedMemory(dataFolder: string): Promise<void> {
  const file = join(dataFolder, 'postmaster.pid')
  if (!existsSync(file)) return
  const [, id] = readFileSync(file, 'utf8').split('\n')[6]?.trim().split(/\s+/) ?? []
  // Where there is no such program, it is a few bytes.
  if (id !== undefined) await promisify(execFile)('ipcrm', ['-m', id]).catch(() => {})
}
