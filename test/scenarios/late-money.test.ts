/**
 * Scenarios of money that comes when its payment has ended, or for a reference that something else
 * has paid: it is booked at once, and then decided about, once.
 *
 * @module
 */

import { describe, expect, test } from 'vitest'
import { toFen } from '../../src/alipay/index.ts'
import type { PaymentRecord, PaymentRules } from '../../src/payments/index.ts'
import { LEASE_MS } from '../../src/payments/worker.ts'
import type { Shop } from '../payments/shop.ts'
import { openScene, orders } from './scene.ts'

/** A code that lives on at Alipay although it was canceled and its time is over. */
const UNDEAD = {
  unscanned_cancel: 'no_effect',
  unscanned_close: 'no_effect',
  late_scan: 'accepted',
}

/** Sells for a minute and lets it expire: it ends 150 s after it began. */
async function sellExpired(
  options: Parameters<typeof openScene>[0] = {},
  order: { readonly reference?: string } = {},
) {
  const shop = await openScene({ notify: true, ...options })
  shop.emulator.settings.update(UNDEAD)
  const sold = await shop.sell({ expiresInMs: 60_000, ...order })
  await shop.elapse(150_000, { stepMs: 15_000 })
  expect(await shop.status(sold)).toBe('expired')
  return { shop, sold }
}

const MINUTES_14 = 840_000
const MINUTES_16 = 960_000

describe('scenario 16: late money after the end', () => {
  test.each([
    ['default', MINUTES_14, 'accepted', null],
    ['default', MINUTES_16, 'held', 'late'],
    ['accept', MINUTES_16, 'accepted', null],
    ['hold', MINUTES_14, 'held', 'late'],
    ['refund', MINUTES_14, 'refunded', null],
  ] as const)(
    'with the policy %s, %i ms after the end, is booked and then %s',
    async (latePayments, lateMs, settlement, review) => {
      const { shop, sold } = await sellExpired({ engine: { rules: { latePayments } } })
      await shop.elapse(lateMs, { stepMs: 60_000 })
      shop.pay(sold)
      await shop.elapse(10_000)
      // A second road tells of the same money, and a third.
      await shop.payments.sync(sold.payment.id)
      await shop.replay(shop.notified[0] ?? Buffer.alloc(0))
      await shop.elapse(10_000)

      const { payment, refunds } = await shop.find(sold)
      expect(payment).toMatchObject({ status: 'succeeded', late: true, settlement, review })
      expect(refunds.map(({ source, status, amount }) => [source, status, amount])).toEqual(
        settlement === 'refunded' ? [['policy', 'succeeded', 8888]] : [],
      )
      const told = shop.events(sold).slice(shop.events(sold).indexOf('payment.expired'))
      expect(told).toEqual([
        'payment.expired',
        'payment.succeeded_late',
        ...(settlement === 'held' ? ['payment.review_required'] : []),
        ...(settlement === 'refunded' ? ['refund.created', 'refund.succeeded'] : []),
      ])
    },
  )

  test('is refunded once by the policy, although the process dies at each step of it', async () => {
    for (const point of ['before-settle', 'refund-sent', 'refund-answered'] as const) {
      const { shop, sold } = await sellExpired({
        engine: { rules: { latePayments: 'refund' } },
        file: true,
      })
      shop.pay(sold)
      await shop.emulator.notifications.deliverDue()
      const process = shop.dieAtPoint(point)
      await shop.payments.runDue()
      expect(process.isDead).toBe(true)
      await shop.startNext()
      await shop.elapse(15_000)
      expect((await shop.find(sold)).refunds).toMatchObject([
        { source: 'policy', status: 'succeeded' },
      ])
      expect(shop.emulator.ledger()).toMatchObject([{ paid: 8888, refunds: [{ amount: 8888 }] }])
    }
  })

  test('that the merchant refunds in the same moment as the policy goes back once', async () => {
    const { shop, sold } = await sellExpired({ engine: { rules: { latePayments: 'refund' } } })
    shop.pay(sold)
    let result = ''
    shop.gate('before commit of settled', async () => {
      result = (await shop.payments.refund({ paymentId: sold.payment.id })).status
    })
    await shop.elapse(15_000)
    expect(result).toMatch(/succeeded|processing/)
    const made = (await shop.find(sold)).refunds.filter(({ status }) => status === 'succeeded')
    expect(made).toHaveLength(1)
    expect(shop.emulator.ledger()).toMatchObject([{ refunded: 8888, refunds: [{}] }])
  })

  test('of a canceled sale is late too', async () => {
    const shop = await openScene({ notify: true })
    shop.emulator.settings.update(UNDEAD)
    const sold = await shop.sell({ expiresInMs: 60_000 })
    await shop.payments.cancel(sold.payment.id)
    await shop.elapse(150_000, { stepMs: 15_000 })
    expect(await shop.status(sold)).toBe('canceled')
    shop.pay(sold)
    await shop.elapse(1_000)
    expect((await shop.find(sold)).payment).toMatchObject({
      status: 'succeeded',
      late: true,
      settlement: 'accepted',
    })
  })

  test('of a code that Alipay had refused to make is late too', async () => {
    const shop = await openScene({ notify: true })
    shop.emulator.settings.update({ seller_status: 'blocked' })
    const { record } = await shop.payments.create({ amount: toFen(8888), subject: '美式咖啡' })
    expect(record.payment.status).toBe('failed')
    shop.emulator.settings.update({ seller_status: 'normal' })
    // A second system with our keys makes a code of that number after all.
    const { qr_code } = await shop.client.trade.precreate(
      { out_trade_no: record.payment.outTradeNo, total_amount: '88.88', subject: '美式咖啡' },
      { notifyUrl: shop.notifyUrl },
    )
    shop.pay({ ...record, payment: { ...record.payment, qrCode: qr_code ?? '' } })
    await shop.elapse(1_000)
    expect((await shop.find(record)).payment).toMatchObject({ status: 'succeeded', late: true })
  })
})

