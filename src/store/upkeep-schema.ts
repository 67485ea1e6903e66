/**
 * What a database knows of its own keeping: that it was restored from a backup, and how far what is
 * old was pruned. What the columns mean stands in `schema.ts`.
 *
 * @module
 */

import type { DatabaseKind } from './database.ts'

/** The statements that make it. */
export function upkeepSchema(kind: DatabaseKind): readonly string[] {
  const key = kind === 'sqlite' ? 'text' : 'text collate "C"'
  return [
    `create table restores (
      id ${key} primary key,
      app ${key} not null,
      gap_from bigint not null,
      gap_until bigint,
      lifted_at bigint,
      lifted_by text
    )`,
    'create index restores_by_app on restores (app)',

    `create table retention (
      app ${key} not null,
      kind ${key} not null,
      walked_to ${key} not null,
      turned_at bigint not null,
      pruned bigint not null,
      finished_at bigint,
      lease_token ${key},
      leased_until bigint not null,
      primary key (app, kind)
    )`,
    'create index alarms_by_age on alarms (app, at, id)',
    'create index alarm_deliveries_of_alarm on alarm_deliveries (alarm_id)',
    'create index orphan_notifications_in_order on orphan_notifications (app, position)',
  ]
}
