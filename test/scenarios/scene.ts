/**
 * A shop for one scenario, which must be in order when the scenario is over.
 *
 * @module
 */

import { expect, onTestFinished } from 'vitest'
import { checkoutView, type PaymentRecord } from '../../src/payments/index.ts'
import { openShop, type Shop, type ShopOptions } from '../payments/shop.ts'
import { breaches } from './invariants.ts'

/** How a scene is opened. */
export interface SceneOptions extends ShopOptions {
  /**
   * What must hold at the end beside the test's own claims. `all`, the default; `books`: the
   * invariants are not asked for where a part of the past was taken away; `nothing`: there is money
   * at Alipay that is of other books.
   */
  readonly atEnd?: 'all' | 'books' | 'nothing'
}

/** Opens a shop for the running test, and closes it after it. */
export async function openScene(options: SceneOptions = {}): Promise<Shop> {
  const { atEnd = 'all', ...rest } = options
  const shop = await openShop(rest)
  onTestFinished(async ({ task }) => {
    try {
      // What has failed already says it better.
      if (task.result?.state === 'fail') return
      if (atEnd !== 'nothing') await shop.expectBooks()
      if (atEnd === 'all') expect(await breaches(shop)).toEqual([])
    } finally {
      await shop.destroy()
    }
  })
  return shop
}

/** What the books say is what the ledger says; and the buyer was never shown something else. */
export async function expectRightEnd(shop: Shop, sold: PaymentRecord): Promise<void> {
  const entry = shop.emulator.ledger().find((line) => line.out_trade_no === sold.payment.outTradeNo)
  const record = await shop.find(sold)
  const told = shop.events(sold)
  const shown = shop.commits
    .filter(({ record }) => record.payment.id === sold.payment.id)
    .map((commit) => checkoutView(commit.record, shop.clock.now()).state)
  if (entry === undefined || entry.paid === 0) {
    expect(['expired', 'canceled']).toContain(record.payment.status)
    expect(shown).not.toContain('paid')
  } else if (entry.refunds.length === 0) {
    expect(record).toMatchObject({
      payment: { status: 'succeeded', refundedByCancel: false, late: false },
      refunds: [],
    })
    expect(told.filter((type) => type === 'payment.succeeded')).toHaveLength(1)
  } else {
    expect(entry.refunds).toMatchObject([{ by: 'cancel' }])
    expect(record).toMatchObject({
      payment: { status: 'succeeded', refundedByCancel: true, review: 'refunded_by_cancel' },
      refunds: [{ source: 'cancel', status: 'succeeded', amount: 8888 }],
    })
    // Never said to be paid: goods would have been handed over.
    expect(told).not.toContain('payment.succeeded')
    expect(told.slice(-2)).toEqual(['payment.refunded_by_cancel', 'refund.succeeded'])
    expect(shown).not.toContain('paid')
  }
}

/** Every order of some things. */
export function orders<T>(things: readonly T[]): T[][] {
  if (things.length === 0) return [[]]
  return things.flatMap((first, index) =>
    orders(things.toSpliced(index, 1)).map((rest) => [first, ...rest]),
  )
}
