/**
 * Does what is due: claims due payments, makes the calls, commits what they prove. Any number of
 * workers may run on one store; the lease sees to it that a payment is in one pair of hands, and
 * ends by itself when they are dead.
 *
 * @module
 */

import type { Clock } from '../alipay/index.ts'
import { commitEvidence, type CommitContext, type CommitOptions } from './commit.ts'
import type { CrashPoint } from './crash-points.ts'
import { DueLoop } from './due-loop.ts'
import type { Evidence, Finding, GatewayCall } from './evidence.ts'
import {
  callCancel,
  callClose,
  callPay,
  callPrecreate,
  callQuery,
  callRefund,
  callRefundQuery,
  type Gateway,
  type OrderSettings,
} from './gateway-calls.ts'
import { newLeaseToken } from './identifiers.ts'
import { paidBefore } from './late-money.ts'
import { nextDueAt, nextStep, type FreshAnswer, type Step } from './next-step.ts'
import type { PaymentRecord, Refund } from './payment.ts'
import { StoreUnavailable, type Lease } from './payment-store.ts'
import type { RateBudget } from './rate-budget.ts'
import { heldBecause, type HeldReason } from './refund-hold.ts'
import { earlier, FRESH_ANSWER_MS } from './schedule.ts'
import { traced } from './tracing.ts'

/** What a worker needs. */
export interface WorkerContext extends CommitContext {
  readonly gateway: Gateway
  readonly settings: OrderSettings
  readonly clock: Clock
  /** Resolves once Alipay's time is known, as far as it can be: nothing is decided before. */
  readonly clockIsRight: () => Promise<void>
  /** Resolves once it is written, after a restored backup, from when on the books are whole. */
  readonly gapIsClosed: () => Promise<void>
  /** Milliseconds that never run backwards; only differences count. */
  readonly monotonicMs: () => number
  readonly budget: RateBudget
  /** Payments in hand at a time. */
  readonly concurrencyMax: number
  /** Is told of a failure that is not the gateway's: a bug, or the store's. */
  readonly onError: (error: unknown) => void
  readonly onUnknown: (call: UnknownCall) => void
  /** Where tests have the process die; does nothing else. */
  readonly crashPoint: (name: CrashPoint) => void
}

/** A call of which nobody knows what it did. */
export interface UnknownCall {
  readonly paymentId: string
  readonly call: GatewayCall
  /** Why, for people; holds no key and no buyer data. */
  readonly reason: string
}

/** A lease, and when it was taken by the monotonic clock of this process. */
export interface HeldLease extends Lease {
  readonly takenAtMs: number
}

/**
 * A lease outlasts the longest run of calls: query, cancel, and what follows them, each with its
 * time-out.
 */
export const LEASE_MS = 90_000

/** No call is begun that could outlast the lease: this is more than any call takes. */
export const CALL_MAX_MS = 30_000

/** Payments in hand at a time, unless chosen otherwise. */
export const CONCURRENCY_DEFAULT = 256

/** Payments that are claimed in one go at the most. */
export const CLAIM_MAX = 500

/** A worker looks again after this, where there was something to do. */
export const BUSY_MS = 25

/** A worker that is full claims again once this share of it is done: not one by one. */
const REFILL_SHARE = 0.25

/** A worker also looks without being woken, this often. */
export const IDLE_MS = 250

/** Steps of one payment in one go; more than any real course needs. */
const STEPS_MAX = 32

/** So many slow answers in a row are believed to be fresh when they are read. */
const SLOW_ANSWERS_MIN = 3

/** Others may take a reference between our look and our commit only a few times. */
const SETTLE_TRIES_MAX = 5

/** Runs the engine. */
export class Worker {
  readonly #context: WorkerContext
  readonly #inHand = new Set<Promise<unknown>>()
  /** Those of them that were claimed: what callers wait for must not keep others from it. */
  #claimed = 0
  /** Leases that a claim may have taken, though its answer never came. */
  readonly #doubtfulLeases = new Set<Lease>()
  /** Whether the last claim left no room, so that more may be due. */
  #isFull = false
  /** When the store last gave out what is due, or there was no room for it. */
  #claimedAtMs: number | null = null
  readonly #loop: DueLoop

  constructor(context: WorkerContext) {
    this.#context = context
    const { onError } = context
    this.#loop = new DueLoop({ look: () => this.#look(), idleMs: IDLE_MS, onError })
  }

  /** A new lease, from now on. */
  lease(): HeldLease {
    const { random, monotonicMs } = this.#context
    return { token: newLeaseToken(random), ms: LEASE_MS, takenAtMs: monotonicMs() }
  }

  /** Begins to look for due payments, at once and at least every {@link IDLE_MS}. */
  start(): void {
    this.#claimedAtMs = this.#context.monotonicMs()
    this.#loop.start()
  }

