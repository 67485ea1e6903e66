/**
 * Day's end: what a day adds up to by our books and by Alipay's bill, and why they are not the
 * same, to the last fen.
 *
 * @module
 */

import { toFen, type Fen, type Instant } from '../alipay/index.ts'
import { NO_TOTALS, type BillTotals, type GroupTotals } from './bill-totals.ts'
import type { BooksStore } from './books-store.ts'
import { dayOf } from './compare.ts'
import type { Difference, DifferenceCode } from './difference.ts'
import type { Reconciliation } from './reconciliation.ts'

/** One application's day. */
export interface DaySummary {
  /** The day in Beijing, `yyyy-MM-dd`. */
  readonly date: string
  /** By our books; fees, and what refunds bring back of a discount, as the bill has them. */
  readonly books: BillTotals
  /** By the bill; `null` while there is none. */
  readonly bill: BillTotals | null
  /** By store, cashier and till. */
  readonly groups: readonly GroupTotals[]
  readonly reconciliation: Reconciliation | null
  /** Why bill and books are not the same: `net` is what the bill has more. */
  readonly reasons: readonly DayReason[]
  /** What the bill has more, and no reason tells: 0. */
  readonly unexplained: Fen | null
}

/** Why bill and books are not the same. */
export interface DayReason {
  /**
   * A difference, or `other_day`: the same row, dated otherwise. `foreign`: not of this
   * application.
   */
  readonly reason: DifferenceCode | 'other_day' | 'foreign'
  readonly count: number
  readonly net: Fen
}

/** Differences that are read at a time. */
const PAGE = 1_000

/** Adds a day up. */
export async function daySummary(store: BooksStore, date: string): Promise<DaySummary> {
  const local = await store.totalsIn(dayOf(date))
  const reconciliation =
    (await store.listReconciliations({ limit: 10, date })).find(
      ({ billType }) => billType === 'trade',
    ) ?? null
  const result = reconciliation?.result ?? null
  const groups = withFees(local, result?.groups ?? [])
  const books = sumOf(groups)
  if (result === null) {
    return { date, books, bill: null, groups, reconciliation, reasons: [], unexplained: null }
  }
  const reasons = await reasonsOf(store, reconciliation as Reconciliation, result.foreign)
  const more = toFen(netOf(result.bill) - netOf(books))
  const told = reasons.reduce((sum, { net }) => sum + net, 0)
  const unexplained = toFen(more - told)
  return { date, books, bill: result.bill, groups, reconciliation, reasons, unexplained }
}

/** What was sold less what went back, before fees and discounts. */
function netOf({ gross, refunded }: BillTotals): Fen {
  return toFen(gross - refunded)
}

/** Only the bill knows fees, and the share of a discount that comes back with a refund. */
function withFees(local: readonly GroupTotals[], bill: readonly GroupTotals[]): GroupTotals[] {
  const billed = new Map(bill.map((group) => [groupKey(group), group]))
  const own = local.map((group) => {
    const { fee, discountBack } = billed.get(groupKey(group)) ?? NO_TOTALS
    return { ...group, fee, discountBack, received: toFen(group.received + discountBack) }
  })
  return own.toSorted((a, b) => (groupKey(a) < groupKey(b) ? -1 : 1))
}

function groupKey({ storeId, operatorId, terminalId }: GroupTotals): string {
  return JSON.stringify([storeId, operatorId, terminalId])
}

function sumOf(groups: readonly GroupTotals[]): BillTotals {
  const sum = (name: keyof BillTotals): Fen =>
    toFen(groups.reduce((total, group) => total + group[name], 0))
  return {
    ...NO_TOTALS,
    payments: sum('payments'),
    gross: sum('gross'),
    refunds: sum('refunds'),
    refunded: sum('refunded'),
    discount: sum('discount'),
    discountBack: sum('discountBack'),
    received: sum('received'),
    fee: sum('fee'),
  }
}

async function reasonsOf(
  store: BooksStore,
  { date, runs }: Reconciliation,
  foreign: { readonly rows: number; readonly net: Fen },
): Promise<DayReason[]> {
  const sums = new Map<DayReason['reason'], { count: number; net: number }>()
  const add = (reason: DayReason['reason'], net: number, count = 1): void => {
    const sum = sums.get(reason) ?? { count: 0, net: 0 }
    sums.set(reason, { count: sum.count + count, net: sum.net + net })
  }
  for (let after: string | undefined; ;) {
    const page = await store.listDifferences({ limit: PAGE, date, billType: 'trade', after })
    const booked = await bookedSince(store, date, page)
    for (const difference of page) {
      // What only an earlier bill of that day had is over, whoever has looked at it.
      const isOver = difference.run !== runs || booked.has(difference.id)
      const net = isOver ? 0 : effectOf(difference)
      if (net !== 0) add(difference.code, net)
    }
    after = page.at(-1)?.id
    if (page.length < PAGE) break
  }
  for (const row of await store.elsewhenOf(date, 'trade')) {
    // A refund that the bill has on another day weighs the other way.
    const sign = row.outRequestNo === '' ? 1 : -1
    if (row.billDate === date && row.localDate !== date) add('other_day', sign * row.amount)
    if (row.localDate === date && row.billDate !== date) add('other_day', -sign * row.amount)
  }
  if (foreign.rows > 0) add('foreign', foreign.net, foreign.rows)
  return [...sums].map(([reason, { count, net }]) => ({ reason, count, net: toFen(net) }))
}

/** What was missing here when the bill was compared, and is there now: Alipay answered later. */
async function bookedSince(
  store: BooksStore,
  date: string,
  differences: readonly Difference[],
): Promise<ReadonlySet<string>> {
  const missing = differences.filter(
    ({ code, status }) => status !== 'healed' && MISSING_HERE.has(code),
  )
  const { from, until } = dayOf(date)
  const isOfDay = (at: Instant | null): boolean => at !== null && at >= from && at < until
  const payments = new Map(
    (await store.paymentsOf([...new Set(missing.map(({ outTradeNo }) => outTradeNo))])).map(
      (payment) => [payment.outTradeNo, payment],
    ),
  )
  const isBooked = ({ outTradeNo, outRequestNo }: Difference): boolean => {
    const payment = payments.get(outTradeNo)
    if (outRequestNo === '') return payment?.status === 'succeeded' && isOfDay(payment.paidAt)
    return (payment?.refunds ?? []).some(
      (refund) =>
        refund.outRequestNo === outRequestNo &&
        refund.status === 'succeeded' &&
        isOfDay(refund.succeededAt),
    )
  }
  return new Set(missing.filter(isBooked).map(({ id }) => id))
}

const MISSING_HERE: ReadonlySet<DifferenceCode> = new Set([
  'missing_local',
  'status_local_open',
  'refund_missing_local',
])

/** How much more the bill has because of a difference that is not mended. */
function effectOf(difference: Difference): number {
  const { code, status, outRequestNo, billAmount, localAmount } = difference
  if (status === 'healed') return 0
  const sign = outRequestNo === '' ? 1 : -1
  switch (code) {
    case 'missing_local':
    case 'refund_missing_local':
    case 'status_local_open':
    case 'duplicate_row':
      return sign * (billAmount ?? 0)
    case 'missing_remote':
    case 'refund_missing_remote':
      return -sign * (localAmount ?? 0)
    case 'amount_mismatch':
      return sign * ((billAmount ?? 0) - (localAmount ?? 0))
    case 'received_mismatch':
    case 'unknown_row':
    case 'fee_mismatch':
    case 'duplicate_reference':
    case 'canceled_refunded':
      return 0
  }
}
