/**
 * A process that stands still, and callers that hang: neither may have others make calls at once,
 * or keep payments from being looked after.
 *
 * @module
 */

import { afterEach, expect, test } from 'vitest'
import { addMs, GatewayClock, toFen } from '../../src/alipay/index.ts'
import { openShop, type Shop } from './shop.ts'

let shop: Shop

afterEach(() => shop.close())

test('a refund is not sent by a process whose lease ran out while it stood still', async () => {
  shop = await openShop()
  const sold = await shop.sellPaid()
  shop.gate('before commit of refund_sent', () => shop.clock.advance(61_000))
  const result = await shop.payments.refund({ paymentId: sold.payment.id, amount: toFen(3000) })
  expect(result.status).toBe('processing')
  expect(shop.calls().filter((call) => call.includes(' refund '))).toEqual([])
  // Whoever has the lease next asks first, then sends it under the same number.
  await shop.elapse(60_000)
  expect((await shop.find(sold)).refunds).toMatchObject([{ status: 'succeeded' }])
})

test('creations whose code is long in coming do not keep other payments from being polled', async () => {
  shop = await openShop({ engine: { concurrencyMax: 2 } })
  const sold = await shop.sell()
  let answer = (): void => {}
  const late = new Promise<void>((resolve) => (answer = resolve))
  const hanging: Promise<unknown>[] = []
  for (let count = 0; count < 3; count++) {
    await new Promise<void>((reached) => {
      shop.gate('before precreate', () => {
        reached()
        return late
      })
      hanging.push(shop.payments.create({ amount: toFen(100), subject: '拿铁' }))
    })
  }
  shop.clock.advance(5_000)
  expect(await shop.payments.runDue()).toBe(1)
  expect(shop.calls().at(-1)).toBe('+5 query ACQ.TRADE_NOT_EXIST')
  answer()
  await Promise.all(hanging)
  expect(await shop.status(sold)).toBe('pending')
})

test('Alipay is asked for the time before the first deadline is counted by a wrong clock', async () => {
  shop = await openShop({
    clock: (alipay) =>
      new GatewayClock({
        clock: { now: () => addMs(alipay.now(), -3_600_000) },
        monotonicMs: () => alipay.offsetMs,
      }),
  })
  const sold = await shop.sell()
  expect(Math.abs(sold.payment.createdAt - shop.clock.now())).toBeLessThanOrEqual(1_000)
})
