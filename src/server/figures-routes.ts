/**
 * `/v1/figures`: how business goes, by hours and days of Beijing's.
 *
 * @module
 */
import { z } from 'zod'
import { addMs, formatRfc3339 } from '../alipay/index.ts'
import { fillSeries, INTERVAL_MS, startOf, type Figures } from '../payments/index.ts'
import { instant } from './fields.ts'
import { ok, operation, type AnyOperation } from './operation.ts'
import type { Problem } from './problem.ts'
import { figures } from './schemas.ts'

/** Hours, or days, that are told at once. */
export const FIGURE_POINTS_MAX = 750

const getFigures = operation({
  method: 'GET',
  path: '/v1/figures',
  id: 'getFigures',
  summary: 'Count what was sold, paid and given back',
  description:
    'Payments and refunds count at the time they were created. Hours and days are those of Beijing.',
  scope: 'payments:read',
  query: z.strictObject({
    from: instant('from').optional().describe('RFC 3339; by default the beginning of today'),
    to: instant('to').optional().describe('Not itself in it; by default the end of the day of now'),
    interval: z.enum(['hour', 'day'], 'interval is hour or day').default('hour'),
  }),
  answers: { 200: { description: 'The figures.', schema: figures } },
  async handle({ app, query }) {
    const today = startOf('day', app.clock.now())
    const { interval, from = today, to: before = addMs(today, INTERVAL_MS.day) } = query
    const points = (before - startOf(interval, from)) / INTERVAL_MS[interval]
    if (points <= 0 || points > FIGURE_POINTS_MAX) return RANGE_WRONG
    const range = { from, before, interval }
    const { totals, series } = (await app.figures?.figures(range)) ?? NOTHING
    const ended = totals.succeeded + totals.unpaid
    return ok({
      object: 'figures',
      from: formatRfc3339(from),
      to: formatRfc3339(before),
      interval,
      totals: {
        count: totals.count,
        succeeded: totals.succeeded,
        amount: totals.amount,
        refunds: totals.refunds,
        refunded_amount: totals.refundedAmount,
        success_rate: ended === 0 ? null : totals.succeeded / ended,
        median_seconds_to_pay: totals.medianMsToPay === null ? null : totals.medianMsToPay / 1000,
      },
      series: fillSeries(series, range).map(({ at, refundedAmount, ...point }) => ({
        at: formatRfc3339(at),
        ...point,
        refunded_amount: refundedAmount,
      })),
    })
  },
})

/** The operations of figures. */
export const figureOperations: readonly AnyOperation[] = [getFigures]

/** Where nothing is counted. */
const NOTHING: Figures = {
  totals: {
    count: 0,
    succeeded: 0,
    unpaid: 0,
    amount: 0,
    refunds: 0,
    refundedAmount: 0,
    medianMsToPay: null,
  },
  series: [],
}

const RANGE_WRONG: Problem = {
  status: 400,
  type: 'invalid_request_error',
  code: 'parameter_invalid',
  message: `to is after from, by at most ${FIGURE_POINTS_MAX} hours or days.`,
  param: 'to',
}
