/**
 * The rules: a payment and a piece of evidence in, the changed payment and its events out. Pure,
 * total, and the only place where a status changes.
 *
 * @module
 * @see `docs/concepts/payment-lifecycle.md`
 */

import { addMs, type Instant } from '../alipay/index.ts'
import type { Evidence, GatewayCall, TradeFacts } from './evidence.ts'
import { settle } from './late-money.ts'
import type { Payment, PaymentRecord, Review } from './payment.ts'
import type { PaymentEvent, PaymentEventType } from './payment-event.ts'
import { refundBilled, transitionRefund, withTotal } from './refund-transitions.ts'
import { DEFAULT_RULES, type PaymentRules } from './rules.ts'
import {
  backoffMs,
  CANCEL_SETTLES_MS,
  CLOSING_INTERVAL_MS,
  codeEndsAt,
  CONTRADICTION_MS,
  earlier,
  nextPollAt,
  nextWatchAt,
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
export function transition(
  record: PaymentRecord,
  evidence: Evidence,
  now: Instant,
  rules: PaymentRules = DEFAULT_RULES,
): Transition {
  const { payment } = record
  switch (evidence.kind) {
    case 'precreated':
      return precreated(record, evidence.qrCode, now, rules)
    case 'precreate_refused':
    case 'pay_refused':
      return payment.status === 'created'
        ? changed(record, now, 'payment.failed', {
            status: 'failed',
            failure: evidence.failure,
            outcome: 'not_applied',
            endedAt: now,
            // A buyer's code that was refused may have come to Alipay once more on its way.
            nextStepAt: nextWatchAt(payment, now),
          })
        : same(record)
    case 'trade_exists':
      return scheduled(record, { outcome: 'applied', nextStepAt: now })
    case 'pay_answered':
      return tradeSeen(record, evidence.trade, 'pay', now, rules)
    case 'trade':
      return tradeSeen(record, evidence.trade, evidence.source, now, rules)
    case 'trade_not_exist':
      return tradeMissing(record, evidence.askedAt ?? now, now, rules)
    case 'deadline_passed':
      return startClosing(record, 'expired', now)
    case 'cancel_requested':
      return startClosing(record, 'requested', now)
    case 'superseded':
      return superseded(record, now)
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
    case 'close_answered':
      return payment.status === 'closing'
        ? ended(withStatus(record, 'TRADE_CLOSED'), now, null)
        : same(record)
    case 'close_refused':
      return closeRefused(record, evidence.isTradeMissing, now)
    case 'settled':
      return settle(record, evidence.duplicateOf, now, rules)
    case 'review_resolved':
      return reviewResolved(record, evidence.action, now)
    case 'unknown':
      return evidence.refundId === undefined
        ? callUnknown(record, evidence.call, now, rules)
        : transitionRefund(record, { ...evidence, refundId: evidence.refundId }, now)
    case 'refund_done':
      return isDiscordant(record, evidence)
        ? forReview(refundAnswered(record, evidence, now), 'refund_discordant', now)
        : refundAnswered(record, evidence, now)
    case 'refund_unmoved':
      return refundAnswered(record, evidence, now)
    case 'refund_billed':
      return payment.status === 'succeeded' ? refundBilled(record, evidence, now) : same(record)
    case 'refund_sent':
    case 'refund_held':
    case 'refund_refused':
    case 'refund_trade_closed':
    case 'refund_not_found':
    case 'refund_retry_requested':
    case 'refund_cancel_requested':
      return transitionRefund(record, evidence, now)
  }
}

function precreated(
  record: PaymentRecord,
  qrCode: string,
  now: Instant,
  rules: PaymentRules,
): Transition {
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
    nextStepAt: nextPollAt(shown, now, rules),
  })
}

