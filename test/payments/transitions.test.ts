/**
 * The rules of a payment, pair by pair: every kind of evidence on every status. And what holds for
 * any sequence of evidence.
 *
 * @module
 */

import { describe, expect, test } from 'vitest'
import { toFen, type Instant } from '../../src/alipay/index.ts'
import type {
  Evidence,
  Payment,
  PaymentEventType,
  PaymentRecord,
  PaymentStatus,
} from '../../src/payments/index.ts'
import { transition } from '../../src/payments/transitions.ts'
import { at, deepFreeze, paidTrade, record, refund, trade } from './records.ts'

/** All evidence comes at this moment, when something was due anyway. */
const now = at(30)

/** The letters of the statuses, which are the columns of the table. */
const letters: Record<
  PaymentStatus | 'taking' | 'canceling' | 'unscanned' | 'reopened' | 'settling' | 'held',
  string
> = {
  created: 'N',
  taking: 'B',
  pending: 'P',
  closing: 'C',
  canceling: 'Q',
  unscanned: 'U',
  reopened: 'R',
  succeeded: 'S',
  settling: 'L',
  held: 'H',
  expired: 'E',
  canceled: 'X',
  failed: 'F',
}

/** The letters of the events that a change of the status does not say already. */
const eventLetters: Partial<Record<PaymentEventType, string>> = {
  'payment.scanned': 's',
  'payment.succeeded_late': 'l',
  'payment.review_required': 'r',
  'payment.refunded_by_cancel': 'u',
  'payment.duplicate': 'd',
  'payment.review_resolved': 'v',
  'refund.created': 'c',
  'refund.succeeded': 'b',
  'refund.external': 'e',
}

/** A payment of each status, and of closing in its three stages. */
const columns: Record<keyof typeof letters, Partial<Payment>> = {
  created: { status: 'created', shownAt: null, qrCode: null },
  // A barcode payment whose code may be on its way.
  taking: {
    status: 'created',
    method: 'barcode',
    shownAt: null,
    qrCode: null,
    outcome: 'unknown',
  },
  pending: {},
  // The deadline has passed or the merchant gave it up; nothing is sent yet.
  closing: { status: 'closing', cancellationReason: 'expired' },
  // A cancel was sent and is not answered.
  canceling: { status: 'closing', cancellationReason: 'requested', cancelAttemptedAt: at(29) },
  // A cancel was answered: there is no trade.
  unscanned: {
    status: 'closing',
    cancellationReason: 'requested',
    cancelAttemptedAt: at(10),
    cancelAnsweredAt: at(10),
  },
  // It had expired, and then its code was scanned all the same.
  reopened: { status: 'closing', cancellationReason: 'expired', endedAt: at(10) },
  succeeded: { status: 'succeeded', paidAt: at(20), nextStepAt: null },
  // Late money that is to be decided about, and what was decided to be looked at.
  settling: { status: 'succeeded', late: true, paidAt: at(20), endedAt: at(10), settlement: 'due' },
  held: { status: 'succeeded', late: true, settlement: 'held', review: 'late', nextStepAt: null },
  expired: { status: 'expired', cancellationReason: 'expired', endedAt: at(10) },
  canceled: { status: 'canceled', cancellationReason: 'requested', endedAt: at(10) },
  failed: { status: 'failed', shownAt: null, endedAt: at(10), nextStepAt: null },
}

const failure = { code: 'ACQ.X', message: 'x', alipayMessage: 'x' }

