/**
 * People decide about payments that were held: to keep the money, or to give it back.
 *
 * @module
 */

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { toFen } from '../../src/alipay/index.ts'
import type { CrashPoint, PaymentRecord } from '../../src/payments/index.ts'
import { openShop, type Shop } from './shop.ts'

let shop: Shop
afterEach(() => shop.close())

/** Late money that is held: the code lived on at Alipay after its end here. */
async function sellLate(): Promise<PaymentRecord> {
  shop = await openShop({ notify: true, file: true, engine: { rules: { latePayments: 'hold' } } })
  shop.emulator.settings.update({
    unscanned_cancel: 'no_effect',
    late_scan: 'accepted',
    notify_refund: false,
  })
  const sold = await shop.sell({ expiresInMs: 60_000, reference: 'A-1001' })
  await shop.elapse(150_000, { stepMs: 15_000 })
  shop.pay(sold)
  await shop.elapse(1_000)
  expect((await shop.find(sold)).payment).toMatchObject({ settlement: 'held', review: 'late' })
  return sold
}

const told = (sold: PaymentRecord) => shop.events(sold).slice(-3)

describe('late money that is held', () => {
  let sold: PaymentRecord
  let id: string
  beforeEach(async () => {
    sold = await sellLate()
    id = sold.payment.id
  })

  test('is kept when it is accepted, and its reference stays paid', async () => {
    const result = await shop.payments.resolveReview(id, 'accept')
    expect(result).toMatchObject({
      status: 'resolved',
      record: { payment: { review: null, settlement: 'accepted' }, refunds: [] },
    })
    expect(shop.events(sold).at(-1)).toBe('payment.review_resolved')
    const order = { amount: toFen(8888), subject: '美式咖啡', reference: 'A-1001' }
    expect((await shop.payments.create(order)).status).toBe('reference_already_paid')
    const line = (await shop.payments.timeline(id)).at(-1)
    expect(line).toMatchObject({
      kind: 'review_resolved',
      source: 'merchant',
      summary: { action: 'accept' },
    })
  })

  test('goes back when it is refunded: all that is left, once, and the reference is free', async () => {
    expect(await shop.payments.resolveReview(id, 'refund')).toMatchObject({
      status: 'resolved',
      record: { payment: { review: null, settlement: 'refunded' } },
    })
    await shop.settle()
    expect(shop.emulator.ledger()).toMatchObject([{ refunded: 8888, refunds: [{}] }])
    expect(told(sold)).toEqual(['refund.created', 'refund.succeeded', 'payment.review_resolved'])
    const order = { amount: toFen(8888), subject: '美式咖啡', reference: 'A-1001' }
    expect((await shop.payments.create(order)).status).toBe('created')
  })

  test('of which a part went back before: the rest follows', async () => {
    await shop.payments.refund({ paymentId: id, amount: toFen(3000) })
    shop.clock.advance(3_000)
    expect((await shop.payments.resolveReview(id, 'refund')).status).toBe('resolved')
    await shop.settle()
    expect((await shop.find(sold)).refunds.map(({ amount }) => amount)).toEqual([3000, 5888])
  })

  test('is decided about once: a repeat finds nothing to resolve', async () => {
    for (const action of ['accept', 'refund'] as const) {
      await shop.payments.resolveReview(id, 'accept')
      expect((await shop.payments.resolveReview(id, action)).status).toBe('nothing_to_resolve')
    }
    expect(shop.emulator.ledger()).toMatchObject([{ refunded: 0 }])
    const resolved = shop.events(sold).filter((type) => type === 'payment.review_resolved')
    expect(resolved).toHaveLength(1)
  })

  test('that ten people refund at once goes back once', async () => {
    const results = await Promise.all(
      Array.from({ length: 10 }, () => shop.payments.resolveReview(id, 'refund')),
    )
    for (const { status } of results) {
      expect(['resolved', 'nothing_to_resolve', 'nothing_to_refund']).toContain(status)
    }
    await shop.elapse(15_000)
    expect((await shop.find(sold)).payment.review).toBeNull()
    expect(shop.emulator.ledger()).toMatchObject([{ refunded: 8888, refunds: [{}] }])
    const resolved = shop.events(sold).filter((type) => type === 'payment.review_resolved')
    expect(resolved).toHaveLength(1)
  })

  test.each<CrashPoint>(['refund-stored', 'refund-sent', 'refund-answered'])(
    'is still to be decided about where the process died at %s, and refunded once by a repeat',
    async (point) => {
      const process = shop.dieAtPoint(point)
      await shop.payments.resolveReview(id, 'refund').catch(() => {})
      expect(process.isDead).toBe(true)
      expect((await shop.find(sold)).payment.review).toBe('late')
      await shop.startNext()
      // The refund goes on by itself, whether somebody repeats it or not.
      await shop.elapse(15_000)
      expect((await shop.payments.resolveReview(id, 'refund')).status).toBe('resolved')
      expect((await shop.find(sold)).payment).toMatchObject({
        review: null,
        settlement: 'refunded',
      })
      expect(shop.emulator.ledger()).toMatchObject([{ refunded: 8888, refunds: [{}] }])
    },
  )

  test('whose refund the balance is too low for is resolved, and the refund waits', async () => {
    shop.emulator.settings.update({ seller_balance: 'short' })
    expect((await shop.payments.resolveReview(id, 'refund')).status).toBe('resolved')
    expect((await shop.find(sold)).refunds).toMatchObject([{ status: 'requires_action' }])
    shop.emulator.settings.update({ seller_balance: 'enough' })
    await shop.elapse(900_000, { stepMs: 300_000 })
    expect((await shop.find(sold)).refunds).toMatchObject([{ status: 'succeeded' }])
  })

  test('goes back in full, whatever the merchant has called his own refunds', async () => {
    await shop.payments.refund({ paymentId: id, amount: toFen(3000), reference: 'review' })
    shop.clock.advance(3_000)
    expect((await shop.payments.resolveReview(id, 'refund')).status).toBe('resolved')
    await shop.settle()
    expect(shop.emulator.ledger()).toMatchObject([{ refunded: 8888 }])
  })

  test('whose refund Alipay refuses is still to be decided about, and a repeat makes another', async () => {
    const inConsole = (amount: string, number: string) =>
      shop.client.trade.refund({
        out_trade_no: sold.payment.outTradeNo,
        refund_amount: amount,
        out_request_no: number,
      })
    await inConsole('80.00', 'console')
    expect(await shop.payments.resolveReview(id, 'refund')).toMatchObject({
      status: 'refund_refused',
      refund: { status: 'failed' },
      record: { payment: { review: 'late', settlement: 'held' } },
    })
    // A notification tells of what was refunded elsewhere; the rest can go back now.
    shop.emulator.settings.update({ notify_refund: true })
    shop.clock.advance(3_000)
    await inConsole('0.01', 'console_2')
    await shop.settle()
    shop.clock.advance(3_000)
    expect((await shop.payments.resolveReview(id, 'refund')).status).toBe('resolved')
    await shop.settle()
    expect(shop.emulator.ledger()).toMatchObject([{ refunded: 8888 }])
  })

  test('and of which nothing is left cannot be refunded, only accepted', async () => {
    await shop.payments.refund({ paymentId: id })
    await shop.settle()
    expect((await shop.payments.resolveReview(id, 'refund')).status).toBe('nothing_to_refund')
    expect((await shop.payments.resolveReview(id, 'accept')).status).toBe('resolved')
  })
})

