/**
 * Scenarios of money that goes back: lost answers, an empty balance, the console beside us, and
 * many at once.
 *
 * @module
 */

import { describe, expect, test } from 'vitest'
import * as fc from 'fast-check'
import { toFen } from '../../src/alipay/index.ts'
import { amountRefunded, amountReserved, type PaymentRecord } from '../../src/payments/index.ts'
import type { Shop } from '../payments/shop.ts'
import { openScene } from './scene.ts'

const DAY_MS = 86_400_000

/** The calls about refunds. */
function refundCalls(shop: Shop): string[] {
  return shop.calls().filter((line) => line.includes('refund'))
}

/** A refund in Alipay's own console. */
function refundInConsole(
  shop: Shop,
  { payment }: PaymentRecord,
  amount: string,
  number = 'console',
) {
  return shop.client.trade.refund({
    out_trade_no: payment.outTradeNo,
    refund_amount: amount,
    out_request_no: number,
  })
}

test('scenario 26: a refund that timed out before its effect, asked for ten times more, is one refund', async () => {
  const shop = await openScene()
  const sold = await shop.sellPaid()
  shop.emulator.faults.add({ name: 'request-lost', method: 'alipay.trade.refund' })
  shop.emulator.faults.add({ name: 'refund-query-empty', times: 2 })
  const request = { payment: sold.payment.id, amount: 3000, reference: 'R-1' }
  const first = await shop.api('POST', '/refunds', request)
  expect(first).toMatchObject({ status: 202, body: { status: 'processing', outcome: 'unknown' } })

  const again = await Promise.all(
    Array.from({ length: 10 }, () => shop.api('POST', '/refunds', request)),
  )
  expect(new Set(again.map(({ body }) => body.id))).toEqual(new Set([first.body.id]))
  expect(new Set(again.map(({ status }) => status))).toEqual(new Set([202]))
  await shop.elapse(60_000)
  const last = await shop.api('POST', '/refunds', request)
  expect(last).toMatchObject({ status: 200, body: { id: first.body.id, status: 'succeeded' } })
  expect(shop.emulator.ledger()).toMatchObject([{ refunded: 3000, refunds: [{}] }])
  expect(refundCalls(shop).filter((line) => line.includes(' refund '))).toHaveLength(2)
})

test('scenario 27: a refund query that knows nothing for 60 s, then of the success: nothing has failed in between', async () => {
  const shop = await openScene({ notify: true })
  shop.emulator.settings.update({ refund_query_after_ms: 60_000, notify_refund: false })
  const sold = await shop.sellPaid()
  shop.emulator.faults.add({ name: 'answer-lost', method: 'alipay.trade.refund' })
  await shop.payments.refund({ paymentId: sold.payment.id, amount: toFen(3000) })
  for (let second = 0; second < 90; second++) {
    await shop.elapse(1_000)
    expect((await shop.find(sold)).refunds[0]?.status).toMatch(/^(processing|succeeded)$/)
    expect(amountReserved((await shop.find(sold)).refunds)).toBe(3000)
  }
  expect((await shop.find(sold)).refunds).toMatchObject([{ status: 'succeeded' }])
  expect(shop.events(sold)).not.toContain('refund.failed')
  expect(shop.emulator.ledger()).toMatchObject([{ refunded: 3000, refunds: [{}] }])
})

describe('scenario 28: 50 partial refunds at once that ask for three times the amount', () => {
  test('what is accepted is the amount to the fen, the rest is refused, and the ledger says the same', async () => {
    const shop = await openScene()
    const sold = await shop.sellPaid({ amount: toFen(10_000) })
    // 25 of 10.00 and 25 of 2.00 yuan: whatever comes first, the small ones fill what is left.
    const asked = Array.from({ length: 50 }, (_, index) => (index % 2 === 0 ? 1_000 : 200))
    const answers = await Promise.all(
      asked.map((amount) => shop.api('POST', '/refunds', { payment: sold.payment.id, amount })),
    )
    const refused = answers.filter(({ status }) => status === 409)
    for (const { body } of refused) expect(body.error?.code).toBe('amount_too_large')
    const accepted = answers.filter(({ status }) => status === 200 || status === 202)
    expect(accepted.length + refused.length).toBe(50)
    const sum = accepted.reduce((total, { body }) => total + Number(body['amount']), 0)
    expect(sum).toBe(10_000)

    await shop.elapse(200_000)
    const { refunds } = await shop.find(sold)
    expect(refunds.every(({ status }) => status === 'succeeded')).toBe(true)
    expect(amountRefunded(refunds)).toBe(10_000)
    expect(shop.emulator.ledger()).toMatchObject([{ paid: 10_000, refunded: 10_000 }])
    // Each went out by itself, 3 s after the one before.
    const seconds = refundCalls(shop).map(Number.parseFloat)
    expect(seconds).toEqual(seconds.map((_, index) => 3 * index))
  })

  test('of any sizes, also where Alipay’s answers get lost: never more than was paid', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 8_888 }), { minLength: 5, maxLength: 12 })
    const faults = fc.array(
      fc.constantFrom('answer-lost', 'request-lost', 'system-error-after', 'unknown-error-before'),
      { maxLength: 4 },
    )
    await fc.assert(
      fc.asyncProperty(sizes, faults, async (amounts, names) => {
        const shop = await openScene()
        const sold = await shop.sellPaid()
        for (const name of names) shop.emulator.faults.add({ name, method: 'alipay.trade.refund' })
        await Promise.all(
          amounts.map((amount) =>
            shop.payments.refund({ paymentId: sold.payment.id, amount: toFen(amount) }),
          ),
        )
        const { refunds } = await shop.find(sold)
        expect(amountReserved(refunds)).toBeLessThanOrEqual(8888)
        await shop.elapse(120_000, { stepMs: 3_000 })
        const [entry] = shop.emulator.ledger()
        expect(entry?.refunded).toBe(amountReserved(refunds))
        expect(amountRefunded((await shop.find(sold)).refunds)).toBe(entry?.refunded)
      }),
      { numRuns: 12 },
    )
  })
})

