/**
 * Does what is due: claims due payments, makes the calls, commits what they prove. Any number of
 * workers may run on one store; the lease sees to it that a payment is in one pair of hands, and
 * ends by itself when they are dead.
 *
 * @module
 */

import { randomUUID } from 'node:crypto'
import { addMs, type Clock } from '../alipay/index.ts'
import { commitEvidence, type CommitContext } from './commit.ts'
import type { Evidence, GatewayCall } from './evidence.ts'
import {
  callCancel,
  callPrecreate,
  callQuery,
  callRefund,
  callRefundQuery,
  type Gateway,
  type OrderSettings,
} from './gateway-calls.ts'
import { nextStep, type FreshAnswer, type Step } from './next-step.ts'
import type { PaymentRecord } from './payment.ts'
import type { Lease } from './payment-store.ts'
import { FRESH_ANSWER_MS } from './schedule.ts'

/** What a worker needs. */
export interface WorkerContext extends CommitContext {
  readonly gateway: Gateway
  readonly settings: OrderSettings
  readonly clock: Clock
  /** Milliseconds that never run backwards; only differences count. */
  readonly monotonicMs: () => number
  /** Is told of a failure that is not the gateway's: a bug, or the store's. */
  readonly onError: (error: unknown) => void
  readonly onUnknown: (call: UnknownCall) => void
}

/** A call of which nobody knows what it did. */
export interface UnknownCall {
  readonly paymentId: string
  readonly call: GatewayCall
  /** Why, for people; holds no key and no buyer data. */
  readonly reason: string
}

/**
 * A lease outlasts the longest run of calls: query, cancel, and what follows them, each with its
 * time-out.
 */
export const LEASE_MS = 90_000

/** No call is begun that could outlast the lease: this is more than any call takes. */
export const CALL_MAX_MS = 30_000

/** Payments in hand at a time. */
export const CLAIM_MAX = 100

/** A worker also looks without being woken, this often. */
export const IDLE_MS = 250

/** Steps of one payment in one go; more than any real course needs. */
const STEPS_MAX = 32

/** Runs the engine. */
export class Worker {
  readonly #context: WorkerContext
  readonly #inHand = new Set<Promise<unknown>>()
  #running = false
  #loop: Promise<void> = Promise.resolve()
  #wakeUp: () => void = () => {}

  constructor(context: WorkerContext) {
    this.#context = context
  }