  /** Stops claiming and waits for what is in hand. */
  async stop(): Promise<void> {
    await this.#loop.stop()
    await Promise.allSettled(this.#inHand)
  }

  /** Milliseconds since what is due could last be claimed; `null` before `start()`. */
  get sinceClaimMs(): number | null {
    return this.#claimedAtMs === null ? null : this.#context.monotonicMs() - this.#claimedAtMs
  }

  /** Looks now: something has become due. */
  wake(): void {
    this.#loop.wake()
  }

  /**
   * Claims what is due now and waits until all of it is done.
   *
   * @returns How many payments were worked on.
   */
  async runDue(): Promise<number> {
    const claimed = await this.#claim()
    await Promise.all(claimed)
    return claimed.length
  }

  /**
   * Takes the steps of a payment that are due, one after the other, under its lease, and gives the
   * lease back. Where something fails that is not the gateway's doing, the lease is kept, so that
   * the payment rests until it ends.
   *
   * @param first A step that is taken before those that are due.
   * @returns The payment as last committed.
   */
  advance(record: PaymentRecord, lease: HeldLease, first?: Step): Promise<PaymentRecord> {
    const work = this.#advance(record, lease, first)
    const forget = (): void => void this.#inHand.delete(work)
    this.#inHand.add(work)
    work.then(forget, forget)
    return work
  }

  async #advance(
    record: PaymentRecord,
    lease: HeldLease,
    first: Step | undefined,
  ): Promise<PaymentRecord> {
    let current: Progress = { record, fresh: NOTHING_FRESH, released: false }
    let step: Step | null = first ?? this.#next(current, lease)
    for (let steps = 0; step !== null && steps < STEPS_MAX; steps++) {
      current = await this.#take(current, step, lease)
      if (current.released) return current.record
      step = this.#next(current, lease)
    }
    await this.#context.store.release(lease, record.payment.id, this.#dueInMs(current.record))
    return current.record
  }

  #take(progress: Progress, step: Step, lease: HeldLease): Promise<Progress> {
    const { id, traceParent } = progress.record.payment
    const span = { from: traceParent, attributes: { 'saoma.payment.id': id } }
    return traced(`step ${step.kind}`, span, () => this.#do(progress, step, lease))
  }