/** The rows: every kind of evidence, with the variants that matter. */
const rows: Record<Evidence['kind'], Record<string, Evidence>> = {
  precreated: { precreated: { kind: 'precreated', qrCode: 'https://qr.alipay.com/bax2' } },
  precreate_refused: { 'precreate refused': { kind: 'precreate_refused', failure } },
  trade_exists: { 'trade exists': { kind: 'trade_exists' } },
  pay_answered: {
    'pay: waiting': { kind: 'pay_answered', trade: trade() },
    'pay: success': { kind: 'pay_answered', trade: paidTrade() },
    'pay: other amount': {
      kind: 'pay_answered',
      trade: paidTrade({ totalAmount: toFen(1) }),
    },
  },
  pay_refused: { 'pay refused': { kind: 'pay_refused', failure } },
  trade: Object.fromEntries(
    (['query', 'notification'] as const).flatMap((source): [string, Evidence][] => {
      const closed = { tradeStatus: 'TRADE_CLOSED' }
      const cases = {
        waiting: trade(),
        success: paidTrade(),
        finished: paidTrade({ tradeStatus: 'TRADE_FINISHED' }),
        'closed, unpaid': trade(closed),
        'closed, paid': paidTrade(closed),
        'closed, refunded': trade({ ...closed, refundedTotal: toFen(8888) }),
        'unheard of': trade({ tradeStatus: 'TRADE_SPLIT' }),
        'other amount': paidTrade({ totalAmount: toFen(1) }),
        'other seller': paidTrade({ isOtherSeller: true }),
      }
      return Object.entries(cases).map(([name, facts]) => [
        `${source === 'query' ? 'query' : 'note'}: ${name}`,
        { kind: 'trade', source, trade: facts },
      ])
    }),
  ),
  trade_not_exist: { 'query: no trade': { kind: 'trade_not_exist' } },
  deadline_passed: { deadline: { kind: 'deadline_passed' } },
  cancel_requested: { 'merchant gives up': { kind: 'cancel_requested' } },
  superseded: { superseded: { kind: 'superseded', by: 'pay_0' } },
  cancel_attempted: {
    'cancel attempted': { kind: 'cancel_attempted', lastAnswer: 'WAIT_BUYER_PAY' },
  },
  cancel_answered: {
    'cancel: close': { kind: 'cancel_answered', action: 'close', tradeNo: '1' },
    'cancel: refund': { kind: 'cancel_answered', action: 'refund', tradeNo: '1' },
    'cancel: no trade': { kind: 'cancel_answered', action: null, tradeNo: null },
  },
  cancel_refused: { 'cancel refused': { kind: 'cancel_refused' } },
  close_answered: { closed: { kind: 'close_answered' } },
  close_refused: {
    'close refused': { kind: 'close_refused', isTradeMissing: false },
    'close: no trade': { kind: 'close_refused', isTradeMissing: true },
  },
  settled: {
    'settled: first': { kind: 'settled', duplicateOf: null },
    'settled: duplicate': { kind: 'settled', duplicateOf: 'pay_0' },
  },
  review_resolved: {
    'review: accept': { kind: 'review_resolved', action: 'accept' },
    'review: refund': { kind: 'review_resolved', action: 'refund' },
  },
  unknown: Object.fromEntries(
    (['precreate', 'pay', 'query', 'cancel', 'close', 'refund', 'refund_query'] as const).map(
      (call) => [
        `unknown: ${call}`,
        call.startsWith('refund')
          ? { kind: 'unknown', call, reason: 'no answer', refundId: 're_1' }
          : { kind: 'unknown', call, reason: 'no answer' },
      ],
    ),
  ),
  refund_sent: { 'refund sent': { kind: 'refund_sent', refundId: 're_1' } },
  refund_held: { 'refund held': { kind: 'refund_held', refundId: 're_1', reason: 'restored' } },
  refund_done: { 'refund done': { kind: 'refund_done', refundId: 're_1' } },
  refund_unmoved: { 'refund unmoved': { kind: 'refund_unmoved', refundId: 're_1' } },
  refund_not_found: { 'refund not found': { kind: 'refund_not_found', refundId: 're_1' } },
  refund_refused: {
    'refund refused': { kind: 'refund_refused', refundId: 're_1', failure, mendable: false },
  },
  refund_trade_closed: {
    'refund: closed': { kind: 'refund_trade_closed', refundId: 're_1', failure },
  },
  refund_billed: {},
  refund_retry_requested: {
    'refund retried': { kind: 'refund_retry_requested', refundId: 're_1' },
  },
  refund_cancel_requested: {
    'refund given up': { kind: 'refund_cancel_requested', refundId: 're_1' },
  },
}

