/** Whatever the emulator has in store for a bill is told by its name, and the next bill mends it. */
import { expect, test, vi } from 'vitest'
import { toFen } from '../../src/alipay/index.ts'
import { faultCatalogue } from '../../src/emulator/fault-catalogue.ts'
import { openBookShop } from './book-shop.ts'

const DAY = '2026-11-23'

// The first emulator of a process makes keys.
vi.setConfig({ testTimeout: 60_000 })

/** What a run says, and the differences that it finds. */
const expected: Readonly<Record<string, readonly [said: string, ...differences: string[]]>> = {
  'bill-late': ['awaiting_bill'],
  'bill-link-expired': ['failed download_failed'],
  'bill-page': ['failed not_a_zip'],
  'bill-half': ['failed not_a_zip'],
  'bill-cut': ['failed row_malformed'],
  'bill-empty': ['balanced', 'missing_remote waiting', 'missing_remote waiting'],
  'bill-other-day': ['failed other_date'],
  'bill-other-account': ['failed other_account'],
  'bill-totals-wrong': ['failed totals_wrong'],
  'bill-summary-wrong': ['failed summary_wrong'],
  'bill-row-missing': ['balanced', 'missing_remote waiting'],
  'bill-row-twice': ['differences', 'duplicate_row open'],
  'bill-row-foreign': ['differences', 'missing_local open'],
  'bill-row-amount': ['differences', 'amount_mismatch open'],
  'bill-row-received': ['differences', 'received_mismatch open'],
  'bill-row-fee': ['differences', 'fee_mismatch open'],
  'bill-row-unknown': ['differences', 'unknown_row open'],
  'bill-columns': ['balanced'],
  'bill-utf8': ['balanced'],
  'bill-bomb': ['failed too_large'],
}

const names = faultCatalogue.filter(({ scope }) => scope === 'bill').map(({ name }) => name)

test('every fault of bills is here', () => {
  expect(Object.keys(expected)).toEqual(names)
})

test('each is told by its name, nothing is booked from it, and an hour later all is well', async () => {
  const shop = await openBookShop('sqlite', { rules: { feeRate: 0 } })
  await shop.sell()
  const second = await shop.sell({ amount: toFen(5) })
  shop.at('2026-11-24 09:00:00')
  await shop.settle()
  const version = (await shop.payments.find(second.payment.id))?.payment.updatedAt
  for (const name of names) {
    shop.emulator.faults.add({ name })
    const run = await shop.books.reconcile(DAY)
    const { status, failure } = run
    const all = await shop.books.differences({ limit: 10, date: DAY })
    const left = all.filter((one) => one.status === 'open' || one.status === 'waiting')
    const codes = left.map((one) => `${one.code} ${one.status}`)
    // What a good bill came to before stays, beside the failure of this one.
    const said = failure === null ? status : `failed ${failure.code}`
    expect([name, said, ...codes]).toEqual([name, ...(expected[name] ?? [])])
    expect(run.nextTryAt !== null).toBe(said === 'awaiting_bill' || status === 'failed')

    const good = await shop.books.reconcile(DAY)
    expect(good).toMatchObject({ status: 'balanced', failure: null, nextTryAt: null })
    expect((await shop.books.daySummary(DAY)).unexplained).toBe(0)
  }
  expect((await shop.payments.find(second.payment.id))?.payment.updatedAt).toBe(version)
  await shop.expectLedger()
})

test('a bill of which Alipay’s documents say that it is not there is waited for', async () => {
  const shop = await openBookShop()
  shop.emulator.settings.update({ bill_refusals: 'documented', bill_ready_hour: 20 })
  await shop.sell()
  shop.at('2026-11-24 09:00:00')
  expect(await shop.books.reconcile(DAY)).toMatchObject({ status: 'awaiting_bill', failure: null })
})
