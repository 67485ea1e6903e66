/**
 * Gives money back: the amount is reserved and the number committed, then the gateway is asked.
 *
 * @module
 */

import type { Fen } from '../alipay/index.ts'
import { toCommit } from './commit.ts'
import { IDEMPOTENCY_KEY_MAX } from './create-payment.ts'
import { newRefundId, outRequestNoFor } from './identifiers.ts'
import { checkMetadata } from './metadata.ts'
import { newRefund } from './new-refund.ts'
import {
  amountRefundable,
  NO_METADATA,
  type Metadata,
  type PaymentRecord,
  type Refund,
} from './payment.ts'
import { isPlainText } from './plain-text.ts'
import { StoreUnavailable, type PaymentCommit } from './payment-store.ts'
import type { Worker, WorkerContext } from './worker.ts'

/** Money to be given back. */
export interface CreateRefundRequest {
  readonly paymentId: string
  /** Whole fen, at most what is left. Default: all that is left. */
  readonly amount?: Fen
  /** The merchant's name for the refund, 1 to 128 characters: a repeat is the same refund. */
  readonly reference?: string
  /** Shown in the bill, at most 256 characters. */
  readonly reason?: string
  /** The merchant's own: at most 50 names of 1 to 40 characters, values of at most 500. */
  readonly metadata?: Metadata
  /**
   * The name of the request, 1 to 255 characters: a repeat without a reference is then the same
   * refund.
   */
  readonly idempotencyKey?: string
  /**
   * The version of the payment that somebody has decided by: where it is another one by now,
   * nothing is made, and he decides anew. Default: any.
   */
  readonly paymentVersion?: number
}

/** Refunds of one payment, at the most: each goes out by itself, 3 s after the one before. */
export const REFUNDS_MAX = 100

/** What became of it: made now, or found by its reference. */
export type CreateRefundResult =
  | {
      readonly status: 'succeeded' | 'processing' | 'requires_action' | 'failed' | 'canceled'
      readonly refund: Refund
      readonly record: PaymentRecord
    }
  | {
      readonly status: 'exists_with_different_amount'
      readonly refund: Refund
      readonly record: PaymentRecord
    }
  | { readonly status: 'not_paid'; readonly record: PaymentRecord }
  | {
      readonly status: 'amount_too_large'
      readonly refundable: Fen
      readonly record: PaymentRecord
    }
  | { readonly status: 'too_many_refunds'; readonly record: PaymentRecord }
  /** It is not at `paymentVersion` any more. */
  | { readonly status: 'payment_changed'; readonly record: PaymentRecord }
  | { readonly status: 'not_found' }

/**
 * Refunds a payment, in full or in part. The sum of all refunds never exceeds what was paid.
 *
 * @throws {RangeError} If a value is out of the ranges of {@link CreateRefundRequest}.
 */
export async function createRefund(
  context: WorkerContext,
  worker: Worker,
  request: CreateRefundRequest,
): Promise<CreateRefundResult> {
  checkRequest(request)
  for (let tries = 1; ; tries++) {
    const { store, clock, watchers, random, crashPoint } = context
    const found = await store.find({ id: request.paymentId })
    if (found === undefined) return { status: 'not_found' }
    const { payment, refunds } = found
    const { reference = null, idempotencyKey } = request
    const now = clock.now()
    const id = newRefundId(now, random)
    const outRequestNo = outRequestNoFor(payment.outTradeNo, { id, reference, idempotencyKey })
    // By its number too: after a restored backup Alipay may have told of it before it is repeated.
    const known = refunds.find(
      (other) =>
        other.outRequestNo === outRequestNo ||
        (reference !== null && other.reference === reference),
    )
    if (known !== undefined) {
      const isSame = request.amount === undefined || known.amount === request.amount
      return isSame
        ? judge(found, known.id)
        : { status: 'exists_with_different_amount', refund: known, record: found }
    }
    if ((request.paymentVersion ?? payment.version) !== payment.version) {
      return { status: 'payment_changed', record: found }
    }
    if (payment.status !== 'succeeded') return { status: 'not_paid', record: found }
    const refundable = amountRefundable(found)
    const amount = request.amount ?? refundable
    if (amount > refundable || refundable === 0) {
      return { status: 'amount_too_large', refundable, record: found }
    }

    if (refunds.length >= REFUNDS_MAX) return { status: 'too_many_refunds', record: found }

    const { reason = null, metadata = NO_METADATA } = request
    const paymentId = payment.id
    const refund = newRefund(
      { id, paymentId, outRequestNo, amount, source: 'api', reference, reason, metadata },
      now,
    )
    const commit = toCommit(
      context,
      found,
      {
        record: { payment: { ...payment, updatedAt: now }, refunds: [...refunds, refund] },
        events: [{ type: 'refund.created', refundId: id }],
      },
      [
        {
          at: now,
          kind: 'refund_created',
          source: 'merchant',
          summary: { refundId: id, amount },
          version: payment.version + 1,
          from: payment.status,
          to: payment.status,
          raw: null,
        },
      ],
      now,
    )
    // Somebody else changed the payment: what is left may be less now.
    if (!(await isSaved(context, commit, tries))) continue
    crashPoint('refund-stored')
    watchers.tell(commit.record)
    const lease = worker.lease()
    const claimed = await store.claim(payment.id, lease)
    return judge(claimed === undefined ? commit.record : await worker.advance(claimed, lease), id)
  }
}

/** A store that does not say whether it wrote is read again: the refund is found, or made anew. */
async function isSaved(
  { store, sleep }: WorkerContext,
  commit: PaymentCommit,
  tries: number,
): Promise<boolean> {
  try {
    return (await store.save(commit)) === 'saved'
  } catch (error) {
    if (!(error instanceof StoreUnavailable) || error.outcome !== 'unknown') throw error
    if (tries >= STORE_TRIES_MAX) throw error
    await sleep(STORE_PAUSE_MS)
    const read = await store.find({ id: commit.record.payment.id })
    const [refund] = commit.refunds
    return read?.refunds.some(({ id }) => id === refund?.id) ?? false
  }
}

/** Before a store that broke off is asked what it has. */
const STORE_PAUSE_MS = 250

/** A store that breaks off each time is not tried for ever: the merchant may repeat it. */
const STORE_TRIES_MAX = 20

function judge(record: PaymentRecord, refundId: string): CreateRefundResult {
  const refund = record.refunds.find(({ id }) => id === refundId)
  if (refund === undefined) throw new Error(`Refund ${refundId} is gone from its payment`)
  const status = refund.status === 'pending' ? 'processing' : refund.status
  return { status, refund, record }
}

function checkRequest({ amount, reference, reason, ...request }: CreateRefundRequest): void {
  if (amount !== undefined && (!Number.isSafeInteger(amount) || amount < 1)) {
    throw new RangeError('amount is whole fen, 1 or more')
  }
  if (reference !== undefined && !isPlainText(reference, 1, 128)) {
    throw new RangeError('reference has 1 to 128 characters, none of them a control character')
  }
  if (reason !== undefined && !isPlainText(reason, 0, 256)) {
    throw new RangeError('reason has at most 256 characters, none of them a control character')
  }
  checkMetadata(request.metadata)
  const { idempotencyKey } = request
  if (idempotencyKey !== undefined && !isPlainText(idempotencyKey, 1, IDEMPOTENCY_KEY_MAX)) {
    throw new RangeError(
      `idempotencyKey has 1 to ${IDEMPOTENCY_KEY_MAX} characters, none of them a control character`,
    )
  }
}