/**
 * Each cell says what becomes of the payment: the letter of its new status or `·` for the same,
 * then the letters of further events, and after `@` in how many seconds its next step is due (`-`
 * for never). Evidence about refunds changes nothing here, where there are none: see
 * refund-transitions.test.ts.
 */
const NAME_WIDTH = 24
const matrix = `
                        N     B     P     C     Q     U     R     S     L     H     E     X     F
precreated              P@5   P@5   ·@0   ·@0   ·@0   ·@0   ·@0   ·@-   ·@0   ·@-   ·@0   ·@0   ·@-
precreate refused       F@-   F@360 ·@0   ·@0   ·@0   ·@0   ·@0   ·@-   ·@0   ·@-   ·@0   ·@0   ·@-
trade exists            ·@0   ·@0   ·@0   ·@0   ·@0   ·@0   ·@0   ·@-   ·@0   ·@-   ·@0   ·@0   ·@0
pay: waiting            ·s@5  Ps@5  ·s@5  ·s@0  ·s@0  ·s@0  ·s@0  ·@-   ·@0   ·@-   ·@0   ·@0   ·@0
pay: success            S@-   S@-   S@-   S@-   ·@9   ·@0   Sl@0  ·@-   ·@0   ·@-   Sl@0  Sl@0  Sl@0
pay: other amount       ·r@0  ·r@0  ·r@0  ·r@0  ·r@0  ·r@0  ·r@0  ·r@-  ·r@0  ·r@-  ·r@0  ·r@0  ·r@-
pay refused             F@-   F@360 ·@0   ·@0   ·@0   ·@0   ·@0   ·@-   ·@0   ·@-   ·@0   ·@0   ·@-
query: waiting          ·s@5  Ps@5  ·s@5  ·s@0  ·s@0  ·s@0  ·s@0  ·@-   ·@0   ·@-   Cs@0  Cs@0  Cs@0
query: success          S@-   S@-   S@-   S@-   ·@9   S@-   Sl@0  ·@-   ·@0   ·@-   Sl@0  Sl@0  Sl@0
query: finished         S@-   S@-   S@-   S@-   ·@9   S@-   Sl@0  ·@-   ·@0   ·@-   Sl@0  Sl@0  Sl@0
query: closed, unpaid   E@-   E@-   E@-   E@-   X@-   X@-   E@-   ·@-   ·@0   ·@-   ·@60  ·@60  ·@-
query: closed, paid     Se@-  Se@-  Se@-  Se@-  Sub@- Sub@- Sle@0 ·e@-  ·e@0  ·e@-  Sle@0 Sle@0 Sle@0
query: closed, refunded Se@-  Se@-  Se@-  Se@-  Sub@- Sub@- Sle@0 ·e@-  ·e@0  ·e@-  Sle@0 Sle@0 Sle@0
query: unheard of       ·@15  ·@15  ·@5   ·@15  ·@15  ·@15  ·@15  ·@-   ·@0   ·@-   ·@60  ·@60  ·@-
query: other amount     ·r@15 ·r@15 ·r@5  ·r@15 ·r@15 ·r@15 ·r@15 ·r@-  ·r@0  ·r@-  ·r@60 ·r@60 ·r@-
query: other seller     Sr@-  Sr@-  Sr@-  Sr@-  ·r@9  Sr@-  Slr@0 ·r@-  ·r@0  ·r@-  Slr@0 Slr@0 Slr@0
note: waiting           ·s@5  Ps@5  ·s@5  ·s@0  ·s@0  ·s@0  ·s@0  ·@-   ·@0   ·@-   ·@0   ·@0   ·@0
note: success           S@-   S@-   S@-   S@-   ·@9   ·@0   Sl@0  ·@-   ·@0   ·@-   Sl@0  Sl@0  Sl@0
note: finished          S@-   S@-   S@-   S@-   ·@9   ·@0   Sl@0  ·@-   ·@0   ·@-   Sl@0  Sl@0  Sl@0
note: closed, unpaid    E@-   E@-   E@-   E@-   X@-   X@-   E@-   ·@-   ·@0   ·@-   ·@60  ·@60  ·@-
note: closed, paid      Se@-  Se@-  Se@-  Se@-  Sub@- Sub@- Sle@0 ·e@-  ·e@0  ·e@-  Sle@0 Sle@0 Sle@0
note: closed, refunded  Se@-  Se@-  Se@-  Se@-  Sub@- Sub@- Sle@0 ·e@-  ·e@0  ·e@-  Sle@0 Sle@0 Sle@0
note: unheard of        ·@15  ·@15  ·@5   ·@15  ·@15  ·@15  ·@15  ·@-   ·@0   ·@-   ·@60  ·@60  ·@-
note: other amount      ·r@0  ·r@0  ·r@0  ·r@0  ·r@0  ·r@0  ·r@0  ·r@-  ·r@0  ·r@-  ·r@0  ·r@0  ·r@-
note: other seller      Sr@-  Sr@-  Sr@-  Sr@-  ·r@9  ·r@0  Slr@0 ·r@-  ·r@0  ·r@-  Slr@0 Slr@0 Slr@0
query: no trade         ·@1   ·@5   ·@5   ·@0   ·@0   ·@15  ·@0   ·@-   ·@0   ·@-   ·@60  ·@60  ·@-
deadline                C@0   C@0   C@0   ·@0   ·@0   ·@0   ·@0   ·@-   ·@0   ·@-   ·@0   ·@0   ·@-
merchant gives up       C@0   C@0   C@0   ·@0   ·@0   ·@0   ·@0   ·@-   ·@0   ·@-   ·@0   ·@0   ·@-
superseded              C@0   C@0   C@0   ·@0   ·@0   ·@0   ·@0   ·@-   ·@0   ·@-   ·@0   ·@0   ·@-
cancel attempted        ·@0   ·@0   ·@0   ·@0   ·@0   ·@0   ·@0   ·@-   ·@0   ·@-   ·@0   ·@0   ·@-
cancel: close           ·@0   ·@0   ·@0   E@-   X@-   X@-   E@-   ·@-   ·@0   ·@-   ·@0   ·@0   ·@-
cancel: refund          Sub@- Sub@- Sub@- Sub@- Sub@- Sub@- Sub@- ·ub@- ·ub@- ·ub@- Sub@- Sub@- Sub@-
cancel: no trade        ·@0   ·@0   ·@0   ·@15  ·@15  ·@15  ·@15  ·@-   ·@0   ·@-   ·@0   ·@0   ·@-
cancel refused          ·@1   ·@1   ·@1   ·@1   ·@1   ·@1   ·@1   ·@-   ·@0   ·@-   ·@1   ·@1   ·@1
closed                  ·@0   ·@0   ·@0   E@-   X@-   X@-   E@-   ·@-   ·@0   ·@-   ·@0   ·@0   ·@-
close refused           ·@0   ·@0   ·@0   ·@1   ·@1   ·@1   ·@1   ·@-   ·@0   ·@-   ·@0   ·@0   ·@-
close: no trade         ·@0   ·@0   ·@0   ·@15  ·@15  ·@15  ·@15  ·@-   ·@0   ·@-   ·@0   ·@0   ·@-
settled: first          ·@0   ·@0   ·@0   ·@0   ·@0   ·@0   ·@0   ·@-   ·@-   ·@-   ·@0   ·@0   ·@-
settled: duplicate      ·@0   ·@0   ·@0   ·@0   ·@0   ·@0   ·@0   ·@-   ·dr@- ·@-   ·@0   ·@0   ·@-
review: accept          ·@0   ·@0   ·@0   ·@0   ·@0   ·@0   ·@0   ·@-   ·@0   ·v@-  ·@0   ·@0   ·@-
review: refund          ·@0   ·@0   ·@0   ·@0   ·@0   ·@0   ·@0   ·@-   ·@0   ·v@-  ·@0   ·@0   ·@-
unknown: precreate      ·@1   ·@5   ·@5   ·@1   ·@1   ·@1   ·@1   ·@-   ·@0   ·@-   ·@1   ·@1   ·@1
unknown: pay            ·@1   ·@5   ·@5   ·@1   ·@1   ·@1   ·@1   ·@-   ·@0   ·@-   ·@1   ·@1   ·@1
unknown: query          ·@1   ·@5   ·@5   ·@1   ·@1   ·@1   ·@1   ·@-   ·@0   ·@-   ·@1   ·@1   ·@1
unknown: cancel         ·@1   ·@5   ·@5   ·@1   ·@1   ·@1   ·@1   ·@-   ·@0   ·@-   ·@1   ·@1   ·@1
unknown: close          ·@1   ·@5   ·@5   ·@1   ·@1   ·@1   ·@1   ·@-   ·@0   ·@-   ·@1   ·@1   ·@1
unknown: refund         ·@0   ·@0   ·@0   ·@0   ·@0   ·@0   ·@0   ·@-   ·@0   ·@-   ·@0   ·@0   ·@-
unknown: refund_query   ·@0   ·@0   ·@0   ·@0   ·@0   ·@0   ·@0   ·@-   ·@0   ·@-   ·@0   ·@0   ·@-
refund sent             ·@0   ·@0   ·@0   ·@0   ·@0   ·@0   ·@0   ·@-   ·@0   ·@-   ·@0   ·@0   ·@-
refund held             ·@0   ·@0   ·@0   ·@0   ·@0   ·@0   ·@0   ·@-   ·@0   ·@-   ·@0   ·@0   ·@-
refund done             ·@0   ·@0   ·@0   ·@0   ·@0   ·@0   ·@0   ·@-   ·@0   ·@-   ·@0   ·@0   ·@-
refund unmoved          ·@0   ·@0   ·@0   ·@0   ·@0   ·@0   ·@0   ·@-   ·@0   ·@-   ·@0   ·@0   ·@-
refund not found        ·@0   ·@0   ·@0   ·@0   ·@0   ·@0   ·@0   ·@-   ·@0   ·@-   ·@0   ·@0   ·@-
refund refused          ·@0   ·@0   ·@0   ·@0   ·@0   ·@0   ·@0   ·@-   ·@0   ·@-   ·@0   ·@0   ·@-
refund: closed          ·@0   ·@0   ·@0   ·@0   ·@0   ·@0   ·@0   ·@-   ·@0   ·@-   ·@0   ·@0   ·@-
refund retried          ·@0   ·@0   ·@0   ·@0   ·@0   ·@0   ·@0   ·@-   ·@0   ·@-   ·@0   ·@0   ·@-
refund given up         ·@0   ·@0   ·@0   ·@0   ·@0   ·@0   ·@0   ·@-   ·@0   ·@-   ·@0   ·@0   ·@-
`

