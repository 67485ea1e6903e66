/**
 * What users ask of a store. Each function is one transaction, and resolves only once that is
 * durable.
 *
 * @module
 */

import type { Instant } from '../alipay/index.ts'
import type { StoredSession, StoredUser } from './user.ts'

/** Keeps users, their sessions, and how often somebody tried to sign in. */
export interface UserStore {
  /**
   * Stores a new user; `false` where the server has one of this address.
   *
   * @param onlyFirst Stores him only if the server has no user at all.
   */
  insertUser(user: StoredUser, onlyFirst?: boolean): Promise<boolean>
  /** Those of a server, in the order in which they came. */
  listUsers(appId: string): Promise<StoredUser[]>
  findUser(id: string): Promise<StoredUser | undefined>
  findUserByEmail(appId: string, email: string): Promise<StoredUser | undefined>
  findUserByInvitation(hash: string): Promise<StoredUser | undefined>
  /**
   * Changes a user.
   *
   * - `last_owner`: nobody would be left who may do everything; nothing was changed.
   *
   * @param endSessions Ends all his sessions in the same transaction, but for `keep`.
   */
  updateUser(
    appId: string,
    id: string,
    change: UserChange,
    endSessions?: { readonly keep?: string },
  ): Promise<StoredUser | 'last_owner' | undefined>
  /** Takes him away with his sessions. */
  deleteUser(appId: string, id: string): Promise<'deleted' | 'last_owner' | undefined>
  /** Notes that a code of these 30 seconds was used; `false` where one of them or later was. */
  useTotpStep(id: string, step: number): Promise<boolean>

  insertSession(session: StoredSession): Promise<void>
  /** With its user. */
  findSession(
    hash: string,
  ): Promise<{ readonly session: StoredSession; readonly user: StoredUser } | undefined>
  touchSession(hash: string, at: Instant): Promise<void>
  deleteSession(hash: string): Promise<void>
  /** Drops sessions that began, or were last seen, before these. */
  forgetSessions(before: { readonly created: Instant; readonly seen: Instant }): Promise<void>

  /**
   * Counts an attempt before it is made, so that many at once are counted too. The count begins
   * anew `windowMs` after its first.
   */
  countAttempt(
    key: string,
    now: Instant,
    windowMs: number,
  ): Promise<{ readonly count: number; readonly since: Instant }>
  /** Takes the counts of these away. */
  forgetAttempts(keys: readonly string[]): Promise<void>
}

/** What of a user may change. */
export type UserChange = Partial<Omit<StoredUser, 'id' | 'appId' | 'createdAt' | 'totpStep'>>
