/**
 * The rules of a refund, pair by pair: every kind of evidence on every status.
 *
 * @module
 */

import { describe, expect, test } from 'vitest'
import { toFen } from '../../src/alipay/index.ts'
import {
  amountRefunded,
  amountReserved,
  HELD_FAILURES,
  type Evidence,
  type PaymentRecord,
  type Refund,
  type RefundStatus,
} from '../../src/payments/index.ts'
import { transitionRefund, type RefundEvidence } from '../../src/payments/refund-transitions.ts'
import { transition } from '../../src/payments/transitions.ts'
import { at, deepFreeze, paidTrade, record, refund } from './records.ts'

const now = at(30)
const refundId = 're_1'
const failure = { code: 'ACQ.X', message: 'x', alipayMessage: 'x' }

/** The letters of the statuses, which are the columns of the table. */
const letters: Record<RefundStatus | 'in_doubt' | 'refused' | 'given_up', string> = {
  pending: 'N',
  processing: 'P',
  in_doubt: 'D',
  refused: 'R',
  requires_action: 'A',
  given_up: 'G',
  succeeded: 'S',
  failed: 'F',
  canceled: 'X',
}

const sent: Partial<Refund> = {
  status: 'processing',
  sentAt: at(20),
  outcome: 'unknown',
  nextCall: 'refund_query',
}

/** A refund of each status, and of processing in its three stages. */
const columns: Record<keyof typeof letters, Partial<Refund>> = {
  pending: {},
  processing: sent,
  // A call of its number ended without an answer.
  in_doubt: { ...sent, unknownCalls: 1 },
  // It was refused after such a call: a query has to tell.
  refused: { ...sent, unknownCalls: 1, outcome: 'not_applied', failure },
  requires_action: { status: 'requires_action', unknownCalls: 1, failure },
  // It waited for the balance, and the merchant does not want it any more.
  given_up: {
    status: 'requires_action',
    unknownCalls: 1,
    failure,
    nextCall: 'refund_query',
    cancelRequestedAt: at(25),
  },
  succeeded: { ...sent, status: 'succeeded', outcome: 'applied', nextStepAt: null },
  failed: { ...sent, status: 'failed', failure, outcome: 'not_applied', nextStepAt: null },
  canceled: { status: 'canceled', nextStepAt: null },
}

type Kind = Exclude<RefundEvidence['kind'], 'refund_seen'> | 'refund_seen'

const rows: Record<Kind, Record<string, RefundEvidence>> = {
  refund_sent: { sent: { kind: 'refund_sent', refundId } },
  refund_held: {
    held: { kind: 'refund_held', refundId, reason: 'restored' },
    meanwhile: { kind: 'refund_held', refundId, reason: 'refunded_meanwhile' },
  },
  refund_done: { done: { kind: 'refund_done', refundId } },
  refund_unmoved: { unmoved: { kind: 'refund_unmoved', refundId } },
  refund_not_found: { 'not found': { kind: 'refund_not_found', refundId } },
  refund_refused: {
    refused: { kind: 'refund_refused', refundId, failure, mendable: false },
    mendable: { kind: 'refund_refused', refundId, failure, mendable: true },
  },
  refund_trade_closed: { 'has closed': { kind: 'refund_trade_closed', refundId, failure } },
  refund_retry_requested: { retry: { kind: 'refund_retry_requested', refundId } },
  refund_cancel_requested: { 'give up': { kind: 'refund_cancel_requested', refundId } },
  unknown: { unknown: { kind: 'unknown', call: 'refund', reason: 'no answer', refundId } },
  refund_seen: {
    notified: {
      kind: 'refund_seen',
      source: 'external',
      outRequestNo: refund().outRequestNo,
      refundedTotal: toFen(3000),
    },
  },
}

/**
 * Each cell: the letter of the new status or `·` for the same, `!` where the merchant is told, what
 * is called next (`r` the refund, `q` what became of it), and after `@` in how many seconds (`-`
 * for never).
 */
