/**
 * Scenarios of a gateway that is away, slow, overloaded, or answers what nobody may believe.
 *
 * @module
 */

import { describe, expect, test } from 'vitest'
import { toFen } from '../../src/alipay/index.ts'
import type { PaymentRecord } from '../../src/payments/index.ts'
import type { Shop } from '../payments/shop.ts'
import { openScene } from './scene.ts'

const MINUTES_30 = 1_800_000

/** Payments that are open when Alipay goes away, and calls a second that there is room for. */
const OUTAGE =
  process.env['SAOMA_TEST_ALL'] === undefined
    ? { sales: 200, callsPerSecond: 1 }
    : { sales: 1_000, callsPerSecond: 5 }

test(
  'scenario 32: Alipay down for 30 min with hundreds of open payments: no wrong end, the budget holds, and all are found',
  { timeout: 180_000 },
  async () => {
    const { callsPerSecond } = OUTAGE
    let calls = 0
    let clockMs = () => 0
    const shop = await openScene({
      engine: { callsPerSecond, monotonicMs: () => clockMs() },
    })
    clockMs = () => shop.clock.offsetMs
    shop.emulator.wallet.setBalance(shop.buyer, toFen(100_000_000))
    const sales: PaymentRecord[] = []
    for (let number = 0; number < OUTAGE.sales; number++) sales.push(await shop.sell())
    const paid = (index: number) => index % 5 < 2
    const scanned = (index: number) => index % 5 === 2
    // Some pay before, some while nobody can ask.
    const buy = (from: number) => {
      for (const [index, sold] of sales.entries()) {
        if (index % 2 === from && paid(index)) shop.pay(sold)
        if (index % 2 === from && scanned(index)) shop.scan(sold)
      }
    }
    buy(0)
    await shop.disconnect()
    for (const call of ['query', 'cancel'] as const) {
      const count = () => {
        calls += 1
        shop.gate(`before ${call}`, count)
      }
      shop.gate(`before ${call}`, count)
    }
    // What the creations took from the budget is paid back first.
    const step = async () => {
      shop.clock.advance(1_000)
      await shop.payments.runDue()
    }
    for (let second = 0; second < MINUTES_30 / 1_000; second++) {
      if (second === 60) buy(1)
      const before = calls
      await step()
      // A payment that was claimed for one call may take two: its query, and the cancel at once.
      expect(calls - before).toBeLessThanOrEqual(2 * callsPerSecond)
    }
    expect(calls).toBeLessThanOrEqual(callsPerSecond * (MINUTES_30 / 1_000))
    expect(calls).toBeGreaterThan(OUTAGE.sales)
    for (const { payment } of await shop.records()) {
      expect(['pending', 'closing']).toContain(payment.status)
    }

    await shop.connect()
    const atHealing = calls
    let seconds = 0
    const open = async () =>
      (await shop.records()).filter(({ payment }) =>
        ['pending', 'closing'].includes(payment.status),
      )
    while ((await open()).length > 0 && seconds < 1_200) {
      await step()
      seconds += 1
    }
    expect(calls - atHealing).toBeLessThanOrEqual(callsPerSecond * (seconds + 1))
    for (const [index, sold] of sales.entries()) {
      expect(await shop.status(sold)).toBe(paid(index) ? 'succeeded' : 'expired')
    }
  },
)

