/**
 * A buyer who pays in another way than was offered first, against the real emulator: one of the two
 * payments takes the money, whenever he pays by which.
 *
 * @module
 */

import { afterEach, beforeEach, expect, test } from 'vitest'
import { toFen } from '../../src/alipay/index.ts'
import type { PaymentRecord } from '../../src/payments/index.ts'
import { openShop, type Shop } from './shop.ts'

let shop: Shop

beforeEach(async () => {
  shop = await openShop({ notify: true })
})
afterEach(() => shop.close())

const ORDER = { amount: toFen(8888), subject: '美式咖啡', reference: 'A-1' }

function chargeInstead({ payment }: PaymentRecord) {
  return shop.charge({ ...ORDER, insteadOf: payment.id })
}

test('a code that nobody scanned gives way at once to the one that the buyer shows', async () => {
  const offered = await shop.sell(ORDER)
  expect((await shop.charge(ORDER)).status).toBe('exists_with_different_content')
  const { status, record } = await chargeInstead(offered)
  expect(status).toBe('created')
  expect(record.payment).toMatchObject({ status: 'succeeded', method: 'barcode', reference: 'A-1' })
  expect((await shop.find(offered)).payment).toMatchObject({
    status: 'closing',
    cancellationReason: 'superseded',
  })
  expect(shop.emulator.ledger()).toHaveLength(1)
})

test('a code that is scanned is closed at Alipay before the other is charged', async () => {
  const offered = await shop.sell(ORDER)
  const tradeNo = shop.scan(offered)
  const { record } = await chargeInstead(offered)
  expect(record.payment.status).toBe('succeeded')
  expect(await shop.status(offered)).toBe('canceled')
  expect(shop.emulator.wallet.pay(tradeNo, shop.buyer).status).not.toBe('paid')
})

test('a code that was paid meanwhile is told, and nothing more is charged', async () => {
  shop.emulator.faults.add({ name: 'lost', probability: 1 })
  const offered = await shop.sell(ORDER)
  shop.emulator.wallet.pay(shop.scan(offered), shop.buyer)
  const { status, record } = await chargeInstead(offered)
  expect([status, record.payment.id]).toEqual(['reference_already_paid', offered.payment.id])
  expect(await shop.payments.listByReference('A-1')).toHaveLength(1)
  expect(shop.emulator.ledger()).toHaveLength(1)
})

test('without Alipay’s answer to the cancellation nothing is charged', async () => {
  const offered = await shop.sell(ORDER)
  shop.emulator.faults.add({ name: 'request-lost', method: 'alipay.trade.cancel', times: 1 })
  const first = await chargeInstead(offered)
  expect(first.status).toBe('closing')
  expect(await shop.payments.listByReference('A-1')).toHaveLength(1)
  await shop.elapse(15_000)
  expect((await chargeInstead(offered)).record.payment.status).toBe('succeeded')
})

test('the same wish again finds what took the place', async () => {
  const offered = await shop.sell(ORDER)
  const first = await chargeInstead(offered)
  const again = await chargeInstead(offered)
  expect([again.status, again.record.payment.id]).toEqual([
    'reference_already_paid',
    first.record.payment.id,
  ])
  expect(shop.emulator.ledger()).toHaveLength(1)
})

test('a payment of another reference is left as it is', async () => {
  const other = await shop.sell({ ...ORDER, reference: 'B-1' })
  expect((await chargeInstead(other)).status).toBe('created')
  expect(await shop.status(other)).toBe('pending')
})
