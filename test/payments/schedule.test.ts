/**
 * When the engine asks: the 5 s grid, the deadline, the proof of death, and every pause.
 *
 * @module
 */

import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { addMs, toInstant } from '../../src/alipay/index.ts'
import {
  backoffMs,
  earlier,
  later,
  nextPollAt,
  nextWatchAt,
  provenDeadAt,
  REFUND_ACTION_DELAYS_MS,
} from '../../src/payments/schedule.ts'
import { DEFAULT_RULES, toRules } from '../../src/payments/rules.ts'
import { at, expiresAt, payment, shownAt } from './records.ts'

test.each([
  [0, 5],
  [0.001, 5],
  [4.999, 5],
  [5, 10],
  [7.3, 10],
  [294.9, 295],
  [295, 300],
  [299.999, 300],
  [300, 300],
  [4_000, 300],
])('%f s after the code was shown the next query is due at %f s', (now, due) => {
  expect(nextPollAt(payment(), at(now), DEFAULT_RULES)).toBe(at(due))
})

test('the grid begins when the code is shown, not when the payment was created', () => {
  const shownLate = payment({ shownAt: at(7) })
  expect(nextPollAt(shownLate, at(8), DEFAULT_RULES)).toBe(at(12))
  expect(nextPollAt(payment({ shownAt: null }), at(8), DEFAULT_RULES)).toBe(at(10))
})

test('a query is always ahead, never more than 5 s, and none is later than the deadline', () => {
  fc.assert(
    fc.property(fc.nat({ max: 299_999 }), fc.nat({ max: 20_000 }), (elapsed, delay) => {
      const shown = payment({ shownAt: addMs(shownAt, delay) })
      const now = addMs(shownAt, Math.max(elapsed, delay))
      if (now >= expiresAt) return
      const next = nextPollAt(shown, now, DEFAULT_RULES)
      expect(next).toBeGreaterThan(now)
      expect(next - now).toBeLessThanOrEqual(5_000)
      expect(next).toBeLessThanOrEqual(expiresAt)
    }),
  )
})

test('a clock that was put back does not make queries rarer', () => {
  const before = addMs(shownAt, -60_000)
  expect(nextPollAt(payment(), before, DEFAULT_RULES)).toBe(addMs(before, 5_000))
})

test('the first query and the pauses between queries can be chosen', () => {
  const rules = toRules({ firstQueryAfterMs: 2_000, pollIntervalMs: 3_000 })
  expect(nextPollAt(payment(), shownAt, rules)).toBe(at(2))
  expect(nextPollAt(payment(), at(2), rules)).toBe(at(5))
  expect(nextPollAt(payment(), at(7.9), rules)).toBe(at(8))
  expect(nextPollAt(payment(), at(299), rules)).toBe(at(300))
  for (const ms of [999, 1_000.5, 3_600_001, Number.NaN]) {
    expect(() => toRules({ pollIntervalMs: ms })).toThrow('pollIntervalMs is whole milliseconds')
    expect(() => toRules({ firstQueryAfterMs: ms })).toThrow('firstQueryAfterMs is whole')
  }
})

test('a code that nobody scanned is dead 30 s after the time_expire that Alipay was told', () => {
  expect(provenDeadAt(payment())).toBe(addMs(expiresAt, 60_000 + 30_000))
})

test('an ended payment is looked at once a minute until 2 h after its code was shown', () => {
  expect(nextWatchAt(payment(), at(400))).toBe(at(460))
  expect(nextWatchAt(payment(), at(7_140))).toBe(at(7_200))
  expect(nextWatchAt(payment(), at(7_140.001))).toBeNull()
  expect(nextWatchAt(payment({ shownAt: null }), at(400))).toBeNull()
})

test('pauses after calls that ended unknown double from 1 s to 30 s', () => {
  expect([0, 1, 2, 3, 4, 5, 6, 7, 1_000].map(backoffMs)).toEqual([
    1_000, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000,
  ])
})

test('refunds that the merchant has to mend are tried after 15 min, 1 h, 6 h and 24 h', () => {
  expect(REFUND_ACTION_DELAYS_MS.map((delay) => delay / 60_000)).toEqual([15, 60, 360, 1_440])
})

test('earlier and later', () => {
  const [a, b] = [toInstant(1), toInstant(2)]
  expect([earlier(a, b), earlier(b, a), later(a, b), later(b, a)]).toEqual([1, 1, 2, 2])
})
