/**
 * The tables, as Kysely sees them. Instants are milliseconds, money is fen, truth is 0 or 1: the
 * same in SQLite and in PostgreSQL.
 *
 * @module
 */

import type { Generated } from 'kysely'

/** All tables. */
export interface Schema {
  readonly payments: PaymentsTable
  readonly refunds: RefundsTable
  readonly timeline: TimelineTable
  readonly events: EventsTable
  readonly orphan_notifications: OrphanNotificationsTable
  readonly owner: OwnerTable
}

/** One row a payment. */
export interface PaymentsTable {
  id: string
  version: number
  reference: string | null
  /** The reference while it is open or paid; unique, so that a sale is paid once. */
  blocking_reference: string | null
  amount: number
  subject: string
  status: string
  out_trade_no: string
  checkout_token: string
  return_url: string | null
  qr_code: string | null
  created_at: number
  updated_at: number
  expires_at: number
  shown_at: number | null
  scanned_at: number | null
  paid_at: number | null
  late: number
  trade_no: string | null
  trade_status: string | null
  amount_received: number | null
  buyer_logon_id: string | null
  cancellation_reason: string | null
  cancel_attempted_at: number | null
  cancel_answered_at: number | null
  refunded_by_cancel: number
  review: string | null
  /** JSON of a `Failure`. */
  failure: string | null
  outcome: string
  unknown_calls: number
  next_step_at: number | null
  /** The earliest of its own next step and those of its refunds: what workers claim by. */
  due_at: number | null
  lease_token: string | null
  leased_until: number
}

/** One row a refund. */
export interface RefundsTable {
  id: string
  payment_id: string
  /** Order within the payment. */
  position: number
  reference: string | null
  amount: number
  reason: string | null
  status: string
  out_request_no: string
  source: string
  created_at: number
  updated_at: number
  next_call: string
  sent_at: number | null
  succeeded_at: number | null
  failure: string | null
  outcome: string
  unknown_calls: number
  next_step_at: number | null
}

/** One row a change that was learned of. */
export interface TimelineTable {
  position: Generated<number>
  payment_id: string
  at: number
  kind: string
  source: string
  /** JSON, without buyer data. */
  summary: string
}

/** One row an event. */
export interface EventsTable {
  position: Generated<number>
  payment_id: string
  refund_id: string | null
  type: string
  /** The payment's version that the event belongs to. */
  version: number
  created_at: number
}

/** Verified notifications of orders that are not known. */
export interface OrphanNotificationsTable {
  position: Generated<number>
  /** Unique: a repeat of one notification is kept once. */
  notify_id: string | null
  out_trade_no: string
  received_at: number
  /** JSON, without buyer data. */
  params: string
}

/** One row: whose payments these are, or will be. */
export interface OwnerTable {
  /** Always 1. */
  id: number
  /** The application and the mode, e.g. `live 2021000000000000`. */
  identity: string
}
