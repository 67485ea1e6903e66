/**
 * Scenarios of a database that goes away, forgets its last second, or is full; and of a payment
 * that a bug makes fail each time.
 *
 * @module
 */

import { describe, expect, test } from 'vitest'
import { toFen } from '../../src/alipay/index.ts'
import {
  StoreUnavailable,
  type CreatePaymentOrder,
  type PaymentRecord,
} from '../../src/payments/index.ts'
import type { Shop } from '../payments/shop.ts'
import { openScene } from './scene.ts'
import { STORE_FAULTS, StoreTrouble, type StoreFault } from './unreliable-store.ts'

/** At each call in turn with each fault; by default each call meets one of them. */
const ALL = process.env['SAOMA_TEST_ALL'] !== undefined

const ORDER: CreatePaymentOrder = {
  amount: toFen(8888),
  subject: '美式咖啡',
  reference: 'A-1001',
}

/** Opens a shop whose store can be made to fail; what the engine reports of that is expected. */
async function openTroubled() {
  const trouble = new StoreTrouble()
  const shop: Shop = await openScene({
    notify: true,
    store: trouble.wrap,
    engine: {
      sleep: async () => {},
      rules: { latePayments: 'refund', pollIntervalMs: 30_000 },
      onError: (error) => {
        if (!(error instanceof StoreUnavailable)) shop.errors.push(error)
      },
    },
  })
  return { shop, trouble }
}

/** What the merchant does on an answer that says that nobody knows: the same again. */
async function untilAnswered<T>(request: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await request()
    } catch (error) {
      if (!(error instanceof StoreUnavailable) || tries === 60) throw error
    }
  }
}

/** Lets so many seconds pass, one after the other, although looking for what is due may fail. */
async function elapse(shop: Shop, seconds: readonly number[]): Promise<void> {
  for (const second of seconds) {
    shop.clock.advance(second * 1_000)
    await shop.emulator.notifications.deliverDue()
    await shop.payments.runDue().catch(() => {})
  }
}

/** Orders, and once more after the lease of a process that may have given up has ended. */
async function order(shop: Shop, expiresInMs: number): Promise<PaymentRecord> {
  await untilAnswered(() => shop.payments.create({ ...ORDER, expiresInMs }))
  await elapse(shop, [91, 1])
  const { record } = await untilAnswered(() => shop.payments.create({ ...ORDER, expiresInMs }))
  return shop.find(record)
}

/** One history, from the order to its end, in which only the store goes wrong. */
async function sellPayRefund(shop: Shop): Promise<PaymentRecord> {
  const sold = await order(shop, 600_000)
  shop.pay(sold)
  await elapse(shop, [1, 90, 30, 240])
  const refund = { paymentId: sold.payment.id, amount: toFen(3000), reference: 'R-1' }
  await untilAnswered(() => shop.payments.refund(refund))
  await elapse(shop, [91, 15, 15])
  return sold
}

/** One that is scanned and never paid. */
async function sellExpire(shop: Shop): Promise<PaymentRecord> {
  const sold = await order(shop, 120_000)
  shop.scan(sold)
  await elapse(shop, [28, 2, 5, 15, 91, 15, 30])
  return sold
}

/** One that is paid after its end, which the policy gives back. */
async function sellLate(shop: Shop): Promise<PaymentRecord> {
  shop.emulator.settings.update({ unscanned_cancel: 'no_effect', late_scan: 'accepted' })
  const sold = await order(shop, 120_000)
  await elapse(shop, [30, 90, 91, 30])
  shop.pay(sold)
  await elapse(shop, [1, 91, 91, 240, 91])
  return sold
}

/** One that the merchant gives up while the buyer looks at it. */
async function sellCancel(shop: Shop): Promise<PaymentRecord> {
  const sold = await order(shop, 600_000)
  shop.scan(sold)
  await untilAnswered(() => shop.payments.cancel(sold.payment.id))
  await elapse(shop, [1, 91, 15, 30])
  return sold
}

/** One whose money comes late, is held, and given back by a person. */
async function sellReview(shop: Shop): Promise<PaymentRecord> {
  shop.emulator.settings.update({ unscanned_cancel: 'no_effect', late_scan: 'accepted' })
  const sold = await order(shop, 120_000)
  await elapse(shop, [30, 90, 91, 30, 1_000])
  shop.pay(sold)
  // By default it is held this long after the end.
  shop.run(shop.engine({ rules: { pollIntervalMs: 30_000 } }))
  await elapse(shop, [1, 91, 91, 240, 91])
  await untilAnswered(() => shop.payments.resolveReview(sold.payment.id, 'refund'))
  await elapse(shop, [91, 15, 15])
  return sold
}

const histories = [
  ['paid and refunded', sellPayRefund],
  ['expired', sellExpire],
  ['paid late and given back', sellLate],
  ['given up', sellCancel],
  ['held and given back by a person', sellReview],
] as const

