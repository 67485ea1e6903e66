/**
 * The engine's store as queries. Each function is one transaction.
 *
 * @module
 */

import type { Kysely, Transaction } from 'kysely'
import { toInstant } from '../alipay/index.ts'
import type {
  PaymentCommit,
  PaymentKey,
  PaymentRecord,
  PaymentStore,
  TimelineEntry,
} from '../payments/index.ts'
import { fromPaymentRow, fromRefundRow, toPaymentRow, toRefundRow } from './payment-rows.ts'
import type { Schema } from './schema.ts'

/** Makes the engine's store on a database whose schema is up to date. */
export function createPaymentStore(db: Kysely<Schema>): PaymentStore {
  return {
    insert: (commit, lease) =>
      db.transaction().execute(async (trx) => {
        const inserted = await trx
          .insertInto('payments')
          .values({
            ...toPaymentRow(commit.record),
            lease_token: lease.token,
            leased_until: lease.until,
          })
          .onConflict((conflict) => conflict.doNothing())
          .executeTakeFirst()
        if (inserted.numInsertedOrUpdatedRows !== 1n) return false
        await insertConsequences(trx, commit)
        return true
      }),

    save: (commit) =>
      db.transaction().execute(async (trx) => {
        const { id, version, ...columns } = toPaymentRow(commit.record)
        const blocking_reference = await keepUnlessTaken(trx, id, columns.blocking_reference)
        const updated = await trx
          .updateTable('payments')
          .set({ ...columns, blocking_reference, version })
          .where('id', '=', id)
          .where('version', '=', version - 1)
          .executeTakeFirst()
        if (updated.numUpdatedRows !== 1n) return false
        for (const [position, refund] of commit.record.refunds.entries()) {
          const row = toRefundRow(refund, position)
          await trx
            .insertInto('refunds')
            .values(row)
            .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
            .execute()
        }
        await insertConsequences(trx, commit)
        return true
      }),

    find: (key) => findOne(db, key),

    async list({ limit, before }) {
      let query = db.selectFrom('payments').selectAll().limit(limit)
      if (before !== undefined) {
        const { created_at: createdAt } = (await db
          .selectFrom('payments')
          .select('created_at')
          .where('id', '=', before)
          .executeTakeFirst()) ?? { created_at: 0 }
        query = query.where((where) =>
          where.or([
            where('created_at', '<', createdAt),
            where.and([where('created_at', '=', createdAt), where('id', '<', before)]),
          ]),
        )
      }
      const rows = await query.orderBy('created_at', 'desc').orderBy('id', 'desc').execute()
      return Promise.all(rows.map((row) => withRefunds(db, row)))
    },

    async listByReference(reference) {
      const rows = await db
        .selectFrom('payments')
        .selectAll()
        .where('reference', '=', reference)
        .orderBy('created_at', 'desc')
        .execute()
      return Promise.all(rows.map((row) => withRefunds(db, row)))
    },

    async timeline(paymentId) {
      const rows = await db
        .selectFrom('timeline')
        .selectAll()
        .where('payment_id', '=', paymentId)
        .orderBy('position')
        .execute()
      return rows.map(({ at, kind, source, summary }) => ({
        at: toInstant(at),
        kind,
        source,
        summary: JSON.parse(summary) as TimelineEntry['summary'],
      }))
    },

    async storeOrphan({ outTradeNo, receivedAt, params }) {
      const isOfBuyer = ([name]: [string, unknown]): boolean => name.startsWith('buyer_')
      const kept = Object.fromEntries(Object.entries(params).filter((param) => !isOfBuyer(param)))
      await db
        .insertInto('orphan_notifications')
        .values({
          notify_id: params['notify_id'] ?? null,
          out_trade_no: outTradeNo,
          received_at: receivedAt,
          params: JSON.stringify(kept),
        })
        .onConflict((conflict) => conflict.doNothing())
        .execute()
    },

    async claimDue(now, limit, lease) {
      const rows = await db
        .updateTable('payments')
        .set({ lease_token: lease.token, leased_until: lease.until })
        .where('id', 'in', (due) =>
          due
            .selectFrom('payments')
            .select('id')
            .where('due_at', '<=', now)
            .where('leased_until', '<=', now)
            .orderBy('due_at')
            .limit(limit),
        )
        .returningAll()
        .execute()
      return Promise.all(rows.map((row) => withRefunds(db, row)))
    },

    async claim(paymentId, now, lease) {
      const row = await db
        .updateTable('payments')
        .set({ lease_token: lease.token, leased_until: lease.until })
        .where('id', '=', paymentId)
        .where('leased_until', '<=', now)
        .returningAll()
        .executeTakeFirst()
      return row === undefined ? undefined : withRefunds(db, row)
    },

    async release(paymentId, lease) {
      await db
        .updateTable('payments')
        .set({ lease_token: null, leased_until: 0 })
        .where('id', '=', paymentId)
        .where('lease_token', '=', lease.token)
        .execute()
    },
  }
}

/** Late money is booked also where another payment has the reference by now. */
async function keepUnlessTaken(
  trx: Transaction<Schema>,
  id: string,
  reference: string | null,
): Promise<string | null> {
  if (reference === null) return null
  const other = await trx
    .selectFrom('payments')
    .select('id')
    .where('blocking_reference', '=', reference)
    .where('id', '<>', id)
    .executeTakeFirst()
  return other === undefined ? reference : null
}

async function findOne(db: Kysely<Schema>, key: PaymentKey): Promise<PaymentRecord | undefined> {
  const all = db.selectFrom('payments').selectAll('payments')
  const query =
    'id' in key
      ? all.where('id', '=', key.id)
      : 'outTradeNo' in key
        ? all.where('out_trade_no', '=', key.outTradeNo)
        : 'checkoutToken' in key
          ? all.where('checkout_token', '=', key.checkoutToken)
          : 'reference' in key
            ? all.where('reference', '=', key.reference).orderBy('created_at', 'desc').limit(1)
            : all.where('id', '=', (select) =>
                select.selectFrom('refunds').select('payment_id').where('id', '=', key.refundId),
              )
  const row = await query.executeTakeFirst()
  return row === undefined ? undefined : withRefunds(db, row)
}

async function withRefunds(
  db: Kysely<Schema>,
  row: Parameters<typeof fromPaymentRow>[0],
): Promise<PaymentRecord> {
  const refunds = await db
    .selectFrom('refunds')
    .selectAll()
    .where('payment_id', '=', row.id)
    .orderBy('position')
    .execute()
  return { payment: fromPaymentRow(row), refunds: refunds.map(fromRefundRow) }
}

/** Events and timeline belong to the commit that they tell of. */
async function insertConsequences(
  trx: Transaction<Schema>,
  { record, events, timeline }: PaymentCommit,
): Promise<void> {
  const { id, version, updatedAt } = record.payment
  for (const { type, refundId } of events) {
    await trx
      .insertInto('events')
      .values({
        payment_id: id,
        refund_id: refundId ?? null,
        type,
        version,
        created_at: updatedAt,
      })
      .execute()
  }
  for (const { at, kind, source, summary } of timeline) {
    await trx
      .insertInto('timeline')
      .values({ payment_id: id, at, kind, source, summary: JSON.stringify(summary) })
      .execute()
  }
}