describe('scenario 17: two payments of one reference, both paid by two phones', () => {
  /** The first one has expired here and lives on at Alipay, the second one is open. */
  async function sellTwice(duplicatePayments: PaymentRules['duplicatePayments']) {
    const { shop, sold: first } = await sellExpired(
      { engine: { rules: { duplicatePayments } } },
      { reference: 'A-1001' },
    )
    const second = await shop.sell({ reference: 'A-1001' })
    expect(second.payment).toMatchObject({ retryOf: first.payment.id })
    return { shop, first, second }
  }

  function payBySecondPhone(shop: Shop, { payment }: PaymentRecord): void {
    const buyer = shop.emulator.wallet.buyers()[1]?.id ?? ''
    const scanned = shop.emulator.wallet.scan(payment.qrCode ?? '', buyer)
    const tradeNo = scanned.status === 'ready' ? scanned.trade.trade_no : ''
    expect(shop.emulator.wallet.pay(tradeNo, buyer).status).toBe('paid')
  }

  const cases = (['hold', 'refund'] as const).flatMap((policy) =>
    orders(['first', 'second'] as const).flatMap((paid) =>
      orders(['first', 'second'] as const).flatMap((told) =>
        (['before', 'after'] as const).map((heard) => [policy, paid[0], told[0], heard] as const),
      ),
    ),
  )

  test.each(cases)(
    'policy %s, the %s one paid first, the %s one heard of first, decided %s the other is heard of: one of them is the duplicate, and the policy acts once',
    async (policy, paidFirst, toldFirst, decided) => {
      const { shop, first, second } = await sellTwice(policy)
      const sales = { first, second }
      const pay = {
        first: () => shop.pay(first),
        second: () => payBySecondPhone(shop, second),
      }
      pay[paidFirst === 'first' ? 'first' : 'second']()
      shop.clock.advance(1_000)
      pay[paidFirst === 'first' ? 'second' : 'first']()
      const notes = shop.emulator.notifications.list()
      const byNumber = (sold: PaymentRecord) =>
        notes.filter((note) => note.out_trade_no === sold.payment.outTradeNo)
      await shop.emulator.notifications.deliver(byNumber(sales[toldFirst ?? 'first']))
      if (decided === 'before') await shop.payments.runDue()
      await shop.elapse(60_000)

      const both = await Promise.all([shop.find(first), shop.find(second)])
      for (const { payment } of both) expect(payment.status).toBe('succeeded')
      const duplicates = both.filter(({ payment }) => payment.duplicateOf !== null)
      expect(duplicates).toHaveLength(1)
      const [duplicate] = duplicates
      const kept = both.find((record) => record !== duplicate)
      expect(duplicate?.payment).toMatchObject({
        duplicateOf: kept?.payment.id,
        settlement: policy === 'hold' ? 'held' : 'refunded',
        review: policy === 'hold' ? 'duplicate' : null,
      })
      expect([null, 'accepted']).toContain(kept?.payment.settlement)
      expect(kept?.refunds).toEqual([])
      const flagged = [first, second].flatMap((sold) =>
        shop.events(sold).filter((type) => type === 'payment.duplicate'),
      )
      expect(flagged).toHaveLength(1)
      const refunds = shop.emulator.ledger().flatMap((entry) => entry.refunds)
      expect(refunds).toHaveLength(policy === 'refund' ? 1 : 0)
      expect(duplicate?.refunds).toHaveLength(refunds.length)
    },
  )

  test('both late: the one that was paid first keeps the reference', async () => {
    const { shop, first, second } = await sellTwice('refund')
    await shop.payments.cancel(second.payment.id)
    await shop.elapse(400_000, { stepMs: 15_000 })
    expect(await shop.status(second)).toBe('canceled')
    payBySecondPhone(shop, second)
    shop.clock.advance(1_000)
    shop.pay(first)
    await shop.elapse(60_000)
    expect((await shop.find(second)).payment).toMatchObject({
      late: true,
      settlement: 'accepted',
      duplicateOf: null,
    })
    expect((await shop.find(first)).payment).toMatchObject({
      late: true,
      settlement: 'refunded',
      duplicateOf: second.payment.id,
    })
  })

  test('the same two without a reference are two sales, and none is a duplicate', async () => {
    const { shop, sold: first } = await sellExpired()
    const second = await shop.sell()
    shop.pay(first)
    payBySecondPhone(shop, second)
    await shop.elapse(10_000)
    for (const sold of [first, second]) {
      expect((await shop.find(sold)).payment).toMatchObject({
        status: 'succeeded',
        duplicateOf: null,
      })
    }
  })
})