/** One in three, without a rhythm that a loop could fall into step with. */
function isStruck(number: number): boolean {
  return ((number * 2_654_435_761) >>> 8) % 3 === 0
}

/** The same money, the same end and the same events as where nothing goes wrong. */
async function expectSameAs(shop: Shop, sold: PaymentRecord, undisturbed: string): Promise<void> {
  expect(await summary(shop, sold)).toBe(undisturbed)
}

async function summary(shop: Shop, sold: PaymentRecord): Promise<string> {
  const { payment, refunds } = await shop.find(sold)
  const events = await shop.books.eventsAfter(0, 1_000)
  const ledger = shop.emulator.ledger()
  return JSON.stringify([
    payment.status,
    payment.late,
    payment.settlement,
    refunds.map(({ source, status, amount }) => [source, status, amount]),
    events.map(({ type }) => type).toSorted(),
    ledger.map(({ status, paid, refunds }) => [status, paid, refunds.map(({ amount }) => amount)]),
  ])
}

describe.each(histories)(
  'scenario 37: the database goes away at any call: a sale that is %s',
  (_, run) => {
    test.each(STORE_FAULTS)(
      'while at each call of the store, one after the other, %s: nothing is lost, nothing is doubled',
      { timeout: 120_000 },
      async (fault) => {
        const calm = await openTroubled()
        const undisturbed = await summary(calm.shop, await run(calm.shop))
        const { length } = calm.trouble.calls
        const first = ALL ? 0 : STORE_FAULTS.indexOf(fault)
        for (let struck = first; struck < length; struck += ALL ? 1 : STORE_FAULTS.length) {
          const { shop, trouble } = await openTroubled()
          trouble.strike(fault, (_name, number) => number === struck)
          const sold = await run(shop)
          trouble.end()
          await expectSameAs(shop, sold, undisturbed).catch((error: unknown) => {
            throw new Error(`At call ${struck}, ${trouble.calls[struck]}: ${String(error)}`)
          })
        }
      },
    )

    test.each(STORE_FAULTS)(
      'while one in three calls of the store goes wrong (%s): the same',
      async (fault: StoreFault) => {
        const calm = await openTroubled()
        const undisturbed = await summary(calm.shop, await run(calm.shop))
        const { shop, trouble } = await openTroubled()
        trouble.strike(fault, (_name, number) => isStruck(number))
        const sold = await run(shop)
        trouble.end()
        await elapse(shop, [91, 91])
        await expectSameAs(shop, sold, undisturbed)
      },
    )
  },
)

describe('scenario 38, in part: a database that has lost its last second', () => {
  test('a payment that was booked in it is found and booked again', async () => {
    const shop = await openScene({ file: true, notify: true, atEnd: 'books' })
    const sold = await shop.sell()
    await shop.backUp()
    shop.pay(sold)
    await shop.emulator.notifications.deliverDue()
    expect(await shop.status(sold)).toBe('succeeded')
    await shop.restore()
    expect(await shop.status(sold)).toBe('pending')
    await shop.elapse(5_000)
    expect(await shop.status(sold)).toBe('succeeded')
  })

  test('a refund that was made in it, asked for again by its reference, has the same number and moves money once', async () => {
    const shop = await openScene({ file: true, atEnd: 'books' })
    const sold = await shop.sellPaid()
    await shop.backUp()
    const request = { paymentId: sold.payment.id, amount: toFen(3000), reference: 'R-1' }
    const made = await shop.payments.refund(request)
    await shop.restore()
    expect((await shop.find(sold)).refunds).toEqual([])
    const again = await shop.payments.refund(request)
    await shop.elapse(15_000)
    expect((await shop.find(sold)).refunds).toMatchObject([{ status: 'succeeded' }])
    expect('refund' in again && again.refund.outRequestNo).toBe(
      'refund' in made && made.refund.outRequestNo,
    )
    expect(shop.emulator.ledger()).toMatchObject([{ refunded: 3000, refunds: [{}] }])
  })

  test('a sale that was begun in it is begun again under its number, with the same content as before', async () => {
    const shop = await openScene({ file: true, atEnd: 'books' })
    await shop.backUp()
    const lost = await shop.sell({ ...ORDER })
    await shop.restore()
    const again = await shop.sell({ ...ORDER })
    expect(again.payment.outTradeNo).toBe(lost.payment.outTradeNo)
    expect(new Set(shop.precreated).size).toBe(1)
    // The code that was shown before the accident is good still, and so is the new one.
    shop.pay(lost)
    await shop.elapse(5_000)
    expect(await shop.status(again)).toBe('succeeded')
  })

  test('an end that was written in it is proven again', async () => {
    const shop = await openScene({ file: true, atEnd: 'books' })
    const sold = await shop.sell({ expiresInMs: 60_000 })
    shop.scan(sold)
    await shop.elapse(55_000, { stepMs: 5_000 })
    await shop.backUp()
    await shop.elapse(10_000)
    expect(await shop.status(sold)).toBe('expired')
    await shop.restore()
    await shop.settle()
    expect(await shop.status(sold)).toBe('expired')
    expect(shop.calls().filter((line) => line.includes('cancel'))).toHaveLength(1)
  })
})

