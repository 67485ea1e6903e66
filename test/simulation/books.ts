/**
 * The merchant's books as they were committed, one commit after the other: what people in the
 * simulation look at, and what the checks are made on.
 *
 * @module
 */

import type {
  Lease,
  PaymentCommit,
  PaymentRecord,
  ScheduleMove,
  StoredEvent,
} from '../../src/payments/index.ts'
import type { AlipaySide } from './alipay-side.ts'
import type { CallLog } from './call-log.ts'
import {
  checkInsert,
  checkMove,
  checkSave,
  isOpen,
  type Judge,
  type Truth,
} from './commit-check.ts'
import type { Coverage } from './coverage.ts'
import type { StoreObserver } from './faulty-store.ts'
import type { History } from './history.ts'
import type { Process } from './process.ts'
import type { VirtualTime } from './virtual-time.ts'
import type { Violations } from './violations.ts'

/** What the books are made of. */
export interface BooksOptions {
  readonly time: VirtualTime
  readonly alipay: AlipaySide
  readonly calls: CallLog
  readonly history: History
  readonly coverage: Coverage
  readonly violations: Violations
  /** Whether a query may deny a trade that there is. */
  readonly mayLie: boolean
}

/** All that was committed. */
export class Books implements StoreObserver {
  readonly #options: BooksOptions
  readonly #records = new Map<string, PaymentRecord>()
  readonly #ids = new Map<string, string>()
  readonly #open = new Set<string>()
  /** Payments that have ended without money once. */
  readonly #ended = new Set<string>()
  readonly #events: Pick<StoredEvent, 'id' | 'type' | 'paymentId'>[] = []
  readonly #watchers = new Set<() => void>()
  readonly #dueListeners: ((inMs: number) => void)[] = []
  readonly #bornListeners: ((id: string) => void)[] = []
  #commits = 0

  constructor(options: BooksOptions) {
    this.#options = options
  }

  /** Commits that the engine has made, moves of the schedule included. */
  get commits(): number {
    return this.#commits
  }

  /** Payments about which something is still to be found out or to be done. */
  get open(): number {
    return this.#open.size
  }

