/**
 * The life of a payment and of a refund: states, evidence, rules, schedule, worker.
 *
 * The way of a payment, which is also the reading order: `create-payment` (intent committed) →
 * `worker` (claims what is due) → `next-step` (what to do) → `gateway-calls` (does it) →
 * `transitions` (what it proves) → `commit`. A notification enters at `accept-notification` and
 * goes through the same `transitions`.
 *
 * @module
 */

import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  GatewayClock,
  systemClock,
  type Clock,
  type Instant,
  type VerifiedNotification,
} from '../alipay/index.ts'
import {
  adoptTrade,
  askRefund,
  askTrade,
  bookBilledRefund,
  type AdoptTradeResult,
  type BilledRefund,
  type BilledSale,
} from './adopt-trade.ts'
import { acceptNotification, type AcceptNotificationResult } from './accept-notification.ts'
import { cancelPayment, type CancelPaymentResult } from './cancel-payment.ts'
import { CommitFollower } from './commit-follower.ts'
import type { CrashPoint } from './crash-points.ts'
import {
  createPayment,
  type CreatePaymentOrder,
  type CreatePaymentResult,
} from './create-payment.ts'
import { createRefund, type CreateRefundRequest, type CreateRefundResult } from './create-refund.ts'
import { cancelRefund, retryRefund, type DecideRefundResult } from './decide-refund.ts'
import { PRODUCT_CODE_DEFAULT, type Gateway } from './gateway-calls.ts'
import { observeGateway, type CallObserver } from './observed-gateway.ts'
import { observeStore, type CommitObserver, type OrphanObserver } from './observed-store.ts'
import { secureRandom, type RandomBytes } from './identifiers.ts'
import { liftRefundHold } from './lift-hold.ts'
import type { PaymentRecord, Refund } from './payment.ts'
import type { StoredEvent } from './payment-event.ts'
import type {
  EventRange,
  PaymentRange,
  PaymentStore,
  RefundRange,
  TimelineEntry,
} from './payment-store.ts'
import { PaymentWatchers, type PaymentListener } from './payment-watchers.ts'
import { RateBudget } from './rate-budget.ts'
import type { RefundHold } from './refund-hold.ts'
import { resolveReview, type ResolveReviewResult } from './resolve-review.ts'
import { toRules, type PaymentRules } from './rules.ts'
import { CONCURRENCY_DEFAULT, Worker, type UnknownCall, type WorkerContext } from './worker.ts'

/** What the engine is made of. */
export interface PaymentsOptions {
  readonly store: PaymentStore
  /** A client of the gateway for one application. */
  readonly gateway: Gateway
  /** Where Alipay sends its notifications; without it the engine relies on polling alone. */
  readonly notifyUrl?: string | undefined
  /**
   * `FACE_TO_FACE_PAYMENT` (当面付, the default) or `QR_CODE_OFFLINE` (订单码支付); a function is asked
   * before each order.
   */
  readonly productCode?: string | (() => string) | undefined
  /** The receiving account; by default that of the contract. */
  readonly sellerId?: string | undefined
  /** How unpaid payments end, how often is asked, what becomes of late and doubled money. */
  readonly rules?: Partial<PaymentRules>
  /**
   * Calls per second that this process makes; 1 or more. Default: as many as Alipay takes. Where it
   * says that there are too many, fewer are made for a while in any case.
   */
  readonly callsPerSecond?: number
  /** Payments that are worked on at a time, 1 or more. Default 256. */
  readonly concurrencyMax?: number
  /** Where buyers reach the server; part of the addresses in events. Default: none. */
  readonly publicUrl?: string | undefined
  /** Whether it is real money; part of events. Default `false`. */
  readonly livemode?: boolean
  /** Default: the gateway's, which goes by Alipay's; without one the machine's. */
  readonly clock?: Clock
  /** Milliseconds that never run backwards. Default: those of the process. */
  readonly monotonicMs?: () => number
  /** Where ids come from. Default: the machine's secure source. */
  readonly random?: RandomBytes
  /** Pauses while the store is away. Default: a timer. */
  readonly sleep?: (ms: number) => Promise<void>
  /** Is called at each named point at which a process may die; for tests. */
  readonly crashPoint?: (name: CrashPoint) => void
  /** Is told of failures that are not the gateway's. Default: writes them to stderr. */
  readonly onError?: (error: unknown) => void
  /** Is told when a call's outcome becomes unknown, once in a row. Default: nobody is. */
  readonly onUnknown?: (call: UnknownCall) => void
  /** Is told of each call of the gateway that is over. Default: nobody is. */
  readonly onCall?: CallObserver
  /** Is told of each commit that this process has made. Default: nobody is. */
  readonly onCommit?: CommitObserver
  /** Is told of each verified notification of an order that is not known. Default: nobody is. */
  readonly onOrphan?: OrphanObserver
}

