/**
 * Scenarios of processes that die or stand still: at each named point, followed by another node
 * that shares the store, or by a new process that finds the file. The same with real processes is
 * in `test/crash`.
 *
 * @module
 */

import { describe, expect, test } from 'vitest'
import { toFen } from '../../src/alipay/index.ts'
import type { CrashPoint, PaymentRecord, PaymentRules } from '../../src/payments/index.ts'
import { CANCEL_SETTLES_MS } from '../../src/payments/schedule.ts'
import { LEASE_MS } from '../../src/payments/worker.ts'
import type { Shop } from '../payments/shop.ts'
import { expectRightEnd, openScene } from './scene.ts'

const ORDER = { amount: toFen(8888), subject: '美式咖啡', expiresInMs: 60_000 }

/** Who goes on: `file` tells whether a new process opens what the dead one left. */
const HEIRS = [
  ['another node, once the lease ends', false],
  ['a new process on the same file, at once', true],
] as const

/** Does something that the process does not survive. */
async function die(shop: Shop, point: CrashPoint, act: () => Promise<unknown>, times = 1) {
  const process = shop.dieAtPoint(point, times)
  await act().catch(() => {})
  expect(process.isDead).toBe(true)
}

/** The next one starts, and goes on as soon as it may. */
async function goOn(shop: Shop, isFile: boolean): Promise<void> {
  await shop.startNext()
  await shop.elapse(isFile ? 0 : LEASE_MS, { stepMs: 5_000 })
}

async function onlyPayment(shop: Shop): Promise<PaymentRecord> {
  const [record] = await shop.records()
  if (record === undefined) throw new Error('There is no payment')
  return record
}

