/**
 * The rules of a refund: evidence about one in, the changed record and its events out. Pure.
 *
 * @module
 * @see Alipay: 统一收单交易退款, 统一收单交易退款查询
 */

import { addMs, sumFen, toFen, type Fen, type Instant } from '../alipay/index.ts'
import type { Evidence } from './evidence.ts'
import { derivedRefundId } from './identifiers.ts'
import { newRefund } from './new-refund.ts'
import type { PaymentRecord, Refund } from './payment.ts'
import type { PaymentEvent, PaymentEventType } from './payment-event.ts'
import { HELD_FAILURES, HELD_LOOK_MS, isHeld, type HeldReason } from './refund-hold.ts'
import {
  backoffMs,
  CLOSED_TRADE_CALLS_MIN,
  GIVEN_UP_REFUND_MS,
  REFUND_ACTION_DELAYS_MS,
  REFUND_QUERY_AFTER_MS,
} from './schedule.ts'
import type { Transition } from './transitions.ts'

/** Evidence about a refund. The last kind is found in messages about the trade. */
export type RefundEvidence =
  | Extract<
      Evidence,
      {
        readonly kind:
          | 'refund_sent'
          | 'refund_held'
          | 'refund_done'
          | 'refund_unmoved'
          | 'refund_not_found'
          | 'refund_refused'
          | 'refund_trade_closed'
          | 'refund_retry_requested'
          | 'refund_cancel_requested'
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
  const sentAt = endsCall(evidence) && refund.sentAt !== null ? now : refund.sentAt
  const next: Refund = { ...refund, sentAt, ...change, updatedAt: now }
  const decided = replace(record, next, event, before)
  if (event !== 'refund.failed' && event !== 'refund.canceled') return decided
  const isOfOthers = refund.failure?.code === TRADE_CLOSED
  return totalSeenAgain(isOfOthers ? askForTrade(decided, now) : decided, now)
}

/** Until now the refund may have been on its way: the next one keeps its distance from here. */
function endsCall(evidence: Exclude<RefundEvidence, { readonly kind: 'refund_seen' }>): boolean {
  switch (evidence.kind) {
    case 'refund_done':
    case 'refund_unmoved':
    case 'refund_refused':
    case 'refund_trade_closed':
      return true
    case 'unknown':
      return evidence.call === 'refund'
    default:
      return false
  }
}

/** What was taken for one of ours in doubt, and was not, has been made elsewhere. */
function totalSeenAgain({ record, events }: Transition, now: Instant): Transition {
  const { refundedTotal } = record.payment
  if (refundedTotal === null) return { record, events }
  const seen = { kind: 'refund_seen', source: 'external', outRequestNo: null } as const
  return refundSeen(record, { ...seen, refundedTotal }, now, events)
}

/** Others have given the money back: what a query of the trade says is booked as theirs. */
function askForTrade({ record, events }: Transition, now: Instant): Transition {
  return { record: { ...record, payment: { ...record.payment, nextStepAt: now } }, events }
}

/** Alipay: the trade is closed. @see `sub-codes.ts` */
export const TRADE_CLOSED = 'ACQ.TRADE_HAS_CLOSE'

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
      return [{ ...SUCCEEDED(now), amount: evidence.amount ?? refund.amount }, 'refund.succeeded']
    case 'refund_unmoved':
      return askLater(refund, now, REFUND_QUERY_AFTER_MS)
    case 'unknown':
      return askLater(refund, now, Math.max(REFUND_QUERY_AFTER_MS, backoffMs(refund.unknownCalls)))
    case 'refund_not_found':
      return notFound(refund, now)
    case 'refund_refused':
      return refused(refund, evidence, now)
    case 'refund_trade_closed': {
      const delayMs = Math.max(REFUND_QUERY_AFTER_MS, backoffMs(refund.unknownCalls))
      const [change, event] = askLater(refund, now, delayMs)
      const told: Partial<Refund> = { ...change, failure: evidence.failure }
      return event === undefined ? [told] : [told, event]
    }
    case 'refund_held':
      return held(refund, evidence.reason, now)
    case 'refund_retry_requested':
      return [
        status === 'requires_action'
          ? { cancelRequestedAt: null, nextCall: 'refund', nextStepAt: now, ...decided(refund) }
          : {},
      ]
    case 'refund_cancel_requested':
      return cancelRequested(refund, now)
  }
}

/**
 * What Alipay has refused and does not know, was not made; what it merely does not know is asked
 * again.
 */
