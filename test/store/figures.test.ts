/**
 * Figures, counted by both databases: hours and days of Beijing's, nothing of other applications,
 * through an index.
 *
 * @module
 */
import { describe, expect, test } from 'vitest'
import { addMs, parseBeijingTime, toFen } from '../../src/alipay/index.ts'
import { fillSeries, startOf } from '../../src/payments/index.ts'
import { storeKinds } from './opened-stores.ts'
import { add, commitOf, lease, refund } from './payments-to-store.ts'

const midnight = parseBeijingTime('2026-11-24 00:00:00')
const at = (hours: number) => addMs(midnight, hours * 3_600_000)

test('an hour and a day begin where they begin in Beijing', () => {
  expect(startOf('day', at(23.9))).toBe(midnight)
  expect(startOf('day', at(-0.1))).toBe(at(-24))
  expect(startOf('hour', at(7.5))).toBe(at(7))
  const range = { from: at(-1), before: at(2), interval: 'hour' } as const
  expect(fillSeries([], range).map((point) => point.at)).toEqual([at(-1), at(0), at(1)])
})

describe.each(storeKinds)('on $kind', ({ open }) => {
  test('they count what was created in the range, by hours and by days', async () => {
    const opened = await open()
    const { store, payments } = opened
    const paid = (hours: number, seconds: number, amount: number) => ({
      status: 'succeeded' as const,
      amount: toFen(amount),
      createdAt: at(hours),
      shownAt: at(hours),
      paidAt: addMs(at(hours), seconds * 1000),
    })
    await add(payments, 'before', paid(-0.01, 1, 1_000))
    await add(payments, 'a', paid(0, 10, 100))
    await add(payments, 'b', paid(0.5, 20, 200))
    await add(payments, 'c', paid(23.99, 90, 400))
    await add(payments, 'open', { createdAt: at(1), status: 'pending' })
    await add(payments, 'gone', { createdAt: at(1), status: 'expired' })
    await add(payments, 'after', paid(24, 1, 1_000))
    await add(store.of('another').payments, 'theirs', paid(1, 1, 5_000))
    const refunds = [
      refund('r', 're_1', { status: 'succeeded', amount: toFen(30), createdAt: at(2) }),
      refund('r', 're_2', { status: 'failed', amount: toFen(7), createdAt: at(2) }),
    ]
    await payments.insert(commitOf('r', paid(-30, 1, 900), refunds), lease())

    const day = { from: midnight, before: at(24) }
    const byHour = await store.figures.figures({ ...day, interval: 'hour' })
    expect(byHour.totals).toEqual({
      count: 5,
      succeeded: 3,
      unpaid: 1,
      amount: 700,
      refunds: 1,
      refundedAmount: 30,
      medianMsToPay: 20_000,
    })
    expect(byHour.series).toEqual([
      { at: at(0), count: 2, succeeded: 2, amount: 300, refundedAmount: 0 },
      { at: at(1), count: 2, succeeded: 0, amount: 0, refundedAmount: 0 },
      { at: at(2), count: 0, succeeded: 0, amount: 0, refundedAmount: 30 },
      { at: at(23), count: 1, succeeded: 1, amount: 400, refundedAmount: 0 },
    ])
    const byDay = await store.figures.figures({ from: at(-24), before: at(48), interval: 'day' })
    expect(byDay.series.map((point) => [point.at, point.amount])).toEqual([
      [at(-24), 1_000],
      [at(0), 700],
      [at(24), 1_000],
    ])
    const nothing = await store.figures.figures({ from: at(90), before: at(91), interval: 'hour' })
    expect(nothing).toMatchObject({ totals: { count: 0, medianMsToPay: null }, series: [] })

    // Alipay tells whole seconds, so who pays at once has paid before he was shown the code.
    await add(payments, 'quick', paid(100, -0.4, 1))
    const quick = await store.figures.figures({ from: at(99), before: at(101), interval: 'hour' })
    expect(quick.totals.medianMsToPay).toBe(0)

    const range = `created_at >= ${at(0)} and created_at < ${at(24)}`
    if (store.kind === 'postgresql') return
    const plan = await opened.query(
      `explain query plan select count(*) from payments where app = 'default' and ${range}`,
    )
    expect(JSON.stringify(plan)).toContain('payments_by_creation')
  })
})
