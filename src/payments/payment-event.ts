/**
 * Events: what happened, told to the merchant. One per change, stored in the commit that made it.
 *
 * @module
 */

import type { Instant } from '../alipay/index.ts'

/** What a transition tells. */
export interface PaymentEvent {
  readonly type: PaymentEventType
  /** The refund that it is about; `undefined` where it is about the payment. */
  readonly refundId?: string
}

/** The kinds of events. */
export type PaymentEventType =
  | 'payment.created'
  | 'payment.pending'
  | 'payment.scanned'
  | 'payment.closing'
  | 'payment.succeeded'
  | 'payment.succeeded_late'
  | 'payment.refunded_by_cancel'
  | 'payment.duplicate'
  | 'payment.expired'
  | 'payment.canceled'
  | 'payment.failed'
  | 'payment.review_required'
  | 'payment.review_resolved'
  | 'refund.created'
  | 'refund.processing'
  | 'refund.requires_action'
  | 'refund.succeeded'
  | 'refund.failed'
  | 'refund.canceled'
  | 'refund.external'

/** The kinds of events about the books, which are stored in the commit of a run. */
export type ReconciliationEventType =
  'reconciliation.balanced' | 'reconciliation.differs' | 'reconciliation.failed'

/** All kinds of events. */
export type EventType = PaymentEventType | ReconciliationEventType

/** An event as it is stored. */
export interface NewEvent extends PaymentEvent {
  /** `evt_…`. */
  readonly id: string
  /**
   * Counts the events of its payment, or of its refund, from 1: a receiver that has seen a higher
   * one drops it.
   */
  readonly sequence: number
  readonly createdAt: Instant
  /** JSON of `{ object, previous }`: the payment or the refund as it was committed. */
  readonly data: string
}

/** An event as it is read: in the order of commits. */
export interface StoredEvent extends Omit<NewEvent, 'type'> {
  readonly type: EventType
  /** What it is about: a payment, also where it is about its refund, or a reconciliation. */
  readonly paymentId: string
  /** Grows with each commit, never passes over one that is still under way. */
  readonly position: number
}
