/**
 * Copies a folder's database, whether a server runs on it or not: it is only read.
 *
 * @module
 */

import { existsSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { backUp } from '../store/index.ts'
import { Failure } from './failure.ts'

/** What was copied. */
export interface BackupResult {
  /** The whole path of the copy. */
  readonly file: string
  readonly bytes: number
}

/**
 * Copies the database of a folder.
 *
 * @throws {Failure} If the folder has none.
 * @throws {BackupExists} If the file exists.
 */
export async function backup(folder: string, file: string): Promise<BackupResult> {
  const database = join(folder, 'saoma.db')
  if (!existsSync(database)) {
    throw new Failure(`There is no database in ${folder}/. Name the server's folder with --folder.`)
  }
  const target = resolve(file)
  await backUp(database, target)
  return { file: target, bytes: statSync(target).size }
}
