/**
 * The kinds of events that an endpoint can ask for.
 *
 * @module
 */

import type { EventType } from '../payments/payment-event.ts'

// As an object, so that a kind that is missing here does not compile.
const KINDS: Readonly<Record<EventType, true>> = {
  'payment.created': true,
  'payment.pending': true,
  'payment.scanned': true,
  'payment.closing': true,
  'payment.succeeded': true,
  'payment.succeeded_late': true,
  'payment.refunded_by_cancel': true,
  'payment.duplicate': true,
  'payment.expired': true,
  'payment.canceled': true,
  'payment.failed': true,
  'payment.review_required': true,
  'payment.review_resolved': true,
  'refund.created': true,
  'refund.processing': true,
  'refund.requires_action': true,
  'refund.succeeded': true,
  'refund.failed': true,
  'refund.canceled': true,
  'refund.external': true,
  'reconciliation.balanced': true,
  'reconciliation.differs': true,
  'reconciliation.failed': true,
}

/** All kinds of events. */
export const EVENT_TYPES = Object.keys(KINDS) as readonly EventType[]

/** The kind of the message that only tries an endpoint out. */
export const TEST_TYPE = 'webhook.test'

/** What an endpoint is told: these kinds, or all, also those that are yet to come. */
export type TypeFilter = '*' | readonly EventType[]

/** Whether a text names a kind of events. */
export function isEventType(text: string): text is EventType {
  return Object.hasOwn(KINDS, text)
}

/** Whether an endpoint wants to be told. */
export function wants(filter: TypeFilter, type: EventType): boolean {
  return filter === '*' || filter.includes(type)
}

/** Writes a filter for the store: `*`, or `,payment.succeeded,refund.failed,`. */
export function formatTypeFilter(filter: TypeFilter): string {
  return filter === '*' ? '*' : `,${filter.join(',')},`
}

/** Reads what {@link formatTypeFilter} wrote. A kind that is not known any more is left out. */
export function parseTypeFilter(text: string): TypeFilter {
  return text === '*' ? '*' : text.split(',').filter(isEventType)
}
