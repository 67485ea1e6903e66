/**
 * One application of a merchant's server: its client, engine, webhooks, alarms and books, on the
 * rows that are its own.
 *
 * @module
 */

import {
  appIdOf,
  createCredentials,
  createCurrentClient,
  createKeylessClient,
  type Access,
  type AccessStore,
  type App,
  type MasterKey,
} from '../access/index.ts'
import { createAlarms, type Alarms } from '../alarms/index.ts'
import {
  createClient,
  formatRfc3339,
  NotificationInvalid,
  SANDBOX_GATEWAY,
  type AlipayClient,
  type CertificateFiles,
  type ClientOptions,
  type Clock,
} from '../alipay/index.ts'
import { createBooks, type BooksRules } from '../books/index.ts'
import {
  createPayments,
  type ObservedCall,
  type PaymentRules,
  type Payments,
} from '../payments/index.ts'
import { createRetention, type RetentionRules } from '../retention/index.ts'
import {
  describeError,
  type CashierLook,
  type LogEntry,
  type Metrics,
  type ServedApp,
} from '../server/index.ts'
import type { AppStore } from '../store/index.ts'
import { createWebhooks, type AddressOptions, type Webhooks } from '../webhooks/index.ts'
import { billLate, createAlarmWatch, orderUnknown, unbalanced } from './alarm-watch.ts'
import type { CrashHook } from './crash-hook.ts'
import { createSigns } from './signs.ts'

/** What all applications of a server have in common. */
export interface SharedParts {
  readonly mode: 'live' | 'test'
  /** How the gateway is called, whoever signs. */
  readonly gateway: Pick<ClientOptions, 'gateway' | 'proxy'>
  readonly access: AccessStore
  /** Keeps who changed what. */
  readonly record: Access['record']
  readonly vault: MasterKey
  readonly clock: Clock
  readonly publicUrl: string
  readonly notifyToken: string
  readonly webhookAddresses?: AddressOptions | undefined
  readonly log: (entry: LogEntry) => void
  readonly metrics: Metrics
  readonly crashPoint: CrashHook
}

/** An application to be run. */
export interface MerchantAppOptions {
  /** The mode and the application. */
  readonly identity: string
  /** Its rows. */
  readonly store: AppStore
  /** Of the configuration, the application's to close; `undefined` where keys come by the API. */
  readonly client: AlipayClient | undefined
  /** How other keys of it are used, beside what all have in common. */
  readonly more?: Omit<
    Partial<ClientOptions>,
    'privateKey' | 'signer' | 'alipayPublicKey' | 'certificates'
  >
  /** In certificate mode: those of the configuration. */
  readonly certificates?: CertificateFiles | undefined
  readonly merchantName: string | null
  readonly look?: CashierLook | undefined
  readonly productCode: string
  readonly sellerId: string | null
  readonly rules?: Partial<PaymentRules> | undefined
  readonly booksRules?: Partial<BooksRules> | undefined
  readonly retention?: Partial<RetentionRules> | undefined
  readonly callsPerSecond?: number | undefined
  /** What it was added as; left out for those of the configuration. */
  readonly added?: App
}

/** An application that runs. */
export interface MerchantApp {
  readonly payments: Payments
  readonly webhooks: Webhooks
  readonly alarms: Alarms
  readonly client: AlipayClient
  /** As the server has it now. */
  readonly served: ServedApp
  /** Goes by what it was changed to. */
  change(app: App): void
  /** Takes its keys into use, and looks again at what nobody could verify before. */
  open(): Promise<void>
  /** Does what is due from now on; what asks Alipay begins with the first keys. */
  start(): void
  /** Finishes what is in hand. */
  stop(): Promise<void>
}