  /** One step: what must be known is committed before the call, what it proves after it. */
  async #do(progress: Progress, step: Step, lease: HeldLease): Promise<Progress> {
    const { store, gateway, settings, clock, monotonicMs, crashPoint } = this.#context
    const { record, fresh } = progress
    switch (step.kind) {
      case 'deadline':
        return this.#commit(record, { kind: 'deadline_passed' }, lease)
      case 'precreate': {
        crashPoint('before-precreate')
        const found = await this.#call(callPrecreate(gateway, record.payment, settings))
        crashPoint('precreate-answered')
        return this.#learn(record, found, lease)
      }
      case 'pay': {
        crashPoint('before-pay')
        // Where this process stood still, the payment is in other hands by now.
        const isOurs = (): boolean => this.#coversCall(lease)
        const { authCode } = step
        const found = await this.#call(callPay(gateway, record.payment, authCode, settings, isOurs))
        crashPoint('pay-answered')
        return this.#learn(record, found, lease)
      }
      case 'query': {
        crashPoint('before-query')
        const askedAtMs = monotonicMs()
        const sentAt = clock.now()
        const found = await this.#call(callQuery(gateway, record.payment))
        crashPoint('query-answered')
        const readAtMs = monotonicMs()
        const isSlow = readAtMs - askedAtMs >= FRESH_ANSWER_MS
        const slowAnswers = isSlow ? fresh.slowAnswers + 1 : 0
        // A clock that was ahead has been put back by the answer.
        const askedAt = earlier(sentAt, clock.now())
        const { evidence } = found
        const dated: Finding =
          evidence.kind === 'trade_not_exist'
            ? { ...found, evidence: { ...evidence, askedAt } }
            : found
        return this.#learn(record, dated, lease, {
          answer: freshAnswer(found.evidence),
          // A process that stood still reads an old answer late: it is asked again, until Alipay
          // shows itself to be slow.
          answeredAtMs: isSlow && slowAnswers < SLOW_ANSWERS_MIN ? askedAtMs : readAtMs,
          slowAnswers,
        })
      }
      case 'cancel': {
        const { lastAnswer } = step
        const attempted = await this.#commit(
          record,
          { kind: 'cancel_attempted', lastAnswer },
          KEEP_LEASE,
          fresh,
        )
        crashPoint('cancel-attempted')
        // While this was written the buyer may have paid, or too much time may have passed.
        const { payment } = attempted.record
        const isFresh = (): boolean => this.#answerIfFresh(fresh) !== null
        if (payment.status !== 'closing' || !isFresh() || !this.#coversCall(lease)) {
          return { ...attempted, fresh: NOTHING_FRESH }
        }
        const found = await this.#call(callCancel(gateway, payment, isFresh))
        crashPoint('cancel-answered')
        return this.#learn(attempted.record, found, lease)
      }
      case 'close': {
        crashPoint('before-close')
        const found = await this.#call(callClose(gateway, record.payment))
        crashPoint('close-answered')
        return this.#learn(record, found, lease)
      }
      case 'settle':
        return this.#settle(record, lease)
      case 'refund': {
        const refundId = step.refund.id
        const reason = heldBecause(await store.refundHold(), record, step.refund)
        if (reason !== null) return this.#hold(record, step.refund, reason, lease)
        const sent = await this.#commit(record, { kind: 'refund_sent', refundId }, KEEP_LEASE)
        crashPoint('refund-sent')
        // While this was written the merchant may have given it up.
        const refund = sent.record.refunds.find(({ id }) => id === refundId)
        if (refund?.status !== 'processing') return sent
        // Where this process stood still, the trade is in other hands by now.
        const isOurs = (): boolean => this.#coversCall(lease)
        const found = await this.#call(callRefund(gateway, sent.record.payment, refund, isOurs))
        crashPoint('refund-answered')
        return this.#learn(sent.record, found, lease)
      }
      case 'refund_query': {
        crashPoint('before-refund-query')
        const found = await this.#call(callRefundQuery(gateway, record.payment, step.refund))
        crashPoint('refund-query-answered')
        return this.#learn(record, found, lease)
      }
    }
  }

  /** Sends nothing; but what Alipay knows by this number was made before the books were lost. */
  async #hold(
    record: PaymentRecord,
    refund: Refund,
    reason: HeldReason,
    lease: HeldLease,
  ): Promise<Progress> {
    const found = await this.#call(callRefundQuery(this.#context.gateway, record.payment, refund))
    if (found.evidence.kind === 'refund_done') return this.#learn(record, found, lease)
    return this.#commit(record, { kind: 'refund_held', refundId: refund.id, reason }, lease)
  }

  /** Looks up who else has paid the reference, or could still, and decides about late money. */
  async #settle(record: PaymentRecord, lease: HeldLease): Promise<Progress> {
    const { store, crashPoint } = this.#context
    const { id, reference } = record.payment
    for (let tries = 0; ; tries++) {
      const siblings = reference === null ? [] : await store.listByReference(reference)
      crashPoint('before-settle')
      const first = paidBefore(record, siblings)
      if (first === undefined) {
        for (const other of siblings.filter((sibling) => isOpen(sibling, id))) {
          await commitEvidence(this.#context, other, { kind: 'superseded', by: id })
        }
      }
      const duplicateOf = first?.payment.id ?? null
      const { referenceTaken, ...settled } = await commitEvidence(
        this.#context,
        record,
        { kind: 'settled', duplicateOf },
        { requiresReference: duplicateOf === null && reference !== null, ...this.#release(lease) },
      )
      if (!referenceTaken) return { ...settled, fresh: NOTHING_FRESH }
      if (tries === SETTLE_TRIES_MAX) {
        throw new Error(`The reference of payment ${id} changes hands again and again`)
      }
    }
  }

  /** The next thing to do, if there is one that this lease covers. */
  #next({ record, fresh }: Pick<Progress, 'record' | 'fresh'>, lease: HeldLease): Step | null {
    const { clock, rules } = this.#context
    const step = nextStep(record, this.#answerIfFresh(fresh), clock.now(), rules)
    return step !== null && this.#coversCall(lease) ? step : null
  }

  #answerIfFresh({ answer, answeredAtMs }: Fresh): FreshAnswer {
    return this.#context.monotonicMs() - answeredAtMs < FRESH_ANSWER_MS ? answer : null
  }

  #coversCall({ takenAtMs, ms }: HeldLease): boolean {
    return this.#context.monotonicMs() - takenAtMs + CALL_MAX_MS <= ms
  }

  async #call(finding: Promise<Finding>): Promise<Finding> {
    const { budget } = this.#context
    budget.spend()
    const found = await finding
    if (found.isThrottled) budget.throttled()
    return found
  }

  /** Commits what a call has proved. */
  #learn(
    record: PaymentRecord,
    { evidence, raw }: Finding,
    lease: HeldLease,
    fresh: Fresh = NOTHING_FRESH,
  ): Promise<Progress> {
    const { id: paymentId, unknownCalls } = record.payment
    if (evidence.kind === 'unknown' && unknownCalls === 0) {
      this.#context.onUnknown({ paymentId, call: evidence.call, reason: evidence.reason })
    }
    return this.#commit(record, evidence, lease, fresh, raw)
  }

  async #commit(
    record: PaymentRecord,
    evidence: Evidence,
    lease: HeldLease | typeof KEEP_LEASE,
    fresh: Fresh = NOTHING_FRESH,
    raw: string | null = null,
  ): Promise<Progress> {
    const release = lease === KEEP_LEASE ? {} : this.#release(lease, fresh)
    const committed = await commitEvidence(this.#context, record, evidence, { raw, ...release })
    return { record: committed.record, released: committed.released, fresh }
  }

  /** The lease goes back in the commit after which there is nothing more to do. */
  #release(lease: HeldLease, fresh: Fresh = NOTHING_FRESH): Pick<CommitOptions, 'release'> {
    return {
      release: (record) => (this.#next({ record, fresh }, lease) === null ? lease : null),
    }
  }

  #dueInMs(record: PaymentRecord): number | null {
    const dueAt = nextDueAt(record, this.#context.rules)
    return dueAt === null ? null : dueAt - this.#context.clock.now()
  }

  /** Begins what is due, and tells how long to wait before the next look. */
  async #look(): Promise<number> {
    const { length } = await this.#claim()
    return length > 0 || this.#inHand.size > 0 ? BUSY_MS : IDLE_MS
  }

  async #claim(): Promise<readonly Promise<unknown>[]> {
    const { store, budget, concurrencyMax, onError, crashPoint } = this.#context
    await this.#context.clockIsRight()
    await this.#context.gapIsClosed()
    await this.#returnDoubtfulLeases()
    const free = concurrencyMax - this.#claimed
    const room = Math.min(CLAIM_MAX, free, budget.available())
    this.#isFull = free <= 0
    if (room <= 0) {
      this.#claimedAtMs = this.#context.monotonicMs()
      return []
    }
    const lease = this.lease()
    try {
      const due = await store.claimDue(room, lease)
      this.#claimedAtMs = this.#context.monotonicMs()
      budget.claimed(due.length)
      this.#isFull = due.length >= free
      if (due.length > 0) crashPoint('claimed')
      return due.map((record) => this.#advanceClaimed(record, lease).catch(onError))
    } catch (error) {
      if (error instanceof StoreUnavailable && error.outcome === 'unknown') {
        this.#doubtfulLeases.add(lease)
      }
      throw error
    }
  }

  async #advanceClaimed(record: PaymentRecord, lease: HeldLease): Promise<PaymentRecord> {
    this.#claimed += 1
    try {
      return await this.advance(record, lease)
    } finally {
      this.#claimed -= 1
      this.#refill()
    }
  }

  /** A worker that is full would else be idle for {@link BUSY_MS} with each claim. */
  #refill(): void {
    const isRoomy = this.#claimed <= this.#context.concurrencyMax * (1 - REFILL_SHARE)
    if (this.#isFull && isRoomy) this.wake()
  }

  /** What a lost claim has leased would rest until the lease ends, though nobody works on it. */
  async #returnDoubtfulLeases(): Promise<void> {
    for (const lease of this.#doubtfulLeases) {
      await this.#context.store.release(lease, undefined, 0)
      this.#doubtfulLeases.delete(lease)
    }
  }
}