describe('scenario 53, in part: evidence that a payment which we hold as expired was paid', () => {
  test('a query, as a bill will ask for it, finds the late success, which is told and looked at', async () => {
    const { shop, sold } = await sellExpired({
      notify: false,
      engine: { rules: { latePayments: 'hold' } },
    })
    // Two hours later nobody asks any more by himself.
    await shop.elapse(6_600_000, { stepMs: 60_000 })
    shop.pay(sold)
    await shop.elapse(7_200_000, { stepMs: 600_000 })
    expect(await shop.status(sold)).toBe('succeeded')
    expect((await shop.find(sold)).payment).toMatchObject({ late: true, review: 'late' })
  })

  test('also long after, when the engine asks no more by itself', async () => {
    const { shop, sold } = await sellExpired({
      notify: false,
      engine: { rules: { latePayments: 'hold' } },
    })
    const tradeNo = shop.scan(sold)
    shop.emulator.faults.add({
      name: 'trade-not-exist',
      method: 'alipay.trade.query',
      times: 1_000,
    })
    await shop.elapse(7_200_000, { stepMs: 60_000 })
    expect((await shop.find(sold)).payment).toMatchObject({ status: 'expired', nextStepAt: null })
    shop.emulator.faults.clear()
    expect(shop.emulator.wallet.pay(tradeNo, shop.buyer).status).toBe('paid')
    await shop.elapse(LEASE_MS, { stepMs: 10_000 })
    expect(await shop.status(sold)).toBe('expired')
    await shop.payments.sync(sold.payment.id)
    await shop.elapse(1_000)
    expect((await shop.find(sold)).payment).toMatchObject({ late: true, settlement: 'held' })
    expect(shop.events(sold).slice(-2)).toEqual([
      'payment.succeeded_late',
      'payment.review_required',
    ])
  })
})

describe('scenario 54, in part: Alipay knows nothing of a payment that we hold as succeeded', () => {
  test.each(['trade-not-exist', 'request-lost', 'wrong-signature'])(
    'a query that says so (%s) takes nothing back',
    async (name) => {
      const shop = await openScene()
      const sold = await shop.sellPaid()
      const before = await shop.find(sold)
      shop.emulator.faults.add({ name, method: 'alipay.trade.query' })
      await shop.payments.sync(sold.payment.id)
      expect((await shop.find(sold)).payment).toMatchObject({
        status: 'succeeded',
        version: before.payment.version,
        nextStepAt: null,
      })
    },
  )
})
