/**
 * How a sale ends that is not paid, against the real emulator: the last query and the cancel at the
 * deadline, what the cancel may answer, and buyers who pay in the worst moment.
 *
 * @module
 */

import { performance } from 'node:perf_hooks'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { toFen } from '../../src/alipay/index.ts'
import { checkoutView } from '../../src/payments/index.ts'
import { after, openShop, type Shop } from './shop.ts'

let shop: Shop

describe('at the deadline', () => {
  beforeEach(async () => {
    shop = await openShop()
  })
  afterEach(() => shop.close())

  test('queries come every 5 s, the last one says WAIT_BUYER_PAY, and the cancel follows at once', async () => {
    const sold = await shop.sell({ expiresInMs: 60_000 })
    shop.scan(sold)
    await shop.elapse(120_000)
    const polls = Array.from({ length: 11 }, (_, poll) => `+${5 * (poll + 1)} query ok`)
    expect(shop.calls()).toEqual(['+0 precreate ok', ...polls, '+60 query ok', '+60 cancel ok'])
    expect((await shop.find(sold)).payment).toMatchObject({
      status: 'expired',
      cancellationReason: 'expired',
      tradeStatus: 'TRADE_CLOSED',
      refundedByCancel: false,
      nextStepAt: null,
    })
    expect(shop.events(sold)).toEqual([
      'payment.created',
      'payment.pending',
      'payment.scanned',
      'payment.closing',
      'payment.expired',
    ])
    const timeline = await shop.payments.timeline(sold.payment.id)
    expect(timeline.map(({ kind }) => kind)).toEqual([
      'created',
      'precreated',
      'trade',
      'deadline_passed',
      'cancel_attempted',
      'cancel_answered',
    ])
    expect(timeline[4]).toMatchObject({
      at: after(60_000),
      summary: { lastAnswer: 'WAIT_BUYER_PAY' },
    })
  })

  test('the attempt to cancel is committed before it is sent', async () => {
    const sold = await shop.sell({ expiresInMs: 60_000 })
    shop.scan(sold)
    let attemptedAt: number | null = null
    shop.gate('before cancel', async () => {
      attemptedAt = (await shop.find(sold)).payment.cancelAttemptedAt
    })
    await shop.elapse(60_000)
    expect(attemptedAt).toBe(after(60_000))
  })

  test('while retry_flag is Y it is asked again, then canceled again, after 1, 2, 4, 8, 16 s', async () => {
    const sold = await shop.sell({ expiresInMs: 60_000 })
    shop.scan(sold)
    shop.emulator.faults.add({ name: 'retry-flag', times: 5 })
    await shop.elapse(59_000)
    const { length } = shop.calls()
    await shop.elapse(60_000)
    expect(shop.calls().slice(length)).toEqual([
      ...[60, 61, 63, 67, 75].flatMap((at) => [
        `+${at} query ok`,
        `+${at} cancel ACQ.SYSTEM_ERROR`,
      ]),
      '+91 query ok',
      '+91 cancel ok',
    ])
    expect(await shop.status(sold)).toBe('expired')
  })

  test.each(['answer-lost', 'unknown-error-after', 'wrong-signature', 'html-502'])(
    'a cancel that took effect and ended in %s is found out by a query: expired, not lost',
    async (name) => {
      const sold = await shop.sell({ expiresInMs: 60_000 })
      shop.scan(sold)
      shop.emulator.faults.add({ name, method: 'alipay.trade.cancel' })
      await shop.elapse(60_000)
      expect((await shop.find(sold)).payment).toMatchObject({
        status: 'closing',
        outcome: 'unknown',
      })
      await shop.elapse(1_000)
      expect(await shop.status(sold)).toBe('expired')
      expect(shop.calls().slice(-3)).toEqual([
        '+60 query ok',
        name === 'answer-lost' ? '+60 cancel no answer' : expect.stringMatching(/^\+60 cancel /),
        '+61 query ok',
      ])
    },
  )

  test.each(['answer-lost', 'unknown-error-before', 'wrong-signature', 'rate-limit'])(
    'no cancel without an answer: while the last query ends in %s, it is asked again',
    async (name) => {
      const sold = await shop.sell({ expiresInMs: 60_000 })
      shop.scan(sold)
      await shop.elapse(58_000)
      shop.emulator.faults.add({ name, method: 'alipay.trade.query', times: 3 })
      const { length } = shop.calls()
      await shop.elapse(10_000)
      const later = shop.calls().slice(length)
      expect(later.map((call) => call.split(' ').slice(0, 2).join(' '))).toEqual([
        '+60 query',
        '+61 query',
        '+63 query',
        '+67 query',
        '+67 cancel',
      ])
      expect(await shop.status(sold)).toBe('expired')
    },
  )

  test('no cancel after an answer that is 2 s old: where its own commit takes that long, it is asked again', async () => {
    const sold = await shop.sell({ expiresInMs: 60_000 })
    shop.scan(sold)
    await shop.elapse(59_000)
    let passedMs = 0
    const now = vi.spyOn(performance, 'now').mockImplementation(() => passedMs)
    shop.gate('before commit of cancel_attempted', () => void (passedMs += 2_000))
    await shop.elapse(1_000)
    now.mockRestore()
    expect(shop.calls().slice(-3)).toEqual(['+60 query ok', '+60 query ok', '+60 cancel ok'])
    expect(await shop.status(sold)).toBe('expired')
  })

  test.each([
    ['once is asked again: the process may have stood still', 1, 2],
    ['each time is believed at the third: it is slow', 5, 3],
  ])('a gateway that takes more than 2 s to answer %s', async (_, slowAnswers, queries) => {
    const sold = await shop.sell({ expiresInMs: 60_000 })
    shop.scan(sold)
    await shop.elapse(59_000)
    let passedMs = 0
    const now = vi.spyOn(performance, 'now').mockImplementation(() => passedMs)
    for (let count = 0; count < slowAnswers; count++) {
      shop.gate('after query', () => void (passedMs += 3_000))
    }
    const before = shop.calls().length
    await shop.elapse(1_000)
    now.mockRestore()
    const expected = Array.from({ length: queries }, () => '+60 query ok')
    expect(shop.calls().slice(before)).toEqual([...expected, '+60 cancel ok'])
  })

  test('a code that is dead at Alipay ends the payment, though no cancel was ever answered', async () => {
    const sold = await shop.sell({ expiresInMs: 60_000 })
    shop.emulator.faults.add({ name: 'request-lost', method: 'alipay.trade.cancel', times: 1_000 })
    await shop.elapse(149_000)
    expect(await shop.status(sold)).toBe('closing')
    await shop.elapse(40_000)
    expect(await shop.status(sold)).toBe('expired')
  })

  test('no call is begun that the lease may not cover', async () => {
    const sold = await shop.sell({ expiresInMs: 60_000 })
    await shop.elapse(59_000)
    shop.clock.advance(1_000)
    shop.gate('before query', () => shop.clock.advance(61_000))
    await shop.payments.runDue()
    expect(shop.calls().at(-1)).toBe('+121 query ACQ.TRADE_NOT_EXIST')
    await shop.payments.runDue()
    expect(shop.calls().slice(-2)).toEqual(['+121 query ACQ.TRADE_NOT_EXIST', '+121 cancel ok'])
    expect(await shop.status(sold)).toBe('closing')
  })

  test('a buyer who pays before the last query has paid', async () => {
    const sold = await shop.sell({ expiresInMs: 60_000 })
    const tradeNo = shop.scan(sold)
    await shop.elapse(58_000)
    shop.clock.advance(2_000)
    shop.emulator.wallet.pay(tradeNo, shop.buyer)
    await shop.settle()
    expect(await shop.status(sold)).toBe('succeeded')
    expect(shop.calls().some((call) => call.includes('cancel'))).toBe(false)
  })

  test('a code that nobody scanned stays closing, and expires by a query 30 s after time_expire', async () => {
    const sold = await shop.sell({ expiresInMs: 60_000 })
    await shop.elapse(60_000)
    expect(shop.calls().slice(-2)).toEqual(['+60 query ACQ.TRADE_NOT_EXIST', '+60 cancel ok'])
    await shop.elapse(89_000)
    const record = await shop.find(sold)
    expect(record.payment.status).toBe('closing')
    expect(checkoutView(record, shop.clock.now())).toMatchObject({ state: 'expired', qrCode: null })
    await shop.elapse(1_000)
    expect(await shop.status(sold)).toBe('expired')
    expect(shop.calls().at(-1)).toBe('+150 query ACQ.TRADE_NOT_EXIST')
    expect(shop.events(sold).slice(-2)).toEqual(['payment.closing', 'payment.expired'])
    expect(shop.calls().filter((call) => call.includes('cancel'))).toHaveLength(1)
  })

  test('an expired, unscanned code is looked at once a minute until 2 h after it was issued', async () => {
    const sold = await shop.sell({ expiresInMs: 60_000 })
    await shop.elapse(151_000)
    const { length } = shop.calls()
    await shop.elapse(8_000_000, { stepMs: 10_000 })
    const seconds = shop.calls().slice(length).map(Number.parseFloat)
    expect(seconds[0]).toBe(211)
    expect(seconds.every((at, index) => index === 0 || at - (seconds[index - 1] ?? 0) >= 60)).toBe(
      true,
    )
    expect(seconds.at(-1)).toBeGreaterThan(7_100)
    expect(seconds.at(-1)).toBeLessThanOrEqual(7_210)
    expect((await shop.find(sold)).payment.nextStepAt).toBeNull()
  })

  test('a code that is scanned after its cancel is canceled again', async () => {
    shop.emulator.settings.update({ unscanned_cancel: 'no_effect' })
    const sold = await shop.sell({ expiresInMs: 60_000 })
    await shop.elapse(70_000)
    shop.scan(sold)
    await shop.elapse(5_000)
    expect(shop.calls().slice(-2)).toEqual(['+75 query ok', '+75 cancel ok'])
    expect(await shop.status(sold)).toBe('expired')
  })

  test('a payment whose precreate never got through expires, and its number is canceled', async () => {
    shop.emulator.faults.add({
      name: 'request-lost',
      method: 'alipay.trade.precreate',
      probability: 1,
    })
    const { record } = await shop.payments.create({
      amount: toFen(8888),
      subject: '美式咖啡',
      expiresInMs: 60_000,
    })
    await shop.elapse(180_000)
    expect(shop.statuses(record)).toEqual(['created', 'closing', 'expired'])
    expect((await shop.find(record)).payment.nextStepAt).toBeNull()
  })

  test('after hours of being down, the first query decides: no paid trade is canceled', async () => {
    const paid = await shop.sell({ expiresInMs: 60_000 })
    const waiting = await shop.sell({ expiresInMs: 60_000 })
    const unscanned = await shop.sell({ expiresInMs: 60_000 })
    shop.pay(paid)
    shop.scan(waiting)
    shop.clock.advance(3 * 3_600_000)
    await shop.settle()
    expect(await Promise.all([paid, waiting, unscanned].map((sold) => shop.status(sold)))).toEqual([
      'succeeded',
      'expired',
      'expired',
    ])
  })
})

