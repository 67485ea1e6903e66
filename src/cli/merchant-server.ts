/**
 * Puts the merchant's side together: store, client, engine, webhooks and server.
 *
 * @module
 */

import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { createAccess, createDesk, createUsers, type Access } from '../access/index.ts'
import {
  CLOCK_SKEW_MAX_MS,
  createClient,
  GatewayUnreachable,
  type AlipayClient,
  type Clock,
} from '../alipay/index.ts'
import type { Alarms } from '../alarms/index.ts'
import type { Payments } from '../payments/index.ts'
import {
  createMetrics,
  createServer,
  describeError,
  listen,
  type LogEntry,
} from '../server/index.ts'
import { openSqliteStore, type Store } from '../store/index.ts'
import type { AddressOptions, Webhooks } from '../webhooks/index.ts'
import { storeFailing } from './alarm-watch.ts'
import type {
  AppConfiguration,
  DatabaseConfiguration,
  GatewayConfiguration,
} from './configuration.ts'
import type { CrashHook } from './crash-hook.ts'
import { Failure } from './failure.ts'
import {
  announce,
  openApiKey,
  openMasterKey,
  openOperatorKey,
  openSecrets,
  type ServerSecrets,
} from './folder.ts'
import {
  createMerchantApp,
  type MerchantApp,
  type MerchantAppOptions,
  type SharedParts,
} from './merchant-app.ts'
import { createReadiness } from './readiness.ts'
import { createServedApps } from './served-apps.ts'
import { readVersion } from './version.ts'

/** How a merchant's server is made. */
export interface MerchantServerOptions extends Partial<AppConfiguration> {
  readonly gateway: GatewayConfiguration
  /** Further applications of the same gateway. Default: none. */
  readonly apps?: readonly AppConfiguration[]
  /** The client of that gateway; from here on it is the server's to close. */
  readonly client: AlipayClient
  readonly publicUrl: string
  readonly host: string
  readonly port: number
  readonly folder: string
  /** Whose payments these are: the mode and the application. */
  readonly identity: string
  /** The database, opened before; from here on it is the server's to close. */
  readonly store: Store
  /** Reaches all applications; made in the folder where it is not given. */
  readonly operatorKey?: string | undefined
  readonly notifyToken?: string | undefined
  readonly masterKey?: string | undefined
  readonly requestsPerSecond?: number | undefined
  readonly trustedProxies?: readonly string[]
  /** Where webhooks may go beside public addresses. Default: nowhere. */
  readonly webhookAddresses?: AddressOptions
  readonly clock: Clock
  readonly log: (entry: LogEntry) => void
  readonly crashPoint?: CrashHook
}

/** A merchant's server that runs. */
export interface MerchantServer {
  readonly payments: Payments
  readonly webhooks: Webhooks
  readonly alarms: Alarms
  readonly secrets: ServerSecrets
  readonly url: string
  /** Makes the first owner of the back office; `undefined` where it has users. */
  readonly ownerCode: string | undefined
  /** Stops listening, finishes what is in hand, closes the store. */
  close(): Promise<void>
}

/** How a database is opened. */
export interface OpenStoreOptions {
  readonly folder: string
  /** PostgreSQL; `undefined` for SQLite in the folder, which takes the folder for this process. */
  readonly database?: DatabaseConfiguration | undefined
  /** Whose payments it holds: the mode and the application. */
  readonly identity: string
  /** What SQLite goes by. */
  readonly clock: Clock
  readonly log: (entry: LogEntry) => void
  readonly crashPoint?: CrashHook
}

/**
 * Opens the database.
 *
 * @throws {StoreInUse} If another process has the folder's database.
 * @throws {StoreOfAnother} If it holds the payments of another application or mode.
 */
export async function openStore(options: OpenStoreOptions): Promise<Store> {
  const { folder, database, identity, clock, log, crashPoint } = options
  const onFatal = (error: Error): void => {
    log({ level: 'error', event: 'store.failed', ...describeError(error) })
  }
  const common = { identity, crashPoint }
  if (database === undefined) {
    return openSqliteStore(join(folder, 'saoma.db'), { ...common, clock, onFatal })
  }
  // With its driver it is loaded where it is used.
  const { openPostgresStore } = await import('../store/postgres.ts')
  return openPostgresStore({ ...common, ...database })
}

