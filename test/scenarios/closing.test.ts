/**
 * Scenarios of the end of a sale that is not paid in time, and of buyers who pay in the worst
 * moment: under both fences, with every call lost before or after it took effect.
 *
 * @module
 */

import { describe, expect, test } from 'vitest'
import { addMs, GatewayClock, toInstant } from '../../src/alipay/index.ts'
import { checkoutView, type PaymentRules } from '../../src/payments/index.ts'
import { after, type GateName, type Shop } from '../payments/shop.ts'
import { expectRightEnd, openScene, orders } from './scene.ts'

type Fence = PaymentRules['fence']

/** Without `--all` every third moment of the notification, another third for each of the buyer's. */
const ALL = process.env['SAOMA_TEST_ALL'] !== undefined

const FENCES: readonly Fence[] = ['cancel', 'close']

/** The moments of the last second, in their order, up to the commit of what the fence answered. */
function moments(fence: Fence): GateName[] {
  return [
    'before commit of deadline_passed',
    'before query',
    'after query',
    'before commit of trade',
    ...(fence === 'cancel' ? ['before commit of cancel_attempted' as const] : []),
    `before ${fence}`,
    `after ${fence}`,
    `before commit of ${fence}_answered`,
  ]
}

/** Whether the last query before the fence says that it is paid. */
function isPaidBeforeQuery(payAt: GateName): boolean {
  return payAt === 'before commit of deadline_passed' || payAt === 'before query'
}

/** Does some things at some moments; those of one moment in the order given. */
function at(shop: Shop, plan: readonly (readonly [GateName, () => unknown])[]): void {
  for (const moment of new Set(plan.map(([name]) => name))) {
    shop.gate(moment, async () => {
      for (const [name, act] of plan) if (name === moment) await act()
    })
  }
}

/** Sells for a minute, and has the buyer scan in the last second before the deadline. */
async function sellToLastSecond(fence: Fence, options: { readonly notify?: boolean } = {}) {
  const shop = await openScene({ notify: options.notify ?? true, engine: { rules: { fence } } })
  const sold = await shop.sell({ expiresInMs: 60_000 })
  await shop.elapse(59_000, { stepMs: 59_000 })
  const tradeNo = shop.scan(sold)
  return { shop, sold, tradeNo }
}

/** Lets a few minutes pass: second by second at first, when it matters. */
async function untilOver(shop: Shop): Promise<void> {
  await shop.elapse(14_000)
  await shop.elapse(150_000, { stepMs: 15_000 })
}

const ANSWERS = ['arrives', 'request-lost', 'answer-lost'] as const

describe.each(FENCES)('a payment in the last second, with the fence %s', (fence) => {
  describe.each(ANSWERS)('whose answer %s', (name) => {
    test.each(moments(fence))(
      'ends rightly when it is paid %s, whenever the notification comes',
      async (payAt) => {
        const later = moments(fence).slice(moments(fence).indexOf(payAt))
        const all = [...later, 'in a second', 'in 10 minutes', 'never'] as const
        for (const notifyAt of all.filter((_, index) => ALL || index % 3 === later.length % 3)) {
          const { shop, sold, tradeNo } = await sellToLastSecond(fence)
          if (name !== 'arrives') {
            shop.emulator.faults.add({ name, method: `alipay.trade.${fence}` })
          }
          if (notifyAt === 'never') shop.emulator.faults.add({ name: 'lost', times: 100 })
          if (notifyAt === 'in 10 minutes') {
            shop.emulator.faults.add({ name: 'late', delay_ms: 600_000 })
          }
          const pay = () => shop.emulator.wallet.pay(tradeNo, shop.buyer)
          const notify = () => shop.emulator.notifications.deliverDue()
          const isMoment = later.some((moment) => moment === notifyAt)
          at(shop, [[payAt, pay], ...(isMoment ? [[notifyAt as GateName, notify] as const] : [])])
          await untilOver(shop)
          await shop.elapse(600_000, { stepMs: 300_000 })
          await expectRightEnd(shop, sold)

          if (isPaidBeforeQuery(payAt)) {
            // The last query says so: nothing is undone.
            expect(await shop.status(sold)).toBe('succeeded')
            expect(shop.calls().some((line) => line.includes(` ${fence} `))).toBe(false)
          }
        }
      },
    )
  })
})

