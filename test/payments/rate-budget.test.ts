/**
 * How many calls may be made: a limit, fewer where Alipay says that there are too many, and more
 * again while it does not.
 *
 * @module
 */

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RateBudget } from '../../src/payments/rate-budget.ts'
import { duePriority } from '../../src/payments/index.ts'
import { record, refund } from './records.ts'

function open(callsPerSecond: number) {
  let nowMs = 0
  const budget = new RateBudget({ callsPerSecond, monotonicMs: () => nowMs })
  return { budget, pass: (ms: number) => void (nowMs += ms) }
}

/** Claims all that is allowed, makes a call for each, and tells how many. */
function spendAll(budget: RateBudget, most = 1_000_000): number {
  const allowed = Math.min(most, budget.available())
  budget.claimed(allowed)
  for (let call = 0; call < allowed; call++) budget.spend()
  return allowed
}

describe('the limit', () => {
  test('is what may be begun in a second, at once or bit by bit', () => {
    const { budget, pass } = open(10)
    expect(spendAll(budget)).toBe(10)
    expect(budget.available()).toBe(0)
    pass(100)
    expect(spendAll(budget)).toBe(1)
    pass(550)
    expect(spendAll(budget)).toBe(5)
    pass(50)
    expect(spendAll(budget)).toBe(1)
  })

  test('is not saved up: after an hour of quiet a second’s worth may be begun', () => {
    const { budget, pass } = open(10)
    pass(3_600_000)
    expect(budget.available()).toBe(10)
  })

  test('counts what was in hand all the same: it is missing afterwards', () => {
    const { budget, pass } = open(10)
    budget.claimed(10)
    for (let call = 0; call < 25; call++) budget.spend()
    expect(budget.available()).toBe(0)
    pass(1_500)
    expect(budget.available()).toBe(0)
    pass(100)
    expect(budget.available()).toBe(1)
  })

  test('holds over any time, whoever asks whenever: never more than it and one second’s worth', () => {
    const pauses = fc.array(fc.integer({ min: 0, max: 3_000 }), { minLength: 1, maxLength: 60 })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), pauses, (limit, passed) => {
        const { budget, pass } = open(limit)
        let calls = spendAll(budget)
        let ms = 0
        for (const each of passed) {
          pass(each)
          ms += each
          calls += spendAll(budget)
        }
        expect(calls).toBeLessThanOrEqual(limit + Math.floor((limit * ms) / 1_000) + 1)
      }),
    )
  })

  test('leaves a fifth to what is claimed, where more is sold than it allows', () => {
    const { budget, pass } = open(10)
    let claimed = 0
    for (let tenth = 0; tenth < 600; tenth++) {
      // 20 new payments a second, each with a call of its own.
      for (let sale = 0; sale < 2; sale++) budget.spend()
      claimed += spendAll(budget)
      pass(100)
    }
    expect(claimed).toBeGreaterThanOrEqual(110)
    expect(claimed).toBeLessThanOrEqual(130)
  })

  test('leaves as much where Alipay has set it, whatever was claimed before', () => {
    const { budget, pass } = open(Number.POSITIVE_INFINITY)
    spendAll(budget, 100_000)
    let claimed = 0
    for (let second = 0; second < 60; second++) {
      for (let sale = 0; sale < 100; sale++) budget.spend()
      budget.throttled()
      pass(1_000)
      claimed += spendAll(budget)
    }
    expect(claimed).toBeGreaterThan(60)
  })

  test('need not be set', () => {
    const { budget } = open(Number.POSITIVE_INFINITY)
    expect(spendAll(budget, 100_000)).toBe(100_000)
    expect(budget.available()).toBe(Number.POSITIVE_INFINITY)
  })

  test.each([0, 0.5, -1, Number.NaN])('of %d is none', (callsPerSecond) => {
    expect(() => open(callsPerSecond)).toThrow('callsPerSecond is 1 or more')
  })
})

describe('too many calls', () => {
  test('halve the rate that was reached, and nothing is begun in this moment', () => {
    const { budget } = open(20)
    spendAll(budget)
    budget.throttled()
    expect(budget.callsPerSecond).toBe(10)
    expect(budget.available()).toBe(0)
  })

  test('of one moment are one refusal: 50 answers halve it once', () => {
    const { budget, pass } = open(64)
    spendAll(budget)
    for (let answer = 0; answer < 50; answer++) {
      budget.throttled()
      pass(10)
    }
    expect(budget.callsPerSecond).toBeGreaterThan(30)
    pass(500)
    spendAll(budget)
    budget.throttled()
    expect(budget.callsPerSecond).toBeLessThan(20)
  })

  test('without a limit of its own are halved from what was really called', () => {
    const { budget, pass } = open(Number.POSITIVE_INFINITY)
    for (let call = 0; call < 300; call++) {
      budget.spend()
      pass(3)
    }
    budget.throttled()
    expect(budget.callsPerSecond).toBeLessThanOrEqual(170)
    expect(budget.callsPerSecond).toBeGreaterThanOrEqual(80)
  })

  test('never end all calls: one a second is left, or nothing would ever be found out', () => {
    const { budget, pass } = open(8)
    for (let second = 0; second < 60; second++) {
      spendAll(budget)
      budget.throttled()
      pass(1_000)
    }
    expect(budget.callsPerSecond).toBeGreaterThanOrEqual(1)
    expect(budget.callsPerSecond).toBeLessThan(1.2)
    expect(spendAll(budget)).toBe(1)
  })
})

describe('recovery', () => {
  test('is a tenth per second: from half to the whole in 8 s', () => {
    const { budget, pass } = open(20)
    spendAll(budget)
    budget.throttled()
    const rates: number[] = []
    for (let second = 0; second < 8; second++) {
      pass(1_000)
      rates.push(Math.round(budget.callsPerSecond * 10) / 10)
    }
    expect(rates).toEqual([11, 12.1, 13.3, 14.6, 16.1, 17.7, 19.5, 20])
  })

  test('is the same whether anybody looks or not', () => {
    const [watched, left] = [open(100), open(100)]
    for (const { budget } of [watched, left]) {
      spendAll(budget)
      budget.throttled()
    }
    for (let ms = 0; ms < 5_000; ms += 50) {
      watched.pass(50)
      void watched.budget.callsPerSecond
    }
    left.pass(5_000)
    expect(watched.budget.callsPerSecond).toBeCloseTo(left.budget.callsPerSecond, 6)
  })

  test('ends where there is no limit: after some minutes nothing holds it back', () => {
    const { budget, pass } = open(Number.POSITIVE_INFINITY)
    spendAll(budget, 10)
    budget.throttled()
    expect(budget.available()).toBeLessThan(10)
    pass(120_000)
    expect(budget.available()).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('what goes first', () => {
  test.each([
    ['a new one, whose buyer waits for the code', record({ status: 'created' }), 0],
    ['one that is closing', record({ status: 'closing' }), 0],
    ['late money that is to be decided about', record({ status: 'succeeded' }), 0],
    ['one with a refund under way', record({ status: 'expired' }, [refund()]), 0],
    ['an open one', record({ status: 'pending' }), 1],
    ['one that has expired and is watched', record({ status: 'expired' }), 2],
    ['one that was canceled and is watched', record({ status: 'canceled' }), 2],
    ['one that was refused', record({ status: 'failed' }), 2],
  ])('%s', (_, payment, priority) => {
    expect(duePriority(payment)).toBe(priority)
  })
})
