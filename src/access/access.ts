/**
 * Access at work: who asks, whether he may, whether he asked before, and what he changed.
 *
 * @module
 */

import { performance } from 'node:perf_hooks'
import { addMs, systemClock, type Clock, type Instant } from '../alipay/index.ts'
import { newLeaseToken, type RandomBytes } from '../payments/identifiers.ts'
import type { AccessStore, BegunRequest, KeptAnswer, NamedRequest } from './access-store.ts'
import { hashOf, hintOf, isUsable, newApiKeyText, type ApiKey } from './api-key.ts'
import type { AuditEntry, AuditRange } from './audit.ts'
import { BelievedKeys } from './believed-keys.ts'
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
   * Lets a key of the configuration in: it is stored unless it is there.
   *
   * @param options `key`: `sk_live_…` or `sk_test_…`; `scopes`: by default all.
   */
  adoptKey(options: {
    readonly appId: string
    readonly key: string
    readonly name: string
    readonly scopes?: Scopes
  }): Promise<ApiKey>
  /** Newest first. */
  listKeys(appId: string): Promise<ApiKey[]>
  updateKey(
    appId: string,
    id: string,
    change: { readonly name?: string; readonly expiresAt?: Instant | null },
  ): Promise<ApiKey | undefined>
  /** Ends a key now; at the latest after {@link KEY_BELIEVED_MS} no node takes it any more. */
  revokeKey(appId: string, id: string): Promise<ApiKey | undefined>

  /**
   * Takes a named request in hand for {@link REQUEST_HELD_MS}, or tells what became of it; see
   * `AccessStore.beginRequest`.
   */
  beginRequest(
    request: RequestName,
  ): Promise<Exclude<BegunRequest, { readonly status: 'held' }> | HeldRequest>

  /** Keeps who changed what. */
  record(
    entry: Omit<AuditEntry, 'id' | 'at' | 'actorName' | 'address'> &
      Partial<Pick<AuditEntry, 'actorName' | 'address'>>,
  ): Promise<void>
  /** Newest first. */
  listAuditEntries(appId: string, range: AuditRange): Promise<AuditEntry[]>

  /** Begins to drop old requests and to note when keys were used, in the background. */
  start(): void
  stop(): Promise<void>
}

/** What a named request is known by. */
export type RequestName = Omit<NamedRequest, 'createdAt'>

