/**
 * An engine in memory that does as it is told, for testing what stands in front of it. A test that
 * wants another answer puts its own function in the place of a method.
 *
 * @module
 */
import { addMs, type Clock } from '../../src/alipay/index.ts'
import type { Payment, PaymentRecord, Payments, Refund } from '../../src/payments/index.ts'
import { payment as pendingPayment } from '../payments/records.ts'

/** The engine, with handles for tests. */
export interface FakePayments extends Payments {
  /** Commits a change, then tells those who watch. */
  change(id: string, payment: Partial<Payment>, refunds?: readonly Refund[]): PaymentRecord
  /** How many listeners there are. */
  watching(): number
}

/** The code of every payment, as Alipay writes them. */
export const QR_CODE = 'https://qr.alipay.com/bax03351fhe8kqr4rtt30063'

export function createFakePayments(clock: Clock): FakePayments {
  const records = new Map<string, PaymentRecord>()
  const listeners = new Map<string, Set<(record: PaymentRecord) => void>>()
  const newest = () => [...records.values()].toReversed()
  const findWhere = async (matches: (payment: Payment) => boolean) =>
    newest().find(({ payment }) => matches(payment))

  const fake: FakePayments = {
    async create({ amount, subject, reference = null, expiresInMs = 300_000, returnUrl = null }) {
      const number = records.size + 1
      const now = clock.now()
      const payment = pendingPayment({
        id: `pay_${number}`,
        reference,
        amount,
        subject,
        outTradeNo: `out_${number}`,
        checkoutToken: `token${number}`,
        returnUrl,
        qrCode: QR_CODE,
        createdAt: now,
        updatedAt: now,
        expiresAt: addMs(now, expiresInMs),
        shownAt: now,
        version: 1,
        nextStepAt: null,
      })
      const record = { payment, refunds: [] }
      records.set(payment.id, record)
      return { status: 'created', record }
    },
    find: async (id) => records.get(id),
    listByReference: async (reference) =>
      newest().filter(({ payment }) => payment.reference === reference),
    findByOutTradeNo: (outTradeNo) => findWhere((payment) => payment.outTradeNo === outTradeNo),
    findByCheckoutToken: (token) => findWhere((payment) => payment.checkoutToken === token),
    async list({ limit, before, reference }) {
      const all = newest().filter(
        ({ payment }) => reference === undefined || payment.reference === reference,
      )
      const start = before === undefined ? 0 : all.findIndex((r) => r.payment.id === before) + 1
      return all.slice(start, start + limit)
    },
    async cancel(id) {
      if (!records.has(id)) return { status: 'not_found' }
      return { status: 'canceled', record: fake.change(id, { status: 'canceled' }) }
    },
    sync: async (id) => records.get(id),
    adoptTrade: async () => ({ status: 'not_paid' }),
    bookBilledRefund: async (id) => records.get(id),
    askTrade: async () => 'unknown',
    askRefund: async () => 'unknown',
    async refund({ paymentId, amount, reference = null, reason = null, paymentVersion }) {
      const record = records.get(paymentId)
      if (record === undefined) return { status: 'not_found' }
      if ((paymentVersion ?? record.payment.version) !== record.payment.version) {
        return { status: 'payment_changed', record }
      }
      const now = clock.now()
      const id = `re_${record.refunds.length + 1}`
      const refund: Refund = {
        id,
        paymentId,
        reference,
        amount: amount ?? record.payment.amount,
        reason,
        status: 'succeeded',
        outRequestNo: `out_${id}`,
        source: 'api',
        createdAt: now,
        updatedAt: now,
        sentAt: now,
        succeededAt: now,
        cancelRequestedAt: null,
        events: 1,
        failure: null,
        outcome: 'applied',
        unknownCalls: 0,
        nextStepAt: null,
        metadata: {},
        nextCall: 'refund',
      }
      const changed = fake.change(paymentId, {}, [...record.refunds, refund])
      return { status: 'succeeded', refund, record: changed }
    },
    async findRefund(id) {
      for (const record of records.values()) {
        const refund = record.refunds.find((other) => other.id === id)
        if (refund) return { record, refund }
      }
      return undefined
    },
    timeline: async () => [
      {
        at: clock.now(),
        kind: 'created',
        source: 'merchant',
        summary: { amount: 8888 },
        version: 1,
        from: null,
        to: 'created',
        raw: null,
      },
    ],
    retryRefund: async () => ({ status: 'not_found' }),
    cancelRefund: async () => ({ status: 'not_found' }),
    refundHold: async () => undefined,
    holdRefunds: async () => {},
    liftRefundHold: async () => undefined,
    resolveReview: async () => ({ status: 'not_found' }),
    listRefunds: async () => newest().flatMap(({ refunds }) => refunds),
    eventsAfter: async () => [],
    listEvents: async () => [],
    findEvent: async () => undefined,
    quarantine: async () => {},
    reviewQuarantine: async () => 0,
    async acceptNotification({ params }) {
      const found = await fake.findByOutTradeNo(params.out_trade_no ?? '')
      if (found === undefined) return 'stored_for_review'
      if (found.payment.status === 'succeeded') return 'unchanged'
      fake.change(found.payment.id, { status: 'succeeded', paidAt: clock.now() })
      return 'applied'
    },
    watch(id, listener) {
      const watching = listeners.get(id) ?? new Set()
      listeners.set(id, watching.add(listener))
      return () => void watching.delete(listener)
    },
    watchAll: () => () => {},
    runDue: async () => 0,
    sinceClaimMs: () => 0,
    start: () => {},
    stop: async () => {},

    change(id, change, refunds) {
      const before = records.get(id)
      if (before === undefined) throw new Error(`There is no ${id}`)
      const payment = { ...before.payment, ...change, version: before.payment.version + 1 }
      const record = { payment, refunds: refunds ?? before.refunds }
      records.set(id, record)
      for (const listener of listeners.get(id) ?? []) listener(record)
      return record
    },
    watching: () => [...listeners.values()].reduce((sum, { size }) => sum + size, 0),
  }
  return fake
}
