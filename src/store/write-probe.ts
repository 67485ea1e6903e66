/**
 * Whether the database can be written to: found out by writing to it. It may well be read while it
 * cannot, as where the disk is full or a standby was never promoted.
 *
 * @module
 */

import type { Kysely } from 'kysely'
import type { Instant } from '../alipay/index.ts'
import type { Schema } from './schema.ts'

/** The one row that is written again and again. */
const ROW = 1

/** Writes the row, durably. Rejects as every write does. */
export async function probeWrite(db: Kysely<Schema>, now: Instant): Promise<void> {
  await db
    .insertInto('write_probes')
    .values({ id: ROW, written_at: now })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ written_at: now }))
    .execute()
}
