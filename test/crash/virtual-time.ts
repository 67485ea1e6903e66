/**
 * One time for all: for our processes, for the database that they share, and for Alipay. It runs as
 * the machine's does, and jumps ahead when a test says so.
 *
 * @module
 */
import { openSync, closeSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { MovableClock, type Emulator } from '../../src/testing.ts'

/** A time that is moved by hand. */
export interface VirtualTime {
  /** What the emulator goes by. */
  readonly clock: MovableClock
  /** What a process is started with, to go by it: `node ${args} program`. */
  readonly nodeArgs: readonly string[]
  readonly nodeEnv: Readonly<Record<string, string>>
  /**
   * Has a database go by it, from the next connection on.
   *
   * @param url Leads to the server that takes writes.
   */
  adoptDatabase(url: () => string): Promise<void>
  /** Has an emulator go by it. */
  adoptEmulator(emulator: Emulator): void
  /** Puts it forward. What is on its way in that moment has taken so long. */
  advance(ms: number): Promise<void>
  close(): void
}

/** @param folder Where the file is kept that tells the processes. */
export function createVirtualTime(folder: string): VirtualTime {
  const path = join(folder, 'shift')
  const file = openSync(path, 'w')
  const shift = new Float64Array(1)
  const clock = new MovableClock()
  let emulator: Emulator | undefined
  let databaseUrl: (() => string) | undefined
  let client: Client | undefined

  /** On a connection that is kept; on another one where that has broken. */
  const tellDatabase = async (statement: string): Promise<void> => {
    if (databaseUrl === undefined) return
    for (let tries = 1; ; tries++) {
      try {
        client ??= await connect(databaseUrl())
        await client.query(statement)
        return
      } catch (error) {
        client?.end().catch(() => {})
        client = undefined
        if (tries === CONNECTS_MAX) throw error
        await sleep(100)
      }
    }
  }

  writeSync(file, shift, 0, 8, 0)
  return {
    clock,
    nodeArgs: ['--import', new URL('./shifted-time.mjs', import.meta.url).href],
    nodeEnv: { SAOMA_TEST_SHIFT: path },
    adoptEmulator(adopted) {
      emulator = adopted
    },
    async adoptDatabase(url) {
      databaseUrl = url
      const database = new URL(url()).pathname.slice(1)
      for (const statement of shadowClock(database)) await tellDatabase(statement)
      await tellDatabase(setShift(shift[0] ?? 0))
    },
    async advance(ms) {
      shift[0] = (shift[0] ?? 0) + ms
      // In one go: no answer of the gateway may tell another time than our processes have.
      writeSync(file, shift, 0, 8, 0)
      if (emulator === undefined) clock.advance(ms)
      else emulator.advanceClock(ms)
      // Last, for it says what is due: whoever takes it must know how late it is.
      await tellDatabase(setShift(shift[0]))
    },
    close() {
      closeSync(file)
      void client?.end().catch(() => {})
    },
  }
}

/** A server may be away for a while. */
const CONNECTS_MAX = 200

async function connect(url: string): Promise<Client> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 })
  client.on('error', () => {})
  await client.connect()
  return client
}

/** `clock_timestamp()` without a schema is found here before PostgreSQL's own. */
function shadowClock(database: string): string[] {
  return [
    'create schema virtual_time',
    'create table virtual_time.shift (ms float8 not null)',
    'insert into virtual_time.shift values (0)',
    `create function virtual_time.clock_timestamp() returns timestamptz language sql volatile as
      'select pg_catalog.clock_timestamp() + ms * interval ''1 ms'' from virtual_time.shift'`,
    `alter database ${database} set search_path = public, virtual_time, pg_catalog`,
  ]
}

function setShift(ms: number): string {
  return `update virtual_time.shift set ms = ${ms}`
}
