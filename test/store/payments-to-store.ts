/**
 * Payments to be stored.
 *
 * @module
 */

import { addMs, toInstant } from '../../src/alipay/index.ts'
import type { Lease, Payment, PaymentCommit, Refund } from '../../src/payments/index.ts'
import { payment } from '../payments/records.ts'

export const opening = toInstant(1_795_400_000_000)

let leases = 0

/** A new lease of 90 s. */
export function lease(now = opening): Lease {
  return { token: `lease_${++leases}`, until: addMs(now, 90_000) }
}

/** The commit that stores a payment; its names are made from its id. */
export function commitOf(
  id: string,
  change: Partial<Payment> = {},
  refunds: readonly Refund[] = [],
): PaymentCommit {
  const names = { outTradeNo: `sm_${id}`, checkoutToken: `token_${id}`, reference: null }
  return {
    record: { payment: payment({ id, version: 1, ...names, ...change }), refunds },
    events: [{ type: 'payment.created' }],
    timeline: [{ at: opening, kind: 'created', source: 'merchant', summary: { id } }],
  }
}