describe('scenario 33: an answer that nobody may believe', () => {
  const kinds = ['html-502', 'truncated', 'wrong-signature', 'unsigned', 'wrong encoding'] as const

  /** Has the next answer be of this kind; what was asked for is carried out. */
  function spoil(shop: Shop, kind: (typeof kinds)[number]): void {
    if (kind !== 'wrong encoding') return void shop.emulator.faults.add({ name: kind })
    shop.distortAnswers(async (response) => {
      shop.distortAnswers()
      // Latin-1 where UTF-8 was asked for, with a letter outside ASCII.
      const text = (await response.text()).replace('"code"', '"cod\u00e9"')
      return new Response(Buffer.from(text, 'latin1'), { headers: response.headers })
    })
  }

  test.each(kinds)('%s to a query leaves it open, and the next one is believed', async (kind) => {
    const shop = await openScene()
    const sold = await shop.sell()
    shop.pay(sold)
    await shop.elapse(4_000)
    spoil(shop, kind)
    await shop.elapse(1_000)
    expect((await shop.find(sold)).payment).toMatchObject({ status: 'pending', unknownCalls: 1 })
    await shop.elapse(5_000)
    expect(await shop.status(sold)).toBe('succeeded')
  })

  test.each(kinds)('%s to the last query: no cancel follows it', async (kind) => {
    const shop = await openScene()
    const sold = await shop.sell({ expiresInMs: 60_000 })
    shop.scan(sold)
    await shop.elapse(59_000, { stepMs: 59_000 })
    spoil(shop, kind)
    await shop.elapse(1_000)
    expect(shop.calls().at(-1)).toMatch(/^\+60 query/)
    expect(await shop.status(sold)).toBe('closing')
    await shop.elapse(2_000)
    expect(await shop.status(sold)).toBe('expired')
  })

  test.each(kinds)(
    '%s to a cancel: whether it was canceled is asked, not assumed',
    async (kind) => {
      const shop = await openScene()
      const sold = await shop.sell({ expiresInMs: 60_000 })
      shop.scan(sold)
      await shop.elapse(59_000, { stepMs: 59_000 })
      shop.gate('before cancel', () => spoil(shop, kind))
      await shop.elapse(1_000)
      expect((await shop.find(sold)).payment).toMatchObject({
        status: 'closing',
        outcome: 'unknown',
      })
      await shop.elapse(1_000)
      expect(await shop.status(sold)).toBe('expired')
      expect(shop.calls().filter((line) => line.includes('cancel'))).toHaveLength(1)
    },
  )

  test.each(kinds)(
    '%s to a refund: it is processing until a refund query says more',
    async (kind) => {
      const shop = await openScene()
      const sold = await shop.sellPaid()
      spoil(shop, kind)
      const result = await shop.payments.refund({ paymentId: sold.payment.id })
      expect(result).toMatchObject({ status: 'processing', refund: { outcome: 'unknown' } })
      await shop.elapse(10_000)
      expect((await shop.find(sold)).refunds).toMatchObject([{ status: 'succeeded' }])
      expect(shop.emulator.ledger()).toMatchObject([{ refunds: [{ amount: 8888 }] }])
    },
  )

  test.each(kinds)('%s to a precreate: the same number is asked for again', async (kind) => {
    const shop = await openScene()
    spoil(shop, kind)
    const order = { amount: toFen(8888), subject: '美式咖啡' }
    const { status, record } = await shop.payments.create(order)
    expect(status).toBe('pending')
    expect(record.payment).toMatchObject({ status: 'created', outcome: 'unknown' })
    await shop.elapse(1_000)
    expect(await shop.status(record)).toBe('pending')
    expect(new Set(shop.precreated).size).toBe(1)
  })

  test.each(['wrong-signature', 'unsigned'])(
    'a success that comes %s is none: somebody between us and Alipay books nothing',
    async (name) => {
      const shop = await openScene()
      const sold = await shop.sell()
      shop.scan(sold)
      shop.emulator.faults.add({ name, method: 'alipay.trade.query', times: 10 })
      shop.distortAnswers(async (response) => {
        const text = await response.text()
        const { headers } = response
        return new Response(text.replaceAll('WAIT_BUYER_PAY', 'TRADE_SUCCESS'), { headers })
      })
      await shop.elapse(45_000)
      expect(shop.statuses(sold)).toEqual(['created', 'pending'])
    },
  )
})

