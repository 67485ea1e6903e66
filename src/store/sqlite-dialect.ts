/**
 * Kysely on a `DatabaseSync`: directly, for migrations, or so that each statement that writes
 * becomes a member of the group commit.
 *
 * @module
 */

import {
  Kysely,
  SelectQueryNode,
  SqliteAdapter,
  SqliteDialect,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type CompiledQuery,
  type QueryResult,
} from 'kysely'
import type { DatabaseSync, StatementSync } from './database-sync.ts'
import type { GroupCommit } from './group-commit.ts'
import type { Schema } from './schema.ts'
import { singleStatements } from './single-statements.ts'

/** Runs compiled statements, and keeps those that were prepared. */
export class StatementRunner {
  readonly #database: DatabaseSync
  readonly #prepared = new Map<string, Prepared>()

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  /** Runs a statement at once, in whatever transaction is open. */
  run({ sql, parameters }: CompiledQuery): QueryResult<unknown> {
    const { statement, isReader } = this.#prepare(sql)
    if (isReader) return { rows: statement.all(...parameters) }
    return { rows: [], numAffectedRows: BigInt(statement.run(...parameters).changes) }
  }

  #prepare(sql: string): Prepared {
    const kept = this.#prepared.get(sql)
    if (kept !== undefined) return kept
    // Lists of different lengths make a text each.
    if (this.#prepared.size >= PREPARED_MAX) this.#prepared.clear()
    const statement = this.#database.prepare(sql)
    const prepared = { statement, isReader: statement.columns().length > 0 }
    this.#prepared.set(sql, prepared)
    return prepared
  }
}

interface Prepared {
  readonly statement: StatementSync
  readonly isReader: boolean
}

const PREPARED_MAX = 500

/** Single statements: reads at once, writes as members of the group commit. */
export function groupedKysely(runner: StatementRunner, group: GroupCommit): Kysely<Schema> {
  return singleStatements({
    async execute(compiled) {
      const run = (): QueryResult<unknown> => runner.run(compiled)
      const isRead = SelectQueryNode.is(compiled.query) || /^\s*select\b/i.test(compiled.sql)
      if (!isRead) return group.write(run)
      group.assertUsable()
      return run()
    },
    createAdapter: () => new SqliteAdapter(),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  })
}

/** With transactions of its own: for the time before anybody else writes. */
export function directKysely(database: DatabaseSync): Kysely<Schema> {
  return new Kysely({
    dialect: new SqliteDialect({
      database: {
        prepare(text) {
          const statement = database.prepare(text)
          return {
            reader: statement.columns().length > 0,
            all: (parameters) => statement.all(...parameters),
            run: (parameters) => statement.run(...parameters),
            iterate: (parameters) => statement.iterate(...parameters),
          }
        },
        close: () => {},
      },
    }),
  })
}
