/**
 * Statements that every payment asks for: Kysely writes them once, and then only what they are
 * asked with differs.
 *
 * @module
 */

import type { CompiledQuery, Kysely } from 'kysely'
import type { Schema } from './schema.ts'

/** Runs a statement with its parameters, in the order in which they stand in it. */
export type HotStatement<Row> = (...parameters: readonly unknown[]) => Promise<readonly Row[]>

/**
 * Compiles a statement.
 *
 * @param statement With any values in the places of its parameters.
 */
export function hotStatement<Row>(
  db: Kysely<Schema>,
  statement: { compile(db: Kysely<Schema>): CompiledQuery },
): HotStatement<Row> {
  const compiled = statement.compile(db)
  return async (...parameters) => (await db.executeQuery<Row>({ ...compiled, parameters })).rows
}
