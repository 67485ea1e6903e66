/**
 * The fence `close`: it never moves money, and it does nothing to a code that nobody has scanned.
 *
 * @module
 */

import { afterEach, describe, expect, test } from 'vitest'
import { checkoutView, type PaymentRecord } from '../../src/payments/index.ts'
import { openShop, type Shop } from './shop.ts'

let shop: Shop
afterEach(() => shop.close())

/** Sells for a minute, and lets the time pass until the last second. */
async function sellToLastSecond(notify = false): Promise<PaymentRecord> {
  shop = await openShop({ notify, engine: { rules: { fence: 'close' } } })
  const sold = await shop.sell({ expiresInMs: 60_000 })
  await shop.elapse(59_000, { stepMs: 59_000 })
  return sold
}

const closes = () => shop.calls().filter((line) => line.includes('close'))

test('a scanned trade is closed right after the last query, and has then expired', async () => {
  const sold = await sellToLastSecond()
  shop.scan(sold)
  await shop.elapse(1_000)
  expect(shop.calls().slice(-2)).toEqual(['+60 query ok', '+60 close ok'])
  expect((await shop.find(sold)).payment).toMatchObject({
    status: 'expired',
    tradeStatus: 'TRADE_CLOSED',
    nextStepAt: null,
  })
  const timeline = await shop.payments.timeline(sold.payment.id)
  expect(timeline.at(-1)).toMatchObject({ kind: 'close_answered', from: 'closing', to: 'expired' })
})

test('of a code that nobody scanned it is tried once; the end is a query 30 s after time_expire', async () => {
  const sold = await sellToLastSecond()
  await shop.elapse(90_000)
  expect(closes()).toEqual(['+60 close ACQ.TRADE_NOT_EXIST'])
  expect(await shop.status(sold)).toBe('closing')
  await shop.elapse(1_000)
  expect(await shop.status(sold)).toBe('expired')
  expect(shop.calls().at(-1)).toBe('+150 query ACQ.TRADE_NOT_EXIST')
  expect(shop.events(sold).slice(-2)).toEqual(['payment.closing', 'payment.expired'])
})

test('a code that is scanned after it was closed in vain is closed for good', async () => {
  const sold = await sellToLastSecond()
  shop.emulator.settings.update({ unscanned_close: 'no_effect' })
  await shop.elapse(11_000)
  shop.scan(sold)
  await shop.elapse(10_000)
  expect(closes()).toEqual(['+60 close ACQ.TRADE_NOT_EXIST', '+75 close ok'])
  expect(await shop.status(sold)).toBe('expired')
})

test('one that pays then has paid', async () => {
  const sold = await sellToLastSecond()
  shop.emulator.settings.update({ unscanned_close: 'no_effect' })
  await shop.elapse(11_000)
  shop.pay(sold)
  await shop.elapse(10_000)
  expect(await shop.status(sold)).toBe('succeeded')
})

test('a merchant who gives up closes at once, and is told canceled', async () => {
  shop = await openShop({ engine: { rules: { fence: 'close' } } })
  const sold = await shop.sell()
  shop.scan(sold)
  expect((await shop.payments.cancel(sold.payment.id)).status).toBe('canceled')
  expect(shop.calls().slice(-2)).toEqual(['+0 query ok', '+0 close ok'])
})

test('a merchant who gives up what was just paid is told so, and keeps the money', async () => {
  shop = await openShop({ engine: { rules: { fence: 'close' } } })
  const sold = await shop.sell()
  const tradeNo = shop.scan(sold)
  shop.gate('before close', () => void shop.emulator.wallet.pay(tradeNo, shop.buyer))
  expect((await shop.payments.cancel(sold.payment.id)).status).toBe('closing')
  await shop.elapse(1_000)
  expect(await shop.status(sold)).toBe('succeeded')
  expect(shop.emulator.ledger()).toMatchObject([{ paid: 8888, refunded: 0 }])
})

describe('money in the gap between the last query and the close', () => {
  test('is told by its notification at once: a close takes nothing back', async () => {
    const sold = await sellToLastSecond(true)
    const tradeNo = shop.scan(sold)
    let state: string | undefined
    shop.gate('before close', async () => {
      shop.emulator.wallet.pay(tradeNo, shop.buyer)
      await shop.emulator.notifications.deliverDue()
      state = checkoutView(await shop.find(sold), shop.clock.now()).state
    })
    await shop.elapse(1_000)
    expect(state).toBe('paid')
    expect(await shop.status(sold)).toBe('succeeded')
  })
})

describe('an answer that proves nothing', () => {
  test.each([
    'request-lost',
    'unknown-error-before',
    'system-error-before',
    'rate-limit',
    'answer-lost',
    'unknown-error-after',
    'system-error-after',
    'wrong-signature',
    'html-502',
  ])('%s: a query follows after 1 s, and a close only where it is needed', async (name) => {
    const sold = await sellToLastSecond()
    shop.scan(sold)
    shop.emulator.faults.add({ name, method: 'alipay.trade.close' })
    await shop.elapse(1_000)
    expect((await shop.find(sold)).payment).toMatchObject({ status: 'closing', outcome: 'unknown' })
    await shop.elapse(1_000)
    expect(await shop.status(sold)).toBe('expired')
    const wasDone = /after|answer-lost|wrong-signature|html/.test(name)
    expect(closes()).toHaveLength(wasDone ? 1 : 2)
    const last = shop.calls().slice(-2)
    expect(last.at(wasDone ? -1 : 0)).toMatch(/^\+61 query/)
  })

  test('again and again: after 1, 2, 4, 8, 16 and 30 s, and never less than that', async () => {
    const sold = await sellToLastSecond()
    shop.scan(sold)
    shop.emulator.faults.add({ name: 'request-lost', method: 'alipay.trade.close', times: 4 })
    await shop.elapse(20_000)
    expect(closes().map(Number.parseFloat)).toEqual([60, 61, 63, 67, 75])
    expect(await shop.status(sold)).toBe('expired')
  })
})

test('no cancel is ever sent', async () => {
  const sold = await sellToLastSecond()
  await shop.elapse(600_000, { stepMs: 15_000 })
  expect(await shop.status(sold)).toBe('expired')
  expect(shop.calls().some((line) => line.includes('cancel'))).toBe(false)
})
