/**
 * A merchant's installation as it stands in the field: `saoma serve` in processes of its own, on
 * SQLite or on PostgreSQL, between a merchant who calls its API, Alipay (emulated in this process)
 * with its buyers, and a receiver of webhooks. All go by one time, which the test moves.
 *
 * @module
 */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { MasterKey } from '../../src/access/index.ts'
import type { Clock } from '../../src/alipay/index.ts'
import { openDatabase } from '../../src/store/database-sync.ts'
import { openPostgresStore, openSqliteStore, type Store } from '../../src/store/index.ts'
import { createEmulator, listenEmulator, type Emulator } from '../../src/testing.ts'
import { createWebhooks } from '../../src/webhooks/index.ts'
import { fixedPort } from '../machines/fixed-port.ts'
import type { GuardedProcess } from '../machines/guarded-process.ts'
import { afterUse } from '../machines/lifetime.ts'
import { machineFolder } from '../machines/machine-folder.ts'
import { startNode } from '../machines/node-process.ts'
import { query } from '../machines/postgres.ts'
import { startWebhookSink, type WebhookSink } from '../machines/webhook-sink.ts'
import { program } from '../saoma-program.ts'
import { createVirtualTime, type VirtualTime } from './virtual-time.ts'

/** How an installation is made. */
export interface InstallationOptions {
  /** An empty PostgreSQL database; without one it is SQLite. */
  readonly database?: InstallationDatabase | undefined
  /** Settings of all its nodes, beside those that every installation needs. */
  readonly env?: Readonly<Record<string, string>>
  /** Where the nodes reach Alipay, if not at its own address: through a bad network. */
  readonly gatewayThrough?: (url: string) => Promise<string>
  /** Where merchant, buyers and Alipay reach it, if not at the port of its one node. */
  readonly publicPort?: number
  /** Where its SQLite file is, beside all else. Default: a new folder. */
  readonly folder?: string
  /** In real time, until something that is waited for has failed. Default 60,000. */
  readonly patienceMs?: number
  readonly seed?: number
}

/** A PostgreSQL database, by the ways that lead to it. */
export interface InstallationDatabase {
  /** For the nodes. */
  readonly url: string
  /** For the test: to the server that takes writes now. */
  readonly direct: () => string
}

/** How one node is started. */
export interface NodeSettings {
  /** A point, or `point:n`: see `SAOMA_CRASH_AT`. */
  readonly crashAt?: string | undefined
  readonly pauseAt?: string | undefined
  /** Default: the public one. */
  readonly port?: number
  readonly env?: Readonly<Record<string, string>>
}

/** An answer of the merchant API. */
export interface ApiAnswer<Body> {
  readonly status: number
  readonly body: Body
}

/** A payment as the API has it, as far as tests look. */
export interface PaymentAnswer {
  readonly id: string
  readonly status: string
  readonly amount: number
  readonly amount_refunded: number
  readonly reference: string | null
  readonly scanned_at: string | null
  readonly late: boolean
  readonly settlement: string | null
  readonly review: string | null
  readonly checkout_url: string
  readonly next_action: { readonly qr_code: string } | null
  readonly alipay: { readonly out_trade_no: string; readonly trade_no: string | null }
}

/** A refund as the API has it. */
export interface RefundAnswer {
  readonly id: string
  readonly payment: string
  readonly status: string
  readonly amount: number
  readonly source: string
  readonly reference: string | null
  readonly alipay: { readonly out_request_no: string }
}

/** An event as it is stored. */
export interface EventRow {
  readonly id: string
  readonly payment_id: string
  readonly refund_id: string | null
  readonly type: string
  readonly sequence: number
  readonly data: string
}

