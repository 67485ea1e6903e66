/**
 * Seals again what the database keeps sealed, for a change of the master key: of all applications,
 * a row at a time, while nodes go on.
 *
 * @module
 */

import { sql, type RawBuilder } from 'kysely'
import type { StoreDatabase } from './database.ts'

/** Makes another sealed text of one: the same where nothing is to be done. */
export type Reseal = (sealed: string, rowId: string) => string

/** What became of all that is sealed. */
export interface ResealResult {
  /** Rows that were sealed again. */
  readonly resealed: number
  /** Rows that were sealed with the new key before. */
  readonly current: number
}

/** Where sealed texts are, and how they lie in their column. */
const SEALED = [
  { table: 'webhook_endpoints', column: 'secrets', form: 'list' },
  { table: 'credentials', column: 'private_key', form: 'text' },
  { table: 'credentials', column: 'encrypt_key', form: 'text' },
  { table: 'alarm_channels', column: 'settings', form: 'text' },
  { table: 'users', column: 'totp_secret', form: 'text' },
  // Only those answers are sealed that tell a secret.
  {
    table: 'idempotency_keys',
    column: 'answer_body',
    form: 'text',
    id: sql`app_id || ' ' || route || ' ' || idempotency_key`,
    where: sql`answer_body not like '{%'`,
  },
] as const satisfies readonly Sealed[]

/** A column of sealed texts. */
interface Sealed {
  readonly table: string
  readonly column: string
  readonly form: 'text' | 'list'
  /** What a text is sealed for. Default: the column `id`. */
  readonly id?: RawBuilder<unknown>
  /** Which rows have one. Default: those that have any text. */
  readonly where?: RawBuilder<unknown>
}

/**
 * Seals everything again. A row that changes meanwhile is read again; one that is stopped half-way
 * is done by the next run.
 *
 * @throws What `reseal` throws, for a text that it cannot open; the rows before it are done.
 */
export async function resealAll(
  { db }: Pick<StoreDatabase, 'db'>,
  reseal: Reseal,
): Promise<ResealResult> {
  let resealed = 0
  let current = 0
  for (const { table, column, form, ...its } of SEALED as readonly Sealed[]) {
    const [name, field] = [sql.table(table), sql.ref(column)]
    const { id: rowId = sql.ref('id'), where = sql`${field} is not null` } = its
    const read = (id?: string) =>
      sql<{ id: string; sealed: string }>`select ${rowId} as id, ${field} as sealed from ${name}
        where ${where} ${id === undefined ? sql`order by 1` : sql`and ${rowId} = ${id}`}`.execute(
        db,
      )
    for (const { id, sealed: found } of (await read()).rows) {
      for (let sealed: string | undefined = found; sealed !== undefined;) {
        const fresh = form === 'text' ? reseal(sealed, id) : resealList(sealed, id, reseal)
        if (fresh === sealed) {
          current++
          break
        }
        const written = await sql`update ${name} set ${field} = ${fresh}
          where ${rowId} = ${id} and ${field} = ${sealed} returning 1 as done`.execute(db)
        if (written.rows.length > 0) {
          resealed++
          break
        }
        sealed = (await read(id)).rows[0]?.sealed
      }
    }
  }
  return { resealed, current }
}

/** Several secrets with their terms, as JSON. */
function resealList(text: string, id: string, reseal: Reseal): string {
  const secrets = JSON.parse(text) as { readonly sealed: string }[]
  return JSON.stringify(secrets.map((one) => ({ ...one, sealed: reseal(one.sealed, id) })))
}
