/**
 * Where alarms go to, and what is still to be told. What the columns mean stands in `schema.ts`.
 *
 * @module
 */

import type { DatabaseKind } from './database.ts'

/** The statements that make it. */
export function alarmsSchema(kind: DatabaseKind): readonly string[] {
  const key = kind === 'sqlite' ? 'text' : 'text collate "C"'
  return [
    `create table alarm_channels (
      id ${key} primary key,
      app ${key} not null,
      type text not null,
      name text not null,
      hint text not null,
      kinds text not null,
      status text not null,
      settings text not null,
      created_at bigint not null,
      updated_at bigint not null
    )`,
    'create index alarm_channels_by_app on alarm_channels (app, created_at, id)',

    `create table alarms (
      id ${key} primary key,
      app ${key} not null,
      kind ${key} not null,
      about ${key} not null,
      text text not null,
      at bigint not null
    )`,
    'create unique index alarms_about on alarms (app, kind, about)',

    `create table alarm_deliveries (
      id ${key} primary key,
      app ${key} not null,
      alarm_id ${key} not null,
      channel_id ${key} not null,
      kind ${key} not null,
      status text not null,
      attempts integer not null,
      error text,
      due_at bigint,
      told_at bigint,
      lease_token ${key},
      leased_until bigint not null
    )`,
    `create index alarm_deliveries_due on alarm_deliveries (app, due_at)
      where due_at is not null`,
    'create index alarm_deliveries_told on alarm_deliveries (channel_id, kind, told_at)',
  ]
}