/** Makes it. Nothing runs before `start()`. */
export function createMerchantApp(options: MerchantAppOptions, shared: SharedParts): MerchantApp {
  const { identity, store } = options
  const { mode, clock, vault, publicUrl, notifyToken, metrics, crashPoint } = shared
  const id = appIdOf(identity)
  const appId = options.client?.appId ?? identity.slice(mode.length + 1)
  const livemode = mode === 'live'
  const log = (entry: LogEntry): void => shared.log({ ...entry, app: id })
  const failed =
    (event: string) =>
    (error: unknown): void =>
      log({ level: 'error', event, ...describeError(error) })
  const alarmFailed = failed('alarms.failed')
  const addresses = shared.webhookAddresses && { addresses: shared.webhookAddresses }
  const first = options.client ?? keyless()
  const client = createCurrentClient(first)
  let hasKeys = options.client !== undefined
  let isStarted = false
  let isWorking = false
  let { productCode } = options

  function keyless(): AlipayClient {
    const { gateway = '' } = shared.gateway
    return createKeylessClient({ appId, gateway, clock })
  }

  const alarms = createAlarms({
    store: store.alarms,
    livemode,
    vault,
    clock,
    ...addresses,
    onError: alarmFailed,
  })
  const webhooks = createWebhooks({
    store: store.webhooks,
    clock,
    livemode,
    vault,
    crashPoint,
    ...addresses,
    onError: failed('webhooks.failed'),
    onDisabled: ({ id: endpoint, url, disabledReason }) => {
      log({ level: 'error', event: 'webhooks.disabled', endpoint, reason: disabledReason })
      const text = `${endpoint} ${new URL(url).host}: ${disabledReason}`
      const about = `${endpoint}:${clock.now()}`
      alarms.raise({ kind: 'webhook_disabled', about, text }).catch(alarmFailed)
    },
  })
  const signs = createSigns({ expectsNotifications: client.gateway !== SANDBOX_GATEWAY })
  const onCall = (call: ObservedCall): void => {
    signs.noteCall(call)
    metrics.called(call)
  }
  const payments = createPayments({
    store: store.payments,
    gateway: client,
    clock,
    notifyUrl: `${publicUrl.replace(/\/+$/, '')}/alipay/notify/${notifyToken}`,
    productCode: () => productCode,
    sellerId: options.sellerId ?? undefined,
    publicUrl,
    livemode,
    crashPoint,
    ...(options.rules && { rules: options.rules }),
    ...(options.callsPerSecond !== undefined && { callsPerSecond: options.callsPerSecond }),
    onError: failed('engine.failed'),
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
  const books = createBooks({
    store: store.books,
    payments,
    gateway: client,
    identity,
    sellerId: options.sellerId ?? undefined,
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
    onError: failed('books.failed'),
  })
  const retention = createRetention({
    store: store.retention,
    clock,
    ...(options.retention && { rules: options.retention }),
    async onPruned({ kind, rows, before }) {
      log({ level: 'info', event: 'retention.pruned', kind, rows })
      await shared.record({
        appId: id,
        actor: 'system',
        action: 'retention.prune',
        objectId: null,
        detail: { kind, rows, before: formatRfc3339(before) },
        requestId: null,
      })
    },
    onError: failed('retention.failed'),
  })
  const credentials = createCredentials({
    appId: id,
    store: shared.access,
    vault,
    clock,
    connect: (keys) => createClient({ ...shared.gateway, ...options.more, ...keys, appId, clock }),
    onActive(clients) {
      client.use(clients)
      hasKeys = options.client !== undefined || clients.length > 0
      work()
    },
    onError: failed('credentials.failed'),
  })
  const watch = createAlarmWatch({
    alarms,
    payments,
    client,
    clock,
    certificates: options.certificates,
    credentials,
    signs,
    onCertificate: (certificate) => metrics.certificateEnds(certificate),
    onError: alarmFailed,
  })

  /** What asks Alipay by itself needs keys: without them each look would be a false alarm. */
  function work(): void {
    if (!isStarted || isWorking || !hasKeys) return
    isWorking = true
    payments.start()
    watch.start()
    books.start()
    retention.start()
  }

  const toServed = (): ServedApp => ({
    id,
    mode,
    merchantName: options.merchantName,
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
    notifyToken,
    productCode,
    sellerId: options.sellerId,
    isReady: () => hasKeys,
  })
  const withAdded = (app: App | undefined): ServedApp =>
    app === undefined
      ? toServed()
      : { ...toServed(), merchantName: app.name, addedAt: app.createdAt, retiredAt: app.retiredAt }
  let served = withAdded(options.added)

  return {
    payments,
    webhooks,
    alarms,
    client,
    get served() {
      return served
    },
    change(app) {
      productCode = app.productCode
      served = withAdded(app)
    },
    async open() {
      await credentials.start()
      // Keys may have changed since: what nobody could verify then is tried again.
      const verified = await payments.reviewQuarantine((body) => verify(client, body))
      if (verified > 0) log({ level: 'info', event: 'quarantine.verified', count: verified })
    },
    start() {
      payments.watchAll(() => webhooks.wake())
      webhooks.start()
      alarms.start()
      isStarted = true
      work()
    },
    async stop() {
      isStarted = false
      const parts = [watch, books, retention, payments, webhooks, alarms, credentials]
      await Promise.all(parts.map((part) => part.stop()))
      await client.close()
    },
  }
}

function verify(client: AlipayClient, body: string) {
  try {
    return client.verifyNotification(Buffer.from(body, 'latin1'))
  } catch (error) {
    if (error instanceof NotificationInvalid) return undefined
    throw error
  }
}
