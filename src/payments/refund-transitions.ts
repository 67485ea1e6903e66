/**
 * The rules of a refund: evidence about one in, the changed record and its events out. Pure.
 *
 * @module
 * @see Alipay: 统一收单交易退款, 统一收单交易退款查询
 */

import { addMs, sumFen, toFen, type Fen, type Instant } from '../alipay/index.ts'
import type { Evidence } from './evidence.ts'
import { derivedRefundId } from './identifiers.ts'
import {
  type PaymentEvent,
  type PaymentEventType,
  type PaymentRecord,
  type Refund,
} from './payment.ts'
import { backoffMs, REFUND_ACTION_DELAYS_MS, REFUND_QUERY_AFTER_MS } from './schedule.ts'
import type { Transition } from './transitions.ts'

/** Evidence about a refund. The last kind is found in messages about the trade. */
export type RefundEvidence =
  | Extract<
      Evidence,
      {
        readonly kind:
          'refund_sent' | 'refund_done' | 'refund_unmoved' | 'refund_not_found' | 'refund_refused'
      }
    >
  | (Extract<Evidence, { readonly kind: 'unknown' }> & { readonly refundId: string })
  | {
      readonly kind: 'refund_seen'
      readonly source: 'external' | 'cancel'
      readonly outRequestNo: string | null
      /** All that has gone back of the trade so far. */
      readonly refundedTotal: Fen
    }

/**
 * Applies evidence about a refund; `before` are the events that the same evidence has caused
 * already.
 */
export function transitionRefund(
  record: PaymentRecord,
  evidence: RefundEvidence,
  now: Instant,
  before: readonly PaymentEvent[] = [],
): Transition {
  if (evidence.kind === 'refund_seen') return refundSeen(record, evidence, now, before)
  const refund = record.refunds.find(({ id }) => id === evidence.refundId)
  if (refund === undefined) return { record, events: before }
  const [change, event] = decide(refund, evidence, now)
  return replace(record, { ...refund, ...change, updatedAt: now }, event, before)
}

function decide(
  refund: Refund,
  evidence: Exclude<RefundEvidence, { readonly kind: 'refund_seen' }>,
  now: Instant,
): readonly [change: Partial<Refund>, event?: PaymentEventType] {
  const { status } = refund
  if (status === 'succeeded') return [{ nextStepAt: null }]
  // What has failed holds no money any more: only money that has moved brings it back.
  const hasFailed = status === 'failed' || status === 'canceled'
  if (hasFailed && evidence.kind !== 'refund_done') return [{ nextStepAt: null }]
  switch (evidence.kind) {
    case 'refund_sent':
      return [
        {
          status: 'processing',
          sentAt: now,
          // Sent before, and nobody knows what became of it: a no to this one proves nothing.
          unknownCalls:
            refund.sentAt !== null && refund.outcome === 'unknown'
              ? Math.max(1, refund.unknownCalls)
              : refund.unknownCalls,
          outcome: 'unknown',
          nextCall: 'refund_query',
          // Should this process die now, the next one asks before it sends again.
          nextStepAt: addMs(now, REFUND_QUERY_AFTER_MS),
        },
      ]
    case 'refund_done':
      return [SUCCEEDED(now), 'refund.succeeded']
    case 'refund_unmoved':
      return [askLater(refund, now, REFUND_QUERY_AFTER_MS)]
    case 'unknown':
      return [
        askLater(refund, now, Math.max(REFUND_QUERY_AFTER_MS, backoffMs(refund.unknownCalls))),
      ]
    case 'refund_not_found':
      return refund.outcome === 'not_applied'
        ? [{ status: 'failed', nextStepAt: null }, 'refund.failed']
        : [{ nextCall: 'refund', nextStepAt: now }]
    case 'refund_refused':
      return refused(refund, evidence, now)
  }
}

