/**
 * The rules: a payment and a piece of evidence in, the changed payment and its events out. Pure,
 * total, and the only place where a status changes.
 *
 * @module
 * @see `docs/concepts/payment-lifecycle.md`
 */

import { addMs, type Instant } from '../alipay/index.ts'
import type { Evidence, TradeFacts } from './evidence.ts'
import {
  type Payment,
  type PaymentEvent,
  type PaymentEventType,
  type PaymentRecord,
} from './payment.ts'
import { transitionRefund } from './refund-transitions.ts'
import {
  backoffMs,
  CANCEL_SETTLES_MS,
  CLOSING_INTERVAL_MS,
  earlier,
  nextPollAt,
  nextWatchAt,
  POLL_INTERVAL_MS,
  provenDeadAt,
} from './schedule.ts'

/** What a piece of evidence changes. */
export interface Transition {
  readonly record: PaymentRecord
  readonly events: readonly PaymentEvent[]
}

/**
 * Applies evidence to a payment. Evidence that says nothing new changes nothing but the schedule.
 *
 * @param now When the evidence is applied.
 */
export function transition(record: PaymentRecord, evidence: Evidence, now: Instant): Transition {
  const { payment } = record
  switch (evidence.kind) {
    case 'precreated':
      return precreated(record, evidence.qrCode, now)
    case 'precreate_refused':
      return payment.status === 'created'
        ? changed(record, now, 'payment.failed', {
            status: 'failed',
            failure: evidence.failure,
            outcome: 'not_applied',
            nextStepAt: null,
          })
        : same(record)
    case 'trade_exists':
      return scheduled(record, { outcome: 'applied', nextStepAt: now })
    case 'trade':
      return tradeSeen(record, evidence.trade, evidence.source, now)
    case 'trade_not_exist':
      return tradeMissing(record, now)
    case 'deadline_passed':
      return startClosing(record, 'expired', now)
    case 'cancel_requested':
      return startClosing(record, 'requested', now)
    case 'cancel_attempted':
      return payment.status === 'closing'
        ? scheduled(record, { cancelAttemptedAt: now, cancelAnsweredAt: null, outcome: 'unknown' })
        : same(record)
    case 'cancel_answered':
      return cancelAnswered(record, evidence.action, evidence.tradeNo, now)
    case 'cancel_refused':
      return scheduled(record, {
        cancelAnsweredAt: now,
        outcome: 'not_applied',
        unknownCalls: payment.unknownCalls + 1,
        nextStepAt: addMs(now, backoffMs(payment.unknownCalls + 1)),
      })
    case 'unknown':
      return evidence.refundId === undefined
        ? callUnknown(record, evidence.call, now)
        : transitionRefund(record, { ...evidence, refundId: evidence.refundId }, now)
    case 'refund_sent':
    case 'refund_done':
    case 'refund_unmoved':
    case 'refund_not_found':
    case 'refund_refused':
      return transitionRefund(record, evidence, now)
  }
}

function precreated(record: PaymentRecord, qrCode: string, now: Instant): Transition {
  const { payment } = record
  if (payment.status !== 'created') {
    // A repeat may bring another code for the same order; while closing it must not be shown.
    return payment.status === 'pending' ? scheduled(record, { qrCode }) : same(record)
  }
  const shown: Payment = { ...payment, shownAt: now }
  return changed(record, now, 'payment.pending', {
    status: 'pending',
    qrCode,
    shownAt: now,
    outcome: 'applied',
    unknownCalls: 0,
    nextStepAt: nextPollAt(shown, now),
  })
}

function startClosing(
  record: PaymentRecord,
  reason: 'expired' | 'requested',
  now: Instant,
): Transition {
  const { status } = record.payment
  if (status !== 'created' && status !== 'pending') return same(record)
  return changed(record, now, 'payment.closing', {
    status: 'closing',
    cancellationReason: reason,
    unknownCalls: 0,
    nextStepAt: now,
  })
}

