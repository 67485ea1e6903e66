/**
 * What says that rows are on their way from a SQLite file to PostgreSQL: a row on either side. What
 * the columns mean stands in `schema.ts`.
 *
 * @module
 */

import type { DatabaseKind } from './database.ts'

/** The statements that make it. */
export function movesSchema(kind: DatabaseKind): readonly string[] {
  const key = kind === 'sqlite' ? 'text' : 'text collate "C"'
  return [
    `create table moves (
      token ${key} primary key,
      state text not null,
      peer text not null,
      apps text not null,
      progress text not null
    )`,
  ]
}
