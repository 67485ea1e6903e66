/**
 * Moves a folder's database to PostgreSQL.
 *
 * @module
 */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { StoreUnavailable } from '../payments/index.ts'
import { moveToPostgres, type MoveResult } from '../store/index.ts'
import type { Environment } from './configuration.ts'
import { readCrashHook } from './crash-hook.ts'
import { Failure } from './failure.ts'
import { columns } from './output.ts'

/** Rows between two lines of progress. */
const TOLD_ROWS = 10_000

/**
 * Moves it, and tells of the way on stderr.
 *
 * @throws {Failure} If there is nothing to move, or PostgreSQL cannot be reached.
 */
export async function migrate(folder: string, url: string, env: Environment): Promise<MoveResult> {
  const file = join(folder, 'saoma.db')
  if (!existsSync(file)) {
    throw new Failure(`There is no database in ${folder}/. Name the server's folder with --folder.`)
  }
  if (!/^postgres(?:ql)?:\/\//.test(url)) throw new Failure('--to begins with postgres://.')
  try {
    return await moveToPostgres({
      file,
      url,
      crashPoint: readCrashHook(env),
      onProgress({ table, rows }) {
        if (rows % TOLD_ROWS === 0) process.stderr.write(`${table}: ${rows} rows\n`)
      },
    })
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error
    throw new Failure(`${error.message}. Run the same command again: it goes on where it was.`, 1)
  }
}

/** The result for people. */
export function formatMoved({ apps, tables, wasMoved }: MoveResult, folder: string): string {
  const counts = columns(tables.map(({ table, rows }) => [table, String(rows)] as const))
  return `${wasMoved ? 'It was moved before' : 'Moved, and equal on both sides'}: ${apps.join(', ')}
${counts}

Now set SAOMA_DATABASE_URL and start \`saoma serve\`: open payments go on at once.
${folder}/ still holds the API key, the notify address's secret and the master key: keep
SAOMA_FOLDER as it is, or give their values to every node (SAOMA_API_KEY, SAOMA_NOTIFY_TOKEN,
SAOMA_MASTER_KEY).
`
}
