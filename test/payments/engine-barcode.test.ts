/**
 * Sales by the code that the buyer shows (付款码), against the real emulator: paid at once, with a
 * password, and all that may become of a code that is sent only once.
 *
 * @module
 */

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { RequestRefused, toFen } from '../../src/alipay/index.ts'
import { BARCODE_WINDOW_MS, type PaymentRecord } from '../../src/payments/index.ts'
import { PROOF_OF_DEATH_AFTER_MS } from '../../src/payments/schedule.ts'
import { after, openShop, type Shop } from './shop.ts'

let shop: Shop

beforeEach(async () => {
  shop = await openShop({ notify: true })
})
afterEach(() => shop.close())

/** More than Alipay takes without the password. */
const DEAR = toFen(100_001)

/** A sale for which the buyer is asked for the password. */
async function asked(): Promise<PaymentRecord> {
  const { record } = await shop.charge({ amount: DEAR })
  expect(record.payment.status).toBe('pending')
  return record
}

describe('a code that is taken', () => {
  test('pays a small amount at once, and the notification afterwards changes nothing', async () => {
    const { status, record } = await shop.charge({ reference: 'A-1' })
    expect(status).toBe('created')
    expect(record.payment).toMatchObject({
      status: 'succeeded',
      method: 'barcode',
      qrCode: null,
      shownAt: null,
      paidAt: after(0),
      late: false,
      outcome: 'applied',
      nextStepAt: null,
    })
    await shop.elapse(10_000)
    expect(shop.calls()).toEqual(['+0 pay ok'])
    expect(shop.notified).toHaveLength(1)
    expect(shop.events(record)).toEqual(['payment.created', 'payment.succeeded'])
  })

  test('waits for the password where Alipay asks for it, and is asked about every 5 s', async () => {
    const sold = await asked()
    expect(sold.payment).toMatchObject({ scannedAt: after(0), expiresAt: after(60_000) })
    expect(shop.events(sold)).toEqual(['payment.created', 'payment.pending', 'payment.scanned'])
    shop.emulator.faults.add({ name: 'lost', probability: 1 })
    await shop.elapse(11_000)
    shop.enterPassword(sold)
    await shop.elapse(10_000)
    expect(shop.calls()).toEqual(['+0 pay ok', '+5 query ok', '+10 query ok', '+15 query ok'])
    expect(await shop.status(sold)).toBe('succeeded')
  })

  test('is canceled at once after a last query, a minute later', async () => {
    const sold = await asked()
    await shop.elapse(BARCODE_WINDOW_MS + 60_000)
    expect(shop.calls().slice(-3)).toEqual(['+55 query ok', '+60 query ok', '+60 cancel ok'])
    expect((await shop.find(sold)).payment).toMatchObject({
      status: 'expired',
      cancellationReason: 'expired',
      nextStepAt: null,
    })
  })

  test('is given back like any other payment', async () => {
    const { record } = await shop.charge()
    const result = await shop.payments.refund({ paymentId: record.payment.id })
    expect(result).toMatchObject({ refund: { status: 'succeeded', amount: 8888 } })
  })
})

