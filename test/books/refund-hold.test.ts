/**
 * After a restored backup: what went back in the gap does not go back again, whoever asks for it
 * under whatever name, and refunds flow again by themselves once the bills have covered the gap.
 *
 * @module
 */

import { describe, expect, test } from 'vitest'
import { toFen } from '../../src/alipay/index.ts'
import type { CreateRefundResult, PaymentRecord, Refund } from '../../src/payments/index.ts'
import { storeKinds } from '../store/opened-stores.ts'
import { openBookShop, type BookShop } from './book-shop.ts'

const HELD = 'SAOMA.RESTORED'
const MEANWHILE = 'SAOMA.REFUNDED_MEANWHILE'

/** A shop that was restored from a backup, and refunded some of what it had sold before. */
async function openRestored() {
  const shop = await openBookShop()
  const [refunded, clean] = [await shop.sell(), await shop.sell({ reference: 'B-2' })]
  const other = await shop.sell()
  await shop.backUp()
  shop.clock.advance(60_000)
  const lost = await shop.sell({ reference: 'LOST' })
  await refund(shop, refunded, 800, 'RF-1')
  // Refunds of one trade keep their distance.
  shop.clock.advance(10_000)
  await refund(shop, refunded, 300, 'RF-2')
  shop.clock.advance(1_000)
  await refund(shop, lost, 100, 'RF-3')
  shop.clock.advance(1_000)
  await shop.payments.refund({
    paymentId: clean.payment.id,
    amount: toFen(200),
    idempotencyKey: 'K-1',
  })
  shop.clock.advance(60_000)
  await shop.restore()
  await shop.settle()
  return { shop, refunded, clean, other }
}

test('a refund that Alipay has made is found by its number, and any other waits', async () => {
  const { shop, refunded, clean, other } = await openRestored()
  // The merchant's program repeats what it was told of.
  expect(await refund(shop, refunded, 800, 'RF-1')).toMatchObject({ status: 'succeeded' })
  const named = { paymentId: clean.payment.id, amount: toFen(200), idempotencyKey: 'K-1' }
  expect(await shop.payments.refund(named)).toMatchObject({ status: 'succeeded' })
  // Somebody does the other one again, by hand and without its name.
  const held = await refund(shop, refunded, 300)
  expect(held).toMatchObject({ status: 'requires_action', refund: { failure: { code: HELD } } })
  expect((await refund(shop, other, 500)).status).toBe('requires_action')
  expect(moved(shop)).toEqual([800, 300, 100, 200])
  // Asked for again, neither is sent.
  await shop.payments.retryRefund(idOf(held))
  shop.clock.advance(900_000)
  await shop.settle()
  expect((await stateOf(shop, held)).failure?.code).toBe(HELD)
  expect(moved(shop)).toEqual([800, 300, 100, 200])
  // What is sold from now on has been refunded by nobody.
  shop.clock.advance(1_000)
  expect((await refund(shop, await shop.sell(), 700)).status).toBe('succeeded')
})

test('bills that cover the gap lift the hold; only what may be the same money waits for a person', async () => {
  const { shop, refunded, other } = await openRestored()
  const again = await refund(shop, refunded, 300)
  const waiting = await refund(shop, other, 500)
  expect(await shop.books.gap()).toEqual([{ date: '2026-11-23', isCovered: false }])
  shop.at('2026-11-24 09:00:00')
  await shop.settle()
  expect(await shop.books.runDue()).toMatchObject([{ status: 'balanced' }])
  await shop.settle()

  expect(await shop.books.gap()).toEqual([])
  expect(await shop.payments.refundHold()).toMatchObject({
    liftedAt: shop.clock.now(),
    liftedBy: 'bills',
  })
  expect((await stateOf(shop, waiting)).status).toBe('succeeded')
  expect(await stateOf(shop, again)).toMatchObject({
    status: 'requires_action',
    failure: { code: MEANWHILE },
    nextStepAt: null,
  })
  expect(moved(shop)).toEqual([800, 300, 100, 200, 500])
  await shop.expectLedger()

  shop.clock.advance(1_000)
  // The person compares: it was another 3 yuan after all.
  expect(await shop.payments.retryRefund(idOf(again))).toMatchObject({
    status: 'done',
    refund: { status: 'succeeded' },
  })
  expect(moved(shop)).toEqual([800, 300, 100, 200, 500, 300])
  await shop.expectLedger()
})