function notFound(
  refund: Refund,
  now: Instant,
): readonly [change: Partial<Refund>, event?: PaymentEventType] {
  const isHopeless =
    refund.failure?.code === TRADE_CLOSED && refund.unknownCalls >= CLOSED_TRADE_CALLS_MIN
  const isInDoubt = refund.outcome !== 'not_applied' && !isHopeless
  const isGivenUp = refund.cancelRequestedAt !== null
  if (isInDoubt && !isGivenUp) return [{ nextCall: 'refund', nextStepAt: now }]
  // It is not sent again, and what was sent last takes its time to be seen.
  if (isInDoubt && now < addMs(refund.sentAt ?? now, GIVEN_UP_REFUND_MS)) {
    return [{ nextCall: 'refund_query', nextStepAt: addMs(now, REFUND_QUERY_AFTER_MS) }]
  }
  return !isGivenUp
    ? [{ status: 'failed', nextStepAt: null }, 'refund.failed']
    : [{ status: 'canceled', nextStepAt: null }, 'refund.canceled']
}

/** What a restored backup holds back waits for bills, or for a person. */
function held(
  refund: Refund,
  reason: HeldReason,
  now: Instant,
): readonly [change: Partial<Refund>, event?: PaymentEventType] {
  // It is not sent later either.
  if (refund.cancelRequestedAt !== null) return [{ nextCall: 'refund_query', nextStepAt: now }]
  const failure = HELD_FAILURES[reason]
  const change: Partial<Refund> = {
    status: 'requires_action',
    failure,
    nextCall: 'refund',
    nextStepAt: reason === 'restored' ? addMs(now, HELD_LOOK_MS) : null,
  }
  return refund.failure?.code === failure.code ? [change] : [change, 'refund.requires_action']
}

/** Who retries what was held for him has compared, and wants it sent. */
function decided({ failure }: Refund): Partial<Refund> {
  return failure?.code === HELD_FAILURES.refunded_meanwhile.code ? { failure: null } : {}
}

/** Only what was never sent is canceled at once; else Alipay must not know of it. */
function cancelRequested(
  refund: Refund,
  now: Instant,
): readonly [change: Partial<Refund>, event?: PaymentEventType] {
  switch (refund.status) {
    case 'pending':
      return [{ status: 'canceled', cancelRequestedAt: now, nextStepAt: null }, 'refund.canceled']
    case 'requires_action':
      return [{ cancelRequestedAt: now, nextCall: 'refund_query', nextStepAt: now }]
    default:
      return [{}]
  }
}

/** A no proves that nothing happened only if Alipay does not know the number either. */
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
      nextCall: refund.cancelRequestedAt === null ? 'refund' : 'refund_query',
      unknownCalls: tries + 1,
      nextStepAt: addMs(now, delays[Math.min(tries, delays.length - 1)] ?? delays[0]),
    }
    return tries === 0 ? [change, 'refund.requires_action'] : [change]
  }
  return [
    {
      status: 'processing',
      failure,
      outcome: 'not_applied',
      nextCall: 'refund_query',
      // What was sent a moment ago and is in doubt may take its time to be seen.
      nextStepAt: refund.unknownCalls > 0 ? addMs(now, REFUND_QUERY_AFTER_MS) : now,
    },
  ]
}

function askLater(
  refund: Refund,
  now: Instant,
  delayMs: number,
): readonly [change: Partial<Refund>, event?: PaymentEventType] {
  const change: Partial<Refund> = {
    status: refund.status === 'requires_action' ? 'requires_action' : 'processing',
    // A question without an answer leaves what a refusal has told.
    outcome: refund.outcome,
    unknownCalls: refund.unknownCalls + 1,
    nextCall: 'refund_query',
    nextStepAt: addMs(now, delayMs),
  }
  return refund.unknownCalls === 0 ? [change, 'refund.processing'] : [change]
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
  before: PaymentRecord,
  evidence: Extract<RefundEvidence, { readonly kind: 'refund_seen' }>,
  now: Instant,
  told: readonly PaymentEvent[],
): Transition {
  const { outRequestNo, source, refundedTotal } = evidence
  const record = withTotal(before, refundedTotal)
  const own = record.refunds.find((refund) => refund.outRequestNo === outRequestNo)
  if (own !== undefined) {
    const settled =
      own.status === 'succeeded'
        ? { record, events: told }
        : replace(record, { ...own, ...SUCCEEDED(now), updatedAt: now }, 'refund.succeeded', told)
    return refundSeen(settled.record, { ...evidence, outRequestNo: null }, now, settled.events)
  }
  const amount = refundedTotal - amountSent(record.refunds)
  if (amount <= 0) return { record, events: told }
  const { payment } = record
  // The sum may be told again when one of ours turns out not to be part of it.
  const number =
    outRequestNo ?? `${payment.outTradeNo}_${source}_${refundedTotal}_${record.refunds.length}`
  const seen = newRefund(
    {
      id: derivedRefundId(payment.id, number),
      paymentId: payment.id,
      outRequestNo: number,
      amount: toFen(amount),
      source,
      reference: null,
      reason: null,
    },
    now,
  )
  const refund: Refund = { ...seen, nextCall: 'refund_query', ...SUCCEEDED(now) }
  const type = source === 'external' ? 'refund.external' : 'refund.succeeded'
  return {
    record: { ...record, refunds: [...record.refunds, refund] },
    events: [...told, { type, refundId: refund.id }],
  }
}

