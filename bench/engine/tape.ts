/**
 * Writes down the statements that a store sends to its database, so that they can be explained, or
 * sent again without the engine.
 *
 * @module
 */
import { Client } from 'pg'
import { openDatabase } from '../../dist/store/database-sync.js'
import type { StoreKind } from './place.ts'

/** A statement as it was sent. */
export interface Statement {
  readonly sql: string
  /** Values in their order; on SQLite also one object with names. */
  readonly parameters: readonly unknown[]
}

/** What stores send that are opened from now on, in this process. */
export async function recordStatements(kind: StoreKind): Promise<Statement[]> {
  const tape: Statement[] = []
  if (kind === 'sqlite') await recordSqlite(tape)
  else recordPostgres(tape)
  return tape
}

type DatabaseSync = Awaited<ReturnType<typeof openDatabase>>

/** Stores ask for Node's own SQLite first, and now get this one. */
async function recordSqlite(tape: Statement[]): Promise<void> {
  const database = await openDatabase(':memory:')
  const Real = database.constructor as new (file: string) => DatabaseSync
  const StatementSync = database.prepare('select 1').constructor
  database.close()
  const DatabaseSync = function (file: string): DatabaseSync {
    return recorded(new Real(file), '', tape)
  }
  const builtin = process.getBuiltinModule.bind(process)
  process.getBuiltinModule = (name: string) =>
    name === 'node:sqlite' ? { DatabaseSync, StatementSync } : builtin(name)
}

/** A database, or a statement of it, whose calls are written down. */
function recorded<Real extends object>(real: Real, sql: string, tape: Statement[]): Real {
  return new Proxy(real, {
    get(_, name) {
      const value: unknown = Reflect.get(real, name, real)
      if (typeof value !== 'function') return value
      return (...parameters: unknown[]): unknown => {
        const result: unknown = Reflect.apply(value, real, parameters)
        if (name === 'prepare') return recorded(result as object, String(parameters[0]), tape)
        if (RUNS.has(name)) tape.push({ sql, parameters })
        return result
      }
    },
  })
}

const RUNS: ReadonlySet<string | symbol> = new Set(['run', 'get', 'all'])

function recordPostgres(tape: Statement[]): void {
  const prototype = Client.prototype as { query: (...sent: unknown[]) => unknown }
  const query = Reflect.get(prototype, 'query')
  prototype.query = function (...sent) {
    const [sql, parameters] = sent
    if (typeof sql === 'string') {
      tape.push({ sql, parameters: Array.isArray(parameters) ? [...parameters] : [] })
    }
    return Reflect.apply(query, this, sent)
  }
}