test('a payment that nobody has to look at has nothing to resolve, and an unknown one is not found', async () => {
  shop = await openShop()
  const sold = await shop.sellPaid()
  expect((await shop.payments.resolveReview(sold.payment.id, 'refund')).status).toBe(
    'nothing_to_resolve',
  )
  expect((await shop.payments.resolveReview('pay_unknown', 'accept')).status).toBe('not_found')
  expect((await shop.find(sold)).refunds).toEqual([])
})

test('one that our own cancel refunded is looked at, and has no money to give back', async () => {
  shop = await openShop()
  const sold = await shop.sell({ expiresInMs: 60_000 })
  const tradeNo = shop.scan(sold)
  shop.gate('before cancel', () => void shop.emulator.wallet.pay(tradeNo, shop.buyer))
  await shop.elapse(60_000, { stepMs: 60_000 })
  const { id } = sold.payment
  expect((await shop.find(sold)).payment.review).toBe('refunded_by_cancel')
  expect((await shop.payments.resolveReview(id, 'refund')).status).toBe('nothing_to_refund')
  expect((await shop.payments.resolveReview(id, 'accept')).status).toBe('resolved')
  expect((await shop.find(sold)).payment.review).toBeNull()
})

test('a payment of another amount is unpaid here: there is nothing to refund', async () => {
  shop = await openShop()
  const sold = await shop.sell()
  await shop.client.trade.precreate({
    out_trade_no: sold.payment.outTradeNo,
    total_amount: '0.01',
    subject: '美式咖啡',
  })
  shop.pay(sold)
  await shop.elapse(5_000)
  const { id } = sold.payment
  expect((await shop.find(sold)).payment.review).toBe('amount_mismatch')
  expect((await shop.payments.resolveReview(id, 'refund')).status).toBe('nothing_to_refund')
  // Its number is another trade's: no proof will ever come, but no code lives longer than 2 hours.
  await shop.elapse(7_320_000, { stepMs: 120_000 })
  expect((await shop.find(sold)).payment).toMatchObject({
    status: 'expired',
    review: 'amount_mismatch',
    nextStepAt: null,
  })
  // The ledger has money that is not in the books, which is what the review is about.
  shop.emulator.reset()
})
