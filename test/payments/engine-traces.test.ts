/**
 * What a payment leaves behind: a timeline that explains each change with Alipay's own words, and
 * events that are numbered without a gap. Nothing of the buyer is in either.
 *
 * @module
 */

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { toFen } from '../../src/alipay/index.ts'
import type { PaymentRecord, TimelineEntry } from '../../src/payments/index.ts'
import { breaches } from '../scenarios/invariants.ts'
import { after, openShop, type Shop } from './shop.ts'

let shop: Shop
beforeEach(async () => {
  shop = await openShop({ notify: true })
})
afterEach(() => shop.close())

const timelineOf = ({ payment }: PaymentRecord) => shop.payments.timeline(payment.id)

/** One line as text, without what Alipay said. */
function brief({ kind, source, version, from, to }: TimelineEntry): string {
  return `${version} ${source} ${kind} ${from ?? '-'} > ${to}`
}

describe('the timeline', () => {
  test('of a sale that is paid and refunded explains each change', async () => {
    shop.emulator.settings.update({ notify_refund: false })
    const sold = await shop.sell()
    const tradeNo = shop.scan(sold)
    await shop.elapse(5_000)
    shop.emulator.wallet.pay(tradeNo, shop.buyer)
    await shop.emulator.notifications.deliverDue()
    await shop.payments.refund({ paymentId: sold.payment.id, amount: toFen(3000) })
    expect((await timelineOf(sold)).map(brief)).toEqual([
      '1 merchant created - > created',
      '2 gateway precreated created > pending',
      '3 gateway trade pending > pending',
      '4 notification trade pending > succeeded',
      '5 merchant refund_created succeeded > succeeded',
      '6 engine refund_sent succeeded > succeeded',
      '7 gateway refund_done succeeded > succeeded',
    ])
    const times = (await timelineOf(sold)).map(({ at }) => at)
    expect(times).toEqual([0, 0, 5_000, 5_000, 5_000, 5_000, 5_000].map((ms) => after(ms)))
  })

  test('of one that nobody pays names the proof of its end', async () => {
    const sold = await shop.sell({ expiresInMs: 60_000 })
    shop.scan(sold)
    await shop.elapse(60_000, { stepMs: 60_000 })
    expect((await timelineOf(sold)).map(brief)).toEqual([
      '1 merchant created - > created',
      '2 gateway precreated created > pending',
      '3 clock deadline_passed pending > closing',
      '4 gateway trade closing > closing',
      '5 engine cancel_attempted closing > closing',
      '6 gateway cancel_answered closing > expired',
    ])
  })

  test('keeps Alipay’s words, whichever road they came by, and nothing of the buyer', async () => {
    const byQuery = await shop.sell()
    shop.pay(byQuery)
    await shop.payments.sync(byQuery.payment.id)
    await shop.emulator.notifications.deliverDue()
    const byNotification = await shop.sell()
    shop.pay(byNotification)
    await shop.emulator.notifications.deliverDue()

    const words = async (sold: PaymentRecord) => (await timelineOf(sold)).at(-1)?.raw ?? ''
    const answer = JSON.parse(await words(byQuery)) as Record<string, string>
    expect(answer).toMatchObject({
      code: '10000',
      trade_status: 'TRADE_SUCCESS',
      total_amount: '88.88',
      out_trade_no: byQuery.payment.outTradeNo,
      trade_no: (await shop.find(byQuery)).payment.tradeNo,
    })
    const form = new URLSearchParams(await words(byNotification))
    expect(form.get('trade_status')).toBe('TRADE_SUCCESS')
    expect(form.get('notify_id')).toBe(shop.emulator.notifications.list()[1]?.notify_id)

    const buyer = shop.emulator.wallet.buyers()[0]
    const everything = JSON.stringify([await timelineOf(byQuery), await timelineOf(byNotification)])
    for (const secret of [buyer?.id, buyer?.logon_id]) {
      expect(everything).not.toContain(secret)
    }
    // What we did ourselves has no words of Alipay's.
    expect((await timelineOf(byQuery))[0]).toMatchObject({ kind: 'created', raw: null })
  })

  test('keeps a refusal with its words, though the refund’s status stays for the moment', async () => {
    const sold = await shop.sellPaid()
    await shop.settle()
    shop.emulator.settings.update({ seller_balance: 'short' })
    const made = await shop.payments.refund({ paymentId: sold.payment.id })
    const refusal = (await timelineOf(sold)).at(-1)
    expect(refusal).toMatchObject({ kind: 'refund_refused', source: 'gateway' })
    expect(JSON.parse(refusal?.raw ?? '{}')).toMatchObject({
      sub_code: 'ACQ.SELLER_BALANCE_NOT_ENOUGH',
    })
    const { length } = await timelineOf(sold)
    await shop.elapse(900_000, { stepMs: 300_000 })
    expect((await timelineOf(sold)).slice(length).map(({ kind }) => kind)).toEqual([
      'refund_sent',
      'refund_refused',
    ])
    shop.emulator.settings.update({ seller_balance: 'enough' })
    await shop.payments.retryRefund('refund' in made ? made.refund.id : '')
    await shop.settle()
  })

  test('keeps what people decide', async () => {
    const sold = await shop.sellPaid()
    await shop.settle()
    shop.emulator.settings.update({ seller_balance: 'short' })
    const made = await shop.payments.refund({ paymentId: sold.payment.id })
    const id = 'refund' in made ? made.refund.id : ''
    shop.clock.advance(3_000)
    await shop.payments.retryRefund(id)
    await shop.payments.cancelRefund(id)
    const byPeople = (await timelineOf(sold)).filter(({ source }) => source === 'merchant')
    expect(byPeople).toMatchObject([
      { kind: 'created' },
      { kind: 'refund_created', summary: { refundId: id } },
      { kind: 'refund_retry_requested', summary: { refundId: id } },
      { kind: 'refund_cancel_requested', summary: { refundId: id } },
    ])
  })

  test('does not grow by polls that say nothing new: a count, a time and a hash change', async () => {
    const sold = await shop.sell({ expiresInMs: 3_600_000 })
    await shop.elapse(5_000, { stepMs: 5_000 })
    const first = await shop.find(sold)
    await shop.elapse(300_000, { stepMs: 5_000 })
    const later = await shop.find(sold)
    expect(await timelineOf(sold)).toHaveLength(2)
    expect(later.payment).toMatchObject({
      version: first.payment.version,
      answers: first.payment.answers + 60,
      answeredAt: after(305_000),
      answerHash: first.payment.answerHash,
    })
    shop.scan(sold)
    await shop.elapse(5_000, { stepMs: 5_000 })
    expect((await shop.find(sold)).payment.answerHash).not.toBe(first.payment.answerHash)
    expect(await timelineOf(sold)).toHaveLength(3)
  })
})

