/**
 * A shop to test the engine in: a real emulator on a port, a real client, a store, the server on a
 * port, and one clock for all of them, which stands still until it is moved.
 *
 * @module
 */

import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { expect } from 'vitest'
import { createAccess, createDesk, createUsers, MasterKey } from '../../src/access/index.ts'
import { createAlarms } from '../../src/alarms/index.ts'
import {
  addMs,
  createClient,
  MovableClock,
  parseBeijingTime,
  toFen,
  type AlipayClient,
  type Clock,
  type Instant,
} from '../../src/alipay/index.ts'
import { createBooks } from '../../src/books/index.ts'
import {
  createEmulator,
  listen as listenEmulator,
  type Emulator,
} from '../../src/emulator/index.ts'
import {
  createPayments,
  type CrashPoint,
  type CreatePaymentOrder,
  type CreatePaymentResult,
  type Gateway,
  type PaymentCommit,
  type PaymentRecord,
  type Payments,
  type PaymentsOptions,
  type PaymentStore,
} from '../../src/payments/index.ts'
import { createRetention } from '../../src/retention/index.ts'
import {
  createServer,
  listen,
  oneApp,
  ONE_APP_ID,
  type LogEntry,
  type Server,
} from '../../src/server/index.ts'
import { openSqliteStore } from '../../src/store/index.ts'
import { createWebhooks, plainVault, type WebhookStore } from '../../src/webhooks/index.ts'

/** The moment at which every shop opens. */
export const opening = parseBeijingTime('2026-11-23 10:00:00')

/** A call of the gateway, or a save of the store, that a test steps into. */
type Gate = (answer: { readonly qr_code?: string }) => Promise<void> | void

type Call = keyof Gateway['trade']

/** Where a test can step in: around each call of the gateway, and before commits of evidence. */
export type GateName = `${'before' | 'after'} ${Call}` | `before commit of ${string}`

export type Shop = Awaited<ReturnType<typeof openShop>>

/** How a shop is opened. */
export interface ShopOptions {
  /** Whether orders carry a notify address that Alipay can reach. */
  readonly notify?: boolean
  /** Whether the receiving account is configured. */
  readonly ownSeller?: boolean
  /** What the engine is told beside that. */
  readonly engine?: Partial<PaymentsOptions>
  /** Whether the store is a file, so that a process that dies can be followed by another one. */
  readonly file?: boolean
  /** Comes between the engine and its store. */
  readonly store?: (store: PaymentStore) => PaymentStore
  /** What merchant and store go by; default: Alipay's own clock, which the test moves. */
  readonly clock?: (alipay: MovableClock) => Clock
  /** Whether the keys are this shop's alone, and so the application; else all shops are one. */
  readonly ownKeys?: boolean
  /** Whether Alipay is believed by its certificates instead of its key. */
  readonly certificates?: boolean
  /** Calls of the gateway are given up after so many milliseconds, whatever the engine says. */
  readonly callTimeoutMs?: number
  /** Connections to the gateway at the most. */
  readonly connectionsMax?: number
}

/** The merchant's key. */
export const API_KEY = 'sk_test_shop'

/** Thrown where a process dies, and by all that it tries afterwards. */
class Died extends Error {}

