/**
 * What a server of several applications keeps: those that were added to it, and where changes came
 * from. What the columns mean stands in `schema.ts`.
 *
 * @module
 */

import type { DatabaseKind } from './database.ts'

/** The statements that make it. */
export function appsSchema(kind: DatabaseKind): readonly string[] {
  const key = kind === 'sqlite' ? 'text' : 'text collate "C"'
  return [
    `create table apps (
      id ${key} primary key,
      app ${key} not null,
      home_id ${key} not null,
      name text,
      product_code text not null,
      seller_id text,
      created_at bigint not null,
      updated_at bigint not null,
      retired_at bigint
    )`,
    'create index apps_by_home on apps (home_id, created_at, id)',

    'alter table audit_entries add column address text',
  ]
}
