/**
 * Where payments are kept.
 *
 * @module
 */

export { openSqliteStore, StoreInUse, type SqliteStore } from './sqlite.ts'
