/**
 * Scenarios of clocks: set while the program runs, wrong from the start, in another zone.
 *
 * @module
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import {
  addMs,
  createClient,
  GatewayClock,
  toFen,
  type ClockAlarm,
} from '../../src/alipay/index.ts'
import { Failure } from '../../src/cli/failure.ts'
import { openStore, startMerchantServer } from '../../src/cli/merchant-server.ts'
import type { PaymentRecord } from '../../src/payments/index.ts'
import type { LogEntry } from '../../src/server/index.ts'
import { after, type Shop } from '../payments/shop.ts'
import { expectRightEnd, openScene } from './scene.ts'

const HOUR_MS = 3_600_000
const ORDER = { amount: toFen(8888), subject: '美式咖啡' }

/** A shop whose machine's clock can be set; what is told of it is kept. */
async function openOnMachine(offMs = 0) {
  const machine = { offMs }
  const alarms: ClockAlarm[] = []
  const shop = await openScene({
    clock: (alipay) =>
      new GatewayClock({
        clock: { now: () => addMs(alipay.now(), machine.offMs) },
        monotonicMs: () => alipay.offsetMs,
        onAlarm: (alarm) => alarms.push(alarm),
      }),
  })
  return { shop, machine, alarms }
}

/** Three sales: one that is paid after 20 s, one that is only scanned, one that nobody scans. */
async function sellThree(shop: Shop) {
  const paid = await shop.sell({ expiresInMs: 60_000 })
  const scanned = await shop.sell({ expiresInMs: 60_000 })
  const unscanned = await shop.sell({ expiresInMs: 60_000 })
  return { paid, scanned, unscanned }
}

/** Everything that was asked, when and of which sale. */
function asked(shop: Shop, sales: readonly PaymentRecord[]): string[] {
  const numbers = sales.map(({ payment }) => payment.outTradeNo)
  return shop.emulator
    .requests()
    .map(
      ({ time, method, out_trade_no }) =>
        `+${(time - after(0)) / 1_000} ${method} ${numbers.indexOf(out_trade_no ?? '')}`,
    )
    .toSorted()
}

/** One history of the three, in which the machine's clock may be set at a moment. */
async function history(setAtSecond: number, byMs: number) {
  const { shop, machine, alarms } = await openOnMachine()
  const { paid, scanned, unscanned } = await sellThree(shop)
  const tradeNo = shop.scan(paid)
  shop.scan(scanned)
  for (let second = 0; second < 200; second++) {
    if (second === setAtSecond) machine.offMs += byMs
    if (second === 20) shop.emulator.wallet.pay(tradeNo, shop.buyer)
    await shop.elapse(1_000)
  }
  const sales = [paid, scanned, unscanned]
  for (const sold of sales) await expectRightEnd(shop, sold)
  expect(await Promise.all(sales.map((sold) => shop.status(sold)))).toEqual([
    'succeeded',
    'expired',
    'expired',
  ])
  return { calls: asked(shop, sales), alarms }
}