/** The payments of one application. */
export interface Payments {
  /** Stores the intent, then asks the gateway for a code, or sends it that of the buyer. */
  create(order: CreatePaymentOrder): Promise<CreatePaymentResult>
  /** Finds a payment by its id. */
  find(id: string): Promise<PaymentRecord | undefined>
  /** All payments of a reference, newest first: at most one of them is open. */
  listByReference(reference: string): Promise<PaymentRecord[]>
  findByOutTradeNo(outTradeNo: string): Promise<PaymentRecord | undefined>
  findByCheckoutToken(token: string): Promise<PaymentRecord | undefined>
  /** Those of a filter, newest first. */
  list(options: PaymentRange): Promise<PaymentRecord[]>
  /** Refunds, newest first. */
  listRefunds(options: RefundRange): Promise<Refund[]>
  /** Gives a payment up: query, and if the buyer has not paid, cancel. */
  cancel(id: string): Promise<CancelPaymentResult>
  /** Asks Alipay now and returns what is known after the answer. */
  sync(id: string): Promise<PaymentRecord | undefined>
  /** Gives money back, in full or in part. */
  refund(request: CreateRefundRequest): Promise<CreateRefundResult>
  findRefund(
    id: string,
  ): Promise<{ readonly record: PaymentRecord; readonly refund: Refund } | undefined>
  /** Tries a refund now that waits for the merchant, such as after topping up the balance. */
  retryRefund(id: string): Promise<DecideRefundResult>
  /** Gives a refund up that was not sent, or that Alipay is known not to have made. */
  cancelRefund(id: string): Promise<DecideRefundResult>
  /** What is known of the last restored backup; `undefined` where there was none. */
  refundHold(): Promise<RefundHold | undefined>
  /**
   * Holds the refunds of all that was sold until now, as after a restored backup: for databases
   * that were restored by other means than `saoma restore`.
   *
   * @param from What happened from then on is not in the books.
   */
  holdRefunds(from: Instant): Promise<void>
  /**
   * Sends refunds again that were held.
   *
   * @param by `bills`, or the id of who decides it.
   * @returns How many have waited; `undefined` if there was no hold.
   */
  liftRefundHold(by: string): Promise<number | undefined>
  /** Ends the review of a payment: its money is kept, or goes back. */
  resolveReview(id: string, action: 'accept' | 'refund'): Promise<ResolveReviewResult>
  /** Events in the order of commits, those after a position, at most `limit`; none is left out. */
  eventsAfter(position: number, limit: number): Promise<StoredEvent[]>
  /** Events of a filter, by their ids as cursors. */
  listEvents(options: EventRange): Promise<StoredEvent[]>
  findEvent(id: string): Promise<StoredEvent | undefined>
  /** What was learned about a payment, oldest first. */
  timeline(id: string): Promise<TimelineEntry[]>
  /** Applies a verified notification; resolves after its commit. */
  acceptNotification(notification: VerifiedNotification): Promise<AcceptNotificationResult>
  /** Books a sale that Alipay's bill has and we have not, if Alipay confirms it. */
  adoptTrade(sale: BilledSale): Promise<AdoptTradeResult>
  /** Books money that went back by Alipay's bill. */
  bookBilledRefund(paymentId: string, refund: BilledRefund): Promise<PaymentRecord | undefined>
  /** Asks Alipay whether a payment was paid; changes nothing. */
  askTrade(paymentId: string): Promise<'confirmed' | 'denied' | 'unknown'>
  /** Asks Alipay whether a refund was made; changes nothing. */
  askRefund(refundId: string): Promise<'confirmed' | 'denied' | 'unknown'>
  /**
   * Keeps a notification that could not be verified, to be looked at again when keys have changed:
   * the newest 1,000.
   */
  quarantine(body: string): Promise<void>
  /**
   * Verifies again what is kept, and applies what can be verified now.
   *
   * @returns How many could be.
   */
  reviewQuarantine(verify: (body: string) => VerifiedNotification | undefined): Promise<number>
  /** Calls the listener after each commit about this payment. Returns the way to stop. */
  watch(paymentId: string, listener: PaymentListener): () => void
  /** Calls the listener after each commit of this process: there may be events to tell. */
  watchAll(listener: PaymentListener): () => void
  /** Does what is due now and waits for it: for tests, and for those who run their own loop. */
  runDue(): Promise<number>
  /**
   * Milliseconds since what is due could last be claimed, which is tried all the time; `null`
   * before `start()`.
   */
  sinceClaimMs(): number | null
  /** Begins to do what is due, in the background. */
  start(): void
  /** Stops claiming and waits for what is in hand. */
  stop(): Promise<void>
}

