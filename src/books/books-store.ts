/**
 * What the books ask of a store. It holds the rows of one application and mode.
 *
 * @module
 */

import type { Fen, Instant } from '../alipay/index.ts'
import type { BillType } from './bill-row.ts'
import type { GroupTotals } from './bill-totals.ts'
import type { Difference, DifferenceStatus } from './difference.ts'
import type { Reconciliation } from './reconciliation.ts'
import type { ReconciliationEvent } from './reconciliation-event.ts'

/** A payment, as far as the books care. */
export interface LocalPayment {
  readonly id: string
  readonly outTradeNo: string
  readonly tradeNo: string | null
  readonly amount: Fen
  readonly amountReceived: Fen | null
  readonly status: string
  readonly paidAt: Instant | null
  readonly duplicateOf: string | null
  readonly settlement: string | null
  readonly createdAt: Instant
  readonly refunds: readonly LocalRefund[]
}

/** A refund, as far as the books care. */
export interface LocalRefund {
  readonly id: string
  readonly paymentId: string
  readonly outTradeNo: string
  readonly outRequestNo: string
  readonly tradeNo: string | null
  readonly amount: Fen
  readonly status: string
  readonly source: string
  readonly succeededAt: Instant | null
}

/** A row that bill and books have on different days. */
export interface BilledElsewhen {
  readonly billType: BillType
  readonly outTradeNo: string
  readonly outRequestNo: string
  readonly billDate: string
  readonly localDate: string
  readonly amount: Fen
}

/** A span of time, its end not included. */
export interface Span {
  readonly from: Instant
  readonly until: Instant
}

/** Where a page ended. */
export interface PagePosition {
  readonly at: Instant
  readonly id: string
}

/** Which differences, and how many at the most. */
export interface DifferenceRange {
  readonly limit: number
  /** Only those after this one in the list. */
  readonly after?: string | undefined
  readonly date?: string | undefined
  readonly billType?: BillType | undefined
  readonly statuses?: readonly DifferenceStatus[] | undefined
}

/** Keeps the books. */
export interface BooksStore {
  /** Payments of these numbers, with their refunds. */
  paymentsOf(outTradeNos: readonly string[]): Promise<LocalPayment[]>
  /** Which of these numbers are other applications' of the same database. */
  ofOtherApps(outTradeNos: readonly string[]): Promise<ReadonlySet<string>>
  /** Payments that were paid in a span, in the order of creation; refunds are left out. */
  paidIn(span: Span, after: PagePosition | null, limit: number): Promise<LocalPayment[]>
  /** Refunds that were made in a span, in their order. */
  refundedIn(span: Span, after: PagePosition | null, limit: number): Promise<LocalRefund[]>
  /** What a span adds up to, by store, cashier and till; without fees. */
  totalsIn(span: Span): Promise<GroupTotals[]>
  /** When the first payment was created. */
  firstSaleAt(): Promise<Instant | null>

  /** Makes a run, or finds the one that there is of that bill. */
  openReconciliation(reconciliation: Reconciliation): Promise<Reconciliation>
  /** Takes the right to run it; `undefined` while somebody else has it. */
  claimReconciliation(id: string, lease: BooksLease): Promise<Reconciliation | undefined>
  /**
   * Writes it, while the lease is held, and keeps it for as long again. `false` if it is lost.
   *
   * @param event What is told of it in the same transaction.
   */
  saveReconciliation(
    reconciliation: Reconciliation,
    lease: BooksLease,
    release: boolean,
    event?: ReconciliationEvent | null,
  ): Promise<boolean>
  /** Keeps the right to run it for as long again. `false` if it is lost. */
  renewReconciliation(id: string, lease: BooksLease): Promise<boolean>
  findReconciliation(id: string): Promise<Reconciliation | undefined>
  /** Newest day first. */
  listReconciliations(range: {
    readonly limit: number
    readonly before?: string | undefined
    readonly date?: string | undefined
  }): Promise<Reconciliation[]>

  /** Writes differences; those that a person has looked at stay as they are. */
  putDifferences(differences: readonly Difference[]): Promise<void>
  /** What an earlier run found of a bill and this one did not, is over. */
  closeVanished(date: string, billType: BillType, run: number, now: Instant): Promise<void>
  /** What waited for a later bill, and is there now; a day with nothing left is balanced. */
  closeBilled(now: Instant): Promise<void>
  listDifferences(range: DifferenceRange): Promise<Difference[]>
  findDifference(id: string): Promise<Difference | undefined>
  /** A person has looked at it. `undefined` if there is none. */
  resolveDifference(
    id: string,
    decision: { readonly by: string; readonly note: string; readonly now: Instant },
  ): Promise<Difference | undefined>
  /** How many there are of a bill, by status. */
  countDifferences(date: string, billType: BillType): Promise<Record<DifferenceStatus, number>>

  /** Remembers rows that bill and books have on different days. */
  noteElsewhen(rows: readonly BilledElsewhen[]): Promise<void>
  /** Forgets those that an earlier run has found in a bill: it may have been made anew. */
  forgetElsewhen(date: string, billType: BillType): Promise<void>
  /** Rows that this bill has and the books date on another day, and the other way round. */
  elsewhenOf(date: string, billType: BillType): Promise<BilledElsewhen[]>
}

/** The right to run a reconciliation; it ends by itself. */
export interface BooksLease {
  readonly token: string
  readonly ms: number
}
