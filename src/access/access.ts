/**
 * Access at work: who asks, whether he may, whether he asked before, and what he changed.
 *
 * @module
 */

import type { Instant } from '../alipay/index.ts'
import type { BegunRequest, KeptAnswer, NamedRequest } from './access-store.ts'
import type { ApiKey } from './api-key.ts'
import type { AuditEntry } from './audit.ts'
import type { Scopes } from './scopes.ts'

/** Who may ask, and who did what. */
export interface Access {
  /**
   * Who a key belongs to; `undefined` for one that is unknown, has expired or was revoked. What was
   * found is believed for {@link KEY_BELIEVED_MS}, so that a revoked key ends on every node within
   * that time.
   */
  authenticate(key: string): Promise<ApiKey | undefined>
  /** Makes a key. The text is told this once. */
  createKey(options: CreateKeyOptions): Promise<{ readonly apiKey: ApiKey; readonly key: string }>
  /**
   * Lets a key of the configuration in, with all scopes: it is stored unless it is there.
   *
   * @param options `key`: `sk_live_…` or `sk_test_…`.
   */
  adoptKey(options: { readonly appId: string; readonly key: string; readonly name: string }): Promise<ApiKey>
  /** Newest first. */
  listKeys(appId: string): Promise<ApiKey[]>
  updateKey(
    appId: string,
    id: string,
    change: { readonly name?: string; readonly expiresAt?: Instant | null },
  ): Promise<ApiKey | undefined>
  /** Ends a key now; at the latest after {@link KEY_BELIEVED_MS} no node takes it any more. */
  revokeKey(appId: string, id: string): Promise<ApiKey | undefined>

  /** See `AccessStore.beginRequest`; the request is held by this process. */
  beginRequest(request: Omit<NamedRequest, 'createdAt'>): Promise<BegunRequest>
  finishRequest(request: Omit<NamedRequest, 'createdAt'>, answer: KeptAnswer): Promise<void>
  releaseRequest(request: Omit<NamedRequest, 'createdAt'>): Promise<void>

  /** Keeps who changed what. */
  record(entry: Omit<AuditEntry, 'id' | 'at'>): Promise<void>
  /** Newest first. */
  listAuditEntries(
    appId: string,
    range: { readonly limit: number; readonly before?: string | undefined },
  ): Promise<AuditEntry[]>

  /** Begins to drop old requests and to note when keys were used, in the background. */
  start(): void
  stop(): Promise<void>
}

/** A key to be made. */
export interface CreateKeyOptions {
  readonly appId: string
  readonly mode: 'live' | 'test'
  /** 1 to 100 characters. */
  readonly name: string
  /** `*` makes a secret key (`sk_…`), all others a restricted one (`rk_…`). */
  readonly scopes: Scopes
  readonly expiresAt?: Instant | null
}

/** What was found out about a key is believed this long, in milliseconds. */
export const KEY_BELIEVED_MS = 5_000
