/**
 * The schema's history, forward only. A migration that has been released is never edited.
 *
 * @module
 */

import { Migrator, sql, type Kysely, type Migration } from 'kysely'
import type { Schema } from './schema.ts'

/**
 * Brings a database up to date.
 *
 * @throws {Error} If a migration fails; the database is then as it was before.
 */
export async function migrate(db: Kysely<Schema>): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } })
  const { error } = await migrator.migrateToLatest()
  if (error !== undefined) {
    throw new Error('The database could not be brought up to date; it is as it was before.', {
      cause: error,
    })
  }
}

const migrations: Record<string, Migration> = {
  '0001-payments': {
    async up(db) {
      await db.schema
        .createTable('payments')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('version', 'integer', (column) => column.notNull())
        .addColumn('reference', 'text')
        .addColumn('blocking_reference', 'text', (column) => column.unique())
        .addColumn('amount', 'bigint', (column) => column.notNull())
        .addColumn('subject', 'text', (column) => column.notNull())
        .addColumn('status', 'text', (column) => column.notNull())
        .addColumn('out_trade_no', 'text', (column) => column.notNull().unique())
        .addColumn('checkout_token', 'text', (column) => column.notNull().unique())
        .addColumn('return_url', 'text')
        .addColumn('qr_code', 'text')
        .addColumn('created_at', 'bigint', (column) => column.notNull())
        .addColumn('updated_at', 'bigint', (column) => column.notNull())
        .addColumn('expires_at', 'bigint', (column) => column.notNull())
        .addColumn('shown_at', 'bigint')
        .addColumn('scanned_at', 'bigint')
        .addColumn('paid_at', 'bigint')
        .addColumn('late', 'integer', (column) => column.notNull())
        .addColumn('trade_no', 'text')
        .addColumn('trade_status', 'text')
        .addColumn('amount_received', 'bigint')
        .addColumn('buyer_logon_id', 'text')
        .addColumn('cancellation_reason', 'text')
        .addColumn('cancel_attempted_at', 'bigint')
        .addColumn('cancel_answered_at', 'bigint')
        .addColumn('refunded_by_cancel', 'integer', (column) => column.notNull())
        .addColumn('review', 'text')
        .addColumn('failure', 'text')
        .addColumn('outcome', 'text', (column) => column.notNull())
        .addColumn('unknown_calls', 'integer', (column) => column.notNull())
        .addColumn('next_step_at', 'bigint')
        .addColumn('due_at', 'bigint')
        .addColumn('lease_token', 'text')
        .addColumn('leased_until', 'bigint', (column) => column.notNull())
        .execute()
      await sql`create index payments_due on payments (due_at) where due_at is not null`.execute(db)
      await db.schema
        .createIndex('payments_by_reference')
        .on('payments')
        .columns(['reference', 'created_at'])
        .execute()
      await db.schema
        .createIndex('payments_by_creation')
        .on('payments')
        .columns(['created_at', 'id'])
        .execute()

      await db.schema
        .createTable('refunds')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('payment_id', 'text', (column) => column.notNull().references('payments.id'))
        .addColumn('position', 'integer', (column) => column.notNull())
        .addColumn('reference', 'text')
        .addColumn('amount', 'bigint', (column) => column.notNull())
        .addColumn('reason', 'text')
        .addColumn('status', 'text', (column) => column.notNull())
        .addColumn('out_request_no', 'text', (column) => column.notNull())
        .addColumn('source', 'text', (column) => column.notNull())
        .addColumn('created_at', 'bigint', (column) => column.notNull())
        .addColumn('updated_at', 'bigint', (column) => column.notNull())
        .addColumn('next_call', 'text', (column) => column.notNull())
        .addColumn('sent_at', 'bigint')
        .addColumn('succeeded_at', 'bigint')
        .addColumn('failure', 'text')
        .addColumn('outcome', 'text', (column) => column.notNull())
        .addColumn('unknown_calls', 'integer', (column) => column.notNull())
        .addColumn('next_step_at', 'bigint')
        .addUniqueConstraint('refunds_by_number', ['payment_id', 'out_request_no'])
        .execute()

      await db.schema
        .createTable('timeline')
        .addColumn('position', 'integer', (column) => column.primaryKey().autoIncrement())
        .addColumn('payment_id', 'text', (column) => column.notNull().references('payments.id'))
        .addColumn('at', 'bigint', (column) => column.notNull())
        .addColumn('kind', 'text', (column) => column.notNull())
        .addColumn('source', 'text', (column) => column.notNull())
        .addColumn('summary', 'text', (column) => column.notNull())
        .execute()
      await db.schema
        .createIndex('timeline_by_payment')
        .on('timeline')
        .columns(['payment_id', 'position'])
        .execute()

      await db.schema
        .createTable('events')
        .addColumn('position', 'integer', (column) => column.primaryKey().autoIncrement())
        .addColumn('payment_id', 'text', (column) => column.notNull().references('payments.id'))
        .addColumn('refund_id', 'text')
        .addColumn('type', 'text', (column) => column.notNull())
        .addColumn('version', 'integer', (column) => column.notNull())
        .addColumn('created_at', 'bigint', (column) => column.notNull())
        .execute()

      await db.schema
        .createTable('orphan_notifications')
        .addColumn('position', 'integer', (column) => column.primaryKey().autoIncrement())
        .addColumn('notify_id', 'text', (column) => column.unique())
        .addColumn('out_trade_no', 'text', (column) => column.notNull())
        .addColumn('received_at', 'bigint', (column) => column.notNull())
        .addColumn('params', 'text', (column) => column.notNull())
        .execute()

      await db.schema
        .createTable('owner')
        .addColumn('id', 'integer', (column) => column.primaryKey())
        .addColumn('identity', 'text', (column) => column.notNull())
        .execute()
    },
  },
}
