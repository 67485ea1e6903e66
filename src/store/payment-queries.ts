/**
 * Those of the engine's questions to its store that people ask, and not every payment: one text for
 * both databases.
 *
 * @module
 */

import { sql, type ExpressionBuilder, type RawBuilder, type Selectable, type SqlBool } from 'kysely'
import { jsonArrayFrom as postgresArray } from 'kysely/helpers/postgres'
import { jsonArrayFrom as sqliteArray } from 'kysely/helpers/sqlite'
import { toInstant } from '../alipay/index.ts'
import { QUARANTINE_MAX, type PaymentFilter } from '../payments/payment-store.ts'
import { newLeaseToken } from '../payments/identifiers.ts'
import type { PaymentRecord, PaymentStatus, PaymentStore, RefundHold } from '../payments/index.ts'
import { REFUND_COLUMNS } from './columns.ts'
import type { StoreDatabase } from './database.ts'
import { hotStatement } from './hot-statement.ts'
import {
  fromEventRow,
  fromEvidenceRow,
  fromPaymentRow,
  fromRefundRow,
  storable,
  type RefundRow,
} from './payment-rows.ts'
import type { EventsTable, PaymentsTable, RestoresTable, Schema } from './schema.ts'

/** The functions of {@link PaymentStore} that need not be fast. */
export type ColdQueries = Pick<
  PaymentStore,
  | 'list'
  | 'listRefunds'
  | 'listEvents'
  | 'findEvent'
  | 'timeline'
  | 'eventsAfter'
  | 'lastEventPosition'
  | 'storeOrphan'
  | 'quarantine'
  | 'quarantined'
  | 'unquarantine'
  | 'refundHold'
  | 'holdRefunds'
  | 'closeGap'
  | 'liftRefundHold'
>