/** An installation. It is gone after the test, with its processes. */
export interface Installation {
  readonly kind: Store['kind']
  readonly emulator: Emulator
  readonly sink: WebhookSink
  /** What webhooks are signed with. */
  readonly webhookSecret: string
  /** What seals secrets in its database. */
  readonly masterKey: string
  readonly time: VirtualTime
  readonly folder: string
  readonly url: string
  /** Starts a node; resolves when it serves, or has ended without. */
  readonly start: (settings?: NodeSettings) => Promise<GuardedProcess>
  /** Calls the merchant API once. */
  readonly call: ApiCall
  /** Calls it until somebody has answered, as a careful merchant does. */
  readonly api: ApiCall
  /** Runs a statement that reads, beside the nodes. */
  readonly read: <Row extends object>(statement: string) => Promise<Row[]>
  /**
   * Looks again and again, and lets time pass: as it is for a moment, then in steps.
   *
   * @param failure Says what is not so, when it takes too long.
   * @param stepMs What time jumps by between looks; 0 does not. Default 5,000.
   */
  readonly until: <T>(
    failure: () => string,
    look: () => Promise<T | undefined>,
    stepMs?: number,
  ) => Promise<T>
  /**
   * Waits until nothing is under way any more: no payment or refund without an end, no event that
   * was not told.
   *
   * @param isSo What has to be over besides. Default: nothing.
   */
  readonly untilOver: (isSo?: () => boolean) => Promise<void>
  /** Ends it before the test does. Its processes are ended by those who have started them. */
  readonly close: () => Promise<void>
}

/** Calls the merchant API below `/v1`. */
export type ApiCall = <Body>(
  method: 'GET' | 'POST',
  path: string,
  body?: object,
  headers?: Readonly<Record<string, string>>,
) => Promise<ApiAnswer<Body>>

/** Long enough for a busy machine. */
const PATIENCE_MS = 60_000

/** Until a call of the API is taken for lost. */
const CALL_MS = 30_000

/** In real time: after this without success time begins to jump. */
const CALM_MS = 300

/** The key of the merchant; it opens nothing else. */
const API_KEY = 'sk_test_0123456789abcdef0123456789abcdef01234567'

const NOTIFY_TOKEN = '0123456789abcdef0123456789abcdef'

/** Of all nodes of a test, also of those that come later. */
const MASTER_KEY = MasterKey.create()

