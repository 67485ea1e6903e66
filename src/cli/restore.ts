/**
 * Puts a backup in the place of a database that is gone, and says what is true then.
 *
 * @module
 */

import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { formatRfc3339, toInstant } from '../alipay/index.ts'
import { StoreUnavailable } from '../payments/index.ts'
import {
  backUp,
  BackupInvalid,
  examineBackup,
  noteFileRestored,
  notePostgresRestored,
  StoreInUse,
} from '../store/index.ts'
import { readDatabaseConfiguration, readIdentity, type Environment } from './configuration.ts'
import { Failure } from './failure.ts'
import { findRunning } from './folder.ts'

/** What a restored database holds. */
export interface RestoreResult {
  /** The whole path of the database. */
  readonly file: string
  /** Whose payments it holds: the mode and the application; `null` before the first start. */
  readonly identity: string | null
  readonly payments: number
  /** Payments without an end. The server asks Alipay about each at its start. */
  readonly open_payments: number
  /** Refunds without an end: held until the books are whole again. */
  readonly open_refunds: number
  /** RFC 3339, when a payment last changed: nothing later is in it. `null` without payments. */
  readonly last_change: string | null
}

/** What was noted in a PostgreSQL that was restored by its own means. */
export interface NotedResult {
  /** Whose refunds are held: each application and mode. */
  readonly apps: readonly string[]
  /** RFC 3339, when a payment last changed: nothing later is in it. `null` without payments. */
  readonly last_change: string | null
}

/**
 * Checks a backup, and copies it; refunds are held from its first moment on.
 *
 * @throws {Failure} If it cannot be used, or the folder has a database or a server.
 */
export async function restore(folder: string, from: string): Promise<RestoreResult> {
  const file = resolve(join(folder, 'saoma.db'))
  const running = findRunning(folder)
  if (running !== undefined) throw new StoreInUse(file, running.pid)
  // What is left of a database would be taken for a part of the restored one.
  const left = ['', '-wal', '-shm', '-journal'].map((end) => file + end).find(existsSync)
  if (left !== undefined) {
    throw new Failure(
      `${left} exists. Nothing is overwritten: move it away, with all that begins with saoma.db, or name another folder with --folder.`,
    )
  }
  if (!existsSync(from)) throw new Failure(`There is no ${from}.`)
  try {
    const { identity, payments, openPayments, openRefunds, lastChange } = await examineBackup(from)
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await backUp(from, file, async (copy) => void (await noteFileRestored(copy)))
    return {
      file,
      identity,
      payments,
      open_payments: openPayments,
      open_refunds: openRefunds,
      last_change: instantText(lastChange),
    }
  } catch (error) {
    if (!(error instanceof BackupInvalid)) throw error
    throw new Failure(error.message, 1)
  }
}

/**
 * Notes in the PostgreSQL of the environment that it was restored, so that refunds are held.
 *
 * @throws {Failure} If none is configured, or it cannot be reached.
 */
export async function noteRestored(env: Environment): Promise<NotedResult> {
  const database = readDatabaseConfiguration(env)
  if (database === undefined) {
    throw new Failure('Name the backup, or with PostgreSQL set SAOMA_DATABASE_URL.')
  }
  try {
    const { apps, lastChange } = await notePostgresRestored(database.url, readIdentity(env))
    return { apps, last_change: instantText(lastChange) }
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error
    throw new Failure(`${error.message}. Nothing was noted: run it again.`, 1)
  }
}

/** The result for people: what is there, what is not, and what brings it back. */
export function formatRestored(restored: RestoreResult): string {
  const { file, identity, payments, open_payments: open, open_refunds, last_change } = restored
  const whose = identity === null ? '' : ` of ${identity}`
  if (last_change === null) return `${file} holds no payments${whose} yet.\n`
  return `${file} holds ${payments} payments${whose}, as they were at ${last_change}.

Now start \`saoma serve\` with the same master key. Then:
  ${open} open payments   are asked about at Alipay at once, and end as Alipay says.
  ${open_refunds} open refunds    ${HELD}
${missing(last_change)}`
}

/** The result for people. */
export function formatNoted({ apps, last_change }: NotedResult): string {
  const since = last_change ?? 'its beginning'
  return `Noted for ${apps.join(', ')}: the books know nothing since ${since}.

Now start \`saoma serve\`. Then:
  open payments   are asked about at Alipay at once, and end as Alipay says.
  refunds         ${HELD}
${missing(since)}`
}

const HELD = `of what was sold before wait until bills cover the gap; what Alipay has
                  made already is found by its number. \`saoma refunds hold\` tells how far it is.`

function missing(since: string): string {
  return `What happened since ${since} is not in it:
  payments        come back with Alipay's next notification (Alipay repeats for 25 hours)
                  and with the bills of the days since, which are fetched each morning.
  refunds         are at Alipay and come with the bills, too.
  events          since then may be told again, with new ids; receivers look at the object's own.
  settings        API keys, webhook endpoints and keys are those of that time.
`
}

function instantText(at: number | null): string | null {
  return at === null ? null : formatRfc3339(toInstant(at))
}
