/**
 * API keys: who may ask. Only a hash is kept of them.
 *
 * @module
 */

import type { Instant } from '../alipay/index.ts'
import type { Scopes } from './scopes.ts'

/** What is known of an API key. The key itself is told once, when it is made. */
export interface ApiKey {
  /** `key_…`. */
  readonly id: string
  readonly appId: string
  /** For people. */
  readonly name: string
  /** SHA-256 of the key in hexadecimal digits. */
  readonly hash: string
  /** Its beginning and its end, e.g. `sk_test_1a2b…9z8y`. */
  readonly hint: string
  readonly scopes: Scopes
  readonly createdAt: Instant
  /** When it was last used, to the minute; `null` for never. */
  readonly lastUsedAt: Instant | null
  readonly expiresAt: Instant | null
  readonly revokedAt: Instant | null
}