/** Opens a shop. */
export async function openShop(options: ShopOptions = {}) {
  const { notify = false, ownSeller = false } = options
  const folder = mkdtempSync(join(tmpdir(), 'saoma-shop-'))
  const file = options.file === true ? join(folder, 'saoma.db') : ':memory:'
  const clock = new MovableClock(opening)
  const ownClock = options.clock?.(clock) ?? clock
  const monotonicMs = (): number => performance.now() + clock.offsetMs
  let distort = async (answer: Response): Promise<Response> => answer
  const answer = async (request: Request) => distort(await emulator.fetch(request))
  // The port is known before the emulator is made, for its address is part of the codes.
  let emulatorPort = await listenEmulator({ fetch: answer }, { port: 0 })
  const baseUrl = `http://127.0.0.1:${emulatorPort.port}`
  const emulator: Emulator = await createEmulator({
    baseUrl,
    clock,
    seed: 1,
    ...(options.ownKeys === true && { folder: join(folder, 'emulator') }),
  })
  const { credentials } = emulator
  const client = createClient({
    appId: credentials.app_id,
    privateKey: credentials.app_private_key,
    gateway: `${baseUrl}/gateway.do`,
    clock: ownClock,
    ...(options.connectionsMax !== undefined && { connectionsMax: options.connectionsMax }),
    ...(options.certificates === true
      ? { certificates: credentials.certificates }
      : { alipayPublicKey: credentials.alipay_public_key }),
  })
  let sqlite = await openSqliteStore(file, { clock: ownClock })
  const commits: PaymentCommit[] = []
  const gates = new Map<string, Gate[]>()
  const errors: unknown[] = []
  const logged: LogEntry[] = []
  const precreated: string[] = []
  const notified: Buffer[] = []

  const pass = async (name: string, answered: Parameters<Gate>[0] = {}) => {
    await gates.get(name)?.shift()?.(answered)
  }

  const books: PaymentStore = {
    ...through(() => sqlite.payments),
    async insert(commit, lease) {
      const result = await sqlite.payments.insert(commit, lease)
      if (result === 'inserted') commits.push(commit)
      return result
    },
    async save(commit) {
      for (const { kind } of commit.timeline) await pass(`before commit of ${kind}`)
      const result = await sqlite.payments.save(commit)
      if (result === 'saved') commits.push(commit)
      return result
    },
  }
  const store = options.store?.(books) ?? books

  const gated =
    <Request, Settings extends { readonly timeoutMs?: number }, Answer>(
      name: Call,
      call: (request: Request, settings?: Settings) => Promise<Answer>,
    ) =>
    async (request: Request, settings?: Settings): Promise<Answer> => {
      await pass(`before ${name}`)
      if (name === 'precreate') precreated.push(JSON.stringify(request))
      const { callTimeoutMs: timeoutMs } = options
      const answered = await call(
        request,
        timeoutMs === undefined ? settings : ({ ...settings, timeoutMs } as Settings),
      )
      await pass(`after ${name}`, answered as Parameters<Gate>[0])
      return answered
    }
  const { trade } = client
  const gateway: Gateway & { trade: AlipayClient['trade'] } = {
    appId: client.appId,
    measureClock: () => client.measureClock(),
    trade: {
      ...trade,
      precreate: gated('precreate', trade.precreate),
      pay: gated('pay', trade.pay),
      query: gated('query', trade.query),
      cancel: gated('cancel', trade.cancel),
      close: gated('close', trade.close),
      refund: gated('refund', trade.refund),
      refundQuery: gated('refundQuery', trade.refundQuery),
    },
  }

  const serverPort = await listen(
    {
      async fetch(request) {
        if (!request.url.includes('/alipay/notify/')) return server.fetch(request)
        const body = Buffer.from(await request.arrayBuffer())
        notified.push(body)
        const { url, method, headers } = request
        return server.fetch(new Request(url, { method, headers, body }))
      },
      endEvents: () => server.endEvents(),
    },
    { port: 0 },
  )
  const notifyToken = 'notify-token-of-the-shop'
  const notifyUrl = `${serverPort.url}/alipay/notify/${notifyToken}`
  const engine = (more: Partial<PaymentsOptions> = {}): Payments =>
    createPayments({
      store,
      gateway,
      clock: ownClock,
      monotonicMs,
      publicUrl: serverPort.url,
      onError: (error) => {
        if (!(error instanceof Died)) errors.push(error)
      },
      ...(notify ? { notifyUrl } : {}),
      ...(ownSeller ? { sellerId: credentials.seller_id } : {}),
      ...options.engine,
      ...more,
    })
  const vault = MasterKey.create()
  const serve = (running: Payments): Server =>
    createServer({
      apps: oneApp({
        payments: running,
        webhooks: webhooks(),
        figures: sqlite.figures,
        alarms,
        books: createBooks({
          store: sqlite.books,
          payments: running,
          gateway: client,
          clock: ownClock,
        }),
        retention: createRetention({ store: sqlite.retention, clock: ownClock }),
        client,
        notifyToken,
        mode: 'test',
      }),
      access: access(),
      users: createUsers({ store: sqlite.users, vault, clock: ownClock }),
      desk: createDesk({ store: sqlite.desk, clock: ownClock }),
      publicUrl: serverPort.url,
      clock: ownClock,
      log: (entry) => logged.push(entry),
    })
  // The database may be another one after a restart.
  const access = () => createAccess({ store: sqlite.access, clock: ownClock })
  // Nobody is there: what is sent is refused before it leaves.
  const alarms = createAlarms({
    store: sqlite.alarms,
    livemode: false,
    vault: plainVault,
    clock: ownClock,
    lookup: async () => [{ address: '192.168.0.1', family: 4 }],
  })
  const webhooks = () =>
    createWebhooks({ store: sqlite.webhooks, livemode: false, clock: ownClock })
  await access().adoptKey({ appId: ONE_APP_ID, key: API_KEY, name: 'the shop' })
  let payments = engine()
  let server = serve(payments)
  const buyer = emulator.wallet.buyers()[0]?.id ?? ''

  /** Does all that is due now. An engine that never comes to rest would keep calling for ever. */
  const settle = async (running: Payments = payments) => {
    await emulator.notifications.deliverDue()
    for (let rounds = 0; (await running.runDue()) > 0; rounds++) {
      if (rounds === 4) throw new Error('The engine finds something due again and again')
    }
  }

  const run = (running: Payments): void => {
    payments = running
    server.endEvents()
    server = serve(running)
  }

  /** All payments that there are, oldest first. */
  const records = async (): Promise<PaymentRecord[]> => {
    const all: PaymentRecord[] = []
    for (;;) {
      const before = all.at(-1)?.payment.id
      const page = await books.list({ limit: 100, ...(before !== undefined && { before }) })
      if (page.length === 0) return all.toReversed()
      all.push(...page)
    }
  }

  return {
    clock,
    /** What merchant and store go by: the same one, unless the shop has a clock of its own. */
    ownClock,
    monotonicMs,
    emulator,
    client,
    gateway,
    store,
    /** The store itself, past whatever comes between. */
    books,
    /** Where endpoints and deliveries are kept. */
    get webhookStore(): WebhookStore {
      return sqlite.webhooks
    },
    file,
    records,
    commits,
    errors,
    /** What the server told its operator. */
    logged,
    /** The content of every precreate, oldest first. */
    precreated,
    /** The body of every notification that arrived, oldest first. */
    notified,
    buyer,
    notifyUrl,
    url: serverPort.url,
    engine,
    settle,

    /** The engine that runs now. */
    get payments(): Payments {
      return payments
    },

    /** Has this engine run from now on, and the server with it. */
    run,

    /**
     * Has the process die when it passes a point for the n-th time, counted from now: nothing that
     * it does later has any effect.
     */
    dieAtPoint(point: CrashPoint, times = 1): { readonly isDead: boolean } {
      const process = { isDead: false, left: times }
      const breathe = (): void => {
        if (process.isDead) throw new Died('The process is dead')
      }
      run(
        engine({
          store: mortal(store, breathe),
          gateway: { ...gateway, trade: mortal(gateway.trade, breathe) },
          crashPoint(name) {
            if (name === point && --process.left === 0) process.isDead = true
            breathe()
          },
        }),
      )
      return process
    },

    /**
     * Starts the next process. Where the store is a file it is opened again, as by a process that
     * finds it; else another node goes on with the store that they share.
     */
    async startNext(more: Partial<PaymentsOptions> = {}): Promise<void> {
      if (file !== ':memory:') {
        await sqlite.close()
        sqlite = await openSqliteStore(file, { clock: ownClock })
      }
      run(engine(more))
    },

    /** Keeps the store's file as it is now. */
    async backUp(): Promise<void> {
      await sqlite.close()
      copyStore(folder, join(folder, 'backup'))
      sqlite = await openSqliteStore(file, { clock: ownClock })
    },

    /** Puts the backup in the store's place, and starts the next process on it. */
    async restore(): Promise<void> {
      await sqlite.close()
      copyStore(join(folder, 'backup'), folder)
      sqlite = await openSqliteStore(file, { clock: ownClock })
      run(engine())
    },

    /** Nobody listens at Alipay's address until `connect`. Buyers can pay all the same. */
    async disconnect(): Promise<void> {
      await emulatorPort.close()
    },

    /** Alipay can be reached again. */
    async connect(): Promise<void> {
      emulatorPort = await listenEmulator({ fetch: answer }, { port: emulatorPort.port })
    },

    /** Does something to every answer of the gateway from now on; without a way, nothing. */
    distortAnswers(way: typeof distort = async (response) => response): void {
      distort = way
    },

    /** A request to the server, without a port between. */
    fetch: (path: string, init?: RequestInit) =>
      server.fetch(new Request(`${serverPort.url}${path}`, init)),

    /** A request of the merchant, over HTTP. */
    async api(method: string, path: string, body?: unknown) {
      const response = await fetch(`${serverPort.url}/v1${path}`, {
        method,
        headers: {
          authorization: `Bearer ${API_KEY}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      })
      return { status: response.status, body: (await response.json()) as ApiAnswer }
    },

    /** Sends a body to the notify address once more, and gives the answer's text. */
    async replay(body: Buffer, url = notifyUrl): Promise<string> {
      const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }
      const response = await fetch(url, { method: 'POST', headers, body: new Uint8Array(body) })
      return response.text()
    },

    /** Lets time pass in steps, and has the engine and the notifications do what is due at each. */
    async elapse(ms: number, more: { stepMs?: number; engine?: Payments } = {}) {
      const { stepMs = 1_000, engine: running } = more
      const end = addMs(clock.now(), ms)
      await settle(running ?? payments)
      while (clock.now() < end) {
        clock.advance(Math.min(stepMs, end - clock.now()))
        await settle(running ?? payments)
      }
    },

    /** Has the next call of this name, or the next commit of such evidence, wait for `gate`. */
    gate(name: GateName, gate: Gate): void {
      gates.set(name, [...(gates.get(name) ?? []), gate])
    },

    /** Has the process die at this point: the call never comes back. Resolves when it is reached. */
    dieAt(name: `${'before' | 'after'} ${Call}`): Promise<void> {
      return new Promise((reached) => {
        gates.set(name, [
          () => {
            reached()
            return new Promise<void>(() => {})
          },
        ])
      })
    },

    /** A sale of 88.88 yuan, with its code shown. */
    async sell(order: Partial<CreatePaymentOrder> = {}): Promise<PaymentRecord> {
      const result = await payments.create({ amount: toFen(8888), subject: '美式咖啡', ...order })
      expect(result.status).toBe('created')
      return result.record
    },

    /** What the buyer's app shows the till: a new payment code. */
    paymentCode(): string {
      return emulator.wallet.paymentCode(buyer)?.payment_code ?? ''
    },

    /** A barcode payment of 88.88 yuan, by the code that the buyer shows. */
    charge(order: Partial<CreatePaymentOrder> = {}): Promise<CreatePaymentResult> {
      const authCode = this.paymentCode()
      return payments.create({ amount: toFen(8888), subject: '美式咖啡', authCode, ...order })
    },

    /** Has the buyer enter the password that his app asks for. */
    enterPassword({ payment }: PaymentRecord): void {
      expect(emulator.wallet.pay(payment.tradeNo ?? '', buyer).status).toBe('paid')
    },

    /** A sale that is paid and booked. */
    async sellPaid(order: Partial<CreatePaymentOrder> = {}): Promise<PaymentRecord> {
      const sold = await this.sell(order)
      this.pay(sold)
      await payments.sync(sold.payment.id)
      return this.find(sold)
    },

    /** Has a buyer scan the code; gives the trade number. */
    scan({ payment }: PaymentRecord): string {
      const result = emulator.wallet.scan(payment.qrCode ?? '', buyer)
      if (result.status !== 'ready') throw new Error(`The scan brought ${result.status}`)
      return result.trade.trade_no
    },

    /** Has a buyer scan the code and pay. */
    pay(record: PaymentRecord): void {
      expect(emulator.wallet.pay(this.scan(record), buyer).status).toBe('paid')
    },

    async find({ payment }: PaymentRecord): Promise<PaymentRecord> {
      const record = await books.find({ id: payment.id })
      if (record === undefined) throw new Error(`No payment ${payment.id}`)
      return record
    },

    async status(record: PaymentRecord): Promise<string> {
      return (await this.find(record)).payment.status
    },

    /** The events of a payment, oldest first. */
    events({ payment }: PaymentRecord): string[] {
      return commits
        .filter(({ record }) => record.payment.id === payment.id)
        .flatMap(({ events }) => events.map(({ type }) => type))
    },

    /** Every status that was ever committed, oldest first, each change once. */
    statuses({ payment }: PaymentRecord): string[] {
      const all = commits
        .filter(({ record }) => record.payment.id === payment.id)
        .map(({ record }) => record.payment.status)
      return all.filter((status, index) => status !== all[index - 1])
    },

    /** The gateway's log as `+<seconds since opening> <method> <sub code>`, polls included. */
    calls(): string[] {
      return emulator.requests().map(({ time, method, code, sub_code }) => {
        const what = code === undefined ? 'no answer' : (sub_code ?? 'ok')
        return `+${(time - opening) / 1_000} ${(method ?? '').replace('alipay.trade.', '')} ${what}`
      })
    },

    /** The books must tell what Alipay's ledger tells, and nothing may have gone wrong unseen. */
    async expectBooks(): Promise<void> {
      const all = await records()
      const ours = new Set(
        all.flatMap(({ refunds }) =>
          refunds
            .filter(({ source }) => source === 'api' || source === 'policy')
            .map(({ outRequestNo }) => outRequestNo),
        ),
      )
      expect(all.filter(isPaid).map(book).sort()).toEqual(
        emulator
          .ledger()
          .filter(({ paid }) => paid > 0)
          .map(({ out_trade_no, paid, refunds }) =>
            line(
              out_trade_no,
              paid,
              refunds.map(({ by, out_request_no: number, amount }) => [
                by === 'cancel' ? 'cancel' : ours.has(number) ? number : 'external',
                amount,
              ]),
            ),
          )
          .sort(),
      )
      expect(errors).toEqual([])
    },

    /** Closes the shop, whose books must be right. */
    async close(): Promise<void> {
      await this.expectBooks()
      await this.destroy()
    },

    async destroy(): Promise<void> {
      await client.close()
      await emulator.stop()
      await emulatorPort.close()
      await serverPort.close()
      await sqlite.close()
      rmSync(folder, { recursive: true })
    },
  }
}

/** An answer of the API: an object, a list or an error. */
export interface ApiAnswer {
  readonly [name: string]: unknown
  readonly id: string
  readonly status: string
  readonly error?: { readonly code: string; readonly [name: string]: unknown }
}

/** The database and its log, and nothing of what was there before. */
function copyStore(from: string, to: string): void {
  mkdirSync(to, { recursive: true })
  for (const name of ['saoma.db', 'saoma.db-wal', 'saoma.db-shm']) {
    rmSync(join(to, name), { force: true })
    if (existsSync(join(from, name))) copyFileSync(join(from, name), join(to, name))
  }
}

/** A store whose calls go to the one that there is at the moment. */
function through(current: () => PaymentStore): PaymentStore {
  return mapCalls(
    current(),
    (name) =>
      (...args) =>
        call(current(), name, args),
  )
}

/** Calls that a dead process does not make. */
function mortal<T extends object>(of: T, breathe: () => void): T {
  return mapCalls(of, (name) => async (...args) => {
    breathe()
    const result = await call(of, name, args)
    // What was done is done, and nobody learns of it.
    breathe()
    return result
  })
}

/** The same object with each of its functions replaced. */
export function mapCalls<T extends object>(
  of: T,
  replace: (name: string) => (...args: unknown[]) => unknown,
): T {
  const entries = Object.entries(of).map(([name, value]) => [
    name,
    typeof value === 'function' ? replace(name) : (value as unknown),
  ])
  return Object.fromEntries(entries) as T
}

/** Calls one of an object's functions by its name. */
export function call(of: object, name: string, args: readonly unknown[]): unknown {
  return (of as Record<string, (...args: readonly unknown[]) => unknown>)[name]?.(...args)
}

function isPaid({ payment }: PaymentRecord): boolean {
  return payment.status === 'succeeded'
}

/** One payment as one line, in the form of the ledger. */
function book({ payment, refunds }: PaymentRecord): string {
  const made = refunds.filter(({ status }) => status === 'succeeded')
  return line(
    payment.outTradeNo,
    payment.amount,
    made.map(({ source, outRequestNo, amount }) => [
      // A query tells that money has gone back, but not under which number.
      source === 'cancel' || source === 'external' ? source : outRequestNo,
      amount,
    ]),
  )
}

/** Refunds of the console are summed up: two that are heard of at once are booked as one. */
function line(number: string, paid: number, refunds: readonly (readonly [string, number])[]) {
  const external = refunds
    .filter(([name]) => name === 'external')
    .reduce((sum, [, amount]) => sum + amount, 0)
  const others = refunds.filter(([name]) => name !== 'external')
  const all = external === 0 ? others : [...others, ['external', external] as const]
  return [`${number} ${paid}`, ...all.map((refund) => `- ${refund.join(' ')}`).sort()].join(' ')
}

/** The instant `ms` after the opening. */
export function after(ms: number): Instant {
  return addMs(opening, ms)
}
