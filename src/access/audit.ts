/**
 * Who changed what: one entry for each change that somebody made.
 *
 * @module
 */

import type { Instant } from '../alipay/index.ts'

/** A change. */
export interface AuditEntry {
  /** `aud_…`. */
  readonly id: string
  readonly appId: string
  readonly at: Instant
  /** The id of the API key or of the user, or `system`. */
  readonly actor: string
  /** What it was called then; `null` where it has no name. */
  readonly actorName: string | null
  /** What, e.g. `api_key.created`, `payment.canceled`. */
  readonly action: string
  /** What it was done to. */
  readonly objectId: string | null
  /** More about it; no secret and no buyer data. */
  readonly detail: Readonly<Record<string, unknown>>
  /** The `Request-Id` of the request that made it. */
  readonly requestId: string | null
  /** The network address that it came from; `null` where that is not known. */
  readonly address: string | null
}
