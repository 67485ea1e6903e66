/**
 * Writes what evidence changes. A write that meets a newer version, or of which nobody knows
 * whether it was made, reads again and applies the same evidence to what it finds: evidence is
 * never dropped.
 *
 * @module
 */

import { hash } from 'node:crypto'
import { maskBuyer, type Clock, type Instant } from '../alipay/index.ts'
import type { Evidence, TradeFacts } from './evidence.ts'
import { newEventId, type RandomBytes } from './identifiers.ts'
import { nextDueAt } from './next-step.ts'
import type { Payment, PaymentRecord, PaymentStatus, Refund } from './payment.ts'
import type { NewEvent, PaymentEvent } from './payment-event.ts'
import { paymentJson, refundJson, type Presentation } from './payment-json.ts'
import {
  StoreUnavailable,
  type Lease,
  type PaymentCommit,
  type PaymentStore,
  type TimelineEntry,
} from './payment-store.ts'
import type { PaymentWatchers } from './payment-watchers.ts'
import type { PaymentRules } from './rules.ts'
import { transition, type Transition } from './transitions.ts'

/** What committing needs. */
export interface CommitContext {
  readonly store: PaymentStore
  readonly clock: Clock
  readonly watchers: PaymentWatchers
  readonly rules: PaymentRules
  readonly presentation: Presentation
  readonly random: RandomBytes
  /** Resolves after so many milliseconds. */
  readonly sleep: (ms: number) => Promise<void>
}

/** How evidence is committed. */
export interface CommitOptions {
  /** The verified message that the evidence comes from. */
  readonly raw?: string | null
  /** Decides from what will be stored whether a lease is given back in the same commit. */
  readonly release?: (next: PaymentRecord) => Lease | null
  /** Fails where another payment has the reference. */
  readonly requiresReference?: boolean
}

/** What became of it. */
export interface CommitResult {
  /** The payment as committed. */
  readonly record: PaymentRecord
  /** Whether the evidence changed more than the schedule. */
  readonly changed: boolean
  /** Whether the lease was given back. */
  readonly released: boolean
  /** Whether nothing was written, since another payment has the reference. */
  readonly referenceTaken: boolean
}

/** Somebody else writes this often between our read and our write only if something is broken. */
const LOST_RACES_MAX = 50

/** A store that is away is waited for: this often, with pauses from 50 ms to 1 s, about 20 s. */
const STORE_TRIES_MAX = 24

/**
 * Applies evidence to a payment, commits the result with its events and its line in the timeline,
 * and then tells those who watch it.
 *
 * @throws {StoreUnavailable} If the store was away for longer than 20 s.
 */
export async function commitEvidence(
  context: CommitContext,
  record: PaymentRecord,
  evidence: Evidence,
  options: CommitOptions = {},
): Promise<CommitResult> {
  const { store, clock, watchers, rules } = context
  const { requiresReference = false } = options
  let current = record
  let away = 0
  // A commit of which nobody knows may have given the lease back: from then on it is not ours.
  let doubtful: Lease | null = null
  for (let race = 0; race < LOST_RACES_MAX; race++) {
    const now = clock.now()
    const learned = transition(current, evidence, now, rules)
    const next: Transition = {
      ...learned,
      record: noteAnswer(learned.record, evidence, options, now),
    }
    const release: Lease | null = doubtful ?? options.release?.(next.record) ?? null
    const released = release !== null
    const changed =
      next.events.length > 0 ||
      isNews(current, next.record) ||
      isDecision(evidence, current, next.record)
    if (!changed && isScheduleOnly(current, next.record)) {
      const move = { record: next.record, dueInMs: dueInMs(next.record, now, rules), release }
      const moved = await whenAvailable(context, () => store.reschedule(move), away)
      if (moved === true) return { record: next.record, changed, released, referenceTaken: false }
      if (moved === undefined) {
        away += 1
        doubtful = release
      }
    } else {
      const timeline = changed ? [toTimeline(current, next.record, evidence, options, now)] : []
      const commit = toCommit(context, current, next, timeline, now, { release, requiresReference })
      switch (await whenAvailable(context, () => store.save(commit), away)) {
        case 'saved':
          watchers.tell(commit.record)
          return { record: commit.record, changed, released, referenceTaken: false }
        case 'reference_taken':
          return { record: current, changed: false, released: false, referenceTaken: true }
        case undefined:
          away += 1
          doubtful = release
          break
        case 'outdated':
      }
    }
    // It may be read and not written to, as where the disk is full.
    if (away === STORE_TRIES_MAX) throw awayForTooLong()
    current = await readAgain(context, record.payment.id)
  }
  throw new Error(`Payment ${record.payment.id} was changed by others ${LOST_RACES_MAX} times`)
}

