/**
 * A shop whose books are kept: an emulator on a port, both kinds of stores, the engine and the
 * books, and one clock for all of them.
 *
 * @module
 */

import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import {
  createClient,
  formatBeijingTime,
  MovableClock,
  parseBeijingTime,
  toFen,
} from '../../src/alipay/index.ts'
import { createBooks, type Books, type BooksOptions } from '../../src/books/index.ts'
import { createEmulator, listen, type Emulator } from '../../src/emulator/index.ts'
import {
  createPayments,
  type CreatePaymentOrder,
  type PaymentRecord,
  type Payments,
} from '../../src/payments/index.ts'
import {
  noteFileRestored,
  openPostgresStore,
  openSqliteStore,
  type Store,
} from '../../src/store/index.ts'
import type { WebhookStore } from '../../src/webhooks/index.ts'
import { sharedPostgres } from '../machines/postgres.ts'

export const HOUR_MS = 3_600_000

export type BookShop = Awaited<ReturnType<typeof openBookShop>>

/** Opens a shop in the morning of 23 November 2026. */
export async function openBookShop(
  kind: Store['kind'] = 'sqlite',
  options: Partial<BooksOptions> = {},
) {
  const folder = mkdtempSync(join(tmpdir(), 'saoma-books-'))
  const clock = new MovableClock(parseBeijingTime('2026-11-23 10:00:00'))
  const port = await listen({ fetch: (request) => emulator.fetch(request) }, { port: 0 })
  const baseUrl = `http://127.0.0.1:${port.port}`
  const emulator: Emulator = await createEmulator({ baseUrl, clock, seed: 1 })
  const { credentials } = emulator
  const client = createClient({
    appId: credentials.app_id,
    privateKey: credentials.app_private_key,
    alipayPublicKey: credentials.alipay_public_key,
    gateway: `${baseUrl}/gateway.do`,
    clock,
  })
  const file = join(folder, 'data', 'saoma.db')
  const url = kind === 'sqlite' ? '' : await (await sharedPostgres()).createDatabase()
  const openStore = async (): Promise<Store> =>
    kind === 'sqlite' ? openSqliteStore(file, { clock }) : openPostgresStore({ url })
  let store = await openStore()
  let payments!: Payments
  let books!: Books
  const start = (): void => {
    payments = createPayments({
      store: store.payments,
      gateway: client,
      clock,
      monotonicMs: clock.now.bind(clock),
    })
    books = createBooks({
      store: store.books,
      payments,
      gateway: client,
      clock,
      sellerId: credentials.seller_id,
      ...options,
    })
  }
  start()
  onTestFinished(async () => {
    await books.stop()
    await client.close()
    await emulator.stop()
    await port.close()
    await store.close()
    rmSync(folder, { recursive: true })
  })
  const buyer = emulator.wallet.buyers()[0]?.id ?? ''
  const shop = {
    clock,
    emulator,
    client,
    buyer,
    sellerId: credentials.seller_id,
    get store() {
      return store
    },
    get payments() {
      return payments
    },
    get books() {
      return books
    },

    async settle(): Promise<void> {
      for (let rounds = 0; (await payments.runDue()) > 0; rounds++) {
        if (rounds > 20) throw new Error('The engine finds something due again and again')
      }
    },

    /** Has something ordered. */
    async order(order: Partial<CreatePaymentOrder> = {}): Promise<PaymentRecord> {
      const created = await payments.create({ amount: toFen(8888), subject: '咖啡', ...order })
      return created.record
    },

    /** Has it paid, of which the engine need not know yet. */
    pay(record: PaymentRecord): void {
      const scanned = emulator.wallet.scan(record.payment.qrCode ?? '', buyer)
      if (scanned.status !== 'ready') throw new Error(`The scan brought ${scanned.status}`)
      expect(emulator.wallet.pay(scanned.trade.trade_no, buyer).status).toBe('paid')
    },

    /** A sale that the engine knows of. */
    async sell(order: Partial<CreatePaymentOrder> = {}): Promise<PaymentRecord> {
      const record = await shop.order(order)
      shop.pay(record)
      return (await payments.sync(record.payment.id)) ?? record
    },

    /** Puts the clock forward to a time in Beijing. */
    at(time: string): void {
      clock.advanceTo(parseBeijingTime(time))
    },

    now: () => formatBeijingTime(clock.now()),

    /** Differences of a day, by code, status and what they are about. */
    /** Where endpoints and deliveries are kept. */
    get webhookStore(): WebhookStore {
      return store.webhooks
    },
    async differences(date = '2026-11-23'): Promise<string[]> {
      const all = await books.differences({ limit: 1_000, date })
      return all.map(({ code, status }) => `${code} ${status}`).sort()
    },

    /** Takes the money of a refund back to before the database was copied. */
    async backUp(): Promise<void> {
      await store.close()
      copy(join(folder, 'data'), join(folder, 'backup'))
      store = await openStore()
      start()
    },

    async restore(): Promise<void> {
      await store.close()
      copy(join(folder, 'backup'), join(folder, 'data'))
      await noteFileRestored(file)
      store = await openStore()
      start()
    },

    /** All that was paid and went back by our books equals what the emulator's ledger says. */
    async expectLedger(): Promise<void> {
      const ours: string[] = []
      for (let before: string | undefined; ;) {
        const page = await payments.list({ limit: 100, before })
        for (const { payment, refunds } of page) {
          if (payment.status !== 'succeeded') continue
          const back = refunds.filter(({ status }) => status === 'succeeded')
          const refunded = back.reduce((sum, { amount }) => sum + amount, 0)
          ours.push(`${payment.outTradeNo} ${payment.amount} ${refunded}`)
        }
        before = page.at(-1)?.payment.id
        if (page.length < 100) break
      }
      const ledger = emulator
        .ledger()
        .filter(({ paid }) => paid > 0)
        .map(({ out_trade_no, paid, refunded }) => `${out_trade_no} ${paid} ${refunded}`)
      expect(ours.sort()).toEqual(ledger.sort())
    },
  }
  return shop
}

function copy(from: string, to: string): void {
  mkdirSync(to, { recursive: true })
  for (const name of ['saoma.db', 'saoma.db-wal', 'saoma.db-shm']) {
    rmSync(join(to, name), { force: true })
    if (existsSync(join(from, name))) copyFileSync(join(from, name), join(to, name))
  }
}
