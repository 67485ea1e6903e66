/**
 * Who changed what: one entry for each change that somebody made.
 *
 * @module
 */

import type { Instant } from '../alipay/index.ts'

/** Which entries. All that is given must hold. */
export interface AuditRange {
  readonly limit: number
  /** Only those that come after this entry in the list, which are older. */
  readonly before?: string | undefined
  /** The id of who did it. */
  readonly actor?: string | undefined
  readonly action?: string | undefined
}

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
  /** What: an {@link AuditAction}, or one of another version. */
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