describe('scenario 29: the seller’s balance is too low', () => {
  test('topped up the next day, the same refund goes out under the same number', async () => {
    const shop = await openScene()
    const sold = await shop.sellPaid()
    shop.emulator.settings.update({ seller_balance: 'short' })
    const { id: payment } = sold.payment
    const { body } = await shop.api('POST', '/refunds', { payment, amount: 5000 })
    expect(body).toMatchObject({ status: 'requires_action', outcome: 'not_applied' })
    const number = (await shop.find(sold)).refunds[0]?.outRequestNo
    await shop.elapse(DAY_MS, { stepMs: 300_000 })
    expect((await shop.find(sold)).refunds).toMatchObject([{ status: 'requires_action' }])
    // The amount stays reserved all the while.
    expect((await shop.api('POST', '/refunds', { payment, amount: 5000 })).status).toBe(409)
    shop.emulator.settings.update({ seller_balance: 'enough' })
    await shop.elapse(DAY_MS, { stepMs: 300_000 })
    expect((await shop.find(sold)).refunds).toMatchObject([
      { status: 'succeeded', outRequestNo: number },
    ])
    expect(shop.emulator.ledger()).toMatchObject([
      { refunds: [{ amount: 5000, out_request_no: number }] },
    ])
    const hours = refundCalls(shop).map((line) => Number.parseFloat(line) / 3_600)
    expect(hours).toEqual([0, 0.25, 1.25, 7.25, 31.25])
    expect(shop.events(sold).filter((type) => type.startsWith('refund.'))).toEqual([
      'refund.created',
      'refund.requires_action',
      'refund.succeeded',
    ])
  })

  test('and tried again on demand, it need not wait', async () => {
    const shop = await openScene()
    const sold = await shop.sellPaid()
    shop.emulator.settings.update({ seller_balance: 'short' })
    const made = await shop.payments.refund({ paymentId: sold.payment.id })
    const id = 'refund' in made ? made.refund.id : ''
    shop.clock.advance(3_000)
    expect(await shop.payments.retryRefund(id)).toMatchObject({
      status: 'done',
      refund: { status: 'requires_action' },
    })
    shop.emulator.settings.update({ seller_balance: 'enough' })
    shop.clock.advance(3_000)
    expect(await shop.payments.retryRefund(id)).toMatchObject({
      status: 'done',
      refund: { status: 'succeeded', id },
    })
    expect(shop.emulator.ledger()).toMatchObject([{ refunds: [{ amount: 8888 }] }])
  })
})

