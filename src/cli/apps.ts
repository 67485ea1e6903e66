/**
 * The applications of a running server, for `saoma apps`: adding one goes through the same steps as
 * a change of keys, so nothing is sold before Alipay has taken them.
 *
 * @module
 */

import { Failure } from './failure.ts'
import { readOption } from './key-sources.ts'
import { connectOperator, type MerchantApi } from './merchant-api.ts'

/** An application as the API writes it. */
export interface ApiApp {
  readonly id: string
  readonly app_id: string | null
  readonly name: string | null
  readonly product_code: string
  readonly seller_id: string | null
  readonly status: string
  readonly ready: boolean
  readonly source: string
}

interface ApiCredential {
  readonly id: string
  readonly status: string
  readonly application_public_key: string
}

/** What an application is added with. */
export interface AddOptions extends KeyOptions {
  readonly name?: string
  readonly product?: string
  readonly sellerId?: string
}

/** Keys: files, or the texts themselves. */
export interface KeyOptions {
  /** By default a pair is made, and never leaves the server. */
  readonly appPrivateKey?: string
  /** What Alipay shows for the uploaded key, where that is known already. */
  readonly alipayPublicKey?: string
  /** The AES key of the content (接口内容加密密钥), where Alipay's console has one. */
  readonly encryptKey?: string
}

/** What became of an application's keys, in the shape of `--json`. */
export interface AppKeys {
  /** `staged`: they are used once Alipay's own key is given back. */
  readonly status: 'staged' | 'active'
  readonly app: ApiApp
  /** What is uploaded to Alipay. */
  readonly application_public_key: string
  /** Told this once, when the application becomes ready; `null` before. */
  readonly api_key: string | null
}

type Connect = ReturnType<typeof connectOperator>

/**
 * Finds the running server, as its operator.
 *
 * @throws {Failure} If there is none.
 */
export function findApps(
  env: Readonly<Record<string, string | undefined>>,
  folder: string,
): {
  list(): Promise<readonly ApiApp[]>
  add(appId: string, options: AddOptions): Promise<AppKeys>
  keys(name: string, options: KeyOptions): Promise<AppKeys>
  update(
    name: string,
    change: { readonly name?: string; readonly product?: string },
  ): Promise<ApiApp>
  step(name: string, step: 'retire' | 'restore'): Promise<ApiApp>
  remove(name: string): Promise<{ readonly id: string; readonly deleted: boolean }>
} {
  const connect = connectOperator(env, folder)
  const list = async () => {
    const found = await connect().call<{ readonly data: readonly ApiApp[] }>('GET', '/apps')
    return found.data
  }
  /** By its id or its APPID. */
  const find = async (name: string): Promise<ApiApp> => {
    const app = (await list()).find(({ id, app_id }) => id === name || app_id === name)
    if (app === undefined) throw new Failure(`The server has no application ${name}.`, 1)
    return app
  }
  return {
    list,
    async add(appId, options) {
      // Read before anything is changed: a mistyped file leaves no half of an application.
      const keys = readKeys(options)
      const { name, product, sellerId } = options
      const app = await connect().call<ApiApp>('POST', '/apps', {
        app_id: appId,
        ...(name !== undefined && { name }),
        ...(product !== undefined && { product_code: product }),
        ...(sellerId !== undefined && { seller_id: sellerId }),
      })
      return takeKeys(connect, app, keys)
    },
    keys: async (name, options) => takeKeys(connect, await find(name), readKeys(options)),
    async update(name, { name: shop, product }) {
      return connect().call('PATCH', `/apps/${(await find(name)).id}`, {
        ...(shop !== undefined && { name: shop }),
        ...(product !== undefined && { product_code: product }),
      })
    },
    step: async (name, step) => connect().call('POST', `/apps/${(await find(name)).id}/${step}`),
    remove: async (name) => connect().call('DELETE', `/apps/${(await find(name)).id}`),
  }
}

/** As far as it goes with what is known: staged, completed, proven, in use. */
async function takeKeys(connect: Connect, app: ApiApp, keys: Keys): Promise<AppKeys> {
  const api = connect(app.id)
  const staged = keys.private_key === undefined ? await lastStaged(api) : undefined
  const credential = staged ?? (await api.call<ApiCredential>('POST', '/credentials', keys))
  const { id, application_public_key } = credential
  const { private_key: _, ...theirs } = keys
  const { alipay_public_key } = theirs
  if (alipay_public_key === undefined) {
    return { status: 'staged', app, application_public_key, api_key: null }
  }
  if (staged !== undefined) await api.call('PATCH', `/credentials/${id}`, theirs)
  await api.call('POST', `/credentials/${id}/verify`)
  await api.call('POST', `/credentials/${id}/activate`)
  const ready = await api.call<ApiApp>('GET', `/apps/${app.id}`)
  const active = { status: 'active', app: ready, application_public_key } as const
  if (app.ready) return { ...active, api_key: null }
  const made = await api.call<{ readonly key: string }>('POST', '/api_keys', {
    name: 'saoma apps',
    scopes: '*',
  })
  return { ...active, api_key: made.key }
}

/** What an earlier run has begun. */
async function lastStaged(api: MerchantApi): Promise<ApiCredential | undefined> {
  const { data } = await api.call<{ readonly data: readonly ApiCredential[] }>(
    'GET',
    '/credentials',
  )
  return data.findLast(({ status }) => status === 'staged' || status === 'verified')
}

interface Keys {
  readonly private_key?: string
  readonly alipay_public_key?: string
  readonly encrypt_key?: string
}

function readKeys({ appPrivateKey, alipayPublicKey, encryptKey }: KeyOptions): Keys {
  const text = (option: string, value: string | undefined): string | undefined =>
    readOption(option, value)?.content.toString()
  const privateKey = text('--app-private-key', appPrivateKey)
  const alipayKey = text('--alipay-public-key', alipayPublicKey)
  const contentKey = text('--encrypt-key', encryptKey)
  return {
    ...(privateKey !== undefined && { private_key: privateKey }),
    ...(alipayKey !== undefined && { alipay_public_key: alipayKey }),
    ...(contentKey !== undefined && { encrypt_key: contentKey }),
  }
}
