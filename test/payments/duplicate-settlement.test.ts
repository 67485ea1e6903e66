/**
 * Two payments of one reference, both paid, decided about at the same time: whatever order their
 * reads and writes fall into, one of them is the duplicate, and the policy acts once.
 *
 * @module
 */

import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Instant } from '../../src/alipay/index.ts'
import {
  amountReserved,
  createPayments,
  type Gateway,
  type Payment,
  type PaymentRules,
  type PaymentStore,
} from '../../src/payments/index.ts'
import { openSqliteStore } from '../../src/store/index.ts'
import { call, mapCalls } from './shop.ts'
import { at, payment as pendingPayment } from './records.ts'

const now = at(10_000)

/** A gateway that refunds whatever is asked, once for each number. */
function refunding(): { readonly gateway: Gateway; readonly refunds: string[] } {
  const refunds: string[] = []
  const never = () => Promise.reject(new Error('Nobody asks'))
  const trade = {
    precreate: never,
    query: never,
    cancel: never,
    close: never,
    refundQuery: never,
    refund: async (request: { readonly out_trade_no?: string }) => {
      refunds.push(request.out_trade_no ?? '')
      return { fund_change: 'Y' }
    },
  }
  return { gateway: { appId: '2021', trade: trade as unknown as Gateway['trade'] }, refunds }
}

/** Paid after its end, and not decided about. */
function latePayment(id: string, paidAt: Instant): Payment {
  return pendingPayment({
    id,
    version: 1,
    status: 'succeeded',
    outTradeNo: `out_${id}`,
    checkoutToken: `token_${id}`,
    late: true,
    endedAt: at(400),
    paidAt,
    settlement: 'due',
    nextStepAt: now,
  })
}

/** Paid in its time, so that it holds the reference. */
function timelyPayment(id: string, paidAt: Instant): Payment {
  return {
    ...latePayment(id, paidAt),
    late: false,
    endedAt: null,
    settlement: null,
    nextStepAt: null,
  }
}

/** Paid although an earlier one had made it superfluous. */
function supersededPayment(id: string, paidAt: Instant): Payment {
  return {
    ...latePayment(id, paidAt),
    late: false,
    cancellationReason: 'superseded',
    endedAt: null,
  }
}

async function storeWith(payments: readonly Payment[]) {
  const sqlite = await openSqliteStore(':memory:', { clock: { now: () => now } })
  for (const payment of payments) {
    const lease = { token: `t_${payment.id}`, ms: 1 }
    const commit = {
      record: { payment, refunds: [] },
      refunds: [],
      events: [],
      timeline: [],
      dueInMs: payment.nextStepAt === null ? null : 0,
      release: lease,
      requiresReference: false,
    }
    expect(await sqlite.payments.insert(commit, lease)).toBe('inserted')
  }
  return sqlite
}

/** The same store, whose calls wait until the scheduler lets them go. */
function scheduled(store: PaymentStore, scheduler: fc.Scheduler): PaymentStore {
  return mapCalls(store, (name) => (...args) => {
    const ordered = ['listByReference', 'save', 'find', 'reschedule'].includes(name)
    if (!ordered) return call(store, name, args)
    return scheduler.schedule(Promise.resolve(), name).then(() => call(store, name, args))
  })
}

const policies = fc.constantFrom<PaymentRules['duplicatePayments']>('hold', 'refund')
const latePolicies = fc.constantFrom<PaymentRules['latePayments']>('accept', 'hold', 'default')
const pairs = fc.constantFrom(
  [latePayment, latePayment],
  [timelyPayment, latePayment],
  [latePayment, supersededPayment],
)
const seconds = fc.tuple(fc.integer({ min: 500, max: 900 }), fc.integer({ min: 500, max: 900 }))

test.each([1, 2])('with %i node(s), in every order of their reads and writes', async (nodes) => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      policies,
      latePolicies,
      pairs,
      seconds,
      async (scheduler, duplicatePayments, latePayments, [one, other], [paidA, paidB]) => {
        const sqlite = await storeWith([
          (one ?? latePayment)('pay_a', at(paidA)),
          (other ?? latePayment)('pay_b', at(paidB)),
        ])
        const { gateway, refunds } = refunding()
        const errors: unknown[] = []
        const engine = () =>
          createPayments({
            store: scheduled(sqlite.payments, scheduler),
            gateway,
            clock: { now: () => now },
            rules: { duplicatePayments, latePayments },
            onError: (error) => errors.push(error),
          })
        const engines = Array.from({ length: nodes }, engine)
        await scheduler.waitFor(Promise.all(engines.map((each) => each.runDue())))
        // What a lost lease has left is taken up by the next look.
        await scheduler.waitFor(Promise.all(engines.map((each) => each.runDue())))

        expect(errors).toEqual([])
        const records = await sqlite.payments.listByReference('A-1001')
        const duplicates = records.filter(({ payment }) => payment.duplicateOf !== null)
        expect(duplicates).toHaveLength(1)
        const [duplicate] = duplicates
        const kept = records.find((record) => record !== duplicate)
        expect(duplicate?.payment.duplicateOf).toBe(kept?.payment.id)
        expect(duplicate?.payment.settlement).toBe(
          duplicatePayments === 'refund' ? 'refunded' : 'held',
        )
        // Whoever holds the reference already keeps it, else whoever paid first.
        if (one === timelyPayment) expect(duplicate?.payment.id).toBe('pay_b')
        else if (paidA !== paidB) {
          expect(duplicate?.payment.id).toBe(paidA < paidB ? 'pay_b' : 'pay_a')
        }
        expect(refunds).toEqual(
          duplicatePayments === 'refund' ? [duplicate?.payment.outTradeNo] : [],
        )
        expect(amountReserved(kept?.refunds ?? [])).toBe(0)
        const events = await sqlite.payments.eventsAfter(0, 100)
        const types = events.map(({ type }) => type)
        expect(types.filter((type) => type === 'payment.duplicate')).toHaveLength(1)
        await sqlite.close()
      },
    ),
    { numRuns: 150 },
  )
})

test('three of one reference: one keeps it, two are duplicates of it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), async (scheduler) => {
      const sqlite = await storeWith([
        latePayment('pay_a', at(502)),
        latePayment('pay_b', at(501)),
        latePayment('pay_c', at(503)),
      ])
      const { gateway, refunds } = refunding()
      const payments = createPayments({
        store: scheduled(sqlite.payments, scheduler),
        gateway,
        clock: { now: () => now },
        rules: { duplicatePayments: 'refund', latePayments: 'accept' },
      })
      await scheduler.waitFor(payments.runDue())
      const records = await sqlite.payments.listByReference('A-1001')
      const of = Object.fromEntries(records.map(({ payment }) => [payment.id, payment.duplicateOf]))
      expect(of).toEqual({ pay_a: 'pay_b', pay_b: null, pay_c: 'pay_b' })
      expect(refunds.toSorted()).toEqual(['out_pay_a', 'out_pay_c'])
      await sqlite.close()
    }),
    { numRuns: 60 },
  )
})
