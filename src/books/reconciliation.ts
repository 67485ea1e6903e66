/**
 * A day's comparison of Alipay's bill with our books.
 *
 * @module
 */

import type { Fen, Instant } from '../alipay/index.ts'
import type { BillFault } from './bill-invalid.ts'
import type { BillType } from './bill-row.ts'
import type { BillTotals, GroupTotals } from './bill-totals.ts'

/**
 * - `awaiting_bill`: Alipay has not made the bill yet; it is asked for again.
 * - `running`: being compared.
 * - `balanced`: nothing is left that a person has to look at.
 * - `differences`: something is.
 * - `failed`: the bill could not be fetched or is wrong; it is fetched again.
 */
export type ReconciliationStatus =
  'awaiting_bill' | 'running' | 'balanced' | 'differences' | 'failed'

/** One application's day. There is one for each day and type of bill; it may run many times. */
export interface Reconciliation {
  /** `rec_…`. */
  readonly id: string
  readonly billType: BillType
  /** The day in Beijing, `yyyy-MM-dd`. */
  readonly date: string
  readonly status: ReconciliationStatus
  /** Where the bill came from: asked for, or given as a file. */
  readonly source: 'alipay' | 'upload'
  /** How often it was compared. */
  readonly runs: number
  /** Of the rows of the bill that was compared last. */
  readonly billHash: string | null
  /** How many rows the run has compared so far. */
  readonly rowsRead: number
  /** What the last run came to. */
  readonly result: ReconciliationResult | null
  readonly failure: ReconciliationFailure | null
  readonly createdAt: Instant
  readonly updatedAt: Instant
  readonly finishedAt: Instant | null
  readonly nextTryAt: Instant | null
}

/** What a run came to. */
export interface ReconciliationResult {
  /** What the bill adds up to, by store, cashier and till. */
  readonly bill: BillTotals
  readonly groups: readonly GroupTotals[]
  readonly rows: number
  /** Whether Alipay has made this bill anew since an earlier run. */
  readonly reissued: boolean
  /** Rows of other applications and other systems that use the account. */
  readonly foreign: { readonly rows: number; readonly net: Fen }
  /** Whether the bill came with a summary. */
  readonly hasSummary: boolean
  /** Sent again, without a change, since it was compared before. */
  readonly repeated: boolean
  /** How long comparing took. Absent from runs of earlier versions. */
  readonly durationMs?: number
}

/** Why there is no result. */
export interface ReconciliationFailure {
  /** A {@link BillFault}, or `bill_late`, `gateway`, `download_failed`. */
  readonly code: BillFault | 'bill_late' | 'gateway' | 'download_failed'
  readonly message: string
}
