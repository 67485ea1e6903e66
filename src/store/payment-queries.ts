/**
 * Those of the engine's questions to its store that people ask, and not every payment: one text for
 * both databases.
 *
 * @module
 */

import { sql, type ExpressionBuilder, type Selectable } from 'kysely'
import { jsonArrayFrom as postgresArray } from 'kysely/helpers/postgres'
import { jsonArrayFrom as sqliteArray } from 'kysely/helpers/sqlite'
import { toInstant } from '../alipay/index.ts'
import { QUARANTINE_MAX } from '../payments/payment-store.ts'
import type { PaymentRecord, PaymentStore } from '../payments/index.ts'
import { REFUND_COLUMNS } from './columns.ts'
import type { StoreDatabase } from './database.ts'
import {
  fromEventRow,
  fromEvidenceRow,
  fromPaymentRow,
  fromRefundRow,
  storable,
  type RefundRow,
} from './payment-rows.ts'
import type { PaymentsTable, Schema } from './schema.ts'

/** The functions of {@link PaymentStore} that need not be fast. */
export type ColdQueries = Pick<
  PaymentStore,
  | 'list'
  | 'timeline'
  | 'eventsAfter'
  | 'lastEventPosition'
  | 'storeOrphan'
  | 'quarantine'
  | 'quarantined'
  | 'unquarantine'
>

/** Makes them on a database whose schema is up to date. */
export function createColdQueries(database: StoreDatabase): ColdQueries {
  const { db, app, kind } = database
  const payments = db
    .selectFrom('payments')
    .selectAll()
    .select((payment) => refundsOf(kind, payment).as('refunds'))
    .where('app', '=', app)
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')

  return {
    async list({ limit, before }) {
      const rows = await payments
        .$if(before !== undefined, (query) =>
          query.where(
            sql<boolean>`(created_at, id) <
              (select created_at, id from payments where id = ${before} and app = ${app})`,
          ),
        )
        .limit(limit)
        .execute()
      return rows.map(toRecord)
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
      const rows = await db
        .selectFrom('events')
        .selectAll()
        .where('app', '=', app)
        .where('position', '>', position)
        .orderBy('position')
        .limit(limit)
        .execute()
      return rows.map(fromEventRow)
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

    async unquarantine(id) {
      await db.deleteFrom('quarantine').where('app', '=', app).where('position', '=', id).execute()
    },
  }
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