describe('a buyer who pays between the last query and the cancel', () => {
  afterEach(() => shop.close())

  /** Sells, scans, and has the buyer pay when the cancel is about to be sent. */
  async function sellAndPayInTheGap(notify: boolean) {
    shop = await openShop({ notify })
    const sold = await shop.sell({ expiresInMs: 60_000 })
    const tradeNo = shop.scan(sold)
    shop.gate('before cancel', async () => {
      shop.emulator.wallet.pay(tradeNo, shop.buyer)
      await shop.emulator.notifications.deliverDue()
    })
    return sold
  }

  /** Never said to be paid in between: the first commit that is succeeded is refunded, too. */
  function expectRefundedByCancel(sold: Awaited<ReturnType<Shop['sell']>>) {
    const commits = shop.commits.filter(({ record }) => record.payment.id === sold.payment.id)
    const first = commits.find(({ record }) => record.payment.status === 'succeeded')
    expect(first?.record).toMatchObject({
      payment: { refundedByCancel: true, review: 'refunded_by_cancel' },
      refunds: [{ source: 'cancel', status: 'succeeded', amount: 8888 }],
    })
    expect(shop.events(sold).filter((type) => !/created|pending|scanned/.test(type))).toEqual([
      'payment.closing',
      'payment.refunded_by_cancel',
      'refund.succeeded',
    ])
    for (const { record } of commits) {
      expect(checkoutView(record, shop.clock.now()).state).not.toBe('paid')
    }
  }

  test.each([false, true])(
    'scenario 10: has paid, was refunded by the cancel, and is never shown as paid in between (notifications: %s)',
    async (notify) => {
      const sold = await sellAndPayInTheGap(notify)
      await shop.elapse(120_000)
      expectRefundedByCancel(sold)
      expect((await shop.find(sold)).refunds).toHaveLength(1)
    },
  )

  test.each(['answer-lost', 'unknown-error-after', 'wrong-signature'])(
    'is found to be refunded by a query, where the answer of the cancel ended in %s',
    async (name) => {
      const sold = await sellAndPayInTheGap(false)
      shop.emulator.faults.add({ name, method: 'alipay.trade.cancel' })
      await shop.elapse(120_000)
      expectRefundedByCancel(sold)
    },
  )

  test('has paid, where the cancel did nothing: said only 10 s after the cancel was sent', async () => {
    const sold = await sellAndPayInTheGap(true)
    shop.emulator.faults.add({ name: 'request-lost', method: 'alipay.trade.cancel' })
    await shop.elapse(69_000)
    expect(await shop.status(sold)).toBe('closing')
    await shop.elapse(1_000)
    expect(await shop.status(sold)).toBe('succeeded')
    expect((await shop.find(sold)).payment.refundedByCancel).toBe(false)
  })

  test('has paid, where a later cancel did nothing: said only 10 s after the last one was sent', async () => {
    shop = await openShop()
    const sold = await shop.sell({ expiresInMs: 60_000 })
    const tradeNo = shop.scan(sold)
    shop.emulator.faults.add({ name: 'request-lost', method: 'alipay.trade.cancel', times: 4 })
    await shop.elapse(66_000)
    shop.gate('before cancel', () => void shop.emulator.wallet.pay(tradeNo, shop.buyer))
    await shop.elapse(10_000)
    expect(shop.calls().slice(-2)).toEqual(['+67 cancel no answer', '+75 query ok'])
    expect(await shop.status(sold)).toBe('closing')
    await shop.elapse(1_000)
    expect(await shop.status(sold)).toBe('succeeded')
  })

  test('has paid, where the cancel is definitely refused', async () => {
    const sold = await sellAndPayInTheGap(false)
    shop.emulator.settings.update({ seller_balance: 'short' })
    await shop.elapse(62_000)
    expect(await shop.status(sold)).toBe('succeeded')
    expect(shop.events(sold)).not.toContain('payment.refunded_by_cancel')
  })

  test('and whose notification is booked before the cancel is sent, keeps what was bought', async () => {
    shop = await openShop({ notify: true })
    const sold = await shop.sell({ expiresInMs: 60_000 })
    const tradeNo = shop.scan(sold)
    shop.gate('before commit of cancel_attempted', async () => {
      shop.emulator.wallet.pay(tradeNo, shop.buyer)
      await shop.emulator.notifications.deliverDue()
    })
    await shop.elapse(120_000)
    expect(await shop.status(sold)).toBe('succeeded')
    expect(shop.calls().some((call) => call.includes('cancel'))).toBe(false)
    expect((await shop.find(sold)).refunds).toEqual([])
  })
})

