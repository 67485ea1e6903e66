/**
 * Where payments are kept.
 *
 * @module
 */

export {
  openSqliteStore,
  StoreInUse,
  StoreOfAnother,
  type SqliteStore,
  type SqliteStoreOptions,
} from './sqlite.ts'