/** Numbers what a transition made, so that it can be stored in one transaction. */
export function toCommit(
  context: Pick<CommitContext, 'presentation' | 'random' | 'rules'>,
  before: PaymentRecord | undefined,
  { record, events }: { readonly record: PaymentRecord; readonly events: readonly PaymentEvent[] },
  timeline: readonly TimelineEntry[],
  now: Instant,
  options: { readonly release?: Lease | null; readonly requiresReference?: boolean } = {},
): PaymentCommit {
  const version = (before?.payment.version ?? 0) + 1
  const numbered = numberEvents(record, events)
  const next: PaymentRecord = {
    payment: { ...numbered.record.payment, version },
    refunds: numbered.record.refunds,
  }
  return {
    record: next,
    refunds: next.refunds.filter((refund, index) => refund !== before?.refunds[index]),
    events: numbered.sequences.map((event): NewEvent => ({
      ...event,
      id: newEventId(now, context.random),
      createdAt: now,
      data: eventData(context.presentation, event, before, next, now),
    })),
    timeline: timeline.map((entry) => ({ ...entry, version })),
    dueInMs: dueInMs(next, now, context.rules),
    release: options.release ?? null,
    requiresReference: options.requiresReference ?? false,
  }
}

/** Reads a payment as it is now, after a lost race; waits where the store is away. */
async function readAgain(context: CommitContext, id: string): Promise<PaymentRecord> {
  for (let tries = 0; tries < STORE_TRIES_MAX; tries++) {
    const read = await whenAvailable(
      context,
      async () => ({
        record: await context.store.find({ id }),
      }),
      tries,
    )
    if (read === undefined) continue
    if (read.record === undefined) throw new Error(`Payment ${id} is gone from the store`)
    return read.record
  }
  throw awayForTooLong()
}

function awayForTooLong(): StoreUnavailable {
  return new StoreUnavailable('The store has been away for too long.', 'unknown')
}

/** `undefined`, after a pause, where the store is away or does not say what it did. */
async function whenAvailable<T>(
  { sleep }: CommitContext,
  work: () => Promise<T>,
  tries: number,
): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error
    await sleep(Math.min(1_000, 50 * 2 ** tries))
    return undefined
  }
}

function dueInMs(record: PaymentRecord, now: Instant, rules: PaymentRules): number | null {
  const dueAt = nextDueAt(record, rules)
  return dueAt === null ? null : dueAt - now
}

/** Moves of the schedule and counters alone are no news. */
function isNews(before: PaymentRecord, after: PaymentRecord): boolean {
  const a = before.payment
  const b = after.payment
  return (
    a.status !== b.status ||
    a.tradeStatus !== b.tradeStatus ||
    a.tradeNo !== b.tradeNo ||
    a.outcome !== b.outcome ||
    a.qrCode !== b.qrCode ||
    a.cancelAttemptedAt !== b.cancelAttemptedAt ||
    a.cancelAnsweredAt !== b.cancelAnsweredAt ||
    a.closeAttemptedAt !== b.closeAttemptedAt ||
    a.refundedTotal !== b.refundedTotal ||
    a.settlement !== b.settlement ||
    a.cancellationReason !== b.cancellationReason ||
    after.refunds.some((refund, index) => isRefundNews(before.refunds[index], refund))
  )
}

function isRefundNews(before: Refund | undefined, after: Refund): boolean {
  return before?.status !== after.status || before.failure?.code !== after.failure?.code
}

/** What a person has decided about a refund is told, though at first it only moves the schedule. */
function isDecision(evidence: Evidence, before: PaymentRecord, after: PaymentRecord): boolean {
  return SOURCES[evidence.kind] === 'merchant' && before.refunds !== after.refunds
}

/** What {@link PaymentStore.reschedule} writes. */
const SCHEDULE: ReadonlySet<string> = new Set<keyof Payment>([
  'nextStepAt',
  'outcome',
  'unknownCalls',
  'answers',
  'answeredAt',
  'answerHash',
])

function isScheduleOnly(before: PaymentRecord, after: PaymentRecord): boolean {
  if (before.refunds !== after.refunds) return false
  for (const name in after.payment) {
    const key = name as keyof Payment
    if (before.payment[key] !== after.payment[key] && !SCHEDULE.has(name)) return false
  }
  return true
}

