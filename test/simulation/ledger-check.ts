/**
 * The end of a simulation: the merchant's books, the store's rows and Alipay's ledger must tell the
 * same, and nothing may be left open.
 *
 * @module
 */

import type { LedgerEntry } from '../../src/emulator/ledger.ts'
import type {
  PaymentRecord,
  PaymentStore,
  StoredEvent,
  TimelineEntry,
} from '../../src/payments/index.ts'
import type { Books } from './books.ts'
import { isEqual, isOpen } from './commit-check.ts'
import type { Violations } from './violations.ts'

/** Compares what was booked with what happened to money. */
export function checkLedger(
  books: Books,
  ledger: readonly LedgerEntry[],
  violations: Violations,
): void {
  const byNumber = new Map(ledger.map((entry) => [entry.out_trade_no, entry]))
  for (const { out_trade_no: number, paid } of ledger) {
    if (paid > 0 && books.findByOutTradeNo(number) === undefined) {
      violations.add('I1', number, 'paid, and no payment of ours')
    }
  }
  for (const record of books.all()) {
    const { outTradeNo } = record.payment
    checkMoney(record, byNumber.get(outTradeNo), books, (invariant, text) =>
      violations.add(invariant, outTradeNo, text),
    )
  }
}

type Judge = (invariant: Parameters<Violations['add']>[0], text: string) => void

function checkMoney(
  record: PaymentRecord,
  entry: LedgerEntry | undefined,
  books: Books,
  into: Judge,
): void {
  const { payment, refunds } = record
  const paid = entry?.paid ?? 0
  const { status } = payment
  if (isOpen(record)) return into('I11', `is still open: ${describe(record)}`)
  if (paid > 0 && status !== 'succeeded') return into('I1', `is paid, and ${status} with us`)
  if (paid === 0 && status === 'succeeded') return into('I2', 'succeeded, and nobody has paid')
  if (paid > 0 && paid !== payment.amount) into('I2', `paid ${paid}, booked ${payment.amount}`)
  const made = refunds.filter((refund) => refund.status === 'succeeded')
  const booked = made.reduce((sum, { amount }) => sum + amount, 0)
  const refunded = entry?.refunded ?? 0
  if (booked !== refunded) into('I15', `given back ${refunded}, booked ${booked}`)
  for (const refund of entry?.refunds ?? []) checkRefund(refund, record, books, into)
  for (const { outRequestNo, source } of made) {
    const isOurs = source === 'api' || source === 'policy'
    const isThere = entry?.refunds.some(({ out_request_no: number }) => number === outRequestNo)
    if (isOurs && !isThere) into('I6', `the refund ${outRequestNo} is booked and was not made`)
  }
}

function checkRefund(
  { out_request_no: number, amount, by }: LedgerEntry['refunds'][number],
  { payment, refunds }: PaymentRecord,
  books: Books,
  into: Judge,
): void {
  if (by === 'cancel') {
    if (!payment.refundedByCancel) into('I3', 'a cancel gave the money back, and nobody says so')
    const told = books.events().filter(({ paymentId }) => paymentId === payment.id)
    if (told.some(({ type }) => type.startsWith('payment.succeeded'))) {
      into('I3', 'told as succeeded, and given back by a cancel')
    }
    return
  }
  const own = refunds.find((refund) => refund.outRequestNo === number)
  if (own === undefined) {
    if (!number.startsWith('console_')) into('I6', `nobody knows the refund ${number}`)
  } else if (own.amount !== amount && own.source !== 'external') {
    into('I6', `the refund ${number} of ${amount} is booked with ${own.amount}`)
  } else if (own.status !== 'succeeded') {
    into('I6', `the refund ${number} was made, and is ${own.status}`)
  }
}

/** Compares what is stored with what was committed. */
export async function checkStore(
  books: Books,
  store: PaymentStore,
  violations: Violations,
): Promise<void> {
  const stored = await store.list({ limit: 10_000 })
  if (stored.length !== books.all().length) {
    violations.add('I4', undefined, `${stored.length} payments are stored`)
  }
  for (const record of stored) {
    const { id, outTradeNo } = record.payment
    const difference = differ(books.find(id), record)
    if (difference !== undefined) violations.add('I4', outTradeNo, `is stored with ${difference}`)
    checkTimeline(record, await store.timeline(id), violations)
  }
  checkEvents(books, await store.eventsAfter(0, 100_000), violations)
}

function differ(committed: PaymentRecord | undefined, stored: PaymentRecord): string | undefined {
  const differing = (a: object, b: object): string[] =>
    Object.entries(a)
      .filter(([name, value]) => !isEqual((b as Record<string, unknown>)[name], value))
      .map(([name]) => name)
  const names = [
    ...differing(stored.payment, committed?.payment ?? {}),
    ...stored.refunds.flatMap((refund, index) =>
      differing(refund, committed?.refunds[index] ?? {}),
    ),
  ]
  if (stored.refunds.length !== committed?.refunds.length) names.push('refunds')
  return names.length === 0 ? undefined : `another ${names.join(', ')}`
}

/** Every change of the status is there, each where the one before has led. */
function checkTimeline(
  { payment }: PaymentRecord,
  timeline: readonly TimelineEntry[],
  violations: Violations,
): void {
  let status: string | null = null
  let version = 0
  for (const entry of timeline) {
    if (entry.from !== status) {
      violations.add(
        'I13',
        payment.outTradeNo,
        `its timeline jumps from ${status} to ${entry.from}`,
      )
    }
    if (entry.version <= version)
      violations.add('I13', payment.outTradeNo, 'its timeline goes back')
    status = entry.to
    version = entry.version
  }
  if (status !== payment.status) {
    violations.add('I13', payment.outTradeNo, `its timeline ends ${status}`)
  }
}

function checkEvents(books: Books, stored: readonly StoredEvent[], violations: Violations): void {
  const committed = books.events()
  if (stored.length !== committed.length) {
    violations.add('I9', undefined, `${stored.length} events stored, ${committed.length} committed`)
  }
  let position = 0
  for (const [index, event] of stored.entries()) {
    if (event.id !== committed[index]?.id) {
      return violations.add('I9', undefined, `the event ${event.id} is not where it was committed`)
    }
    if (event.position <= position) violations.add('I9', undefined, 'positions of events go back')
    position = event.position
  }
}

function describe({ payment, refunds }: PaymentRecord): string {
  const open = refunds.map(({ status, nextCall }) => `refund ${status} (${nextCall})`)
  return [payment.status, `settlement ${payment.settlement}`, ...open].join(', ')
}
