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
import { sqliteModule } from './database-sync.ts'

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
 * @throws {BackupExists} If it does, or is being made.
 */
export async function backUp(from: string, to: string): Promise<void> {
  const partial = `${to}.partial`
  await assertFree(to)
  // SQLite takes a file that is empty; made here, nobody else can ever read it.
  const file = await create(partial)
  try {
    await copy(from, partial)
    await file.sync()
    await giveName(partial, to)
    await syncFolder(dirname(to))
  } finally {
    await file.close()
    await rm(partial, { force: true })
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
