/**
 * Sessions of people who have signed in: a random token in a cookie, of which only a hash is kept.
 *
 * @module
 * @see https://cheatsheetseries.owasp.org/cheatsheets/Session_Management_Cheat_Sheet.html
 */

import { createHmac, randomBytes } from 'node:crypto'
import type { Instant } from '../alipay/index.ts'
import { hashOf } from './api-key.ts'
import type { StoredSession, User } from './user.ts'

/** A session ends when it was not used for so long, in milliseconds. */
export const SESSION_IDLE_MS = 2 * 3_600_000

/** It ends so long after signing in, however much it is used, in milliseconds: a long day. */
export const SESSION_MAX_MS = 12 * 3_600_000

/** That a session was used is noted no more often than this, in milliseconds. */
export const SESSION_NOTED_MS = 60_000

/** A session that holds now. */
export interface Session {
  /** SHA-256 of the token; names the session, and opens nothing. */
  readonly hash: string
  readonly user: User
  /** What every request that changes something must carry beside the cookie. */
  readonly csrf: string
}

/** Somebody who has just signed in. */
export interface SignedIn {
  readonly session: Session
  /** What the cookie holds; told this once. */
  readonly token: string
}

/** 256 random bits. */
export function newSessionToken(): string {
  return randomBytes(32).toString('base64url')
}

/** The session that a token opens. */
export function sessionOf(token: string, user: User): Session {
  const csrf = createHmac('sha256', token).update('csrf').digest('base64url')
  return { hash: hashOf(token), user, csrf }
}

/** Whether a session still holds. */
export function isAlive(
  { createdAt, lastSeenAt }: Pick<StoredSession, 'createdAt' | 'lastSeenAt'>,
  now: Instant,
): boolean {
  return now - lastSeenAt < SESSION_IDLE_MS && now - createdAt < SESSION_MAX_MS
}
