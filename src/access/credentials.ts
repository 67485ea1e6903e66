/**
 * A change of keys in steps that can be taken one by one: nothing is half-switched at any of them,
 * and what is in use goes on until the new keys are proven.
 *
 * @module
 */

import {
  AlipayError,
  encryptContent,
  formatBareKey,
  generateKeyPair,
  loadPrivateKey,
  RequestRefused,
  type AlipayClient,
  type Clock,
  type SignType,
} from '../alipay/index.ts'
import { newLeaseToken } from '../payments/identifiers.ts'
import type { AccessStore } from './access-store.ts'
import type { AlipayTrust, Credential, CredentialStatus, StoredCredential } from './credential.ts'

/** What credentials are made of. */
export interface CredentialsOptions {
  readonly appId: string
  readonly store: AccessStore
  /** Seals private keys. */
  readonly vault: {
    seal(secret: string, rowId: string): string
    open(sealed: string, rowId: string): string
  }
  readonly clock: Clock
  /** Makes a client of the application's gateway with other keys. */
  readonly connect: (keys: CredentialKeys) => AlipayClient
  /** Is told after each change of what is active. */
  readonly onActive: (clients: readonly AlipayClient[]) => void
  readonly onError: (error: unknown) => void
}

/** The keys of one credential. */
export type CredentialKeys = AlipayTrust & {
  readonly privateKey: string
  readonly signType: SignType
  /** Left out where what the application is configured with holds. */
  readonly encryptKey?: string
}

/** What is staged. */
export interface StageOptions {
  /** The application's private key; by default a new pair is made. */
  readonly privateKey?: string
  /** Default `RSA2`. */
  readonly signType?: SignType
  /** Alipay's side, where it is known already. */
  readonly alipay?: AlipayTrust
  /** The AES key of the content (接口内容加密密钥), base64; by default content is as configured. */
  readonly encryptKey?: string
}

/** What became of a step. */
export type CredentialResult =
  | { readonly status: 'done'; readonly credential: Credential }
  | { readonly status: 'not_found' }
  /** It is not where this step can be taken; `needs` says where it has to be. */
  | { readonly status: 'wrong_step'; readonly credential: Credential; readonly needs: string }
  /** A key is not what it should be, or Alipay did not take it. */
  | { readonly status: 'refused'; readonly code: string; readonly message: string }

/** The credentials of one application. */
export interface Credentials {
  /** Oldest first. */
  list(): Promise<Credential[]>
  /** Keeps new keys. The public one is what is uploaded to Alipay. */
  stage(options: StageOptions): Promise<CredentialResult>
  /** Adds what Alipay gave back for the uploaded key; `encryptKey`, as when it was staged. */
  complete(id: string, alipay: AlipayTrust, encryptKey?: string): Promise<CredentialResult>
  /** Asks Alipay something that moves nothing, signed with the new keys. */
  verify(id: string): Promise<CredentialResult>
  /** Has the new keys sign from now on; those before still verify. */
  activate(id: string): Promise<CredentialResult>
  /** Stops to believe what is signed with the keys of a credential. */
  retire(id: string): Promise<CredentialResult>
  /** Begins to use what is active, and to look for what other nodes activate. */
  start(): Promise<void>
  stop(): Promise<void>
}

/** What another node activated is in use here after so many milliseconds. */
export const CREDENTIALS_LOOK_MS = 5_000