describe('a code that is refused', () => {
  test('ends the payment, and a new code of the buyer is another one of the same sale', async () => {
    const order = { amount: toFen(8888), subject: '美式咖啡', reference: 'A-1' }
    const used = { ...order, authCode: '280000000000000000' }
    const refused = await shop.payments.create(used)
    expect(refused).toMatchObject({
      status: 'refused',
      record: {
        payment: {
          status: 'failed',
          outcome: 'not_applied',
          failure: { code: 'ACQ.PAYMENT_AUTH_CODE_INVALID' },
          // One more look, when nothing of it can be paid any more.
          nextStepAt: after(BARCODE_WINDOW_MS + PROOF_OF_DEATH_AFTER_MS),
        },
      },
    })
    const again = await shop.charge(order)
    expect(again.record.payment).toMatchObject({
      status: 'succeeded',
      retryOf: refused.record.payment.id,
    })
  })

  test('for want of money says so, and moves none', async () => {
    shop.emulator.wallet.setBalance(shop.buyer, toFen(0))
    const { status, record } = await shop.charge()
    expect(status).toBe('refused')
    expect(record.payment.failure?.code).toBe('ACQ.BUYER_BALANCE_NOT_ENOUGH')
    expect(shop.emulator.ledger()).toEqual([])
  })

  test('is refused too where too many calls are made at the moment: the buyer is told at once', async () => {
    shop.emulator.faults.add({ name: 'rate-limit', method: 'alipay.trade.pay' })
    const { status, record } = await shop.charge()
    expect(status).toBe('refused')
    expect(record.payment.outcome).toBe('not_applied')
    await shop.elapse(60_000)
    expect(shop.calls()).toHaveLength(1)
  })

  test('and comes to Alipay once more on its way, is found to be paid, and the money is late', async () => {
    shop.emulator.faults.add({ name: 'rate-limit', method: 'alipay.trade.pay' })
    const { record } = await shop.charge()
    shop.emulator.faults.add({ name: 'lost', probability: 1 })
    await shop.client.trade.pay({
      out_trade_no: record.payment.outTradeNo,
      total_amount: '88.88',
      subject: '美式咖啡',
      scene: 'bar_code',
      auth_code: shop.paymentCode(),
    })
    await shop.elapse(160_000, { stepMs: 5_000 })
    expect((await shop.find(record)).payment).toMatchObject({ status: 'succeeded', late: true })
    expect(shop.calls().filter((line) => line.includes('query'))).toHaveLength(1)
  })

  test('did not leave the shop where there is no network, and the till hears it at once', async () => {
    await shop.disconnect()
    const { status, record } = await shop.charge()
    expect(status).toBe('refused')
    expect(record.payment).toMatchObject({
      status: 'failed',
      outcome: 'not_applied',
      failure: { code: 'ERR_ALIPAY_GATEWAY_UNREACHABLE' },
    })
    await shop.connect()
  })
})

describe('a code of which nobody knows what became', () => {
  test.each(['answer-lost', 'unknown-error-after', 'wrong-signature', 'html-502'])(
    'was taken, and ended in %s: a query finds the money',
    async (name) => {
      shop.emulator.faults.add({ name, method: 'alipay.trade.pay' })
      shop.emulator.faults.add({ name: 'lost', probability: 1 })
      const { status, record } = await shop.charge()
      expect(status).toBe('pending')
      expect(record.payment).toMatchObject({ status: 'created', outcome: 'unknown' })
      await shop.elapse(5_000)
      expect(await shop.status(record)).toBe('succeeded')
      expect(shop.calls().map((call) => call.split(' ')[1])).toEqual(['pay', 'query'])
    },
  )

  test.each(['request-lost', 'unknown-error-before'])(
    'never arrived, and ended in %s: no second sending, and no end without its proof',
    async (name) => {
      shop.emulator.faults.add({ name, method: 'alipay.trade.pay' })
      const { status, record } = await shop.charge()
      expect(status).toBe('pending')
      await shop.elapse(149_000)
      expect(await shop.status(record)).toBe('closing')
      await shop.elapse(20_000)
      expect((await shop.find(record)).payment).toMatchObject({
        status: 'expired',
        outcome: 'not_applied',
        tradeNo: null,
      })
      const calls = shop.calls().map((call) => call.split(' ')[1])
      expect(calls.filter((call) => call === 'pay')).toHaveLength(1)
      expect(calls).not.toContain('precreate')
    },
  )

  test('waits for the password behind the lost answer: the first query says so', async () => {
    shop.emulator.faults.add({ name: 'answer-lost', method: 'alipay.trade.pay' })
    const { record } = await shop.charge({ amount: DEAR })
    await shop.elapse(5_000)
    expect((await shop.find(record)).payment).toMatchObject({
      status: 'pending',
      scannedAt: after(5_000),
      outcome: 'applied',
    })
    expect(shop.events(record)).toEqual(['payment.created', 'payment.pending', 'payment.scanned'])
  })

  test('that the merchant gives up while it is on its way is booked where it was paid', async () => {
    let id = ''
    shop.gate('after pay', async () => {
      const [record] = await shop.records()
      id = record?.payment.id ?? ''
      await shop.payments.cancel(id)
    })
    await shop.charge()
    await shop.elapse(10_000)
    const record = await shop.payments.find(id)
    expect(record?.payment.status).toBe('succeeded')
    expect(shop.emulator.ledger()).toMatchObject([{ paid: 8888 }])
  })
})