/** A no proves that nothing happened only if no earlier call of this number is in doubt. */
function refused(
  refund: Refund,
  { failure, mendable }: Extract<Evidence, { readonly kind: 'refund_refused' }>,
  now: Instant,
): readonly [change: Partial<Refund>, event?: PaymentEventType] {
  if (mendable) {
    const tries = refund.failure === null ? 0 : refund.unknownCalls
    const delays = REFUND_ACTION_DELAYS_MS
    const change: Partial<Refund> = {
      status: 'requires_action',
      failure,
      outcome: 'not_applied',
      nextCall: 'refund',
      unknownCalls: tries + 1,
      nextStepAt: addMs(now, delays[Math.min(tries, delays.length - 1)] ?? delays[0]),
    }
    return tries === 0 ? [change, 'refund.requires_action'] : [change]
  }
  if (refund.unknownCalls > 0) {
    const nextStepAt = addMs(now, REFUND_QUERY_AFTER_MS)
    const status = 'processing'
    return [{ status, failure, outcome: 'not_applied', nextCall: 'refund_query', nextStepAt }]
  }
  return [{ status: 'failed', failure, outcome: 'not_applied', nextStepAt: null }, 'refund.failed']
}

function askLater(refund: Refund, now: Instant, delayMs: number): Partial<Refund> {
  return {
    status: 'processing',
    outcome: 'unknown',
    unknownCalls: refund.unknownCalls + 1,
    nextCall: 'refund_query',
    nextStepAt: addMs(now, delayMs),
  }
}

const SUCCEEDED = (now: Instant): Partial<Refund> => ({
  status: 'succeeded',
  outcome: 'applied',
  failure: null,
  succeededAt: now,
  nextStepAt: null,
})

/**
 * Money that is known to have gone back: one of ours by its number, and what exceeds all that we
 * have sent, which was made elsewhere.
 */
function refundSeen(
  record: PaymentRecord,
  evidence: Extract<RefundEvidence, { readonly kind: 'refund_seen' }>,
  now: Instant,
  before: readonly PaymentEvent[],
): Transition {
  const { outRequestNo, source, refundedTotal } = evidence
  const own = record.refunds.find((refund) => refund.outRequestNo === outRequestNo)
  if (own !== undefined) {
    const settled =
      own.status === 'succeeded'
        ? { record, events: before }
        : replace(record, { ...own, ...SUCCEEDED(now), updatedAt: now }, 'refund.succeeded', before)
    return refundSeen(settled.record, { ...evidence, outRequestNo: null }, now, settled.events)
  }
  const amount = refundedTotal - amountSent(record.refunds)
  if (amount <= 0) return { record, events: before }
  const { payment } = record
  const number = outRequestNo ?? `${payment.outTradeNo}_${source}_${refundedTotal}`
  const refund: Refund = {
    id: derivedRefundId(payment.id, number),
    paymentId: payment.id,
    reference: null,
    amount: toFen(amount),
    reason: null,
    status: 'succeeded',
    outRequestNo: number,
    source,
    createdAt: now,
    updatedAt: now,
    nextCall: 'refund_query',
    sentAt: null,
    succeededAt: now,
    failure: null,
    outcome: 'applied',
    unknownCalls: 0,
    nextStepAt: null,
  }
  const type = source === 'external' ? 'refund.external' : 'refund.succeeded'
  return {
    record: { ...record, refunds: [...record.refunds, refund] },
    events: [...before, { type, refundId: refund.id }],
  }
}

/** What has gone back, or may have: a refund in doubt may be part of Alipay's sum. */
function amountSent(refunds: readonly Refund[]): Fen {
  return sumFen(
    refunds
      .filter(({ status }) => status === 'succeeded' || status === 'processing')
      .map(({ amount }) => amount),
  )
}

function replace(
  record: PaymentRecord,
  refund: Refund,
  event: PaymentEventType | undefined,
  before: readonly PaymentEvent[],
): Transition {
  return {
    record: {
      ...record,
      refunds: record.refunds.map((other) => (other.id === refund.id ? refund : other)),
    },
    events: event === undefined ? before : [...before, { type: event, refundId: refund.id }],
  }
}
