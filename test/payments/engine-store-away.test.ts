/**
 * A store that is away for longer: nobody waits for ever, and nobody is told something else.
 *
 * @module
 */

import { afterEach, describe, expect, test } from 'vitest'
import { toFen } from '../../src/alipay/index.ts'
import { StoreUnavailable, type PaymentRecord } from '../../src/payments/index.ts'
import { STORE_FAULTS, StoreTrouble } from '../scenarios/unreliable-store.ts'
import { openShop, type Shop } from './shop.ts'

let shop: Shop
let trouble: StoreTrouble
/** The pauses that were made, in ms. */
let pauses: number[]
afterEach(() => shop.close())

async function sellPaid(): Promise<PaymentRecord> {
  trouble = new StoreTrouble()
  pauses = []
  shop = await openShop({
    store: trouble.wrap,
    engine: { sleep: async (ms) => void pauses.push(ms) },
  })
  return shop.sellPaid()
}

const sum = () => pauses.reduce((total, ms) => total + ms, 0)

describe.each(STORE_FAULTS.slice(0, 2))('writes that fail each time: %s', (fault) => {
  test('what Alipay said is tried for 20 s, then the store is told to be away', async () => {
    await sellPaid()
    const sold = await shop.sell()
    shop.pay(sold)
    trouble.strike(fault, (name) => name === 'save' || name === 'reschedule')
    await expect(shop.payments.sync(sold.payment.id)).rejects.toThrow(StoreUnavailable)
    expect(sum()).toBeGreaterThan(15_000)
    expect(sum()).toBeLessThan(25_000)
    trouble.end()
    await shop.elapse(90_000, { stepMs: 10_000 })
    expect(await shop.status(sold)).toBe('succeeded')
  })

  test('a refund is given up soon, for the merchant can repeat it', async () => {
    const sold = await sellPaid()
    trouble.strike(fault, (name) => name === 'save')
    const request = { paymentId: sold.payment.id, amount: toFen(3000), reference: 'R-1' }
    await expect(shop.payments.refund(request)).rejects.toThrow(StoreUnavailable)
    expect(sum()).toBeLessThanOrEqual(10_000)
    expect(shop.calls().some((line) => line.includes('refund'))).toBe(false)
    trouble.end()
    expect((await shop.payments.refund(request)).status).toBe('succeeded')
    expect(shop.emulator.ledger()).toMatchObject([{ refunded: 3000 }])
  })
})

test('nothing that can be read or written: 20 s as well', async () => {
  const sold = await sellPaid()
  trouble.strike('nothing is done', (name) => name !== 'claim' && name !== 'release')
  await expect(shop.payments.sync(sold.payment.id)).rejects.toThrow(StoreUnavailable)
  expect(sum()).toBeLessThan(45_000)
  trouble.end()
})
