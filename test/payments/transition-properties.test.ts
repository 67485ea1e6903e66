/**
 * What holds for the rules whatever arrives, in whatever order.
 *
 * @module
 */

import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { addMs, toFen, type Instant } from '../../src/alipay/index.ts'
import {
  amountRefunded,
  nextDueAt,
  type Evidence,
  type PaymentRecord,
  type Refund,
  type TradeFacts,
} from '../../src/payments/index.ts'
import { nextStep, type FreshAnswer, type Step } from '../../src/payments/next-step.ts'
import { transition } from '../../src/payments/transitions.ts'
import { at, deepFreeze, paidTrade, record, refund, shownAt, trade } from './records.ts'

const failure = { code: 'ACQ.X', message: 'x', alipayMessage: 'x' }

const facts: fc.Arbitrary<TradeFacts> = fc
  .record({
    tradeStatus: fc.constantFrom(
      'WAIT_BUYER_PAY',
      'TRADE_SUCCESS',
      'TRADE_FINISHED',
      'TRADE_CLOSED',
      'TRADE_SPLIT',
    ),
    isPaid: fc.boolean(),
    totalAmount: fc.constantFrom(toFen(8888), toFen(8888), toFen(8888), toFen(1)),
    isOtherSeller: fc.boolean(),
    refundedTotal: fc.constantFrom(null, toFen(3000), toFen(8888)),
    outRequestNo: fc.constantFrom(null, refund().outRequestNo, 'of_the_console'),
  })
  .map(({ isPaid, ...change }) => (isPaid ? paidTrade(change) : trade(change)))

const refundId = fc.constantFrom('re_1', 're_other')

/** Any evidence at all, also what no gateway would say. */
const evidences: fc.Arbitrary<Evidence> = fc.oneof(
  fc.record({
    kind: fc.constant('trade' as const),
    source: fc.constantFrom('query' as const, 'notification' as const),
    trade: facts,
  }),
  fc.constantFrom<Evidence>(
    { kind: 'precreated', qrCode: 'https://qr.alipay.com/bax2' },
    { kind: 'precreate_refused', failure },
    { kind: 'pay_answered', trade: paidTrade() },
    { kind: 'pay_answered', trade: trade() },
    { kind: 'pay_refused', failure },
    { kind: 'trade_exists' },
    { kind: 'trade_not_exist' },
    { kind: 'deadline_passed' },
    { kind: 'cancel_requested' },
    { kind: 'cancel_attempted', lastAnswer: 'WAIT_BUYER_PAY' },
    { kind: 'cancel_attempted', lastAnswer: 'TRADE_NOT_EXIST' },
    { kind: 'cancel_answered', action: 'close', tradeNo: '1' },
    { kind: 'cancel_answered', action: 'refund', tradeNo: '1' },
    { kind: 'cancel_answered', action: null, tradeNo: null },
    { kind: 'cancel_refused' },
    { kind: 'unknown', call: 'precreate', reason: 'no answer' },
    { kind: 'unknown', call: 'pay', reason: 'no answer' },
    { kind: 'unknown', call: 'query', reason: 'no answer' },
    { kind: 'unknown', call: 'cancel', reason: 'no answer' },
  ),
  fc.record({
    kind: fc.constantFrom(
      'refund_sent' as const,
      'refund_done' as const,
      'refund_unmoved' as const,
      'refund_not_found' as const,
    ),
    refundId,
  }),
  fc.record({
    kind: fc.constant('refund_refused' as const),
    refundId,
    failure: fc.constant(failure),
    mendable: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('unknown' as const),
    reason: fc.constant('no answer'),
    call: fc.constantFrom('refund' as const, 'refund_query' as const),
    refundId,
  }),
)

/** Evidence, and how many seconds after the one before it comes. */
const histories = fc.array(fc.tuple(evidences, fc.nat({ max: 200 })), { maxLength: 25 })

const beginnings: fc.Arbitrary<PaymentRecord> = fc.constantFrom(
  record({ status: 'created', shownAt: null, qrCode: null, nextStepAt: shownAt }),
  record({
    status: 'created',
    method: 'barcode',
    shownAt: null,
    qrCode: null,
    outcome: 'unknown',
    nextStepAt: shownAt,
  }),
  record(),
  record({ status: 'succeeded', nextStepAt: null }, [refund()]),
)

/** Applies a history, and shows `look` each step. */
function replay(
  beginning: PaymentRecord,
  history: readonly (readonly [Evidence, number])[],
  look: (after: PaymentRecord, before: PaymentRecord, now: Instant) => void = () => {},
): PaymentRecord {
  let current = deepFreeze(beginning)
  let now = shownAt
  for (const [evidence, seconds] of history) {
    now = addMs(now, seconds * 1_000)
    const next = deepFreeze(transition(current, deepFreeze(evidence), now)).record
    look(next, current, now)
    current = next
  }
  return current
}