function startClosing(
  record: PaymentRecord,
  reason: NonNullable<Payment['cancellationReason']>,
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

/** The reference is not this one’s any more: nothing of it is needed, its code must not live. */
function superseded(record: PaymentRecord, now: Instant): Transition {
  const { status } = record.payment
  if (status !== 'closing') return startClosing(record, 'superseded', now)
  return changed(record, now, [], { cancellationReason: 'superseded' })
}

/**
 * Who tells of a trade. Only a query tells how it stands now: a notification may be an old one that
 * is sent again, and the answer to a pay may have been long on its way.
 */
type Source = 'query' | 'notification' | 'pay'

function tradeSeen(
  record: PaymentRecord,
  trade: TradeFacts,
  source: Source,
  now: Instant,
  rules: PaymentRules,
): Transition {
  if (trade.totalAmount !== record.payment.amount) {
    const asked = source === 'query' ? otherTradeAsked(record, now, rules) : same(record)
    return forReview(asked, 'amount_mismatch', now)
  }
  const known = noteTrade(source === 'query' ? answered(record) : record, trade)
  const seen = tradeOfOrderSeen(known, trade, source, now, rules)
  return trade.isOtherSeller ? forReview(seen, 'seller_mismatch', now, record.payment.review) : seen
}

/**
 * The number is that of a trade that is not ours, and no proof of the end will come: it is over
 * once no code of ours can be paid any more.
 */
function otherTradeAsked(record: PaymentRecord, now: Instant, rules: PaymentRules): Transition {
  const { payment } = record
  return payment.status === 'closing' && now >= codeEndsAt(payment)
    ? ended(record, now, null)
    : afterQuery(record, now, rules)
}

/** What was asked about a payment that has succeeded is answered now. */
function answered(record: PaymentRecord): PaymentRecord {
  const { status, settlement } = record.payment
  if (status !== 'succeeded' || settlement === 'due') return record
  return { ...record, payment: { ...record.payment, nextStepAt: null } }
}

/**
 * Has a person look at it, and says so once.
 *
 * @param known What was to be looked at before this evidence came.
 */
function forReview(
  { record, events }: Transition,
  review: Review,
  now: Instant,
  known: Review | null = record.payment.review,
): Transition {
  if (record.payment.review === review) return { record, events }
  const isNews = known !== review
  const reviewed = changed(record, now, isNews ? 'payment.review_required' : [], { review })
  return { record: reviewed.record, events: [...events, ...reviewed.events] }
}

function tradeOfOrderSeen(
  known: PaymentRecord,
  trade: TradeFacts,
  source: Source,
  now: Instant,
  rules: PaymentRules,
): Transition {
  switch (trade.tradeStatus) {
    case 'WAIT_BUYER_PAY':
      return tradeWaiting(known, source, now, rules)
    case 'TRADE_SUCCESS':
    case 'TRADE_FINISHED':
      return refundsSeen(tradePaid(known, trade, source, now), trade, now)
    case 'TRADE_CLOSED':
      return trade.paidAt !== null || (trade.refundedTotal ?? 0) > 0
        ? tradeGivenBack(known, trade, now)
        : tradeClosedUnpaid(known, now, rules)
    default:
      return afterQuery(known, now, rules)
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
      tradeStatus: laterStatus(payment.tradeStatus, trade.tradeStatus),
      amountReceived: isPaid
        ? (trade.amountReceived ?? payment.amountReceived)
        : payment.amountReceived,
      buyerLogonId: trade.buyerLogonId ?? payment.buyerLogonId,
      outcome: 'applied',
      unknownCalls: unknownCallsAnswered(payment),
    },
  }
}

/** A message may be an old one that is sent again: what it says of the status is then over. */
function laterStatus(known: string | null, seen: string): string {
  const isOver =
    known === 'TRADE_CLOSED' ||
    known === 'TRADE_FINISHED' ||
    (known === 'TRADE_SUCCESS' && seen === 'WAIT_BUYER_PAY')
  return isOver ? known : seen
}

/** While closing only a cancel's answer ends the count: a cancel in doubt follows each query. */
function unknownCallsAnswered({ status, unknownCalls }: Payment): number {
  return status === 'closing' ? unknownCalls : 0
}

function tradeWaiting(
  record: PaymentRecord,
  source: Source,
  now: Instant,
  rules: PaymentRules,
): Transition {
  const { payment } = record
  const scanned = payment.scannedAt === null ? ['payment.scanned' as const] : []
  const scan: Partial<Payment> = { scannedAt: payment.scannedAt ?? now }
  switch (payment.status) {
    case 'created':
      // The trade is all there is to wait for: no code of ours is still to be shown.
      if (payment.method === 'barcode') {
        return changed(record, now, ['payment.pending', ...scanned], {
          ...scan,
          status: 'pending',
          nextStepAt: nextPollAt(payment, now, rules),
        })
      }
      return noted(record, now, scanned, { ...scan, nextStepAt: nextPollAt(payment, now, rules) })
    case 'pending':
      return noted(record, now, scanned, { ...scan, nextStepAt: nextPollAt(payment, now, rules) })
    case 'closing':
      // The cancel follows at once, under the lease of the query that said so.
      return noted(record, now, scanned, { ...scan, nextStepAt: now })
    case 'expired':
    case 'canceled':
    case 'failed':
      // An old message of the scan may come after the end: a query tells.
      if (source !== 'query') return scheduled(record, { nextStepAt: now })
      return changed(record, now, [...scanned, 'payment.closing'], {
        ...scan,
        status: 'closing',
        cancellationReason: payment.cancellationReason ?? 'requested',
        nextStepAt: now,
      })
    case 'succeeded':
      return source === 'query' ? afterQuery(record, now, rules) : same(record)
  }
}

