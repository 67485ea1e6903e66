/**
 * Money that goes back, against the real emulator: once per reference, never more than was paid,
 * whatever gets lost.
 *
 * @module
 */

import { afterEach, beforeEach, expect, test } from 'vitest'
import { toFen } from '../../src/alipay/index.ts'
import { outRequestNoFor } from '../../src/payments/identifiers.ts'
import type { PaymentRecord } from '../../src/payments/index.ts'
import { openShop, type Shop } from './shop.ts'

let shop: Shop
let sold: PaymentRecord
let paymentId: string

beforeEach(async () => {
  shop = await openShop({ notify: true })
  // The notifications of refunds are a road of their own; here the engine finds its own way.
  shop.emulator.settings.update({ notify_refund: false })
  sold = await shop.sellPaid()
  paymentId = sold.payment.id
  await shop.settle()
})
afterEach(() => shop.close())

const ledgerOf = () => shop.emulator.ledger()[0]
const refundsOf = async () => (await shop.find(sold)).refunds
const calls = () => shop.calls().slice(2)

test('two partial refunds go out at least 3 s apart, and a third that is too large is refused', async () => {
  expect(await shop.payments.refund({ paymentId, amount: toFen(3000) })).toMatchObject({
    status: 'succeeded',
    refund: { amount: 3000, source: 'api', outcome: 'applied' },
  })
  const second = await shop.payments.refund({ paymentId, amount: toFen(2000), reason: '少了一杯' })
  expect(second.status).toBe('processing' satisfies typeof second.status)
  await shop.elapse(2_000)
  expect(calls()).toEqual(['+0 refund ok'])
  await shop.elapse(1_000)
  expect(calls()).toEqual(['+0 refund ok', '+3 refund ok'])
  expect(await shop.payments.refund({ paymentId, amount: toFen(3889) })).toMatchObject({
    status: 'amount_too_large',
    refundable: 3888,
  })
  expect(ledgerOf()?.refunded).toBe(5000)
})

test('the same reference moves money once, and is refused with another amount', async () => {
  const request = { paymentId, amount: toFen(3000), reference: 'R-1' }
  const first = await shop.payments.refund(request)
  const again = await shop.payments.refund(request)
  expect(again).toMatchObject({ status: 'succeeded', refund: { id: idOf(first) } })
  expect((await shop.payments.refund({ ...request, amount: toFen(1) })).status).toBe(
    'exists_with_different_amount',
  )
  expect(ledgerOf()?.refunds).toHaveLength(1)
})

test('without an amount all that is left goes back, and then nothing is left', async () => {
  await shop.payments.refund({ paymentId, amount: toFen(88) })
  shop.clock.advance(3_000)
  expect(await shop.payments.refund({ paymentId })).toMatchObject({
    status: 'succeeded',
    refund: { amount: 8800 },
  })
  expect(await shop.payments.refund({ paymentId })).toMatchObject({
    status: 'amount_too_large',
    refundable: 0,
  })
  expect(ledgerOf()?.status).toBe('TRADE_CLOSED')
  await shop.payments.sync(paymentId)
  expect(await refundsOf()).toHaveLength(2)
})

test('what is unpaid or unknown is not refunded', async () => {
  const open = await shop.sell()
  expect((await shop.payments.refund({ paymentId: open.payment.id })).status).toBe('not_paid')
  expect((await shop.payments.refund({ paymentId: 'pay_unknown' })).status).toBe('not_found')
  await expect(shop.payments.refund({ paymentId, amount: toFen(0) })).rejects.toThrow(RangeError)
  for (const change of [
    { reference: '' },
    { reference: 'R\u0000' },
    { reference: 'R\ud83d' },
    { reason: '少'.repeat(257) },
    { reason: '少\u0000了' },
  ]) {
    await expect(shop.payments.refund({ paymentId, ...change })).rejects.toThrow(RangeError)
  }
})

