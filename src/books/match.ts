/**
 * Compares a row of a bill with what our books have of it. Pure.
 *
 * @module
 */

import { toFen, type Fen } from '../alipay/index.ts'
import type { BillRow } from './bill-row.ts'
import type { LocalPayment, LocalRefund } from './books-store.ts'
import type { DifferenceCode } from './difference.ts'

/** What a row comes to. */
export interface Match {
  /** `null` where bill and books agree. */
  readonly code: DifferenceCode | null
  readonly payment: LocalPayment | undefined
  readonly refund: LocalRefund | undefined
  readonly billAmount: Fen
  readonly localAmount: Fen | null
}

/** How rows are compared. */
export interface MatchRules {
  /** Alipay's fee in millionths of the amount, e.g. 6,000 for 0.6 %; `null`: not compared. */
  readonly feeRate: number | null
}

/**
 * Compares a payment or refund of a bill.
 *
 * @param payment Ours of the row's number.
 * @param taken Refunds that other rows of the same bill are about.
 */
export function matchRow(
  row: BillRow,
  payment: LocalPayment | undefined,
  taken: ReadonlySet<string>,
  rules: MatchRules,
): Match {
  return row.kind === 'refund'
    ? matchRefund(row, payment, taken)
    : matchPayment(row, payment, rules)
}

function matchPayment(
  row: BillRow,
  payment: LocalPayment | undefined,
  { feeRate }: MatchRules,
): Match {
  const { amount: billAmount } = row
  if (payment === undefined) return found('missing_local', { payment, billAmount })
  const localAmount = payment.amount
  const compared = { payment, billAmount, localAmount }
  if (payment.status !== 'succeeded') return found('status_local_open', compared)
  if (localAmount !== billAmount) return found('amount_mismatch', compared)
  if (payment.duplicateOf !== null) return found('duplicate_reference', compared)
  const fee = feeRate === null ? null : feeOf(billAmount, feeRate)
  if (fee !== null && fee !== Math.abs(row.fee)) {
    const billFee = toFen(Math.abs(row.fee))
    return found('fee_mismatch', { payment, billAmount: billFee, localAmount: fee })
  }
  return found(null, compared)
}

function matchRefund(
  row: BillRow,
  payment: LocalPayment | undefined,
  taken: ReadonlySet<string>,
): Match {
  const { amount: billAmount } = row
  const free = payment?.refunds.filter(({ id }) => !taken.has(id)) ?? []
  const refund =
    free.find(({ outRequestNo }) => outRequestNo === row.outRequestNo) ??
    // One that only Alipay's sum told of has a number of our making.
    free.find((other) => isNameless(other, row) && other.amount === billAmount)
  if (refund === undefined) return found('refund_missing_local', { payment, billAmount })
  const compared = { payment, refund, billAmount, localAmount: refund.amount }
  if (refund.amount !== billAmount) return found('amount_mismatch', compared)
  if (refund.status !== 'succeeded') return found('status_local_open', compared)
  if (refund.source === 'cancel') return found('canceled_refunded', compared)
  // Its number is still to be booked.
  const isNamed = row.outRequestNo === '' || refund.outRequestNo === row.outRequestNo
  return found(isNamed ? null : 'refund_missing_local', compared)
}

function isNameless(refund: LocalRefund, row: BillRow): boolean {
  if (row.outRequestNo === '') return refund.status === 'succeeded'
  return (
    (refund.source === 'external' || refund.source === 'cancel') &&
    refund.outRequestNo.startsWith(`${refund.outTradeNo}_`)
  )
}

/** Alipay rounds to whole fen, half a fen up. */
function feeOf(amount: Fen, feeRate: number): Fen {
  return toFen(Math.floor((amount * feeRate + 500_000) / 1_000_000))
}

function found(
  code: DifferenceCode | null,
  match: {
    readonly payment: LocalPayment | undefined
    readonly refund?: LocalRefund
    readonly billAmount: Fen
    readonly localAmount?: Fen
  },
): Match {
  const { payment, refund, billAmount, localAmount = null } = match
  return { code, payment, refund, billAmount, localAmount }
}
