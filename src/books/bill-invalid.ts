/**
 * What is wrong with a bill, by name. Nothing is concluded from such a file.
 *
 * @module
 */

/** The names, in the order of the documentation. */
export const BILL_FAULTS = [
  'not_a_zip',
  'no_detail',
  'unknown_type',
  'column_missing',
  'row_malformed',
  'truncated',
  'totals_wrong',
  'summary_wrong',
  'too_large',
  'other_account',
  'other_date',
  'not_one_day',
] as const

/**
 * - `not_a_zip`: neither a ZIP archive nor a CSV file, such as a page that says that the link is
 *   over.
 * - `no_detail`: the archive holds no table of single rows.
 * - `unknown_type`: neither a business bill (业务明细) nor an account bill (账务明细).
 * - `column_missing`: a column that is needed is not there.
 * - `row_malformed`: a cell cannot be read.
 * - `truncated`: the mark of the end is missing: the file was cut off.
 * - `totals_wrong`: the rows do not add up to what the file says of itself.
 * - `summary_wrong`: the rows do not add up to the summary beside them.
 * - `too_large`: it unpacks into more than a bill can be.
 * - `other_account`: the file is of another account (PID).
 * - `other_date`: the file is of another day.
 * - `not_one_day`: the file is of a month or another span; books are closed by the day.
 */
export type BillFault = (typeof BILL_FAULTS)[number]

/** A file that is no bill, or one that contradicts itself. */
export class BillInvalid extends Error {
  readonly code = 'ERR_BILL_INVALID'
  readonly fault: BillFault
  /** Nothing was booked from it. */
  readonly outcome = 'not_applied'

  constructor(fault: BillFault, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'BillInvalid'
    this.fault = fault
  }
}