/** Makes them on a database whose schema is up to date. */
export function createColdQueries(database: StoreDatabase): ColdQueries {
  const { db, app, kind } = database
  const payments = db
    .selectFrom('payments')
    .selectAll()
    .select((payment) => refundsOf(kind, payment).as('refunds'))
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
  // Asked after each commit, for those who follow events.
  const eventsAfter = hotStatement<Selectable<EventsTable>>(
    db,
    db
      .selectFrom('events')
      .selectAll()
      .where('app', '=', app)
      .where('position', '>', 0)
      .orderBy('position')
      .limit(0),
  )

  return {
    async list({ limit, before, ...filter }) {
      const conditions = [ofApp(database, filter), ...paymentConditions(database, filter)]
      if (before !== undefined) {
        conditions.push(
          sql`(created_at, id) <
            (select created_at, id from payments where id = ${storable(before)} and app = ${app})`,
        )
      }
      const rows = await payments.where(all(conditions)).limit(limit).execute()
      return rows.map(toRecord)
    },

    async listRefunds({ limit, before, paymentId, status, createdFrom, createdBefore }) {
      const conditions = [sql<SqlBool>`payments.app = ${app}`]
      if (paymentId !== undefined) conditions.push(sql`payment_id = ${storable(paymentId)}`)
      if (status !== undefined) {
        conditions.push(sql`refunds.status = ${sql.lit(status)}`)
        if (status !== 'succeeded') conditions.push(among(NOT_GIVEN_BACK, 'refunds.'))
      }
      if (createdFrom !== undefined) conditions.push(sql`refunds.created_at >= ${createdFrom}`)
      if (createdBefore !== undefined) conditions.push(sql`refunds.created_at < ${createdBefore}`)
      if (before !== undefined) {
        conditions.push(
          sql`(refunds.created_at, refunds.id) < (
            select earlier.created_at, earlier.id from refunds as earlier
            join payments as its on its.id = earlier.payment_id
            where earlier.id = ${storable(before)} and its.app = ${app})`,
        )
      }
      const rows = await db
        .selectFrom('refunds')
        .innerJoin('payments', 'payments.id', 'refunds.payment_id')
        .selectAll('refunds')
        .where(all(conditions))
        .orderBy('refunds.created_at', 'desc')
        .orderBy('refunds.id', 'desc')
        .limit(limit)
        .execute()
      return rows.map(fromRefundRow)
    },

    async listEvents({ limit, order = 'desc', after, types, paymentId, delivered, ...created }) {
      const conditions = [sql<SqlBool>`app = ${app}`]
      if (after !== undefined) {
        const position = sql`(select position from events where id = ${storable(after)} and app = ${app})`
        conditions.push(order === 'asc' ? sql`position > ${position}` : sql`position < ${position}`)
      }
      const { createdFrom, createdBefore } = created
      if (createdFrom !== undefined) conditions.push(sql`created_at >= ${createdFrom}`)
      if (createdBefore !== undefined) conditions.push(sql`created_at < ${createdBefore}`)
      if (types !== undefined) conditions.push(sql`type in (${sql.join(types)})`)
      if (paymentId !== undefined) conditions.push(sql`payment_id = ${storable(paymentId)}`)
      if (delivered !== undefined) {
        const open = sql`exists (select 1 from webhook_deliveries
          where event_id = events.id and status <> 'succeeded')`
        conditions.push(delivered ? sql`not ${open}` : sql`${open}`)
      }
      const rows = await db
        .selectFrom('events')
        .selectAll()
        .where(all(conditions))
        .orderBy('position', order)
        .limit(limit)
        .execute()
      return rows.map(fromEventRow)
    },

    async findEvent(id) {
      const row = await db
        .selectFrom('events')
        .selectAll()
        .where('app', '=', app)
        .where('id', '=', storable(id))
        .executeTakeFirst()
      return row && fromEventRow(row)
    },

    async timeline(paymentId) {
      const rows = await db
        .selectFrom('evidence')
        .selectAll()
        .where('payment_id', '=', paymentId)
        .where((where) =>
          where.exists(
            where
              .selectFrom('payments')
              .select('id')
              .where('id', '=', paymentId)
              .where('app', '=', app),
          ),
        )
        .orderBy('position')
        .execute()
      return rows.map(fromEvidenceRow)
    },

    async eventsAfter(position, limit) {
      return (await eventsAfter(app, position, limit)).map(fromEventRow)
    },

    async lastEventPosition() {
      const newest = await db
        .selectFrom('events')
        .select('position')
        .where('app', '=', app)
        .orderBy('position', 'desc')
        .limit(1)
        .executeTakeFirst()
      return newest?.position ?? 0
    },

    async storeOrphan({ outTradeNo, receivedAt, params }) {
      const isOfBuyer = ([name]: [string, unknown]): boolean => name.startsWith('buyer_')
      const { notify_id: notifyId } = params
      const kept = Object.fromEntries(Object.entries(params).filter((param) => !isOfBuyer(param)))
      await db
        .insertInto('orphan_notifications')
        .values({
          app,
          notify_id: notifyId === undefined ? null : storable(notifyId),
          out_trade_no: storable(outTradeNo),
          received_at: receivedAt,
          params: JSON.stringify(kept),
        })
        .onConflict((conflict) => conflict.doNothing())
        .execute()
    },

    async quarantine({ receivedAt, body }) {
      const newest = db
        .selectFrom('quarantine')
        .select('position')
        .where('app', '=', app)
        .orderBy('position', 'desc')
        .limit(1)
        .offset(QUARANTINE_MAX)
      await database.atomically([
        db.insertInto('quarantine').values({ app, received_at: receivedAt, body: storable(body) }),
        db.deleteFrom('quarantine').where('app', '=', app).where('position', '<=', newest),
      ])
    },

    async quarantined() {
      // Writers on several nodes may each leave room for one.
      const rows = await db
        .selectFrom('quarantine')
        .selectAll()
        .where('app', '=', app)
        .orderBy('position', 'desc')
        .limit(QUARANTINE_MAX)
        .execute()
      return rows.toReversed().map(({ position, received_at, body }) => ({
        id: position,
        receivedAt: toInstant(received_at),
        body,
      }))
    },

    async refundHold() {
      const rows = await db.selectFrom('restores').selectAll().where('app', '=', app).execute()
      return toHold(rows)
    },

    async holdRefunds(from) {
      const id = `rst_${newLeaseToken()}`
      await db.insertInto('restores').values({ id, app, gap_from: from }).execute()
    },

    async closeGap(until) {
      await db
        .updateTable('restores')
        .set({ gap_until: until })
        .where('app', '=', app)
        .where('gap_until', 'is', null)
        .execute()
    },

    async liftRefundHold({ by, at }) {
      const { numUpdatedRows } = await db
        .updateTable('restores')
        .set({ lifted_at: at, lifted_by: storable(by) })
        .where('app', '=', app)
        .where('lifted_at', 'is', null)
        .executeTakeFirstOrThrow()
      return numUpdatedRows > 0n
    },

    async unquarantine(id) {
      await db.deleteFrom('quarantine').where('app', '=', app).where('position', '=', id).execute()
    },
  }
}

/** Of backups that were restored one after the other, while they hold, the gaps are one. */
function toHold(rows: readonly Selectable<RestoresTable>[]): RefundHold | undefined {
  const [first] = rows.toSorted((a, b) => liftedAt(b) - liftedAt(a))
  if (first === undefined) return undefined
  const gaps = rows.filter((row) => row.lifted_at === first.lifted_at)
  const untils = gaps.map((gap) => gap.gap_until)
  return {
    from: toInstant(Math.min(...gaps.map((gap) => gap.gap_from))),
    until: untils.every((until) => until !== null) ? toInstant(Math.max(...untils)) : null,
    liftedAt: first.lifted_at === null ? null : toInstant(first.lifted_at),
    liftedBy: first.lifted_by,
  }
}

