/**
 * Compares a whole bill with our books, both ways: each row of the bill is looked for in the books,
 * then each sale of the day in the bill. Both are read in pages.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import {
  addMs,
  formatBeijingDate,
  parseBeijingTime,
  toFen,
  type Clock,
  type Fen,
} from '../alipay/index.ts'
import type { BillRow, BillType } from './bill-row.ts'
import type {
  BilledElsewhen,
  BooksStore,
  LocalPayment,
  LocalRefund,
  PagePosition,
  Span,
} from './books-store.ts'
import type { Difference, DifferenceCode, DifferenceStatus } from './difference.ts'
import { heal, isHealable, type BooksEngine } from './heal.ts'
import { matchRow, type Match, type MatchRules } from './match.ts'
import { SeenKeys } from './seen-keys.ts'

/** How books are kept. */
export interface BooksRules extends MatchRules {
  /**
   * What becomes of rows whose number saoma has not made: `report` has them looked at, `ignore` is
   * for an account that other systems use too. Their sum is told in any case.
   */
  readonly foreignRows: 'report' | 'ignore'
}

/** What a comparison needs. */
export interface Comparison {
  readonly store: BooksStore
  readonly engine: BooksEngine
  readonly clock: Clock
  readonly rules: BooksRules
  /** Whose books these are: the mode and the application. */
  readonly identity: string
  readonly billType: BillType
  readonly date: string
  /** Counts the comparisons of this bill. */
  readonly run: number
  readonly rows: AsyncIterable<readonly BillRow[]>
  /** Is told how many rows of the bill are done. */
  readonly onProgress: (rows: number) => Promise<void>
}

/** What it comes to beside the differences, which are in the store. */
export interface Compared {
  /** `net`: what was sold less what went back, before fees and discounts. */
  readonly foreign: { readonly rows: number; readonly net: Fen }
}

/** Rows that are looked up at a time. */
const LOOKUP = 1_000

/** Of payments and refunds of our own that are read at a time. */
const PAGE = 5_000

/** Differences that are mended at a time. */
const HEALED_AT_ONCE = 8

const DAY_MS = 86_400_000

/** What happened in the last half hour of a day may be in the next one's bill. */
const EDGE_MS = 30 * 60_000

/** A later bill is waited for: so many days after the day itself. */
const WAITS_DAYS = 3

/** Compares. */
export async function compare(comparison: Comparison): Promise<Compared> {
  const { store, date, billType, run, clock } = comparison
  const seen = new SeenKeys()
  await store.forgetElsewhen(date, billType)
  const foreign = await compareBill(comparison, seen)
  await compareBooks(comparison, seen)
  await store.closeVanished(date, billType, run, clock.now())
  await store.closeBilled(clock.now())
  await endWaiting(comparison)
  return { foreign }
}

async function compareBill(comparison: Comparison, seen: SeenKeys): Promise<Compared['foreign']> {
  const repeats = new Repeats()
  let done = 0
  let foreign = { rows: 0, net: toFen(0) }
  for await (const rows of batches(comparison.rows, LOOKUP)) {
    const others = await compareRows(comparison, rows, seen, repeats)
    foreign = { rows: foreign.rows + others.rows, net: toFen(foreign.net + others.net) }
    done += rows.length
    await comparison.onProgress(done)
  }
  return foreign
}

