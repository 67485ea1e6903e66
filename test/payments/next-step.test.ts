/**
 * What is done next, from what is stored alone.
 *
 * @module
 */

import { describe, expect, test } from 'vitest'
import type { Payment } from '../../src/payments/index.ts'
import { nextDueAt, nextStep, type FreshAnswer } from '../../src/payments/next-step.ts'
import { at, record, refund } from './records.ts'

const succeeded: Partial<Payment> = { status: 'succeeded', nextStepAt: null }

describe('the next step of a payment', () => {
  test.each<[string, Partial<Payment>, FreshAnswer, number, string | undefined]>([
    ['a code is asked for', { status: 'created', outcome: 'not_applied' }, null, 5, 'precreate'],
    ['a code is asked for again', { status: 'created', outcome: 'unknown' }, null, 5, 'precreate'],
    ['a number that has a trade is queried', { status: 'created' }, null, 5, 'query'],
    ['no code is asked for after the deadline', { status: 'created' }, null, 300, 'deadline'],
    ['a shown code is queried', {}, null, 5, 'query'],
    ['nothing is asked before it is due', {}, null, 4.999, undefined],
    ['the deadline comes before a query', {}, null, 300, 'deadline'],
    ['closing begins with a query', { status: 'closing' }, null, 300, 'query'],
    ['a waiting trade is canceled', { status: 'closing' }, 'WAIT_BUYER_PAY', 300, 'cancel'],
    ['so is a code without a trade', { status: 'closing' }, 'TRADE_NOT_EXIST', 300, 'cancel'],
    [
      'a code without a trade is not canceled again after an answer',
      { status: 'closing', cancelAnsweredAt: at(300) },
      'TRADE_NOT_EXIST',
      310,
      'query',
    ],
    [
      'a waiting trade is',
      { status: 'closing', cancelAnsweredAt: at(300) },
      'WAIT_BUYER_PAY',
      310,
      'cancel',
    ],
    ['while pending nothing is canceled', {}, 'WAIT_BUYER_PAY', 5, 'query'],
    ['an expired payment is queried', { status: 'expired' }, 'WAIT_BUYER_PAY', 400, 'query'],
    ['a canceled payment is queried', { status: 'canceled' }, null, 400, 'query'],
    ['a failed payment is queried', { status: 'failed' }, null, 400, 'query'],
    ['a succeeded payment rests', succeeded, 'WAIT_BUYER_PAY', 400, undefined],
    ['what is not due at all rests', { status: 'expired', nextStepAt: null }, null, 400, undefined],
  ])('%s', (_, change, fresh, seconds, kind) => {
    expect(nextStep(record(change), fresh, at(seconds))?.kind).toBe(kind)
  })

  test('a cancel says which answer it follows', () => {
    const closing = record({ status: 'closing' })
    expect(nextStep(closing, 'TRADE_NOT_EXIST', at(300))).toEqual({
      kind: 'cancel',
      lastAnswer: 'TRADE_NOT_EXIST',
    })
  })
})

describe('refunds', () => {
  const first = refund({ sentAt: at(10), nextStepAt: at(20), nextCall: 'refund_query' })
  const second = refund({ id: 're_2', nextStepAt: at(10) })

  test('are sent at least 3 s after the one before', () => {
    const both = record(succeeded, [first, second])
    expect(nextStep(both, null, at(12.999))).toBeNull()
    expect(nextDueAt(both)).toBe(at(13))
    expect(nextStep(both, null, at(13))).toEqual({ kind: 'refund', refund: second })
  })

  test('are asked about without that pause', () => {
    const due = { ...first, nextStepAt: at(11) }
    expect(nextStep(record(succeeded, [due]), null, at(11))).toEqual({
      kind: 'refund_query',
      refund: due,
    })
  })

  test('wait for a step of their payment that is due', () => {
    const open = record({ status: 'succeeded', settlement: 'due', nextStepAt: at(5) }, [second])
    expect(nextStep(open, null, at(20))?.kind).toBe('settle')
  })

  test('that have ended are never due', () => {
    const ended = refund({ status: 'succeeded', nextStepAt: null, sentAt: at(10) })
    expect(nextStep(record(succeeded, [ended]), null, at(1_000))).toBeNull()
    expect(nextDueAt(record(succeeded, [ended]))).toBeNull()
  })
})

test('what is due first is what the payment is claimed by', () => {
  const early = refund({ nextStepAt: at(3) })
  expect(nextDueAt(record({ nextStepAt: at(5) }, [early]))).toBe(at(3))
  expect(nextDueAt(record({ nextStepAt: at(2) }, [early]))).toBe(at(2))
  expect(nextDueAt(record(succeeded, [refund({ nextStepAt: at(9) }), early]))).toBe(at(3))
  expect(nextDueAt(record(succeeded))).toBeNull()
})