test('what was made again is given up, and nothing moves', async () => {
  const { shop, refunded } = await openRestored()
  const again = await refund(shop, refunded, 300)
  shop.at('2026-11-24 09:00:00')
  await shop.settle()
  await shop.books.runDue()
  expect(await shop.payments.cancelRefund(idOf(again))).toMatchObject({
    refund: { status: 'canceled' },
  })
  expect(moved(shop)).toEqual([800, 300, 100, 200])
})

test('a day whose bill is not there, or hides something, is not covered', async () => {
  const { shop, other } = await openRestored()
  const held = await refund(shop, other, 500)
  shop.emulator.settings.update({ bill_ready_hour: 20 })
  shop.at('2026-11-24 19:00:00')
  expect((await shop.books.runDue()).map(({ status }) => status)).not.toContain('differences')
  expect(await shop.books.gap()).toEqual([{ date: '2026-11-23', isCovered: false }])
  shop.at('2026-11-24 20:01:00')
  expect(await shop.books.runDue()).toMatchObject([{ date: '2026-11-23', status: 'balanced' }])
  expect((await stateOf(shop, held)).status).toBe('succeeded')
})

test('a refund that was open in the backup goes on under its number, once', async () => {
  const shop = await openBookShop()
  const sale = await shop.sell()
  shop.emulator.faults.add({ name: 'request-lost', probability: 1 })
  const open = await refund(shop, sale, 400, 'RF-1')
  expect(open.status).toBe('processing')
  await shop.backUp()
  shop.emulator.faults.clear()
  shop.clock.advance(60_000)
  await shop.settle()
  expect((await stateOf(shop, open)).status).toBe('succeeded')
  await shop.restore()
  await shop.settle()
  expect((await stateOf(shop, open)).status).toBe('succeeded')
  expect(moved(shop)).toEqual([400])
})

describe.each(storeKinds)('on $kind', ({ kind }) => {
  test('an owner holds and lifts: what waited is sent at once, and no longer held', async () => {
    const shop = await openBookShop(kind)
    const sale = await shop.sell()
    shop.clock.advance(1_000)
    await shop.payments.holdRefunds(shop.clock.now())
    const held = await refund(shop, sale, 400)
    expect(held.status).toBe('requires_action')
    expect(await shop.payments.liftRefundHold('usr_1')).toBe(1)
    expect((await stateOf(shop, held)).status).toBe('succeeded')
    expect(await shop.payments.liftRefundHold('usr_1')).toBeUndefined()
    shop.clock.advance(10_000)
    expect((await refund(shop, sale, 100)).status).toBe('succeeded')
    expect(moved(shop)).toEqual([400, 100])
    // Held once more: the newest counts.
    shop.clock.advance(10_000)
    await shop.payments.holdRefunds(shop.clock.now())
    expect((await refund(shop, sale, 50)).status).toBe('requires_action')
  })
})

function refund(
  { payments }: BookShop,
  { payment }: PaymentRecord,
  amount: number,
  reference?: string,
): Promise<CreateRefundResult> {
  const name = reference === undefined ? {} : { reference }
  return payments.refund({ paymentId: payment.id, amount: toFen(amount), ...name })
}

function idOf(made: CreateRefundResult): string {
  if (!('refund' in made)) throw new Error(made.status)
  return made.refund.id
}

async function stateOf({ payments }: BookShop, made: CreateRefundResult): Promise<Refund> {
  const found = await payments.findRefund(idOf(made))
  if (found === undefined) throw new Error('The refund is gone')
  return found.refund
}

/** What has gone back at Alipay, in the order in which it did. */
function moved({ emulator }: BookShop): number[] {
  return emulator
    .ledger()
    .flatMap(({ refunds }) => refunds)
    .toSorted((a, b) => a.at.localeCompare(b.at))
    .map(({ amount }) => amount)
}
