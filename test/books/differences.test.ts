/**
 * Each difference that there is comes about twice: by the emulator's own bill, and by a file made
 * by hand; and nothing else is found.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, test, vi } from 'vitest'
import { formatYuan, toFen } from '../../src/alipay/index.ts'
import { DIFFERENCE_CODES, type DifferenceCode } from '../../src/books/index.ts'
import type { Payment } from '../../src/payments/index.ts'
import { difference } from '../../src/server/schemas.ts'
import { storeKinds } from '../store/opened-stores.ts'
import { billFile, type HandRow } from './bill-files.ts'
import { openBookShop, type BookShop } from './book-shop.ts'

const DAY = '2026-11-23'

// The first emulator of a process makes keys.
vi.setConfig({ testTimeout: 60_000 })

/** How a difference comes about, and what else there is of it. */
interface Case {
  /** What happens on the day, and what is wrong with the bill that is fetched. */
  readonly fetched: (shop: BookShop) => Promise<unknown>
  /** What happens on the day, and the rows of the file. */
  readonly byHand: (shop: BookShop) => Promise<readonly HandRow[]>
  /** What is found, in both ways unless they differ. */
  readonly found: readonly [fetched: string, byHand?: string]
}

const row = ({ outTradeNo, amount }: Pick<Payment, 'outTradeNo' | 'amount'>): HandRow => ({
  outTradeNo,
  amount,
  fee: feeOf(amount),
})

/** Of the contract of these shops: 0.6 %. */
const feeOf = (amount: number): number => -Math.round(amount * 0.006)

/** One sale, and a bill that is wrong about it. */
function wrongly(name: string, change: (row: HandRow) => readonly HandRow[]) {
  return {
    async fetched(shop: BookShop) {
      const { payment } = await shop.sell()
      shop.emulator.faults.add({ name, out_trade_no: payment.outTradeNo })
    },
    byHand: async (shop: BookShop) => change(row((await shop.sell()).payment)),
  }
}

const cases: Readonly<Record<DifferenceCode, Case>> = {
  missing_local: {
    fetched: (shop) => lostSale(shop, 4_200),
    byHand: async () => [row({ outTradeNo: 'OTHER-SYSTEM', amount: toFen(70) })],
    found: ['missing_local healed', 'missing_local open'],
  },
  status_local_open: {
    async fetched(shop) {
      shop.pay(await shop.order())
    },
    byHand: async (shop) => [row((await shop.order()).payment)],
    found: ['status_local_open healed', 'status_local_open open'],
  },
  missing_remote: {
    ...wrongly('bill-row-missing', () => []),
    found: ['missing_remote waiting'],
  },
  amount_mismatch: {
    ...wrongly('bill-row-amount', (sold) => [
      { ...sold, amount: sold.amount + 1, received: sold.amount },
    ]),
    found: ['amount_mismatch open'],
  },
  received_mismatch: {
    ...wrongly('bill-row-received', (sold) => [{ ...sold, received: sold.amount - 1 }]),
    found: ['received_mismatch open'],
  },
  refund_missing_local: {
    async fetched(shop) {
      await consoleRefund(shop, (await shop.sell()).payment, 'console-1', 300)
    },
    async byHand(shop) {
      const { payment } = await shop.sell()
      await consoleRefund(shop, payment, 'console-1', 300)
      return [row(payment), { ...row(payment), amount: 300, outRequestNo: 'console-1', fee: 0 }]
    },
    found: ['refund_missing_local healed'],
  },
  refund_missing_remote: {
    async fetched(shop) {
      const { payment } = await shop.sell()
      await shop.payments.refund({ paymentId: payment.id, amount: toFen(5) })
      const record = await shop.payments.findByOutTradeNo(payment.outTradeNo)
      const number = record?.refunds[0]?.outRequestNo
      shop.emulator.faults.add({ name: 'bill-row-missing', out_trade_no: number })
    },
    async byHand(shop) {
      const { payment } = await shop.sell()
      await shop.payments.refund({ paymentId: payment.id, amount: toFen(5) })
      return [row(payment)]
    },
    found: ['refund_missing_remote waiting'],
  },
  fee_mismatch: {
    ...wrongly('bill-row-fee', (sold) => [{ ...sold, fee: (sold.fee ?? 0) - 1 }]),
    found: ['fee_mismatch open'],
  },
  duplicate_reference: {
    fetched: (shop) => paidTwice(shop),
    byHand: async (shop) => (await paidTwice(shop)).map(row),
    found: ['duplicate_reference open'],
  },
  canceled_refunded: {
    fetched: (shop) => canceledWhenPaid(shop),
    async byHand(shop) {
      const payment = await canceledWhenPaid(shop)
      const { outTradeNo: outRequestNo } = payment
      return [row(payment), { ...row(payment), outRequestNo, fee: -feeOf(payment.amount) }]
    },
    found: ['canceled_refunded healed'],
  },
  duplicate_row: {
    ...wrongly('bill-row-twice', (sold) => [sold, sold]),
    found: ['duplicate_row open'],
  },
  unknown_row: {
    ...wrongly('bill-row-unknown', (sold) => [sold, { ...sold, kind: '分账' }]),
    found: ['unknown_row open'],
  },
}

