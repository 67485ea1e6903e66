/**
 * A copy of a SQLite file as it is at one moment, made while payments go on: another thread reads,
 * on a connection of its own.
 *
 * @module
 */

import { once } from 'node:events'
import { link, lstat, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { openDatabase, sqliteModule } from './database-sync.ts'

/** There is something under the name that the copy should get. */
export class BackupExists extends Error {
  readonly code = 'ERR_BACKUP_EXISTS'

  constructor(file: string, options?: ErrorOptions) {
    super(`${file} exists. A backup overwrites nothing: name another file, or remove it.`, options)
    this.name = 'BackupExists'
  }
}

/**
 * Copies a database. The copy has its name once it is whole and on the disk, and can be read by its
 * owner alone.
 *
 * @param from The file of an open database.
 * @param to A file that does not exist, in a folder that does.
 * @param prepare Changes the copy before it has its name. Default: nothing is changed.
 * @throws {BackupExists} If it does, or is being made.
 */
export async function backUp(
  from: string,
  to: string,
  prepare: (copy: string) => Promise<void> = async () => {},
): Promise<void> {
  const partial = `${to}.partial`
  await assertFree(to)
  // SQLite takes a file that is empty; made here, nobody else can ever read it.
  const file = await create(partial)
  try {
    await copy(from, partial)
    await prepare(partial)
    await file.sync()
    await giveName(partial, to)
    await syncFolder(dirname(to))
  } finally {
    await file.close()
    await rm(partial, { force: true })
  }
}

/** A file is no backup that a server could be started on. */
export class BackupInvalid extends Error {
  readonly code = 'ERR_BACKUP_INVALID'
  /** Nothing was changed. */
  readonly outcome = 'not_applied'

  constructor(file: string, reason: string) {
    super(`${file} cannot be restored: ${reason}`)
    this.name = 'BackupInvalid'
  }
}

/** What a backup holds. */
export interface BackupContent {
  /** Whose payments; `null` where it was made before the first start of a server. */
  readonly identity: string | null
  readonly payments: number
  readonly openPayments: number
  readonly openRefunds: number
  /** When a payment last changed; `null` without payments. */
  readonly lastChange: number | null
}

/**
 * Reads all of a backup and checks it: every page, every index, and that it is of this program.
 *
 * @throws {BackupInvalid} If it is none, or is damaged, or was moved to PostgreSQL.
 */
export async function examineBackup(file: string): Promise<BackupContent> {
  const database = await openDatabase(file)
  const one = (query: string): unknown => database.prepare(query).get()
  try {
    database.exec('PRAGMA query_only=ON; PRAGMA busy_timeout=5000')
    const { count } = one(
      `select count(*) as count from sqlite_schema
        where type = 'table' and name in ('payments', 'refunds', 'migrations', 'owner')`,
    ) as { count: number }
    if (count !== 4) throw new BackupInvalid(file, 'it is no database of saoma.')
    const found = one('PRAGMA integrity_check(1)') as { integrity_check: string }
    if (found.integrity_check !== 'ok') {
      throw new BackupInvalid(file, 'it is damaged. Take the backup before it.')
    }
    const moves = one(`select 1 from sqlite_schema where name = 'moves'`)
    if (moves !== undefined && one(`select 1 from moves where state = 'moved'`) !== undefined) {
      throw new BackupInvalid(file, 'its payments were moved to PostgreSQL, and live on there.')
    }
    const counts = one(
      `select (select count(*) from payments) as payments,
        (select count(*) from payments where status in ('created', 'pending', 'closing'))
          as openPayments,
        (select count(*) from refunds
          where status in ('pending', 'processing', 'requires_action')) as openRefunds,
        (select max(updated_at) from payments) as lastChange`,
    ) as Omit<BackupContent, 'identity'>
    const owner = one('select identity from owner where id = 1') as { identity: string } | undefined
    return { identity: owner?.identity ?? null, ...counts }
  } catch (error) {
    if (error instanceof BackupInvalid) throw error
    throw new BackupInvalid(file, 'it is no database, or it is damaged. Take the backup before it.')
  } finally {
    database.close()
  }
}

/** Looks without opening: a process that closes a file drops all locks that SQLite has on it. */
async function assertFree(to: string): Promise<void> {
  const existing = await lstat(to).catch(() => undefined)
  if (existing !== undefined) throw new BackupExists(to)
}

async function create(file: string) {
  try {
    return await open(file, 'wx', 0o600)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    throw new BackupExists(file, { cause: error })
  }
}

/** What the thread runs. It is text, so that it runs wherever this file has been bundled to. */
const COPY = `
  const { workerData } = require('node:worker_threads')
  const { DatabaseSync } = require(workerData.sqlite)
  const database = new DatabaseSync(workerData.from)
  database.exec('PRAGMA busy_timeout=5000')
  database.prepare('VACUUM INTO ?').run(workerData.to)
  database.close()
`

async function copy(from: string, to: string): Promise<void> {
  const workerData = { sqlite: sqliteModule(), from, to }
  const worker = new Worker(COPY, { eval: true, workerData, execArgv: [] })
  // Rejects if the thread throws.
  const [code] = (await once(worker, 'exit')) as [number]
  if (code !== 0) throw new Error(`The backup ended with ${code}`)
}

async function giveName(partial: string, to: string): Promise<void> {
  try {
    // Unlike a new name, a second one does not take the place of a file that has come meanwhile.
    await link(partial, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
      throw new BackupExists(to, { cause: error })
    }
    // Not every file system knows second names.
    await assertFree(to)
    await rename(partial, to)
  }
}

async function syncFolder(folder: string): Promise<void> {
  // Windows opens no folders, and needs no such thing.
  const handle = await open(folder, 'r').catch(() => undefined)
  if (handle === undefined) return
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
