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
  type QueryResult,
} from 'kysely'
import type { QueryResult as PostgresResult } from 'pg'
import type { PostgresHosts } from './postgres-hosts.ts'
import type { Schema } from './schema.ts'
import { singleStatements } from './single-statements.ts'

/** Single statements, each a transaction of its own. */
export function statementKysely(hosts: PostgresHosts): Kysely<Schema> {
  return singleStatements({
    execute: async ({ sql, parameters }) => toResult(await hosts.query(sql, parameters)),
    createAdapter: () => new PostgresAdapter(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
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