function tradeSeen(
  record: PaymentRecord,
  trade: TradeFacts,
  source: 'query' | 'notification',
  now: Instant,
): Transition {
  if (trade.totalAmount !== record.payment.amount) {
    const asked = source === 'query' ? afterQuery(record, now) : same(record)
    return forReview(asked, 'amount_mismatch', now)
  }
  const seen = tradeOfOrderSeen(noteTrade(record, trade), trade, source, now)
  return trade.isOtherSeller ? forReview(seen, 'seller_mismatch', now) : seen
}

/** Has a person look at it, and says so once. */
function forReview(
  { record, events }: Transition,
  review: NonNullable<Payment['review']>,
  now: Instant,
): Transition {
  if (record.payment.review === review) return { record, events }
  const reviewed = changed(record, now, 'payment.review_required', { review })
  return { record: reviewed.record, events: [...events, ...reviewed.events] }
}

function tradeOfOrderSeen(
  known: PaymentRecord,
  trade: TradeFacts,
  source: 'query' | 'notification',
  now: Instant,
): Transition {
  switch (trade.tradeStatus) {
    case 'WAIT_BUYER_PAY':
      return tradeWaiting(known, source, now)
    case 'TRADE_SUCCESS':
    case 'TRADE_FINISHED':
      return refundsSeen(tradePaid(known, trade, source, now), trade, now)
    case 'TRADE_CLOSED':
      return trade.paidAt !== null || (trade.refundedTotal ?? 0) > 0
        ? tradeGivenBack(known, trade, now)
        : tradeClosedUnpaid(known, now)
    default:
      return afterQuery(known, now)
  }
}

/** Keeps what a message tells beside the status. Never unlearns. */
function noteTrade(record: PaymentRecord, trade: TradeFacts): PaymentRecord {
  const { payment } = record
  // Before the payment Alipay writes 0.00 for what the merchant receives.
  const isPaid = trade.paidAt !== null
  return {
    ...record,
    payment: {
      ...payment,
      tradeNo: trade.tradeNo ?? payment.tradeNo,
      tradeStatus: trade.tradeStatus,
      amountReceived: isPaid
        ? (trade.amountReceived ?? payment.amountReceived)
        : payment.amountReceived,
      buyerLogonId: trade.buyerLogonId ?? payment.buyerLogonId,
      outcome: 'applied',
      unknownCalls: unknownCallsAnswered(payment),
    },
  }
}

/** While closing only a cancel's answer ends the count: a cancel in doubt follows each query. */
function unknownCallsAnswered({ status, unknownCalls }: Payment): number {
  return status === 'closing' ? unknownCalls : 0
}

function tradeWaiting(
  record: PaymentRecord,
  source: 'query' | 'notification',
  now: Instant,
): Transition {
  const { payment } = record
  const scanned = payment.scannedAt === null ? ['payment.scanned' as const] : []
  const scan: Partial<Payment> = { scannedAt: payment.scannedAt ?? now }
  switch (payment.status) {
    case 'created':
    case 'pending':
      return changed(record, now, scanned, { ...scan, nextStepAt: nextPollAt(payment, now) })
    case 'closing':
      // The cancel follows at once, under the lease of the query that said so.
      return changed(record, now, scanned, { ...scan, nextStepAt: now })
    case 'expired':
    case 'canceled':
    case 'failed':
      // An old notification of the scan may come after the end: a query tells.
      if (source === 'notification') return scheduled(record, { nextStepAt: now })
      return changed(record, now, [...scanned, 'payment.closing'], {
        ...scan,
        status: 'closing',
        cancellationReason: payment.cancellationReason ?? 'requested',
        nextStepAt: now,
      })
    case 'succeeded':
      return source === 'query' ? afterQuery(record, now) : same(record)
  }
}

function tradePaid(
  record: PaymentRecord,
  trade: TradeFacts,
  source: 'query' | 'notification',
  now: Instant,
): Transition {
  const { payment } = record
  if (payment.status === 'succeeded') return same(record)
  const settlesAt = cancelSettlesAt(payment)
  if (settlesAt !== null && (source === 'notification' || now < settlesAt)) {
    // A cancel of ours may be taking the money back: only a query after it can tell.
    return scheduled(record, { nextStepAt: settlesAt > now ? settlesAt : now })
  }
  return succeeded(record, trade, now)
}