test('no history leaves succeeded, and none writes to what it is given', () => {
  fc.assert(
    fc.property(beginnings, histories, (beginning, history) => {
      replay(beginning, history, (after, before) => {
        const { status, paidAt, nextStepAt } = after.payment
        if (before.payment.status === 'succeeded') expect(status).toBe('succeeded')
        if (status === 'succeeded' && before.payment.status !== 'succeeded') {
          expect(paidAt).not.toBeNull()
        }
        if (status === 'succeeded' && after.payment.settlement !== 'due') {
          expect(nextStepAt).toBeNull()
        }
        for (const { id, status } of before.refunds) {
          if (status === 'succeeded') {
            expect(after.refunds.find((refund) => refund.id === id)?.status).toBe('succeeded')
          }
        }
      })
    }),
  )
})

test('whatever is open has a next step, payments and refunds alike', () => {
  fc.assert(
    fc.property(beginnings, histories, (beginning, history) => {
      replay(beginning, history, ({ payment, refunds }) => {
        const open = ['created', 'pending', 'closing'].includes(payment.status)
        if (open) expect(payment.nextStepAt).not.toBeNull()
        for (const { status, nextStepAt } of refunds) {
          const isOpen = ['pending', 'processing', 'requires_action'].includes(status)
          expect(nextStepAt !== null).toBe(isOpen)
        }
        const isDue = open || refunds.some(({ nextStepAt }) => nextStepAt !== null)
        if (isDue) expect(nextDueAt({ payment, refunds })).not.toBeNull()
      })
    }),
  )
})

test('evidence that is applied twice at once tells of nothing new', () => {
  fc.assert(
    fc.property(beginnings, histories, evidences, (beginning, history, evidence) => {
      const before = replay(beginning, history)
      const once = transition(before, evidence, at(10_000)).record
      const twice = transition(once, evidence, at(10_000))
      expect(twice.events).toEqual([])
      expect(twice.record.payment.status).toBe(once.payment.status)
    }),
  )
})

/** What really happened at Alipay after the payment: refunds of ours and of the console, in order. */
const refundHistories = fc
  .array(fc.record({ amount: fc.integer({ min: 1, max: 2_000 }), isOurs: fc.boolean() }), {
    minLength: 1,
    maxLength: 4,
  })
  .map((made) => {
    let total = 0
    const refunds = made.map(({ amount, isOurs }, index) => {
      total += amount
      return { amount, isOurs, number: `number_${index}`, total: toFen(total) }
    })
    const ours: Refund[] = refunds
      .filter(({ isOurs }) => isOurs)
      .map(({ amount, number }) =>
        refund({
          id: `re_${number}`,
          outRequestNo: number,
          amount: toFen(amount),
          status: 'processing',
          nextCall: 'refund_query',
          outcome: 'unknown',
        }),
      )
    const messages: Evidence[] = refunds.map((made) => ({
      kind: 'trade',
      source: 'notification',
      trade: paidTrade({ refundedTotal: made.total, outRequestNo: made.number }),
    }))
    return { ours, messages, total: toFen(total) }
  })

test('the same messages in any order, however often, bring the same money', () => {
  const shuffled = refundHistories.chain(({ ours, messages, total }) => {
    const paid: Evidence[] = (['query', 'notification'] as const).map((source) => ({
      kind: 'trade',
      source,
      trade: paidTrade(),
    }))
    const all = [...paid, ...messages]
    return fc
      .tuple(
        fc.shuffledSubarray(all, { minLength: all.length }),
        fc.array(fc.constantFrom(...all), { maxLength: 4 }),
      )
      .map(([once, again]) => ({ ours, total, order: [...once, ...again] }))
  })
  fc.assert(
    fc.property(shuffled, ({ ours, total, order }) => {
      // Refunds of ours are only made of what is paid.
      const beginning =
        ours.length === 0 ? record() : record({ status: 'succeeded', nextStepAt: null }, ours)
      const end = replay(
        beginning,
        order.map((evidence) => [evidence, 1]),
        ({ refunds }) => expect(amountRefunded(refunds)).toBeLessThanOrEqual(total),
      )
      expect(end.payment.status).toBe('succeeded')
      expect(amountRefunded(end.refunds)).toBe(total)
      expect(new Set(end.refunds.map(({ id }) => id)).size).toBe(end.refunds.length)
    }),
  )
})

test.each([
  ['pending', record()],
  ['closing', record({ status: 'closing', cancellationReason: 'expired' })],
  ['expired', record({ status: 'expired', cancellationReason: 'expired' })],
])('paid, paid again and given back in full: the same from %s in any order', (_, beginning) => {
  const messages: Evidence[] = [
    { kind: 'trade', source: 'notification', trade: paidTrade() },
    { kind: 'trade', source: 'query', trade: paidTrade() },
    { kind: 'trade', source: 'query', trade: paidTrade({ tradeStatus: 'TRADE_CLOSED' }) },
    {
      kind: 'trade',
      source: 'notification',
      trade: paidTrade({ tradeStatus: 'TRADE_CLOSED', refundedTotal: toFen(8888) }),
    },
  ]
  fc.assert(
    fc.property(fc.shuffledSubarray(messages, { minLength: 4 }), (order) => {
      const end = replay(
        beginning,
        order.map((evidence) => [evidence, 1]),
      )
      expect(end.payment.status).toBe('succeeded')
      expect(amountRefunded(end.refunds)).toBe(8888)
    }),
  )
})

