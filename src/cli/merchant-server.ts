/**
 * Puts the merchant's side together: store, client, engine and server.
 *
 * @module
 */

import { join } from 'node:path'
import { createClient, type AlipayClient, type Clock } from '../alipay/index.ts'
import { createPayments, type Payments } from '../payments/index.ts'
import { createServer, describeError, listen, type LogEntry } from '../server/index.ts'
import { openSqliteStore, type SqliteStore } from '../store/index.ts'
import type { GatewayConfiguration } from './configuration.ts'
import { announce, openSecrets, type ServerSecrets } from './folder.ts'

/** How a merchant's server is made. */
export interface MerchantServerOptions {
  readonly gateway: GatewayConfiguration
  readonly publicUrl: string
  readonly host: string
  readonly port: number
  readonly folder: string
  /** The folder's database, opened before; from here on it is the server's to close. */
  readonly store?: SqliteStore
  readonly merchantName: string | undefined
  readonly clock: Clock
  readonly log: (entry: LogEntry) => void
}

/** A merchant's server that runs. */
export interface MerchantServer {
  readonly payments: Payments
  readonly client: AlipayClient
  readonly secrets: ServerSecrets
  readonly url: string
  /** Stops listening, finishes what is in hand, closes the store. */
  close(): Promise<void>
}

/**
 * Opens a folder's database, which takes the folder for this process.
 *
 * @param identity Whose payments it holds: see `SqliteStoreOptions`.
 * @throws {StoreInUse} If another process has it.
 * @throws {StoreOfAnother} If it holds the payments of another application or mode.
 */
export function openFolderStore(folder: string, identity: string): Promise<SqliteStore> {
  return openSqliteStore(join(folder, 'saoma.db'), { identity })
}

/**
 * Opens the store, starts the engine and listens.
 *
 * @throws {KeyInvalid | CertificateInvalid | ConfigurationInvalid} If the gateway's part is wrong.
 * @throws {StoreInUse} If another process has the folder's database open.
 * @throws {StoreOfAnother} If it holds the payments of another application or mode.
 */
export async function startMerchantServer(options: MerchantServerOptions): Promise<MerchantServer> {
  const { gateway, publicUrl, folder, clock, merchantName, log } = options
  // First: a wrong key is told before anything is opened.
  const client = createClient({ ...gateway.client, clock })
  const secrets = openSecrets(folder, gateway.mode)
  const store =
    options.store ?? (await openFolderStore(folder, `${gateway.mode} ${gateway.client.appId}`))
  const payments = createPayments({
    store: store.payments,
    gateway: client,
    clock,
    notifyUrl: `${publicUrl.replace(/\/+$/, '')}/alipay/notify/${secrets.notifyToken}`,
    productCode: gateway.productCode,
    sellerId: gateway.sellerId,
    onError: (error) => log({ level: 'error', event: 'engine.failed', ...describeError(error) }),
    onUnknown: (call) => log({ level: 'warn', event: 'gateway.unknown', ...call }),
  })
  const server = createServer({
    payments,
    client,
    publicUrl,
    apiKeyHash: secrets.apiKeyHash,
    notifyToken: secrets.notifyToken,
    clock,
    ...(merchantName === undefined ? {} : { merchantName }),
    mode: gateway.mode,
    log,
    async health() {
      await payments.list({ limit: 1 })
      return { status: 'ok' }
    },
  })
  const listening = await listen(server, options).catch(async (error: unknown) => {
    await store.close()
    throw error
  })
  const withdraw = announce(folder, {
    url: listening.url.replace('//0.0.0.0:', '//127.0.0.1:'),
    api_key: secrets.apiKey,
    pid: process.pid,
  })
  payments.start()
  return {
    payments,
    client,
    secrets,
    url: listening.url,
    async close() {
      withdraw()
      await listening.close()
      await payments.stop()
      await client.close()
      await store.close()
    },
  }
}
