/**
 * Prunes in batches. Each walk goes along an index in the order of age, and looks again at what it
 * deletes in the statement that deletes it.
 *
 * @module
 */

import { sql, type RawBuilder } from 'kysely'
import { toInstant } from '../alipay/index.ts'
import type {
  PrunedBatch,
  RetentionBatch,
  RetentionKind,
  RetentionState,
  RetentionStore,
} from '../retention/index.ts'
import type { StoreDatabase } from './database.ts'
import type { RetentionTable } from './schema.ts'

/** A row that a walk comes by. */
interface Walked {
  /** What it is deleted by. */
  readonly id: string | number
  readonly at: number
  /** Where the next batch begins after it. */
  readonly cursor: string
}

/** How a kind is walked over. */
interface Walk {
  /** Rows after the cursor, in the order of age. */
  readonly page: (after: string, limit: number) => RawBuilder<Walked>
  /** What is pruned of those rows: the first statement tells how many. */
  readonly count: (ids: readonly Walked['id'][], before: number) => RawBuilder<unknown>
  readonly prune: (ids: readonly Walked['id'][], before: number) => readonly RawBuilder<unknown>[]
}

/**
 * Makes the store of retention on a database whose schema is up to date.
 *
 * @param appId Whose audit log it is.
 */
export function createRetentionStore(database: StoreDatabase, appId: string): RetentionStore {
  const { db, app } = database
  const walks = createWalks(app, appId)

  return {
    async claim(kind, { token, ms }, dueSince) {
      await sql`insert into retention (app, kind, walked_to, turned_at, pruned, leased_until)
        values (${app}, ${kind}, '', 0, 0, 0) on conflict do nothing`.execute(db)
      const { rows } = await sql<RetentionTable>`
        update retention set lease_token = ${token}, leased_until = ${database.now()} + ${ms}
        where app = ${app} and kind = ${kind} and leased_until <= ${database.now()}
          and (finished_at is null or finished_at < ${dueSince})
        returning *`.execute(db)
      return rows[0] && toState(rows[0])
    },

    async prune(kind, batch) {
      const { before, after, limit, isTrial } = batch
      const walk = walks[kind]
      const { rows } = await walk.page(after, limit).execute(db)
      const old = rows.filter(({ at }) => at < before)
      const ids = old.map(({ id }) => id)
      const pruned = ids.length === 0 ? 0 : await carryOut(walk, ids, before, isTrial)
      return batchOf(batch, rows, old, pruned)
    },

    async save(kind, { token, ms }, { walkedTo, turnedAt, pruned, finishedAt }) {
      const isOver = finishedAt !== null
      const { rows } = await sql`
        update retention set walked_to = ${walkedTo}, turned_at = ${turnedAt},
          pruned = pruned + ${pruned}, finished_at = coalesce(${finishedAt}, finished_at),
          lease_token = ${isOver ? null : token}, leased_until = ${isOver ? 0 : sql`${database.now()} + ${ms}`}
        where app = ${app} and kind = ${kind} and lease_token = ${token} returning kind`.execute(db)
      return rows.length === 1
    },

    async states() {
      const rows = await db.selectFrom('retention').selectAll().where('app', '=', app).execute()
      return rows.map(toState)
    },
  }

  async function carryOut(
    walk: Walk,
    ids: readonly Walked['id'][],
    before: number,
    isTrial: boolean,
  ): Promise<number> {
    if (isTrial) {
      const { rows } = await (walk.count(ids, before) as RawBuilder<{ count: number }>).execute(db)
      return rows[0]?.count ?? 0
    }
    const results = await database.atomically(
      walk.prune(ids, before).map((statement) => ({ compile: () => statement.compile(db) })),
    )
    return results.at(-1)?.rows.length ?? 0
  }
}

/** The walk is over where nothing is left, or what is left is too young. */
function batchOf(
  { after, limit }: RetentionBatch,
  rows: readonly Walked[],
  old: readonly Walked[],
  pruned: number,
): PrunedBatch {
  const isEnd = rows.length < limit || old.length < rows.length
  return { pruned, walkedTo: old.at(-1)?.cursor ?? after, isEnd }
}

function toState(row: RetentionTable): RetentionState {
  return {
    kind: row.kind as RetentionKind,
    walkedTo: row.walked_to,
    turnedAt: toInstant(row.turned_at),
    pruned: row.pruned,
    finishedAt: row.finished_at === null ? null : toInstant(row.finished_at),
  }
}

