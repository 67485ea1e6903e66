/**
 * The books: Alipay's bills are fetched each morning, compared with payments and refunds, and every
 * difference is named; what Alipay confirms is booked by itself.
 *
 * The way of a bill, which is also the reading order: `bill-schedule` (when) → `fetch-bill` →
 * `read-bill` (whole, and adds up?) → `compare` (both ways) → `match` (a row) → `heal` (asks
 * Alipay, books) → `day-summary`.
 *
 * @module
 */

import { randomUUID } from 'node:crypto'
import { systemClock, type Clock, type Instant } from '../alipay/index.ts'
import type { CallObserver } from '../payments/index.ts'
import { CATCH_UP_DAYS, dueDates } from './bill-schedule.ts'
import type { BillType } from './bill-row.ts'
import type { BooksStore, DifferenceRange } from './books-store.ts'
import { dayOf, type BooksRules } from './compare.ts'
import { daySummary, type DaySummary } from './day-summary.ts'
import type { Difference } from './difference.ts'
import type { BillGateway } from './fetch-bill.ts'
import type { BooksEngine } from './heal.ts'
import { checkBill } from './read-bill.ts'
import type { Reconciliation } from './reconciliation.ts'
import { gapDates, isCovered, isDueForGap, type GapDay, type KnownDay } from './restored-gap.ts'
import { newReconciliation, runReconciliation, type RunContext } from './run-reconciliation.ts'

/** What the books are made of. */
export interface BooksOptions {
  readonly store: BooksStore
  /** The engine of the same application. */
  readonly payments: BooksEngine
  readonly gateway: BillGateway
  /** Whose books these are: the mode and the application. Default: `default`. */
  readonly identity?: string
  /** The merchant's account (PID): bills of another are refused. Default: not compared. */
  readonly sellerId?: string | undefined
  /** Default: fees are not compared, rows of other systems are reported. */
  readonly rules?: Partial<BooksRules>
  /** Default: the machine's. */
  readonly clock?: Clock
  /** Is told of each run that is over. Default: nobody is. */
  readonly onFinished?: (reconciliation: Reconciliation) => void
  /** Is told of each call of the gateway that is over. Default: nobody is. */
  readonly onCall?: CallObserver
  /** Is told of failures. Default: writes them to stderr. */
  readonly onError?: (error: unknown) => void
}

/** The books of one application. */
export interface Books {
  /**
   * Compares a day, now: fetches its bill from Alipay.
   *
   * @param date In Beijing, `yyyy-MM-dd`, before today.
   * @throws {RangeError} On another form, or a day that is not over.
   */
  reconcile(date: string, billType?: BillType): Promise<Reconciliation>
  /** As {@link Books.reconcile}, but goes on in the background. */
  begin(date: string, billType?: BillType): Promise<Reconciliation>
  /**
   * Compares a file that was given by hand; day and type stand in it.
   *
   * @param file A path of the ZIP that Alipay gives, or of its detail as CSV.
   * @throws {BillInvalid} If it is no bill, contradicts itself, or is of another account.
   */
  reconcileFile(file: string): Promise<Reconciliation>
  find(id: string): Promise<Reconciliation | undefined>
  list(range: Parameters<BooksStore['listReconciliations']>[0]): Promise<Reconciliation[]>
  differences(range: DifferenceRange): Promise<Difference[]>
  countDifferences: BooksStore['countDifferences']
  findDifference(id: string): Promise<Difference | undefined>
  /** A person has looked at a difference. */
  resolve(
    id: string,
    decision: { readonly by: string; readonly note: string },
  ): Promise<Difference | undefined>
  /** What a day adds up to. */
  daySummary(date: string): Promise<DaySummary>
  /**
   * The days that a restored backup has missed, while refunds are held for it: once all are covered
   * they are sent again. Empty without a hold.
   */
  gap(): Promise<GapDay[]>
  /** Runs what is due now and waits for it. Returns what was run. */
  runDue(): Promise<Reconciliation[]>
  /** Begins to look every minute for what is due. */
  start(): void
  /** Begins nothing more, and waits for what is in hand. */
  stop(): Promise<void>
}

const LOOK_MS = 60_000

/** Open differences of a day that are looked through: where there are more, people are at work. */
const OPEN_MAX = 1_000

const DEFAULT_RULES: BooksRules = { feeRate: null, foreignRows: 'report' }

/**
 * Opens the books. Nothing runs in the background until `start()`.
 *
 * @throws {RangeError} If a rule is not one.
 */
