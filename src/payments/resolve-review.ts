/**
 * A person decides about a payment that was held for review.
 *
 * @module
 */

import { commitEvidence } from './commit.ts'
import { createRefund } from './create-refund.ts'
import { outRequestNoFor } from './identifiers.ts'
import { amountRefundable, type PaymentRecord, type Refund } from './payment.ts'
import type { Worker, WorkerContext } from './worker.ts'

/** What became of it. */
export type ResolveReviewResult =
  | { readonly status: 'resolved'; readonly record: PaymentRecord }
  /** Nobody has to look at it. */
  | { readonly status: 'nothing_to_resolve'; readonly record: PaymentRecord }
  /** It holds no money that could go back. */
  | { readonly status: 'nothing_to_refund'; readonly record: PaymentRecord }
  /** Alipay definitely said no to the refund: it is still to be decided about. */
  | {
      readonly status: 'refund_refused'
      readonly refund: Refund
      readonly record: PaymentRecord
    }
  | { readonly status: 'not_found' }

/**
 * The refund of a review has one name, so that a repeat is the same refund; one that came to
 * nothing is followed by another. Its blank keeps it apart from all that come as an
 * `Idempotency-Key`.
 */
function refundOfReview({ payment, refunds }: PaymentRecord): {
  readonly idempotencyKey: string
  readonly known: Refund | undefined
} {
  for (let count = 1; ; count++) {
    const idempotencyKey = `review ${count}`
    const name = { id: '', reference: null, idempotencyKey }
    const outRequestNo = outRequestNoFor(payment.outTradeNo, name)
    const known = refunds.find((refund) => refund.outRequestNo === outRequestNo)
    if (known?.status !== 'failed' && known?.status !== 'canceled') return { idempotencyKey, known }
  }
}

/**
 * Ends a review: the money is kept, or all that is left of it goes back.
 *
 * @param action `accept` or `refund`.
 */
export async function resolveReview(
  context: WorkerContext,
  worker: Worker,
  id: string,
  action: 'accept' | 'refund',
): Promise<ResolveReviewResult> {
  const { store } = context
  const found = await store.find({ id })
  if (found === undefined) return { status: 'not_found' }
  if (found.payment.review === null) return { status: 'nothing_to_resolve', record: found }
  if (action === 'refund') {
    const { idempotencyKey, known } = refundOfReview(found)
    const isLeft = found.payment.status === 'succeeded' && amountRefundable(found) > 0
    if (known === undefined && !isLeft) return { status: 'nothing_to_refund', record: found }
    // First the refund: should the process die after it, the review is open and can be repeated.
    const made = await createRefund(context, worker, { paymentId: id, idempotencyKey })
    if (!('refund' in made)) return { status: 'nothing_to_refund', record: found }
    if (made.status === 'failed') return { ...made, status: 'refund_refused' }
  }
  const read = (await store.find({ id })) ?? found
  const { record } = await commitEvidence(context, read, { kind: 'review_resolved', action })
  return { status: 'resolved', record }
}