/** Makes them. */
export function createCredentials(options: CredentialsOptions): Credentials {
  const { appId, store, vault, clock, connect, onActive, onError } = options
  const clients = new Map<string, AlipayClient>()
  let timer: NodeJS.Timeout | undefined
  let looking: Promise<void> = Promise.resolve()

  const find = async (id: string): Promise<StoredCredential | undefined> =>
    (await store.listCredentials(appId)).find((credential) => credential.id === id)

  const keysOf = (credential: StoredCredential, alipay: AlipayTrust): CredentialKeys => ({
    ...alipay,
    privateKey: vault.open(credential.sealedPrivateKey, credential.id),
    signType: credential.signType,
    ...(credential.sealedEncryptKey !== null && {
      encryptKey: vault.open(credential.sealedEncryptKey, credential.id),
    }),
  })

  /** Takes into use what is active, and lets go of what is not any more. */
  const use = async (): Promise<void> => {
    const stored = await store.listCredentials(appId)
    const active = stored
      .filter(({ status }) => status === 'active')
      .toSorted((a, b) => (b.activatedAt ?? 0) - (a.activatedAt ?? 0))
    const isSame = active.length === clients.size && active.every(({ id }) => clients.has(id))
    if (isSame) return
    const before = new Map(clients)
    clients.clear()
    for (const credential of active) {
      if (credential.alipay === null) continue
      const client = before.get(credential.id) ?? connect(keysOf(credential, credential.alipay))
      clients.set(credential.id, client)
    }
    onActive([...clients.values()])
    // Calls that are under way end first.
    for (const [id, client] of before) if (!clients.has(id)) void client.close().catch(onError)
  }

  /** Moves a credential on, if it still is where it was. */
  const move = async (
    credential: StoredCredential,
    change: Partial<StoredCredential>,
  ): Promise<CredentialResult> => {
    const moved = { ...credential, ...change }
    if (await store.updateCredential(moved, credential.status)) {
      return { status: 'done', credential: moved }
    }
    const now = await find(credential.id)
    if (now === undefined) return { status: 'not_found' }
    return { status: 'wrong_step', credential: now, needs: credential.status }
  }

  const step = async (
    id: string,
    from: readonly CredentialStatus[],
    take: (credential: StoredCredential) => Promise<CredentialResult>,
  ): Promise<CredentialResult> => {
    const credential = await find(id)
    if (credential === undefined) return { status: 'not_found' }
    if (!from.includes(credential.status)) {
      return { status: 'wrong_step', credential, needs: from.join(' or ') }
    }
    return take(credential)
  }

  return {
    list: () => store.listCredentials(appId),

    async stage({ privateKey, signType = 'RSA2', alipay = null, encryptKey }) {
      try {
        const key =
          privateKey === undefined
            ? generateKeyPair().privateKey
            : loadPrivateKey(privateKey, { signType })
        const bare = formatBareKey(key, 'pkcs8')
        // Keys are checked as they will be used: a wrong one is found out now.
        const content = encryptKey === undefined ? {} : { encryptKey }
        if (encryptKey !== undefined) encryptContent('', encryptKey)
        if (alipay !== null) {
          await connect({ ...alipay, ...content, privateKey: bare, signType }).close()
        }
        const id = `cred_${newLeaseToken()}`
        const credential: StoredCredential = {
          id,
          appId,
          status: 'staged',
          signType,
          applicationPublicKey: formatBareKey(key, 'spki'),
          alipay,
          isEncrypted: encryptKey !== undefined,
          sealedPrivateKey: vault.seal(bare, id),
          sealedEncryptKey: encryptKey === undefined ? null : vault.seal(encryptKey, id),
          createdAt: clock.now(),
          verifiedAt: null,
          activatedAt: null,
          retiredAt: null,
        }
        await store.insertCredential(credential)
        return { status: 'done', credential }
      } catch (error) {
        return refused(error)
      }
    },

    complete: (id, alipay, encryptKey) =>
      step(id, ['staged', 'verified'], async (credential) => {
        const sealedEncryptKey =
          encryptKey === undefined ? credential.sealedEncryptKey : vault.seal(encryptKey, id)
        try {
          await connect(keysOf({ ...credential, sealedEncryptKey }, alipay)).close()
        } catch (error) {
          return refused(error)
        }
        return move(credential, {
          alipay,
          sealedEncryptKey,
          isEncrypted: sealedEncryptKey !== null,
          status: 'staged',
          verifiedAt: null,
        })
      }),

    verify: (id) =>
      step(id, ['staged', 'verified'], async (credential) => {
        if (credential.alipay === null) {
          return { status: 'wrong_step', credential, needs: 'Alipay’s public key' }
        }
        const client = connect(keysOf(credential, credential.alipay))
        try {
          await client.trade.query({ out_trade_no: `saoma_verify_${clock.now()}` })
        } catch (error) {
          // That there is no such order is an answer, and a genuine one.
          const isAnswer = error instanceof RequestRefused && error.subCode.startsWith('ACQ.')
          if (!isAnswer) return refused(error)
        } finally {
          await client.close()
        }
        return move(credential, { status: 'verified', verifiedAt: clock.now() })
      }),

    activate: (id) =>
      step(id, ['verified'], async (credential) => {
        const moved = await move(credential, { status: 'active', activatedAt: clock.now() })
        await use()
        return moved
      }),

    retire: (id) =>
      step(id, ['staged', 'verified', 'active'], async (credential) => {
        const moved = await move(credential, { status: 'retired', retiredAt: clock.now() })
        await use()
        return moved
      }),

    async start() {
      await use()
      timer ??= setInterval(() => {
        looking = looking.then(use).catch(onError)
      }, CREDENTIALS_LOOK_MS).unref()
    },
    async stop() {
      clearInterval(timer)
      timer = undefined
      await looking
      await Promise.all([...clients.values()].map((client) => client.close()))
    },
  }
}

function refused(error: unknown): CredentialResult {
  if (!(error instanceof AlipayError)) throw error
  const code = error instanceof RequestRefused ? error.subCode : error.code
  return { status: 'refused', code, message: error.message }
}
