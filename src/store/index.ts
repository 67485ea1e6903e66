/**
 * Where payments are kept.
 *
 * @module
 */

export {
  StoreMoved,
  StoreNotDurable,
  StoreOfAnother,
  StoreTooOld,
  type DatabaseKind,
} from './database.ts'
export type { StoreCrashPoint } from './group-commit.ts'
export {
  MovedElsewhere,
  MoveTargetTaken,
  MoveUnequal,
  moveToPostgres,
  type MoveCrashPoint,
  type MoveOptions,
  type MoveResult,
  type TableCount,
} from './move-to-postgres.ts'
export { openPostgresStore, type PostgresStore, type PostgresStoreOptions } from './postgres.ts'
export { noteFileRestored, notePostgresRestored, type RestoredContent } from './restored.ts'
export type { Reseal, ResealResult } from './reseal.ts'
export { openSqliteStore, type SqliteStore, type SqliteStoreOptions } from './sqlite.ts'
export {
  BackupExists,
  BackupInvalid,
  backUp,
  examineBackup,
  type BackupContent,
} from './sqlite-backup.ts'
export { StoreInUse } from './sqlite-ownership.ts'
export type { AppStore, Store } from './store.ts'
