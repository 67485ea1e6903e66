/**
 * The columns of the tables that are written by hand-made statements, and which of them a later
 * commit may change.
 *
 * @module
 */

import type { Insertable } from 'kysely'
import type { PaymentRow, RefundRow } from './payment-rows.ts'
import type { EventsTable, EvidenceTable } from './schema.ts'

/** What identifies a payment and never changes; the indexes on these are not written again. */
const FIXED: readonly string[] = [
  'id',
  'amount',
  'reference',
  'out_trade_no',
  'checkout_token',
  'created_at',
  'method',
  'metadata',
  'store_id',
  'operator_id',
  'terminal_id',
  'retry_allowed',
  'trace_parent',
] satisfies readonly (keyof PaymentRow)[]

/** All of a payment, but for its application. */
export const PAYMENT_COLUMNS = columns<PaymentRow>({
  id: true,
  version: true,
  reference: true,
  blocking_reference: true,
  retry_of: true,
  amount: true,
  subject: true,
  status: true,
  out_trade_no: true,
  checkout_token: true,
  return_url: true,
  qr_code: true,
  created_at: true,
  updated_at: true,
  expires_at: true,
  shown_at: true,
  scanned_at: true,
  ended_at: true,
  paid_at: true,
  late: true,
  trade_no: true,
  trade_status: true,
  amount_received: true,
  refunded_total: true,
  buyer_logon_id: true,
  cancellation_reason: true,
  cancel_attempted_at: true,
  cancel_answered_at: true,
  close_attempted_at: true,
  refunded_by_cancel: true,
  settlement: true,
  duplicate_of: true,
  review: true,
  failure: true,
  outcome: true,
  unknown_calls: true,
  answers: true,
  answered_at: true,
  answer_hash: true,
  events: true,
  next_step_at: true,
  method: true,
  metadata: true,
  store_id: true,
  operator_id: true,
  terminal_id: true,
  retry_allowed: true,
  trace_parent: true,
})

/** Those of a payment that a commit writes. */
export const SAVED_COLUMNS = PAYMENT_COLUMNS.filter((column) => !FIXED.includes(column))

/** Those of a payment that a move of its schedule writes. */
export const SCHEDULE_COLUMNS = [
  'outcome',
  'unknown_calls',
  'answers',
  'answered_at',
  'answer_hash',
  'next_step_at',
] as const satisfies readonly (keyof PaymentRow)[]

/** All of a refund. */
export const REFUND_COLUMNS = columns<RefundRow>({
  id: true,
  payment_id: true,
  position: true,
  reference: true,
  amount: true,
  reason: true,
  status: true,
  out_request_no: true,
  source: true,
  created_at: true,
  updated_at: true,
  next_call: true,
  sent_at: true,
  succeeded_at: true,
  cancel_requested_at: true,
  failure: true,
  outcome: true,
  unknown_calls: true,
  events: true,
  next_step_at: true,
  metadata: true,
})

/** Those of a refund that a later commit writes. */
export const SAVED_REFUND_COLUMNS = REFUND_COLUMNS.filter(
  (column) => column !== 'id' && column !== 'payment_id',
)

/** All of a line of a timeline, but for its position. */
export const EVIDENCE_COLUMNS = columns<Omit<Insertable<EvidenceTable>, 'position'>>({
  payment_id: true,
  at: true,
  kind: true,
  source: true,
  summary: true,
  version: true,
  from_status: true,
  to_status: true,
  raw: true,
})

/** All of an event, but for its position. */
export const EVENT_COLUMNS = columns<Omit<Insertable<EventsTable>, 'position'>>({
  id: true,
  app: true,
  payment_id: true,
  refund_id: true,
  type: true,
  sequence: true,
  created_at: true,
  data: true,
})

/** Every column of a row, in the order given; the compiler sees to it that none is left out. */
function columns<Row>(all: Readonly<Record<keyof Row & string, true>>): (keyof Row & string)[] {
  return Object.keys(all) as (keyof Row & string)[]
}