describe('scenario 39: a disk that is full', () => {
  const writes = new Set(['insert', 'save', 'reschedule', 'claimDue', 'claim', 'release'])

  test('a notification is answered fail, so that Alipay sends it again, and it is booked when there is room', async () => {
    const { shop, trouble } = await openTroubled()
    const { record: sold } = await shop.payments.create({ ...ORDER, expiresInMs: 600_000 })
    shop.pay(sold)
    // It can be read, and not written to: so SQLite says it, and so the store reports it.
    trouble.strike('nothing is done', (name) => writes.has(name))
    await elapse(shop, [1])
    expect(shop.emulator.notifications.list()).toMatchObject([
      { status: 'pending', attempts: [{ result: 'refused', status: 500, reply: 'fail' }] },
    ])
    expect(await shop.status(sold)).toBe('pending')
    expect((await shop.api('GET', `/payments/${sold.payment.id}`)).body.status).toBe('pending')
    const refused = await shop.api('POST', '/payments', { amount: 1, subject: '水' })
    expect(refused).toMatchObject({
      status: 503,
      body: { error: { code: 'store_unavailable', outcome: 'not_applied' } },
    })
    expect(shop.logged.filter(({ level }) => level === 'error')).toMatchObject([
      { event: 'notification.failed', error_code: 'ERR_STORE_UNAVAILABLE' },
      { event: 'request.failed', error_code: 'ERR_STORE_UNAVAILABLE' },
    ])

    trouble.end()
    await elapse(shop, [240])
    expect(shop.emulator.notifications.list()).toMatchObject([{ status: 'delivered' }])
    expect(await shop.status(sold)).toBe('succeeded')
  })

  test('no cancel is sent whose intent could not be written', async () => {
    const { shop, trouble } = await openTroubled()
    const { record: sold } = await shop.payments.create({ ...ORDER, expiresInMs: 60_000 })
    shop.scan(sold)
    await elapse(shop, [59])
    shop.gate('after query', () => trouble.strike('nothing is done', (name) => writes.has(name)))
    await elapse(shop, [1, 1])
    expect(shop.calls().some((line) => line.includes('cancel'))).toBe(false)
    trouble.end()
    await elapse(shop, [91, 15])
    expect(await shop.status(sold)).toBe('expired')
  })

  test('no refund is sent whose number could not be written', async () => {
    const { shop, trouble } = await openTroubled()
    const { record: sold } = await shop.payments.create({ ...ORDER, expiresInMs: 600_000 })
    shop.pay(sold)
    await elapse(shop, [1])
    trouble.strike('nothing is done', (name) => writes.has(name))
    const request = { payment: sold.payment.id, amount: 3000, reference: 'R-1' }
    expect((await shop.api('POST', '/refunds', request)).status).toBe(503)
    expect(shop.calls().some((line) => line.includes('refund'))).toBe(false)
    trouble.end()
    expect((await shop.api('POST', '/refunds', request)).status).toBe(200)
  })
})

describe('scenario 57: a payment that fails each time by a bug', () => {
  test('is told, rests, and keeps no other from going on', async () => {
    const told: unknown[] = []
    const shop = await openScene({ engine: { onError: (error) => told.push(error) } })
    const poisoned = await shop.sell({ reference: 'poison' })
    const others = await Promise.all(Array.from({ length: 20 }, () => shop.sell()))
    for (const sold of others) shop.pay(sold)
    shop.pay(poisoned)
    const { outTradeNo } = poisoned.payment
    const { trade } = shop.gateway
    const broken = {
      ...shop.gateway,
      trade: {
        ...trade,
        query: (async (request, options) => {
          if (request.out_trade_no === outTradeNo) throw new TypeError('undefined is no function')
          return trade.query(request, options)
        }) satisfies typeof trade.query,
      },
    }
    await shop.startNext({ gateway: broken, onError: (error) => told.push(error) })
    await shop.elapse(180_000, { stepMs: 5_000 })
    for (const sold of others) expect(await shop.status(sold)).toBe('succeeded')
    expect(await shop.status(poisoned)).toBe('pending')
    // Once for each lease, not in a loop: after 5, 95 and 185 s.
    expect(told).toHaveLength(2)
    expect(String(told[0])).toContain('undefined is no function')

    // The bug is mended: nothing is lost.
    await shop.startNext()
    await shop.elapse(95_000, { stepMs: 5_000 })
    expect(await shop.status(poisoned)).toBe('succeeded')
  })
})