describe('late money', () => {
  beforeEach(async () => {
    shop = await openShop({ notify: true })
  })
  afterEach(() => shop.close())

  test('within 15 min of the end is booked as late, and accepted', async () => {
    shop.emulator.settings.update({ unscanned_cancel: 'no_effect' })
    const sold = await shop.sell({ expiresInMs: 60_000 })
    shop.emulator.faults.add({ name: 'trade-not-exist', method: 'alipay.trade.query', times: 100 })
    shop.emulator.faults.add({ name: 'late', delay_ms: 600_000 })
    await shop.elapse(100_000)
    shop.pay(sold)
    await shop.elapse(60_000)
    expect(await shop.status(sold)).toBe('expired')
    shop.emulator.faults.clear()
    await shop.elapse(65_000)
    expect((await shop.find(sold)).payment).toMatchObject({
      status: 'succeeded',
      late: true,
      settlement: 'accepted',
      review: null,
      paidAt: after(100_000),
    })
    await shop.elapse(600_000, { stepMs: 10_000 })
    expect(shop.events(sold).slice(-2)).toEqual(['payment.expired', 'payment.succeeded_late'])
  })
})

describe('a merchant who gives a sale up', () => {
  beforeEach(async () => {
    shop = await openShop()
  })
  afterEach(() => shop.close())

  test('cancels a scanned trade at once, after a query', async () => {
    const sold = await shop.sell()
    shop.scan(sold)
    const { status, ...rest } = await shop.payments.cancel(sold.payment.id)
    expect(status).toBe('canceled')
    expect('record' in rest && rest.record.payment.cancellationReason).toBe('requested')
    expect(shop.calls()).toEqual(['+0 precreate ok', '+0 query ok', '+0 cancel ok'])
    expect(shop.events(sold).slice(2)).toEqual([
      'payment.closing',
      'payment.scanned',
      'payment.canceled',
    ])
    expect((await shop.payments.cancel(sold.payment.id)).status).toBe('canceled')
  })

  test('hears closing of an unscanned code until its death is proven; the page says canceled', async () => {
    const sold = await shop.sell({ expiresInMs: 60_000 })
    expect((await shop.payments.cancel(sold.payment.id)).status).toBe('closing')
    const record = await shop.find(sold)
    expect(checkoutView(record, shop.clock.now())).toMatchObject({
      state: 'canceled',
      qrCode: null,
    })
    await shop.elapse(150_000)
    expect(await shop.status(sold)).toBe('canceled')
  })

  test('hears that it is paid already, and nothing is canceled', async () => {
    const sold = await shop.sell()
    shop.pay(sold)
    expect((await shop.payments.cancel(sold.payment.id)).status).toBe('already_paid')
    expect((await shop.payments.cancel(sold.payment.id)).status).toBe('already_paid')
    expect(shop.calls()).toEqual(['+0 precreate ok', '+0 query ok'])
    expect(await shop.status(sold)).toBe('succeeded')
  })

  test('hears the end that there was, and that there is no such payment', async () => {
    const sold = await shop.sell({ expiresInMs: 60_000 })
    shop.scan(sold)
    await shop.elapse(60_000)
    expect((await shop.payments.cancel(sold.payment.id)).status).toBe('ended')
    expect((await shop.payments.cancel('pay_unknown')).status).toBe('not_found')
  })

  test('while the precreate is under way: the code is never shown', async () => {
    let answer: Promise<unknown> = Promise.resolve()
    shop.gate('after precreate', async () => {
      const [record] = await shop.store.list({ limit: 1 })
      answer = shop.payments.cancel(record?.payment.id ?? '')
      await answer
    })
    const { record } = await shop.payments.create({ amount: toFen(8888), subject: '美式咖啡' })
    expect(await answer).toMatchObject({ status: 'closing' })
    expect(record.payment).toMatchObject({ status: 'closing', qrCode: null })
  })
})