export function createBooks(options: BooksOptions): Books {
  const rules = { ...DEFAULT_RULES, ...options.rules }
  assertRules(rules)
  const { store, payments, gateway, sellerId, identity = 'default' } = options
  const { clock = systemClock, onFinished = () => {} } = options
  const onError = options.onError ?? ((error) => console.error(error))
  const context: RunContext = {
    store,
    engine: payments,
    gateway,
    identity,
    sellerId,
    clock,
    rules,
    newToken: randomUUID,
    onCall: options.onCall ?? (() => {}),
  }
  const inHand = new Set<Promise<unknown>>()
  let timer: NodeJS.Timeout | undefined

  const open = async (date: string, billType: BillType): Promise<Reconciliation> => {
    assertOver(date, clock.now())
    const id = `rec_${randomUUID().replaceAll('-', '').slice(0, 26)}`
    return store.openReconciliation(newReconciliation(id, { billType, date }, clock.now()))
  }
  const run = async (opened: Reconciliation, file?: string): Promise<Reconciliation> => {
    const work = runReconciliation(context, opened, file)
    inHand.add(work)
    try {
      const finished = await work
      if (finished.status !== 'running') onFinished(finished)
      await liftIfCovered()
      return finished
    } finally {
      inHand.delete(work)
    }
  }
  const reconcile = async (date: string, billType: BillType = 'trade'): Promise<Reconciliation> =>
    run(await open(date, billType))

  const lookAtGap = async (): Promise<(GapDay & { readonly known: KnownDay })[]> => {
    const hold = await payments.refundHold()
    if (hold === undefined || hold.liftedAt !== null) return []
    const now = clock.now()
    return Promise.all(
      gapDates(hold).map(async (date) => {
        const runs = await store.listReconciliations({ limit: 2, date })
        const run = runs.find(({ billType }) => billType === 'trade')
        const range = { limit: OPEN_MAX, date, billType: 'trade', statuses: ['open'] } as const
        const open = (await store.listDifferences(range)).map(({ code }) => code)
        const known = { run, open }
        return {
          date,
          isCovered: open.length < OPEN_MAX && isCovered(hold, date, known, now),
          known,
        }
      }),
    )
  }
  const liftIfCovered = async (): Promise<void> => {
    const days = await lookAtGap()
    if (days.length > 0 && days.every((day) => day.isCovered)) {
      await payments.liftRefundHold('bills')
    }
  }

  const runDue = async (): Promise<Reconciliation[]> => {
    const known = await store.listReconciliations({ limit: 2 * (CATCH_UP_DAYS + 1) })
    const dates = dueDates(clock.now(), await store.firstSaleAt(), known)
    const missed = (await lookAtGap()).filter(
      ({ date, isCovered: isOver, known: day }) => !isOver && isDueForGap(date, day, clock.now()),
    )
    const finished: Reconciliation[] = []
    for (const date of new Set([...missed.map((day) => day.date), ...dates])) {
      finished.push(await reconcile(date))
    }
    return finished
  }
  const look = (): void => {
    const work = runDue().catch(onError)
    inHand.add(work)
    void work.then(() => inHand.delete(work))
  }

  return {
    reconcile,
    async begin(date, billType = 'trade') {
      const opened = await open(date, billType)
      void run(opened).catch(onError)
      return opened
    },
    async reconcileFile(file) {
      const { type, date } = await checkBill(file, { sellerId })
      return run(await open(date, type), file)
    },
    find: (id) => store.findReconciliation(id),
    list: (range) => store.listReconciliations(range),
    differences: (range) => store.listDifferences(range),
    findDifference: (id) => store.findDifference(id),
    countDifferences: (date, billType) => store.countDifferences(date, billType),
    resolve: (id, decision) => store.resolveDifference(id, { ...decision, now: clock.now() }),
    daySummary: (date) => daySummary(store, date),
    gap: async () =>
      (await lookAtGap()).map(({ date, isCovered: isOver }) => ({ date, isCovered: isOver })),
    runDue,
    start() {
      if (timer !== undefined) return
      timer = setInterval(look, LOOK_MS)
      look()
    },
    async stop() {
      clearInterval(timer)
      timer = undefined
      await Promise.allSettled(inHand)
    },
  }
}

function assertRules({ feeRate, foreignRows }: BooksRules): void {
  const isRate = feeRate === null || (Number.isInteger(feeRate) && feeRate >= 0 && feeRate <= 1e6)
  if (!isRate) throw new RangeError('feeRate is in millionths: a whole number from 0 to 1000000.')
  if (foreignRows !== 'report' && foreignRows !== 'ignore') {
    throw new RangeError('foreignRows is report or ignore.')
  }
}

function assertOver(date: string, now: Instant): void {
  const isDate = /^\d{4}-\d{2}-\d{2}$/.test(date)
  if (!isDate || now < dayOf(date).until) {
    throw new RangeError('date is a day in Beijing that is over, yyyy-MM-dd')
  }
}

export { BILL_FAULTS, BillInvalid, type BillFault } from './bill-invalid.ts'
export { BILL_TYPES, type BillRow, type BillType } from './bill-row.ts'
export { NO_TOTALS, type BillTotals, type GroupTotals } from './bill-totals.ts'
export type * from './books-store.ts'
export { dayOf, type BooksRules } from './compare.ts'
export type { DayReason, DaySummary } from './day-summary.ts'
export {
  DIFFERENCE_CODES,
  type Difference,
  type DifferenceCode,
  type DifferenceStatus,
} from './difference.ts'
export type { BillGateway } from './fetch-bill.ts'
export type { BooksEngine } from './heal.ts'
export type * from './reconciliation.ts'
export type { GapDay } from './restored-gap.ts'
export * from './reconciliation-event.ts'
