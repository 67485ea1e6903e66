/**
 * Day's end: by store, cashier and till the books are what the bill says, with discounts, fees,
 * parts of refunds and refunds of an earlier day; where they are not, it is said why.
 */
import * as fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { formatYuan, toFen } from '../../src/alipay/index.ts'
import type { DaySummary } from '../../src/books/index.ts'
import type { PaymentRecord } from '../../src/payments/index.ts'
import '../property-seed.ts'
import { openBookShop } from './book-shop.ts'

vi.setConfig({ testTimeout: 120_000 })

const DAYS = ['2026-11-23', '2026-11-24']

const sale = fc.record({
  amount: fc.integer({ min: 1, max: 3_000 }),
  store: fc.constantFrom('S1', 'S2', undefined),
  operator: fc.constantFrom('小王', undefined),
  terminal: fc.constantFrom('T1', 'T2', undefined),
  feeRate: fc.constantFrom(0, 3_800, 6_000),
  merchantDiscount: fc.constantFrom(0, 0, 7, 50),
  platformDiscount: fc.constantFrom(0, 0, 13),
  /** Shares of the amount that go back, on the same day or on the next one. */
  refunds: fc.array(fc.record({ share: fc.integer({ min: 1, max: 60 }), later: fc.boolean() }), {
    maxLength: 3,
  }),
  /** Whether they are made in Alipay's console. */
  outside: fc.boolean(),
})

const faults = fc.constantFrom(
  undefined,
  undefined,
  'bill-row-missing',
  'bill-row-twice',
  'bill-row-foreign',
  'bill-row-amount',
  'bill-row-received',
  'bill-row-fee',
  'bill-row-unknown',
  'bill-empty',
)

const days = fc.tuple(
  fc.array(sale, { minLength: 1, maxLength: 8 }),
  fc.array(sale, { maxLength: 8 }),
  fc.tuple(faults, faults),
)

test('the sums of every till are the bill’s, or it is said why not', async () => {
  await fc.assert(
    fc.asyncProperty(days, async ([first, second, broken]) => {
      const shop = await openBookShop()
      const later: (() => Promise<void>)[] = []
      const back = async ({ payment }: PaymentRecord, amount: number, outside: boolean) => {
        // Alipay asks for a pause between two refunds of a payment.
        shop.clock.advance(4_000)
        const fen = toFen(amount)
        if (!outside) {
          await shop.payments.refund({ paymentId: payment.id, amount: fen })
          return
        }
        await shop.client.trade.refund({
          out_trade_no: payment.outTradeNo,
          refund_amount: formatYuan(fen),
          out_request_no: `console-${payment.id}-${shop.clock.now()}`,
        })
      }
      for (const [day, sales] of [first, second].entries()) {
        shop.at(`${DAYS[day]} 10:30:00`)
        for (const refund of later.splice(0)) await refund()
        for (const one of sales) {
          shop.emulator.settings.update({
            fee_rate: one.feeRate,
            merchant_discount: one.merchantDiscount,
            platform_discount: one.platformDiscount,
          })
          const record = await shop.sell({
            amount: toFen(one.amount),
            ...(one.store !== undefined && { storeId: one.store }),
            ...(one.operator !== undefined && { operatorId: one.operator }),
            ...(one.terminal !== undefined && { terminalId: one.terminal }),
          })
          let left = one.amount
          for (const { share, later: isLater } of one.refunds) {
            const amount = Math.min(left, Math.ceil((one.amount * share) / 100))
            if (amount === 0) continue
            left -= amount
            const refund = () => back(record, amount, one.outside)
            if (isLater) later.push(refund)
            else await refund()
          }
        }
      }
      shop.at('2026-11-25 09:00:00')
      for (const refund of later) await refund()
      shop.at('2026-11-26 09:00:00')
      await shop.settle()
      const dates = [...DAYS, '2026-11-25']
      for (const [index, date] of dates.entries()) {
        const fault = broken[index]
        if (fault !== undefined) shop.emulator.faults.add({ name: fault })
        const run = await shop.books.reconcile(date)
        expect(run.failure).toBeNull()
        expectExplained(await shop.books.daySummary(date), fault)
      }
      // The bill that is made anew agrees to the last fen, till by till.
      const fees: number[] = []
      for (const date of dates) {
        expect(await shop.books.reconcile(date)).toMatchObject({ status: 'balanced' })
        const summary = await shop.books.daySummary(date)
        expect(summary.books).toEqual(summary.bill)
        expect(summary.reasons).toEqual([])
        expect(summary.groups).toEqual(sorted(summary.reconciliation?.result?.groups ?? []))
        fees.push(summary.books.fee)
      }
      const taken = shop.emulator.ledger().reduce((sum, { fee }) => sum + fee, 0)
      expect(fees.reduce((sum, fee) => sum - fee, 0)).toBe(taken)
      await shop.expectLedger()
    }),
    { numRuns: process.env['SAOMA_TEST_ALL'] ? 40 : 1, endOnFailure: true },
  )
})

/** The reasons are what the sums differ by; without one, the sums are the same. */
function expectExplained(summary: DaySummary, fault: string | undefined): void {
  const { books, bill, reasons, unexplained } = summary
  if (bill === null) throw new Error('There is no bill')
  expect(unexplained).toBe(0)
  const told = reasons.reduce((sum, { net }) => sum + net, 0)
  expect(bill.gross - bill.refunded - (books.gross - books.refunded)).toBe(told)
  if (fault === undefined) expect(books).toEqual(bill)
}

function sorted(groups: DaySummary['groups']): DaySummary['groups'] {
  const key = ({ storeId, operatorId, terminalId }: DaySummary['groups'][number]) =>
    JSON.stringify([storeId, operatorId, terminalId])
  return groups.toSorted((a, b) => (key(a) < key(b) ? -1 : 1))
}
