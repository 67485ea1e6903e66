/**
 * A refund that waits for approval, in the words of the API.
 *
 * @module
 */
import type { RefundRequest } from '../access/index.ts'
import { formatRfc3339 } from '../alipay/index.ts'

/** Writes it. */
export function requestJson(request: RefundRequest) {
  const { decidedAt } = request
  return {
    id: request.id,
    object: 'refund_request',
    payment: request.paymentId,
    amount: request.amount,
    currency: 'cny',
    reference: request.reference,
    reason: request.reason,
    metadata: request.metadata,
    status: request.status,
    requested_by: request.requestedBy,
    created_at: formatRfc3339(request.requestedAt),
    decided_by: request.decidedBy,
    decided_at: decidedAt === null ? null : formatRfc3339(decidedAt),
    refund: request.refundId,
    failure: request.failure,
  }
}
