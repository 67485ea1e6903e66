/**
 * Kysely without transactions: each statement is one of its own, or shares that of many callers.
 *
 * @module
 */

import {
  Kysely,
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
} from 'kysely'
import type { Schema } from './schema.ts'

/** What differs between databases. */
export interface SingleStatementsOptions extends Omit<Dialect, 'createDriver'> {
  /** Runs a statement; resolves once what it wrote is durable. */
  readonly execute: (query: CompiledQuery) => Promise<QueryResult<unknown>>
}

/**
 * Makes it. `db.transaction()` and streams reject with a `TypeError`: what belongs together goes
 * through `StoreDatabase.atomically`, and lists are read in pages.
 */
export function singleStatements({ execute, ...dialect }: SingleStatementsOptions): Kysely<Schema> {
  const connection: DatabaseConnection = {
    executeQuery: async <R>(query: CompiledQuery) => (await execute(query)) as QueryResult<R>,
    streamQuery: () => {
      throw new TypeError('A store reads pages, not streams')
    },
  }
  const refuse = (): Promise<never> => Promise.reject(new TypeError('Use atomically()'))
  const driver: Driver = {
    init: async () => {},
    acquireConnection: async () => connection,
    beginTransaction: refuse,
    commitTransaction: refuse,
    rollbackTransaction: refuse,
    releaseConnection: async () => {},
    destroy: async () => {},
  }
  return new Kysely({ dialect: { ...dialect, createDriver: () => driver } })
}