describe.each(HEIRS)('%s:', (_, file) => {
  /** Kills the process while a sale begins, and has the next one go on. */
  async function dieAtBeginning(point: CrashPoint) {
    const shop = await openScene({ file })
    await die(shop, point, () => shop.payments.create({ ...ORDER, expiresInMs: 300_000 }))
    expect((await onlyPayment(shop)).payment.status).toBe('created')
    const before = shop.precreated.length
    await goOn(shop, file)
    const record = await onlyPayment(shop)
    expect(record.payment).toMatchObject({ status: 'pending', qrCode: expect.any(String) })
    shop.pay(record)
    await shop.elapse(5_000)
    expect(await shop.status(record)).toBe('succeeded')
    return { shop, before }
  }

  test.each(['intent-stored', 'before-precreate'] as const)(
    'scenario 19: killed after the row was committed, before the precreate (%s): it is made, once',
    async (point) => {
      const { shop, before } = await dieAtBeginning(point)
      expect(before).toBe(0)
      expect(shop.precreated).toHaveLength(1)
    },
  )

  test('scenario 20: killed after the precreate, before its answer was stored: the same content is asked for again', async () => {
    const { shop, before } = await dieAtBeginning('precreate-answered')
    expect(before).toBe(1)
    expect(shop.precreated).toHaveLength(2)
    expect(new Set(shop.precreated).size).toBe(1)
  })

  test('scenario 19: killed before the precreate, and back only after the deadline, it expires by proof', async () => {
    const shop = await openScene({ file })
    await die(shop, 'intent-stored', () => shop.payments.create(ORDER))
    shop.clock.advance(600_000)
    await goOn(shop, file)
    expect((await onlyPayment(shop)).payment.status).toBe('expired')
    expect(shop.precreated).toEqual([])
  })

  test.each(['intent-stored', 'before-pay', 'pay-answered'] as const)(
    'killed at %s, the buyer’s code is not sent again, and what became of it is found out',
    async (point) => {
      const shop = await openScene({ file })
      await die(shop, point, () => shop.charge({ reference: 'A-1' }))
      await goOn(shop, file)
      await shop.elapse(180_000)
      const isSent = point === 'pay-answered'
      expect(await shop.status(await onlyPayment(shop))).toBe(isSent ? 'succeeded' : 'expired')
      expect(shop.calls().filter((line) => line.includes(' pay '))).toHaveLength(isSent ? 1 : 0)
      expect(shop.precreated).toEqual([])
      // A new code of the buyer is another payment, or none where he has paid.
      const again = await shop.charge({ reference: 'A-1' })
      expect(again.status).toBe(isSent ? 'reference_already_paid' : 'created')
    },
  )

  test.each(['refund-stored', 'refund-sent', 'refund-answered'] as const)(
    'scenario 24: killed at %s, the refund goes out under the same number, and money moves once',
    async (point) => {
      const shop = await openScene({ file })
      const sold = await shop.sellPaid()
      await die(shop, point, () =>
        shop.payments.refund({ paymentId: sold.payment.id, amount: toFen(3000), reference: 'R-1' }),
      )
      const before = (await shop.find(sold)).refunds
      expect(before).toMatchObject([
        point === 'refund-stored' ? { status: 'pending' } : { status: 'processing' },
      ])
      await goOn(shop, file)
      await shop.elapse(15_000)
      const { refunds } = await shop.find(sold)
      expect(refunds).toMatchObject([
        { status: 'succeeded', outRequestNo: before[0]?.outRequestNo },
      ])
      expect(shop.emulator.ledger()).toMatchObject([{ refunded: 3000, refunds: [{}] }])
      // What may have been sent is asked about first.
      const calls = shop.calls().filter((line) => line.includes('refund'))
      const first = point === 'refund-answered' ? 1 : 0
      expect(calls[first]).toContain(point === 'refund-stored' ? ' refund ' : 'refund.query')
      // The merchant may repeat it at any time.
      const again = { paymentId: sold.payment.id, amount: toFen(3000), reference: 'R-1' }
      expect((await shop.payments.refund(again)).status).toBe('succeeded')
    },
  )

  test.each(['before-refund-query', 'refund-query-answered'] as const)(
    'scenario 24: killed at %s, the refund is asked about again',
    async (point) => {
      const shop = await openScene({ file })
      shop.emulator.settings.update({ notify_refund: false })
      const sold = await shop.sellPaid()
      shop.emulator.faults.add({ name: 'answer-lost', method: 'alipay.trade.refund' })
      await shop.payments.refund({ paymentId: sold.payment.id })
      shop.clock.advance(10_000)
      await die(shop, point, () => shop.payments.runDue())
      await goOn(shop, file)
      await shop.elapse(10_000)
      expect((await shop.find(sold)).refunds).toMatchObject([{ status: 'succeeded' }])
      expect(shop.emulator.ledger()).toMatchObject([{ refunds: [{ amount: 8888 }] }])
    },
  )

  test('scenario 41: a worker that is killed with all leases in its hand keeps nothing from going on', async () => {
    const shop = await openScene({ file })
    const sales: PaymentRecord[] = []
    for (let count = 0; count < 20; count++) {
      const sold = await shop.sell()
      shop.pay(sold)
      sales.push(sold)
    }
    shop.clock.advance(5_000)
    await die(shop, 'claimed', () => shop.payments.runDue())
    await shop.startNext()
    const heirAtOnce = await shop.payments.runDue()
    expect(heirAtOnce).toBe(file ? 20 : 0)
    if (!file) {
      shop.clock.advance(LEASE_MS)
      expect(await shop.payments.runDue()).toBe(20)
    }
    for (const sold of sales) expect(await shop.status(sold)).toBe('succeeded')
  })
})

describe('scenario 21: killed while a notification is taken', () => {
  /** Polling sleeps, so that only the notification can tell. */
  const rules = { firstQueryAfterMs: 3_600_000, pollIntervalMs: 3_600_000 }

  test('before its commit: Alipay has not heard success, sends again, and it is booked', async () => {
    const shop = await openScene({ notify: true, engine: { rules } })
    const sold = await shop.sell()
    shop.pay(sold)
    await die(shop, 'notification-verified', () => shop.emulator.notifications.deliverDue())
    expect(await shop.status(sold)).toBe('pending')
    await shop.startNext()
    await shop.elapse(240_000, { stepMs: 240_000 })
    expect(await shop.status(sold)).toBe('succeeded')
    expect(shop.calls()).toEqual(['+0 precreate ok'])
  })

  test('after its commit, before success is said: it is sent again, and changes nothing', async () => {
    const shop = await openScene({ notify: true, engine: { rules } })
    const sold = await shop.sell()
    shop.pay(sold)
    await die(shop, 'notification-committed', () => shop.emulator.notifications.deliverDue())
    expect(await shop.status(sold)).toBe('succeeded')
    await shop.startNext()
    await shop.elapse(240_000, { stepMs: 240_000 })
    expect(shop.emulator.notifications.list()).toMatchObject([
      { status: 'delivered', attempts: [{ result: 'refused' }, { result: 'success' }] },
    ])
    expect(shop.events(sold).filter((type) => type === 'payment.succeeded')).toHaveLength(1)
  })

  test('before its commit, and the file is opened again: what is due at the start finds it', async () => {
    const shop = await openScene({ notify: true, file: true, engine: { rules } })
    const sold = await shop.sell()
    shop.pay(sold)
    await die(shop, 'notification-verified', () => shop.emulator.notifications.deliverDue())
    await shop.startNext()
    await shop.payments.sync(sold.payment.id)
    expect(await shop.status(sold)).toBe('succeeded')
  })
})

