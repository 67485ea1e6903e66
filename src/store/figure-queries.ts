/**
 * What is counted for figures, one text for both databases. Each question goes through the index on
 * the time of creation.
 *
 * @module
 */

import { sql } from 'kysely'
import { toInstant } from '../alipay/index.ts'
import {
  BEIJING_OFFSET_MS,
  INTERVAL_MS,
  type FigurePoint,
  type FigureStore,
} from '../payments/figures.ts'
import type { StoreDatabase } from './database.ts'

/** Makes it on a database whose schema is up to date. */
export function createFigureStore({ db, app }: StoreDatabase): FigureStore {
  return {
    async figures({ from, before, interval }) {
      const lengthMs = sql.lit(INTERVAL_MS[interval])
      const sold = await sql<Sold>`
        select (created_at + ${sql.lit(BEIJING_OFFSET_MS)}) / ${lengthMs} as slot,
          count(*) as count,
          cast(sum(case when status = 'succeeded' then 1 else 0 end) as bigint) as succeeded,
          cast(sum(case when status in ('expired', 'canceled', 'failed') then 1 else 0 end)
            as bigint) as unpaid,
          cast(sum(case when status = 'succeeded' then amount else 0 end) as bigint) as amount
        from payments where app = ${app} and created_at >= ${from} and created_at < ${before}
        group by 1`.execute(db)
      const returned = await sql<Returned>`
        select (refunds.created_at + ${sql.lit(BEIJING_OFFSET_MS)}) / ${lengthMs} as slot,
          count(*) as count, cast(sum(refunds.amount) as bigint) as amount
        from refunds join payments on payments.id = refunds.payment_id
        where payments.app = ${app} and refunds.status = 'succeeded'
          and refunds.created_at >= ${from} and refunds.created_at < ${before}
        group by 1`.execute(db)
      const median = await sql<{ ms: number }>`
        select ms from (
          select case when paid_at > shown_at then paid_at - shown_at else 0 end as ms,
            count(*) over () as total,
            row_number() over (order by paid_at - shown_at) as place
          from payments where app = ${app} and created_at >= ${from} and created_at < ${before}
            and status = 'succeeded' and shown_at is not null and paid_at is not null
        ) as paid where place = (total + 1) / 2`.execute(db)

      const points = new Map<number, FigurePoint>()
      const add = (slot: number, more: Partial<FigurePoint>): void => {
        const at = toInstant(Math.max(0, slot * INTERVAL_MS[interval] - BEIJING_OFFSET_MS))
        const nothing = { at, count: 0, succeeded: 0, amount: 0, refundedAmount: 0 }
        points.set(at, { ...(points.get(at) ?? nothing), ...more })
      }
      for (const { slot, count, succeeded, amount } of sold.rows) {
        add(slot, { count, succeeded, amount })
      }
      for (const { slot, amount } of returned.rows) add(slot, { refundedAmount: amount })
      const sum = <Row>(rows: readonly Row[], of: (row: Row) => number): number =>
        rows.reduce((total, row) => total + of(row), 0)
      return {
        totals: {
          count: sum(sold.rows, ({ count }) => count),
          succeeded: sum(sold.rows, ({ succeeded }) => succeeded),
          unpaid: sum(sold.rows, ({ unpaid }) => unpaid),
          amount: sum(sold.rows, ({ amount }) => amount),
          refunds: sum(returned.rows, ({ count }) => count),
          refundedAmount: sum(returned.rows, ({ amount }) => amount),
          medianMsToPay: median.rows[0]?.ms ?? null,
        },
        series: [...points.values()].toSorted((a, b) => a.at - b.at),
      }
    },
  }
}

interface Sold {
  readonly slot: number
  readonly count: number
  readonly succeeded: number
  readonly unpaid: number
  readonly amount: number
}

interface Returned {
  readonly slot: number
  readonly count: number
  readonly amount: number
}