test('a balance that is too low keeps the reservation and the number until it is topped up', async () => {
  shop.emulator.settings.update({ seller_balance: 'short' })
  const result = await shop.payments.refund({ paymentId, amount: toFen(5000) })
  expect(result).toMatchObject({
    status: 'requires_action',
    refund: { failure: { code: 'ACQ.SELLER_BALANCE_NOT_ENOUGH' } },
  })
  expect((await shop.payments.refund({ paymentId, amount: toFen(5000) })).status).toBe(
    'amount_too_large',
  )
  await shop.elapse(900_000, { stepMs: 30_000 })
  shop.emulator.settings.update({ seller_balance: 'enough' })
  await shop.elapse(3_600_000, { stepMs: 60_000 })
  expect(calls()).toEqual([
    '+0 refund ACQ.SELLER_BALANCE_NOT_ENOUGH',
    '+900 refund ACQ.SELLER_BALANCE_NOT_ENOUGH',
    '+4500 refund ok',
  ])
  expect(await refundsOf()).toMatchObject([
    { id: idOf(result), status: 'succeeded', failure: null },
  ])
  expect(shop.events(sold).filter((type) => type.startsWith('refund'))).toEqual([
    'refund.created',
    'refund.requires_action',
    'refund.succeeded',
  ])
})

test.each([
  'answer-lost',
  'unknown-error-after',
  'system-error-after',
  'wrong-signature',
  'html-502',
])(
  'scenario 25: a refund that took effect and ended in %s is found by a refund query after 10 s: made once',
  async (name) => {
    shop.emulator.faults.add({ name, method: 'alipay.trade.refund' })
    const result = await shop.payments.refund({ paymentId, amount: toFen(3000), reference: 'R-1' })
    expect(result.status).toBe('processing')
    await shop.elapse(9_000)
    expect(calls()).toHaveLength(1)
    await shop.elapse(1_000)
    expect(calls().at(-1)).toBe('+10 fastpay.refund.query ok')
    expect(await refundsOf()).toMatchObject([{ status: 'succeeded' }])
    expect(ledgerOf()?.refunds).toHaveLength(1)
    expect(shop.events(sold).filter((type) => type === 'refund.succeeded')).toHaveLength(1)
  },
)

test.each(['request-lost', 'unknown-error-before', 'system-error-before', 'rate-limit'])(
  'a refund that was not made and ended in %s is sent again with the same number',
  async (name) => {
    shop.emulator.faults.add({ name, method: 'alipay.trade.refund' })
    const result = await shop.payments.refund({ paymentId, amount: toFen(3000) })
    expect(result.status).toBe('processing')
    await shop.elapse(20_000)
    expect(calls().slice(1)).toEqual(['+10 fastpay.refund.query ok', '+10 refund ok'])
    expect(await refundsOf()).toMatchObject([{ status: 'succeeded' }])
  },
)

test('a refund query that finds nothing yet does not move money twice', async () => {
  shop.emulator.faults.add({ name: 'answer-lost', method: 'alipay.trade.refund' })
  shop.emulator.faults.add({ name: 'refund-query-empty', times: 3 })
  await shop.payments.refund({ paymentId, amount: toFen(3000) })
  await shop.elapse(120_000)
  expect(await refundsOf()).toMatchObject([{ status: 'succeeded' }])
  expect(ledgerOf()?.refunds).toHaveLength(1)
  expect(shop.events(sold)).not.toContain('refund.failed')
})

test('fund_change N is not believed to be a refund until a refund query says so', async () => {
  shop.emulator.faults.add({ name: 'fund-change-n' })
  expect((await shop.payments.refund({ paymentId, amount: toFen(3000) })).status).toBe('processing')
  await shop.elapse(10_000)
  expect(await refundsOf()).toMatchObject([{ status: 'succeeded' }])
  expect(ledgerOf()?.refunds).toHaveLength(1)
})

test('a definite refusal fails the refund and frees its amount', async () => {
  await shop.client.trade.refund({
    out_trade_no: sold.payment.outTradeNo,
    refund_amount: '80.00',
    out_request_no: 'console',
  })
  const result = await shop.payments.refund({ paymentId, amount: toFen(5000) })
  expect(result).toMatchObject({ status: 'failed', refund: { outcome: 'not_applied' } })
  await shop.elapse(60_000)
  expect(shop.events(sold).at(-1)).toBe('refund.failed')
  // The books learn of the other refund when a notification tells of it.
  shop.emulator.settings.update({ notify_refund: true })
  shop.clock.advance(3_000)
  await shop.client.trade.refund({
    out_trade_no: sold.payment.outTradeNo,
    refund_amount: '8.88',
    out_request_no: 'console_2',
  })
  await shop.settle()
  expect(await refundsOf()).toMatchObject([
    { status: 'failed' },
    { status: 'succeeded', source: 'external', amount: 8888 },
  ])
  shop.emulator.reset()
  await shop.destroy()
  shop = await openShop()
})