describe('each pair of evidence and status', () => {
  const [head = '', ...body] = matrix.trim().split('\n')
  const named = body.map(
    (line) => [line.slice(0, NAME_WIDTH).trim(), line.slice(NAME_WIDTH)] as const,
  )

  test('is named in the table', () => {
    expect(cells(head)).toEqual(Object.values(letters))
    expect(named.map(([name]) => name)).toEqual(Object.values(rows).flatMap(Object.keys))
  })

  const evidence = Object.assign({}, ...Object.values(rows)) as Record<string, Evidence>
  test.each(named)('%s brings what the table says', (name, expected) => {
    const outcomes = Object.values(columns).map((change) => {
      const before = deepFreeze(record({ nextStepAt: now, ...change }))
      const known = evidence[name]
      return known === undefined ? 'not a row' : describeOutcome(before, known)
    })
    expect(outcomes).toEqual(cells(expected))
  })
})

function cells(line: string): string[] {
  return line.trim().split(/ +/)
}

function describeOutcome(before: PaymentRecord, evidence: Evidence): string {
  const { record, events } = transition(before, evidence, now)
  const { status, nextStepAt } = record.payment
  const isChanged = status !== before.payment.status
  const told = events.flatMap(({ type }) =>
    isChanged && type === `payment.${status}` ? [] : [eventLetters[type] ?? type],
  )
  return `${isChanged ? letters[status] : '·'}${told.join('')}@${due(nextStepAt)}`
}