test('every code has its case, its place in the API and its row in the guide', () => {
  expect(Object.keys(cases)).toEqual([...DIFFERENCE_CODES])
  expect(difference.shape.code.options).toEqual([...DIFFERENCE_CODES])
  const guide = readFileSync(
    new URL('../../docs/guides/reconciliation.md', import.meta.url),
    'utf8',
  )
  const [, table = ''] = guide.split('\n## Differences\n')
  const [section = ''] = table.split('\n## ')
  expect([...section.matchAll(/^\| `(\w+)`/gm)].map(([, code]) => code)).toEqual([
    ...DIFFERENCE_CODES,
  ])
})

describe.each(storeKinds.slice(0, process.env['SAOMA_TEST_ALL'] ? 2 : 1))(
  'on $kind',
  ({ kind }) => {
    // PostgreSQL's clock is not ours to put forward, until a reference may be sold again.
    const codes = DIFFERENCE_CODES.filter(
      (code) => kind === 'sqlite' || code !== 'duplicate_reference',
    )
    test.each(codes)('%s is found, and nothing else', async (code) => {
      const { fetched, byHand, found } = cases[code]
      const [byFetching, byFile = byFetching] = found
      for (const [how, expected] of [
        ['fetched', byFetching],
        ['by hand', byFile],
      ] as const) {
        const shop = await openShop(kind)
        const beside = await shop.sell({ amount: toFen(1_000), storeId: 'S1' })
        const rows = how === 'fetched' ? await fetched(shop) : await byHand(shop)
        shop.at('2026-11-24 09:00:00')
        const run =
          how === 'fetched'
            ? await shop.books.reconcile(DAY)
            : await shop.books.reconcileFile(
                billFile({
                  sellerId: shop.sellerId,
                  rows: [{ ...row(beside.payment), store: 'S1' }, ...(rows as readonly HandRow[])],
                }),
              )
        const status = expected.endsWith('open') ? 'differences' : 'balanced'
        expect({ how, status: run.status, failure: run.failure }).toEqual({
          how,
          status,
          failure: null,
        })
        expect(await shop.differences()).toEqual([expected])
        expect((await shop.books.daySummary(DAY)).unexplained).toBe(0)
        // Once more finds the same.
        if (how === 'by hand') continue
        await shop.books.reconcile(DAY)
        const [again] = await shop.differences()
        expect(again).toMatch(new RegExp(`^${code} ${expected.endsWith('open') ? '.*' : 'healed'}`))
      }
    })
  },
)

async function openShop(kind: 'sqlite' | 'postgresql'): Promise<BookShop> {
  const shop = await openBookShop(kind, { rules: { feeRate: 6_000 } })
  shop.emulator.settings.update({ fee_rate: 6_000 })
  return shop
}

/** A refund that somebody makes in Alipay's console. */
async function consoleRefund(
  shop: BookShop,
  { outTradeNo }: Payment,
  number: string,
  amount: number,
): Promise<void> {
  await shop.client.trade.refund({
    out_trade_no: outTradeNo,
    refund_amount: formatYuan(toFen(amount)),
    out_request_no: number,
  })
}

/** A sale at Alipay of which there is no row here. */
async function lostSale(shop: BookShop, amount: number): Promise<void> {
  const { qr_code: code } = await shop.client.trade.precreate({
    out_trade_no: 'sm01j9zzzzzzzzzzzzzzzzzzzzzz',
    total_amount: formatYuan(toFen(amount)),
    subject: '茶',
  })
  const scanned = shop.emulator.wallet.scan(code, shop.buyer)
  if (scanned.status !== 'ready') throw new Error(scanned.status)
  shop.emulator.wallet.pay(scanned.trade.trade_no, shop.buyer)
}

/** A code that lived on after its cancel is paid as well as the one that took its place. */
async function paidTwice(shop: BookShop): Promise<readonly Payment[]> {
  shop.emulator.settings.update({ unscanned_cancel: 'no_effect', late_scan: 'accepted' })
  const reference = 'ORDER-1'
  const first = await shop.order({ reference })
  await shop.payments.cancel(first.payment.id)
  for (let minutes = 0; minutes < 30; minutes += 5) {
    shop.clock.advance(5 * 60_000)
    await shop.settle()
  }
  const second = await shop.sell({ reference })
  shop.pay(first)
  await shop.payments.sync(first.payment.id)
  await shop.settle()
  return [first.payment, second.payment]
}

/** Somebody pays in the moment in which the shop cancels. */
async function canceledWhenPaid(shop: BookShop): Promise<Payment> {
  const order = await shop.order()
  shop.pay(order)
  shop.emulator.faults.add({ name: 'trade-not-exist', times: 1 })
  await shop.payments.cancel(order.payment.id)
  await shop.settle()
  return order.payment
}
