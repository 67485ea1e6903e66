/**
 * What a buyer sees: never more than is committed, and never a code that must not be paid.
 *
 * @module
 */

import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { toFen } from '../../src/alipay/index.ts'
import { checkoutView, type Payment, type Refund } from '../../src/payments/index.ts'
import { at, record, refund } from './records.ts'

const answered: Partial<Payment> = { status: 'closing', cancelAnsweredAt: at(300) }
const back = (amount: number, change: Partial<Refund> = {}) =>
  refund({ status: 'succeeded', amount: toFen(amount), ...change })

test.each<[string, Partial<Payment>, readonly Refund[], number, string]>([
  ['created', { status: 'created' }, [], 1, 'preparing'],
  ['a shown code', {}, [], 299.999, 'waiting'],
  ['a scanned code', { scannedAt: at(10) }, [], 299.999, 'scanned'],
  ['the deadline', {}, [], 300, 'confirming'],
  ['the deadline after a scan', { scannedAt: at(10) }, [], 300, 'confirming'],
  ['closing', { status: 'closing', cancellationReason: 'expired' }, [], 300, 'confirming'],
  [
    'closing after a scan',
    { ...answered, tradeStatus: 'WAIT_BUYER_PAY', cancellationReason: 'expired' },
    [],
    301,
    'confirming',
  ],
  [
    'closing, paid, while a cancel decides',
    { ...answered, tradeStatus: 'TRADE_SUCCESS', cancellationReason: 'expired' },
    [],
    301,
    'confirming',
  ],
  [
    'closing of a code that nobody scanned',
    { ...answered, cancellationReason: 'expired' },
    [],
    301,
    'expired',
  ],
  [
    'the same, given up by the merchant',
    { ...answered, cancellationReason: 'requested' },
    [],
    301,
    'canceled',
  ],
  ['succeeded', { status: 'succeeded', paidAt: at(20) }, [], 400, 'paid'],
  ['a refund in part', { status: 'succeeded' }, [back(8887)], 400, 'paid'],
  [
    'a refund under way',
    { status: 'succeeded' },
    [back(8888, { status: 'processing' })],
    400,
    'paid',
  ],
  ['refunds of everything', { status: 'succeeded' }, [back(8000), back(888)], 400, 'refunded'],
  ['expired', { status: 'expired' }, [], 400, 'expired'],
  ['canceled', { status: 'canceled' }, [], 400, 'canceled'],
  ['failed', { status: 'failed' }, [], 400, 'failed'],
])('%s is shown so', (_, change, refunds, seconds, state) => {
  expect(checkoutView(record(change, refunds), at(seconds)).state).toBe(state)
})

test('a code is shown only while it may be paid, and paid only what has succeeded', () => {
  const payments = fc.record({
    status: fc.constantFrom<Payment['status']>(
      'created',
      'pending',
      'closing',
      'succeeded',
      'expired',
      'canceled',
      'failed',
    ),
    scannedAt: fc.constantFrom(null, at(10)),
    tradeStatus: fc.constantFrom(null, 'WAIT_BUYER_PAY', 'TRADE_SUCCESS', 'TRADE_CLOSED'),
    paidAt: fc.constantFrom(null, at(20)),
    cancelAnsweredAt: fc.constantFrom(null, at(30)),
    cancellationReason: fc.constantFrom(null, 'expired' as const, 'requested' as const),
  })
  fc.assert(
    fc.property(payments, fc.nat({ max: 600 }), (change, seconds) => {
      const { state, qrCode } = checkoutView(record(change), at(seconds))
      if (change.status !== 'pending' || seconds >= 300) expect(qrCode).toBeNull()
      else expect(qrCode).toBe('https://qr.alipay.com/bax1')
      if (change.status !== 'succeeded') expect(['paid', 'refunded']).not.toContain(state)
    }),
  )
})

test('the page tells amounts, subject, deadline and the way back, and nothing of the buyer', () => {
  const change: Partial<Payment> = {
    status: 'succeeded',
    paidAt: at(20),
    outTradeNo: 'order-1',
    tradeNo: '2026112322001',
    returnUrl: 'https://shop.example/done',
    buyerLogonId: '138****1234',
  }
  expect(checkoutView(record(change, [back(3000)]), at(400))).toEqual({
    state: 'paid',
    amount: 8888,
    amountRefunded: 3000,
    subject: '美式咖啡',
    orderNumber: 'order-1',
    tradeNumber: '2026112322001',
    qrCode: null,
    expiresAt: at(300),
    paidAt: at(20),
    returnUrl: 'https://shop.example/done',
  })
})
