/**
 * What the engine may rely on, of each store: what is acknowledged is there, every write says which
 * version it believes, and what is due is given to one alone.
 *
 * @module
 */

import { beforeEach, describe, expect, test } from 'vitest'
import { addMs, toFen } from '../../src/alipay/index.ts'
import type { Payment, PaymentRecord, PaymentStore, Refund } from '../../src/payments/index.ts'
import { QUARANTINE_MAX } from '../../src/payments/payment-store.ts'
import { deliveryIdFor } from '../../src/webhooks/index.ts'
import { storeKinds, type OpenedStore } from './opened-stores.ts'
import { add, commitOf, event, lease, moveOf, opening, refund } from './payments-to-store.ts'

const ids = (records: readonly PaymentRecord[]): string[] =>
  records.map(({ payment: { id } }) => id)

/** Every field filled. */
const full: Partial<Payment> = {
  status: 'succeeded',
  reference: 'A-1',
  retryOf: 'pay_before',
  returnUrl: 'https://shop.example/done',
  amount: toFen(10_000_000_000),
  subject: '☕️ "美式" 咖啡\t\\',
  scannedAt: opening,
  paidAt: opening,
  endedAt: opening,
  late: true,
  tradeNo: '1',
  tradeStatus: 'TRADE_SUCCESS',
  amountReceived: toFen(0),
  buyerLogonId: '138****1234',
  cancellationReason: 'superseded',
  cancelAttemptedAt: opening,
  cancelAnsweredAt: opening,
  closeAttemptedAt: opening,
  refundedByCancel: true,
  settlement: 'held',
  duplicateOf: 'pay_other',
  review: 'late',
  failure: { code: 'ACQ.X', message: 'a "b"', alipayMessage: '系统错误' },
  outcome: 'unknown',
  unknownCalls: 3,
  answers: 7,
  answeredAt: opening,
  answerHash: 'c0ffee',
  events: 4,
  nextStepAt: null,
}

const fullRefund: Partial<Refund> = {
  reference: 'R-1',
  reason: '少了一杯',
  status: 'requires_action',
  source: 'policy',
  nextCall: 'refund_query',
  sentAt: opening,
  succeededAt: opening,
  cancelRequestedAt: opening,
  failure: { code: 'ACQ.X', message: 'x', alipayMessage: '余额不足' },
  outcome: 'unknown',
  unknownCalls: 2,
  events: 3,
  nextStepAt: null,
}