  /** A new lease, from now on. */
  lease(): Lease {
    return { token: randomUUID(), until: addMs(this.#context.clock.now(), LEASE_MS) }
  }

  /** Begins to look for due payments, at once and at least every {@link IDLE_MS}. */
  start(): void {
    if (this.#running) return
    this.#running = true
    this.#loop = this.#run()
  }

  /** Stops claiming and waits for what is in hand. */
  async stop(): Promise<void> {
    this.#running = false
    this.wake()
    await this.#loop
    await Promise.allSettled(this.#inHand)
  }

  /** Looks now: something has become due. */
  wake(): void {
    this.#wakeUp()
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
   * @param ask Asks the gateway first even if nothing is due.
   * @returns The payment as last committed.
   */
  advance(
    record: PaymentRecord,
    lease: Lease,
    ask: 'query' | 'when_due' = 'when_due',
  ): Promise<PaymentRecord> {
    const work = this.#advance(record, lease, ask)
    const forget = (): void => void this.#inHand.delete(work)
    this.#inHand.add(work)
    work.then(forget, forget)
    return work
  }

  async #advance(
    record: PaymentRecord,
    lease: Lease,
    ask: 'query' | 'when_due',
  ): Promise<PaymentRecord> {
    const { clock } = this.#context
    let current = record
    let fresh: Fresh = NOTHING_FRESH
    if (ask === 'query') {
      ;[current, fresh] = await this.#take(current, { kind: 'query' }, fresh, lease)
    }
    for (let steps = 0; steps < STEPS_MAX; steps++) {
      const step = nextStep(current, this.#answerIfFresh(fresh), clock.now())
      if (step === null || !this.#coversCall(lease)) break
      ;[current, fresh] = await this.#take(current, step, fresh, lease)
    }
    await this.#context.store.release(record.payment.id, lease)
    return current
  }

  /** One step: what must be known is committed before the call, what it proves after it. */
  async #take(
    record: PaymentRecord,
    step: Step,
    fresh: Fresh,
    lease: Lease,
  ): Promise<[PaymentRecord, Fresh]> {
    const { gateway, settings, monotonicMs } = this.#context
    switch (step.kind) {
      case 'deadline':
        return [await this.#commit(record, { kind: 'deadline_passed' }), NOTHING_FRESH]
      case 'precreate': {
        const evidence = await callPrecreate(gateway, record.payment, settings)
        return [await this.#commit(record, evidence), NOTHING_FRESH]
      }
      case 'query': {
        const evidence = await callQuery(gateway, record.payment)
        const answered: Fresh = { answer: freshAnswer(evidence), answeredAtMs: monotonicMs() }
        return [await this.#commit(record, evidence), answered]
      }
      case 'cancel': {
        const { lastAnswer } = step
        const attempted = await this.#commit(record, { kind: 'cancel_attempted', lastAnswer })
        // While this was written the buyer may have paid, or too much time may have passed.
        const mayCancel =
          attempted.payment.status === 'closing' &&
          this.#answerIfFresh(fresh) !== null &&
          this.#coversCall(lease)
        if (!mayCancel) return [attempted, NOTHING_FRESH]
        const evidence = await callCancel(gateway, attempted.payment)
        return [await this.#commit(attempted, evidence), NOTHING_FRESH]
      }
      case 'refund': {
        const refundId = step.refund.id
        const sent = await this.#commit(record, { kind: 'refund_sent', refundId })
        const evidence = await callRefund(gateway, sent.payment, step.refund)
        return [await this.#commit(sent, evidence), NOTHING_FRESH]
      }
      case 'refund_query': {
        const evidence = await callRefundQuery(gateway, record.payment, step.refund)
        return [await this.#commit(record, evidence), NOTHING_FRESH]
      }
    }
  }

  #answerIfFresh({ answer, answeredAtMs }: Fresh): FreshAnswer {
    return this.#context.monotonicMs() - answeredAtMs < FRESH_ANSWER_MS ? answer : null
  }

  #coversCall(lease: Lease): boolean {
    return addMs(this.#context.clock.now(), CALL_MAX_MS) <= lease.until
  }

  async #commit(record: PaymentRecord, evidence: Evidence): Promise<PaymentRecord> {
    const { id: paymentId, unknownCalls } = record.payment
    if (evidence.kind === 'unknown' && unknownCalls === 0) {
      this.#context.onUnknown({ paymentId, call: evidence.call, reason: evidence.reason })
    }
    return (await commitEvidence(this.#context, record, evidence)).record
  }

  async #run(): Promise<void> {
    while (this.#running) {
      const woken = new Promise<void>((resolve) => (this.#wakeUp = resolve))
      let claimed = 0
      try {
        claimed = (await this.#claim()).length
      } catch (error) {
        this.#context.onError(error)
      }
      if (claimed === 0 && this.#running) await idle(woken)
    }
  }

  async #claim(): Promise<readonly Promise<unknown>[]> {
    const { store, clock, onError } = this.#context
    const room = CLAIM_MAX - this.#inHand.size
    if (room <= 0) return []
    const lease = this.lease()
    const due = await store.claimDue(clock.now(), room, lease)
    return due.map((record) => this.advance(record, lease).catch(onError))
  }
}

async function idle(woken: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<void>((resolve) => (timer = setTimeout(resolve, IDLE_MS)))
  await Promise.race([woken, timeout])
  clearTimeout(timer)
}

/** What a query said, and when its answer came, by the monotonic clock. */
interface Fresh {
  readonly answer: FreshAnswer
  readonly answeredAtMs: number
}

const NOTHING_FRESH: Fresh = { answer: null, answeredAtMs: Number.NEGATIVE_INFINITY }

function freshAnswer(evidence: Evidence): FreshAnswer {
  if (evidence.kind === 'trade_not_exist') return 'TRADE_NOT_EXIST'
  const isWaiting = evidence.kind === 'trade' && evidence.trade.tradeStatus === 'WAIT_BUYER_PAY'
  return isWaiting ? 'WAIT_BUYER_PAY' : null
}