/**
 * A refund that stands in Alipay's bill. One of ours has been made; one that is known by its sum
 * alone gets its number, or is part of that sum; any other was made elsewhere.
 */
export function refundBilled(
  record: PaymentRecord,
  evidence: Extract<Evidence, { readonly kind: 'refund_billed' }>,
  now: Instant,
): Transition {
  const { outRequestNo, amount, at } = evidence
  const { payment, refunds } = record
  const own = refunds.find((refund) => outRequestNo !== '' && refund.outRequestNo === outRequestNo)
  if (own !== undefined) {
    const isKnown = own.status === 'succeeded' || own.amount !== amount
    const settled: Refund = { ...own, ...SUCCEEDED(at), updatedAt: now }
    return isKnown ? { record, events: [] } : replace(record, settled, 'refund.succeeded', [])
  }
  const unnamed = refunds.filter((refund) => isUnnamed(record, refund) && refund.amount >= amount)
  const sum = unnamed.find((refund) => refund.amount === amount) ?? unnamed[0]
  // The cancel's own, of which Alipay tells no number.
  if (outRequestNo === '' && sum?.amount === amount) return { record, events: [] }
  const number = outRequestNo === '' ? `${payment.outTradeNo}_external_billed_${at}` : outRequestNo
  if (refunds.some((refund) => refund.outRequestNo === number)) return { record, events: [] }
  if (sum?.amount === amount) {
    const named: Refund = { ...sum, outRequestNo: number, updatedAt: now }
    return replace(record, named, undefined, [])
  }
  const seen = newRefund(
    {
      id: derivedRefundId(payment.id, number),
      paymentId: payment.id,
      outRequestNo: number,
      amount,
      source: 'external',
      reference: null,
      reason: null,
    },
    now,
  )
  const refund: Refund = { ...seen, nextCall: 'refund_query', ...SUCCEEDED(at) }
  const rest = refunds.map((other) =>
    other === sum ? { ...sum, amount: toFen(sum.amount - amount), updatedAt: now } : other,
  )
  return {
    record: { ...record, refunds: [...rest, refund] },
    events: [{ type: 'refund.external', refundId: refund.id }],
  }
}

/** Whether the number of a refund is of our making, since only Alipay's sum told of it. */
export function isUnnamed({ payment }: PaymentRecord, refund: Refund): boolean {
  return (
    (refund.source === 'external' || refund.source === 'cancel') &&
    refund.outRequestNo.startsWith(`${payment.outTradeNo}_${refund.source}_`)
  )
}

/** Remembers the largest sum that Alipay has told. */
export function withTotal(record: PaymentRecord, refundedTotal: Fen | null): PaymentRecord {
  const { payment } = record
  if (refundedTotal === null || (payment.refundedTotal ?? 0) >= refundedTotal) return record
  return { ...record, payment: { ...payment, refundedTotal } }
}

/** What has gone back, or may have: a refund in doubt may be part of Alipay's sum. */
function amountSent(refunds: readonly Refund[]): Fen {
  return sumFen(refunds.filter(mayHaveMoved).map(({ amount }) => amount))
}

/** Also what was refused: the same request may come once more on its way, and be carried out. */
function mayHaveMoved(refund: Refund): boolean {
  const { status, sentAt } = refund
  if (status === 'requires_action') return sentAt !== null && !isHeld(refund)
  return status === 'succeeded' || status === 'processing'
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
