/**
 * What a message from Alipay is checked against.
 *
 * @module
 */

import type { KeyObject } from 'node:crypto'
import type { SignType } from './keys.ts'

/**
 * What a message is checked against: the keys that Alipay may have signed with, and the pinned
 * algorithm.
 */
export interface NotificationTrust {
  /** Alipay's public keys that are valid now; usually one, two while keys change. */
  readonly alipayPublicKeys: readonly KeyObject[]
  /** The configured algorithm. A message that names another one is refused. */
  readonly signType: SignType
  /** The application's own public key, to recognise it where it was configured by mistake. */
  readonly applicationPublicKey?: KeyObject | undefined
}
