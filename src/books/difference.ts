/**
 * What bill and books can disagree about.
 *
 * @module
 */

import type { Fen, Instant } from '../alipay/index.ts'
import type { BillType } from './bill-row.ts'

/** The codes, in the order of the documentation. */
export const DIFFERENCE_CODES = [
  'missing_local',
  'status_local_open',
  'missing_remote',
  'amount_mismatch',
  'received_mismatch',
  'refund_missing_local',
  'refund_missing_remote',
  'fee_mismatch',
  'duplicate_reference',
  'canceled_refunded',
  'duplicate_row',
  'unknown_row',
] as const

/**
 * - `missing_local` (长款·我方漏单): in the bill, not in our books.
 * - `status_local_open` (长款·状态不符): done by the bill, not yet by our books.
 * - `missing_remote` (短款·渠道漏单): paid by our books, not in the bill.
 * - `amount_mismatch` (金额不符): the amounts differ.
 * - `received_mismatch` (实收不符): what you have of it is not what Alipay said when it was paid.
 * - `refund_missing_local` (退款·我方漏记): a refund that was made elsewhere.
 * - `refund_missing_remote` (退款·渠道无): our refund is not in the bill.
 * - `fee_mismatch` (手续费不符): the fee is not what the rate makes it.
 * - `duplicate_reference` (重复支付): a second payment for one reference.
 * - `canceled_refunded` (撤销退款): the money went back by our own cancel.
 * - `duplicate_row` (账单重复行): the bill has a row twice.
 * - `unknown_row` (未知业务类型): a row that is neither a payment nor a refund.
 */
export type DifferenceCode = (typeof DIFFERENCE_CODES)[number]

/**
 * - `open`: a person has to look at it.
 * - `waiting`: a later bill may have it.
 * - `healed`: booked by itself, by Alipay's answer or a later bill.
 * - `resolved`: a person has looked at it.
 */
export type DifferenceStatus = 'open' | 'waiting' | 'healed' | 'resolved'

/** One disagreement. */
export interface Difference {
  /** `dif_…`, made of what it is about: a later run finds the same one. */
  readonly id: string
  readonly billType: BillType
  /** The day in Beijing, `yyyy-MM-dd`. */
  readonly date: string
  readonly code: DifferenceCode
  readonly status: DifferenceStatus
  readonly outTradeNo: string
  /** Empty for a payment. */
  readonly outRequestNo: string
  readonly tradeNo: string | null
  readonly paymentId: string | null
  readonly refundId: string | null
  /** By the bill; `null` where it has none. A fee, where it is about the fee. */
  readonly billAmount: Fen | null
  /** By our books; `null` where they have none. */
  readonly localAmount: Fen | null
  /** What was done about it, or why not. */
  readonly note: string | null
  /** The run that found it last. */
  readonly run: number
  /** Who has looked at it; `null` for nobody. */
  readonly resolvedBy: string | null
  readonly createdAt: Instant
  readonly updatedAt: Instant
}
