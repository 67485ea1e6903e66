/**
 * What the engine asks of a store. Each function is one transaction, and resolves only once that is
 * durable. A store holds the payments of one application and mode.
 *
 * @module
 */

import type { Fen, Instant } from '../alipay/index.ts'
import type { NewEvent, StoredEvent } from './payment-event.ts'
import type { PaymentRecord, PaymentStatus, Refund, RefundStatus } from './payment.ts'
import type { RefundHold } from './refund-hold.ts'

/** Keeps payments. */
export interface PaymentStore {
  /** Whether other processes may write to it. */
  readonly isShared: boolean
  /**
   * Stores a new payment, leased. `taken` if its reference has an open or paid payment already, or
   * its number or its id is taken.
   */
  insert(commit: PaymentCommit, lease: Lease): Promise<'inserted' | 'taken'>
  /**
   * Writes a payment that is still at the version before, with its changed refunds, events and
   * timeline, all or nothing.
   *
   * @returns `outdated` if another was quicker; `reference_taken` if the commit requires its
   *   reference and another payment has it.
   */
  save(commit: PaymentCommit): Promise<'saved' | 'outdated' | 'reference_taken'>
  /** Writes the schedule of a payment alone. `false` if another has written it in between. */
  reschedule(move: ScheduleMove): Promise<boolean>
  find(by: PaymentKey): Promise<PaymentRecord | undefined>
  /** Those of a filter, newest first. */
  list(options: PaymentRange): Promise<PaymentRecord[]>
  /** Refunds, newest first. */
  listRefunds(options: RefundRange): Promise<Refund[]>
  /** All payments of a reference, newest first. */
  listByReference(reference: string): Promise<PaymentRecord[]>
  /** What was learned about a payment, oldest first. */
  timeline(paymentId: string): Promise<TimelineEntry[]>
  /** Events in the order of commits, those after a position; none is ever passed over. */
  eventsAfter(position: number, limit: number): Promise<StoredEvent[]>
  /** Events of a filter, by their ids as cursors. */
  listEvents(options: EventRange): Promise<StoredEvent[]>
  findEvent(id: string): Promise<StoredEvent | undefined>
  /** The position of the newest event, 0 where there is none. */
  lastEventPosition(): Promise<number>
  /**
   * Takes the lease of up to `limit` payments that are due and free: closing, refunds and new ones
   * before open ones, open ones before ended ones, and the longest due first.
   */
  claimDue(limit: number, lease: Lease): Promise<PaymentRecord[]>
  /** Takes the lease of one payment; `undefined` if somebody else holds it. */
  claim(paymentId: string, lease: Lease): Promise<PaymentRecord | undefined>
  /**
   * Gives leases back, where they are still held.
   *
   * @param paymentId All that were taken with the lease's token, where it is `undefined`.
   * @param dueInMs When the payment is next due.
   */
  release(lease: Lease, paymentId?: string, dueInMs?: number | null): Promise<void>
  /** Milliseconds until something is due, 0 where it is already, `null` where nothing will be. */
  nextDueInMs(): Promise<number | null>
  /** Keeps a verified notification of an order that is not known here. */
  storeOrphan(orphan: OrphanNotification): Promise<void>
  /**
   * Keeps a notification that could not be verified, to be looked at again when keys have changed;
   * the newest {@link QUARANTINE_MAX} are kept.
   */
  quarantine(notification: UnverifiedNotification): Promise<void>
  /** The unverified notifications that are kept, oldest first. */
  quarantined(): Promise<readonly (UnverifiedNotification & { readonly id: number })[]>
  /** Forgets one of them. */
  unquarantine(id: number): Promise<void>
  /** What is known of the last restored backup; `undefined` where there was none. */
  refundHold(): Promise<RefundHold | undefined>
  /** Begins to hold refunds, as a restored backup does: nothing is known here since `from`. */
  holdRefunds(from: Instant): Promise<void>
  /** A server runs on the restored backup: what is sold from now on is in the books. */
  closeGap(until: Instant): Promise<void>
  /** Ends the hold. `false` if there is none. */
  liftRefundHold(lift: { readonly by: string; readonly at: Instant }): Promise<boolean>
  /**
   * Calls the listener with the payments that other nodes have committed, as far as they can be
   * heard. A hint and no more. Returns the way to stop.
   */
  hear(listener: (paymentIds: readonly string[]) => void): () => void
}

/** Unverified notifications that are kept at the most. */
export const QUARANTINE_MAX = 1_000

/** One commit about a payment. */
export interface PaymentCommit {
  /** As it shall be; its `version` is one more than the version that it was read at. */
  readonly record: PaymentRecord
  /** Those refunds of the record that are new or changed. */
  readonly refunds: readonly Refund[]
  readonly events: readonly NewEvent[]
  readonly timeline: readonly TimelineEntry[]
  /** Milliseconds until it is next due, by the store's own clock; `null` for never. */
  readonly dueInMs: number | null
  /** The lease that is given back with it; `null` keeps it. */
  readonly release: Lease | null
  /** Fails where the reference is taken; else it then goes without. */
  readonly requiresReference: boolean
}

