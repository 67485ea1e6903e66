/**
 * What the books keep: runs, differences, and rows that bill and books date differently. What the
 * columns mean stands in `schema.ts`.
 *
 * @module
 */

import type { DatabaseKind } from './database.ts'

/** The statements that make it. */
export function booksSchema(kind: DatabaseKind): readonly string[] {
  const key = kind === 'sqlite' ? 'text' : 'text collate "C"'
  return [
    `create table reconciliations (
      id ${key} primary key,
      app ${key} not null,
      bill_type ${key} not null,
      bill_date ${key} not null,
      status text not null,
      source text not null,
      runs integer not null,
      bill_hash text,
      rows_read bigint not null,
      result text,
      failure text,
      created_at bigint not null,
      updated_at bigint not null,
      finished_at bigint,
      next_try_at bigint,
      lease_token text,
      leased_until bigint not null
    )`,
    'create unique index reconciliations_day on reconciliations (app, bill_date, bill_type)',

    `create table differences (
      id ${key} primary key,
      app ${key} not null,
      bill_type ${key} not null,
      bill_date ${key} not null,
      code text not null,
      status text not null,
      out_trade_no ${key} not null,
      out_request_no ${key} not null,
      trade_no text,
      payment_id ${key},
      refund_id ${key},
      bill_amount bigint,
      local_amount bigint,
      note text,
      run integer not null,
      resolved_by text,
      created_at bigint not null,
      updated_at bigint not null
    )`,
    `create index differences_by_day on differences (app, bill_date, bill_type, id)`,
    `create index differences_unsettled on differences (app, bill_date, id)
      where status in ('open', 'waiting')`,

    `create table billed_elsewhen (
      app ${key} not null,
      bill_type ${key} not null,
      out_trade_no ${key} not null,
      out_request_no ${key} not null,
      bill_date ${key} not null,
      local_date ${key} not null,
      amount bigint not null,
      primary key (app, bill_type, out_trade_no, out_request_no)
    )`,
    'create index billed_elsewhen_by_bill on billed_elsewhen (app, bill_date)',
    'create index billed_elsewhen_by_local on billed_elsewhen (app, local_date)',
    `create index refunds_by_success on refunds (succeeded_at, id)
      where succeeded_at is not null`,
  ]
}
