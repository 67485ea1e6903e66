/**
 * The engine against the real emulator: how a sale becomes money, by polling, by notification, and
 * when messages are lost, late, early or forged.
 *
 * @module
 */

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { toFen } from '../../src/alipay/index.ts'
import { after, openShop, type Shop } from './shop.ts'

describe('without notifications', () => {
  let shop: Shop
  beforeEach(async () => {
    shop = await openShop()
  })
  afterEach(() => shop.close())

  test('scenario 2: a payment is found by polling alone: 5 s after the code is shown, then every 5 s', async () => {
    const sold = await shop.sell()
    await shop.elapse(7_000)
    const tradeNo = shop.scan(sold)
    await shop.elapse(4_000)
    expect((await shop.find(sold)).payment.scannedAt).toBe(after(10_000))
    shop.emulator.wallet.pay(tradeNo, shop.buyer)
    await shop.elapse(4_000)

    const { payment } = await shop.find(sold)
    expect(payment).toMatchObject({
      status: 'succeeded',
      tradeNo,
      paidAt: after(11_000),
      amountReceived: 8888,
      late: false,
      nextStepAt: null,
    })
    const timeline = await shop.payments.timeline(payment.id)
    expect(payment.buyerLogonId).toContain('****')
    expect(JSON.stringify(timeline)).not.toContain('****')
    expect(timeline.map(({ kind, source }) => `${source} ${kind}`)).toEqual([
      'merchant created',
      'gateway precreated',
      'gateway trade',
      'gateway trade',
    ])
    await shop.elapse(60_000)
    expect(shop.calls()).toEqual([
      '+0 precreate ok',
      '+5 query ACQ.TRADE_NOT_EXIST',
      '+10 query ok',
      '+15 query ok',
    ])
    expect(shop.events(sold)).toEqual([
      'payment.created',
      'payment.pending',
      'payment.scanned',
      'payment.succeeded',
    ])
  })

  test('the intent is committed before the gateway hears of it', async () => {
    let before: string[] = []
    shop.gate('before precreate', () => {
      before = shop.commits.map(({ record }) => record.payment.outTradeNo)
    })
    const { payment } = await shop.sell()
    expect(before).toEqual([payment.outTradeNo])
  })

  test('when the answer of a precreate is lost, the same number is asked for again: one order', async () => {
    shop.emulator.faults.add({ name: 'answer-lost', method: 'alipay.trade.precreate', times: 2 })
    const { status, record } = await shop.payments.create({
      amount: toFen(8888),
      subject: '美式咖啡',
    })
    expect(status).toBe('pending')
    expect(record.payment).toMatchObject({ status: 'created', outcome: 'unknown', qrCode: null })

    await shop.elapse(4_000)
    expect(shop.calls()).toEqual([
      '+0 precreate no answer',
      '+1 precreate no answer',
      '+3 precreate ok',
    ])
    const numbers = shop.emulator.requests().map(({ out_trade_no }) => out_trade_no)
    expect(new Set(numbers)).toEqual(new Set([record.payment.outTradeNo]))

    shop.pay(await shop.find(record))
    await shop.elapse(5_000)
    expect(await shop.status(record)).toBe('succeeded')
  })

  test.each(['unknown-error-before', 'wrong-signature', 'unsigned', 'truncated', 'html-502'])(
    'a precreate that ends in %s proves nothing and is repeated',
    async (name) => {
      shop.emulator.faults.add({ name, method: 'alipay.trade.precreate' })
      const { status, record } = await shop.payments.create({
        amount: toFen(8888),
        subject: '美式咖啡',
      })
      expect(status).toBe('pending')
      await shop.elapse(1_000)
      expect(await shop.status(record)).toBe('pending')
    },
  )

  test('a definite refusal of the precreate ends the payment, and the reference is free again', async () => {
    shop.emulator.settings.update({ seller_status: 'blocked' })
    const order = { amount: toFen(8888), subject: '美式咖啡', reference: 'A-1' }
    const refused = await shop.payments.create(order)
    expect(refused).toMatchObject({
      status: 'refused',
      record: { payment: { status: 'failed', failure: { code: 'ACQ.SELLER_BEEN_BLOCKED' } } },
    })
    shop.emulator.settings.update({ seller_status: 'normal' })
    shop.clock.advance(1_000)
    const second = await shop.sell({ reference: 'A-1' })
    expect(second.payment.outTradeNo).not.toBe(
      refused.status === 'refused' && refused.record.payment.outTradeNo,
    )
  })

  test.each([
    'request-lost',
    'answer-lost',
    'unknown-error-before',
    'unknown-error-after',
    'system-error-after',
    'wrong-signature',
    'unsigned',
    'truncated',
    'html-502',
    'rate-limit',
    'trade-not-exist',
  ])('a query that ends in %s changes nothing; the next one is believed', async (name) => {
    const sold = await shop.sell()
    shop.pay(sold)
    shop.emulator.faults.add({ name, method: 'alipay.trade.query' })
    await shop.elapse(9_000)
    expect(shop.statuses(sold)).toEqual(['created', 'pending'])
    expect((await shop.find(sold)).payment.tradeStatus).toBeNull()
    await shop.elapse(1_000)
    expect(await shop.status(sold)).toBe('succeeded')
  })

  test('a precreate that comes too often is asked again: the sale is not lost', async () => {
    shop.emulator.faults.add({ name: 'rate-limit', method: 'alipay.trade.precreate' })
    const result = await shop.payments.create({ amount: toFen(8888), subject: '美式咖啡' })
    expect(result.status).toBe('pending')
    await shop.elapse(2_000)
    expect(shop.statuses(result.record)).toEqual(['created', 'pending'])
  })

  test('a paid reference is not sold again, until all of its money has gone back', async () => {
    const order = { amount: toFen(8888), subject: '美式咖啡', reference: 'A-1' }
    const sold = await shop.sellPaid(order)
    expect(await shop.payments.create(order)).toMatchObject({
      status: 'reference_already_paid',
      record: { payment: { id: sold.payment.id } },
    })
    await shop.payments.refund({ paymentId: sold.payment.id, amount: toFen(88) })
    expect((await shop.payments.create(order)).status).toBe('reference_already_paid')
    shop.clock.advance(3_000)
    await shop.payments.refund({ paymentId: sold.payment.id })
    await shop.settle()
    expect((await shop.payments.create(order)).status).toBe('created')
  })

  test('an open reference is the same payment, or refused where its content differs', async () => {
    const order = { amount: toFen(8888), subject: '美式咖啡', reference: 'A-1' }
    const { payment } = await shop.sell(order)
    expect(await shop.payments.create(order)).toMatchObject({
      status: 'exists',
      record: { payment: { id: payment.id } },
    })
    expect((await shop.payments.create({ ...order, amount: toFen(1) })).status).toBe(
      'exists_with_different_content',
    )
    expect(shop.calls()).toEqual(['+0 precreate ok'])
  })

  test('ten creations of one reference at once make one payment and one order', async () => {
    const order = { amount: toFen(8888), subject: '美式咖啡', reference: 'A-1' }
    const results = await Promise.all(Array.from({ length: 10 }, () => shop.payments.create(order)))
    const ids = results.map((result) => 'record' in result && result.record.payment.id)
    expect(new Set(ids).size).toBe(1)
    expect(shop.calls()).toEqual(['+0 precreate ok'])
  })

  test('late money of a reference that was sold again ends the new sale, whose code must not live', async () => {
    shop.emulator.settings.update({ unscanned_cancel: 'no_effect' })
    const first = await shop.sell({ reference: 'A-1', expiresInMs: 60_000 })
    // The first code is scanned in time, but Alipay does not tell of the trade until it has expired here.
    shop.emulator.faults.add({
      name: 'trade-not-exist',
      method: 'alipay.trade.query',
      out_trade_no: first.payment.outTradeNo,
      times: 100,
    })
    await shop.elapse(100_000)
    shop.pay(first)
    await shop.elapse(55_000)
    expect(await shop.status(first)).toBe('expired')

    const second = await shop.sell({ reference: 'A-1' })
    expect(second.payment.retryOf).toBe(first.payment.id)
    const tradeNo = shop.scan(second)
    shop.emulator.faults.clear()
    await shop.elapse(65_000)
    expect((await shop.find(first)).payment).toMatchObject({
      status: 'succeeded',
      late: true,
      settlement: 'accepted',
      review: null,
    })
    expect((await shop.find(second)).payment).toMatchObject({
      status: 'canceled',
      cancellationReason: 'superseded',
    })
    expect(shop.emulator.wallet.pay(tradeNo, shop.buyer).status).toBe('closed')
  })

  test('a reference whose older payment was paid late is not sold again', async () => {
    const order = { amount: toFen(8888), subject: '美式咖啡', reference: 'A-1' }
    shop.emulator.settings.update({ unscanned_cancel: 'no_effect' })
    const first = await shop.sell({ ...order, expiresInMs: 60_000 })
    shop.emulator.faults.add({ name: 'trade-not-exist', method: 'alipay.trade.query', times: 1000 })
    await shop.elapse(100_000)
    shop.pay(first)
    await shop.elapse(55_000)
    shop.emulator.settings.update({ seller_status: 'blocked' })
    expect((await shop.payments.create(order)).status).toBe('refused')
    shop.emulator.settings.update({ seller_status: 'normal' })
    shop.emulator.faults.clear()
    await shop.elapse(65_000)
    expect(await shop.status(first)).toBe('succeeded')
    expect(await shop.payments.create(order)).toMatchObject({
      status: 'reference_already_paid',
      record: { payment: { id: first.payment.id } },
    })
  })

  test('orders that cannot be are refused before anything is stored', async () => {
    const order = { amount: toFen(8888), subject: '美式咖啡' }
    for (const change of [
      { amount: toFen(0) },
      { amount: toFen(10_000_000_001) },
      { subject: ' ' },
      { subject: '咖'.repeat(257) },
      { subject: '美式\u0000咖啡' },
      { reference: '' },
      { reference: 'A\u0000B' },
      { reference: 'A\ud83d' },
      { expiresInMs: 59_999 },
      { expiresInMs: 6_600_001 },
      { returnUrl: 'javascript:alert(1)' },
    ]) {
      await expect(shop.payments.create({ ...order, ...change })).rejects.toThrow(RangeError)
    }
    expect(shop.commits).toEqual([])
  })

  test('what Alipay forbids in a subject is sent in its full-width form', async () => {
    const { payment } = await shop.sell({ subject: 'A&B=1/2' })
    expect(payment.subject).toBe('A&B=1/2')
    shop.scan(await shop.find({ payment, refunds: [] }))
    expect(shop.emulator.trades.find(payment.outTradeNo)?.subject).toBe('A＆B＝1／2')
  })

  test('an amount at Alipay that is not ours is for a person to look at, and nobody asks in a loop', async () => {
    const sold = await shop.sell()
    // The same number is precreated with another amount, as a second system with our keys would.
    await shop.client.trade.precreate({
      out_trade_no: sold.payment.outTradeNo,
      total_amount: '0.01',
      subject: '美式咖啡',
    })
    shop.pay(sold)
    await shop.elapse(20_000)
    expect((await shop.find(sold)).payment).toMatchObject({
      status: 'pending',
      review: 'amount_mismatch',
    })
    expect(shop.calls().slice(2)).toEqual([
      '+5 query ok',
      '+10 query ok',
      '+15 query ok',
      '+20 query ok',
    ])
    expect(shop.events(sold).filter((type) => type === 'payment.review_required')).toHaveLength(1)
    await shop.elapse(600_000, { stepMs: 5_000 })
    expect(shop.statuses(sold)).toEqual(['created', 'pending', 'closing'])
    // Nothing is booked, so the ledger and the books differ here.
    shop.emulator.reset()
  })
})