async function compareRows(
  comparison: Comparison,
  rows: readonly BillRow[],
  seen: SeenKeys,
  repeats: Repeats,
): Promise<Compared['foreign']> {
  const { store, rules, billType } = comparison
  const { from, until } = dayOf(comparison.date)
  const sales = rows.filter(({ kind }) => kind !== 'other')
  const locals = await lookUp(store, sales)
  const unknown = sales.filter(({ outTradeNo }) => !locals.has(outTradeNo))
  const ofOthers = await store.ofOtherApps([...new Set(unknown.map(numberOf))])
  const differences: Difference[] = []
  const elsewhen: BilledElsewhen[] = []
  const ailing = new Map<string, BillRow[]>()
  const taken = new Set<string>()
  let foreignRows = 0
  let foreignNet = 0
  const settle = (row: BillRow, match: Match, note: string | null, healed: boolean): void => {
    const { payment, refund } = match
    if (refund !== undefined) {
      taken.add(refund.id)
      seen.add(keyOf('refund', refund))
    }
    const localAt = row.kind === 'refund' ? refund?.succeededAt : payment?.paidAt
    if (localAt !== undefined && localAt !== null) {
      if (localAt < from || localAt >= until) {
        elsewhen.push(datedElsewhen(comparison, row, match, formatBeijingDate(localAt)))
      }
    }
    if (match.code !== null) {
      differences.push(differenceOf(comparison, row, match, match.code, note, healed))
    }
  }
  const report = (row: BillRow, code: 'duplicate_row' | 'unknown_row'): void => {
    const payment = locals.get(row.outTradeNo)
    const match = { code, payment, refund: undefined, billAmount: row.amount, localAmount: null }
    const nth = repeats.count([code, row.outTradeNo, row.outRequestNo, row.entryNo])
    differences.push(differenceOf(comparison, row, match, code, null, false, nth))
  }
  // The account bill has fees and withdrawals, too.
  if (billType === 'trade') {
    for (const row of rows) if (row.kind === 'other') report(row, 'unknown_row')
  }
  for (const row of sales) {
    const isForeign =
      ofOthers.has(row.outTradeNo) ||
      (rules.foreignRows === 'ignore' &&
        !locals.has(row.outTradeNo) &&
        !OWN_NUMBER.test(row.outTradeNo))
    if (isForeign) {
      foreignRows += 1
      foreignNet += row.kind === 'refund' ? 0 - row.amount : row.amount
      continue
    }
    // A refund of the account bill has no number but that of its entry.
    const isEntry = row.kind === 'refund' && row.entryNo !== ''
    if (!seen.add(isEntry ? `e\t${row.entryNo}` : keyOf(row.kind, row))) {
      report(row, 'duplicate_row')
      continue
    }
    const match = matchRow(row, locals.get(row.outTradeNo), taken, rules)
    if (isHealable(match) && isOwnOrConfirmable(row)) {
      const others = ailing.get(row.outTradeNo)
      if (others === undefined) ailing.set(row.outTradeNo, [row])
      else others.push(row)
    } else {
      settle(row, match, null, isSettledDuplicate(match))
    }
  }
  await inParallel([...ailing.values()], HEALED_AT_ONCE, async (ofTrade) => {
    for (const row of ofTrade) {
      const before = matchRow(row, (await lookUp(store, [row])).get(row.outTradeNo), taken, rules)
      if (!isHealable(before)) {
        settle(row, before, null, isSettledDuplicate(before))
        continue
      }
      const note = await heal(comparison.engine, row, before)
      const after = matchRow(row, (await lookUp(store, [row])).get(row.outTradeNo), taken, rules)
      const isNamed = before.code === 'refund_missing_local' && before.refund !== undefined
      if (after.code !== null && after.code !== 'canceled_refunded') settle(row, after, note, false)
      // Known by its sum before: only its number was learned.
      else if (isNamed && after.code === null) settle(row, after, null, true)
      else settle(row, { ...after, code: before.code }, note, true)
    }
  })
  await store.putDifferences(differences)
  await store.noteElsewhen(elsewhen)
  return { rows: foreignRows, net: toFen(foreignNet) }
}

/** Numbers that saoma makes: what has one was sold by it. */
export const OWN_NUMBER = /^sm[0-9a-z]{26}$/

/** Alipay answers only for what this application has sold, so any other number may be asked too. */
function isOwnOrConfirmable({ outTradeNo }: BillRow): boolean {
  return /^\w{1,64}$/.test(outTradeNo)
}

/** A second payment that was decided about already needs nobody. */
function isSettledDuplicate({ code, payment }: Match): boolean {
  return code === 'duplicate_reference' && /^(?:accepted|refunded)$/.test(payment?.settlement ?? '')
}