describe('scenario 55: the machine’s clock is set while payments are open', () => {
  test.each([10 * 60_000, -10 * 60_000, HOUR_MS, -HOUR_MS, -1_000])(
    'by %i ms, at any moment: every payment ends rightly, each call comes when it would have come',
    async (byMs) => {
      const calm = await history(-1, 0)
      expect(calm.alarms).toEqual([])
      // Before the first query, before the payment, before and after the deadline.
      for (const second of [2, 12, 59, 61, 100]) {
        const disturbed = await history(second, byMs)
        expect(disturbed.calls).toEqual(calm.calls)
        const steps = disturbed.alarms.filter(({ kind }) => kind === 'step')
        expect(steps).toEqual(Math.abs(byMs) > 5_000 ? [{ kind: 'step', byMs }] : [])
      }
    },
  )

  test('again and again, there and back: the same', async () => {
    const { shop, machine, alarms } = await openOnMachine()
    const { paid, scanned, unscanned } = await sellThree(shop)
    shop.scan(scanned)
    for (let second = 0; second < 200; second++) {
      machine.offMs = second % 7 === 0 ? HOUR_MS : second % 7 === 3 ? -HOUR_MS : 0
      if (second === 40) shop.pay(paid)
      await shop.elapse(1_000)
    }
    expect(await shop.status(paid)).toBe('succeeded')
    expect(await shop.status(scanned)).toBe('expired')
    expect(await shop.status(unscanned)).toBe('expired')
    expect(alarms.filter(({ kind }) => kind === 'step').length).toBeGreaterThan(50)
  })

  test('while a refund waits to be sent and to be asked about: its pauses are those that Alipay wants', async () => {
    const { shop, machine } = await openOnMachine()
    const sold = await shop.sellPaid()
    shop.emulator.faults.add({ name: 'answer-lost', method: 'alipay.trade.refund' })
    await shop.payments.refund({ paymentId: sold.payment.id })
    machine.offMs = HOUR_MS
    await shop.elapse(9_000)
    machine.offMs = -HOUR_MS
    expect(shop.calls().filter((line) => line.includes('refund'))).toHaveLength(1)
    await shop.elapse(1_000)
    expect(shop.calls().at(-1)).toBe('+10 fastpay.refund.query ok')
    expect((await shop.find(sold)).refunds).toMatchObject([{ status: 'succeeded' }])
  })
})

describe('scenario 55: a clock that is wrong from the start', () => {
  test.each([10 * 60_000, -10 * 60_000, HOUR_MS, -HOUR_MS])(
    'by %i ms is put right before the first sale, told, and payments end when they should',
    async (offMs) => {
      const { shop, alarms } = await openOnMachine(offMs)
      const sold = await shop.sell({ expiresInMs: 60_000 })
      shop.scan(sold)
      expect(Math.abs(shop.ownClock.now() - shop.clock.now())).toBeLessThanOrEqual(1_000)
      expect(Math.abs(sold.payment.createdAt - after(0))).toBeLessThanOrEqual(1_000)
      expect(alarms).toMatchObject([{ kind: 'skew' }])
      await shop.elapse(65_000)
      expect(await shop.status(sold)).toBe('expired')
      const [second = 0, ...others] = cancelSeconds(shop)
      expect(others).toEqual([])
      expect(second).toBeGreaterThanOrEqual(59)
      expect(second).toBeLessThanOrEqual(62)
    },
  )

  test('is put right by the first answer where the gateway could not be asked before', async () => {
    const { shop } = await openOnMachine(10 * 60_000)
    await shop.disconnect()
    const { record: sold } = await shop.payments.create({ ...ORDER, expiresInMs: 60_000 })
    expect(sold.payment.createdAt - after(0)).toBe(10 * 60_000)
    await shop.connect()
    await shop.elapse(2_000)
    // Its deadline was counted by the wrong clock: later than it should be, and still the end.
    expect(await shop.status(sold)).toBe('pending')
    expect(Math.abs(shop.ownClock.now() - shop.clock.now())).toBeLessThanOrEqual(1_000)
    await shop.elapse(2 * HOUR_MS, { stepMs: 60_000 })
    expect(await shop.status(sold)).toBe('expired')
  })

  /** When cancels were sent, in seconds since the opening. */
  function cancelSeconds(shop: Shop): number[] {
    return shop.emulator
      .requests()
      .filter(({ method }) => method === 'alipay.trade.cancel')
      .map(({ time }) => (time - after(0)) / 1_000)
  }
})