describe('with notifications', () => {
  let shop: Shop
  beforeEach(async () => {
    shop = await openShop({ notify: true })
  })
  afterEach(() => shop.close())

  test('scenario 1: a payment is booked by its notification alone, at once', async () => {
    const sold = await shop.sell()
    shop.pay(sold)
    await shop.emulator.notifications.deliverDue()
    expect(await shop.status(sold)).toBe('succeeded')
    expect(shop.emulator.notifications.list()[0]).toMatchObject({
      status: 'delivered',
      attempts: [{ result: 'success' }],
    })
    await shop.elapse(60_000)
    expect(shop.calls()).toEqual(['+0 precreate ok'])
  })

  test('a notification that arrives twice is answered success twice and booked once', async () => {
    const sold = await shop.sell()
    shop.emulator.faults.add({ name: 'duplicate' })
    shop.pay(sold)
    await shop.emulator.notifications.deliverDue()
    expect(shop.emulator.notifications.list()[0]?.attempts.map(({ result }) => result)).toEqual([
      'success',
      'success',
    ])
    expect(shop.events(sold).filter((type) => type === 'payment.succeeded')).toHaveLength(1)
  })

  test('a notification that arrives before the answer of the precreate is kept', async () => {
    shop.gate('after precreate', async ({ qr_code = '' }) => {
      const scanned = shop.emulator.wallet.scan(qr_code, shop.buyer)
      if (scanned.status === 'ready') {
        shop.emulator.wallet.pay(scanned.trade.trade_no, shop.buyer)
      }
      await shop.emulator.notifications.deliverDue()
    })
    const sold = await shop.sell()
    expect(shop.statuses(sold)).toEqual(['created', 'succeeded'])
    expect(await shop.status(sold)).toBe('succeeded')
  })

  test.each(['precreate', 'query'] as const)(
    'where the notification comes first and the answer of the %s is lost, nothing is asked for ever',
    async (name) => {
      const method = `alipay.trade.${name}`
      let sold = name === 'query' ? await shop.sell() : undefined
      const pay = async (qrCode: string) => {
        const scanned = shop.emulator.wallet.scan(qrCode, shop.buyer)
        if (scanned.status === 'ready') {
          shop.emulator.wallet.pay(scanned.trade.trade_no, shop.buyer)
        }
        await shop.emulator.notifications.deliverDue()
        throw new RangeError('The answer cannot be read')
      }
      shop.gate(`after ${name}`, ({ qr_code }) => pay(qr_code ?? sold?.payment.qrCode ?? ''))
      if (sold === undefined) {
        sold = (await shop.payments.create({ amount: toFen(8888), subject: '美式咖啡' })).record
      } else {
        shop.emulator.wallet.scan(sold.payment.qrCode ?? '', shop.buyer)
        await shop.elapse(5_000)
      }
      await shop.elapse(120_000)
      expect(await shop.status(sold)).toBe('succeeded')
      expect(shop.calls().filter((call) => call.includes(method.slice(13)))).toHaveLength(1)
      expect(shop.calls().length).toBeLessThanOrEqual(3)
      expect((await shop.find(sold)).payment.nextStepAt).toBeNull()
    },
  )

  test.each(['wrong-amount', 'foreign-app'])(
    'a notification of the fault %s changes no state, and the true one does',
    async (name) => {
      const sold = await shop.sell()
      shop.emulator.faults.add({ name })
      shop.pay(sold)
      await shop.emulator.notifications.deliverDue()
      expect(await shop.status(sold)).toBe('pending')
      const { review } = (await shop.find(sold)).payment
      expect(review).toBe(name === 'wrong-amount' ? 'amount_mismatch' : null)
      await shop.elapse(240_000, { stepMs: 240_000 })
      expect(await shop.status(sold)).toBe('succeeded')
    },
  )

  test.each([true, false])(
    'another seller in a notification books the money, and is looked at where ours is configured: %s',
    async (ownSeller) => {
      await shop.close()
      shop = await openShop({ notify: true, ownSeller })
      const sold = await shop.sell()
      shop.emulator.faults.add({ name: 'wrong-seller' })
      shop.pay(sold)
      await shop.emulator.notifications.deliverDue()
      expect((await shop.find(sold)).payment).toMatchObject({
        status: 'succeeded',
        review: ownSeller ? 'seller_mismatch' : null,
      })
      expect(shop.events(sold).includes('payment.review_required')).toBe(ownSeller)
    },
  )

  test('a forged notification is answered fail and changes nothing', async () => {
    const sold = await shop.sell()
    shop.emulator.faults.add({ name: 'forged' })
    shop.pay(sold)
    const { length } = shop.commits
    await shop.emulator.notifications.deliverDue()
    expect(shop.emulator.notifications.list()[0]?.attempts[0]?.reply).toBe('fail')
    expect(shop.commits).toHaveLength(length)
    await shop.elapse(5_000)
  })

  test('a notification of an unknown order is answered success and kept for people', async () => {
    const storeOrphan = vi.spyOn(shop.store, 'storeOrphan')
    shop.run(shop.engine())
    const { qr_code } = await shop.client.trade.precreate(
      { out_trade_no: 'of_another_system', total_amount: '0.01', subject: '美式咖啡' },
      { notifyUrl: shop.notifyUrl },
    )
    const scanned = shop.emulator.wallet.scan(qr_code ?? '', shop.buyer)
    if (scanned.status === 'ready') shop.emulator.wallet.pay(scanned.trade.trade_no, shop.buyer)
    await shop.emulator.notifications.deliverDue()
    expect(shop.emulator.notifications.list()[0]?.status).toBe('delivered')
    expect(storeOrphan).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ outTradeNo: 'of_another_system', receivedAt: after(0) }),
    )
    expect(shop.commits).toEqual([])
    // The money is of another system's books.
    shop.emulator.reset()
  })

  test('a notification and a query that tell of the payment at once book it once', async () => {
    const sold = await shop.sell()
    shop.pay(sold)
    shop.clock.advance(5_000)
    await Promise.all([shop.payments.runDue(), shop.emulator.notifications.deliverDue()])
    expect(shop.events(sold).filter((type) => type === 'payment.succeeded')).toHaveLength(1)
  })
})
