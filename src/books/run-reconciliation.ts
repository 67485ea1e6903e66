/**
 * Runs a reconciliation: fetch, check, compare, conclude. Running it again finds the same.
 *
 * @module
 */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { addMs, toFen, type Clock, type Instant } from '../alipay/index.ts'
import { traced, type CallObserver } from '../payments/index.ts'
import { BillInvalid } from './bill-invalid.ts'
import type { BillType } from './bill-row.ts'
import { NO_TOTALS } from './bill-totals.ts'
import { lateAt, RETRY_MS } from './bill-schedule.ts'
import type { BooksLease, BooksStore } from './books-store.ts'
import { compare, dayOf, OWN_NUMBER, type BooksRules } from './compare.ts'
import { fetchBill, type BillGateway } from './fetch-bill.ts'
import { isHealable, type BooksEngine } from './heal.ts'
import { billRows, checkBill, type Bill } from './read-bill.ts'
import { reconciliationEvent } from './reconciliation-event.ts'
import type { Reconciliation, ReconciliationFailure } from './reconciliation.ts'

/** What running needs. */
export interface RunContext {
  readonly store: BooksStore
  readonly engine: BooksEngine
  readonly gateway: BillGateway
  readonly identity: string
  /** The merchant's account (PID), where it is configured: bills of another are refused. */
  readonly sellerId: string | undefined
  readonly clock: Clock
  readonly rules: BooksRules
  readonly newToken: () => string
  readonly onCall: CallObserver
}

/** Rows between two signs of progress. */
const PROGRESS_ROWS = 20_000

/** After the death of a process another may go on so soon; it is kept while it is at it. */
const LEASE_MS = 60_000
const RENEW_MS = 15_000

/**
 * Runs one, once; if somebody else is at it, their run is what is returned.
 *
 * @param file A bill that was given by hand; else it is fetched.
 */
export function runReconciliation(
  context: RunContext,
  opened: Reconciliation,
  file?: string,
): Promise<Reconciliation> {
  const { id, date, billType } = opened
  const attributes = { 'saoma.reconciliation.id': id, 'saoma.bill': `${billType} ${date}` }
  return traced('reconcile', { attributes }, async (span) => {
    const ended = await runClaimed(context, opened, file)
    span.setAttribute('saoma.reconciliation.status', ended.status)
    return ended
  })
}

async function runClaimed(
  context: RunContext,
  { id }: Reconciliation,
  file: string | undefined,
): Promise<Reconciliation> {
  const { store, newToken } = context
  const lease: BooksLease = { token: newToken(), ms: LEASE_MS }
  const claimed = await store.claimReconciliation(id, lease)
  if (claimed === undefined) return (await store.findReconciliation(id)) as Reconciliation
  // Where it cannot be renewed, the next write finds out.
  const renewing = setInterval(
    () => void store.renewReconciliation(id, lease).catch(() => {}),
    RENEW_MS,
  )
  try {
    return await run(context, claimed, lease, file)
  } catch (error) {
    // What it was before it began: it is due again at once, and finds the same.
    await store.saveReconciliation(claimed, lease, true).catch(() => {})
    throw error
  } finally {
    clearInterval(renewing)
  }
}