test('scenario 22: killed after the commit of succeeded: its event was committed with it', async () => {
  const shop = await openScene({ notify: true, file: true })
  const sold = await shop.sell()
  shop.pay(sold)
  await die(shop, 'notification-committed', () => shop.emulator.notifications.deliverDue())
  await shop.startNext()
  const events = await shop.payments.eventsAfter(0, 100)
  expect(events.map(({ type }) => type)).toEqual([
    'payment.created',
    'payment.pending',
    'payment.succeeded',
  ])
  expect(JSON.parse(events[2]?.data ?? '{}')).toMatchObject({
    object: { id: sold.payment.id, status: 'succeeded' },
    previous: { status: 'pending' },
  })
})

describe('scenario 23: killed while closing', () => {
  const steps: readonly (readonly [PaymentRules['fence'], CrashPoint])[] = [
    ['cancel', 'claimed'],
    ['cancel', 'before-query'],
    ['cancel', 'query-answered'],
    ['cancel', 'cancel-attempted'],
    ['cancel', 'cancel-answered'],
    ['close', 'claimed'],
    ['close', 'before-query'],
    ['close', 'query-answered'],
    ['close', 'before-close'],
    ['close', 'close-answered'],
  ]
  const buyers = [
    'scans and does not pay',
    'does not scan',
    'pays when the process is dead',
  ] as const

  async function sellToDeadline(fence: PaymentRules['fence'], file: boolean, isScanned: boolean) {
    const shop = await openScene({ file, notify: true, engine: { rules: { fence } } })
    // The notification is late, so that the next process has to find out by itself.
    shop.emulator.faults.add({ name: 'lost', times: 100 })
    const sold = await shop.sell(ORDER)
    await shop.elapse(59_000, { stepMs: 59_000 })
    const tradeNo = isScanned ? shop.scan(sold) : ''
    shop.clock.advance(1_000)
    return { shop, sold, tradeNo }
  }

  describe.each(buyers)('by a buyer who %s:', (buyer) => {
    test.each(steps.flatMap((step) => HEIRS.map(([heir, file]) => [...step, heir, file] as const)))(
      'fence %s, at %s, %s: the end is right, and proven',
      async (fence, point, _, file) => {
        const { shop, sold, tradeNo } = await sellToDeadline(fence, file, !buyer.startsWith('does'))
        const isPast = point.endsWith('answered') && !point.startsWith('query')
        await die(shop, point, () => shop.payments.runDue())
        if (buyer.startsWith('pays')) {
          const { status } = shop.emulator.wallet.pay(tradeNo, shop.buyer)
          expect(status).toBe(isPast ? 'closed' : 'paid')
        }
        await goOn(shop, file)
        await shop.elapse(CANCEL_SETTLES_MS)
        await shop.elapse(150_000, { stepMs: 15_000 })
        await expectRightEnd(shop, sold)
        const isPaid = buyer.startsWith('pays') && !isPast
        expect(await shop.status(sold)).toBe(isPaid ? 'succeeded' : 'expired')
        // Whoever goes on asks before it cancels: nobody who has paid is refunded by it.
        expect((await shop.find(sold)).refunds).toEqual([])
      },
    )
  })

  test.each(steps)(
    'fence %s: at %s, and the next one at any step again, and a buyer pays in between',
    async (fence, first) => {
      for (const [other, second] of steps) {
        if (other !== fence) continue
        const { shop, sold, tradeNo } = await sellToDeadline(fence, true, true)
        await die(shop, first, () => shop.payments.runDue())
        await shop.startNext()
        shop.dieAtPoint(second)
        await shop.payments.runDue().catch(() => {})
        shop.emulator.wallet.pay(tradeNo, shop.buyer)
        await goOn(shop, true)
        await shop.elapse(15_000)
        await shop.elapse(150_000, { stepMs: 15_000 })
        await expectRightEnd(shop, sold)
      }
    },
  )
})