describe('scenario 30: a refund in Alipay’s console', () => {
  test('before ours: what is left is what can be refunded', async () => {
    const shop = await openScene({ notify: true })
    const sold = await shop.sellPaid()
    await refundInConsole(shop, sold, '80.00')
    await shop.settle()
    expect((await shop.find(sold)).refunds).toMatchObject([
      { source: 'external', status: 'succeeded', amount: 8000 },
    ])
    const { id: paymentId } = sold.payment
    expect(await shop.payments.refund({ paymentId, amount: toFen(889) })).toMatchObject({
      status: 'amount_too_large',
      refundable: 888,
    })
    shop.clock.advance(3_000)
    expect((await shop.payments.refund({ paymentId })).status).toBe('succeeded')
    expect(shop.events(sold)).toContain('refund.external')
  })

  test('of which we have not heard yet: ours is refused, fails only when Alipay does not know it, and nothing is reserved', async () => {
    const shop = await openScene({ notify: true })
    const sold = await shop.sellPaid()
    shop.emulator.faults.add({ name: 'late', delay_ms: 60_000 })
    await refundInConsole(shop, sold, '80.00')
    const { id: paymentId } = sold.payment
    const ours = await shop.payments.refund({ paymentId, amount: toFen(5000) })
    expect(ours).toMatchObject({ status: 'failed', refund: { outcome: 'not_applied' } })
    expect(
      refundCalls(shop)
        .slice(1)
        .map((line) => line.split(' ')[1]),
    ).toEqual(['refund', 'fastpay.refund.query'])
    await shop.elapse(61_000)
    const { refunds } = await shop.find(sold)
    expect(refunds.map(({ source, status, amount }) => `${source} ${status} ${amount}`)).toEqual([
      'api failed 5000',
      'external succeeded 8000',
    ])
    expect(amountReserved(refunds)).toBe(8000)
  })

  test('during ours, whose answer is lost: both are booked, each once', async () => {
    for (const consoleFirst of [true, false]) {
      const shop = await openScene({ notify: true })
      const sold = await shop.sellPaid()
      await shop.settle()
      shop.emulator.faults.add({ name: 'answer-lost', method: 'alipay.trade.refund' })
      // Nor is it told of by a notification.
      if (!consoleFirst) shop.emulator.faults.add({ name: 'lost' })
      const ours = () =>
        shop.payments.refund({ paymentId: sold.payment.id, amount: toFen(2000), reference: 'R-1' })
      shop.gate(consoleFirst ? 'before refund' : 'before refundQuery', async () => {
        shop.emulator.faults.clear()
        await refundInConsole(shop, sold, '10.00')
        if (consoleFirst) {
          shop.emulator.faults.add({ name: 'answer-lost', method: 'alipay.trade.refund' })
        }
      })
      await ours()
      await shop.emulator.notifications.deliverDue()
      await shop.elapse(60_000)
      const { refunds } = await shop.find(sold)
      const lines = refunds.map(({ source, status, amount }) => `${source} ${status} ${amount}`)
      expect(lines.toSorted()).toEqual(['api succeeded 2000', 'external succeeded 1000'])
      expect(shop.emulator.ledger()).toMatchObject([{ refunded: 3000 }])
    }
  })

  test('told of while ours is in doubt and was not made: both are booked in the end', async () => {
    const shop = await openScene({ notify: true })
    const sold = await shop.sellPaid()
    await shop.settle()
    shop.emulator.faults.add({ name: 'request-lost', method: 'alipay.trade.refund' })
    await shop.payments.refund({ paymentId: sold.payment.id, amount: toFen(2000) })
    await refundInConsole(shop, sold, '10.00')
    await shop.emulator.notifications.deliverDue()
    // Ours is made now; no notification tells of it.
    shop.emulator.faults.add({ name: 'lost', times: 100 })
    await shop.elapse(60_000)
    const { refunds } = await shop.find(sold)
    const lines = refunds.map(({ source, status, amount }) => `${source} ${status} ${amount}`)
    expect(lines.toSorted()).toEqual(['api succeeded 2000', 'external succeeded 1000'])
  })
})

describe('scenario 31: refunded in full in the console before we ever saw the payment', () => {
  test.each([true, false])(
    'it has succeeded, and an external refund is booked: it has not expired (notifications: %s)',
    async (notify) => {
      const shop = await openScene({ notify })
      const sold = await shop.sell({ expiresInMs: 60_000 })
      if (notify) shop.emulator.faults.add({ name: 'lost', times: 1 })
      shop.pay(sold)
      if (notify) await shop.emulator.notifications.deliverDue()
      await refundInConsole(shop, sold, '88.88')
      await shop.elapse(120_000, { stepMs: 5_000 })
      expect(await shop.find(sold)).toMatchObject({
        payment: { status: 'succeeded', tradeStatus: 'TRADE_CLOSED', refundedByCancel: false },
        refunds: [{ source: 'external', status: 'succeeded', amount: 8888 }],
      })
      expect(shop.statuses(sold)).toEqual(['created', 'pending', 'succeeded'])
      expect(shop.calls().some((line) => line.includes('cancel'))).toBe(false)
    },
  )

  test('also where it is first seen after the deadline', async () => {
    const shop = await openScene()
    const sold = await shop.sell({ expiresInMs: 60_000 })
    shop.pay(sold)
    await refundInConsole(shop, sold, '88.88')
    shop.clock.advance(600_000)
    await shop.settle()
    expect(await shop.find(sold)).toMatchObject({
      payment: { status: 'succeeded' },
      refunds: [{ source: 'external', amount: 8888 }],
    })
  })
})
