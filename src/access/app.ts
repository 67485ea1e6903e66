/**
 * An application at Alipay that payments are taken for. Everything belongs to one: its payments,
 * its API keys, its endpoints.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import type { Instant } from '../alipay/index.ts'
import type { PaymentRules } from '../payments/index.ts'

/** An application at Alipay. */
export interface App {
  /** `app_…`, derived from the mode and the APPID: the same in every database. */
  readonly id: string
  /** Whose rows a store holds, e.g. `live 2021000000000000`. */
  readonly identity: string
  /** The APPID, 16 digits. */
  readonly alipayAppId: string
  /** The gateway's address; production is live, all others are test. */
  readonly gateway: string
  readonly mode: 'live' | 'test'
  /** For people. */
  readonly name: string
  readonly productCode: string
  /** The receiving account; `null` for that of the contract. */
  readonly sellerId: string | null
  /** What differs from the default rules. */
  readonly rules: Partial<PaymentRules>
  /** The unguessable part of the notify address, sealed for the app's id. */
  readonly sealedNotifyToken: string
  readonly createdAt: Instant
  readonly updatedAt: Instant
}

/** The id of the application of an identity: the same in every database. */
export function appIdOf(identity: string): string {
  return `app_${createHash('sha256').update(`app ${identity}`).digest('hex').slice(0, 24)}`
}
