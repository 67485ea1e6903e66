/**
 * What webhooks ask of a store. Each function is one transaction, unless it says otherwise, and
 * resolves only once that is durable. A store holds the endpoints of one application and mode.
 *
 * Deliveries are made by the commit of their event, one for each enabled endpoint that wants its
 * kind; here they are claimed, and what came of them is written.
 *
 * @module
 */

import type { Instant } from '../alipay/index.ts'
import type { NewEvent } from '../payments/payment-event.ts'
import type { Lease } from '../payments/payment-store.ts'
import type { AttemptResult } from './attempt.ts'
import type { WebhookEndpoint } from './endpoint.ts'
import type { KeptSecrets } from './secret.ts'
import type { Settlement } from './settlement.ts'

/** Keeps endpoints, and what is sent to them. */
export interface WebhookStore {
  /** Stores a new endpoint; `too_many` if there are `max` or more. */
  insertEndpoint(endpoint: WebhookEndpoint, max: number): Promise<'inserted' | 'too_many'>
  findEndpoint(id: string): Promise<WebhookEndpoint | undefined>
  /** All, oldest first. */
  listEndpoints(): Promise<WebhookEndpoint[]>
  /**
   * Changes an endpoint.
   *
   * @param believed The secrets that the change was made from, where it changes them.
   * @returns The endpoint as it is now; `outdated` if its secrets are others than `believed`.
   */
  updateEndpoint(
    id: string,
    change: EndpointChange,
    believed?: KeptSecrets,
  ): Promise<WebhookEndpoint | 'outdated' | undefined>
  /**
   * Removes an endpoint with its deliveries; events stay. In several transactions: if it is
   * interrupted, the endpoint is still there, disabled, and may be deleted again.
   *
   * @returns `false` if there is none.
   */
  deleteEndpoint(id: string): Promise<boolean>
  /**
   * Takes the lease of deliveries that are due, of enabled endpoints that are not paused, the
   * longest due first, and no more of one endpoint than may be in flight on all nodes together.
   */
  claimDue(claim: DeliveryClaim): Promise<ClaimedDelivery[]>
  /**
   * Writes an attempt, what follows for its delivery and for its endpoint, and gives the lease
   * back: all or nothing. Where the lease was lost, the schedule belongs to who has it now, and
   * only a success is written down for the delivery.
   *
   * @returns `outdated` if the endpoint is not what the settlement was made from any more.
   */
  settleAttempt(commit: AttemptCommit): Promise<'settled' | 'outdated'>
  /** The deliveries of an endpoint with their attempts, newest first. */
  listDeliveries(endpointId: string, range: DeliveryRange): Promise<WebhookDelivery[]>
  /**
   * Makes a delivery due before all others of its endpoint, whatever became of it, and ends a pause
   * of the endpoint.
   */
  redeliver(deliveryId: string): Promise<'due' | 'in_flight' | 'endpoint_disabled' | 'not_found'>
  /**
   * Makes all events since an instant due for an endpoint that were not delivered to it, also those
   * that it has no delivery of, in the order in which they happened. In several transactions: if it
   * is interrupted, it may be repeated.
   *
   * @returns How many deliveries were made due.
   */
  recover(endpointId: string, since: Instant): Promise<number>
  /**
   * Makes an event due for every enabled endpoint that wants its kind, delivered or not.
   *
   * @returns How many deliveries were made due; `undefined` if there is no such event.
   */
  resend(eventId: string): Promise<number | undefined>
}

/** What may change in an endpoint at somebody's wish. */
export type EndpointChange = Partial<Omit<WebhookEndpoint, 'id' | 'createdAt' | 'updatedAt'>> & {
  readonly updatedAt: Instant
}

/** What is claimed. */
export interface DeliveryClaim {
  /** Deliveries at the most. */
  readonly limit: number
  readonly lease: Lease
  /** Deliveries of one endpoint that may be in flight. */
  readonly inFlightMax: number
  /** With so many failures in a row or more, no more than so many may be in flight. */
  readonly failing: { readonly failures: number; readonly inFlightMax: number }
}

/** A delivery that is leased. */
export interface ClaimedDelivery {
  readonly id: string
  /** Attempts since it was last made due by a person. */
  readonly attempts: number
  readonly createdAt: Instant
  readonly endpoint: WebhookEndpoint
  /** `null` where the event is not kept any more. */
  readonly event:
    | (Pick<NewEvent, 'id' | 'sequence' | 'createdAt' | 'data'> & {
        readonly type: string
      })
    | null
}

/** What came of an attempt. */
export interface AttemptCommit {
  readonly deliveryId: string
  readonly lease: Lease
  readonly result: AttemptResult
  /** The endpoint that the settlement was made from. */
  readonly believed: WebhookEndpoint
  readonly settlement: Settlement
}

/** Which deliveries are listed. */
export interface DeliveryRange {
  readonly limit: number
  /** Those older than the delivery with this id. */
  readonly before?: string | undefined
  readonly status?: WebhookDelivery['status'] | undefined
}

/** An event for an endpoint. */
export interface WebhookDelivery {
  /** `whd_…` */
  readonly id: string
  readonly endpointId: string
  readonly eventId: string
  /** The event's kind; `null` where the event is not kept any more. */
  readonly type: string | null
  /** `failed`: given up. */
  readonly status: 'pending' | 'succeeded' | 'failed'
  /** Attempts since it was last made due by a person. */
  readonly attempts: number
  readonly createdAt: Instant
  /** When it succeeded or was given up. */
  readonly finishedAt: Instant | null
  /** Milliseconds until it is tried again, 0 where it is due; `null` where it will not be. */
  readonly dueInMs: number | null
  /** The newest attempts, oldest first, {@link ATTEMPTS_LISTED_MAX} at the most. */
  readonly log: readonly DeliveryAttempt[]
}

/** An attempt as it is remembered. */
export type DeliveryAttempt = Pick<
  AttemptResult,
  'at' | 'durationMs' | 'status' | 'error' | 'answer'
>

/** Attempts of one delivery that are listed. */
export const ATTEMPTS_LISTED_MAX = 50

/** The id of the delivery of an event to an endpoint: there is one. */
export function deliveryIdFor(eventId: string, endpointId: string): string {
  return `whd_${eventId.slice(4)}_${endpointId.slice(4)}`
}