function succeeded(record: PaymentRecord, trade: TradeFacts, now: Instant): Transition {
  const { status, review } = record.payment
  const late = status === 'expired' || status === 'canceled' || status === 'failed'
  return changed(record, now, late ? 'payment.succeeded_late' : 'payment.succeeded', {
    status: 'succeeded',
    paidAt: trade.paidAt ?? now,
    late,
    review: late ? 'late' : review,
    nextStepAt: null,
  })
}

/**
 * While a cancel of ours may still be deciding over the money: from when a query's answer counts.
 * `null` where no cancel was sent, or it has ended the payment.
 */
function cancelSettlesAt(payment: Payment): Instant | null {
  if (payment.status !== 'closing' || payment.cancelAttemptedAt === null) return null
  return payment.cancelAnsweredAt ?? addMs(payment.cancelAttemptedAt, CANCEL_SETTLES_MS)
}

/** Closed, and it had been paid: the money has gone back. */
function tradeGivenBack(record: PaymentRecord, trade: TradeFacts, now: Instant): Transition {
  const { payment } = record
  const byCancel = payment.status !== 'succeeded' && payment.cancelAttemptedAt !== null
  if (byCancel) return refundedByCancel(record, trade.paidAt ?? now, now)
  const paid = payment.status === 'succeeded' ? same(record) : succeeded(record, trade, now)
  return refundsSeen(paid, { ...trade, refundedTotal: payment.amount }, now)
}

function refundedByCancel(record: PaymentRecord, paidAt: Instant, now: Instant): Transition {
  const { payment } = record
  const paid = changed(record, now, 'payment.refunded_by_cancel', {
    status: 'succeeded',
    paidAt: payment.paidAt ?? paidAt,
    refundedByCancel: true,
    review: 'refunded_by_cancel',
    nextStepAt: null,
  })
  return transitionRefund(
    paid.record,
    { kind: 'refund_seen', source: 'cancel', outRequestNo: null, refundedTotal: payment.amount },
    now,
    paid.events,
  )
}

/** Books refunds that were made elsewhere, and our own where Alipay confirms them. */
function refundsSeen(paid: Transition, trade: TradeFacts, now: Instant): Transition {
  if (paid.record.payment.status !== 'succeeded' || trade.refundedTotal === null) return paid
  return transitionRefund(
    paid.record,
    {
      kind: 'refund_seen',
      source: 'external',
      outRequestNo: trade.outRequestNo,
      refundedTotal: trade.refundedTotal,
    },
    now,
    paid.events,
  )
}

function tradeClosedUnpaid(record: PaymentRecord, now: Instant): Transition {
  switch (record.payment.status) {
    case 'created':
    case 'pending':
    case 'closing':
      return ended(record, now, null)
    default:
      return afterQuery(record, now)
  }
}

function tradeMissing(record: PaymentRecord, now: Instant): Transition {
  const { payment } = record
  const settled: Partial<Payment> = {
    outcome: 'applied',
    unknownCalls: unknownCallsAnswered(payment),
  }
  switch (payment.status) {
    case 'created':
      return scheduled(record, {
        outcome: 'not_applied',
        unknownCalls: payment.unknownCalls + 1,
        nextStepAt: addMs(now, backoffMs(payment.unknownCalls + 1)),
      })
    case 'pending':
      return scheduled(record, { ...settled, nextStepAt: nextPollAt(payment, now) })
    case 'closing': {
      const deadAt = provenDeadAt(payment)
      if (now >= deadAt) return ended(record, now, nextWatchAt(payment, now))
      const next =
        payment.cancelAnsweredAt === null ? now : earlier(addMs(now, CLOSING_INTERVAL_MS), deadAt)
      return scheduled(record, { ...settled, nextStepAt: next })
    }
    case 'expired':
    case 'canceled':
    case 'failed':
    case 'succeeded':
      return afterQuery(record, now)
  }
}

