/**
 * Puts the merchant's side together: store, client, engine, webhooks and server.
 *
 * @module
 */

import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import {
  appIdOf,
  createAccess,
  createCredentials,
  createCurrentClient,
  createDesk,
  createUsers,
} from '../access/index.ts'
import {
  CLOCK_SKEW_MAX_MS,
  createClient,
  formatRfc3339,
  GatewayUnreachable,
  NotificationInvalid,
  SANDBOX_GATEWAY,
  type AlipayClient,
  type Clock,
} from '../alipay/index.ts'
import { createAlarms, type Alarms } from '../alarms/index.ts'
import { createBooks, type BooksRules } from '../books/index.ts'
import {
  createPayments,
  type ObservedCall,
  type PaymentRules,
  type Payments,
} from '../payments/index.ts'
import { createRetention, type RetentionRules } from '../retention/index.ts'
import {
  createMetrics,
  createServer,
  describeError,
  listen,
  oneApp,
  type CashierLook,
  type LogEntry,
} from '../server/index.ts'
import { openPostgresStore, openSqliteStore, type Store } from '../store/index.ts'
import { createWebhooks, type AddressOptions, type Webhooks } from '../webhooks/index.ts'
import {
  billLate,
  createAlarmWatch,
  orderUnknown,
  storeFailing,
  unbalanced,
} from './alarm-watch.ts'
import type { DatabaseConfiguration, GatewayConfiguration } from './configuration.ts'
import type { CrashHook } from './crash-hook.ts'
import { Failure } from './failure.ts'
import { announce, openMasterKey, openSecrets, type ServerSecrets } from './folder.ts'
import { createReadiness } from './readiness.ts'
import { createSigns } from './signs.ts'
import { readVersion } from './version.ts'

/** How a merchant's server is made. */
export interface MerchantServerOptions {
  readonly gateway: GatewayConfiguration
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
  readonly rules?: Partial<PaymentRules>
  readonly booksRules?: Partial<BooksRules>
  readonly retention?: Partial<RetentionRules>
  readonly callsPerSecond?: number | undefined
  readonly apiKey?: string | undefined
  readonly notifyToken?: string | undefined
  readonly masterKey?: string | undefined
  readonly requestsPerSecond?: number | undefined
  readonly trustedProxies?: readonly string[]
  /** Where webhooks may go beside public addresses. Default: nowhere. */
  readonly webhookAddresses?: AddressOptions
  readonly merchantName: string | undefined
  /** Of the cashier page. Default: saoma's own. */
  readonly look?: CashierLook
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
  return database === undefined
    ? openSqliteStore(join(folder, 'saoma.db'), { ...common, clock, onFatal })
    : openPostgresStore({ ...common, ...database })
}

/**
 * Starts the engine and listens.
 *
 * @throws {Failure} If real money would be taken by a clock that is wrong.
 */