describe.each(storeKinds)('$kind', ({ open }) => {
  let opened: OpenedStore
  let store: PaymentStore
  beforeEach(async () => {
    opened = await open()
    store = opened.payments
  })

  describe('payments', () => {
    test('come back as they were stored, found by each of their names', async () => {
      const stored: PaymentRecord[] = []
      for (const change of [full, {}]) {
        const commit = commitOf(`pay_${stored.length}`, change)
        expect(await store.insert(commit, lease())).toBe('inserted')
        stored.push(commit.record)
      }
      for (const record of stored) {
        const { id, outTradeNo, checkoutToken } = record.payment
        for (const key of [{ id }, { outTradeNo }, { checkoutToken }]) {
          expect(await store.find(key)).toEqual(record)
        }
      }
      expect(await store.listByReference('A-1')).toEqual([stored[0]])
      expect(await store.find({ id: 'pay_unknown' })).toBeUndefined()
      store = (await opened.reopen()).payments
      expect(await store.find({ id: 'pay_0' })).toEqual(stored[0])
      expect(await store.list({ limit: 9 })).toEqual([stored[1], stored[0]])
    })

    test('come back as they were saved later', async () => {
      await add(store, 'pay_1', { reference: 'A-1' })
      const { amount: _, ...changed } = full
      const commit = commitOf('pay_1', { ...changed, version: 2 })
      expect(await store.save(commit)).toBe('saved')
      expect(await store.find({ id: 'pay_1' })).toEqual({
        ...commit.record,
        payment: { ...commit.record.payment, retryOf: full.retryOf },
      })
    })

    test('with refunds keep them whole and in their order', async () => {
      await add(store, 'pay_1', { status: 'succeeded' })
      const refunds = [
        refund('pay_1', 're_z'),
        refund('pay_1', 're_a', fullRefund),
        refund('pay_1', 're_m', { reference: 'R-2' }),
      ]
      for (let count = 1; count <= 3; count++) {
        const commit = commitOf('pay_1', { version: count + 1 }, refunds.slice(0, count), {
          refunds: refunds.slice(count - 1, count),
        })
        expect(await store.save(commit)).toBe('saved')
      }
      expect((await store.find({ id: 'pay_1' }))?.refunds).toEqual(refunds)
      expect((await store.find({ refundId: 're_m' }))?.refunds).toEqual(refunds)
      expect((await store.list({ limit: 1 }))[0]?.refunds).toEqual(refunds)
      expect((await store.claim('pay_1', lease()))?.refunds).toEqual(refunds)
      expect(await store.find({ refundId: 're_unknown' })).toBeUndefined()

      const changed = refunds.map((one) => ({
        ...one,
        ...fullRefund,
        outRequestNo: one.outRequestNo,
      }))
      await store.save(commitOf('pay_1', { version: 5 }, changed))
      expect((await store.find({ id: 'pay_1' }))?.refunds).toEqual(changed)
    })

    test('are not written by whoever believes an old version, nor is what goes along', async () => {
      await add(store, 'pay_1')
      const change = (status: Payment['status'], version: number) =>
        store.save(commitOf('pay_1', { status, version }, [refund('pay_1', `re_${version}`)]))
      expect(await change('closing', 2)).toBe('saved')
      for (const version of [1, 2, 4]) expect(await change('succeeded', version)).toBe('outdated')
      expect(await store.find({ id: 'pay_1' })).toMatchObject({
        payment: { status: 'closing', version: 2 },
        refunds: [{ id: 're_2' }],
      })
      expect(await store.timeline('pay_1')).toHaveLength(2)
      expect(await store.eventsAfter(0, 10)).toHaveLength(2)
    })

    test('of ten writers with one version, one is heard', async () => {
      await add(store, 'pay_1')
      const saved = await Promise.all(
        Array.from({ length: 10 }, (_, unknownCalls) =>
          store.save(commitOf('pay_1', { version: 2, unknownCalls })),
        ),
      )
      expect(saved.filter((result) => result === 'saved')).toHaveLength(1)
      const winner = saved.indexOf('saved')
      expect((await store.find({ id: 'pay_1' }))?.payment.unknownCalls).toBe(winner)
    })

    test('are listed newest first, page by page, also where several have the same moment', async () => {
      for (const [index, id] of ['pay_c', 'pay_a', 'pay_b', 'pay_d'].entries()) {
        await store.insert(commitOf(id, { createdAt: addMs(opening, index < 3 ? 0 : 1) }), lease())
      }
      const all = ids(await store.list({ limit: 10 }))
      expect(all).toEqual(['pay_d', 'pay_c', 'pay_b', 'pay_a'])
      const pages: string[] = []
      for (let before: string | undefined; pages.length < 4; before = pages.at(-1)) {
        const page = await store.list({ limit: 1, ...(before === undefined ? {} : { before }) })
        pages.push(...ids(page))
      }
      expect(pages).toEqual(all)
      expect(await store.list({ limit: 10, before: 'pay_a' })).toEqual([])
      expect(await store.list({ limit: 10, before: 'pay_unknown' })).toEqual([])
    })

    test('keep their timeline in the order in which it was learned', async () => {
      const timeline = (['created', 'pending', 'succeeded'] as const).map((to, index) => ({
        at: opening,
        kind: 'trade',
        source: 'gateway',
        summary: { amount: 1, nothing: null, text: '咖啡' },
        version: index + 1,
        from: index === 0 ? null : ('created' as const),
        to,
        raw: index === 1 ? '{"code":"10000"}' : null,
      }))
      await store.insert(commitOf('pay_1', {}, [], { timeline }), lease())
      expect(await store.timeline('pay_1')).toEqual(timeline)
      expect(await store.timeline('pay_2')).toEqual([])
    })

    test('that are inserted twice are taken, whoever comes second', async () => {
      const inserted = await Promise.all([
        store.insert(commitOf('pay_1'), lease()),
        store.insert(commitOf('pay_1'), lease()),
        store.insert(commitOf('pay_2', { outTradeNo: 'sm_pay_1' }), lease()),
        store.insert(commitOf('pay_3', { checkoutToken: 'token_pay_1' }), lease()),
      ])
      expect(inserted.toSorted()).toEqual(['inserted', 'taken', 'taken', 'taken'])
      expect(await store.list({ limit: 9 })).toHaveLength(1)
      expect(await store.eventsAfter(0, 9)).toHaveLength(1)
    })

    test('whose write cannot be stored leave nothing, and hurt none that are written at once', async () => {
      for (const id of ['pay_1', 'pay_2', 'pay_3']) await add(store, id)
      const told = await store.eventsAfter(0, 10)
      const again = told[0] as (typeof told)[0]
      const results = await Promise.allSettled([
        store.save(commitOf('pay_1', { version: 2, status: 'succeeded' })),
        store.save(
          commitOf('pay_2', { version: 2, status: 'succeeded' }, [refund('pay_2', 're_1')], {
            events: [event('pay_2'), { ...event('pay_2'), id: again.id }],
          }),
        ),
        store.save(commitOf('pay_3', { version: 2, status: 'succeeded' })),
      ])
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
      expect((await store.find({ id: 'pay_1' }))?.payment).toMatchObject({ version: 2 })
      expect((await store.find({ id: 'pay_3' }))?.payment).toMatchObject({ version: 2 })
      expect(await store.find({ id: 'pay_2' })).toMatchObject({
        payment: { version: 1, status: 'pending' },
        refunds: [],
      })
      expect(await store.timeline('pay_2')).toHaveLength(1)
      expect(await store.eventsAfter(0, 10)).toHaveLength(told.length + 2)
    })

    test('keep any text that a merchant or Alipay may send', async () => {
      const strange = 'a\u0000b\ud800c 😀 \\u0000'
      const kept = 'a\ufffdb\ufffdc 😀 \\u0000'
      await store.insert(commitOf('pay_1', { subject: strange }), lease())
      await add(store, 'pay_2')
      expect((await store.find({ id: 'pay_1' }))?.payment.subject).toBe(kept)
      await store.quarantine({ receivedAt: opening, body: strange })
      expect(await store.quarantined()).toMatchObject([{ body: kept }])
      expect(await store.listByReference(strange)).toEqual([])
    })
  })

  describe('a reference', () => {
    const reference = 'A-1'
    const insert = (id: string, change: Partial<Payment> = {}) =>
      store.insert(commitOf(id, { reference, ...change }), lease())
    const save = (id: string, version: number, status: Payment['status'], refunds: Refund[] = []) =>
      store.save(commitOf(id, { reference, version, status }, refunds))

    test('has one open payment: of ten inserts at once, one wins', async () => {
      const inserted = await Promise.all(
        Array.from({ length: 10 }, (_, index) => insert(`pay_${index}`)),
      )
      expect(inserted.filter((result) => result === 'inserted')).toHaveLength(1)
      expect(await store.list({ limit: 100 })).toHaveLength(1)
    })

    test('stays taken while it is paid, and is free when it has expired or all has gone back', async () => {
      await insert('pay_1')
      await save('pay_1', 2, 'succeeded')
      expect(await insert('pay_2')).toBe('taken')
      const back = refund('pay_1', 're_1', { amount: toFen(8888), status: 'succeeded' })
      await save('pay_1', 3, 'succeeded', [back])
      expect(await insert('pay_2')).toBe('inserted')
      await save('pay_2', 2, 'expired')
      expect(await insert('pay_3', { createdAt: addMs(opening, 1) })).toBe('inserted')
      expect(ids(await store.listByReference(reference))).toEqual(['pay_3', 'pay_2', 'pay_1'])
      expect(ids(await store.listByReference('A-2'))).toEqual([])
    })

    test('that is sold again does not keep late money of the first sale from being booked', async () => {
      await insert('pay_1')
      await save('pay_1', 2, 'expired')
      await insert('pay_2')
      expect(await save('pay_1', 3, 'succeeded')).toBe('saved')
      expect((await store.find({ id: 'pay_1' }))?.payment.status).toBe('succeeded')
      expect(await store.timeline('pay_1')).toHaveLength(3)
      await save('pay_2', 2, 'succeeded')
      expect(await insert('pay_3')).toBe('taken')
    })

    test('that a commit requires is told to be taken, and nothing is written', async () => {
      await insert('pay_1')
      await save('pay_1', 2, 'expired')
      await insert('pay_2')
      const accept = (version: number) =>
        store.save(
          commitOf('pay_1', { reference, version, status: 'succeeded' }, [], {
            requiresReference: true,
          }),
        )
      expect(await accept(3)).toBe('reference_taken')
      expect(await accept(2)).toBe('outdated')
      expect(await store.timeline('pay_1')).toHaveLength(2)
      await save('pay_2', 2, 'canceled')
      expect(await accept(3)).toBe('saved')
      expect(await insert('pay_3')).toBe('taken')
    })
  })

  describe('moves of the schedule', () => {
    test('write the schedule and nothing else, at the version that was read', async () => {
      await add(store, 'pay_1')
      const before = (await store.find({ id: 'pay_1' }))?.payment
      const schedule = {
        nextStepAt: addMs(opening, 10_000),
        outcome: 'unknown',
        unknownCalls: 2,
        answers: 3,
        answeredAt: opening,
        answerHash: 'abc',
      } as const
      const move = moveOf('pay_1', { ...schedule, subject: 'another', tradeNo: '9' })
      expect(await store.reschedule(move)).toBe(true)
      expect((await store.find({ id: 'pay_1' }))?.payment).toEqual({ ...before, ...schedule })
      expect(await store.timeline('pay_1')).toHaveLength(1)
      expect(await store.eventsAfter(0, 10)).toHaveLength(1)
      await store.save(commitOf('pay_1', { version: 2 }))
      expect(await store.reschedule(move)).toBe(false)
      expect(await store.reschedule(moveOf('pay_2'))).toBe(false)
    })

    test('say when the payment is next due, and give the lease back', async () => {
      await add(store, 'pay_1')
      const held = lease()
      expect(await store.claimDue(1, held)).toHaveLength(1)
      await store.reschedule(moveOf('pay_1', {}, { dueInMs: 60_000, release: held }))
      expect(await store.claimDue(1, lease())).toEqual([])
      await opened.advance(60_000)
      expect(ids(await store.claimDue(1, held))).toEqual(['pay_1'])
      await store.reschedule(moveOf('pay_1', {}, { dueInMs: null, release: held }))
      await opened.advance(1_000_000)
      expect(await store.claimDue(1, lease())).toEqual([])
      expect(await store.claim('pay_1', lease())).toBeDefined()
    })
  })

  describe('leases', () => {
    test('give a due payment to one claimer alone, until it is given back', async () => {
      for (let count = 0; count < 20; count++) await add(store, `pay_${count}`)
      const all = (
        await Promise.all(Array.from({ length: 5 }, () => store.claimDue(7, lease())))
      ).flat()
      expect(all).toHaveLength(20)
      expect(new Set(ids(all)).size).toBe(20)
      expect(await store.claimDue(7, lease())).toEqual([])
      expect(await store.claim('pay_0', lease())).toBeUndefined()
    })

    test('are given to whoever inserts, and end by themselves', async () => {
      await store.insert(commitOf('pay_1'), lease())
      await opened.advance(60_000)
      expect(await store.claimDue(10, lease())).toEqual([])
      await opened.advance(30_000)
      expect(ids(await store.claimDue(10, lease()))).toEqual(['pay_1'])
      await opened.advance(90_000)
      expect(ids(await store.claimDue(10, lease()))).toEqual(['pay_1'])
    })

    test('are given back only by their holder', async () => {
      await add(store, 'pay_1')
      const [first, second] = [lease(), lease()]
      expect(await store.claim('pay_1', first)).toMatchObject({ payment: { id: 'pay_1' } })
      await store.release(second, 'pay_1')
      expect(await store.claim('pay_1', second)).toBeUndefined()
      await store.release(first, 'pay_1')
      expect(await store.claim('pay_1', second)).toBeDefined()
    })

    test('are kept by a commit, and given back by one of their holder that says so', async () => {
      const held = lease()
      await store.insert(commitOf('pay_1'), held)
      await store.save(commitOf('pay_1', { version: 2 }))
      await store.save(commitOf('pay_1', { version: 3 }, [], { release: lease() }))
      expect(await store.claimDue(10, lease())).toEqual([])
      await store.save(commitOf('pay_1', { version: 4 }, [], { release: held }))
      expect(ids(await store.claimDue(10, lease()))).toEqual(['pay_1'])
    })

    test('of one token are given back together', async () => {
      for (const id of ['pay_1', 'pay_2', 'pay_3']) await add(store, id)
      const [held, other] = [lease(), lease()]
      expect(await store.claimDue(2, held)).toHaveLength(2)
      const left = await store.claimDue(2, other)
      await store.release(held, undefined, 0)
      const again = await store.claimDue(9, lease())
      expect([...ids(again), ...ids(left)].toSorted()).toEqual(['pay_1', 'pay_2', 'pay_3'])
    })

    test('that are given back say when the payment is next due', async () => {
      await add(store, 'pay_1')
      const held = lease()
      await store.claimDue(1, held)
      await store.release(held, 'pay_1', 60_000)
      expect(await store.claimDue(1, lease())).toEqual([])
      await opened.advance(60_000)
      await store.claimDue(1, held)
      await store.release(held, 'pay_1', null)
      await opened.advance(600_000)
      expect(await store.claimDue(1, lease())).toEqual([])
    })

    test('do not hide what another has made due in between', async () => {
      await add(store, 'pay_1', {}, { dueInMs: null })
      for (const [version, laterMs] of [
        [2, null],
        [3, 1_000_000],
      ] as const) {
        const held = lease()
        await store.claim('pay_1', held)
        // The merchant asks for a refund while the payment is looked at.
        await store.save(commitOf('pay_1', { version }, [], { dueInMs: 0 }))
        await store.release(held, 'pay_1', laterMs)
        const again = lease()
        expect(ids(await store.claimDue(1, again))).toEqual(['pay_1'])
        await store.release(again, 'pay_1', laterMs)
      }
    })

    test('are taken of what is due: the most urgent, and of those the longest due first', async () => {
      await add(store, 'ended', { status: 'expired' })
      await add(store, 'open_1')
      await opened.advance(10)
      await add(store, 'never', { nextStepAt: null }, { dueInMs: null })
      await add(store, 'later', {}, { dueInMs: 60_000 })
      await add(store, 'open_2')
      await add(store, 'closing', { status: 'closing' })
      await opened.advance(10)
      await add(store, 'new', { status: 'created' })
      await opened.advance(10)
      expect(ids(await store.claimDue(3, lease()))).toEqual(['closing', 'new', 'open_1'])
      expect(ids(await store.claimDue(10, lease()))).toEqual(['open_2', 'ended'])
      expect(ids(await store.claimDue(10, lease()))).toEqual([])
      await opened.advance(60_000)
      expect(ids(await store.claimDue(10, lease()))).toEqual(['later'])
    })

    test('of a payment with a refund that is due are urgent', async () => {
      await add(store, 'open')
      await add(store, 'paid', { status: 'succeeded', nextStepAt: null }, { dueInMs: null })
      expect(ids(await store.claimDue(9, lease()))).toEqual(['open'])
      const change = { status: 'succeeded', nextStepAt: null, version: 2 } as const
      await store.save(commitOf('paid', change, [refund('paid', 're_1')]))
      expect(await store.claimDue(1, lease())).toMatchObject([{ refunds: [{ id: 're_1' }] }])
    })
  })

  describe('the time until something is due', () => {
    test('is told, also of what is leased', async () => {
      expect(await store.nextDueInMs()).toBeNull()
      await add(store, 'never', {}, { dueInMs: null })
      expect(await store.nextDueInMs()).toBeNull()
      await add(store, 'ended', { status: 'expired' }, { dueInMs: 600_000 })
      const due = (await store.nextDueInMs()) ?? 0
      expect(due).toBeGreaterThan(500_000)
      expect(due).toBeLessThanOrEqual(600_000)
      await add(store, 'open', {}, { dueInMs: 100_000 })
      expect(await store.nextDueInMs()).toBeLessThanOrEqual(100_000)
      await opened.advance(100_001)
      expect(await store.nextDueInMs()).toBe(0)
      await store.claimDue(9, lease(50_000))
      const leased = (await store.nextDueInMs()) ?? 0
      expect(leased).toBeGreaterThan(20_000)
      expect(leased).toBeLessThanOrEqual(50_000)
      await store.save(commitOf('open', { version: 2 }))
      expect(await store.nextDueInMs()).toBeGreaterThan(20_000)
    })
  })

  describe('events', () => {
    test('are read in the order of commits, from any position on', async () => {
      expect(await store.lastEventPosition()).toBe(0)
      await store.insert(
        commitOf('pay_1', {}, [], {
          events: [event('pay_1'), event('pay_1', { type: 'refund.created', refundId: 're_1' })],
        }),
        lease(),
      )
      await add(store, 'pay_2')
      const all = await store.eventsAfter(0, 10)
      expect(all.map(({ paymentId, type, refundId }) => [paymentId, type, refundId])).toEqual([
        ['pay_1', 'payment.created', undefined],
        ['pay_1', 'refund.created', 're_1'],
        ['pay_2', 'payment.created', undefined],
      ])
      expect(all[0]).toEqual({
        ...event('pay_1'),
        id: expect.stringMatching(/^evt_/),
        paymentId: 'pay_1',
        position: expect.any(Number),
      })
      expect(await store.eventsAfter(all[0]?.position ?? 0, 1)).toEqual([all[1]])
      expect(await store.lastEventPosition()).toBe(all[2]?.position)
      expect(await store.eventsAfter(all[2]?.position ?? 0, 10)).toEqual([])
    })

    test('are to be delivered to each endpoint that wants them, in the same commit', async () => {
      const endpoint = (id: string, types: string, status = 'enabled', app = 'default') =>
        opened.query(`insert into webhook_endpoints
          (id, app, url, description, types, status, secrets, failures, paused_until,
           created_at, updated_at)
          values ('${id}', '${app}', '', '', '${types}', '${status}', '', 0, 0, 0, 0)`)
      await endpoint('whe_all', '*')
      await endpoint('whe_paid', ',payment.succeeded,refund.failed,')
      await endpoint('whe_other', ',payment.succeeded_late,')
      await endpoint('whe_off', '*', 'disabled')
      await endpoint('whe_app', '*', 'enabled', 'another')
      await store.insert(
        commitOf('pay_1', {}, [], { events: [event('pay_1', { id: 'evt_a' })] }),
        lease(),
      )
      const paid = event('pay_1', { id: 'evt_b', type: 'payment.succeeded' })
      const change = { version: 2, status: 'succeeded' } as const
      await store.save(commitOf('pay_1', change, [], { events: [paid] }))
      await store.save(commitOf('pay_1', change, [], { events: [event('pay_1', { id: 'evt_c' })] }))
      const rows = await opened.query('select * from webhook_deliveries order by id')
      expect(rows.map(({ id }) => id)).toEqual([
        deliveryIdFor('evt_a', 'whe_all'),
        deliveryIdFor('evt_b', 'whe_all'),
        deliveryIdFor('evt_b', 'whe_paid'),
      ])
      expect(rows[2]).toMatchObject({
        app: 'default',
        endpoint_id: 'whe_paid',
        event_id: 'evt_b',
        status: 'pending',
        attempts: 0,
        finished_at: null,
        lease_token: null,
      })
      expect(Number(rows[2]?.['due_at'])).toBeGreaterThan(0)
      expect(Number(rows[2]?.['created_at'])).toBe(opening)
    })
  })

  describe('notifications', () => {
    test('of unknown orders are kept once, without what they say of the buyer', async () => {
      const orphan = {
        outTradeNo: 'x',
        receivedAt: opening,
        params: { notify_id: 'n', trade_no: '1', buyer_logon_id: '138****1234', empty: undefined },
      }
      await store.storeOrphan(orphan)
      await store.storeOrphan(orphan)
      const rows = await opened.query('select out_trade_no, params from orphan_notifications')
      expect(rows).toEqual([{ out_trade_no: 'x', params: '{"notify_id":"n","trade_no":"1"}' }])
    })

    test('that nobody could verify are kept until they are forgotten, the newest only', async () => {
      const bodies = Array.from({ length: QUARANTINE_MAX + 3 }, (_, index) => `body ${index}`)
      const keep = (body = '') => store.quarantine({ receivedAt: opening, body })
      for (const body of bodies.slice(0, 4)) await keep(body)
      await Promise.all(bodies.slice(4, -1).map(keep))
      expect((await store.quarantined()).length).toBeLessThanOrEqual(QUARANTINE_MAX)
      await keep(bodies.at(-1))
      const kept = await store.quarantined()
      expect(kept).toHaveLength(QUARANTINE_MAX)
      expect(kept.map(({ body }) => body)).not.toContain('body 2')
      expect(kept[0]).toEqual({ id: expect.any(Number), receivedAt: opening, body: 'body 3' })
      await store.unquarantine(kept[0]?.id ?? 0)
      expect(await store.quarantined()).toEqual(kept.slice(1))
    })
  })
})
