/**
 * What the merchant decides about a refund that is under way: to try it now, or to give it up.
 *
 * @module
 */

import { commitEvidence } from './commit.ts'
import type { PaymentRecord, Refund } from './payment.ts'
import type { Worker, WorkerContext } from './worker.ts'

/** What became of it. */
export type DecideRefundResult =
  | { readonly status: 'done'; readonly refund: Refund; readonly record: PaymentRecord }
  /** It is under way or has ended: there is nothing to decide. */
  | { readonly status: 'not_possible'; readonly refund: Refund; readonly record: PaymentRecord }
  | { readonly status: 'not_found' }

/**
 * Tries a refund now that waits for the merchant, such as after topping up the balance. The number
 * and the reservation stay.
 */
export function retryRefund(
  context: WorkerContext,
  worker: Worker,
  refundId: string,
): Promise<DecideRefundResult> {
  const isPossible = ({ status }: Refund): boolean => status === 'requires_action'
  return decideRefund(context, worker, refundId, 'refund_retry_requested', isPossible)
}

/**
 * Gives a refund up: at once where it was never sent, else when Alipay is known not to have made
 * it.
 */
export function cancelRefund(
  context: WorkerContext,
  worker: Worker,
  refundId: string,
): Promise<DecideRefundResult> {
  const isPossible = ({ status }: Refund): boolean =>
    status === 'pending' || status === 'requires_action'
  return decideRefund(context, worker, refundId, 'refund_cancel_requested', isPossible)
}

async function decideRefund(
  context: WorkerContext,
  worker: Worker,
  refundId: string,
  kind: 'refund_retry_requested' | 'refund_cancel_requested',
  isPossible: (refund: Refund) => boolean,
): Promise<DecideRefundResult> {
  const { store } = context
  const found = await store.find({ refundId })
  const before = found && refundOf(found, refundId)
  if (found === undefined || before === undefined) return { status: 'not_found' }
  if (!isPossible(before)) return { status: 'not_possible', refund: before, record: found }
  const { record } = await commitEvidence(context, found, { kind, refundId })
  const lease = worker.lease()
  const claimed = await store.claim(record.payment.id, lease)
  // Somebody else is at it, and will find that it is due.
  const after = claimed === undefined ? record : await worker.advance(claimed, lease)
  return { status: 'done', refund: refundOf(after, refundId) ?? before, record: after }
}

function refundOf({ refunds }: PaymentRecord, refundId: string): Refund | undefined {
  return refunds.find(({ id }) => id === refundId)
}
