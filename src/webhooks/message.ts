/**
 * What is sent: an event as JSON. The same bytes at each attempt, for they are made of what is
 * stored and of nothing else.
 *
 * @module
 */

import { formatRfc3339, type Instant } from '../alipay/index.ts'
import type { NewEvent } from '../payments/payment-event.ts'
import { TEST_TYPE } from './event-types.ts'

/** What a receiver gets. */
export interface WebhookMessage {
  /** The event's id. */
  readonly id: string
  /** JSON: `{ id, type, timestamp, sequence, data: { object, previous } }`. */
  readonly body: string
}

/** The message of an event. */
export function eventMessage(
  event: Pick<NewEvent, 'id' | 'sequence' | 'createdAt' | 'data'> & { readonly type: string },
): WebhookMessage {
  const { id, type, createdAt, sequence, data } = event
  const head = JSON.stringify({ id, type, timestamp: formatRfc3339(createdAt), sequence })
  // The data goes in as the text that was stored: written again it might come out otherwise.
  return { id, body: `${head.slice(0, -1)},"data":${data}}` }
}

/** A message that only tries an endpoint out. */
export function testMessage(id: string, endpointId: string, now: Instant): WebhookMessage {
  const object = { object: 'webhook_endpoint', id: endpointId }
  const data = JSON.stringify({ object, previous: null })
  return eventMessage({ id, type: TEST_TYPE, sequence: 1, createdAt: now, data })
}