test('scenario 36: down for 3 h over many deadlines: first it asks, and every buyer who paid is found', async () => {
  const shop = await openScene({ file: true, engine: { callsPerSecond: 10 } })
  const sales: { sold: PaymentRecord; expected: string }[] = []
  for (let count = 0; count < 60; count++) {
    const sold = await shop.sell({ expiresInMs: 60_000 + count * 60_000 })
    sales.push({ sold, expected: count % 3 === 0 ? 'succeeded' : 'expired' })
  }
  // The process is gone. Two of three scan, and one of them pays, until their codes die.
  for (const [index, { sold }] of sales.entries()) {
    shop.clock.advance(1_000)
    if (index % 3 === 0) shop.pay(sold)
    if (index % 3 === 1) shop.scan(sold)
  }
  shop.clock.advance(3 * 3_600_000)
  await shop.startNext()
  const asked = shop.emulator.requests().length
  for (let second = 0; second < 60; second++) {
    await shop.payments.runDue()
    shop.clock.advance(1_000)
  }
  for (const { sold, expected } of sales) {
    expect(await shop.status(sold)).toBe(expected)
    const calls = shop.emulator
      .requests()
      .slice(asked)
      .filter((request) => request.out_trade_no === sold.payment.outTradeNo)
    expect(calls[0]?.method).toBe('alipay.trade.query')
    const timeline = await shop.payments.timeline(sold.payment.id)
    const end = timeline.find(({ from, to }) => from !== to && to === expected)
    expect(end?.kind).toMatch(/^(trade|trade_not_exist)$/)
  }
})

describe('scenario 40: a worker that stands still until its lease has ended', () => {
  test.each(['before query', 'after query', 'before commit of trade'] as const)(
    '%s, while another one does its work, then does no harm',
    async (moment) => {
      const shop = await openScene({ notify: false })
      const sold = await shop.sell({ expiresInMs: 300_000 })
      shop.pay(sold)
      shop.clock.advance(5_000)
      const other = shop.engine()
      shop.gate(moment, async () => {
        // 60 s are within its lease: the other one finds nothing to do.
        shop.clock.advance(60_000)
        expect(await other.runDue()).toBe(0)
        shop.clock.advance(30_000)
        await shop.elapse(1_000, { engine: other })
      })
      await shop.payments.runDue()
      expect(await shop.status(sold)).toBe('succeeded')
      expect(shop.events(sold).filter((type) => type === 'payment.succeeded')).toHaveLength(1)
    },
  )

  test.each(['before commit of cancel_attempted', 'before cancel'] as const)(
    '%s at the deadline: its cancel is not sent, for the buyer may have paid since',
    async (moment) => {
      const shop = await openScene()
      const sold = await shop.sell(ORDER)
      await shop.elapse(59_000, { stepMs: 59_000 })
      const tradeNo = shop.scan(sold)
      shop.clock.advance(1_000)
      shop.gate(moment, () => {
        shop.clock.advance(30_000)
        expect(shop.emulator.wallet.pay(tradeNo, shop.buyer).status).toBe('paid')
      })
      await shop.payments.runDue()
      await shop.elapse(CANCEL_SETTLES_MS)
      expect(shop.calls().some((line) => line.endsWith('cancel ok'))).toBe(false)
      await expectRightEnd(shop, sold)
      expect(await shop.status(sold)).toBe('succeeded')
    },
  )

  test('before a refund is sent, while another one sends it: the number is one, and money moves once', async () => {
    const shop = await openScene()
    const sold = await shop.sellPaid()
    const other = shop.engine()
    shop.gate('before refund', async () => {
      shop.clock.advance(LEASE_MS)
      await shop.elapse(15_000, { engine: other })
    })
    await shop.payments.refund({ paymentId: sold.payment.id })
    await shop.elapse(30_000)
    expect((await shop.find(sold)).refunds).toMatchObject([{ status: 'succeeded' }])
    expect(shop.emulator.ledger()).toMatchObject([{ refunds: [{ amount: 8888 }] }])
    expect(shop.events(sold).filter((type) => type === 'refund.succeeded')).toHaveLength(1)
  })
})
