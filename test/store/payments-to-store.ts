/**
 * Payments to be stored.
 *
 * @module
 */

import { addMs, toInstant } from '../../src/alipay/index.ts'
import type {
  Lease,
  NewEvent,
  Payment,
  PaymentCommit,
  PaymentStore,
  Refund,
  ScheduleMove,
} from '../../src/payments/index.ts'
import { payment as anyPayment, refund as anyRefund } from '../payments/records.ts'

/** When every payment here was created. */
export const opening = toInstant(1_795_400_000_000)

let count = 0

/** A new lease of 90 s. */
export function lease(ms = 90_000): Lease {
  return { token: `lease_${++count}`, ms }
}

/** A payment of 88.88 yuan whose code is shown. */
export function payment(id: string, change: Partial<Payment> = {}): Payment {
  return anyPayment({
    id,
    version: 1,
    reference: null,
    outTradeNo: `sm_${id}`,
    checkoutToken: `token_${id}`,
    createdAt: opening,
    updatedAt: opening,
    expiresAt: addMs(opening, 300_000),
    shownAt: opening,
    events: 1,
    nextStepAt: addMs(opening, 5_000),
    ...change,
  })
}

/** A refund of 30.00 yuan that was not sent yet. */
export function refund(paymentId: string, id: string, change: Partial<Refund> = {}): Refund {
  return anyRefund({
    id,
    paymentId,
    reference: null,
    outRequestNo: `rf_${id}`,
    createdAt: opening,
    updatedAt: opening,
    nextStepAt: opening,
    ...change,
  })
}

/** What else a commit may say. */
export type CommitChange = Partial<Omit<PaymentCommit, 'record'>>

/**
 * A commit about a payment, due at once, with one event and one line in its timeline; its names are
 * made from its id.
 */
export function commitOf(
  id: string,
  change: Partial<Payment> = {},
  refunds: readonly Refund[] = [],
  rest: CommitChange = {},
): PaymentCommit {
  const record = { payment: payment(id, change), refunds }
  const { version, status } = record.payment
  return {
    record,
    refunds,
    events: [event(id, { sequence: version })],
    timeline: [
      {
        at: opening,
        kind: 'created',
        source: 'merchant',
        summary: { id },
        version,
        from: null,
        to: status,
        raw: null,
      },
    ],
    dueInMs: 0,
    release: null,
    requiresReference: false,
    ...rest,
  }
}

/** An event that was never told before. */
export function event(paymentId: string, change: Partial<NewEvent> = {}): NewEvent {
  return {
    id: `evt_${paymentId}_${++count}`,
    type: 'payment.created',
    sequence: 1,
    createdAt: opening,
    data: JSON.stringify({ object: { id: paymentId }, previous: null }),
    ...change,
  }
}

/** A move of a payment's schedule. */
export function moveOf(
  id: string,
  change: Partial<Payment> = {},
  rest: Partial<ScheduleMove> = {},
): ScheduleMove {
  return {
    record: { payment: payment(id, change), refunds: [] },
    dueInMs: 0,
    release: null,
    ...rest,
  }
}

/** Stores a payment and gives its lease back. */
export async function add(
  store: PaymentStore,
  id: string,
  change: Partial<Payment> = {},
  rest: CommitChange = {},
): Promise<void> {
  const held = lease()
  const commit = commitOf(id, change, [], rest)
  await store.insert(commit, held)
  await store.release(held, id, commit.dueInMs)
}
