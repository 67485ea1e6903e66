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
import { systemClock, type Clock, type VerifiedNotification } from '../alipay/index.ts'
import { acceptNotification, type AcceptNotificationResult } from './accept-notification.ts'
import { cancelPayment, type CancelPaymentResult } from './cancel-payment.ts'
import {
  createPayment,
  type CreatePaymentOrder,
  type CreatePaymentResult,
} from './create-payment.ts'
import { createRefund, type CreateRefundRequest, type CreateRefundResult } from './create-refund.ts'
import type { Gateway } from './gateway-calls.ts'
import type { PaymentRecord, Refund } from './payment.ts'
import type { PaymentStore, TimelineEntry } from './payment-store.ts'
import { PaymentWatchers, type PaymentListener } from './payment-watchers.ts'
import { Worker, type UnknownCall, type WorkerContext } from './worker.ts'

/** What the engine is made of. */
export interface PaymentsOptions {
  readonly store: PaymentStore
  /** A client of the gateway for one application. */
  readonly gateway: Gateway
  /** Where Alipay sends its notifications; without it the engine relies on polling alone. */
  readonly notifyUrl?: string | undefined
  /** `FACE_TO_FACE_PAYMENT` (当面付, the default) or `QR_CODE_OFFLINE` (订单码支付). */
  readonly productCode?: string | undefined
  /** The receiving account; by default that of the contract. */
  readonly sellerId?: string | undefined
  /** Default: the machine's clock. */
  readonly clock?: Clock
  /** Is told of failures that are not the gateway's. Default: writes them to stderr. */
  readonly onError?: (error: unknown) => void
  /** Is told when a call's outcome becomes unknown, once in a row. Default: nobody is. */
  readonly onUnknown?: (call: UnknownCall) => void
}

/** The payments of one application. */
export interface Payments {
  /** Stores the intent, then asks the gateway for a code. */
  create(order: CreatePaymentOrder): Promise<CreatePaymentResult>
  /** Finds a payment by its id. */
  find(id: string): Promise<PaymentRecord | undefined>
  /** All payments of a reference, newest first: at most one of them is open. */
  listByReference(reference: string): Promise<PaymentRecord[]>
  findByOutTradeNo(outTradeNo: string): Promise<PaymentRecord | undefined>
  findByCheckoutToken(token: string): Promise<PaymentRecord | undefined>
  /** Newest first, those before the payment `before`. */
  list(options: { readonly limit: number; readonly before?: string }): Promise<PaymentRecord[]>
  /** Gives a payment up: query, and if the buyer has not paid, cancel. */
  cancel(id: string): Promise<CancelPaymentResult>
  /** Asks Alipay now and returns what is known after the answer. */
  sync(id: string): Promise<PaymentRecord | undefined>
  /** Gives money back, in full or in part. */
  refund(request: CreateRefundRequest): Promise<CreateRefundResult>
  findRefund(
    id: string,
  ): Promise<{ readonly record: PaymentRecord; readonly refund: Refund } | undefined>
  /** What was learned about a payment, oldest first. */
  timeline(id: string): Promise<TimelineEntry[]>
  /** Applies a verified notification; resolves after its commit. */
  acceptNotification(notification: VerifiedNotification): Promise<AcceptNotificationResult>
  /** Calls the listener after each commit about this payment. Returns the way to stop. */
  watch(paymentId: string, listener: PaymentListener): () => void
  /** Does what is due now and waits for it: for tests, and for those who run their own loop. */
  runDue(): Promise<number>
  /** Begins to do what is due, in the background. */
  start(): void
  /** Stops claiming and waits for what is in hand. */
  stop(): Promise<void>
}

/** Makes the engine. Nothing runs in the background until `start()`. */
export function createPayments(options: PaymentsOptions): Payments {
  const { store, gateway, clock = systemClock } = options
  const onError = options.onError ?? ((error) => console.error(error))
  const watchers = new PaymentWatchers(onError)
  const context: WorkerContext = {
    store,
    gateway,
    clock,
    watchers,
    settings: {
      notifyUrl: options.notifyUrl,
      productCode: options.productCode ?? 'FACE_TO_FACE_PAYMENT',
      sellerId: options.sellerId,
    },
    monotonicMs: () => performance.now(),
    onError,
    onUnknown: options.onUnknown ?? (() => {}),
  }
  const worker = new Worker(context)

  const sync = async (id: string): Promise<PaymentRecord | undefined> => {
    const lease = worker.lease()
    const claimed = await store.claim(id, clock.now(), lease)
    if (claimed === undefined) return store.find({ id })
    return worker.advance(claimed, lease, 'query')
  }

  return {
    create: (order) => createPayment(context, worker, order),
    find: (id) => store.find({ id }),
    listByReference: (reference) => store.listByReference(reference),
    findByOutTradeNo: (outTradeNo) => store.find({ outTradeNo }),
    findByCheckoutToken: (checkoutToken) => store.find({ checkoutToken }),
    list: (range) => store.list(range),
    cancel: (id) => cancelPayment(context, worker, id),
    sync,
    refund: (request) => createRefund(context, worker, request),
    async findRefund(refundId) {
      const record = await store.find({ refundId })
      const refund = record?.refunds.find(({ id }) => id === refundId)
      return record === undefined || refund === undefined ? undefined : { record, refund }
    },
    timeline: (id) => store.timeline(id),
    acceptNotification: (notification) => acceptNotification(context, worker, notification),
    watch: (paymentId, listener) => watchers.watch(paymentId, listener),
    runDue: () => worker.runDue(),
    start: () => worker.start(),
    stop: () => worker.stop(),
  }
}

export type { AcceptNotificationResult } from './accept-notification.ts'
export type { CancelPaymentResult } from './cancel-payment.ts'
export { checkoutView, type CheckoutState, type CheckoutView } from './checkout-view.ts'
export {
  AMOUNT_MAX,
  blocksReference,
  type CreatePaymentOrder,
  type CreatePaymentResult,
} from './create-payment.ts'
export type { CreateRefundRequest, CreateRefundResult } from './create-refund.ts'
export type { Evidence, TradeFacts } from './evidence.ts'
export type { Gateway, OrderSettings } from './gateway-calls.ts'
export { nextDueAt } from './next-step.ts'
export * from './payment.ts'
export type * from './payment-store.ts'
export type { PaymentListener } from './payment-watchers.ts'
export { DEADLINE_DEFAULT_MS, DEADLINE_MAX_MS, DEADLINE_MIN_MS } from './schedule.ts'
export { wireSubject } from './subject.ts'
export type { UnknownCall } from './worker.ts'