async function lookUp(
  store: BooksStore,
  rows: readonly BillRow[],
): Promise<ReadonlyMap<string, LocalPayment>> {
  const payments = await store.paymentsOf([...new Set(rows.map(numberOf))])
  return new Map(payments.map((payment) => [payment.outTradeNo, payment]))
}

function numberOf({ outTradeNo }: BillRow): string {
  return outTradeNo
}

/** Looks for each payment and refund of the day that the bill had no row of. */
async function compareBooks(comparison: Comparison, seen: SeenKeys): Promise<void> {
  const { store, date, billType } = comparison
  const span = dayOf(date)
  const elsewhere = new Set(
    (await store.elsewhenOf(date, billType))
      .filter((row) => row.localDate === date && row.billDate !== date)
      .map((row) => keyOf(row.outRequestNo === '' ? 'payment' : 'refund', row)),
  )
  const isMissing = (kind: 'payment' | 'refund', sale: LocalPayment | LocalRefund): boolean => {
    const key = keyOf(kind, sale)
    return !seen.has(key) && !elsewhere.has(key)
  }
  let position: PagePosition | null = null
  for (;;) {
    const payments: LocalPayment[] = await store.paidIn(span, position, PAGE)
    const missing = payments.filter((payment) => isMissing('payment', payment))
    await inParallel(missing, HEALED_AT_ONCE, (payment) => reportMissing(comparison, span, payment))
    const last = payments.at(-1)
    if (last === undefined || payments.length < PAGE) break
    position = { at: last.createdAt, id: last.id }
  }
  position = null
  for (;;) {
    const refunds: LocalRefund[] = await store.refundedIn(span, position, PAGE)
    const missing = refunds.filter((refund) => isMissing('refund', refund))
    await inParallel(missing, HEALED_AT_ONCE, (refund) => reportMissing(comparison, span, refund))
    const last = refunds.at(-1)
    if (last === undefined || last.succeededAt === null || refunds.length < PAGE) break
    position = { at: last.succeededAt, id: last.id }
  }
}

/** Alipay is asked, but for what happened at the edge of the day: that waits for the next bill. */
async function reportMissing(
  comparison: Comparison,
  { until }: Span,
  sale: LocalPayment | LocalRefund,
): Promise<void> {
  const { engine, store, identity, date, billType, run, clock } = comparison
  const refund = 'paymentId' in sale ? sale : undefined
  const at = 'paymentId' in sale ? sale.succeededAt : sale.paidAt
  const isAtEdge = at !== null && at >= until - EDGE_MS
  const answer = isAtEdge
    ? 'edge'
    : refund === undefined
      ? await engine.askTrade(sale.id)
      : await engine.askRefund(sale.id)
  const code = refund === undefined ? 'missing_remote' : 'refund_missing_remote'
  const now = clock.now()
  const outRequestNo = refund?.outRequestNo ?? ''
  await store.putDifferences([
    {
      id: idOf([identity, billType, date, code, sale.outTradeNo, outRequestNo]),
      billType,
      date,
      code,
      status: answer === 'denied' || isWaitOver(date, now) ? 'open' : 'waiting',
      outTradeNo: sale.outTradeNo,
      outRequestNo,
      tradeNo: sale.tradeNo,
      paymentId: refund?.paymentId ?? sale.id,
      refundId: refund?.id ?? null,
      billAmount: null,
      localAmount: sale.amount,
      note: MISSING_NOTES[answer],
      run,
      resolvedBy: null,
      createdAt: now,
      updatedAt: now,
    },
  ])
}

const MISSING_NOTES = {
  edge: 'In the last half hour of the day: the next bill may have it.',
  confirmed: 'Alipay confirms it: a later bill should have it.',
  denied: 'Alipay does not confirm it. Hand out no goods and no refund before it is cleared up.',
  unknown: 'Alipay did not answer. It is asked again by the next run.',
} as const