/** Makes the engine. Nothing runs in the background until `start()`. */
export function createPayments(options: PaymentsOptions): Payments {
  const { onCommit = () => {}, onOrphan = () => {} } = options
  const store = observeStore(options.store, onCommit, onOrphan)
  const gateway = observeGateway(options.gateway, options.onCall ?? (() => {}))
  const clock = options.clock ?? gateway.clock ?? systemClock
  const monotonicMs = options.monotonicMs ?? (() => performance.now())
  const onError = options.onError ?? ((error) => console.error(error))
  const watchers = new PaymentWatchers(onError)
  const { productCode = PRODUCT_CODE_DEFAULT } = options
  const context: WorkerContext = {
    store,
    gateway,
    clock,
    clockIsRight: askForTime(gateway, clock),
    gapIsClosed: closeGap(store, clock),
    monotonicMs,
    watchers,
    rules: toRules(options.rules, store),
    settings: {
      notifyUrl: options.notifyUrl,
      productCode: typeof productCode === 'string' ? () => productCode : productCode,
      sellerId: options.sellerId,
    },
    presentation: {
      livemode: options.livemode ?? false,
      publicUrl: options.publicUrl?.replace(/\/+$/, '') ?? null,
    },
    budget: new RateBudget({
      callsPerSecond: options.callsPerSecond ?? Number.POSITIVE_INFINITY,
      monotonicMs,
    }),
    concurrencyMax: options.concurrencyMax ?? CONCURRENCY_DEFAULT,
    random: options.random ?? secureRandom,
    sleep: options.sleep ?? sleep,
    onError,
    onUnknown: options.onUnknown ?? (() => {}),
    crashPoint: options.crashPoint ?? (() => {}),
  }
  const worker = new Worker(context)
  const follower = new CommitFollower({ store, watchers, onError, onCommit: () => worker.wake() })

  const sync = async (id: string): Promise<PaymentRecord | undefined> => {
    const lease = worker.lease()
    const claimed = await store.claim(id, lease)
    if (claimed === undefined) return store.find({ id })
    return worker.advance(claimed, lease, { kind: 'query' })
  }

  return {
    create: (order) => createPayment(context, worker, order),
    find: (id) => store.find({ id }),
    listByReference: (reference) => store.listByReference(reference),
    findByOutTradeNo: (outTradeNo) => store.find({ outTradeNo }),
    findByCheckoutToken: (checkoutToken) => store.find({ checkoutToken }),
    list: (range) => store.list(range),
    listRefunds: (range) => store.listRefunds(range),
    async cancel(id) {
      const found = await store.find({ id })
      return found ? cancelPayment(context, worker, found) : { status: 'not_found' }
    },
    sync,
    refund: (request) => createRefund(context, worker, request),
    async findRefund(refundId) {
      const record = await store.find({ refundId })
      const refund = record?.refunds.find(({ id }) => id === refundId)
      return record === undefined || refund === undefined ? undefined : { record, refund }
    },
    retryRefund: (id) => retryRefund(context, worker, id),
    cancelRefund: (id) => cancelRefund(context, worker, id),
    refundHold: () => store.refundHold(),
    async holdRefunds(from) {
      await store.holdRefunds(from)
      await store.closeGap(clock.now())
    },
    liftRefundHold: (by) => liftRefundHold(context, worker, by),
    resolveReview: (id, action) => resolveReview(context, worker, id, action),
    timeline: (id) => store.timeline(id),
    eventsAfter: (position, limit) => store.eventsAfter(position, limit),
    listEvents: (range) => store.listEvents(range),
    findEvent: (id) => store.findEvent(id),
    acceptNotification: (notification) => acceptNotification(context, worker, notification),
    adoptTrade: (sale) => adoptTrade(context, worker, sale),
    bookBilledRefund: (paymentId, refund) => bookBilledRefund(context, paymentId, refund),
    askTrade: (paymentId) => askTrade(context, paymentId),
    askRefund: (refundId) => askRefund(context, refundId),
    quarantine: (body) => store.quarantine({ receivedAt: clock.now(), body }),
    async reviewQuarantine(verify) {
      let accepted = 0
      for (const { id, body } of await store.quarantined()) {
        const notification = verify(body)
        if (notification === undefined) continue
        await acceptNotification(context, worker, notification)
        await store.unquarantine(id)
        accepted += 1
      }
      return accepted
    },
    watch: (paymentId, listener) => watchers.watch(paymentId, listener),
    watchAll: (listener) => watchers.watchAll(listener),
    runDue: () => worker.runDue(),
    sinceClaimMs: () => worker.sinceClaimMs,
    start() {
      worker.start()
      follower.start()
    },
    async stop() {
      follower.stop()
      await worker.stop()
    },
  }
}