describe('a repeat of the request', () => {
  test('with the same reference is the same payment, whatever code it brings', async () => {
    const first = await shop.charge({ reference: 'A-1', amount: DEAR })
    const again = await shop.charge({ reference: 'A-1', amount: DEAR })
    expect(again).toMatchObject({
      status: 'exists',
      record: { payment: { id: first.record.payment.id } },
    })
    expect(shop.calls()).toEqual(['+0 pay ok'])
  })

  test('as a sale by a code of ours is of other content', async () => {
    await shop.charge({ reference: 'A-1', amount: DEAR })
    const order = { amount: DEAR, subject: '美式咖啡', reference: 'A-1' }
    const other = await shop.payments.create(order)
    expect(other.status).toBe('exists_with_different_content')
  })
})

describe('POST /v1/payments', () => {
  const order = { amount: 8888, subject: '美式咖啡' }

  test('with an auth_code answers 201 with a payment that has succeeded, and no code to show', async () => {
    const body = { ...order, auth_code: shop.paymentCode() }
    expect(await shop.api('POST', '/payments', body)).toMatchObject({
      status: 201,
      body: { method: 'barcode', status: 'succeeded', next_action: null, scanned_at: null },
    })
  })

  test('answers 202 where Alipay does not answer, and 402 where it refuses', async () => {
    const body = { ...order, auth_code: shop.paymentCode() }
    shop.emulator.faults.add({ name: 'answer-lost', method: 'alipay.trade.pay' })
    expect(await shop.api('POST', '/payments', body)).toMatchObject({
      status: 202,
      body: { status: 'created', outcome: 'unknown' },
    })
    expect(await shop.api('POST', '/payments', body)).toMatchObject({
      status: 402,
      body: {
        error: {
          code: 'payment_refused',
          outcome: 'not_applied',
          alipay: { sub_code: 'ACQ.PAYMENT_AUTH_CODE_INVALID' },
        },
      },
    })
    // The first one is found to be paid.
    await shop.elapse(5_000)
  })

  test.each([
    [{ auth_code: '2800' }, 'auth_code'],
    [{ auth_code: '280000000000000000', expires_in: 60 }, 'expires_in'],
  ])('with %j says what is wrong with %s', async (fields, param) => {
    expect(await shop.api('POST', '/payments', { ...order, ...fields })).toMatchObject({
      status: 400,
      body: { error: { code: 'parameter_invalid', param } },
    })
    expect(shop.calls()).toEqual([])
  })
})

test.each(['', '2800', '310000000000000000', '28000000000000000x', '2'.repeat(25)])(
  'the code %j is none, and nothing is stored for it',
  async (authCode) => {
    const order = { amount: toFen(1), subject: 'x', authCode }
    await expect(shop.payments.create(order)).rejects.toThrow(/^authCode is the payment code/)
    expect(await shop.records()).toEqual([])
  },
)

test('its code is in no record, no timeline and no event, even where Alipay repeats it', async () => {
  const authCode = shop.paymentCode()
  const pay = (): never => {
    throw new RequestRefused({
      method: 'alipay.trade.pay',
      alipayCode: '40004',
      subCode: 'ACQ.PAYMENT_AUTH_CODE_INVALID',
      subMsg: `支付授权码${authCode}无效`,
      traceId: undefined,
      node: {},
      outcome: 'not_applied',
      advice: `Scan ${authCode} again.`,
    })
  }
  const gateway = { ...shop.gateway, trade: { ...shop.gateway.trade, pay } }
  shop.run(shop.engine({ gateway }))
  const { status, record } = await shop.charge({ authCode })
  expect(status).toBe('refused')
  expect(record.payment.failure?.alipayMessage).toBe('支付授权码[redacted]无效')
  const kept = [record, await shop.payments.timeline(record.payment.id), shop.commits]
  expect(JSON.stringify(kept)).not.toContain(authCode)
})
