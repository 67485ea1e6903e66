/**
 * Numbers that the merchant gives: one number is one payment for ever.
 *
 * @module
 */

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { toFen } from '../../src/alipay/index.ts'
import { openShop, type Shop } from './shop.ts'

let shop: Shop
beforeEach(async () => {
  shop = await openShop()
})
afterEach(() => shop.close())

const order = { amount: toFen(8888), subject: '美式咖啡', outTradeNo: 'ORDER_1001' }

test('the number is the one that Alipay hears', async () => {
  const { payment } = await shop.sell(order)
  expect(payment.outTradeNo).toBe('ORDER_1001')
  expect(JSON.parse(shop.precreated[0] ?? '{}')).toMatchObject({ out_trade_no: 'ORDER_1001' })
})

test('the same number with the same content is the same payment, also with its reference', async () => {
  const { payment } = await shop.sell({ ...order, reference: 'A-1' })
  for (const reference of ['A-1']) {
    expect(await shop.payments.create({ ...order, reference })).toMatchObject({
      status: 'exists',
      record: { payment: { id: payment.id } },
    })
  }
  expect(shop.precreated).toHaveLength(1)
})

test.each([
  ['another amount', { amount: toFen(1) }],
  ['another subject', { subject: '拿铁' }],
  ['a reference where it had none', { reference: 'A-1' }],
])('the same number with %s is refused', async (_, change) => {
  const { payment } = await shop.sell(order)
  expect(await shop.payments.create({ ...order, ...change })).toMatchObject({
    status: 'exists_with_different_content',
    record: { payment: { id: payment.id } },
  })
  expect(shop.precreated).toHaveLength(1)
})

describe('a payment that is over keeps its number', () => {
  test('where it was paid', async () => {
    const { payment } = await shop.sellPaid(order)
    expect(await shop.payments.create(order)).toMatchObject({
      status: 'exists',
      record: { payment: { id: payment.id, status: 'succeeded' } },
    })
  })

  test('where it expired, was canceled or refused', async () => {
    await shop.sell({ ...order, expiresInMs: 60_000 })
    shop.scan((await shop.records())[0] ?? never())
    await shop.elapse(60_000, { stepMs: 60_000 })
    const canceled = await shop.sell({ ...order, outTradeNo: 'ORDER_1002' })
    shop.scan(canceled)
    await shop.payments.cancel(canceled.payment.id)
    shop.emulator.settings.update({ seller_status: 'blocked' })
    await shop.payments.create({ ...order, outTradeNo: 'ORDER_1003' })
    shop.emulator.settings.update({ seller_status: 'normal' })

    const { length } = shop.precreated
    for (const [outTradeNo, status] of [
      ['ORDER_1001', 'expired'],
      ['ORDER_1002', 'canceled'],
      ['ORDER_1003', 'failed'],
    ] as const) {
      expect(await shop.payments.create({ ...order, outTradeNo })).toMatchObject({
        status: 'exists',
        record: { payment: { status } },
      })
      const other = { ...order, outTradeNo, amount: toFen(1) }
      expect((await shop.payments.create(other)).status).toBe('exists_with_different_content')
    }
    expect(shop.precreated).toHaveLength(length)
  })
})

test('a reference that is open under another number is another content', async () => {
  await shop.sell({ ...order, reference: 'A-1' })
  expect(
    (await shop.payments.create({ ...order, reference: 'A-1', outTradeNo: 'ORDER_1002' })).status,
  ).toBe('exists_with_different_content')
})

test('a reference is sold again under a new number once the old payment is over', async () => {
  const first = await shop.sell({ ...order, reference: 'A-1', expiresInMs: 60_000 })
  shop.scan(first)
  await shop.elapse(60_000, { stepMs: 60_000 })
  const again = { ...order, reference: 'A-1', outTradeNo: 'ORDER_1002' }
  expect(await shop.payments.create(again)).toMatchObject({
    status: 'created',
    record: { payment: { retryOf: first.payment.id, outTradeNo: 'ORDER_1002' } },
  })
})

test('a hundred at once with one number are one payment', async () => {
  const results = await Promise.all(Array.from({ length: 100 }, () => shop.payments.create(order)))
  expect(new Set(results.map(({ record }) => record.payment.id)).size).toBe(1)
  expect(shop.precreated).toHaveLength(1)
})

test.each(['', 'with space', 'a'.repeat(65), 'A-1', 'ORDER/1', '订单'])(
  'the number %j is refused before anything is stored',
  async (outTradeNo) => {
    await expect(shop.payments.create({ ...order, outTradeNo })).rejects.toThrow(RangeError)
    expect(shop.commits).toEqual([])
  },
)

function never(): never {
  throw new Error('There is no payment')
}