describe('scenario 9: a buyer who pays between the last query and the close', () => {
  test.each([true, false])('has paid: the close is refused (notifications: %s)', async (notify) => {
    const { shop, sold, tradeNo } = await sellToLastSecond('close', { notify })
    at(shop, [['before close', () => shop.emulator.wallet.pay(tradeNo, shop.buyer)]])
    await shop.elapse(10_000)
    const last = [
      '+60 query ok',
      '+60 close ACQ.TRADE_STATUS_ERROR',
      ...(notify ? [] : ['+61 query ok']),
    ]
    expect(shop.calls().slice(-last.length)).toEqual(last)
    expect(await shop.status(sold)).toBe('succeeded')
    expect(shop.emulator.ledger()).toMatchObject([{ paid: 8888, refunded: 0 }])
  })
})

describe('scenario 11: paid at the very time_expire, by a machine whose clock is wrong', () => {
  const skews = [0, 30_000, -30_000, 600_000, -600_000]
  const moments = [-1_000, 0, 1_000]

  test.each(skews.flatMap((skewMs) => moments.map((offsetMs) => [skewMs, offsetMs] as const)))(
    'machine off by %i ms, paid at time_expire + %i ms: what Alipay took is booked, the rest expires by proof',
    async (skewMs, offsetMs) => {
      const shop = await openScene({
        clock: (alipay) =>
          new GatewayClock({
            clock: { now: () => addMs(alipay.now(), skewMs) },
            monotonicMs: () => alipay.offsetMs,
          }),
      })
      // As at the start of `saoma serve`.
      await shop.client.measureClock()
      const sold = await shop.sell({ expiresInMs: 60_000 })
      const tradeNo = shop.scan(sold)
      const timeExpire = toInstant(
        Math.floor(addMs(sold.payment.expiresAt, 60_000) / 1_000) * 1_000,
      )
      // No process of ours runs at the deadline, so that the trade lives on until time_expire.
      shop.clock.advanceTo(addMs(timeExpire, offsetMs))
      const { status } = shop.emulator.wallet.pay(tradeNo, shop.buyer)
      expect(status).toBe(offsetMs < 0 ? 'paid' : 'closed')
      await shop.startNext()
      await shop.elapse(60_000)
      expect(await shop.status(sold)).toBe(offsetMs < 0 ? 'succeeded' : 'expired')
    },
  )
})

describe('scenario 12: an unscanned code that the page calls expired', () => {
  /** Sells, and waits until the page says that it is over; the code may still live at Alipay. */
  async function sellUnscanned(settings: object = {}) {
    const shop = await openScene({ notify: true })
    shop.emulator.settings.update(settings)
    const sold = await shop.sell({ expiresInMs: 60_000 })
    await shop.elapse(65_000)
    const record = await shop.find(sold)
    expect(checkoutView(record, shop.clock.now())).toMatchObject({ state: 'expired', qrCode: null })
    expect(record.payment.status).toBe('closing')
    return { shop, sold }
  }

  test('cannot be scanned where the cancel has killed it', async () => {
    const { shop, sold } = await sellUnscanned()
    expect(shop.emulator.wallet.scan(sold.payment.qrCode ?? '', shop.buyer).status).toBe('closed')
    await shop.elapse(85_000)
    expect(await shop.status(sold)).toBe('expired')
  })

  test('where the cancel did nothing, is canceled again once it is scanned', async () => {
    const { shop, sold } = await sellUnscanned({ unscanned_cancel: 'no_effect' })
    shop.scan(sold)
    await shop.elapse(85_000)
    expect(await shop.status(sold)).toBe('expired')
    expect(shop.calls().filter((line) => line.endsWith('cancel ok'))).toHaveLength(2)
  })

  test('where the cancel did nothing, is booked if it is paid before its death', async () => {
    const { shop, sold } = await sellUnscanned({ unscanned_cancel: 'no_effect' })
    shop.pay(sold)
    await shop.elapse(85_000)
    expect(await shop.status(sold)).toBe('succeeded')
    expect(shop.events(sold)).not.toContain('payment.expired')
  })

  test('and that lives on after its end is canceled again, or its late money booked', async () => {
    const settings = { unscanned_cancel: 'no_effect', late_scan: 'accepted' }
    const { shop, sold } = await sellUnscanned(settings)
    await shop.elapse(85_000)
    expect(await shop.status(sold)).toBe('expired')
    const tradeNo = shop.scan(sold)
    shop.emulator.wallet.pay(tradeNo, shop.buyer)
    await shop.elapse(65_000)
    expect((await shop.find(sold)).payment).toMatchObject({ status: 'succeeded', late: true })
    expect(shop.events(sold).slice(-2)).toEqual(['payment.expired', 'payment.succeeded_late'])
  })
})

