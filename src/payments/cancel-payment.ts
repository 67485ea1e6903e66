/**
 * The merchant gives a sale up: the same procedure as at the deadline, with another reason.
 *
 * @module
 */

import { commitEvidence } from './commit.ts'
import type { PaymentRecord } from './payment.ts'
import type { Worker, WorkerContext } from './worker.ts'

/** What became of it. */
export type CancelPaymentResult =
  /** Proven unpaid. */
  | { readonly status: 'canceled'; readonly record: PaymentRecord }
  /** Given up; the proof is being fetched and comes as an event. */
  | { readonly status: 'closing'; readonly record: PaymentRecord }
  /** Paid, so there is nothing to give up: refund it. Also where it was paid in that moment. */
  | { readonly status: 'already_paid'; readonly record: PaymentRecord }
  /** Had ended before: expired or refused. */
  | { readonly status: 'ended'; readonly record: PaymentRecord }
  | { readonly status: 'not_found' }

/** Gives a payment up: query, and if the buyer has not paid, cancel. */
export async function cancelPayment(
  context: WorkerContext,
  worker: Worker,
  found: PaymentRecord,
): Promise<Exclude<CancelPaymentResult, { readonly status: 'not_found' }>> {
  const { store } = context
  const { id } = found.payment
  const { record } = await commitEvidence(context, found, { kind: 'cancel_requested' })
  const lease = worker.lease()
  const claimed = await store.claim(id, lease)
  // Somebody else is at it, and will find that the payment is closing.
  return judge(claimed === undefined ? record : await worker.advance(claimed, lease))
}

function judge(
  record: PaymentRecord,
): Exclude<CancelPaymentResult, { readonly status: 'not_found' }> {
  switch (record.payment.status) {
    case 'canceled':
      return { status: 'canceled', record }
    case 'succeeded':
      return { status: 'already_paid', record }
    case 'expired':
    case 'failed':
      return { status: 'ended', record }
    case 'created':
    case 'pending':
    case 'closing':
      return { status: 'closing', record }
  }
}
