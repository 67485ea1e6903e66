/**
 * What every set of queries stands on: one way to ask and to write, on SQLite and on PostgreSQL.
 * Each statement is a transaction of its own; those that belong together go through
 * {@link StoreDatabase.atomically}.
 *
 * @module
 */

import type { CompiledQuery, Expression, Kysely, QueryResult } from 'kysely'
import type { Schema } from './schema.ts'

/** An open database, as the queries see it. */
export interface StoreDatabase {
  readonly kind: DatabaseKind
  /** The application and the mode whose rows these are: each query says `app = …`. */
  readonly app: string
  /**
   * Runs single statements; a promise of a write resolves once it is durable. It has no
   * transactions: on SQLite writes of many callers share one.
   */
  readonly db: Kysely<Schema>
  /** The database's clock, in milliseconds: what `due_at` and `leased_until` are compared to. */
  now(): Expression<number>
  /** Runs statements in their order in one transaction: all of them, or none. */
  atomically(statements: readonly Compilable[]): Promise<QueryResult<unknown>[]>
}

/** Where payments are kept. */
export type DatabaseKind = 'sqlite' | 'postgresql'

/** A statement that Kysely has built. */
export interface Compilable {
  compile(): CompiledQuery
}

/** The database holds the payments of another application, or of another mode. */
export class StoreOfAnother extends Error {
  readonly code = 'ERR_STORE_OF_ANOTHER'

  constructor(file: string, kept: string, given: string) {
    super(`${file} holds the payments of ${kept}, not of ${given}. Give each a folder of its own.`)
    this.name = 'StoreOfAnother'
  }
}

/** The rows of a file are in PostgreSQL now, or are on their way there. */
export class StoreMoved extends Error {
  readonly code = 'ERR_STORE_MOVED'

  /** @param peer Where they are; left out where they have not all come yet. */
  constructor(what: string, peer?: string) {
    super(
      peer === undefined
        ? `${what} is moved to this database, and not all of it is here. Run \`saoma migrate\` again: it goes on where it was.`
        : `${what} was moved to ${peer}. Set SAOMA_DATABASE_URL to it; if the move did not come to its end, run \`saoma migrate\` again.`,
    )
    this.name = 'StoreMoved'
  }
}

/** The database was made by a version of this program that was never released. */
export class StoreTooOld extends Error {
  readonly code = 'ERR_STORE_TOO_OLD'

  constructor() {
    super('This database was made by a version before the first release: use another folder.')
    this.name = 'StoreTooOld'
  }
}

/** The database does not keep what it acknowledges. */
export class StoreNotDurable extends Error {
  readonly code = 'ERR_STORE_NOT_DURABLE'

  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'StoreNotDurable'
  }
}