describe('scenario 13: a close without an answer', () => {
  test.each(['request-lost', 'unknown-error-before', 'system-error-before', 'rate-limit'])(
    'that did nothing (%s) is asked about, and made again',
    async (name) => {
      const { shop, sold } = await sellToLastSecond('close')
      shop.emulator.faults.add({ name, method: 'alipay.trade.close', times: 2 })
      await shop.elapse(10_000)
      expect(await shop.status(sold)).toBe('expired')
      expect(shop.calls().filter((line) => line.includes('close'))).toHaveLength(3)
      expect(shop.emulator.ledger()).toMatchObject([{ status: 'TRADE_CLOSED', paid: 0 }])
    },
  )

  test.each([
    'answer-lost',
    'unknown-error-after',
    'system-error-after',
    'wrong-signature',
    'html-502',
  ])('that took effect (%s) is found out by a query', async (name) => {
    const { shop, sold } = await sellToLastSecond('close')
    shop.emulator.faults.add({ name, method: 'alipay.trade.close' })
    await shop.elapse(1_000)
    expect((await shop.find(sold)).payment).toMatchObject({ status: 'closing', outcome: 'unknown' })
    await shop.elapse(1_000)
    expect(await shop.status(sold)).toBe('expired')
    expect(shop.calls().filter((line) => line.includes('close'))).toHaveLength(1)
  })

  test('that did nothing leaves a buyer who pays meanwhile what was bought', async () => {
    const { shop, sold, tradeNo } = await sellToLastSecond('close')
    shop.emulator.faults.add({ name: 'request-lost', method: 'alipay.trade.close' })
    at(shop, [['before close', () => shop.emulator.wallet.pay(tradeNo, shop.buyer)]])
    await shop.elapse(10_000)
    expect(await shop.status(sold)).toBe('succeeded')
  })
})

describe.each(FENCES)('scenario 14: SYSTEM_ERROR again and again, with the fence %s', (fence) => {
  test('where each call ends so, 50 times: it stays closing, is told once, and ends rightly', async () => {
    const unknown: string[] = []
    const shop = await openScene({
      engine: { rules: { fence }, onUnknown: ({ call }) => unknown.push(call) },
    })
    const paid = await shop.sell({ expiresInMs: 60_000 })
    const unpaid = await shop.sell({ expiresInMs: 60_000 })
    shop.scan(unpaid)
    await shop.elapse(59_000)
    shop.pay(paid)
    shop.emulator.faults.add({ name: 'system-error-before', times: 100 })
    await shop.elapse(600_000)
    expect([await shop.status(paid), await shop.status(unpaid)]).toEqual(['closing', 'closing'])
    expect(unknown).toEqual(['query', 'query'])
    for (const { payment } of await shop.records()) {
      expect(payment.unknownCalls).toBeGreaterThan(20)
      expect((payment.nextStepAt ?? 0) - shop.clock.now()).toBeLessThanOrEqual(30_000)
    }
    await shop.elapse(1_200_000)
    expect([await shop.status(paid), await shop.status(unpaid)]).toEqual(['succeeded', 'expired'])
  })

  test('where only the fence itself ends so: Alipay’s own time_expire ends it', async () => {
    const shop = await openScene({ engine: { rules: { fence } } })
    const sold = await shop.sell({ expiresInMs: 60_000 })
    shop.scan(sold)
    shop.emulator.faults.add({
      name: 'system-error-before',
      method: `alipay.trade.${fence}`,
      times: 50,
    })
    await shop.elapse(119_000)
    expect(await shop.status(sold)).toBe('closing')
    await shop.elapse(31_000)
    expect(await shop.status(sold)).toBe('expired')
    // Ever more rarely: after 1, 2, 4, 8, 16 and 30 s.
    expect(shop.calls().filter((line) => line.includes(fence)).length).toBeLessThanOrEqual(7)
  })
})