/** What a call may bring, the strangest answers included. */
function answersTo(step: Step): readonly Evidence[] {
  switch (step.kind) {
    case 'deadline':
      return [{ kind: 'deadline_passed' }]
    case 'precreate':
      return [
        { kind: 'precreated', qrCode: 'https://qr.alipay.com/bax2' },
        { kind: 'precreate_refused', failure },
        { kind: 'trade_exists' },
        { kind: 'unknown', call: 'precreate', reason: 'no answer' },
      ]
    case 'pay':
      return [
        { kind: 'pay_answered', trade: paidTrade() },
        { kind: 'pay_answered', trade: trade() },
        { kind: 'pay_refused', failure },
        { kind: 'trade_exists' },
        { kind: 'unknown', call: 'pay', reason: 'no answer' },
      ]
    case 'query':
      return [
        { kind: 'trade_not_exist' },
        { kind: 'unknown', call: 'query', reason: 'no answer' },
        ...[
          trade(),
          paidTrade(),
          trade({ tradeStatus: 'TRADE_CLOSED' }),
          paidTrade({ tradeStatus: 'TRADE_CLOSED' }),
          trade({ tradeStatus: 'TRADE_SPLIT' }),
          paidTrade({ totalAmount: toFen(1) }),
        ].map((trade) => ({ kind: 'trade', source: 'query', trade }) as const),
      ]
    case 'cancel':
      return [
        { kind: 'cancel_answered', action: 'close', tradeNo: '1' },
        { kind: 'cancel_answered', action: 'refund', tradeNo: '1' },
        { kind: 'cancel_answered', action: null, tradeNo: null },
        { kind: 'cancel_refused' },
        { kind: 'unknown', call: 'cancel', reason: 'no answer' },
      ]
    case 'close':
      return [
        { kind: 'close_answered' },
        { kind: 'close_refused', isTradeMissing: false },
        { kind: 'close_refused', isTradeMissing: true },
        { kind: 'unknown', call: 'close', reason: 'no answer' },
      ]
    case 'settle':
      return [
        { kind: 'settled', duplicateOf: null },
        { kind: 'settled', duplicateOf: 'pay_0' },
      ]
    case 'refund':
      return [
        { kind: 'refund_done', refundId: step.refund.id },
        { kind: 'refund_unmoved', refundId: step.refund.id },
        { kind: 'refund_refused', refundId: step.refund.id, failure, mendable: true },
        { kind: 'refund_refused', refundId: step.refund.id, failure, mendable: false },
        { kind: 'unknown', call: 'refund', reason: 'no answer', refundId: step.refund.id },
      ]
    case 'refund_query':
      return [
        { kind: 'refund_done', refundId: step.refund.id },
        { kind: 'refund_not_found', refundId: step.refund.id },
        { kind: 'unknown', call: 'refund_query', reason: 'no answer', refundId: step.refund.id },
      ]
  }
}

test('whatever Alipay answers, the engine comes to rest after a few calls', () => {
  const draws = fc.array(fc.nat({ max: 39 }), { minLength: 12, maxLength: 12 })
  const seconds = fc.constantFrom(0, 5, 30, 299, 300, 389, 390, 7_300)
  fc.assert(
    fc.property(beginnings, histories, draws, seconds, (beginning, history, choices, later) => {
      let now = shownAt
      let current = replay(beginning, history, (_, __, at) => (now = at))
      now = addMs(now, later * 1_000)
      let fresh: FreshAnswer = null
      for (const choice of choices) {
        const step = nextStep(current, fresh, now)
        if (step === null) return
        if (step.kind === 'cancel') {
          const attempted = { kind: 'cancel_attempted', lastAnswer: step.lastAnswer } as const
          current = transition(current, attempted, now).record
        }
        if (step.kind === 'refund') {
          const sent = { kind: 'refund_sent', refundId: step.refund.id } as const
          current = transition(current, sent, now).record
        }
        const answers = answersTo(step)
        const answer = answers[choice % answers.length] ?? { kind: 'trade_not_exist' }
        current = transition(current, answer, now).record
        fresh = freshAnswer(step, answer)
      }
      expect(nextStep(current, fresh, now)).toBeNull()
    }),
    { numRuns: 2_000 },
  )
})

function freshAnswer(step: Step, answer: Evidence): FreshAnswer {
  if (step.kind !== 'query') return null
  if (answer.kind === 'trade_not_exist') return 'TRADE_NOT_EXIST'
  const isWaiting = answer.kind === 'trade' && answer.trade.tradeStatus === 'WAIT_BUYER_PAY'
  return isWaiting ? 'WAIT_BUYER_PAY' : null
}
