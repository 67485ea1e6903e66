/**
 * How each table goes from a SQLite file to PostgreSQL: in which order, and whose rows they are
 * where several applications share a database.
 *
 * @module
 */

import type { Schema } from './schema.ts'

/** A table that is moved. */
export interface MovedTable {
  readonly name: keyof Schema
  /** Unique, and what its rows are read in the order of. */
  readonly key: readonly string[]
  /** The key is a number that each database gives by itself: only its order is kept. */
  readonly isNumbered: boolean
  /** Whose a row is: by a column, or by the payment or the delivery that it belongs to. */
  readonly owner: 'app' | 'app_id' | 'payment_id' | 'delivery_id'
}

/** All that are moved: a row comes after those that it points to. */
export const MOVED_TABLES: readonly MovedTable[] = [
  named('payments', 'app'),
  named('due_payments', 'app', 'payment_id'),
  named('refunds', 'payment_id'),
  numbered('evidence', 'payment_id'),
  numbered('events', 'app'),
  named('webhook_endpoints', 'app'),
  named('webhook_deliveries', 'app'),
  numbered('webhook_attempts', 'delivery_id'),
  numbered('orphan_notifications', 'app'),
  numbered('quarantine', 'app'),
  named('apps', 'app'),
  named('credentials', 'app_id'),
  named('api_keys', 'app_id'),
  named('idempotency_keys', 'app_id', 'app_id', 'route', 'idempotency_key'),
  numbered('audit_entries', 'app_id'),
  named('users', 'app_id'),
  named('settings', 'app_id', 'app_id'),
  named('refund_requests', 'app_id'),
  named('saved_filters', 'app_id'),
  named('reconciliations', 'app'),
  named('differences', 'app'),
  named('billed_elsewhen', 'app', 'app', 'bill_type', 'out_trade_no', 'out_request_no'),
  named('alarm_channels', 'app'),
  named('alarms', 'app'),
  named('alarm_deliveries', 'app'),
  named('restores', 'app'),
]

/** Those that each database keeps for itself; people sign in anew. */
export const UNMOVED_TABLES: readonly string[] = [
  'owner',
  'migrations',
  'moves',
  'write_probes',
  'sessions',
  'sign_in_attempts',
  'retention',
]

/**
 * The rows of some applications, as a condition in PostgreSQL's SQL.
 *
 * @param owners A parameter with `{ apps, appIds }` as JSON, e.g. `$1`.
 */
export function ownedBy({ owner }: MovedTable, owners: string): string {
  const among = (list: string): string =>
    `in (select json_array_elements_text(${owners}::json -> '${list}') collate "C")`
  switch (owner) {
    case 'app':
      return `app ${among('apps')}`
    case 'app_id':
      return `app_id ${among('appIds')}`
    case 'payment_id':
      return `payment_id in (select id from payments where app ${among('apps')})`
    case 'delivery_id':
      return `delivery_id in (select id from webhook_deliveries where app ${among('apps')})`
  }
}

function named(name: keyof Schema, owner: MovedTable['owner'], ...key: string[]): MovedTable {
  return { name, owner, key: key.length === 0 ? ['id'] : key, isNumbered: false }
}

function numbered(name: keyof Schema, owner: MovedTable['owner']): MovedTable {
  return { name, owner, key: ['position'], isNumbered: true }
}
