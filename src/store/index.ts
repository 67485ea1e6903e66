/**
 * Where payments are kept.
 *
 * @module
 */

export { StoreNotDurable, StoreOfAnother, StoreTooOld, type DatabaseKind } from './database.ts'
export type { StoreCrashPoint } from './group-commit.ts'
export { openPostgresStore, type PostgresStore, type PostgresStoreOptions } from './postgres.ts'
export { openSqliteStore, type SqliteStore, type SqliteStoreOptions } from './sqlite.ts'
export { BackupExists, backUp } from './sqlite-backup.ts'
export { StoreInUse } from './sqlite-ownership.ts'
export type { AppStore, Store } from './store.ts'
