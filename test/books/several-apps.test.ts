/** Several applications, and other systems, that take money into one account: one bill for all. */
import { describe, expect, test, vi } from 'vitest'
import { toFen } from '../../src/alipay/index.ts'
import { createBooks, type BooksRules } from '../../src/books/index.ts'
import { createPayments } from '../../src/payments/index.ts'
import { storeKinds } from '../store/opened-stores.ts'
import { openBookShop, type BookShop } from './book-shop.ts'

const DAY = '2026-11-23'

// The first emulator of a process makes keys.
vi.setConfig({ testTimeout: 60_000 })

/** A second application of the same account, with the same database. */
function secondApp(shop: BookShop, rules: Partial<BooksRules> = {}) {
  const identity = 'test 2021000000000002'
  const { store, client, clock } = shop
  const its = store.of(identity)
  const payments = createPayments({
    store: its.payments,
    gateway: client,
    clock,
    monotonicMs: clock.now.bind(clock),
  })
  const common = { payments, gateway: client, clock, identity, rules }
  return { payments, books: createBooks({ ...common, store: its.books }) }
}

/** A sale of a cash desk that does not know of saoma. */
async function foreignSale(shop: BookShop, number: string, yuan: string): Promise<void> {
  const { qr_code: code } = await shop.client.trade.precreate({
    out_trade_no: number,
    total_amount: yuan,
    subject: '茶',
  })
  const scanned = shop.emulator.wallet.scan(code, shop.buyer)
  if (scanned.status !== 'ready') throw new Error(scanned.status)
  shop.emulator.wallet.pay(scanned.trade.trade_no, shop.buyer)
}

describe.each(storeKinds)('on $kind', ({ kind }) => {
  test('each application has its own rows of the bill, and together they are the whole', async () => {
    const shop = await openBookShop(kind)
    shop.emulator.settings.update({ merchant_discount: 10, fee_rate: 6_000 })
    const second = secondApp(shop)
    await shop.sell({ amount: toFen(1_000), storeId: 'S1' })
    const { record } = await second.payments.create({ amount: toFen(300), subject: '茶' })
    shop.pay(record)
    await second.payments.sync(record.payment.id)
    await second.payments.refund({ paymentId: record.payment.id, amount: toFen(100) })
    shop.at('2026-11-24 09:00:00')
    for (const [books, own, foreign] of [
      [shop.books, 1_000, { rows: 2, net: 200 }],
      [second.books, 200, { rows: 1, net: 1_000 }],
    ] as const) {
      const run = await books.reconcile(DAY)
      expect(run).toMatchObject({ status: 'balanced', result: { foreign } })
      const summary = await books.daySummary(DAY)
      expect(summary.books.gross - summary.books.refunded).toBe(own)
      expect(summary).toMatchObject({
        reasons: [{ reason: 'foreign', count: foreign.rows, net: foreign.net }],
        unexplained: 0,
      })
    }
  })

  test('rows of other systems are reported, or only told of, as the rule says', async () => {
    const shop = await openBookShop(kind)
    const second = secondApp(shop, { foreignRows: 'ignore' })
    shop.emulator.settings.update({ merchant_discount: 10 })
    await foreignSale(shop, 'DESK_7_0001', '4.00')
    shop.at('2026-11-24 09:00:00')
    const ignoring = await second.books.reconcile(DAY)
    expect(ignoring).toMatchObject({
      status: 'balanced',
      result: { foreign: { rows: 1, net: 400 } },
    })
    expect(await second.books.differences({ limit: 10 })).toEqual([])
    expect(await second.payments.list({ limit: 1 })).toEqual([])
    expect((await second.books.daySummary(DAY)).unexplained).toBe(0)

    // Reported, it is looked into: Alipay says that it is this application's, so it is booked.
    expect(await shop.books.reconcile(DAY)).toMatchObject({ status: 'balanced' })
    expect(await shop.differences()).toEqual(['missing_local healed'])
  })
})

test.each([-1, 0.6, 1_000_001, Number.NaN])('a rate of %d is none', async (feeRate) => {
  const shop = await openBookShop()
  expect(() => secondApp(shop, { feeRate })).toThrow(RangeError)
  expect(() => secondApp(shop, { foreignRows: 'hide' as 'ignore' })).toThrow(RangeError)
})