describe.each(FENCES)('scenario 15: merchant, deadline and buyer at once, fence %s', (fence) => {
  test.each(orders(['merchant', 'deadline', 'buyer'] as const).map((order) => [order] as const))(
    'one after the other: %s',
    async (order) => {
      const { shop, sold, tradeNo } = await sellToLastSecond(fence)
      let answer = ''
      const acts = {
        merchant: async () => {
          answer = (await shop.payments.cancel(sold.payment.id)).status
        },
        deadline: () => shop.elapse(1_000),
        buyer: () => void shop.emulator.wallet.pay(tradeNo, shop.buyer),
      }
      for (const who of order) await acts[who]()
      await untilOver(shop)
      await expectRightEnd(shop, sold)
      const isPaid = order[0] === 'buyer'
      expect(await shop.status(sold)).toBe(
        isPaid
          ? 'succeeded'
          : order.indexOf('merchant') < order.indexOf('deadline')
            ? 'canceled'
            : 'expired',
      )
      expect(answer).toBe(isPaid ? 'already_paid' : order[0] === 'merchant' ? 'canceled' : 'ended')
    },
  )

  test.each(moments(fence))(
    'the merchant gives it up %s at the deadline, and the buyer pays at any moment: one end, and it is right',
    async (merchantAt) => {
      for (const payAt of moments(fence)) {
        const { shop, sold, tradeNo } = await sellToLastSecond(fence)
        let answer = ''
        let isReached = false
        at(shop, [
          [payAt, () => shop.emulator.wallet.pay(tradeNo, shop.buyer)],
          [
            merchantAt,
            async () => {
              isReached = true
              answer = (await shop.payments.cancel(sold.payment.id)).status
            },
          ],
        ])
        await untilOver(shop)
        await expectRightEnd(shop, sold)
        // While somebody else is at it, all that can be said is that it is being closed. Where a
        // query finds it paid, some moments never come.
        expect(answer).toBe(isReached ? 'closing' : '')
        const { cancellationReason } = (await shop.find(sold)).payment
        const isFirst = merchantAt === 'before commit of deadline_passed'
        expect(cancellationReason).toBe(isFirst ? 'requested' : 'expired')
        const ended = shop
          .events(sold)
          .filter((type) => /expired|canceled|succeeded$|refunded_by/.test(type))
          .filter((type) => !type.startsWith('refund.'))
        expect(ended).toHaveLength(1)
      }
    },
  )
})

describe('scenario 18: two phones scan one code', () => {
  test('the first one owns the trade, and one payment is made', async () => {
    const shop = await openScene({ notify: true })
    const sold = await shop.sell()
    const [first, second] = shop.emulator.wallet.buyers()
    const code = sold.payment.qrCode ?? ''
    const tradeNo = shop.scan(sold)
    expect(shop.emulator.wallet.scan(code, second?.id ?? '').status).toBe('other_buyer')
    expect(shop.emulator.wallet.pay(tradeNo, second?.id ?? '').status).toBe('other_buyer')
    expect(shop.emulator.wallet.pay(tradeNo, first?.id ?? '').status).toBe('paid')
    await shop.elapse(10_000)
    expect(await shop.status(sold)).toBe('succeeded')
    expect(shop.emulator.ledger()).toHaveLength(1)
    expect(shop.emulator.wallet.scan(code, second?.id ?? '').status).toBe('already_paid')
  })
})

test('the deadline is the merchant’s own: time_expire is told to Alipay 60 s later', async () => {
  const shop = await openScene()
  const sold = await shop.sell({ expiresInMs: 60_000 })
  expect(sold.payment.expiresAt).toBe(after(60_000))
  expect(JSON.parse(shop.precreated[0] ?? '{}')).toMatchObject({
    time_expire: '2026-11-23 10:02:00',
  })
})
