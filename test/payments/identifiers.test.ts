/**
 * The names of things: which are random, which are derived, and of what they are made.
 *
 * @module
 */

import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { toInstant } from '../../src/alipay/index.ts'
import {
  derivedRefundId,
  newCheckoutToken,
  newPaymentId,
  newRefundId,
  outRequestNoFor,
  outTradeNoFor,
  secureRandom,
} from '../../src/payments/identifiers.ts'

const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 128 })
const newId = fc.constant(null).map(() => newPaymentId(toInstant(1_795_399_200_000), secureRandom))
const reference = fc.option(text)

test('numbers have 28 characters, of those alone that Alipay documents', () => {
  fc.assert(
    fc.property(text, newId, reference, fc.nat(), (appId, id, reference, attempt) => {
      const outTradeNo = outTradeNoFor(appId, { id, reference, attempt })
      expect(outTradeNo).toMatch(/^sm[0-9a-z]{26}$/)
      expect(outRequestNoFor(outTradeNo, { id, reference })).toMatch(/^rf[0-9a-z]{26}$/)
    }),
  )
})

test('the same reference brings the same number, whatever the id: a restored backup repeats it', () => {
  const sale = { id: 'pay_1', reference: 'A-1', attempt: 0 }
  expect(outTradeNoFor('app', { ...sale, id: 'pay_2' })).toBe(outTradeNoFor('app', sale))
  const back = { id: 're_1', reference: 'R-1' }
  expect(outRequestNoFor('sm1', { ...back, id: 're_2' })).toBe(outRequestNoFor('sm1', back))
})

test('another attempt, application, reference or payment brings another number', () => {
  const sale = { id: 'pay_1', reference: 'A-1', attempt: 0 }
  const numbers = [
    outTradeNoFor('app', sale),
    outTradeNoFor('app', { ...sale, attempt: 1 }),
    outTradeNoFor('other', sale),
    outTradeNoFor('app', { ...sale, reference: 'A-2' }),
    outTradeNoFor('app', { ...sale, reference: null }),
    outTradeNoFor('app', { ...sale, reference: null, id: 'pay_2' }),
    // A reference that is spelled like an id is not that id.
    outTradeNoFor('app', { ...sale, reference: 'pay_1' }),
  ]
  expect(new Set(numbers).size).toBe(numbers.length)
  const refunds = [
    outRequestNoFor('sm1', { id: 're_1', reference: 'R-1' }),
    outRequestNoFor('sm2', { id: 're_1', reference: 'R-1' }),
    outRequestNoFor('sm1', { id: 're_1', reference: null }),
    outRequestNoFor('sm1', { id: 're_1', reference: 're_1' }),
  ]
  expect(new Set(refunds).size).toBe(refunds.length)
})

test('parts do not run into each other', () => {
  const sale = { id: 'pay_1', attempt: 0 }
  expect(outTradeNoFor('ab', { ...sale, reference: 'c' })).not.toBe(
    outTradeNoFor('a', { ...sale, reference: 'bc' }),
  )
  expect(outTradeNoFor('app', { id: 'x', reference: 'A1', attempt: 1 })).not.toBe(
    outTradeNoFor('app', { id: 'x', reference: 'A', attempt: 11 }),
  )
})

test('numbers that were derived once stay the same in every later version', () => {
  const sale = { id: 'pay_1', reference: 'A-1', attempt: 0 }
  expect(outTradeNoFor('2021000000000001', sale)).toBe('smhyrsf0g20bzymkkf6k2t6yz4d8')
  expect(outRequestNoFor('sm1', { id: 're_1', reference: 'R-1' })).toBe(
    'rfx4dx3eqmfax89yhy4xgxj51w32',
  )
})

test('ids and tokens are random, with their prefix and 26 characters', () => {
  const now = toInstant(1_795_399_200_000)
  const paymentId = newPaymentId(now, secureRandom)
  const refundId = newRefundId(now, secureRandom)
  const token = newCheckoutToken(secureRandom)
  expect(paymentId).toMatch(/^pay_[0-9a-hjkmnp-tv-z]{26}$/)
  expect(refundId).toMatch(/^re_[0-9a-hjkmnp-tv-z]{26}$/)
  expect(token).toMatch(/^[0-9a-hjkmnp-tv-z]{26}$/)
  const tokens = Array.from({ length: 1_000 }, () => newCheckoutToken(secureRandom))
  expect(new Set(tokens).size).toBe(1_000)
  const ids = Array.from({ length: 1_000 }, () => newPaymentId(now, secureRandom))
  expect(new Set(ids).size).toBe(1_000)
})

test('ids are in the order of creation, to the millisecond', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 45), fc.integer({ min: 1, max: 1e9 }), (ms, later) => {
      const first = newPaymentId(toInstant(ms), secureRandom)
      expect(newPaymentId(toInstant(ms + later), secureRandom) > first).toBe(true)
    }),
  )
})

test('random bytes are never given twice, however many are asked for', () => {
  expect(secureRandom(10_000)).toHaveLength(10_000)
  const chunks = Array.from({ length: 2_000 }, () => secureRandom(16))
  const texts = chunks.map((chunk) => Buffer.from(chunk).toString('hex'))
  expect(new Set(texts).size).toBe(2_000)
  const first = secureRandom(16)
  const kept = Buffer.from(first).toString('hex')
  secureRandom(8_192)
  expect(Buffer.from(first).toString('hex')).toBe(kept)
})

test('a refund that was made elsewhere has the same id each time it is heard of', () => {
  expect(derivedRefundId('pay_1', 'x')).toBe(derivedRefundId('pay_1', 'x'))
  expect(derivedRefundId('pay_1', 'x')).not.toBe(derivedRefundId('pay_2', 'x'))
  expect(derivedRefundId('pay_1', 'x')).toMatch(/^re_[0-9a-z]{26}$/)
})