test('20 refunds at once never exceed what was paid, and each goes out by itself', async () => {
  const results = await Promise.all(
    Array.from({ length: 20 }, () => shop.payments.refund({ paymentId, amount: toFen(1000) })),
  )
  const accepted = results.filter(({ status }) => status !== 'amount_too_large')
  expect(accepted).toHaveLength(8)
  await shop.elapse(30_000)
  expect((await refundsOf()).map(({ status }) => status)).toEqual(
    Array.from({ length: 8 }, () => 'succeeded'),
  )
  expect(ledgerOf()?.refunded).toBe(8000)
  const seconds = calls().map(Number.parseFloat)
  expect(seconds).toEqual([0, 3, 6, 9, 12, 15, 18, 21])
})

test.each(['before refund', 'after refund'] as const)(
  'when the process dies %s, another one asks first, and the money moves once',
  async (name) => {
    const dead = shop.dieAt(name)
    void shop.payments.refund({ paymentId, amount: toFen(3000) })
    await dead
    expect(await refundsOf()).toMatchObject([{ status: 'processing', outcome: 'unknown' }])
    const heir = shop.engine()
    await shop.elapse(95_000, { engine: heir })
    expect(calls().filter((call) => call.includes('query'))).toEqual([
      '+90 fastpay.refund.query ok',
    ])
    expect(await refundsOf()).toMatchObject([{ status: 'succeeded' }])
    expect(ledgerOf()?.refunds).toHaveLength(1)
  },
)

test('a refund that its notification confirms first is booked once', async () => {
  shop.emulator.settings.update({ notify_refund: true })
  shop.emulator.faults.add({ name: 'before-answer' })
  const result = await shop.payments.refund({ paymentId, amount: toFen(3000) })
  expect(result.status).toBe('succeeded')
  expect(shop.events(sold).filter((type) => type === 'refund.succeeded')).toHaveLength(1)
})

test('refunds made in the console are booked as external, also beside one of ours under way', async () => {
  shop.emulator.settings.update({ notify_refund: true })
  const console = (number: string, amount: string) =>
    shop.client.trade.refund({
      out_trade_no: sold.payment.outTradeNo,
      refund_amount: amount,
      out_request_no: number,
    })
  shop.emulator.faults.add({ name: 'answer-lost', method: 'alipay.trade.refund' })
  shop.emulator.faults.add({ name: 'lost' })
  await shop.payments.refund({ paymentId, amount: toFen(2000) })
  await shop.emulator.notifications.deliverDue()
  await console('console_1', '10.00')
  await shop.settle()
  await shop.elapse(60_000)
  expect((await refundsOf()).map(({ source, amount }) => [source, amount])).toEqual([
    ['api', 2000],
    ['external', 1000],
  ])
  expect(await shop.payments.refund({ paymentId, amount: toFen(5889) })).toMatchObject({
    status: 'amount_too_large',
    refundable: 5888,
  })
})

function idOf(result: Awaited<ReturnType<Shop['payments']['refund']>>): string {
  return 'refund' in result ? result.refund.id : ''
}

test('a number by which Alipay has sent back another amount is booked by that amount, and looked at', async () => {
  // Of a restored backup the books do not know it; then the merchant repeats it with another sum.
  const { outTradeNo } = sold.payment
  const reference = 'R-1'
  await shop.client.trade.refund({
    out_trade_no: outTradeNo,
    out_request_no: outRequestNoFor(outTradeNo, { id: '', reference }),
    refund_amount: '10.00',
  })
  await shop.elapse(3_000)
  await shop.payments.refund({ paymentId, amount: toFen(2000), reference })
  await shop.elapse(30_000)
  expect(await refundsOf()).toMatchObject([{ status: 'succeeded', amount: 1000 }])
  expect((await shop.find(sold)).payment.review).toBe('refund_discordant')
  expect(shop.events(sold).slice(-2)).toEqual(['refund.succeeded', 'payment.review_required'])
  expect(ledgerOf()?.refunded).toBe(1000)
})

test('a refund that was decided by a payment that has changed since is not made', async () => {
  const { version: paymentVersion } = (await shop.find(sold)).payment
  const wish = { paymentId, amount: toFen(1000), paymentVersion }
  const results = await Promise.all([shop.payments.refund(wish), shop.payments.refund(wish)])
  expect(results.map(({ status }) => status).toSorted()).toEqual(['payment_changed', 'succeeded'])
  await shop.elapse(15_000)
  expect(ledgerOf()?.refunded).toBe(1000)
})
