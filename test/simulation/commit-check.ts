/**
 * What each commit must keep, judged from what was there before, what is there now, and what is
 * true at Alipay in that moment. Knows nothing of how the engine decides.
 *
 * @module
 */

import type { Instant } from '../../src/alipay/index.ts'
import type {
  NewEvent,
  Payment,
  PaymentCommit,
  PaymentRecord,
  PaymentStatus,
  Refund,
  RefundStatus,
  TimelineEntry,
} from '../../src/payments/index.ts'
import type { Trade } from '../../src/emulator/records.ts'
import type { Violations } from './violations.ts'

/** What is true at Alipay while something is committed. */
export interface Truth {
  readonly now: Instant
  /** When the last query with an answer came to Alipay. */
  readonly askedAt: Instant | undefined
  readonly trade: Trade | undefined
  /** Whether a cancel of the trade was sent and has not arrived yet. */
  readonly isCancelUnderWay: boolean
  /** Whether queries may deny a trade that there is, or codes live on after their time. */
  readonly mayLie: boolean
}

/** Where a payment may go from where it stands. */
const WAYS: Readonly<Record<PaymentStatus, readonly PaymentStatus[]>> = {
  created: ['pending', 'failed', 'closing', 'succeeded', 'expired'],
  pending: ['succeeded', 'closing', 'expired'],
  closing: ['succeeded', 'expired', 'canceled'],
  succeeded: [],
  expired: ['succeeded', 'closing'],
  canceled: ['succeeded', 'closing'],
  failed: ['succeeded', 'closing'],
}

/** Where a refund may go from where it stands; money that has moved is booked from anywhere. */
const REFUND_WAYS: Readonly<Record<RefundStatus, readonly RefundStatus[]>> = {
  pending: ['processing', 'canceled', 'succeeded'],
  processing: ['succeeded', 'requires_action', 'failed', 'canceled'],
  requires_action: ['processing', 'succeeded', 'canceled', 'failed'],
  succeeded: [],
  failed: ['succeeded'],
  canceled: ['succeeded'],
}

/** A code that nobody scanned is proven dead by a query this long after our deadline. */
const DEAD_AFTER_MS = 60_000

/** Judges the first commit of a payment. */
export function checkInsert({ record, events, timeline }: PaymentCommit, into: Judge): void {
  const { payment } = record
  if (payment.version !== 1) into('I4', `is born with version ${payment.version}`)
  if (payment.status !== 'created') into('I4', `is born ${payment.status}`)
  if (events.length !== 1 || events[0]?.type !== 'payment.created' || events[0].sequence !== 1) {
    into('I9', 'is born without the event payment.created of sequence 1')
  }
  if (timeline.length !== 1) into('I13', 'is born without a line in its timeline')
}

/** Judges a later one. */
export function checkSave(
  before: PaymentRecord,
  commit: PaymentCommit,
  truth: Truth,
  into: Judge,
): void {
  const { payment: was } = before
  const { payment: is } = commit.record
  if (is.version !== was.version + 1) {
    into('I4', `was saved as version ${is.version} after ${was.version}`)
  }
  for (const name of ['id', 'reference', 'amount', 'subject', 'outTradeNo', 'expiresAt'] as const) {
    if (is[name] !== was[name]) into('I7', `changed its ${name}`)
  }
  if (is.status !== was.status) checkStatus(was, is, commit, truth, into)
  checkEvents(before, commit, into)
  checkTimeline(was, commit, into)
  checkRefunds(before, commit, into)
  checkSchedule(commit, into)
}

/** Judges a move of the schedule: nothing but it may change. */
export function checkMove(before: PaymentRecord, after: PaymentRecord, into: Judge): void {
  const moving = new Set<string>([
    'nextStepAt',
    'outcome',
    'unknownCalls',
    'answers',
    'answeredAt',
    'answerHash',
  ])
  for (const name of Object.keys(after.payment) as (keyof Payment)[]) {
    if (!moving.has(name) && !isEqual(after.payment[name], before.payment[name])) {
      into('I4', `a move of the schedule changed its ${name}`)
    }
  }
}

/** Where a breach goes. */
export type Judge = (invariant: Parameters<Violations['add']>[0], text: string) => void

function checkStatus(
  was: Payment,
  is: Payment,
  { timeline }: PaymentCommit,
  truth: Truth,
  into: Judge,
): void {
  if (!WAYS[was.status].includes(is.status)) {
    into('I4', `went from ${was.status} to ${is.status}`)
  }
  switch (is.status) {
    case 'succeeded':
      return checkSuccess(is, truth, into)
    case 'expired':
    case 'canceled':
      return checkEnd(is, timeline, truth, into)
    case 'failed':
      return checkFailure(is, timeline[0], truth, into)
    case 'created':
    case 'pending':
    case 'closing':
      return
  }
}

