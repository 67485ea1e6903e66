/**
 * A refund that waits, and what the merchant decides about it: to try it now, or to give it up; in
 * each of its states.
 *
 * @module
 */

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { toFen } from '../../src/alipay/index.ts'
import type { PaymentRecord, Refund } from '../../src/payments/index.ts'
import { openShop, type Shop } from './shop.ts'

let shop: Shop
let sold: PaymentRecord
beforeEach(async () => {
  shop = await openShop({ notify: true })
  shop.emulator.settings.update({ notify_refund: false })
  sold = await shop.sellPaid()
  await shop.settle()
})
afterEach(() => shop.close())

const latest = async (): Promise<Refund> => {
  const refund = (await shop.find(sold)).refunds.at(-1)
  if (refund === undefined) throw new Error('There is no refund')
  return refund
}

/** Makes a refund of 30.00 yuan that ends up in a state. */
const states: Record<Refund['status'], () => Promise<unknown>> = {
  // Alipay wants 3 s between two refunds of one trade: the second one is not sent yet.
  async pending() {
    await refund(1000)
    await refund()
  },
  async processing() {
    shop.emulator.faults.add({ name: 'request-lost', method: 'alipay.trade.refund' })
    await refund()
  },
  async requires_action() {
    shop.emulator.settings.update({ seller_balance: 'short' })
    await refund()
    shop.clock.advance(3_000)
  },
  succeeded: () => refund(),
  async failed() {
    // The console has given back so much that ours is too large.
    await shop.client.trade.refund({
      out_trade_no: sold.payment.outTradeNo,
      refund_amount: '80.00',
      out_request_no: 'console',
    })
    await refund()
  },
  async canceled() {
    await states.pending()
    await shop.payments.cancelRefund((await latest()).id)
  },
}

function refund(amount = 3000) {
  return shop.payments.refund({ paymentId: sold.payment.id, amount: toFen(amount) })
}

/** The books do not know of the console's refund here, until a notification tells. */
async function tellOfConsole(): Promise<void> {
  shop.emulator.settings.update({ notify_refund: true })
  shop.clock.advance(3_000)
  await shop.client.trade.refund({
    out_trade_no: sold.payment.outTradeNo,
    refund_amount: '0.01',
    out_request_no: 'console_2',
  })
  await shop.settle()
}

describe('to try it now', () => {
  test.each(['pending', 'processing', 'succeeded', 'failed', 'canceled'] as const)(
    'is not possible where it is %s, and changes nothing',
    async (status) => {
      await states[status]()
      const before = await latest()
      expect(before.status).toBe(status)
      const { length } = shop.calls()
      const result = await shop.payments.retryRefund(before.id)
      expect(result).toMatchObject({ status: 'not_possible', refund: { status } })
      expect(await latest()).toEqual(before)
      expect(shop.calls()).toHaveLength(length)
      if (status === 'failed') await tellOfConsole()
      await shop.elapse(15_000)
    },
  )

  test('sends it under the same number where it waits for the balance', async () => {
    await states.requires_action()
    const before = await latest()
    expect(await shop.payments.retryRefund(before.id)).toMatchObject({
      status: 'done',
      refund: { status: 'requires_action', outRequestNo: before.outRequestNo },
    })
    shop.emulator.settings.update({ seller_balance: 'enough' })
    shop.clock.advance(3_000)
    expect(await shop.payments.retryRefund(before.id)).toMatchObject({
      status: 'done',
      refund: { status: 'succeeded', outRequestNo: before.outRequestNo },
    })
    expect(shop.emulator.ledger()).toMatchObject([{ refunds: [{ amount: 3000 }] }])
    // Told that it needs something once, not with each try.
    const told = shop.events(sold).filter((type) => type === 'refund.requires_action')
    expect(told).toHaveLength(1)
  })

  test('ten times at once sends it once', async () => {
    await states.requires_action()
    shop.emulator.settings.update({ seller_balance: 'enough' })
    const { id } = await latest()
    const results = await Promise.all(
      Array.from({ length: 10 }, () => shop.payments.retryRefund(id)),
    )
    for (const { status } of results) expect(['done', 'not_possible']).toContain(status)
    await shop.settle()
    expect(shop.emulator.ledger()).toMatchObject([{ refunds: [{ amount: 3000 }] }])
  })

  test('of an unknown refund is not found', async () => {
    expect((await shop.payments.retryRefund('re_unknown')).status).toBe('not_found')
    expect((await shop.payments.cancelRefund('re_unknown')).status).toBe('not_found')
  })
})

