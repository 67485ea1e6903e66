/**
 * Puts a backup in the place of a database that is gone, and says what is true then.
 *
 * @module
 */

import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { formatRfc3339, toInstant } from '../alipay/index.ts'
import { backUp, BackupInvalid, examineBackup, StoreInUse } from '../store/index.ts'
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
  /** Refunds without an end. The server goes on with each, under its own number. */
  readonly open_refunds: number
  /** RFC 3339, when a payment last changed: nothing later is in it. `null` without payments. */
  readonly last_change: string | null
}

/**
 * Checks a backup, and copies it.
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
    await backUp(from, file)
    return {
      file,
      identity,
      payments,
      open_payments: openPayments,
      open_refunds: openRefunds,
      last_change: lastChange === null ? null : formatRfc3339(toInstant(lastChange)),
    }
  } catch (error) {
    if (!(error instanceof BackupInvalid)) throw error
    throw new Failure(error.message, 1)
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
  ${open_refunds} open refunds    go on under their own numbers: Alipay carries each out once.
What happened since ${last_change} is not in it:
  payments        come back with Alipay's next notification (Alipay repeats for 25 hours)
                  and with the bill: run \`saoma reconcile\` for each day since.
  refunds         are at Alipay and come with the bill: refund nothing by hand before.
  events          since then may be told again, with new ids; receivers look at the object's own.
  settings        API keys, webhook endpoints and keys are those of that time.
`
}