function due(nextStepAt: Instant | null): string {
  return nextStepAt === null ? '-' : String((nextStepAt - now) / 1_000)
}

describe('what a payment keeps of its evidence', () => {
  test('a payment that succeeded tells from when, from whom and how much arrived', () => {
    const { payment } = transition(
      record(),
      { kind: 'trade', source: 'query', trade: paidTrade({ amountReceived: toFen(8800) }) },
      now,
    ).record
    expect(payment).toMatchObject({
      paidAt: at(20),
      amountReceived: 8800,
      buyerLogonId: '138****1234',
      tradeNo: '2026112322001400001000000001',
      tradeStatus: 'TRADE_SUCCESS',
      late: false,
    })
  })

  test('what an unpaid trade says of amounts is not kept: Alipay writes 0.00 there', () => {
    const waiting = trade({ amountReceived: toFen(0) })
    const { payment } = transition(
      record(),
      { kind: 'trade', source: 'query', trade: waiting },
      now,
    ).record
    expect(payment).toMatchObject({ amountReceived: null, scannedAt: now })
  })

  test('a review that is known is told once, also where a cancel has given the money back meanwhile', () => {
    const reviewed = record({
      status: 'closing',
      cancellationReason: 'requested',
      cancelAttemptedAt: at(10),
      cancelAnsweredAt: at(11),
      review: 'seller_mismatch',
    })
    const givenBack = paidTrade({ tradeStatus: 'TRADE_CLOSED', isOtherSeller: true })
    const evidence = { kind: 'trade', source: 'query', trade: givenBack } as const
    const { record: after, events } = transition(reviewed, evidence, now)
    expect(after.payment.review).toBe('seller_mismatch')
    expect(events.map(({ type }) => type)).not.toContain('payment.review_required')
  })

  test('the first reason to close is kept', () => {
    const closing = transition(record(), { kind: 'deadline_passed' }, now).record
    const { payment } = transition(closing, { kind: 'cancel_requested' }, now).record
    expect(payment.cancellationReason).toBe('expired')
  })

  test('a code that arrives while closing is not kept', () => {
    const closing = record({ status: 'closing', qrCode: null })
    const { payment } = transition(closing, { kind: 'precreated', qrCode: 'https://x' }, now).record
    expect(payment.qrCode).toBeNull()
  })

  test('each cancel starts the 10 s anew in which paid is not believed', () => {
    const sent = { kind: 'cancel_attempted', lastAnswer: 'WAIT_BUYER_PAY' } as const
    const paid = { kind: 'trade', source: 'query', trade: paidTrade() } as const
    let current = record({ status: 'closing', nextStepAt: at(300) })
    current = transition(current, sent, at(300)).record
    current = transition(
      current,
      { kind: 'unknown', call: 'cancel', reason: 'no answer' },
      at(300),
    ).record
    current = transition(current, sent, at(308)).record
    expect(transition(current, paid, at(317)).record.payment).toMatchObject({
      status: 'closing',
      nextStepAt: at(318),
    })
    expect(transition(current, paid, at(318)).record.payment.status).toBe('succeeded')
  })

  test('a cancel in doubt is repeated ever more rarely, though each query is answered', () => {
    let current = record({ status: 'closing', nextStepAt: now })
    const pauses = Array.from({ length: 7 }, () => {
      for (const evidence of [
        { kind: 'trade', source: 'query', trade: trade() },
        { kind: 'cancel_attempted', lastAnswer: 'WAIT_BUYER_PAY' },
        { kind: 'unknown', call: 'cancel', reason: 'no answer' },
      ] as const) {
        current = transition(current, evidence, now).record
      }
      return due(current.payment.nextStepAt)
    })
    expect(pauses).toEqual(['1', '2', '4', '8', '16', '30', '30'])
  })

  test('a cancel that finds no trade where a query saw one is not repeated at once', () => {
    const scanned = record({ status: 'closing', tradeStatus: 'WAIT_BUYER_PAY', nextStepAt: now })
    const answer = { kind: 'cancel_answered', action: null, tradeNo: null } as const
    expect(transition(scanned, answer, at(500)).record.payment.nextStepAt).toBe(at(505))
  })

  test('evidence about a refund that is not there changes nothing', () => {
    const before = record({ status: 'succeeded' }, [refund()])
    expect(transition(before, { kind: 'refund_done', refundId: 're_other' }, now)).toEqual({
      record: before,
      events: [],
    })
  })
})

