/**
 * What every refund begins as.
 *
 * @module
 */

import type { Instant } from '../alipay/index.ts'
import { NO_METADATA, type Metadata, type Refund } from './payment.ts'

/** What is known of a refund when it begins. */
export type RefundOrder = Pick<
  Refund,
  'id' | 'paymentId' | 'outRequestNo' | 'amount' | 'source' | 'reference' | 'reason'
> & { readonly metadata?: Metadata }

/** A refund that nobody has sent: it is due at once. */
export function newRefund(order: RefundOrder, now: Instant): Refund {
  return {
    metadata: NO_METADATA,
    ...order,
    status: 'pending',
    createdAt: now,
    updatedAt: now,
    nextCall: 'refund',
    sentAt: null,
    succeededAt: null,
    cancelRequestedAt: null,
    failure: null,
    outcome: 'not_applied',
    unknownCalls: 0,
    events: 0,
    nextStepAt: now,
  }
}