/**
 * By a machine's clock that is wrong payments would seem to be past their deadline, or get one that
 * has passed: Alipay's is asked for first, once, where that can be done.
 */
function askForTime(gateway: Gateway, clock: Clock): () => Promise<void> {
  let asked: Promise<void> | undefined
  return () => {
    const isRight = !(clock instanceof GatewayClock) || clock.isMeasured
    if (isRight || gateway.measureClock === undefined) return RIGHT
    // Where Alipay cannot be reached nothing can be ended either: its first answer tells the time.
    return (asked ??= measure(gateway.measureClock))
  }
}

async function measure(measureClock: NonNullable<Gateway['measureClock']>): Promise<void> {
  await measureClock().catch(() => {})
}

const RIGHT = Promise.resolve()

/** Once it was written: until then all that was ever sold before a restored backup is held. */
function closeGap(store: PaymentStore, clock: Clock): () => Promise<void> {
  let isClosed = false
  return async () => {
    if (isClosed) return
    await store.closeGap(clock.now())
    isClosed = true
  }
}

export type { AdoptTradeResult, BilledRefund, BilledSale } from './adopt-trade.ts'
export type { AcceptNotificationResult } from './accept-notification.ts'
export type { CancelPaymentResult } from './cancel-payment.ts'
export { checkoutView, type CheckoutState, type CheckoutView } from './checkout-view.ts'
export {
  AMOUNT_MAX,
  AUTH_CODE,
  blocksReference,
  IDEMPOTENCY_KEY_MAX,
  OPERATOR_ID_MAX,
  STORE_ID_MAX,
  TERMINAL_ID_MAX,
  type CreatePaymentOrder,
  type CreatePaymentResult,
} from './create-payment.ts'
export type { CreateRefundRequest, CreateRefundResult } from './create-refund.ts'
export { REFUNDS_MAX } from './create-refund.ts'
export { CRASH_POINTS, type CrashPoint } from './crash-points.ts'
export type { DecideRefundResult } from './decide-refund.ts'
export type { Evidence, TradeFacts } from './evidence.ts'
export * from './figures.ts'
export {
  PRODUCT_CODE,
  PRODUCT_CODE_DEFAULT,
  type Gateway,
  type OrderSettings,
} from './gateway-calls.ts'
export type { RandomBytes } from './identifiers.ts'
export { observeCall, type CallObserver, type ObservedCall } from './observed-gateway.ts'
export type { CommitObserver, OrphanObserver } from './observed-store.ts'
export { METADATA_KEY_MAX, METADATA_KEYS_MAX, METADATA_VALUE_MAX } from './metadata.ts'
export { duePriority, nextDueAt } from './next-step.ts'
export * from './payment.ts'
export type * from './payment-event.ts'
export {
  paymentJson,
  refundJson,
  refusalJson,
  type PaymentJson,
  type Presentation,
  type RefundJson,
} from './payment-json.ts'
export * from './payment-store.ts'
export type { PaymentListener } from './payment-watchers.ts'
export { HELD_FAILURES, type HeldReason, type RefundHold } from './refund-hold.ts'
export type { ResolveReviewResult } from './resolve-review.ts'
export { DEFAULT_RULES, type PaymentRules } from './rules.ts'
export {
  BARCODE_WINDOW_MS,
  DEADLINE_DEFAULT_MS,
  DEADLINE_MAX_MS,
  DEADLINE_MIN_MS,
} from './schedule.ts'
export { wireSubject } from './subject.ts'
export { traced, type SpanOptions } from './tracing.ts'
export type { UnknownCall } from './worker.ts'