describe('when the process dies', () => {
  beforeEach(async () => {
    shop = await openShop()
  })
  afterEach(() => shop.close())

  test.each(['before precreate', 'after precreate'] as const)(
    '%s, another one goes on with the same number when the lease ends',
    async (name) => {
      const dead = shop.dieAt(name)
      void shop.payments.create({ amount: toFen(8888), subject: '美式咖啡' })
      await dead
      const heir = shop.engine()
      await shop.elapse(89_000, { engine: heir })
      expect(shop.calls()).toHaveLength(name === 'before precreate' ? 0 : 1)
      await shop.elapse(1_000, { engine: heir })
      const [record] = await shop.store.list({ limit: 1 })
      expect(record?.payment.status).toBe('pending')
      const numbers = shop.emulator.requests().map(({ out_trade_no }) => out_trade_no)
      expect(new Set(numbers)).toEqual(new Set([record?.payment.outTradeNo]))
    },
  )

  test.each(['before query', 'after query', 'before cancel', 'after cancel'] as const)(
    '%s at the deadline, another one proves the end',
    async (name) => {
      const sold = await shop.sell({ expiresInMs: 60_000 })
      shop.scan(sold)
      await shop.elapse(59_000)
      const dead = shop.dieAt(name)
      shop.clock.advance(1_000)
      void shop.payments.runDue()
      await dead
      const heir = shop.engine()
      await shop.elapse(95_000, { engine: heir })
      expect(await shop.status(sold)).toBe('expired')
      // The lease outlives time_expire here, so Alipay's own end may come first: the net under ours.
      const cancels = shop.calls().filter((call) => call.includes('cancel'))
      expect(cancels).toHaveLength(name === 'after cancel' ? 1 : 0)
    },
  )
})
