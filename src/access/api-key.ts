/**
 * API keys: who may ask. Only a hash is kept of them.
 *
 * @module
 */

import { hash, randomBytes } from 'node:crypto'
import type { Instant } from '../alipay/index.ts'
import type { RandomBytes } from '../payments/identifiers.ts'
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

/** Random bytes of a key. */
export const KEY_BYTES = 24

/**
 * Makes the text of a key, e.g. `sk_test_` and 48 hexadecimal digits.
 *
 * @param kind `sk` may do everything, `rk` what its scopes say.
 */
export function newApiKeyText(
  kind: 'sk' | 'rk',
  mode: 'live' | 'test',
  random: RandomBytes = randomBytes,
): string {
  return `${kind}_${mode}_${Buffer.from(random(KEY_BYTES)).toString('hex')}`
}

/** What is kept of a key. It has enough random bits to need no salt. */
export function hashOf(key: string): string {
  return hash('sha256', key, 'hex')
}

/** What people recognise a key by: its beginning and its end. */
export function hintOf(key: string): string {
  const prefix = /^[a-z]+_(?:live|test)_/.exec(key)?.[0] ?? ''
  const rest = key.slice(prefix.length)
  // Of a short one, such as one that was typed by hand, nothing can be shown.
  return rest.length < 24 ? `${prefix}…` : `${prefix}${rest.slice(0, 4)}…${rest.slice(-4)}`
}

/** Whether a key opens anything now. */
export function isUsable({ expiresAt, revokedAt }: ApiKey, now: Instant): boolean {
  return revokedAt === null && (expiresAt === null || now < expiresAt)
}