/** What no later bill had in time, a person has to look at. */
async function endWaiting({ store, clock, billType }: Comparison): Promise<void> {
  const now = clock.now()
  for (let last: string | undefined; ;) {
    const waiting: Difference[] = await store.listDifferences({
      limit: PAGE,
      billType,
      statuses: ['waiting'],
      after: last,
    })
    const over = waiting.filter(({ date }) => isWaitOver(date, now))
    await store.putDifferences(
      over.map((difference) => ({
        ...difference,
        status: 'open',
        note: `No bill had it within ${WAITS_DAYS} days.`,
        updatedAt: now,
      })),
    )
    last = waiting.findLast((difference) => !over.includes(difference))?.id
    if (waiting.length < PAGE) return
  }
}

function isWaitOver(date: string, now: number): boolean {
  return now >= dayOf(date).until + WAITS_DAYS * DAY_MS
}

function differenceOf(
  { identity, billType, date, run, clock }: Comparison,
  row: BillRow,
  match: Match,
  code: DifferenceCode,
  note: string | null,
  healed: boolean,
  nth = 1,
): Difference {
  const now = clock.now()
  const status: DifferenceStatus = healed ? 'healed' : 'open'
  return {
    id: idOf([identity, billType, date, code, row.outTradeNo, numberOfRow(row), ...more(nth)]),
    billType,
    date,
    code,
    status,
    outTradeNo: row.outTradeNo,
    outRequestNo: row.outRequestNo,
    tradeNo: row.tradeNo,
    paymentId: match.payment?.id ?? null,
    refundId: match.refund?.id ?? null,
    billAmount: match.billAmount,
    localAmount: match.localAmount,
    note,
    run,
    resolvedBy: null,
    createdAt: now,
    updatedAt: now,
  }
}

function datedElsewhen(
  { billType, date }: Comparison,
  row: BillRow,
  { refund }: Match,
  localDate: string,
): BilledElsewhen {
  return {
    billType,
    outTradeNo: row.outTradeNo,
    outRequestNo: refund?.outRequestNo ?? '',
    billDate: date,
    localDate,
    amount: row.amount,
  }
}

/** The day in Beijing. */
export function dayOf(date: string): Span {
  const from = parseBeijingTime(`${date} 00:00:00`)
  return { from, until: addMs(from, DAY_MS) }
}

function keyOf(
  kind: BillRow['kind'],
  { outTradeNo, outRequestNo = '' }: { outTradeNo: string; outRequestNo?: string },
): string {
  return kind === 'refund' ? `r\t${outTradeNo}\t${outRequestNo}` : `p\t${outTradeNo}`
}

function numberOfRow({ outRequestNo, entryNo }: BillRow): string {
  return outRequestNo === '' ? entryNo : outRequestNo
}

/** The first one has the id that it always had. */
function more(nth: number): string[] {
  return nth === 1 ? [] : [String(nth)]
}

/** The same difference has the same id in each run. */
function idOf(parts: readonly string[]): string {
  return `dif_${createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 26)}`
}

/** How often what should be there once has been there. */
class Repeats {
  readonly #counts = new Map<string, number>()

  count(parts: readonly string[]): number {
    const key = parts.join('\t')
    const count = (this.#counts.get(key) ?? 0) + 1
    this.#counts.set(key, count)
    return count
  }
}

/** Gathers what comes in pieces of any size. */
async function* batches<T>(
  pieces: AsyncIterable<readonly T[]>,
  size: number,
): AsyncGenerator<readonly T[]> {
  let batch: T[] = []
  for await (const piece of pieces) {
    batch = batch.length === 0 ? [...piece] : [...batch, ...piece]
    for (; batch.length >= size; batch = batch.slice(size)) yield batch.slice(0, size)
  }
  if (batch.length > 0) yield batch
}

async function inParallel<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values()
  const workers = Array.from({ length: Math.min(atOnce, items.length) }, async () => {
    for (const item of queue) await work(item)
  })
  await Promise.all(workers)
}
