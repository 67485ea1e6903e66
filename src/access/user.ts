/**
 * People who sign in to the back office, and their sessions.
 *
 * @module
 */

import type { Instant } from '../alipay/index.ts'
import type { Reach } from './reach.ts'
import type { Role } from './roles.ts'

/** Somebody who may sign in, without what is secret. */
export interface User {
  /** `usr_…`. */
  readonly id: string
  /** The first application of the server that he belongs to. */
  readonly appId: string
  /** Of its applications, those that he works for. */
  readonly reach: Reach
  /** In small letters; unique in the server. */
  readonly email: string
  readonly name: string
  readonly role: Role
  /** `invited`: has chosen no password yet. `disabled`: may not sign in. */
  readonly status: 'invited' | 'active' | 'disabled'
  /** Whether a code of an authenticator is asked for. */
  readonly totpEnabled: boolean
  /** The language of his screens, `zh` or `en`; `null` for the browser's. */
  readonly locale: Locale | null
  readonly createdAt: Instant
  readonly lastSignInAt: Instant | null
}

/** The languages of the screens. */
export type Locale = 'zh' | 'en'

/** A user as he is kept. */
export interface StoredUser extends User {
  /** Made by `hashPassword`; `null` until he chooses one. */
  readonly passwordHash: string | null
  /** The secret of the authenticator, sealed for the user's id; `null` for none. */
  readonly sealedTotp: string | null
  /** The newest 30 seconds whose code was used: none is taken twice. */
  readonly totpStep: number
  /** Of the link by which he chooses a password, SHA-256; `null` for none. */
  readonly invitationHash: string | null
  readonly invitationExpiresAt: Instant | null
}

/** A session as it is kept: who holds its token is the user. */
export interface StoredSession {
  /** SHA-256 of the token. */
  readonly hash: string
  readonly userId: string
  readonly createdAt: Instant
  readonly lastSeenAt: Instant
}