describe('events', () => {
  test('of each payment and each refund are numbered from 1 without a gap, also in a crowd', async () => {
    const sales = await Promise.all(Array.from({ length: 10 }, () => shop.sell()))
    for (const sold of sales) shop.pay(sold)
    shop.clock.advance(5_000)
    await Promise.all([shop.payments.runDue(), shop.emulator.notifications.deliverDue()])
    await Promise.all(
      sales.flatMap(({ payment }) =>
        [1000, 2000, 3000].map((amount) =>
          shop.payments.refund({ paymentId: payment.id, amount: toFen(amount) }),
        ),
      ),
    )
    await shop.elapse(20_000)
    expect(await breaches(shop)).toEqual([])
    const events = await shop.payments.eventsAfter(0, 10_000)
    const ofRefunds = events.filter(({ refundId }) => refundId !== undefined)
    expect(new Set(ofRefunds.map(({ refundId }) => refundId)).size).toBe(30)
    expect(new Set(events.map(({ sequence }) => sequence))).toEqual(new Set([1, 2, 3]))
  })

  test('show the object as it was committed, and what it was before', async () => {
    const sold = await shop.sell()
    shop.pay(sold)
    await shop.emulator.notifications.deliverDue()
    const events = await shop.payments.eventsAfter(0, 100)
    const told = events.map(({ type, sequence, data }) => ({
      type,
      sequence,
      ...(JSON.parse(data) as { object: object; previous: object }),
    }))
    expect(told).toMatchObject([
      { type: 'payment.created', sequence: 1, object: { status: 'created' }, previous: {} },
      {
        type: 'payment.pending',
        sequence: 2,
        object: { status: 'pending', next_action: { type: 'show_qr' } },
        previous: { status: 'created' },
      },
      {
        type: 'payment.succeeded',
        sequence: 3,
        object: { status: 'succeeded', paid_at: '2026-11-23T02:00:00.000Z', next_action: null },
        previous: { status: 'pending' },
      },
    ])
    const { body } = await shop.api('GET', `/payments/${sold.payment.id}`)
    expect(told[2]?.object).toEqual(body)
  })
})