/** How far a payment has come under its lease. */
interface Progress {
  readonly record: PaymentRecord
  readonly fresh: Fresh
  /** Whether the lease was given back with the last commit. */
  readonly released: boolean
}

/** What a query said, and when its answer came, by the monotonic clock. */
interface Fresh {
  readonly answer: FreshAnswer
  readonly answeredAtMs: number
  /** How many answers in a row, this one included, took too long to be told from old ones. */
  readonly slowAnswers: number
}

const NOTHING_FRESH: Fresh = {
  answer: null,
  answeredAtMs: Number.NEGATIVE_INFINITY,
  slowAnswers: 0,
}

/** A call follows: the lease is needed. */
const KEEP_LEASE = 'keep_lease'

function freshAnswer(evidence: Evidence): FreshAnswer {
  if (evidence.kind === 'trade_not_exist') return 'TRADE_NOT_EXIST'
  const isWaiting = evidence.kind === 'trade' && evidence.trade.tradeStatus === 'WAIT_BUYER_PAY'
  return isWaiting ? 'WAIT_BUYER_PAY' : null
}

/** Whether another payment of a reference could still be paid. */
function isOpen({ payment }: PaymentRecord, exceptId: string): boolean {
  const { id, status, cancellationReason } = payment
  const isUnpaid = status === 'created' || status === 'pending' || status === 'closing'
  return id !== exceptId && isUnpaid && cancellationReason !== 'superseded'
}