describe('to give it up', () => {
  test.each(['processing', 'succeeded', 'failed', 'canceled'] as const)(
    'is not possible where it is %s, and changes nothing',
    async (status) => {
      await states[status]()
      const before = await latest()
      expect(before.status).toBe(status)
      const result = await shop.payments.cancelRefund(before.id)
      expect(result).toMatchObject({ status: 'not_possible', refund: { status } })
      expect(await latest()).toEqual(before)
      if (status === 'failed') await tellOfConsole()
      await shop.elapse(15_000)
    },
  )

  test('ends it at once where it was never sent, and frees its amount', async () => {
    await states.pending()
    expect((await latest()).status).toBe('pending')
    expect(await shop.payments.cancelRefund((await latest()).id)).toMatchObject({
      status: 'done',
      refund: { status: 'canceled' },
    })
    await shop.elapse(15_000)
    expect(shop.emulator.ledger()).toMatchObject([{ refunded: 1000 }])
    expect(shop.events(sold).at(-1)).toBe('refund.canceled')
    expect((await refund(7888)).status).toBe('succeeded')
  })

  test('asks Alipay first where it was sent and refused: what Alipay does not know is canceled', async () => {
    await states.requires_action()
    const { length } = shop.calls()
    expect(await shop.payments.cancelRefund((await latest()).id)).toMatchObject({
      status: 'done',
      refund: { status: 'canceled' },
    })
    expect(shop.calls().slice(length)).toEqual(['+3 fastpay.refund.query ok'])
    shop.emulator.settings.update({ seller_balance: 'enough' })
    await shop.elapse(86_400_000, { stepMs: 3_600_000 })
    expect(shop.emulator.ledger()).toMatchObject([{ refunded: 0 }])
  })

  test('is not believed where Alipay has made it after all', async () => {
    await states.requires_action()
    const { id, outRequestNo } = await latest()
    // The balance was topped up and the very refund repeated in another way.
    shop.emulator.settings.update({ seller_balance: 'enough' })
    await shop.client.trade.refund({
      out_trade_no: sold.payment.outTradeNo,
      refund_amount: '30.00',
      out_request_no: outRequestNo,
    })
    expect(await shop.payments.cancelRefund(id)).toMatchObject({
      status: 'done',
      refund: { status: 'succeeded' },
    })
    expect(shop.events(sold)).not.toContain('refund.canceled')
  })

  test('waits for an answer where the question gets none, and ends rightly', async () => {
    await states.requires_action()
    const { id } = await latest()
    shop.emulator.faults.add({
      name: 'request-lost',
      method: 'alipay.trade.fastpay.refund.query',
      times: 2,
    })
    expect(await shop.payments.cancelRefund(id)).toMatchObject({
      status: 'done',
      refund: { status: 'requires_action' },
    })
    await shop.elapse(60_000)
    expect((await latest()).status).toBe('canceled')
    expect(shop.calls().filter((line) => line.includes(' refund '))).toHaveLength(1)
  })

  test('and to try it after all: the last wish counts', async () => {
    await states.requires_action()
    const { id } = await latest()
    shop.emulator.faults.add({
      name: 'request-lost',
      method: 'alipay.trade.fastpay.refund.query',
    })
    await shop.payments.cancelRefund(id)
    shop.emulator.settings.update({ seller_balance: 'enough' })
    expect(await shop.payments.retryRefund(id)).toMatchObject({
      status: 'done',
      refund: { status: 'succeeded' },
    })
  })
})

describe('a definite refusal', () => {
  /** Refuses the refund although Alipay has made it: what was sent before may have had effect. */
  const refusals = ['system-error-after', 'answer-lost']

  test('is failed only after a refund query has found nothing', async () => {
    await states.failed()
    const kinds = (await shop.payments.timeline(sold.payment.id)).map(({ kind }) => kind)
    expect(kinds.slice(-3)).toEqual(['refund_sent', 'refund_refused', 'refund_not_found'])
    expect(shop.events(sold).slice(-2)).toEqual(['refund.created', 'refund.failed'])
    await tellOfConsole()
  })

  test('while the query gets no answer, nothing has failed', async () => {
    shop.emulator.faults.add({
      name: 'request-lost',
      method: 'alipay.trade.fastpay.refund.query',
      times: 3,
    })
    await states.failed()
    for (const seconds of [0, 9, 10]) {
      await shop.elapse(seconds * 1_000)
      expect((await latest()).status).toBe('processing')
    }
    await shop.elapse(60_000)
    expect((await latest()).status).toBe('failed')
    await tellOfConsole()
  })

  test.each(refusals)(
    'of a repeat proves nothing about the call before it, which ended in %s',
    async (name) => {
      shop.emulator.faults.add({ name, method: 'alipay.trade.refund' })
      shop.emulator.faults.add({ name: 'refund-query-empty', times: 1 })
      await refund(8888)
      // The query finds nothing yet, so it is sent again: Alipay refuses, or says that it moved
      // nothing now. Only the next query tells.
      await shop.elapse(60_000)
      expect((await latest()).status).toBe('succeeded')
      expect(shop.events(sold)).not.toContain('refund.failed')
      expect(shop.emulator.ledger()).toMatchObject([{ refunds: [{ amount: 8888 }] }])
    },
  )
})

test('a refund in doubt that a restored backup holds, and that was given up, is never sent', async () => {
  await states.processing()
  shop.clock.advance(1_000)
  await shop.payments.holdRefunds(shop.clock.now())
  await shop.elapse(30_000)
  expect(await latest()).toMatchObject({ status: 'requires_action', outcome: 'unknown' })
  await shop.payments.cancelRefund((await latest()).id)
  await shop.payments.liftRefundHold('usr_1')
  await shop.elapse(300_000, { stepMs: 10_000 })
  expect((await latest()).status).toBe('canceled')
  expect(shop.emulator.ledger()).toMatchObject([{ refunded: 0 }])
  expect(shop.events(sold).at(-1)).toBe('refund.canceled')
})