function tradePaid(
  record: PaymentRecord,
  trade: TradeFacts,
  source: Source,
  now: Instant,
): Transition {
  const { payment } = record
  if (payment.status === 'succeeded') return same(record)
  const settlesAt = cancelSettlesAt(payment)
  if (settlesAt !== null && (source !== 'query' || now < settlesAt)) {
    // A cancel of ours may be taking the money back: only a query after it can tell.
    return scheduled(record, { nextStepAt: settlesAt > now ? settlesAt : now })
  }
  return succeeded(record, trade, now)
}

function succeeded(record: PaymentRecord, trade: TradeFacts, now: Instant): Transition {
  const { endedAt, cancellationReason } = record.payment
  // Also where a code that was believed dead was scanned, and the payment is closing once more.
  const late = endedAt !== null
  // Something else may have paid the reference: that is looked up before anything is decided.
  const isDoubtful = late || cancellationReason === 'superseded'
  return changed(record, now, late ? 'payment.succeeded_late' : 'payment.succeeded', {
    status: 'succeeded',
    paidAt: trade.paidAt ?? now,
    late,
    settlement: isDoubtful ? 'due' : null,
    nextStepAt: isDoubtful ? now : null,
  })
}

/** A person has decided about what was held. */
function reviewResolved(
  record: PaymentRecord,
  action: 'accept' | 'refund',
  now: Instant,
): Transition {
  const { review, settlement } = record.payment
  if (review === null) return same(record)
  const decided = action === 'accept' ? 'accepted' : 'refunded'
  return changed(record, now, 'payment.review_resolved', {
    review: null,
    settlement: settlement === 'held' ? decided : settlement,
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
    settlement: payment.settlement === 'due' ? 'refunded' : payment.settlement,
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

/** One number with two amounts: only books that were lost bring that about, and a person looks. */
function isDiscordant(
  { refunds }: PaymentRecord,
  { refundId, amount = null }: Extract<Evidence, { readonly kind: 'refund_done' }>,
): boolean {
  const refund = refunds.find(({ id }) => id === refundId)
  return amount !== null && refund?.status !== 'succeeded' && (refund?.amount ?? amount) !== amount
}

/** The answer tells of ours, and by its sum of what was made in the console meanwhile. */
function refundAnswered(
  record: PaymentRecord,
  evidence: Extract<Evidence, { readonly kind: 'refund_done' | 'refund_unmoved' }>,
  now: Instant,
): Transition {
  const answered = transitionRefund(record, evidence, now)
  const { refundedTotal = null } = evidence
  if (refundedTotal === null) return answered
  const seen = { kind: 'refund_seen', source: 'external', outRequestNo: null } as const
  return transitionRefund(answered.record, { ...seen, refundedTotal }, now, answered.events)
}

/** Books refunds that were made elsewhere, and our own where Alipay confirms them. */
function refundsSeen(paid: Transition, trade: TradeFacts, now: Instant): Transition {
  const record = withTotal(paid.record, trade.refundedTotal)
  const { status, refundedTotal } = record.payment
  // While a cancel of ours decides over the money, the sum is kept until it has decided.
  if (status !== 'succeeded' || refundedTotal === null) return { record, events: paid.events }
  const { outRequestNo } = trade
  return transitionRefund(
    record,
    { kind: 'refund_seen', source: 'external', outRequestNo, refundedTotal },
    now,
    paid.events,
  )
}

function tradeClosedUnpaid(record: PaymentRecord, now: Instant, rules: PaymentRules): Transition {
  switch (record.payment.status) {
    case 'created':
    case 'pending':
    case 'closing':
      return ended(record, now, null)
    default:
      return afterQuery(record, now, rules)
  }
}

function tradeMissing(
  record: PaymentRecord,
  askedAt: Instant,
  now: Instant,
  rules: PaymentRules,
): Transition {
  const { payment } = record
  const settled: Partial<Payment> = {
    outcome: 'applied',
    unknownCalls: unknownCallsAnswered(payment),
  }
  switch (payment.status) {
    case 'created':
      // It may still be on its way, and must not be sent again: it is asked about to the end.
      if (payment.method === 'barcode') {
        return scheduled(record, { unknownCalls: 0, nextStepAt: nextPollAt(payment, now, rules) })
      }
      return scheduled(record, {
        outcome: 'not_applied',
        unknownCalls: payment.unknownCalls + 1,
        nextStepAt: addMs(now, backoffMs(payment.unknownCalls + 1)),
      })
    case 'pending':
      return scheduled(record, { ...settled, nextStepAt: nextPollAt(payment, now, rules) })
    case 'closing': {
      const deadAt = provenDeadAt(payment)
      // A trade was seen already: both sides of Alipay will soon agree, or else its code dies.
      if (payment.tradeStatus !== null && askedAt < codeEndsAt(payment)) {
        return scheduled(record, { ...settled, nextStepAt: addMs(now, CONTRADICTION_MS) })
      }
      if (askedAt >= deadAt) return ended(record, now, nextWatchAt(payment, now))
      const fencedAt =
        rules.fence === 'cancel' ? payment.cancelAnsweredAt : payment.closeAttemptedAt
      const next = fencedAt === null ? now : earlier(addMs(now, CLOSING_INTERVAL_MS), deadAt)
      return scheduled(record, { ...settled, nextStepAt: next })
    }
    case 'expired':
    case 'canceled':
    case 'failed':
    case 'succeeded':
      return afterQuery(record, now, rules)
  }
}

/** Somebody has paid or closed it in that moment, or nobody has scanned it: a query tells. */
function closeRefused(record: PaymentRecord, isTradeMissing: boolean, now: Instant): Transition {
  const { payment } = record
  if (payment.status !== 'closing') return same(record)
  const unknownCalls = payment.unknownCalls + 1
  return scheduled(record, {
    closeAttemptedAt: now,
    outcome: 'not_applied',
    unknownCalls,
    nextStepAt: isTradeMissing
      ? earlier(addMs(now, CLOSING_INTERVAL_MS), provenDeadAt(payment))
      : addMs(now, backoffMs(unknownCalls)),
  })
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
    return scheduled(answered, { nextStepAt: addMs(now, CONTRADICTION_MS) })
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
  call: GatewayCall,
  now: Instant,
  rules: PaymentRules,
): Transition {
  const { payment } = record
  const unknownCalls = payment.unknownCalls + 1
  const retryAt = addMs(now, backoffMs(unknownCalls))
  const isPolled =
    payment.status === 'pending' || (payment.status === 'created' && payment.method === 'barcode')
  const next = isPolled ? nextPollAt(payment, now, rules) : retryAt
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
  const { cancellationReason } = record.payment
  const status = (cancellationReason ?? 'expired') === 'expired' ? 'expired' : 'canceled'
  return changed(record, now, `payment.${status}`, {
    status,
    cancellationReason: cancellationReason ?? 'expired',
    outcome: 'not_applied',
    endedAt: record.payment.endedAt ?? now,
    nextStepAt: watchAt,
  })
}

/** An answer that changes nothing: an open payment goes on, an ended one is watched. */
function afterQuery(record: PaymentRecord, now: Instant, rules: PaymentRules): Transition {
  const { payment } = record
  switch (payment.status) {
    case 'pending':
      return scheduled(record, { nextStepAt: nextPollAt(payment, now, rules) })
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

/** As {@link changed}, but what brought no event is a move of the schedule. */
function noted(
  record: PaymentRecord,
  now: Instant,
  events: readonly PaymentEventType[],
  change: Partial<Payment>,
): Transition {
  return events.length > 0 ? changed(record, now, events, change) : scheduled(record, change)
}

/**
 * Moves the schedule. Of a payment that has succeeded nothing becomes due by itself: what is to be
 * settled stays due until it is, and a question that is open is asked until it is answered.
 */
function scheduled(record: PaymentRecord, change: Partial<Payment>): Transition {
  const { payment: before } = record
  const payment = { ...before, ...change }
  const isAtRest = before.nextStepAt === null || before.settlement === 'due'
  const nextStepAt =
    payment.status === 'succeeded' && isAtRest ? before.nextStepAt : payment.nextStepAt
  return { record: { ...record, payment: { ...payment, nextStepAt } }, events: [] }
}

function same(record: PaymentRecord): Transition {
  return { record, events: [] }
}