const NAME_WIDTH = 12
const matrix = `
            N       P       D       R       A       G       S   F    X
sent        Pq@10   ·q@10   ·q@10   ·q@10   Pq@10   Pq@10   ·@- ·@-  ·@-
held        A!r@900 A!r@900 A!r@900 A!r@900 ·!r@900 ·q@0    ·@- ·@-  ·@-
meanwhile   A!@-    A!@-    A!@-    A!@-    ·!@-    ·q@0    ·@- ·@-  ·@-
done        S!@-    S!@-    S!@-    S!@-    S!@-    S!@-    ·@- S!@- S!@-
unmoved     P!q@10  ·!q@10  ·q@10   ·q@10   ·q@10   ·q@10   ·@- ·@-  ·@-
not found   F!@-    ·r@0    ·r@0    F!@-    F!@-    X!@-    ·@- ·@-  ·@-
refused     Pq@0    ·q@0    ·q@10   ·q@10   Pq@10   Pq@10   ·@- ·@-  ·@-
mendable    A!r@900 A!r@900 A!r@900 Ar@3600 ·r@3600 ·q@3600 ·@- ·@-  ·@-
has closed  P!q@10  ·!q@10  ·q@10   ·q@10   ·q@10   ·q@10   ·@- ·@-  ·@-
retry       ·r@0    ·q@0    ·q@0    ·q@0    ·r@0    ·r@0    ·@- ·@-  ·@-
give up     X!@-    ·q@0    ·q@0    ·q@0    ·q@0    ·q@0    ·@- ·@-  ·@-
unknown     P!q@10  ·!q@10  ·q@10   ·q@10   ·q@10   ·q@10   ·@- ·@-  ·@-
notified    S!@-    S!@-    S!@-    S!@-    S!@-    S!@-    ·@- S!@- S!@-
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

  const evidence = Object.assign({}, ...Object.values(rows)) as Record<string, RefundEvidence>
  test.each(named)('%s brings what the table says', (name, expected) => {
    const outcomes = Object.values(columns).map((change) => {
      const known = evidence[name]
      return known === undefined ? 'not a row' : describeOutcome(change, known)
    })
    expect(outcomes).toEqual(cells(expected))
  })
})

describe('refunds', () => {
  test('that the merchant has to mend are tried after 15 min, 1 h, 6 h, then daily; told once', () => {
    const short: Evidence = { kind: 'refund_refused', refundId, failure, mendable: true }
    let current = paid(refund())
    const told: string[] = []
    const hours = Array.from({ length: 5 }, () => {
      for (const evidence of [{ kind: 'refund_sent', refundId } as const, short]) {
        const { record, events } = transition(current, evidence, now)
        current = record
        told.push(...events.map(({ type }) => type))
      }
      return ((current.refunds[0]?.nextStepAt ?? 0) - now) / 3_600_000
    })
    expect(hours).toEqual([0.25, 1, 6, 24, 24])
    expect(told).toEqual(['refund.requires_action'])
    expect(current.refunds[0]).toMatchObject({ failure, nextCall: 'refund' })
  })

  test('hold their amount until they have failed', () => {
    const all = (status: RefundStatus) => [refund({ status }), refund({ id: 're_2' })]
    expect(amountReserved(all('processing'))).toBe(6000)
    expect(amountReserved(all('requires_action'))).toBe(6000)
    expect(amountReserved(all('failed'))).toBe(3000)
    expect(amountReserved(all('canceled'))).toBe(3000)
    expect(amountRefunded(all('processing'))).toBe(0)
    expect(amountRefunded(all('succeeded'))).toBe(3000)
  })
})

test('the next refund keeps its distance from the end of the call before, not from its beginning', () => {
  const both = paid(refund({ status: 'processing', sentAt: at(10) }), refund({ id: 're_2' }))
  for (const kind of ['refund_done', 'refund_unmoved'] as const) {
    const { record } = transition(both, { kind, refundId }, now)
    expect(record.refunds[0]?.sentAt).toBe(now)
  }
  const asked = { kind: 'unknown', call: 'refund_query', reason: 'no answer', refundId } as const
  expect(transition(both, asked, now).record.refunds[0]?.sentAt).toBe(at(10))
})

describe('a refund of a trade that is closed', () => {
  const closed = { kind: 'refund_trade_closed', refundId, failure: closedFailure() } as const
  const unknown = { kind: 'refund_not_found', refundId } as const

  test('is asked about for minutes, for it may be what closed it; then it has failed', () => {
    let current = paid(refund({ status: 'processing', outcome: 'unknown', sentAt: at(0) }))
    for (let calls = 1; calls <= 10; calls++) {
      current = transition(current, closed, now).record
      expect(current.refunds[0]).toMatchObject({ status: 'processing', nextCall: 'refund_query' })
      const { record, events } = transition(current, unknown, now)
      if (calls === 10) {
        expect(events.map(({ type }) => type)).toEqual(['refund.failed'])
        expect(record.refunds[0]?.status).toBe('failed')
        // Whoever closed it has given the money back: the trade is asked for.
        expect(record.payment.nextStepAt).toBe(now)
      } else {
        expect(record.refunds[0]).toMatchObject({ status: 'processing', nextCall: 'refund' })
      }
      current = record
    }
    const answer = paidTrade({ tradeStatus: 'TRADE_CLOSED' })
    const told = transition(current, { kind: 'trade', source: 'query', trade: answer }, now)
    expect(told.record.refunds).toMatchObject([
      { source: 'api', status: 'failed' },
      { source: 'external', status: 'succeeded', amount: 8888 },
    ])
    expect(told.record.payment.nextStepAt).toBeNull()
  })

  test('is booked as soon as a refund query knows it', () => {
    const before = paid(refund({ status: 'processing', outcome: 'unknown', sentAt: at(0) }))
    const current = transition(before, closed, now).record
    const { record } = transition(current, { kind: 'refund_done', refundId }, now)
    expect(record.refunds).toMatchObject([{ status: 'succeeded', failure: null }])
  })

  function closedFailure() {
    return { ...failure, code: 'ACQ.TRADE_HAS_CLOSE' }
  }
})

describe('money that went back elsewhere', () => {
  test('is booked with its number, once', () => {
    const message = seen('of_the_console', 1000)
    const { record, events } = transition(paid(), message, now)
    expect(record.refunds).toMatchObject([
      { source: 'external', status: 'succeeded', amount: 1000, outRequestNo: 'of_the_console' },
    ])
    expect(events).toEqual([{ type: 'refund.external', refundId: record.refunds[0]?.id }])
    expect(transition(record, message, now)).toEqual({ record, events: [] })
  })

  test('without a number is booked by what it adds to the sum, each time anew', () => {
    const first = transition(paid(), seen(null, 1000), now).record
    const { refunds } = transition(first, seen(null, 2500), now).record
    expect(refunds.map(({ amount }) => amount)).toEqual([1000, 1500])
    expect(new Set(refunds.map(({ id }) => id)).size).toBe(2)
    expect(refunds.every(({ outRequestNo }) => outRequestNo.length <= 64)).toBe(true)
  })

  test('does not count what one of ours under way may be', () => {
    const before = paid(refund({ status: 'processing', outcome: 'unknown' }))
    const beside = transition(before, seen('of_the_console', 4000), now).record
    expect(beside.refunds.map(({ amount }) => amount)).toEqual([3000, 1000])
    const within = transition(before, seen('of_the_console', 2000), now)
    expect(within).toEqual({
      record: expect.objectContaining({ refunds: before.refunds }),
      events: [],
    })
  })

  test('is booked when one of ours that was in doubt turns out not to be it', () => {
    const before = paid(refund({ status: 'processing', outcome: 'not_applied', failure }))
    const hidden = transition(before, seen('of_the_console', 2000), now).record
    expect(hidden.refunds).toHaveLength(1)
    const { record, events } = transition(hidden, { kind: 'refund_not_found', refundId }, now)
    expect(record.refunds.map(({ source, amount, status }) => [source, amount, status])).toEqual([
      ['api', 3000, 'failed'],
      ['external', 2000, 'succeeded'],
    ])
    expect(events.map(({ type }) => type)).toEqual(['refund.failed', 'refund.external'])
    expect(transition(record, seen('of_the_console', 2000), now).events).toEqual([])
  })

  test('is found beside one of ours when the message about ours has the larger sum', () => {
    const before = paid(refund({ status: 'processing', outcome: 'unknown' }))
    const { record, events } = transition(before, seen(refund().outRequestNo, 4000), now)
    expect(record.refunds.map(({ source, amount }) => [source, amount])).toEqual([
      ['api', 3000],
      ['external', 1000],
    ])
    expect(events.map(({ type }) => type)).toEqual(['refund.succeeded', 'refund.external'])
  })

  test('counts beside one of ours that was never sent', () => {
    const before = paid(refund({ status: 'requires_action' }))
    const { refunds } = transition(before, seen('of_the_console', 8888), now).record
    expect(amountRefunded(refunds)).toBe(8888)
  })

  test('counts beside one of ours that a restored backup holds back', () => {
    const held = { ...failure, code: HELD_FAILURES.refunded_meanwhile.code }
    const before = paid(refund({ status: 'requires_action', sentAt: at(20), failure: held }))
    const { refunds } = transition(before, seen('of_the_console', 8888), now).record
    expect(amountRefunded(refunds)).toBe(8888)
  })

  test('does not count what one of ours may be that was refused, and came once more on its way', () => {
    const refused = refund({ status: 'requires_action', sentAt: at(20), failure })
    const hidden = transition(paid(refused), seen(null, 3000), now)
    expect(hidden.record.refunds).toEqual([refused])
    expect(hidden.events).toEqual([])

    const done = { kind: 'refund_done', refundId, refundedTotal: toFen(3000) } as const
    const { record: ours, events } = transition(hidden.record, done, now)
    expect(ours.refunds.map(({ source, status }) => [source, status])).toEqual([
      ['api', 'succeeded'],
    ])
    expect(events.map(({ type }) => type)).toEqual(['refund.succeeded'])
  })

  test('is booked when the refused one is given up, and was not it', () => {
    const refused = refund({ status: 'requires_action', sentAt: at(20), failure })
    const givenUp = { ...refused, outcome: 'not_applied', cancelRequestedAt: at(25) } as const
    const hidden = transition(paid(givenUp), seen(null, 3000), now).record
    const { record: theirs } = transition(hidden, { kind: 'refund_not_found', refundId }, now)
    expect(theirs.refunds.map(({ source, status }) => [source, status])).toEqual([
      ['api', 'canceled'],
      ['external', 'succeeded'],
    ])
  })

  function seen(outRequestNo: string | null, total: number): Evidence {
    const trade = paidTrade({ outRequestNo, refundedTotal: toFen(total) })
    return { kind: 'trade', source: 'notification', trade }
  }
})

function paid(...refunds: Refund[]): PaymentRecord {
  return deepFreeze(record({ status: 'succeeded', paidAt: at(20), nextStepAt: null }, refunds))
}

function cells(line: string): string[] {
  return line.trim().split(/ +/)
}

function describeOutcome(change: Partial<Refund>, evidence: RefundEvidence): string {
  const before = refund({ nextStepAt: now, ...change })
  const { record, events } = transitionRefund(paid(before), evidence, now)
  const [after] = record.refunds
  if (after === undefined || record.refunds.length !== 1) return 'not one refund'
  const { status, nextCall, nextStepAt } = after
  const letter = status === before.status ? '·' : letters[status]
  const due = nextStepAt === null ? '-' : (nextStepAt - now) / 1_000
  const call = nextStepAt === null ? '' : nextCall === 'refund' ? 'r' : 'q'
  return `${letter}${events.length > 0 ? '!' : ''}${call}@${due}`
}