/** An answer that changes nothing leaves a count, a time and a hash. */
function noteAnswer(
  record: PaymentRecord,
  evidence: Evidence,
  { raw }: CommitOptions,
  now: Instant,
): PaymentRecord {
  const isAnswer =
    evidence.kind === 'trade_not_exist' ||
    (evidence.kind === 'trade' && evidence.source === 'query')
  if (!isAnswer) return record
  const { payment } = record
  const said = raw ?? (evidence.kind === 'trade' ? JSON.stringify(evidence.trade) : evidence.kind)
  const answerHash = hash('sha256', said, 'hex').slice(0, 16)
  return {
    ...record,
    payment: { ...payment, answers: payment.answers + 1, answeredAt: now, answerHash },
  }
}

function numberEvents(
  record: PaymentRecord,
  events: readonly PaymentEvent[],
): {
  readonly record: PaymentRecord
  readonly sequences: readonly (PaymentEvent & { readonly sequence: number })[]
} {
  if (events.length === 0) return { record, sequences: [] }
  let { payment } = record
  const refunds = [...record.refunds]
  const sequences = events.map((event) => {
    const index = refunds.findIndex(({ id }) => id === event.refundId)
    const refund = refunds[index]
    if (refund === undefined) {
      payment = { ...payment, events: payment.events + 1 }
      return { ...event, sequence: payment.events }
    }
    refunds[index] = { ...refund, events: refund.events + 1 }
    return { ...event, sequence: refund.events + 1 }
  })
  return { record: { payment, refunds }, sequences }
}

/** The payment or the refund as it is from now on, and what its status was. */
function eventData(
  presentation: Presentation,
  { refundId }: PaymentEvent,
  before: PaymentRecord | undefined,
  after: PaymentRecord,
  now: Instant,
): string {
  const ofRefund = ({ id }: Refund): boolean => id === refundId
  const refund = refundId === undefined ? undefined : after.refunds.find(ofRefund)
  const object =
    refund === undefined ? paymentJson(after, presentation, now) : refundJson(refund, presentation)
  const status: string | undefined =
    refund === undefined ? before?.payment.status : before?.refunds.find(ofRefund)?.status
  const isOther = status !== undefined && status !== object.status
  return JSON.stringify({ object, previous: isOther ? { status } : {} })
}

/** The line for people: what was learned and from where, without the buyer. */
function toTimeline(
  before: PaymentRecord,
  after: PaymentRecord,
  evidence: Evidence,
  { raw }: CommitOptions,
  at: Instant,
): TimelineEntry {
  return {
    at,
    ...describeEvidence(evidence),
    version: after.payment.version,
    from: before.payment.status,
    to: after.payment.status,
    raw: raw === undefined || raw === null ? null : maskBuyer(raw),
  }
}

/** The first line of every timeline. */
export function firstTimelineEntry(at: Instant, to: PaymentStatus): TimelineEntry {
  return {
    at,
    kind: 'created',
    source: 'merchant',
    summary: {},
    version: 1,
    from: null,
    to,
    raw: null,
  }
}

function describeEvidence(evidence: Evidence): Pick<TimelineEntry, 'kind' | 'source' | 'summary'> {
  switch (evidence.kind) {
    case 'trade': {
      const source = evidence.source === 'query' ? 'gateway' : 'notification'
      return { kind: 'trade', source, summary: withoutBuyer(evidence.trade) }
    }
    case 'pay_answered':
      return { kind: 'pay_answered', source: 'gateway', summary: withoutBuyer(evidence.trade) }
    default: {
      const { kind, ...summary } = evidence
      return { kind, source: SOURCES[kind] ?? 'gateway', summary }
    }
  }
}

function withoutBuyer(trade: TradeFacts): Omit<TradeFacts, 'buyerLogonId'> {
  const { buyerLogonId: _, ...others } = trade
  return others
}

/** Where evidence comes from, if not from the gateway. */
const SOURCES: { readonly [K in Evidence['kind']]?: string } = {
  deadline_passed: 'clock',
  cancel_requested: 'merchant',
  superseded: 'engine',
  cancel_attempted: 'engine',
  settled: 'policy',
  review_resolved: 'merchant',
  refund_sent: 'engine',
  refund_held: 'engine',
  refund_billed: 'bill',
  refund_retry_requested: 'merchant',
  refund_cancel_requested: 'merchant',
}