function cancelAnswered(
  record: PaymentRecord,
  action: 'close' | 'refund' | null,
  tradeNo: string | null,
  now: Instant,
): Transition {
  const answered: PaymentRecord = {
    ...record,
    payment: {
      ...record.payment,
      tradeNo: tradeNo ?? record.payment.tradeNo,
      cancelAnsweredAt: now,
      outcome: 'applied',
      unknownCalls: 0,
    },
  }
  const { payment } = answered
  if (action === 'refund' && !payment.refundedByCancel) return refundedByCancel(answered, now, now)
  if (payment.status !== 'closing') return same(answered)
  if (action === 'close') return ended(withStatus(answered, 'TRADE_CLOSED'), now, null)
  // A trade was seen, and yet there is none to undo: both sides of Alipay will soon agree.
  if (payment.tradeStatus !== null) {
    return scheduled(answered, { nextStepAt: addMs(now, POLL_INTERVAL_MS) })
  }
  // Nobody has scanned: the code itself is dead only when Alipay's own deadline has passed.
  const next = earlier(addMs(now, CLOSING_INTERVAL_MS), provenDeadAt(payment))
  return scheduled(answered, { nextStepAt: next })
}

function withStatus(record: PaymentRecord, tradeStatus: string): PaymentRecord {
  return { ...record, payment: { ...record.payment, tradeStatus } }
}

function callUnknown(
  record: PaymentRecord,
  call: 'precreate' | 'query' | 'cancel' | 'refund' | 'refund_query',
  now: Instant,
): Transition {
  const { payment } = record
  const unknownCalls = payment.unknownCalls + 1
  const retryAt = addMs(now, backoffMs(unknownCalls))
  const next = payment.status === 'pending' ? nextPollAt(payment, now) : retryAt
  return scheduled(record, {
    // Until now the cancel may have been on its way: what it does is settled from here.
    cancelAttemptedAt: call === 'cancel' ? now : payment.cancelAttemptedAt,
    outcome: call === 'query' ? payment.outcome : 'unknown',
    unknownCalls,
    nextStepAt: next,
  })
}

/** The end without money, by its reason. */
function ended(record: PaymentRecord, now: Instant, watchAt: Instant | null): Transition {
  const status = record.payment.cancellationReason === 'requested' ? 'canceled' : 'expired'
  return changed(record, now, `payment.${status}`, {
    status,
    cancellationReason: record.payment.cancellationReason ?? 'expired',
    outcome: 'not_applied',
    nextStepAt: watchAt,
  })
}

/** An answer that changes nothing: an open payment goes on, an ended one is watched. */
function afterQuery(record: PaymentRecord, now: Instant): Transition {
  const { payment } = record
  switch (payment.status) {
    case 'pending':
      return scheduled(record, { nextStepAt: nextPollAt(payment, now) })
    case 'expired':
    case 'canceled':
    case 'failed':
      return scheduled(record, { nextStepAt: nextWatchAt(payment, now), unknownCalls: 0 })
    case 'succeeded':
      return scheduled(record, { nextStepAt: null })
    case 'created':
    case 'closing':
      return scheduled(record, { nextStepAt: addMs(now, CLOSING_INTERVAL_MS) })
  }
}

function changed(
  record: PaymentRecord,
  now: Instant,
  events: PaymentEventType | readonly PaymentEventType[],
  change: Partial<Payment>,
): Transition {
  const types = typeof events === 'string' ? [events] : events
  return {
    record: { ...record, payment: { ...record.payment, ...change, updatedAt: now } },
    events: types.map((type) => ({ type })),
  }
}

/** Moves the schedule. Of a payment that has succeeded there is nothing left to find out. */
function scheduled(record: PaymentRecord, change: Partial<Payment>): Transition {
  const payment = { ...record.payment, ...change }
  const { status, nextStepAt } = payment
  return {
    record: {
      ...record,
      payment: { ...payment, nextStepAt: status === 'succeeded' ? null : nextStepAt },
    },
    events: [],
  }
}

function same(record: PaymentRecord): Transition {
  return { record, events: [] }
}