describe('a live node', () => {
  /** Starts a merchant's server in live mode on a machine that is so far off. */
  async function startLive(offMs: number, { isAway = false }: { readonly isAway?: boolean } = {}) {
    const shop = await openScene()
    if (isAway) await shop.disconnect()
    const logged: LogEntry[] = []
    const folder = mkdtempSync(join(tmpdir(), 'saoma-live-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const clock = new GatewayClock({
      clock: { now: () => addMs(shop.clock.now(), offMs) },
      monotonicMs: () => shop.clock.offsetMs,
    })
    const { app_id: appId, app_private_key, alipay_public_key } = shop.emulator.credentials
    const options = {
      appId,
      privateKey: app_private_key,
      alipayPublicKey: alipay_public_key,
      gateway: shop.client.gateway,
    }
    const client = createClient({ ...options, clock })
    onTestFinished(() => client.close())
    const open = () => openStore({ folder, identity: `live ${appId}`, clock, log: () => {} })
    const start = startMerchantServer({
      gateway: {
        client: options,
        mode: 'live',
        productCode: 'FACE_TO_FACE_PAYMENT',
        sellerId: undefined,
      },
      client,
      publicUrl: 'https://pay.example.com',
      host: '127.0.0.1',
      port: 0,
      folder,
      identity: `live ${appId}`,
      masterKey: Buffer.alloc(32, 7).toString('base64'),
      store: await open(),
      merchantName: undefined,
      clock,
      log: (entry) => logged.push(entry),
    })
    return { shop, clock, start, open, logged }
  }

  test.each([
    [6 * 60_000, 'ahead of'],
    [-6 * 60_000, 'behind'],
    [HOUR_MS, 'ahead of'],
  ])(
    'does not start where its clock is off by %i ms, and lets go of its database',
    async (offMs, what) => {
      const { start, open } = await startLive(offMs)
      await expect(start).rejects.toThrow(Failure)
      await expect(start).rejects.toThrow(`minutes ${what} Alipay's. Set it (NTP)`)
      const again = await open()
      await again.close()
    },
  )

  test('that died while Alipay cannot be reached comes back, and says that it knows no time', async () => {
    const { shop, start, logged } = await startLive(0, { isAway: true })
    const server = await start
    onTestFinished(() => server.close())
    expect(logged).toMatchObject([{ level: 'warn', event: 'clock.unmeasured' }])
    await shop.connect()
  })

  test.each([4 * 60_000, -4 * 60_000, 0])(
    'starts where it is off by %i ms, and goes by Alipay’s clock from the first sale on',
    async (offMs) => {
      const { shop, clock, start } = await startLive(offMs)
      const server = await start
      onTestFinished(() => server.close())
      expect(Math.abs(clock.now() - shop.clock.now())).toBeLessThanOrEqual(1_000)
      const { record } = await server.payments.create(ORDER)
      expect(Math.abs(record.payment.createdAt - shop.clock.now())).toBeLessThanOrEqual(1_000)
      shop.emulator.reset()
    },
  )
})

describe('scenario 55: the time zone of the machine', () => {
  const before = process.env['TZ']
  afterEach(() => {
    if (before === undefined) delete process.env['TZ']
    else process.env['TZ'] = before
  })

  test.each(['America/New_York', 'Asia/Kathmandu', 'Pacific/Kiritimati', 'UTC'])(
    '%s, also when it is changed meanwhile, changes nothing that Alipay is told or says',
    async (zone) => {
      process.env['TZ'] = zone
      const shop = await openScene()
      const sold = await shop.sell({ expiresInMs: 60_000 })
      expect(JSON.parse(shop.precreated[0] ?? '{}')).toMatchObject({
        time_expire: '2026-11-23 10:02:00',
      })
      await shop.elapse(10_000, { stepMs: 5_000 })
      process.env['TZ'] = 'Australia/Lord_Howe'
      shop.pay(sold)
      await shop.elapse(5_000, { stepMs: 5_000 })
      expect((await shop.find(sold)).payment).toMatchObject({
        status: 'succeeded',
        paidAt: after(10_000),
      })
      const { body } = await shop.api('GET', `/payments/${sold.payment.id}`)
      expect(body['paid_at']).toBe('2026-11-23T02:00:10.000Z')
    },
  )
})
