/**
 * One process owns a SQLite file.
 *
 * @module
 */

import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { openDatabase } from './database-sync.ts'

/** Another process has the file open. */
export class StoreInUse extends Error {
  readonly code = 'ERR_STORE_IN_USE'
  /** The process that has it, where it is known. */
  readonly pid: number | undefined

  constructor(file: string, pid: number | undefined) {
    super(
      `${file} is open in another process${pid === undefined ? '' : ` (pid ${pid})`}. One process owns a SQLite file: stop that one, or use another folder.`,
    )
    this.name = 'StoreInUse'
    this.pid = pid
  }
}

/**
 * Takes the file for this process. The lock is SQLite's own, on a file beside it, so the operating
 * system lifts it when the process dies.
 *
 * @returns The way to give it back.
 * @throws {StoreInUse} If another process has it.
 */
export async function ownFile(file: string): Promise<() => void> {
  const owner = await openDatabase(`${file}-owner`)
  const pidFile = `${file}-owner.pid`
  try {
    owner.exec('PRAGMA busy_timeout=0; PRAGMA journal_mode=DELETE; BEGIN EXCLUSIVE')
  } catch (error) {
    owner.close()
    if (!/locked|busy/i.test(String(error))) throw error
    throw new StoreInUse(file, readPid(pidFile))
  }
  writeFileSync(pidFile, String(process.pid), { mode: 0o600 })
  return () => {
    rmSync(pidFile, { force: true })
    owner.close()
  }
}

function readPid(pidFile: string): number | undefined {
  try {
    return Number.parseInt(readFileSync(pidFile, 'utf8'), 10) || undefined
  } catch {
    return undefined
  }
}
