/**
 * Events that are about no payment, with their deliveries: statements for the commit of what they
 * tell.
 *
 * @module
 */

import { sql, type RawBuilder } from 'kysely'
import type { ReconciliationEvent } from '../books/index.ts'
import type { StoreDatabase } from './database.ts'

/**
 * The statements, to be run in this order, in the transaction of the change.
 *
 * @param isMade Whether the change is made, as a condition: else nothing is told.
 */
export function tellEvent(
  { app, kind, now }: Pick<StoreDatabase, 'app' | 'kind' | 'now'>,
  event: ReconciliationEvent,
  isMade: RawBuilder<unknown>,
): RawBuilder<unknown>[] {
  const { id, type, reconciliationId, createdAt, data } = event
  const place = kind === 'sqlite' ? sql`instr` : sql`strpos`
  const told = sql`insert into events
    (id, app, payment_id, refund_id, type, sequence, created_at, data)
    select ${text(id)}, ${text(app)}, ${text(reconciliationId)}, null, ${text(type)},
      (select count(*) + 1 from events where payment_id = ${reconciliationId}),
      cast(${createdAt} as bigint), ${text(data)}
    where ${isMade}`
  const delivered = sql`insert into webhook_deliveries
    (id, app, endpoint_id, event_id, status, attempts, created_at, due_at, leased_until)
    select 'whd_' || substr(event.id, 5) || '_' || substr(endpoint.id, 5), event.app,
      endpoint.id, event.id, 'pending', 0, event.created_at, ${now()}, 0
    from events as event join webhook_endpoints as endpoint on endpoint.app = event.app
    where event.app = ${app} and event.id = ${id} and endpoint.status = 'enabled'
      and (endpoint.types = '*' or ${place}(endpoint.types, ',' || event.type || ',') > 0)`
  // As for payments: positions are drawn one after the other, so that no reader passes over one.
  const turn = sql`select pg_advisory_xact_lock(hashtextextended('saoma events ' || ${app}, 0))`
  return kind === 'sqlite' ? [told, delivered] : [turn, told, delivered]
}

/** PostgreSQL has to be told the type of what is selected and not compared to anything. */
function text(value: string): RawBuilder<string> {
  return sql`cast(${value} as text)`
}