/**
 * Starts the engines of all applications and listens.
 *
 * @throws {Failure} If real money would be taken by a clock that is wrong.
 */
export async function startMerchantServer(options: MerchantServerOptions): Promise<MerchantServer> {
  const { gateway, publicUrl, host, port, folder, clock, log, store } = options
  const { apps: further = [], booksRules, retention, rules, callsPerSecond } = options
  const { mode } = gateway
  const closeStore = async (error: unknown): Promise<never> => {
    await store.close()
    throw error
  }
  if (mode === 'live') await refuseWrongClock(options.client, log).catch(closeStore)
  const { vault, secrets, operatorKey } = await openKeys(options).catch(closeStore)
  const failed =
    (event: string) =>
    (error: unknown): void =>
      log({ level: 'error', event, ...describeError(error) })
  const onError = failed('access.failed')
  const access = createAccess({ store: store.access, vault, clock, onError })
  const metrics = createMetrics()
  const shared: SharedParts = {
    mode,
    gateway: gatewayAddress(gateway),
    access: store.access,
    record: (entry) => access.record(entry),
    vault,
    clock,
    publicUrl,
    notifyToken: secrets.notifyToken,
    webhookAddresses: options.webhookAddresses,
    log,
    metrics,
    crashPoint: options.crashPoint ?? (() => {}),
  }
  const configured = (
    app: Pick<MerchantServerOptions, keyof AppConfiguration>,
    { identity, client, store: its }: Pick<MerchantAppOptions, 'identity' | 'client' | 'store'>,
  ): MerchantApp =>
    createMerchantApp(
      {
        identity,
        client,
        store: its,
        more: withoutKeys(app.gateway.client),
        certificates: app.gateway.client.certificates,
        merchantName: app.merchantName ?? null,
        look: app.look,
        productCode: app.gateway.productCode,
        sellerId: app.gateway.sellerId ?? null,
        rules: app.rules,
        booksRules: app.booksRules,
        retention: app.retention,
        callsPerSecond: app.callsPerSecond,
      },
      shared,
    )
  const home = configured(options, options)
  const others = further.map((app) => {
    const identity = `${mode} ${app.gateway.client.appId}`
    const client = createClient({ ...app.gateway.client, clock })
    return configured(app, { identity, client, store: store.of(identity) })
  })
  const apps = createServedApps({
    mode,
    configured: [home, ...others],
    store: store.access,
    clock,
    make: (app) =>
      createMerchantApp(
        {
          identity: app.identity,
          store: store.of(app.identity),
          client: undefined,
          merchantName: app.name,
          productCode: app.productCode,
          sellerId: app.sellerId,
          rules,
          booksRules,
          retention,
          callsPerSecond,
          added: app,
        },
        shared,
      ),
    onError: failed('apps.failed'),
  })
  const shoutAll = (): Promise<unknown> =>
    Promise.all(apps.running().map(({ alarms }) => alarms.shout(storeFailing(clock.now()))))
  void store.failed.then(shoutAll).catch(failed('alarms.failed'))
  const users = createUsers({ store: store.users, vault, clock, onError: failed('users.failed') })
  const { requestsPerSecond, trustedProxies } = options
  const appId = home.served.id
  await adoptKeys(access, [
    { appId, key: secrets.apiKey, name: CONFIGURED },
    { appId, key: operatorKey, name: 'operator', scopes: ['operator'] },
    ...others.map(({ served, client }, index) => ({
      appId: served.id,
      key: further[index]?.apiKey ?? openApiKey(folder, mode, client.appId),
      name: CONFIGURED,
    })),
  ]).catch(closeStore)
  const server = createServer({
    apps,
    access,
    users,
    desk: createDesk({ store: store.desk, clock }),
    version: readVersion(),
    publicUrl,
    clock,
    ...(requestsPerSecond !== undefined && { requestsPerSecond }),
    ...(trustedProxies && { trustedProxies }),
    log,
    metrics,
    async health() {
      await home.payments.list({ limit: 1 })
      return { status: 'ok' }
    },
    readiness: createReadiness({
      store,
      payments: home.payments,
      clock,
      monotonicMs: () => performance.now(),
    }),
  })
  const giveUp = async (error: unknown): Promise<never> => {
    await apps.stop()
    return closeStore(error)
  }
  await apps.open().catch(giveUp)
  // Nothing is begun before all that can fail: a node that failed then would go on by itself.
  const ownerCode = await users.ownerCode(appId).catch(giveUp)
  const listening = await listen(server, { host, port, ownsProcess: true }).catch(giveUp)
  const withdraw = announce(folder, {
    url: listening.url.replace('//0.0.0.0:', '//127.0.0.1:'),
    api_key: secrets.apiKey,
    operator_key: operatorKey,
    pid: process.pid,
  })
  apps.start()
  access.start()
  users.start()
  return {
    payments: home.payments,
    webhooks: home.webhooks,
    alarms: home.alarms,
    secrets,
    url: listening.url,
    ownerCode,
    async close() {
      withdraw()
      await listening.close()
      // At once: where the database stands still each waits as long as a statement may take.
      await Promise.all([apps, access, users].map((part) => part.stop()))
      await store.close()
    },
  }
}