/** A named request that its caller answers now. */
export interface HeldRequest {
  readonly status: 'held'
  /** Whether somebody had begun to answer it, and stopped. */
  readonly isRepeat: boolean
  /**
   * Keeps the answer, for repeats.
   *
   * @param options `isSecret`: it tells what is told once, and is kept sealed. Default `false`.
   */
  finish(answer: KeptAnswer, options?: { readonly isSecret?: boolean }): Promise<void>
  /** Gives it back without an answer: a repeat goes on with it at once. */
  release(): Promise<void>
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

/** What access is made of. */
export interface AccessOptions {
  readonly store: AccessStore
  /**
   * Seals kept answers that tell a secret. Default: they are kept as they are, which is for tests
   * and laptops.
   */
  readonly vault?: {
    seal(secret: string, rowId: string): string
    open(sealed: string, rowId: string): string
  }
  /** Default: the machine's. */
  readonly clock?: Clock
  /** Milliseconds that never run backwards; only differences count. Default: the machine's. */
  readonly monotonicMs?: () => number
  /** For keys and ids. Default: the system's. */
  readonly randomBytes?: RandomBytes
  /** Is told of failures in the background. Default: writes them to stderr. */
  readonly onError?: (error: unknown) => void
}

/** What was found out about a key is believed this long, in milliseconds. */
export const KEY_BELIEVED_MS = 5_000

/** Whoever answers a named request has this long, in milliseconds: longer than any answer takes. */
export const REQUEST_HELD_MS = 15_000

/** The answers of named requests are kept this long, in milliseconds. */
export const REQUEST_KEPT_MS = 3 * 86_400_000

/** How often old requests are dropped and uses of keys are noted, in milliseconds. */
const UPKEEP_MS = 60_000

/** Makes it. Nothing runs in the background until `start()`. */
export function createAccess(options: AccessOptions): Access {
  const { store, vault, clock = systemClock, randomBytes } = options
  const onError = options.onError ?? ((error) => console.error(error))
  const monotonicMs = options.monotonicMs ?? (() => performance.now())
  const believed = new BelievedKeys(KEY_BELIEVED_MS, monotonicMs)
  const uses = new Map<string, Instant>()
  let timer: NodeJS.Timeout | undefined
  let upkeep: Promise<void> = Promise.resolve()

  const open = (sealed: string, rowId: string): string => {
    if (vault === undefined) throw new Error('What was sealed is asked for without a vault')
    return vault.open(sealed, rowId)
  }

  const newKey = (
    key: string,
    { appId, name, scopes, expiresAt = null }: Omit<CreateKeyOptions, 'mode'>,
  ): ApiKey => ({
    id: `key_${newLeaseToken(randomBytes)}`,
    appId,
    name,
    hash: hashOf(key),
    hint: hintOf(key),
    scopes,
    createdAt: clock.now(),
    lastUsedAt: null,
    expiresAt,
    revokedAt: null,
  })

  const keepUp = async (): Promise<void> => {
    const noted = [...uses].map(([id, at]) => ({ id, at }))
    uses.clear()
    await store.touchApiKeys(noted)
    const before = addMs(clock.now(), -REQUEST_KEPT_MS)
    while ((await store.forgetRequests(before)) > 0);
  }

  return {
    async authenticate(text) {
      const hash = hashOf(text)
      const known = believed.get(hash)
      const key = known === undefined ? ((await store.findApiKeyByHash(hash)) ?? null) : known
      if (known === undefined) believed.set(hash, key)
      const now = clock.now()
      if (key === null || !isUsable(key, now)) return undefined
      uses.set(key.id, now)
      return key
    },

    async createKey({ mode, ...key }) {
      const text = newApiKeyText(key.scopes === '*' ? 'sk' : 'rk', mode, randomBytes)
      const apiKey = newKey(text, key)
      await store.insertApiKey(apiKey)
      return { apiKey, key: text }
    },

    async adoptKey({ appId, key, name, scopes = '*' }) {
      const hash = hashOf(key)
      await store.insertApiKey(newKey(key, { appId, name, scopes }))
      believed.forget(hash)
      const kept = await store.findApiKeyByHash(hash)
      if (kept === undefined) throw new Error('A key that was just stored is gone')
      return kept
    },

    listKeys: (appId) => store.listApiKeys(appId),
    async updateKey(appId, id, change) {
      const key = await store.updateApiKey(appId, id, change)
      if (key) believed.forget(key.hash)
      return key
    },
    async revokeKey(appId, id) {
      const keys = await store.listApiKeys(appId)
      const before = keys.find((key) => key.id === id)
      // When it was revoked first is what matters afterwards.
      if (before === undefined || before.revokedAt !== null) return before
      const key = await store.updateApiKey(appId, id, { revokedAt: clock.now() })
      believed.forget(before.hash)
      return key
    },

    async beginRequest(name) {
      const holder = newLeaseToken(randomBytes)
      const request = { ...name, createdAt: clock.now() }
      const begun = await store.beginRequest(request, holder, REQUEST_HELD_MS)
      const rowId = rowIdOf(name)
      if (begun.status === 'answered') {
        const { status, body } = begun.answer
        return { ...begun, answer: { status, body: isSealed(body) ? open(body, rowId) : body } }
      }
      if (begun.status !== 'held') return begun
      return {
        ...begun,
        finish: ({ status, body }, { isSecret = false } = {}) =>
          store.finishRequest(request, holder, {
            status,
            body: isSecret && vault ? vault.seal(body, rowId) : body,
          }),
        release: () => store.releaseRequest(request, holder),
      }
    },

    record: (entry) =>
      store.insertAuditEntry({
        actorName: null,
        address: null,
        ...entry,
        id: `aud_${newLeaseToken(randomBytes)}`,
        at: clock.now(),
      }),
    listAuditEntries: (appId, range) => store.listAuditEntries(appId, range),

    start() {
      timer ??= setInterval(() => {
        upkeep = upkeep.then(keepUp).catch(onError)
      }, UPKEEP_MS).unref()
    },
    async stop() {
      clearInterval(timer)
      timer = undefined
      await upkeep
      await keepUp().catch(onError)
    },
  }
}

/** What a kept answer is sealed for. */
function rowIdOf({ appId, route, key }: RequestName): string {
  return `${appId} ${route} ${key}`
}

/** An answer itself is a JSON object. */
function isSealed(body: string): boolean {
  return !body.startsWith('{')
}
