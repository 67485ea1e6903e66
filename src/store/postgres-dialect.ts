/**
 * Kysely on PostgreSQL: single statements through {@link PostgresHosts}, or real transactions for
 * migrations.
 *
 * @module
 */

import {
  Kysely,
  PostgresAdapter,
  PostgresDialect,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type CompiledQuery,
  type DatabaseConnection,
  type Driver,
  type QueryResult,
} from 'kysely'
import type { QueryResult as PostgresResult } from 'pg'
import type { PostgresHosts } from './postgres-hosts.ts'
import type { Schema } from './schema.ts'

/** Single statements, each a transaction of its own. */
export function statementKysely(hosts: PostgresHosts): Kysely<Schema> {
  const connection: DatabaseConnection = {
    async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
      return toResult(await hosts.query(sql, parameters)) as QueryResult<R>
    },
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
  return new Kysely({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => driver,
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  })
}

/** What Kysely makes of a result. */
export function toResult({ command, rowCount, rows }: PostgresResult): QueryResult<unknown> {
  return /^(?:INSERT|UPDATE|DELETE)$/.test(command)
    ? { rows, numAffectedRows: BigInt(rowCount ?? 0) }
    : { rows }
}

/** With transactions of its own: for migrations. */
export function transactionKysely(hosts: PostgresHosts): Kysely<Schema> {
  return new Kysely({
    dialect: new PostgresDialect({
      pool: { connect: () => hosts.connect(), end: async () => {} },
    }),
  })
}