async function run(
  context: RunContext,
  before: Reconciliation,
  lease: BooksLease,
  file: string | undefined,
): Promise<Reconciliation> {
  const { store, clock } = context
  const { billType, date } = before
  // Whoever asks meanwhile is to wait for it.
  const begun = { ...before, status: 'running', rowsRead: 0, updatedAt: clock.now() } as const
  await store.saveReconciliation(begun, lease, false)
  if (file !== undefined) return compareFile(context, { ...before, source: 'upload' }, lease, file)
  const folder = await mkdtemp(join(tmpdir(), 'saoma-bill-'))
  try {
    const downloaded = join(folder, 'bill')
    const fetched = await fetchBill(context.gateway, { billType, date }, downloaded, context.onCall)
    switch (fetched.status) {
      case 'fetched':
        return await compareFile(context, { ...before, source: 'alipay' }, lease, downloaded)
      case 'not_there':
        return await withoutBill(context, before, lease)
      case 'failed':
        return await fail(context, before, lease, fetched)
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function compareFile(
  context: RunContext,
  before: Reconciliation,
  lease: BooksLease,
  file: string,
): Promise<Reconciliation> {
  const { billType, date } = before
  let bill: Bill
  try {
    bill = await checkBill(file, { type: billType, date, sellerId: context.sellerId })
  } catch (error) {
    if (!(error instanceof BillInvalid)) throw error
    return fail(context, before, lease, { code: error.fault, message: error.message })
  }
  return compareChecked(context, before, lease, bill, file)
}

async function compareChecked(
  context: RunContext,
  before: Reconciliation,
  lease: BooksLease,
  bill: Bill,
  file: string,
): Promise<Reconciliation> {
  const { store, clock } = context
  const { billType, date } = before
  const begunAt = clock.now()
  let current: Reconciliation = {
    ...before,
    status: 'running',
    runs: before.runs + 1,
    rowsRead: 0,
    failure: null,
    finishedAt: null,
    nextTryAt: null,
    updatedAt: clock.now(),
  }
  const keep = async (next: Reconciliation, release = false): Promise<Reconciliation> => {
    current = { ...next, updatedAt: clock.now() }
    const event = release ? await eventOf(context, before, current) : null
    if (!(await store.saveReconciliation(current, lease, release, event))) throw new LeaseLost()
    return current
  }
  await keep(current)
  const { foreign } = await compare({
    ...context,
    billType,
    date,
    run: current.runs,
    rows: billRows(file),
    async onProgress(rows) {
      if (rows - current.rowsRead >= PROGRESS_ROWS) await keep({ ...current, rowsRead: rows })
    },
  })
  const { open } = await store.countDifferences(date, billType)
  return keep(
    {
      ...current,
      status: open === 0 ? 'balanced' : 'differences',
      billHash: bill.hash,
      rowsRead: bill.rows,
      result: {
        bill: bill.totals,
        groups: bill.groups,
        rows: bill.rows,
        reissued: before.billHash !== null && before.billHash !== bill.hash,
        repeated: before.billHash === bill.hash,
        foreign,
        hasSummary: bill.hasSummary,
        durationMs: Math.max(0, clock.now() - begunAt),
      },
      finishedAt: clock.now(),
      nextTryAt:
        open > 0 && (await hasUnanswered(store, date, billType))
          ? addMs(clock.now(), RETRY_MS)
          : null,
    },
    true,
  )
}

/**
 * Whether the bill has a sale of ours that is not booked yet: Alipay did not answer, and is asked
 * again within the hour. Other systems' sales are for a person.
 */
async function hasUnanswered(
  store: BooksStore,
  date: string,
  billType: BillType,
): Promise<boolean> {
  for (let after: string | undefined; ;) {
    const page = await store.listDifferences({
      limit: PAGE,
      date,
      billType,
      statuses: ['open'],
      after,
    })
    if (page.some((one) => isHealable(one) && OWN_NUMBER.test(one.outTradeNo))) return true
    after = page.at(-1)?.id
    if (page.length < PAGE) return false
  }
}

/** Differences that are read at a time. */
const PAGE = 1_000

/** Another process took over: what it finds is what counts. */
class LeaseLost extends Error {
  readonly code = 'ERR_BOOKS_LEASE_LOST'
  readonly outcome = 'unknown'

  constructor() {
    super('Another process has taken this reconciliation over. Look at what it finds.')
    this.name = 'LeaseLost'
  }
}

/**
 * There is no bill. Where nothing was sold there may never be one; else it is asked for each hour,
 * and worth an alarm in the evening.
 */
async function withoutBill(
  context: RunContext,
  before: Reconciliation,
  lease: BooksLease,
): Promise<Reconciliation> {
  const { store, clock } = context
  const now = clock.now()
  const isLate = now >= lateAt(before.date)
  const day = dayOf(before.date)
  const hasSales =
    (await store.paidIn(day, null, 1)).length > 0 ||
    (await store.refundedIn(day, null, 1)).length > 0
  const common = { ...before, updatedAt: now, finishedAt: now }
  const next: Reconciliation =
    isLate && !hasSales
      ? { ...common, status: 'balanced', failure: null, nextTryAt: null, result: NO_BUSINESS }
      : {
          ...common,
          status: 'awaiting_bill',
          nextTryAt: addMs(now, RETRY_MS),
          failure: isLate ? { code: 'bill_late', message: LATE } : null,
        }
  await store.saveReconciliation(next, lease, true, await eventOf(context, before, next))
  return next
}

const LATE =
  'There was business that day, and Alipay has no bill of it yet. It is asked for every hour; you may also give the file by hand.'

/** Neither side has anything. */
const NO_BUSINESS = {
  bill: NO_TOTALS,
  groups: [],
  rows: 0,
  reissued: false,
  repeated: false,
  foreign: { rows: 0, net: toFen(0) },
  hasSummary: false,
}

async function fail(
  context: RunContext,
  before: Reconciliation,
  lease: BooksLease,
  { code, message }: ReconciliationFailure,
): Promise<Reconciliation> {
  const { store, clock } = context
  const now: Instant = clock.now()
  // A file given by hand that is wrong takes nothing away from what a good one came to, but for a
  // run that died on its way there.
  const isNothing = before.result === null || before.status === 'running'
  // What a good one left to be asked again, still is.
  const isDueAgain = isNothing || before.nextTryAt !== null
  const next: Reconciliation = {
    ...before,
    status: isNothing ? 'failed' : before.status,
    failure: { code, message },
    nextTryAt: isDueAgain ? addMs(now, RETRY_MS) : null,
    updatedAt: now,
    finishedAt: isNothing ? now : before.finishedAt,
  }
  await store.saveReconciliation(next, lease, true, await eventOf(context, before, next))
  return next
}

async function eventOf({ store }: RunContext, before: Reconciliation, after: Reconciliation) {
  const { date, billType } = after
  return reconciliationEvent(before, after, await store.countDifferences(date, billType))
}

/** What a reconciliation is before it has run. */
export function newReconciliation(
  id: string,
  { billType, date }: { readonly billType: BillType; readonly date: string },
  now: Instant,
): Reconciliation {
  return {
    id,
    billType,
    date,
    status: 'awaiting_bill',
    source: 'alipay',
    runs: 0,
    billHash: null,
    rowsRead: 0,
    result: null,
    failure: null,
    createdAt: now,
    updatedAt: now,
    finishedAt: null,
    nextTryAt: now,
  }
}
