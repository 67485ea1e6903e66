/**
 * Gives money back: the amount is reserved and the number committed, then the gateway is asked.
 *
 * @module
 */

import type { Fen } from '../alipay/index.ts'
import { newRefundId, outRequestNoFor } from './identifiers.ts'
import { amountRefundable, type PaymentRecord, type Refund } from './payment.ts'
import { isPlainText } from './plain-text.ts'
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
}

/** What became of it: made now, or found by its reference. */
export type CreateRefundResult =
  | {
      readonly status: 'succeeded' | 'processing' | 'requires_action' | 'failed'
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
  for (;;) {
    const { store, clock, watchers } = context
    const found = await store.find({ id: request.paymentId })
    if (found === undefined) return { status: 'not_found' }
    const { payment, refunds } = found
    const { reference = null } = request
    const id = newRefundId()
    const outRequestNo = outRequestNoFor(payment.outTradeNo, { id, reference })
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
    if (payment.status !== 'succeeded') return { status: 'not_paid', record: found }
    const refundable = amountRefundable(found)
    const amount = request.amount ?? refundable
    if (amount > refundable || refundable === 0) {
      return { status: 'amount_too_large', refundable, record: found }
    }

    const now = clock.now()
    const refund: Refund = {
      id,
      paymentId: payment.id,
      reference,
      amount,
      reason: request.reason ?? null,
      status: 'pending',
      outRequestNo,
      source: 'api',
      createdAt: now,
      updatedAt: now,
      nextCall: 'refund',
      sentAt: null,
      succeededAt: null,
      failure: null,
      outcome: 'not_applied',
      unknownCalls: 0,
      nextStepAt: now,
    }
    const record: PaymentRecord = {
      payment: { ...payment, version: payment.version + 1, updatedAt: now },
      refunds: [...refunds, refund],
    }
    const saved = await store.save({
      record,
      events: [{ type: 'refund.created', refundId: id }],
      timeline: [
        { at: now, kind: 'refund_created', source: 'merchant', summary: { refundId: id, amount } },
      ],
    })
    // Somebody else changed the payment: what is left may be less now.
    if (!saved) continue
    watchers.tell(record)
    const lease = worker.lease()
    const claimed = await store.claim(payment.id, now, lease)
    return judge(claimed === undefined ? record : await worker.advance(claimed, lease), id)
  }
}

function judge(record: PaymentRecord, refundId: string): CreateRefundResult {
  const refund = record.refunds.find(({ id }) => id === refundId)
  if (refund === undefined) throw new Error(`Refund ${refundId} is gone from its payment`)
  const status =
    refund.status === 'pending'
      ? 'processing'
      : refund.status === 'canceled'
        ? 'failed'
        : refund.status
  return { status, refund, record }
}

function checkRequest({ amount, reference, reason }: CreateRefundRequest): void {
  if (amount !== undefined && (!Number.isSafeInteger(amount) || amount < 1)) {
    throw new RangeError('amount is whole fen, 1 or more')
  }
  if (reference !== undefined && !isPlainText(reference, 1, 128)) {
    throw new RangeError('reference has 1 to 128 characters, none of them a control character')
  }
  if (reason !== undefined && !isPlainText(reason, 0, 256)) {
    throw new RangeError('reason has at most 256 characters, none of them a control character')
  }
}
