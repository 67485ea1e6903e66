/**
 * Scenarios of notifications: doubled, old, in the wrong order, forged, or of an order that nobody
 * knows.
 *
 * @module
 */

import { describe, expect, test } from 'vitest'
import { generateKeyPair, loadPrivateKey, toFen } from '../../src/alipay/index.ts'
import type { PaymentRecord } from '../../src/payments/index.ts'
import type { Shop } from '../payments/shop.ts'
import { altered, signedBy } from './forged-notification.ts'
import { openScene } from './scene.ts'

const HOUR_MS = 3_600_000

/** The body of the notification that arrived last. */
function lastBody(shop: Shop): Buffer {
  return shop.notified.at(-1) ?? Buffer.alloc(0)
}

/** How often an event was told. */
function count(shop: Shop, sold: PaymentRecord, type: string): number {
  return shop.events(sold).filter((told) => told === type).length
}

describe('scenario 3: a notification and a query that arrive at the same instant', () => {
  test('book the payment once, where the notification is written first', async () => {
    const { shop, sold } = await sellPaid()
    // The query has its answer, and the notification is quicker.
    shop.gate('after query', () => {
      shop.gate('before commit of trade', async () => {
        await shop.emulator.notifications.deliverDue()
      })
    })
    await shop.payments.sync(sold.payment.id)
    await expectBookedOnce(shop, sold, 'notification')
  })

  test('book the payment once, where the answer of the query is written first', async () => {
    const { shop, sold } = await sellPaid()
    shop.gate('before commit of trade', async () => {
      await shop.payments.sync(sold.payment.id)
    })
    await shop.emulator.notifications.deliverDue()
    await expectBookedOnce(shop, sold, 'gateway')
  })

  async function sellPaid() {
    const shop = await openScene({ notify: true })
    const sold = await shop.sell()
    shop.pay(sold)
    return { shop, sold }
  }

  async function expectBookedOnce(shop: Shop, sold: PaymentRecord, source: string) {
    expect(await shop.status(sold)).toBe('succeeded')
    expect(shop.calls().filter((line) => line.includes('query'))).toHaveLength(1)
    expect(shop.emulator.notifications.list()).toMatchObject([{ status: 'delivered' }])
    expect(count(shop, sold, 'payment.succeeded')).toBe(1)
    const [, , ...learned] = await shop.payments.timeline(sold.payment.id)
    expect(learned).toMatchObject([{ kind: 'trade', source, from: 'pending', to: 'succeeded' }])
  }
})

test('scenario 4: one notification, 100 times at once, is one change and 100 times success', async () => {
  const shop = await openScene({ notify: true })
  const sold = await shop.sell()
  shop.pay(sold)
  // It arrives once while nothing can be written; what arrived is then sent 100 times.
  shop.run(shop.engine({ store: refusing(shop) }))
  await shop.emulator.notifications.deliverDue()
  shop.run(shop.engine())
  expect(await shop.status(sold)).toBe('pending')

  const body = lastBody(shop)
  const answers = await Promise.all(Array.from({ length: 100 }, () => shop.replay(body)))
  expect(new Set(answers)).toEqual(new Set(['success']))
  expect(await shop.status(sold)).toBe('succeeded')
  expect(count(shop, sold, 'payment.succeeded')).toBe(1)
  expect((await shop.payments.timeline(sold.payment.id)).map(({ kind }) => kind)).toEqual([
    'created',
    'precreated',
    'trade',
  ])
})

/** A store that takes nothing. */
function refusing(shop: Shop): Shop['books'] {
  return { ...shop.books, save: () => Promise.reject(new Error('The disk is gone')) }
}

describe('scenario 5: out of order, the notification of a refund comes before that of the payment', () => {
  test.each([
    ['in part', '30.00', 3000, 'TRADE_SUCCESS'],
    ['in full', '88.88', 8888, 'TRADE_CLOSED'],
  ])('refunded %s: it ends paid, and the refund is known', async (_, amount, fen, tradeStatus) => {
    const shop = await openScene({ notify: true })
    const sold = await shop.sell()
    shop.emulator.faults.add({ name: 'reordered' })
    shop.pay(sold)
    await shop.emulator.notifications.deliverDue()
    expect(shop.notified).toEqual([])
    await shop.client.trade.refund({
      out_trade_no: sold.payment.outTradeNo,
      refund_amount: amount,
      out_request_no: 'console_1',
    })
    await shop.emulator.notifications.deliverDue()

    expect(shop.emulator.notifications.list()).toMatchObject([
      { event: 'paid', status: 'delivered' },
      { event: 'refunded', status: 'delivered' },
    ])
    expect(await shop.find(sold)).toMatchObject({
      payment: { status: 'succeeded', late: false, tradeStatus },
      refunds: [{ source: 'external', status: 'succeeded', amount: fen }],
    })
    expect(shop.events(sold).slice(2)).toEqual(['payment.succeeded', 'refund.external'])
  })
})

