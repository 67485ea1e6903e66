/**
 * A shop to test the engine in: a real emulator on a port, a real client, a store in memory, the
 * server's notify address, and one clock for all of them, which stands still until it is moved.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import {
  addMs,
  createClient,
  MovableClock,
  parseBeijingTime,
  toFen,
  type Instant,
} from '../../src/alipay/index.ts'
import {
  createEmulator,
  listen as listenEmulator,
  type Emulator,
} from '../../src/emulator/index.ts'
import {
  createPayments,
  type CreatePaymentOrder,
  type Gateway,
  type PaymentCommit,
  type PaymentRecord,
  type Payments,
  type PaymentsOptions,
  type PaymentStore,
} from '../../src/payments/index.ts'
import { createServer, listen, type Server } from '../../src/server/index.ts'
import { openSqliteStore } from '../../src/store/index.ts'

/** The moment at which every shop opens. */
export const opening = parseBeijingTime('2026-11-23 10:00:00')

/** A call of the gateway, or a save of the store, that a test steps into. */
type Gate = (answer: { readonly qr_code?: string }) => Promise<void> | void

type Call = keyof Pick<
  Gateway['trade'],
  'precreate' | 'query' | 'cancel' | 'refund' | 'refundQuery'
>

export type Shop = Awaited<ReturnType<typeof openShop>>

/**
 * @param options `notify`: whether orders carry a notify address that Alipay can reach;
 *   `ownSeller`: whether the receiving account is configured.
 */
export async function openShop({
  notify = false,
  ownSeller = false,
}: { readonly notify?: boolean; readonly ownSeller?: boolean } = {}) {
  const clock = new MovableClock(opening)
  // The port is known before the emulator is made, for its address is part of the codes.
  const emulatorPort = await listenEmulator(
    { fetch: (request) => emulator.fetch(request) },
    { port: 0 },
  )
  const baseUrl = `http://127.0.0.1:${emulatorPort.port}`
  const emulator: Emulator = await createEmulator({ baseUrl, clock, seed: 1 })
  const { credentials } = emulator
  const client = createClient({
    appId: credentials.app_id,
    privateKey: credentials.app_private_key,
    alipayPublicKey: credentials.alipay_public_key,
    gateway: `${baseUrl}/gateway.do`,
    clock,
  })
  const sqlite = await openSqliteStore(':memory:')
  const commits: PaymentCommit[] = []
  const gates = new Map<string, Gate[]>()
  const errors: unknown[] = []

  const pass = async (name: string, answer: Parameters<Gate>[0] = {}) => {
    await gates.get(name)?.shift()?.(answer)
  }

  const store: PaymentStore = {
    ...sqlite.payments,
    async insert(commit, lease) {
      const isInserted = await sqlite.payments.insert(commit, lease)
      if (isInserted) commits.push(commit)
      return isInserted
    },
    async save(commit) {
      for (const { kind } of commit.timeline) await pass(`before commit of ${kind}`)
      const isSaved = await sqlite.payments.save(commit)
      if (isSaved) commits.push(commit)
      return isSaved
    },
  }

  const gated =
    <Request, Options, Answer>(
      name: Call,
      call: (request: Request, options?: Options) => Promise<Answer>,
    ) =>
    async (request: Request, options?: Options): Promise<Answer> => {
      await pass(`before ${name}`)
      const answer = await call(request, options)
      await pass(`after ${name}`, answer as Parameters<Gate>[0])
      return answer
    }
  const gateway: Gateway = {
    appId: client.appId,
    trade: {
      ...client.trade,
      precreate: gated('precreate', client.trade.precreate),
      query: gated('query', client.trade.query),
      cancel: gated('cancel', client.trade.cancel),
      refund: gated('refund', client.trade.refund),
      refundQuery: gated('refundQuery', client.trade.refundQuery),
    },
  }

  const serverPort = await listen(
    { fetch: (request) => server.fetch(request), endEvents: () => server.endEvents() },
    { port: 0 },
  )
  const notifyToken = 'notify-token-of-the-shop'
  const notifyUrl = `${serverPort.url}/alipay/notify/${notifyToken}`
  const engine = (options: Partial<PaymentsOptions> = {}): Payments =>
    createPayments({
      store,
      gateway,
      clock,
      onError: (error) => errors.push(error),
      ...(notify ? { notifyUrl } : {}),
      ...(ownSeller ? { sellerId: credentials.seller_id } : {}),
      ...options,
    })
  const payments = engine()
  const server: Server = createServer({
    payments,
    client,
    publicUrl: serverPort.url,
    apiKeyHash: createHash('sha256').update('sk_test_shop').digest('hex'),
    notifyToken,
    clock,
    mode: 'test',
  })
  const buyer = emulator.wallet.buyers()[0]?.id ?? ''

  /** Does all that is due now. An engine that never comes to rest would keep calling for ever. */
  const settle = async (running: Payments = payments) => {
    await emulator.notifications.deliverDue()
    for (let rounds = 0; (await running.runDue()) > 0; rounds++) {
      if (rounds === 4) throw new Error('The engine finds something due again and again')
    }
  }

  return {
    clock,
    emulator,
    client,
    store,
    commits,
    errors,
    buyer,
    notifyUrl,
    engine,
    payments,
    settle,

    /** Lets time pass in steps, and has the engine and the notifications do what is due at each. */
    async elapse(ms: number, options: { stepMs?: number; engine?: Payments } = {}) {
      const { stepMs = 1_000, engine: running = payments } = options
      const end = addMs(clock.now(), ms)
      await settle(running)
      while (clock.now() < end) {
        clock.advance(Math.min(stepMs, end - clock.now()))
        await settle(running)
      }
    },

    /** Has the next call of this name, or the next commit of such evidence, wait for `gate`. */
    gate(name: `${'before' | 'after'} ${Call}` | `before commit of ${string}`, gate: Gate): void {
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
      const record = await store.find({ id: payment.id })
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

    /** Closes the shop; the books must tell what Alipay's ledger tells. */
    async close(): Promise<void> {
      const records = await store.list({ limit: 100 })
      expect(records.filter(isPaid).map(book).sort()).toEqual(
        emulator
          .ledger()
          .filter(({ paid }) => paid > 0)
          .map(({ out_trade_no, paid, refunds }) =>
            line(
              out_trade_no,
              paid,
              refunds.map((refund) => [
                refund.by === 'cancel' ? 'cancel' : refund.out_request_no,
                refund.amount,
              ]),
            ),
          )
          .sort(),
      )
      expect(errors).toEqual([])
      await this.destroy()
    },

    async destroy(): Promise<void> {
      await client.close()
      await emulator.stop()
      await emulatorPort.close()
      await serverPort.close()
      await sqlite.close()
    },
  }
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
    made.map((refund) => [
      refund.source === 'cancel' ? 'cancel' : refund.outRequestNo,
      refund.amount,
    ]),
  )
}

function line(number: string, paid: number, refunds: readonly (readonly [string, number])[]) {
  return [`${number} ${paid}`, ...refunds.map((refund) => `- ${refund.join(' ')}`).sort()].join(' ')
}

/** The instant `ms` after the opening. */
export function after(ms: number): Instant {
  return addMs(opening, ms)
}