test('money that is seen after a cancel without an answer counts 10 s after that cancel ended', () => {
  const asked = { status: 'closing', cancellationReason: 'expired' } as const
  const sent = transition(
    record(asked),
    { kind: 'cancel_attempted', lastAnswer: 'WAIT_BUYER_PAY' },
    at(300),
  )
  const unanswered = transition(
    sent.record,
    { kind: 'unknown', call: 'cancel', reason: 'no answer' },
    at(315),
  )
  const paid = { kind: 'trade', source: 'query', trade: paidTrade() } as const
  expect(transition(unanswered.record, paid, at(324)).record.payment.status).toBe('closing')
  expect(transition(unanswered.record, paid, at(325)).record.payment.status).toBe('succeeded')
})

describe('a code that nobody scanned', () => {
  const closing = record({
    status: 'closing',
    cancellationReason: 'expired',
    cancelAttemptedAt: at(300),
    cancelAnsweredAt: at(300),
  })
  const missing = (askedAt: Instant): Evidence => ({ kind: 'trade_not_exist', askedAt })

  test('is not proven dead by what was asked before its death and read after it', () => {
    const late = transition(closing, missing(at(380)), at(500))
    expect(late.events).toEqual([])
    expect(late.record.payment).toMatchObject({ status: 'closing', endedAt: null })
    const asked = transition(closing, missing(at(390)), at(500))
    expect(asked.record.payment.status).toBe('expired')
  })

  test('of which a trade was seen is not dead because a query denies it, as long as it may live', () => {
    const seen = record({ ...closing.payment, tradeStatus: 'WAIT_BUYER_PAY' })
    expect(transition(seen, missing(at(400)), at(400)).record.payment).toMatchObject({
      status: 'closing',
      nextStepAt: at(405),
    })
    expect(transition(seen, missing(at(7_200)), at(7_200)).record.payment.status).toBe('expired')
  })
})

test('a sum that has gone back, told while a cancel decides over the money, is booked when it has', () => {
  const deciding = record({
    status: 'closing',
    cancellationReason: 'requested',
    cancelAttemptedAt: at(29),
  })
  const told = transition(
    deciding,
    { kind: 'trade', source: 'notification', trade: paidTrade({ refundedTotal: toFen(50) }) },
    at(30),
  )
  expect(told.events).toEqual([])
  const decided = transition(
    told.record,
    { kind: 'trade', source: 'query', trade: paidTrade() },
    at(60),
  )
  expect(decided.events.map(({ type }) => type)).toEqual(['payment.succeeded', 'refund.external'])
  expect(decided.record.refunds).toMatchObject([{ source: 'external', amount: 50 }])
})
