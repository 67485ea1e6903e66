/**
 * Both stores, opened for a test, with the same handles: what one does the other must do.
 *
 * @module
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { MovableClock } from '../../src/alipay/index.ts'
import type { PaymentStore } from '../../src/payments/index.ts'
import { openDatabase } from '../../src/store/database-sync.ts'
import { openPostgresStore, openSqliteStore, type Store } from '../../src/store/index.ts'
import { postgresPrograms, query, sharedPostgres } from '../machines/postgres.ts'
import { opening } from './payments-to-store.ts'

/** A store, opened for the running test, and closed after it. */
export interface OpenedStore {
  readonly store: Store
  readonly payments: PaymentStore
  /** Puts the clock forward that the store goes by. */
  advance(ms: number): Promise<void>
  /** Closes it and opens what it left. */
  reopen(): Promise<OpenedStore>
  /** Runs a statement on the database, beside the store. */
  query(statement: string): Promise<Record<string, unknown>[]>
}

/** A kind of store, and how to open an empty one. */
export interface StoreKind {
  readonly kind: Store['kind']
  readonly open: () => Promise<OpenedStore>
}

/** The folder of the running test. */
export function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'saoma-store-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

const sqlite: StoreKind = {
  kind: 'sqlite',
  open: async () => openFile(join(testFolder(), 'data', 'saoma.db')),
}

async function openFile(file: string): Promise<OpenedStore> {
  const clock = new MovableClock(opening)
  const store = await openSqliteStore(file, { clock })
  onTestFinished(() => store.close())
  return {
    store,
    payments: store.payments,
    async advance(ms) {
      clock.advance(ms)
    },
    async reopen() {
      await store.close()
      return openFile(file)
    },
    async query(statement) {
      const database = await openDatabase(file)
      try {
        return database.prepare(statement).all() as Record<string, unknown>[]
      } finally {
        database.close()
      }
    },
  }
}

const postgresql: StoreKind = {
  kind: 'postgresql',
  open: async () => openDatabaseOf(await (await sharedPostgres()).createDatabase()),
}

async function openDatabaseOf(url: string): Promise<OpenedStore> {
  const store = await openPostgresStore({ url })
  onTestFinished(() => store.close())
  return {
    store,
    payments: store.payments,
    async advance(ms) {
      for (const table of ['due_payments', 'webhook_deliveries']) {
        // Its clock is not ours to move: all that was to be goes back instead.
        await query(
          url,
          `update ${table} set due_at = due_at - $1, leased_until = greatest(0, leased_until - $1)`,
          [ms],
        )
      }
      await query(url, 'update idempotency_keys set held_until = greatest(0, held_until - $1)', [
        ms,
      ])
    },
    async reopen() {
      await store.close()
      return openDatabaseOf(url)
    },
    query: (statement) => query(url, statement),
  }
}

/** Every kind that can be opened here. */
export const storeKinds: readonly StoreKind[] =
  postgresPrograms === '' ? [sqlite] : [sqlite, postgresql]

/** The same for all tests of a file, which opens and closes them itself. */
export const sharedStoreKinds: readonly {
  readonly kind: Store['kind']
  readonly open: (identity?: string) => Promise<Store>
}[] = [
  {
    kind: 'sqlite',
    open: (identity?: string) => openSqliteStore(':memory:', { identity }),
  } as const,
  {
    kind: 'postgresql',
    open: async (identity?: string) =>
      openPostgresStore({ url: await (await sharedPostgres()).createDatabase(), identity }),
  } as const,
].filter(({ kind }) => storeKinds.some((one) => one.kind === kind))