  /** Every payment as last committed, oldest first. */
  all(): PaymentRecord[] {
    return [...this.#records.values()]
  }

  find(id: string): PaymentRecord | undefined {
    return this.#records.get(id)
  }

  findByOutTradeNo(outTradeNo: string): PaymentRecord | undefined {
    return this.#records.get(this.#ids.get(outTradeNo) ?? '')
  }

  /** Every event in the order of commits. */
  events(): readonly Pick<StoredEvent, 'id' | 'type' | 'paymentId'>[] {
    return this.#events
  }

  /** Has `listener` told when something will be due. */
  onDue(listener: (inMs: number) => void): void {
    this.#dueListeners.push(listener)
  }

  /** Has `listener` told of each new payment. */
  onBorn(listener: (id: string) => void): void {
    this.#bornListeners.push(listener)
  }

  /** Resolves once `isSo` says yes after a commit, or with `undefined` after `ms`. */
  when<T>(isSo: () => T | undefined, ms: number): Promise<T | undefined> {
    const found = isSo()
    if (found !== undefined) return Promise.resolve(found)
    return new Promise((resolve) => {
      const end = (result: T | undefined): void => {
        this.#watchers.delete(look)
        timer.cancel()
        resolve(result)
      }
      const look = (): void => {
        const result = isSo()
        if (result !== undefined) end(result)
      }
      const timer = this.#options.time.after(ms, () => end(undefined))
      this.#watchers.add(look)
    })
  }

  inserted(commit: PaymentCommit, _lease: Lease, by: Process): void {
    const { payment } = commit.record
    if (this.#ids.has(payment.outTradeNo)) {
      this.#options.violations.add('I7', payment.outTradeNo, 'two payments of one number')
    }
    checkInsert(commit, this.#judge(payment.outTradeNo))
    this.#ids.set(payment.outTradeNo, payment.id)
    this.#options.coverage.hit('transition', 'born created')
    this.#keep(commit, by)
    this.#checkReference(commit.record)
    for (const listener of this.#bornListeners) listener(payment.id)
  }

  saved(commit: PaymentCommit, by: Process): void {
    const { payment, refunds } = commit.record
    const before = this.#records.get(payment.id)
    if (before === undefined) {
      return this.#options.violations.add('I4', payment.outTradeNo, 'was saved before it was born')
    }
    const judge = this.#judge(payment.outTradeNo)
    checkSave(before, commit, this.#truth(payment.outTradeNo), judge)
    const { coverage } = this.#options
    if (before.payment.status !== payment.status) {
      coverage.hit('transition', `${before.payment.status} to ${payment.status}`)
    }
    for (const refund of refunds) {
      const old = before.refunds.find(({ id }) => id === refund.id)
      if (old?.status !== refund.status) {
        const from = old === undefined ? `born ${refund.source}` : `${old.status} to`
        coverage.hit('refund', `${from} ${refund.status}`)
      }
    }
    this.#keep(commit, by)
    this.#checkReference(commit.record)
  }

  rescheduled({ record, dueInMs }: ScheduleMove): void {
    this.#commits += 1
    const { payment } = record
    const before = this.#records.get(payment.id)
    const judge = this.#judge(payment.outTradeNo)
    if (before?.payment.version !== payment.version) {
      return judge('I4', 'the schedule of an old version was moved')
    }
    checkMove(before, record, judge)
    this.#records.set(payment.id, record)
    this.#due(dueInMs)
  }

  claimed(records: readonly PaymentRecord[]): void {
    for (const { payment } of records) {
      const known = this.#records.get(payment.id)
      if (known?.payment.version !== payment.version) {
        this.#judge(payment.outTradeNo)('I4', 'was read at another version than was committed')
      }
    }
  }

  released(dueInMs: number | null): void {
    this.#due(dueInMs)
  }

  #keep(commit: PaymentCommit, by: Process): void {
    this.#commits += 1
    const { record, events, timeline, dueInMs } = commit
    const { payment } = record
    this.#records.set(payment.id, record)
    if (isOpen(record)) this.#open.add(payment.id)
    else this.#open.delete(payment.id)
    if (payment.endedAt !== null) this.#ended.add(payment.id)
    for (const { id, type } of events) {
      this.#events.push({ id, type, paymentId: payment.id })
      this.#options.coverage.hit('event', type)
    }
    const refunds = commit.refunds.map(({ id, status }) => `${id.slice(0, 8)} ${status}`)
    this.#options.history.note(
      by.name,
      payment.outTradeNo,
      `commit ${payment.version} ${payment.status}` +
        ` by ${timeline.map(({ kind }) => kind).join() || 'nothing new'}` +
        (refunds.length > 0 ? ` refunds ${refunds.join(', ')}` : '') +
        (events.length > 0 ? ` tells ${events.map(({ type }) => type).join(', ')}` : ''),
    )
    this.#due(dueInMs)
    for (const look of this.#watchers) look()
  }

  #due(inMs: number | null): void {
    if (inMs === null) return
    for (const listener of this.#dueListeners) listener(inMs)
  }

  #truth(outTradeNo: string): Truth {
    const { alipay, calls, mayLie, time } = this.#options
    const about = calls.of(outTradeNo)
    return {
      now: time.now(),
      askedAt: about.findLast(({ method, answer }) => method === 'query' && answer !== undefined)
        ?.arrivedAt,
      trade: alipay.trade(outTradeNo),
      isCancelUnderWay: about.some(({ method, isUnderWay }) => method === 'cancel' && isUnderWay),
      mayLie,
    }
  }

  #judge(outTradeNo: string): Judge {
    return (invariant, text) => this.#options.violations.add(invariant, outTradeNo, text)
  }

  /** One reference is paid once: one payment at a time can take money for it, or keep it. */
  #checkReference({ payment }: PaymentRecord): void {
    if (payment.reference === null) return
    const holders = this.all().filter(
      (other) =>
        other.payment.reference === payment.reference &&
        holdsReference(other, this.#ended.has(other.payment.id)),
    )
    if (holders.length > 1) {
      const numbers = holders.map((holder) => holder.payment.outTradeNo).join(' and ')
      this.#judge(payment.outTradeNo)('I8', `the reference is held by ${numbers}`)
    }
  }
}

/** What was scanned after its end is closed anew, while another one may be offered. */
function holdsReference({ payment, refunds }: PaymentRecord, hasEnded: boolean): boolean {
  const { status, cancellationReason, settlement, duplicateOf, amount } = payment
  const isUnpaid = status === 'created' || status === 'pending' || status === 'closing'
  if (isUnpaid) return !hasEnded && cancellationReason !== 'superseded'
  if (status !== 'succeeded' || settlement === 'due' || duplicateOf !== null) return false
  const back = refunds.filter((refund) => refund.status === 'succeeded')
  return back.reduce((sum, refund) => sum + refund.amount, 0) < amount
}