describe('scenario 6: an old notification that is sent again', () => {
  test('of the payment, 25 h later when the money has gone back, changes nothing', async () => {
    const shop = await openScene({ notify: true })
    const sold = await shop.sell()
    shop.pay(sold)
    await shop.settle()
    const old = lastBody(shop)
    expect(await shop.status(sold)).toBe('succeeded')
    await shop.payments.refund({ paymentId: sold.payment.id })
    await shop.settle()
    shop.clock.advance(25 * HOUR_MS)
    const { length } = shop.commits
    expect(await shop.replay(old)).toBe('success')
    expect(shop.commits).toHaveLength(length)
    expect((await shop.find(sold)).payment.tradeStatus).toBe('TRADE_CLOSED')
    expect((await shop.find(sold)).refunds).toMatchObject([{ amount: 8888, status: 'succeeded' }])
    await shop.settle()
    expect(shop.calls().filter((line) => line.includes('query'))).toEqual([])
  })

  test('of the scan, when it is paid, changes nothing', async () => {
    const shop = await openScene({ notify: true })
    shop.emulator.settings.update({ notify_scan: true })
    const sold = await shop.sell()
    const tradeNo = shop.scan(sold)
    await shop.emulator.notifications.deliverDue()
    const old = lastBody(shop)
    shop.emulator.wallet.pay(tradeNo, shop.buyer)
    await shop.settle()
    const { length } = shop.commits
    expect(await shop.replay(old)).toBe('success')
    expect(shop.commits).toHaveLength(length)
    expect((await shop.find(sold)).payment).toMatchObject({
      status: 'succeeded',
      tradeStatus: 'TRADE_SUCCESS',
    })
  })
})

describe('scenario 7: a forged notification', () => {
  test.each([
    ['with a changed amount', { total_amount: '0.01' }],
    ['that says paid of an order that nobody paid', { trade_status: 'TRADE_SUCCESS' }],
    ['of another application', { app_id: '2021000000000000' }],
    ['of another seller', { seller_id: '2088000000000000' }],
  ])('%s, whose signature does not fit, is refused, and kept nowhere', async (_, change) => {
    const shop = await openScene({ notify: true, ownSeller: true })
    shop.emulator.settings.update({ notify_scan: true })
    const sold = await shop.sell()
    shop.scan(sold)
    await shop.emulator.notifications.deliverDue()
    const { length } = shop.commits
    expect(await shop.replay(altered(lastBody(shop), change))).toBe('fail')
    expect(shop.commits).toHaveLength(length)
    expect(await shop.status(sold)).toBe('pending')
    expect(shop.logged.at(-1)).toMatchObject({ level: 'warn', event: 'notification.refused' })
  })

  test.each([
    ['of a stranger', () => generateKeyPair().privateKey],
    [
      'of the application itself',
      (shop: Shop) => loadPrivateKey(shop.emulator.credentials.app_private_key),
    ],
  ])('that is signed by the key %s is refused, and changes nothing', async (_, keyOf) => {
    const shop = await openScene({ notify: true })
    shop.emulator.settings.update({ notify_scan: true })
    const sold = await shop.sell()
    shop.scan(sold)
    await shop.emulator.notifications.deliverDue()
    const { length } = shop.commits
    const paid = signedBy(keyOf(shop), lastBody(shop), { trade_status: 'TRADE_SUCCESS' })
    expect(await shop.replay(paid)).toBe('fail')
    expect(shop.commits).toHaveLength(length)
    expect(await shop.status(sold)).toBe('pending')
  })

  test.each([
    ['wrong-amount', 'pending', 'amount_mismatch', 0],
    ['foreign-app', 'pending', null, 1],
    ['wrong-seller', 'succeeded', 'seller_mismatch', 0],
  ])(
    'rightly signed, but with %s, is stored and looked at; nothing is concluded but the money of our order',
    async (name, status, review, orphans) => {
      const shop = await openScene({ notify: true, ownSeller: true })
      const kept: string[] = []
      shop.run(
        shop.engine({
          store: {
            ...shop.books,
            async storeOrphan(orphan) {
              kept.push(orphan.outTradeNo)
              await shop.books.storeOrphan(orphan)
            },
          },
        }),
      )
      const sold = await shop.sell()
      shop.emulator.faults.add({ name })
      shop.pay(sold)
      await shop.emulator.notifications.deliverDue()
      expect((await shop.find(sold)).payment).toMatchObject({ status, review })
      expect(kept).toHaveLength(orphans)
      expect(count(shop, sold, 'payment.review_required')).toBe(review === null ? 0 : 1)
      await shop.elapse(5_000)
      expect(await shop.status(sold)).toBe('succeeded')
    },
  )
})

test('scenario 8, in part: after a restored backup, the notification of a lost sale is kept, and the sale found again by its reference', async () => {
  const shop = await openScene({ notify: true, file: true, atEnd: 'books' })
  await shop.backUp()
  const order = { amount: toFen(8888), subject: '美式咖啡', reference: 'A-1001' }
  const lost = await shop.sell(order)
  await shop.restore()
  expect(await shop.records()).toEqual([])

  shop.pay(lost)
  await shop.emulator.notifications.deliverDue()
  expect(shop.emulator.notifications.list()).toMatchObject([{ status: 'delivered' }])
  expect(shop.logged.at(-1)).toMatchObject({
    level: 'warn',
    event: 'notification.stored_for_review',
    out_trade_no: lost.payment.outTradeNo,
  })

  // The merchant repeats the order: it has the same number, and Alipay knows that it is paid.
  const found = await shop.payments.create(order)
  expect(found).toMatchObject({
    status: 'created',
    record: { payment: { status: 'succeeded', outTradeNo: lost.payment.outTradeNo } },
  })
  expect(shop.emulator.ledger()).toHaveLength(1)
  expect((await shop.payments.create(order)).status).toBe('reference_already_paid')
})
