/**
 * What a merchant may keep with a payment or a refund: the limits are Stripe's.
 *
 * @module
 * @see https://docs.stripe.com/metadata
 */

import type { Metadata } from './payment.ts'
import { isPlainText } from './plain-text.ts'

/** Names that an object has at the most. */
export const METADATA_KEYS_MAX = 50

/** Longest name, in characters. */
export const METADATA_KEY_MAX = 40

/** Longest value, in characters. */
export const METADATA_VALUE_MAX = 500

/**
 * Checks metadata.
 *
 * @throws {RangeError} If there is too much of it, or if something cannot be kept.
 */
export function checkMetadata(metadata: Metadata = {}): void {
  const entries = Object.entries(metadata)
  const isRight =
    entries.length <= METADATA_KEYS_MAX &&
    entries.every(
      ([key, value]) =>
        isPlainText(key, 1, METADATA_KEY_MAX) &&
        typeof value === 'string' &&
        value.length <= METADATA_VALUE_MAX,
    )
  if (isRight) return
  throw new RangeError(
    `metadata has at most ${METADATA_KEYS_MAX} names of 1 to ${METADATA_KEY_MAX} characters, each with a text of at most ${METADATA_VALUE_MAX}`,
  )
}