export async function startMerchantServer(options: MerchantServerOptions): Promise<MerchantServer> {
  const { gateway, publicUrl, host, port, folder, clock, merchantName, log, store } = options
  const client = createCurrentClient(options.client)
  const closeStore = async (error: unknown): Promise<never> => {
    await store.close()
    throw error
  }
  if (gateway.mode === 'live') await refuseWrongClock(client, log).catch(closeStore)
  const { vault, secrets } = await openKeys(options).catch(closeStore)
  const crashPoint = options.crashPoint ?? (() => {})
  const livemode = gateway.mode === 'live'
  const alarmFailed = (error: unknown): void =>
    log({ level: 'error', event: 'alarms.failed', ...describeError(error) })
  const alarms = createAlarms({
    store: store.alarms,
    livemode,
    vault,
    clock,
    ...(options.webhookAddresses && { addresses: options.webhookAddresses }),
    onError: alarmFailed,
  })
  const webhooks = createWebhooks({
    store: store.webhooks,
    clock,
    livemode,
    vault,
    crashPoint,
    ...(options.webhookAddresses && { addresses: options.webhookAddresses }),
    onError: (error) => log({ level: 'error', event: 'webhooks.failed', ...describeError(error) }),
    onDisabled: ({ id, url, disabledReason }) => {
      log({ level: 'error', event: 'webhooks.disabled', endpoint: id, reason: disabledReason })
      const text = `${id} ${new URL(url).host}: ${disabledReason}`
      const about = `${id}:${clock.now()}`
      alarms.raise({ kind: 'webhook_disabled', about, text }).catch(alarmFailed)
    },
  })
  const metrics = createMetrics()
  const signs = createSigns({ expectsNotifications: client.gateway !== SANDBOX_GATEWAY })
  const onCall = (call: ObservedCall): void => {
    signs.noteCall(call)
    metrics.called(call)
  }
  const payments = createPayments({
    store: store.payments,
    gateway: client,
    clock,
    notifyUrl: `${publicUrl.replace(/\/+$/, '')}/alipay/notify/${secrets.notifyToken}`,
    productCode: gateway.productCode,
    sellerId: gateway.sellerId,
    publicUrl,
    livemode,
    crashPoint,
    ...(options.rules && { rules: options.rules }),
    ...(options.callsPerSecond !== undefined && { callsPerSecond: options.callsPerSecond }),
    onError: (error) => log({ level: 'error', event: 'engine.failed', ...describeError(error) }),
    onUnknown(call) {
      log({ level: 'warn', event: 'gateway.unknown', ...call })
    },
    onCall,
    onCommit(commit) {
      signs.noteCommit(commit)
      metrics.committed(commit)
    },
    onOrphan({ outTradeNo }) {
      alarms.raise(orderUnknown(outTradeNo)).catch(alarmFailed)
    },
  })
  void store.failed.then(() => alarms.shout(storeFailing(clock.now())).catch(alarmFailed))
  const appId = appIdOf(options.identity)
  const books = createBooks({
    store: store.books,
    payments,
    gateway: client,
    identity: options.identity,
    sellerId: gateway.sellerId,
    clock,
    ...(options.booksRules && { rules: options.booksRules }),
    onFinished: ({ date, status, failure }) => {
      const isFine = status === 'balanced' || (status === 'awaiting_bill' && failure === null)
      const level = isFine ? 'info' : 'warn'
      const more = failure === null ? {} : { failure: failure.code }
      log({ level, event: 'reconciliation.finished', date, status, ...more })
      if (failure?.code === 'bill_late') alarms.raise(billLate(date)).catch(alarmFailed)
      if (status === 'differences' || status === 'failed') {
        alarms.raise(unbalanced(date, failure?.code)).catch(alarmFailed)
      }
    },
    onCall,
    onError: (error) => log({ level: 'error', event: 'books.failed', ...describeError(error) }),
  })
  const access = createAccess({
    store: store.access,
    clock,
    onError: (error) => log({ level: 'error', event: 'access.failed', ...describeError(error) }),
  })
  const users = createUsers({
    store: store.users,
    vault,
    clock,
    onError: (error) => log({ level: 'error', event: 'users.failed', ...describeError(error) }),
  })
  const retention = createRetention({
    store: store.retention,
    clock,
    ...(options.retention && { rules: options.retention }),
    async onPruned({ kind, rows, before }) {
      log({ level: 'info', event: 'retention.pruned', kind, rows })
      await access.record({
        appId,
        actor: 'system',
        action: 'retention.prune',
        objectId: null,
        detail: { kind, rows, before: formatRfc3339(before) },
        requestId: null,
      })
    },
    onError: (error) => log({ level: 'error', event: 'retention.failed', ...describeError(error) }),
  })
  const credentials = createCredentials({
    appId,
    store: store.access,
    vault,
    clock,
    connect: (keys) => createClient({ ...withoutKeys(gateway.client), ...keys, clock }),
    onActive: (clients) => client.use(clients),
    onError: (error) =>
      log({ level: 'error', event: 'credentials.failed', ...describeError(error) }),
  })
  const watch = createAlarmWatch({
    alarms,
    payments,
    client,
    clock,
    certificates: gateway.client.certificates,
    credentials,
    signs,
    onCertificate: (certificate) => metrics.certificateEnds(certificate),
    onError: alarmFailed,
  })
  const { requestsPerSecond, trustedProxies } = options
  await access
    .adoptKey({ appId, key: secrets.apiKey, name: 'of the configuration' })
    .catch(closeStore)
  const monotonicMs = (): number => performance.now()
  const readiness = createReadiness({ store, payments, clock, monotonicMs })
  const server = createServer({
    apps: oneApp({
      id: appId,
      mode: gateway.mode,
      merchantName: merchantName ?? null,
      ...(options.look && { look: options.look }),
      payments,
      webhooks,
      alarms,
      books,
      retention,
      client,
      credentials,
      figures: store.figures,
      standing: () => watch.standing(),
      notifyToken: secrets.notifyToken,
    }),
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
      await payments.list({ limit: 1 })
      return { status: 'ok' }
    },
    readiness,
  })
  await credentials.start().catch(closeStore)
  // Keys may have changed since: what nobody could verify then is tried again.
  const verified = await payments.reviewQuarantine((body) => verify(client, body))
  if (verified > 0) log({ level: 'info', event: 'quarantine.verified', count: verified })
  const listening = await listen(server, { host, port, ownsProcess: true }).catch(closeStore)
  const withdraw = announce(folder, {
    url: listening.url.replace('//0.0.0.0:', '//127.0.0.1:'),
    api_key: secrets.apiKey,
    pid: process.pid,
  })
  payments.watchAll(() => webhooks.wake())
  payments.start()
  webhooks.start()
  access.start()
  users.start()
  alarms.start()
  watch.start()
  books.start()
  retention.start()
  return {
    payments,
    webhooks,
    alarms,
    secrets,
    url: listening.url,
    ownerCode: await users.ownerCode(appId),
    async close() {
      withdraw()
      await listening.close()
      // At once: where the database stands still each waits as long as a statement may take.
      await Promise.all(
        [watch, books, retention, payments, webhooks, alarms, access, users, credentials].map(
          (part) => part.stop(),
        ),
      )
      await client.close()
      await store.close()
    },
  }
}

/** How the gateway is called, whoever signs. */
function withoutKeys(options: GatewayConfiguration['client']) {
  const { privateKey: _, signer: __, alipayPublicKey: ___, certificates: ____, ...rest } = options
  return rest
}

/** The keys of the configuration, and those of the folder where none are configured. */
async function openKeys({
  folder,
  gateway: { mode },
  apiKey,
  notifyToken,
  masterKey,
}: MerchantServerOptions) {
  return {
    vault: openMasterKey(folder, mode, masterKey),
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

function verify(client: AlipayClient, body: string) {
  try {
    return client.verifyNotification(Buffer.from(body, 'latin1'))
  } catch (error) {
    if (error instanceof NotificationInvalid) return undefined
    throw error
  }
}