/** Those that hold are the newest of all. */
function liftedAt({ lifted_at }: Selectable<RestoresTable>): number {
  return lifted_at ?? Number.MAX_SAFE_INTEGER
}

/** All of the conditions hold. */
function all(conditions: readonly RawBuilder<SqlBool>[]): RawBuilder<SqlBool> {
  return sql<SqlBool>`${sql.join(conditions, sql` and `)}`
}

/**
 * The payments of the application. Where the others of the conditions name a few by their ids,
 * SQLite is kept from going through all of them in the order of their creation to find these: `+`
 * is of no index.
 */
function ofApp({ app, kind }: StoreDatabase, { search, status }: PaymentFilter) {
  const isFew = search !== undefined || isOpen(status)
  return kind === 'sqlite' && isFew ? sql<SqlBool>`+app = ${app}` : sql<SqlBool>`app = ${app}`
}

function isOpen(status: PaymentStatus | undefined): status is 'created' | 'pending' {
  return status === 'created' || status === 'pending'
}

/** Of which states the indexes are that hold some rows only. */
const UNPAID: readonly string[] = ['closing', 'expired', 'canceled', 'failed']
const NOT_GIVEN_BACK = ['pending', 'processing', 'requires_action', 'failed', 'canceled']

/** In the words of the index, without which SQLite does not see that it holds all that is asked. */
function among(states: readonly string[], table = ''): RawBuilder<SqlBool> {
  return sql`${sql.raw(`${table}status`)} in (${sql.join(states.map((state) => sql.lit(state)))})`
}

/** What a filter asks for, each part of it by an index or over few rows. */
function paymentConditions(
  { app, kind }: StoreDatabase,
  filter: PaymentFilter,
): RawBuilder<SqlBool>[] {
  const { reference, status, createdFrom, createdBefore, amount, inReview, search } = filter
  const conditions: RawBuilder<SqlBool>[] = []
  if (reference !== undefined) conditions.push(sql`reference = ${storable(reference)}`)
  // As a literal: the index on it holds some of them only.
  if (status !== undefined) conditions.push(sql`status = ${sql.lit(status)}`)
  if (status !== undefined && UNPAID.includes(status)) conditions.push(among(UNPAID))
  // Something is always due about an open one.
  if (isOpen(status)) {
    const priority = sql.lit(status === 'created' ? 0 : 1)
    conditions.push(
      sql`id in (select payment_id from due_payments
        where app = ${app} and priority = ${priority} and due_at is not null)`,
    )
  }
  if (createdFrom !== undefined) conditions.push(sql`created_at >= ${createdFrom}`)
  if (createdBefore !== undefined) conditions.push(sql`created_at < ${createdBefore}`)
  if (amount !== undefined) conditions.push(sql`amount = ${amount}`)
  if (inReview !== undefined) {
    conditions.push(inReview ? sql`review is not null` : sql`review is null`)
  }
  if (search !== undefined) conditions.push(sql`id in (${named(app, kind, storable(search))})`)
  return conditions
}

/** The payments that go by a name, whichever of their names it is. */
function named(app: string, kind: StoreDatabase['kind'], name: string): RawBuilder<unknown> {
  const by = (condition: RawBuilder<unknown>): RawBuilder<unknown> =>
    sql`select id from payments where app = ${app} and ${condition}`
  const tail = kind === 'sqlite' ? sql`substr(trade_no, -6)` : sql`right(trade_no, 6)`
  const ways = [
    by(sql`id = ${name}`),
    by(sql`out_trade_no = ${name}`),
    by(sql`reference = ${name}`),
    by(sql`buyer_logon_id = ${name} and buyer_logon_id is not null`),
    by(sql`id = (select payment_id from refunds where id = ${name})`),
  ]
  if (/^\d{6,64}$/.test(name)) {
    ways.push(
      by(sql`${tail} = ${name.slice(-6)} and trade_no is not null and trade_no like ${`%${name}`}`),
    )
  }
  return sql.join(ways, sql` union all `)
}

/** In the same statement, so that both are of one moment. */
function refundsOf(kind: StoreDatabase['kind'], payment: ExpressionBuilder<Schema, 'payments'>) {
  const refunds = payment
    .selectFrom('refunds')
    .select(REFUND_COLUMNS)
    .whereRef('refunds.payment_id', '=', 'payments.id')
  return kind === 'sqlite' ? sqliteArray(refunds) : postgresArray(refunds)
}

function toRecord(
  row: Selectable<PaymentsTable> & { refunds: RefundRow[] | string },
): PaymentRecord {
  const refunds =
    typeof row.refunds === 'string' ? (JSON.parse(row.refunds) as RefundRow[]) : row.refunds
  refunds.sort((a, b) => a.position - b.position)
  return { payment: fromPaymentRow(row), refunds: refunds.map(fromRefundRow) }
}
