/**
 * What access asks of a store. Each function is one transaction, and resolves only once that is
 * durable. It holds what belongs to all applications of a database.
 *
 * @module
 */

import type { Instant } from '../alipay/index.ts'
import type { ApiKey } from './api-key.ts'
import type { App, AppChange } from './app.ts'
import type { AuditEntry, AuditRange } from './audit.ts'
import type { StoredCredential } from './credential.ts'

/** Keeps applications, their keys, and who did what. */
export interface AccessStore {
  /** Stores a new application; `false` where there is one of its id. */
  insertApp(app: App): Promise<boolean>
  /** Changes one that was added to a server; `undefined` where it was not. */
  updateApp(
    homeId: string,
    id: string,
    change: AppChange & Pick<App, 'updatedAt'>,
  ): Promise<App | undefined>
  /** Takes one away that is retired; `false` where there is none such. */
  deleteApp(homeId: string, id: string): Promise<boolean>
  /** Those that were added to a server, oldest first. */
  listApps(homeId: string): Promise<App[]>

  insertCredential(credential: StoredCredential): Promise<void>
  /** Writes a credential that still has the status `believed`; `false` if it has not. */
  updateCredential(
    credential: StoredCredential,
    believed: StoredCredential['status'],
  ): Promise<boolean>
  /** Those of an application, oldest first. */
  listCredentials(appId: string): Promise<StoredCredential[]>

  /** Stores a new key; one with its hash is left as it is. */
  insertApiKey(key: ApiKey): Promise<void>
  findApiKeyByHash(hash: string): Promise<ApiKey | undefined>
  /** Those of an application, newest first. */
  listApiKeys(appId: string): Promise<ApiKey[]>
  updateApiKey(
    appId: string,
    id: string,
    change: Partial<Pick<ApiKey, 'name' | 'expiresAt' | 'revokedAt'>>,
  ): Promise<ApiKey | undefined>
  /** Notes when keys were last used. */
  touchApiKeys(uses: readonly { readonly id: string; readonly at: Instant }[]): Promise<void>

  /**
   * Takes a named request in hand, or tells what became of it.
   *
   * - `held`: the caller answers it, and gives the answer with {@link AccessStore.finishRequest}.
   *   `isRepeat`: somebody had begun to, and stopped without an answer.
   * - `other_request`: the key was used for a request of other content.
   * - `in_progress`: somebody answers it now.
   * - `answered`: the answer, as it was given.
   */
  beginRequest(request: NamedRequest, holder: string, holdMs: number): Promise<BegunRequest>
  /** Keeps the answer, for as long as {@link AccessStore.forgetRequests} leaves it. */
  finishRequest(request: NamedRequest, holder: string, answer: KeptAnswer): Promise<void>
  /** Gives a request back without an answer: a repeat goes on with it at once. */
  releaseRequest(request: NamedRequest, holder: string): Promise<void>
  /** Drops requests from before an instant, a bounded number at a time; returns how many. */
  forgetRequests(before: Instant): Promise<number>

  insertAuditEntry(entry: AuditEntry): Promise<void>
  /** Newest first, those before the entry `before`. */
  listAuditEntries(appId: string, range: AuditRange): Promise<AuditEntry[]>
}

/** A request that was sent with an `Idempotency-Key`. */
export interface NamedRequest {
  readonly appId: string
  /** Method and pattern, e.g. `POST /v1/payments`. */
  readonly route: string
  readonly key: string
  /** SHA-256 of the address and the body. */
  readonly hash: string
  readonly createdAt: Instant
}

/** An answer as it is given again. */
export interface KeptAnswer {
  readonly status: number
  /** JSON; in the store sealed, where it tells a secret. */
  readonly body: string
}

/** What became of the wish to answer a named request. */
export type BegunRequest =
  | { readonly status: 'held'; readonly isRepeat: boolean }
  | { readonly status: 'other_request' | 'in_progress' }
  | { readonly status: 'answered'; readonly answer: KeptAnswer }