/** A move of the schedule: nothing was learned, only when to ask again. */
export interface ScheduleMove {
  /** As it shall be; at the version that it was read at. */
  readonly record: PaymentRecord
  /** Milliseconds until it is next due, by the store's own clock; `null` for never. */
  readonly dueInMs: number | null
  /** The lease that is given back with it; `null` keeps it. */
  readonly release: Lease | null
}

/** Which payments, and how many of them at the most. */
export interface PaymentRange extends PaymentFilter {
  readonly limit: number
  /** Only those that come after this payment in the list, which are older. */
  readonly before?: string | undefined
}

/** Which payments. All that is given must hold. */
export interface PaymentFilter {
  readonly reference?: string | undefined
  readonly status?: PaymentStatus | undefined
  /** Created then or later. */
  readonly createdFrom?: Instant | undefined
  /** Created before then. */
  readonly createdBefore?: Instant | undefined
  readonly amount?: Fen | undefined
  /** Only those that a person has to look at. */
  readonly inReview?: boolean | undefined
  /**
   * What a customer or a bill names a payment by: an id or number of ours or of a refund, the
   * reference, Alipay's number or its last 6 digits or more, the masked account.
   */
  readonly search?: string | undefined
}

/** Which refunds, and how many of them at the most. */
export interface RefundRange {
  readonly limit: number
  /** Only those that come after this refund in the list, which are older. */
  readonly before?: string | undefined
  readonly paymentId?: string | undefined
  /** Created then or later. */
  readonly createdFrom?: Instant | undefined
  /** Created before then. */
  readonly createdBefore?: Instant | undefined
  readonly status?: RefundStatus | undefined
}

/** Which events, and how many of them at the most. */
export interface EventRange {
  readonly limit: number
  /** `desc`: newest first, the default; `asc`: in the order of commits, to follow them. */
  readonly order?: 'asc' | 'desc'
  /** Only those that come after this event in that order. */
  readonly after?: string | undefined
  /** Only those of these types. */
  readonly types?: readonly string[] | undefined
  /** Created then or later. */
  readonly createdFrom?: Instant | undefined
  /** Created before then. */
  readonly createdBefore?: Instant | undefined
  /** Only those about this payment and its refunds. */
  readonly paymentId?: string | undefined
  /** `false`: only those that an endpoint has not taken yet, or never will. */
  readonly delivered?: boolean | undefined
}

/** What is found by what. */
export type PaymentKey =
  | { readonly id: string }
  | { readonly outTradeNo: string }
  | { readonly checkoutToken: string }
  | { readonly refundId: string }

/**
 * The right to make calls about a payment. It ends by itself, so that a dead process blocks
 * nothing: by the store's clock, which all nodes share.
 */
export interface Lease {
  readonly token: string
  /** Milliseconds from when it is taken. */
  readonly ms: number
}

/** A line in a payment's timeline: what was learned, from where, and what it changed. */
export interface TimelineEntry {
  readonly at: Instant
  /** The kind of evidence, e.g. `trade`. */
  readonly kind: string
  /** From where: `gateway`, `notification`, `bill`, `merchant`, `clock`, `engine`, `policy`. */
  readonly source: string
  /** What it said, without buyer data. */
  readonly summary: Readonly<Record<string, unknown>>
  /** The version of the payment that it led to. */
  readonly version: number
  /** The status before it; `null` for the first line. */
  readonly from: PaymentStatus | null
  /** The status after it. */
  readonly to: PaymentStatus
  /** The verified message, with buyer data masked; `null` where it was none. */
  readonly raw: string | null
}

/** A verified notification whose order is not known here: kept for people to look at. */
export interface OrphanNotification {
  readonly outTradeNo: string
  readonly receivedAt: Instant
  readonly params: Readonly<Record<string, string | undefined>>
}

/** A notification that nobody could verify. */
export interface UnverifiedNotification {
  readonly receivedAt: Instant
  /** As it came, at most 64 KiB: a character a byte. */
  readonly body: string
}

/**
 * The store cannot be reached, or did not say whether it wrote. The engine reads again and applies
 * its evidence anew.
 */
export class StoreUnavailable extends Error {
  readonly code = 'ERR_STORE_UNAVAILABLE'
  /** Whether the write may have been made all the same. */
  readonly outcome: 'unknown' | 'not_applied'

  constructor(message: string, outcome: 'unknown' | 'not_applied', options?: ErrorOptions) {
    super(message, options)
    this.name = 'StoreUnavailable'
    this.outcome = outcome
  }
}
