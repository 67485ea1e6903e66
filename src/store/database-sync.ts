/**
 * SQLite by the `DatabaseSync` API: Node's own where Node has it, the same API from a package else.
 *
 * @module
 * @see {@link https://nodejs.org/api/sqlite.html}
 */

import { createRequire } from 'node:module'
import type { DatabaseSyncInstance, StatementSyncInstance } from '@photostructure/sqlite'

/** An open database. */
export type DatabaseSync = DatabaseSyncInstance

/** A compiled statement. */
export type StatementSync = StatementSyncInstance

interface SqliteModule {
  readonly DatabaseSync: new (file: string) => DatabaseSync
  readonly StatementSync: { readonly prototype: object }
}

/** Opens a file, or `:memory:`. */
export async function openDatabase(file: string): Promise<DatabaseSync> {
  const { DatabaseSync } = builtIn() ?? (await import('@photostructure/sqlite'))
  return new DatabaseSync(file)
}

/** What a thread of its own requires to get the same. */
export function sqliteModule(): string {
  return builtIn() === undefined
    ? createRequire(import.meta.url).resolve('@photostructure/sqlite')
    : 'node:sqlite'
}

/** Node's own, from the version on that tells a statement's columns (22.16). */
function builtIn(): SqliteModule | undefined {
  const sqlite = process.getBuiltinModule('node:sqlite') as SqliteModule | undefined
  return sqlite !== undefined && 'columns' in sqlite.StatementSync.prototype ? sqlite : undefined
}