const CONFIGURED = 'of the configuration'

/** A key opens one application: one that is given to two would open the wrong one. */
async function adoptKeys(
  access: Access,
  keys: readonly Parameters<Access['adoptKey']>[0][],
): Promise<void> {
  for (const key of keys) {
    const { appId, hint } = await access.adoptKey(key)
    if (appId === key.appId) continue
    throw new Failure(
      `The API key ${hint} belongs to another application. Give each one of its own in SAOMA_API_KEY.`,
    )
  }
}

/** How the gateway is reached, whoever calls. */
function gatewayAddress({ client: { gateway, proxy } }: GatewayConfiguration) {
  return { ...(gateway !== undefined && { gateway }), ...(proxy !== undefined && { proxy }) }
}

/** How an application calls it, whoever signs. */
function withoutKeys(options: GatewayConfiguration['client']) {
  const { privateKey: _, signer: __, alipayPublicKey: ___, certificates: ____, ...rest } = options
  return rest
}

/** The keys of the configuration, and those of the folder where none are configured. */
async function openKeys({
  folder,
  gateway: { mode },
  apiKey,
  operatorKey,
  notifyToken,
  masterKey,
}: MerchantServerOptions) {
  return {
    vault: openMasterKey(folder, mode, masterKey),
    operatorKey: operatorKey ?? openOperatorKey(folder, mode),
    secrets: openSecrets(folder, mode, {
      ...(apiKey !== undefined && { apiKey }),
      ...(notifyToken !== undefined && { notifyToken }),
    }),
  }
}

/**
 * By a clock that is far off payments would end too early, and be signed with refused times. Where
 * Alipay cannot be reached a server starts all the same: one that died meanwhile must come back,
 * and nothing ends before Alipay answers.
 */
async function refuseWrongClock(
  client: AlipayClient,
  log: (entry: LogEntry) => void,
): Promise<void> {
  const measured = await client.measureClock().catch((error: unknown) => {
    if (!(error instanceof GatewayUnreachable)) throw error
    log({ level: 'warn', event: 'clock.unmeasured', ...describeError(error) })
  })
  const offsetMs = measured?.offsetMs ?? 0
  if (Math.abs(offsetMs) <= CLOCK_SKEW_MAX_MS) return
  const minutes = Math.round(Math.abs(offsetMs) / 60_000)
  throw new Failure(
    `The clock of this machine is ${minutes} minutes ${offsetMs > 0 ? 'behind' : 'ahead of'} Alipay's. Set it (NTP), then start again: real money is not taken by a wrong clock.`,
  )
}