/** Makes an installation without a node. */
export async function openInstallation(options: InstallationOptions = {}): Promise<Installation> {
  const own = machineFolder('installation', { inMemory: true })
  const folder = options.folder ?? own.path
  const time = createVirtualTime(own.path)
  const port = options.publicPort ?? (await fixedPort())
  const url = `http://127.0.0.1:${port}`
  const alipay = await startAlipay(time, options.seed)
  const { emulator, gateway } = alipay
  let isOpen = true
  const close = async (): Promise<void> => {
    if (!isOpen) return
    isOpen = false
    await alipay.stop()
    time.close()
    own.remove()
  }
  afterUse(close)
  const sink = await startWebhookSink()
  const { database, patienceMs = PATIENCE_MS } = options
  if (database !== undefined) await time.adoptDatabase(database.direct)

  const identity = `test ${emulator.credentials.app_id}`
  const file = join(folder, 'saoma.db')
  const store = await (database === undefined
    ? openSqliteStore(file, { identity })
    : openPostgresStore({ url: database.direct(), identity, poolMax: 1 }))
  const webhookSecret = await enableWebhooks(store, sink, time.clock)
  await store.close()

  const env = {
    SAOMA_GATEWAY: (await options.gatewayThrough?.(gateway)) ?? gateway,
    SAOMA_APP_ID: emulator.credentials.app_id,
    SAOMA_APP_PRIVATE_KEY: emulator.credentials.app_private_key,
    SAOMA_ALIPAY_PUBLIC_KEY: emulator.credentials.alipay_public_key,
    SAOMA_PUBLIC_URL: url,
    SAOMA_FOLDER: folder,
    SAOMA_API_KEY: API_KEY,
    SAOMA_NOTIFY_TOKEN: NOTIFY_TOKEN,
    SAOMA_MASTER_KEY: MASTER_KEY.reveal(),
    SAOMA_WEBHOOK_ALLOW: '127.0.0.1',
    ...time.nodeEnv,
    ...(database && { SAOMA_DATABASE_URL: database.url }),
    ...options.env,
  }
  const call = async <Body>(
    method: 'GET' | 'POST',
    path: string,
    body?: object,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<ApiAnswer<Body>> => {
    const response = await fetch(`${url}/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${API_KEY}`,
        'content-type': 'application/json',
        ...headers,
      },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(CALL_MS),
    })
    return { status: response.status, body: (await response.json()) as Body }
  }
  const read = async <Row extends object>(statement: string): Promise<Row[]> => {
    if (database !== undefined)
      return query<Row & Record<string, unknown>>(database.direct(), statement)
    const opened = await openDatabase(file)
    try {
      opened.exec('PRAGMA busy_timeout=5000')
      return opened.prepare(statement).all() as Row[]
    } finally {
      opened.close()
    }
  }
  const until: Installation['until'] = async (failure, look, stepMs = 5_000) => {
    const began = performance.now()
    for (;;) {
      const found = await look()
      if (found !== undefined) return found
      const waitedMs = performance.now() - began
      if (waitedMs > patienceMs) throw new Error(failure())
      const isCalm = waitedMs < CALM_MS || stepMs === 0
      await sleep(isCalm ? 30 : 120)
      if (!isCalm) await time.advance(stepMs)
    }
  }
  return {
    kind: store.kind,
    emulator,
    sink,
    webhookSecret,
    masterKey: MASTER_KEY.reveal(),
    time,
    folder,
    url,
    async start({ crashAt, pauseAt, port: own = port, env: more = {} } = {}) {
      const node = startNode([...time.nodeArgs, ...(await program()), 'serve'], {
        env: {
          ...env,
          SAOMA_PORT: String(own),
          ...(crashAt !== undefined && { SAOMA_CRASH_AT: crashAt }),
          ...(pauseAt !== undefined && { SAOMA_PAUSE_AT: pauseAt }),
          ...more,
        },
      })
      await Promise.race([node.line('Stop with Ctrl+C').catch(() => {}), node.ended()])
      return node
    },
    call,
    async api(method, path, body) {
      const began = performance.now()
      for (;;) {
        const answer = await call<never>(method, path, body).catch((error: unknown) => error)
        const isAnswered = !(answer instanceof Error) && (answer as ApiAnswer<never>).status < 500
        if (isAnswered) return answer as ApiAnswer<never>
        if (performance.now() - began > patienceMs) {
          throw new Error(`${method} ${path} is not answered`, { cause: answer })
        }
        await sleep(50)
      }
    },
    read,
    until,
    async untilOver(isSo = () => true) {
      let underWay: string[] = []
      await until(
        () => `Still under way: ${underWay.join('; ')}`,
        async () => {
          underWay = (await read<{ what: string }>(UNDER_WAY)).map(({ what }) => what)
          return underWay.length === 0 && isSo() ? true : undefined
        },
        15_000,
      )
    },
    close,
  }
}

const UNDER_WAY = `
  select id || ' is ' || status as what from payments
    where status in ('created', 'pending', 'closing') or settlement = 'due'
  union all select id || ' is ' || status from refunds where status in ('pending', 'processing')
  union all select id || ' is ' || status from webhook_deliveries where status = 'pending'`

/** Alipay, and how to end it. */
interface Alipay {
  readonly emulator: Emulator
  readonly gateway: string
  stop(): Promise<void>
}

async function startAlipay(time: VirtualTime, seed = 1): Promise<Alipay> {
  const port = await fixedPort()
  const baseUrl = `http://127.0.0.1:${port}`
  const emulator = await createEmulator({ baseUrl, clock: time.clock, seed })
  const listening = await listenEmulator(emulator, { port })
  time.adoptEmulator(emulator)
  emulator.start()
  return {
    emulator,
    gateway: `${baseUrl}/gateway.do`,
    async stop() {
      await listening.close()
      await emulator.stop()
    },
  }
}

async function enableWebhooks(store: Store, sink: WebhookSink, clock: Clock): Promise<string> {
  const webhooks = createWebhooks({
    store: store.webhooks,
    livemode: false,
    addresses: { allowPrivate: true },
    vault: MASTER_KEY,
    clock,
  })
  const { secret } = await webhooks.endpoints.create({ url: `${sink.url}/hooks` })
  await webhooks.stop()
  return secret.reveal()
}
