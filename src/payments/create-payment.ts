/**
 * Begins a sale: the intent is committed, then the gateway is asked for a code.
 *
 * @module
 */

import { addMs, toFen, type Fen } from '../alipay/index.ts'
import { newCheckoutToken, newPaymentId, outTradeNoFor } from './identifiers.ts'
import type { Payment, PaymentRecord } from './payment.ts'
import { amountRefunded } from './payment.ts'
import { DEADLINE_DEFAULT_MS, DEADLINE_MAX_MS, DEADLINE_MIN_MS } from './schedule.ts'
import { isPlainText } from './plain-text.ts'
import type { Worker, WorkerContext } from './worker.ts'

/** A sale to be paid. */
export interface CreatePaymentOrder {
  /** Whole fen, 1 to 10,000,000,000 (Alipay: 0.01 to 100,000,000 yuan). */
  readonly amount: Fen
  /** Shown to the buyer, 1 to 256 characters. `/ = &` go to Alipay in their full-width forms. */
  readonly subject: string
  /** The merchant's name for the sale, 1 to 128 characters. One reference is paid once. */
  readonly reference?: string
  /** Milliseconds that the buyer is given, 60,000 to 6,600,000. Default 300,000. */
  readonly expiresInMs?: number
  /** Where the cashier page leads when it is over; http or https. */
  readonly returnUrl?: string
}

/** What became of it. All but `refused` and `pending` are definite at once. */
export type CreatePaymentResult =
  /** A code is there to be shown. */
  | { readonly status: 'created'; readonly record: PaymentRecord }
  /** The reference has this open payment already, of the same content. */
  | { readonly status: 'exists'; readonly record: PaymentRecord }
  /** The reference has an open payment of another amount or subject. */
  | { readonly status: 'exists_with_different_content'; readonly record: PaymentRecord }
  /** The reference is paid, and not refunded in full. */
  | { readonly status: 'reference_already_paid'; readonly record: PaymentRecord }
  /** Alipay definitely said no; `failure` says why. */
  | { readonly status: 'refused'; readonly record: PaymentRecord }
  /** Not known yet; the engine finds out. */
  | { readonly status: 'pending'; readonly record: PaymentRecord }
  /** Given up or past its deadline; the reference is free once the proof of its end is there. */
  | { readonly status: 'closing'; readonly record: PaymentRecord }

/** Alipay's upper bound for `total_amount`, in fen. */
export const AMOUNT_MAX: Fen = toFen(10_000_000_000)

/**
 * Creates a payment. A repeat with the same reference and content returns the same payment, which
 * the engine goes on with.
 *
 * @throws {RangeError} If a value is out of the ranges of {@link CreatePaymentOrder}.
 */
export async function createPayment(
  context: WorkerContext,
  worker: Worker,
  order: CreatePaymentOrder,
): Promise<CreatePaymentResult> {
  checkOrder(order)
  const { store, clock, gateway, watchers } = context
  const { reference = null } = order
  const earlier = reference === null ? [] : await store.listByReference(reference)
  // Not only the newest one: an older one may have been paid late.
  const existing = earlier.find(blocksReference)
  if (existing !== undefined) return judgeExisting(existing, order)

  const now = clock.now()
  const id = newPaymentId()
  const payment: Payment = {
    id,
    version: 1,
    reference,
    amount: order.amount,
    subject: order.subject,
    status: 'created',
    outTradeNo: outTradeNoFor(gateway.appId, { id, reference, attempt: earlier.length }),
    checkoutToken: newCheckoutToken(),
    returnUrl: order.returnUrl ?? null,
    qrCode: null,
    createdAt: now,
    updatedAt: now,
    expiresAt: addMs(now, order.expiresInMs ?? DEADLINE_DEFAULT_MS),
    shownAt: null,
    scannedAt: null,
    paidAt: null,
    late: false,
    tradeNo: null,
    tradeStatus: null,
    amountReceived: null,
    buyerLogonId: null,
    cancellationReason: null,
    cancelAttemptedAt: null,
    cancelAnsweredAt: null,
    refundedByCancel: false,
    review: null,
    failure: null,
    outcome: 'not_applied',
    unknownCalls: 0,
    nextStepAt: now,
  }
  const record: PaymentRecord = { payment, refunds: [] }
  const lease = worker.lease()
  const inserted = await store.insert(
    {
      record,
      events: [{ type: 'payment.created' }],
      timeline: [{ at: now, kind: 'created', source: 'merchant', summary: {} }],
    },
    lease,
  )
  // Another call with this reference was quicker by a moment: answer as it would have been.
  if (!inserted) return createPayment(context, worker, order)
  watchers.tell(record)
  return judgeCreated(await worker.advance(record, lease))
}

function judgeCreated(record: PaymentRecord): CreatePaymentResult {
  switch (record.payment.status) {
    case 'failed':
      return { status: 'refused', record }
    case 'created':
      return { status: 'pending', record }
    case 'pending':
    case 'succeeded':
      return { status: 'created', record }
    case 'closing':
    case 'expired':
    case 'canceled':
      return { status: 'closing', record }
  }
}

/** Whether a payment keeps its reference from being paid again: open, or paid and not refunded. */
export function blocksReference({ payment, refunds }: PaymentRecord): boolean {
  switch (payment.status) {
    case 'created':
    case 'pending':
    case 'closing':
      return true
    case 'succeeded':
      return amountRefunded(refunds) < payment.amount
    case 'expired':
    case 'canceled':
    case 'failed':
      return false
  }
}

function judgeExisting(record: PaymentRecord, order: CreatePaymentOrder): CreatePaymentResult {
  const { payment } = record
  if (payment.status === 'succeeded') return { status: 'reference_already_paid', record }
  if (payment.status === 'closing') return { status: 'closing', record }
  const isSame = payment.amount === order.amount && payment.subject === order.subject
  return { status: isSame ? 'exists' : 'exists_with_different_content', record }
}

function checkOrder({
  amount,
  subject,
  reference,
  expiresInMs,
  returnUrl,
}: CreatePaymentOrder): void {
  if (!Number.isSafeInteger(amount) || amount < 1 || amount > AMOUNT_MAX) {
    throw new RangeError('amount is whole fen from 1 to 10,000,000,000 (0.01 to 100,000,000 yuan)')
  }
  if (subject.trim() === '' || !isPlainText(subject, 1, 256)) {
    throw new RangeError('subject has 1 to 256 characters, none of them a control character')
  }
  if (reference !== undefined && !isPlainText(reference, 1, 128)) {
    throw new RangeError('reference has 1 to 128 characters, none of them a control character')
  }
  const isDeadline =
    expiresInMs === undefined ||
    (Number.isInteger(expiresInMs) &&
      expiresInMs >= DEADLINE_MIN_MS &&
      expiresInMs <= DEADLINE_MAX_MS)
  if (!isDeadline) {
    throw new RangeError(
      'expiresInMs is whole milliseconds from 60,000 (1 min) to 6,600,000 (110 min)',
    )
  }
  if (returnUrl !== undefined && !/^https?:\/\//.test(returnUrl)) {
    throw new RangeError('returnUrl is an http or https address')
  }
}
