/**
 * What the engine asks of a store. Each function is one transaction, and resolves only once that is
 * durable.
 *
 * @module
 */

import type { Instant } from '../alipay/index.ts'
import type { PaymentEvent, PaymentRecord } from './payment.ts'

/** A line in a payment's timeline: what was learned, from where, and when. */
export interface TimelineEntry {
  readonly at: Instant
  /** The kind of evidence, e.g. `trade`. */
  readonly kind: string
  /** Where it came from: `gateway`, `notification`, `merchant`, `clock`, `engine`. */
  readonly source: string
  /** What it said, without buyer data. */
  readonly summary: Readonly<Record<string, unknown>>
}

/** A verified notification whose order is not known here: kept for people to look at. */
export interface OrphanNotification {
  readonly outTradeNo: string
  readonly receivedAt: Instant
  readonly params: Readonly<Record<string, string | undefined>>
}

/** One commit about a payment. */
export interface PaymentCommit {
  /** As it shall be; its `version` is one more than the version that it was read at. */
  readonly record: PaymentRecord
  readonly events: readonly PaymentEvent[]
  readonly timeline: readonly TimelineEntry[]
}

/** Keeps payments. */
export interface PaymentStore {
  /**
   * Stores a new payment. `false` if its reference has an open or paid payment already, or its
   * number is taken.
   */
  insert(commit: PaymentCommit, lease: Lease): Promise<boolean>
  /** Writes a payment that is still at the version before; `false` if another was quicker. */
  save(commit: PaymentCommit): Promise<boolean>
  find(by: PaymentKey): Promise<PaymentRecord | undefined>
  /** Newest first, those before the payment `before`. */
  list(options: { readonly limit: number; readonly before?: string }): Promise<PaymentRecord[]>
  /** All payments of a reference, newest first. */
  listByReference(reference: string): Promise<PaymentRecord[]>
  timeline(paymentId: string): Promise<TimelineEntry[]>
  storeOrphan(orphan: OrphanNotification): Promise<void>
  /** Takes the lease of up to `limit` payments that are due and free, the longest due first. */
  claimDue(now: Instant, limit: number, lease: Lease): Promise<PaymentRecord[]>
  /** Takes the lease of one payment; `undefined` if somebody else holds it. */
  claim(paymentId: string, now: Instant, lease: Lease): Promise<PaymentRecord | undefined>
  /** Gives a lease back, if it is still this one. */
  release(paymentId: string, lease: Lease): Promise<void>
}

/** What a payment is found by. */
export type PaymentKey =
  | { readonly id: string }
  | { readonly outTradeNo: string }
  | { readonly checkoutToken: string }
  /** The newest payment of this reference. */
  | { readonly reference: string }
  | { readonly refundId: string }

/**
 * The right to make calls about a payment. It ends by itself, so that a dead process blocks
 * nothing.
 */
export interface Lease {
  readonly token: string
  readonly until: Instant
}