function createWalks(app: string, appId: string): Readonly<Record<RetentionKind, Walk>> {
  const ofEvents = byPosition('events', sql`created_at`, sql`app = ${app}`, sql`id`)
  return {
    deliveries: {
      page: ofEvents,
      count: (ids) => counted(sql`from webhook_deliveries where ${taken(ids)}`),
      prune: (ids) => [
        sql`delete from webhook_attempts where delivery_id in (
          select id from webhook_deliveries where ${taken(ids)})`,
        sql`delete from webhook_deliveries where ${taken(ids)} returning id`,
      ],
    },
    events: {
      page: ofEvents,
      count: (ids) => counted(sql`from events where ${told(ids)}`),
      prune: (ids) => [
        sql`delete from webhook_attempts where delivery_id in (
          select id from webhook_deliveries where event_id in (
            select id from events where ${told(ids)}))`,
        sql`delete from webhook_deliveries where event_id in (
          select id from events where ${told(ids)})`,
        sql`delete from events where ${told(ids)} returning id`,
      ],
    },
    raw_evidence: {
      page: (after, limit) => {
        const [at = '0', id = ''] = after.split(' ')
        return sql<Walked>`
          select id, created_at as at, created_at || ' ' || id as cursor from payments
          where app = ${app} and (created_at, id) > (${Number(at)}, ${id})
          order by created_at, id limit ${sql.lit(limit)}`
      },
      count: (ids, before) => counted(sql`from evidence where ${proved(ids, before)}`),
      prune: (ids, before) => [
        sql`update evidence set raw = null where ${proved(ids, before)} returning position`,
      ],
    },
    notifications: {
      page: byPosition('orphan_notifications', sql`received_at`, sql`app = ${app}`),
      count: (ids) => counted(sql`from orphan_notifications where ${explained(app, ids)}`),
      prune: (ids) => [
        sql`delete from orphan_notifications where ${explained(app, ids)} returning position`,
      ],
    },
    unverified: plain('quarantine', sql`received_at`, sql`app = ${app}`),
    alarms: {
      page: (after, limit) => {
        const [at = '0', id = ''] = after.split(' ')
        return sql<Walked>`select id, at, at || ' ' || id as cursor from alarms
          where app = ${app} and (at, id) > (${Number(at)}, ${id})
          order by at, id limit ${sql.lit(limit)}`
      },
      count: (ids) => counted(sql`from alarms where ${settledAlarm(ids)}`),
      prune: (ids) => [
        sql`delete from alarm_deliveries where alarm_id in (
          select id from alarms where ${settledAlarm(ids)})`,
        sql`delete from alarms where ${settledAlarm(ids)} returning id`,
      ],
    },
    audit: plain('audit_entries', sql`at`, sql`app_id = ${appId}`),
  }
}

/** Rows that nothing depends on. */
function plain(table: string, at: RawBuilder<unknown>, owner: RawBuilder<unknown>): Walk {
  const among = (ids: readonly Walked['id'][]) => sql`position in (${sql.join(ids)})`
  return {
    page: byPosition(table, at, owner),
    count: (ids) => counted(sql`from ${sql.table(table)} where ${among(ids)}`),
    prune: (ids) => [sql`delete from ${sql.table(table)} where ${among(ids)} returning position`],
  }
}

/** A position is given in the order of time. */
function byPosition(
  table: string,
  at: RawBuilder<unknown>,
  owner: RawBuilder<unknown>,
  id: RawBuilder<unknown> = sql`position`,
): Walk['page'] {
  return (after, limit) => sql<Walked>`
    select ${id} as id, ${at} as at, cast(position as text) as cursor from ${sql.table(table)}
    where ${owner} and position > ${Number(after)} order by position limit ${sql.lit(limit)}`
}

function counted(from: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`select count(*) as count ${from}`
}

/** Deliveries of these events that an endpoint has taken. */
function taken(eventIds: readonly Walked['id'][]): RawBuilder<unknown> {
  return sql`event_id in (${sql.join(eventIds)}) and status = 'succeeded' and due_at is null`
}

/**
 * Events that no endpoint waits for any more, of sales that are settled. As one value the sale is
 * looked up also where PostgreSQL has no statistics yet.
 */
function told(ids: readonly Walked['id'][]): RawBuilder<unknown> {
  return sql`events.id in (${sql.join(ids)})
    and not exists (select 1 from webhook_deliveries as open
      where open.event_id = events.id and (open.status = 'pending' or open.due_at is not null))
    and (select 1 from payments where payments.id = events.payment_id and ${settled()}) = 1`
}

/** Messages about these sales, as far as those are settled. */
function proved(paymentIds: readonly Walked['id'][], before: number): RawBuilder<unknown> {
  return sql`raw is not null and at < ${before} and payment_id in (${sql.join(paymentIds)})
    and (select 1 from payments where payments.id = evidence.payment_id and ${settled()}) = 1`
}

/** Nothing is to be done about a sale: by the engine, by a person, or by the books. */
function settled(): RawBuilder<unknown> {
  return sql`payments.status in ('succeeded', 'expired', 'canceled', 'failed')
    and payments.next_step_at is null and payments.review is null
    and coalesce(payments.settlement, '') <> 'due'
    and not exists (select 1 from refunds where refunds.payment_id = payments.id
      and refunds.status in ('pending', 'processing', 'requires_action'))
    and not exists (select 1 from differences where differences.app = payments.app
      and differences.payment_id = payments.id and differences.status in ('open', 'waiting'))`
}

/** Notifications of orders that no difference is open about. */
function explained(app: string, ids: readonly Walked['id'][]): RawBuilder<unknown> {
  return sql`position in (${sql.join(ids)})
    and not exists (select 1 from differences where differences.app = ${app}
      and differences.out_trade_no = orphan_notifications.out_trade_no
      and differences.status in ('open', 'waiting'))`
}

/** Alarms that are to be told to nobody any more. */
function settledAlarm(ids: readonly Walked['id'][]): RawBuilder<unknown> {
  return sql`id in (${sql.join(ids)}) and not exists (select 1 from alarm_deliveries
    where alarm_deliveries.alarm_id = alarms.id and alarm_deliveries.due_at is not null)`
}