describe('scenario 34: answers that do not come, and a pool of connections that is full', () => {
  /** Answers wait until the test lets them go. */
  function holdAnswers(shop: Shop): () => void {
    let release = () => {}
    const released = new Promise<void>((resolve) => (release = resolve))
    shop.distortAnswers(async (response) => {
      await released
      return response
    })
    return () => {
      shop.distortAnswers()
      release()
    }
  }

  test('the API answers what it knows when its own time is over: pending, and nothing is lost', async () => {
    const shop = await openScene({ callTimeoutMs: 300, connectionsMax: 2 })
    const release = holdAnswers(shop)
    // Six orders for two connections: four never get one.
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, index) =>
        shop.api('POST', '/payments', {
          amount: 8888,
          subject: '美式咖啡',
          reference: `A-${index}`,
        }),
      ),
    )
    for (const { status, body } of answers) {
      expect([status, body.status]).toEqual([202, 'created'])
    }
    release()
    await shop.elapse(10_000)
    for (const { payment } of await shop.records()) expect(payment.status).toBe('pending')
    expect(new Set(shop.precreated).size).toBe(6)
  })

  test('cancel, sync and refund are answered as well, and all of them end rightly afterwards', async () => {
    const shop = await openScene({ callTimeoutMs: 300, connectionsMax: 2 })
    const open = await shop.sell()
    shop.scan(open)
    const waiting = await shop.sell()
    const paid = await shop.sellPaid()
    const release = holdAnswers(shop)
    const [canceled, synced, refunded] = await Promise.all([
      shop.api('POST', `/payments/${open.payment.id}/cancel`, {}),
      shop.api('POST', `/payments/${waiting.payment.id}/sync`, {}),
      shop.api('POST', '/refunds', { payment: paid.payment.id }),
    ])
    expect(canceled).toMatchObject({ status: 202, body: { status: 'closing' } })
    expect(synced).toMatchObject({ status: 200, body: { status: 'pending' } })
    expect(refunded).toMatchObject({ status: 202, body: { status: 'processing' } })
    // While it is so, notifications and reading are as quick as ever.
    expect((await shop.api('GET', `/payments/${paid.payment.id}`)).status).toBe(200)
    release()
    await shop.elapse(30_000)
    expect(await shop.status(open)).toBe('canceled')
    expect((await shop.find(paid)).refunds).toMatchObject([{ status: 'succeeded' }])
  })
})

describe('scenario 35: throttled by Alipay for 10 min', () => {
  test('calls are halved and come back, and what ends or refunds a payment goes first', async () => {
    let clockMs = () => 0
    const shop = await openScene({ engine: { monotonicMs: () => clockMs(), callsPerSecond: 10 } })
    clockMs = () => shop.clock.offsetMs
    const sales: PaymentRecord[] = []
    for (let number = 0; number < 40; number++) {
      sales.push(await shop.sell({ expiresInMs: 1_800_000 }))
      if (number % 10 === 9) shop.clock.advance(1_000)
    }
    const closing = await shop.sell({ expiresInMs: 300_000 })
    shop.scan(closing)
    const paid = await shop.sellPaid()
    await shop.elapse(10_000)

    shop.emulator.faults.add({ name: 'rate-limit', times: 100_000 })
    let calls = 0
    const count = () => {
      calls += 1
      shop.gate('before query', count)
    }
    shop.gate('before query', count)
    const perMinute: number[] = []
    for (let minute = 0; minute < 10; minute++) {
      const before = calls
      for (let second = 0; second < 60; second++) {
        shop.clock.advance(1_000)
        await shop.payments.runDue()
      }
      perMinute.push(calls - before)
    }
    // Before, 40 payments took 480 calls a minute.
    for (const each of perMinute.slice(1)) expect(each).toBeLessThanOrEqual(130)
    for (const each of perMinute) expect(each).toBeGreaterThanOrEqual(50)
    for (const { payment } of await shop.records()) {
      expect(['pending', 'closing', 'succeeded']).toContain(payment.status)
    }

    await shop.payments.refund({ paymentId: paid.payment.id })
    shop.emulator.faults.clear()
    // By now all are due, and the budget allows for one in four of them.
    shop.clock.advance(31_000)
    const healedAt = shop.clock.now()
    await shop.payments.runDue()
    const numbers = shop.emulator
      .requests()
      .filter(({ time }) => time >= healedAt)
      .map((request) => request.out_trade_no)
    expect(new Set(numbers).size).toBe(10)
    expect(numbers).toEqual(
      expect.arrayContaining([closing.payment.outTradeNo, paid.payment.outTradeNo]),
    )
    for (let second = 0; second < 120; second++) {
      shop.clock.advance(1_000)
      await shop.payments.runDue()
    }
    expect(await shop.status(closing)).toBe('expired')
    expect((await shop.find(paid)).refunds).toMatchObject([{ status: 'succeeded' }])
    for (const sold of sales) expect(await shop.status(sold)).toBe('pending')
  })
})
