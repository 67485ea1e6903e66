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
  /**
   * Alipay's fee in millionths of what the merchant has of a payment, 0 to 1,000,000, e.g. 6,000
   * for 0.6 %; `null`: not compared.
   */
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
  const localReceived = receivedOf(payment)
  // The account bill has only what came in.
  const localAmount = isOfAccount(row) ? (localReceived ?? payment.amount) : payment.amount
  const compared = { payment, billAmount, localAmount }
  if (payment.status !== 'succeeded') return found('status_local_open', compared)
  if (localAmount !== billAmount) return found('amount_mismatch', compared)
  if (localReceived !== null && localReceived !== row.received) {
    const received = { payment, billAmount: row.received, localAmount: localReceived }
    return found('received_mismatch', received)
  }
  if (payment.duplicateOf !== null) return found('duplicate_reference', compared)
  if (feeRate !== null && row.fee !== null) {
    const [billFee, localFee] = [toFen(Math.abs(row.fee)), feeOf(row.received, feeRate)]
    if (localFee !== billFee) {
      return found('fee_mismatch', { payment, billAmount: billFee, localAmount: localFee })
    }
  }
  return found(null, compared)
}

function isOfAccount({ entryNo }: BillRow): boolean {
  return entryNo !== ''
}

/** What Alipay said that the merchant has of it; 0 is what the sandbox says of everything. */
function receivedOf({ amountReceived }: LocalPayment): Fen | null {
  return amountReceived === 0 ? null : amountReceived
}

function matchRefund(
  row: BillRow,
  payment: LocalPayment | undefined,
  taken: ReadonlySet<string>,
): Match {
  const { amount: billAmount } = row
  const free = payment?.refunds.filter(({ id }) => !taken.has(id)) ?? []
  const refund =
    free.find(({ outRequestNo }) => outRequestNo !== '' && outRequestNo === row.outRequestNo) ??
    // One that only Alipay's sum told of has a number of our making.
    nearest(
      free.filter((other) => isNameless(other, row) && isOfAmount(other, row, payment)),
      row,
    )
  if (refund === undefined) return found('refund_missing_local', { payment, billAmount })
  const compared = { payment, refund, billAmount, localAmount: refund.amount }
  if (!isOfAmount(refund, row, payment)) return found('amount_mismatch', compared)
  if (refund.status !== 'succeeded') return found('status_local_open', compared)
  if (refund.source === 'cancel') return found('canceled_refunded', compared)
  // Its number is still to be booked.
  const isNamed = row.outRequestNo === '' || refund.outRequestNo === row.outRequestNo
  return found(isNamed ? null : 'refund_missing_local', compared)
}

/** In the account bill without the merchant's discount, whose share of a part may be rounded. */
function isOfAmount(
  { amount }: LocalRefund,
  row: BillRow,
  payment: LocalPayment | undefined,
): boolean {
  const received = payment === undefined ? null : receivedOf(payment)
  const isWhole = payment === undefined || received === null || received === payment.amount
  if (!isOfAccount(row) || isWhole) return amount === row.amount
  return Math.abs((amount * received) / payment.amount - row.amount) <= 1
}

/** Of refunds that might all be meant, the one whose time is the row's. */
function nearest(
  refunds: readonly LocalRefund[],
  { completedAt }: BillRow,
): LocalRefund | undefined {
  const offBy = ({ succeededAt }: LocalRefund) => Math.abs((succeededAt ?? 0) - completedAt)
  return refunds.toSorted((a, b) => offBy(a) - offBy(b))[0]
}

function isNameless(refund: LocalRefund, row: BillRow): boolean {
  if (row.outRequestNo === '') return refund.status === 'succeeded'
  return (
    (refund.source === 'external' || refund.source === 'cancel') &&
    refund.outRequestNo.startsWith(`${refund.outTradeNo}_`)
  )
}

/** Of what the merchant has; Alipay rounds to whole fen, half a fen up. */
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