/** Only real money, and never while a cancel may still take it back. */
function checkSuccess(is: Payment, { trade, isCancelUnderWay }: Truth, into: Judge): void {
  if (trade?.paid_at === undefined) return into('I2', 'succeeded though nobody has paid')
  if (trade.order.total_amount !== is.amount) into('I2', 'succeeded with another amount')
  const isUndone = trade.refunds.some(({ by }) => by === 'cancel')
  if (isUndone && !is.refundedByCancel) into('I3', 'succeeded though a cancel has undone it')
  if (isCancelUnderWay && !is.refundedByCancel) {
    into('I3', 'succeeded while a cancel is on its way')
  }
}

function checkFailure(
  is: Payment,
  proof: TimelineEntry | undefined,
  { trade }: Truth,
  into: Judge,
): void {
  const isRefusal = proof?.kind === 'precreate_refused' || proof?.kind === 'pay_refused'
  if (!isRefusal) into('I5', 'failed without a refusal')
  // Nobody has a code of ours to pay: unless it is looked at once more, nobody would hear.
  const isWatched = is.nextStepAt !== null
  if (proof?.kind === 'pay_refused' && trade !== undefined && !isWatched) {
    into('I5', 'failed, and has a trade that nobody looks at')
  }
}

/** An end without money rests on one of few proofs. */
function checkEnd(
  is: Payment,
  timeline: readonly TimelineEntry[],
  { now, askedAt = now, trade, mayLie }: Truth,
  into: Judge,
): void {
  const proof = timeline[0]
  // Where codes live on after their time, one may be scanned while the answer is on its way.
  const isLater =
    proof?.kind === 'trade_not_exist' && trade !== undefined && trade.created_at > askedAt
  switch (proof?.kind) {
    case 'close_answered':
      break
    case 'cancel_answered':
      if (proof.summary['action'] !== 'close') into('I5', 'ended by a cancel that closed nothing')
      break
    case 'trade':
      if (proof.summary['tradeStatus'] !== 'TRADE_CLOSED' || proof.summary['paidAt'] !== null) {
        into('I5', 'ended by a trade that is not closed unpaid')
      }
      break
    case 'trade_not_exist':
      if (now < is.expiresAt + DEAD_AFTER_MS) into('I5', 'ended before its code was dead')
      if (trade !== undefined && !isLater && !mayLie)
        into('I5', 'ended as never scanned, though it was')
      break
    default:
      into('I5', `ended by ${proof?.kind ?? 'nothing'}`)
  }
  if (trade?.paid_at !== undefined && !isLater && !mayLie)
    into('I5', `${is.status} though it is paid`)
}

/** One event for each change that the merchant is told of, none without, numbered without gaps. */
function checkEvents(before: PaymentRecord, { record, events }: PaymentCommit, into: Judge): void {
  const expected = eventsFor(before, record)
  const told: string[] = events.map(({ type }) => type)
  for (const type of expected) if (!told.includes(type)) into('I9', `changed without ${type}`)
  for (const event of events) {
    if (!mayTell(event, before, record)) into('I9', `told ${event.type} of no change`)
  }
  const counts = new Map<string, number>([['', before.payment.events]])
  for (const { id, events: count } of before.refunds) counts.set(id, count)
  for (const { refundId = '', sequence, data } of events) {
    const last = counts.get(refundId) ?? 0
    if (sequence !== last + 1) into('I9', `numbered an event ${sequence} after ${last}`)
    counts.set(refundId, sequence)
    const { object } = JSON.parse(data) as { object: { id: string; status: string } }
    const told = refundId === '' ? record.payment : record.refunds.find(({ id }) => id === refundId)
    if (told?.id !== object.id || told.status !== object.status) {
      into('I9', 'an event tells another state than was committed')
    }
  }
  if (counts.get('') !== record.payment.events) into('I9', 'events were miscounted')
}

/** What must be told. */
function eventsFor(before: PaymentRecord, after: PaymentRecord): string[] {
  const { payment: was, refunds: had } = before
  const { payment: is } = after
  const types: string[] = []
  if (is.status !== was.status) types.push(statusEvent(is))
  if (was.scannedAt === null && is.scannedAt !== null) types.push('payment.scanned')
  if (is.review !== null && is.review !== was.review && is.review !== 'refunded_by_cancel') {
    types.push('payment.review_required')
  }
  if (is.review === null && was.review !== null) types.push('payment.review_resolved')
  if (was.duplicateOf === null && is.duplicateOf !== null) types.push('payment.duplicate')
  for (const refund of after.refunds) {
    const old = had.find(({ id }) => id === refund.id)
    if (old === undefined) {
      types.push(
        refund.source === 'external'
          ? 'refund.external'
          : refund.source === 'cancel'
            ? 'refund.succeeded'
            : 'refund.created',
      )
    } else if (old.status !== refund.status && isNews(old, refund)) {
      types.push(`refund.${refund.status}`)
    }
  }
  return types
}

/** That it was sent is nothing to tell, nor that it is refused once more. */
function isNews(old: Refund, { status }: Refund): boolean {
  if (status === 'requires_action') return old.failure === null
  return status !== 'processing'
}

function statusEvent({ status, late, refundedByCancel }: Payment): string {
  if (status !== 'succeeded') return `payment.${status}`
  if (refundedByCancel) return 'payment.refunded_by_cancel'
  return late ? 'payment.succeeded_late' : 'payment.succeeded'
}

function mayTell(event: NewEvent, before: PaymentRecord, after: PaymentRecord): boolean {
  // That a refund takes longer is told once, though it was `processing` from its sending on.
  if (event.type === 'refund.processing') return true
  // A refund may be tried again and be refused again, for the merchant to know.
  if (event.type === 'refund.requires_action') {
    return after.refunds.find(({ id }) => id === event.refundId)?.status === 'requires_action'
  }
  return eventsFor(before, after).includes(event.type)
}

/** What the merchant is told of rests on something that can be looked up. */
function checkTimeline(
  was: Payment,
  { record, events, timeline }: PaymentCommit,
  into: Judge,
): void {
  const { payment: is } = record
  if (events.length > 0 && timeline.length !== 1) into('I13', 'an event without its evidence')
  for (const entry of timeline) {
    if (entry.from !== was.status || entry.to !== is.status || entry.version !== is.version) {
      into('I13', 'a line of the timeline is of another change')
    }
  }
}

function checkRefunds(
  before: PaymentRecord,
  { record, refunds }: PaymentCommit,
  into: Judge,
): void {
  let reserved = 0
  let back = 0
  let isAsked = false
  const numbers = new Set<string>()
  const references = new Set<string>()
  for (const refund of record.refunds) {
    if (refund.status !== 'failed' && refund.status !== 'canceled') reserved += refund.amount
    if (refund.status === 'succeeded') back += refund.amount
    if (numbers.has(refund.outRequestNo)) into('I6', 'two refunds of one number')
    numbers.add(refund.outRequestNo)
    if (refund.reference !== null && references.has(refund.reference)) {
      into('I8', 'two refunds of one reference')
    }
    if (refund.reference !== null) references.add(refund.reference)
    const old = before.refunds.find(({ id }) => id === refund.id)
    if (old === undefined) {
      isAsked ||= refund.source === 'api' || refund.source === 'policy'
      continue
    }
    checkRefund(old, refund, into)
    if (!isSameRefund(old, refund) && !refunds.some(({ id }) => id === refund.id)) {
      into('I4', 'a changed refund is not among those to be written')
    }
  }
  const { amount } = record.payment
  if (back > amount) into('I6', `booked ${back} as given back of ${amount}`)
  // What the seller gives back himself may come on top of what is asked for here already.
  if (isAsked && reserved > amount) into('I6', `reserved ${reserved} of ${amount} to be given back`)
  for (const old of before.refunds) {
    if (!record.refunds.some(({ id }) => id === old.id)) into('I6', 'a refund is gone')
  }
}

function checkRefund(old: Refund, refund: Refund, into: Judge): void {
  if (old.outRequestNo !== refund.outRequestNo || old.amount !== refund.amount) {
    into('I6', 'a refund changed its number or its amount')
  }
  if (old.status !== refund.status && !REFUND_WAYS[old.status].includes(refund.status)) {
    into('I6', `a refund went from ${old.status} to ${refund.status}`)
  }
}

function isSameRefund(a: Refund, b: Refund): boolean {
  return (Object.keys(a) as (keyof Refund)[]).every((name) => isEqual(a[name], b[name]))
}

/** Values of a record are plain, but for the reasons of failures. */
export function isEqual(a: unknown, b: unknown): boolean {
  return a === b || (typeof a === 'object' && JSON.stringify(a) === JSON.stringify(b))
}

/** Whatever is open has a time at which it is looked at again. */
function checkSchedule({ record, dueInMs }: PaymentCommit, into: Judge): void {
  if (isOpen(record) && dueInMs === null) into('I11', 'is open, and never due')
}

/** Whether something is still to be found out or to be done about it. */
export function isOpen({ payment, refunds }: PaymentRecord): boolean {
  return (
    payment.status === 'created' ||
    payment.status === 'pending' ||
    payment.status === 'closing' ||
    payment.settlement === 'due' ||
    refunds.some(({ status }) => OPEN_REFUNDS.has(status))
  )
}

const OPEN_REFUNDS: ReadonlySet<RefundStatus> = new Set([
  'pending',
  'processing',
  'requires_action',
])
