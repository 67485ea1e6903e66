/**
 * The rules of a trade at Alipay, as pure functions: what a request, a buyer or the clock does to
 * it. Nothing is read or written here.
 *
 * @module
 * @see Alipay: 统一收单交易预创建, 撤销, 关闭, 退款
 */

import { type Fen, toFen } from '../alipay/money.ts'
import { type Instant, addMs, formatBeijingDate } from '../alipay/time.ts'
import { DAY_MS } from './expiry.ts'
import { type Order, type Preorder, type Refund, type Trade, refundedAmount } from './records.ts'
import { type Refusal, refuse } from './refusals.ts'
import type { Settings } from './settings.ts'
import type { TradeMoney } from './trade-money.ts'

/**
 * `trade` as it is at `now`: closed where it expired unpaid, finished where its refund window is
 * over.
 */
export function tradeAt(trade: Trade, now: Instant, settings: Settings): Trade {
  if (trade.status === 'WAIT_BUYER_PAY' && now >= trade.expires_at) {
    return closeTrade(trade, trade.expires_at, 'expiry')
  }
  const isOver = (paidAt: Instant) => now >= addMs(paidAt, settings.refund_window_days * DAY_MS)
  if (trade.status === 'TRADE_SUCCESS' && trade.paid_at !== undefined && isOver(trade.paid_at)) {
    return { ...trade, status: 'TRADE_FINISHED' }
  }
  return trade
}

/** Whether a precreate of `order` is accepted, beside what there is under its number. */
export function judgePrecreate(
  order: Order,
  preorder: Preorder | undefined,
  trade: Trade | undefined,
  settings: Settings,
): Refusal | undefined {
  if (trade !== undefined) return judgeRepeatedOrder(order, trade)
  if (preorder === undefined || settings.changed_precreate === 'replaces') return undefined
  return isSameOrder(order, preorder.order) ? undefined : refuse('ACQ.CONTEXT_INCONSISTENT')
}

/**
 * Whether an order may be asked for again although its trade exists: only while it is unpaid, and
 * unchanged.
 */
export function judgeRepeatedOrder(order: Order, trade: Trade): Refusal | undefined {
  switch (trade.status) {
    case 'WAIT_BUYER_PAY':
      return isSameOrder(order, trade.order) ? undefined : refuse('ACQ.CONTEXT_INCONSISTENT')
    case 'TRADE_SUCCESS':
    case 'TRADE_FINISHED':
      return refuse('ACQ.TRADE_HAS_SUCCESS')
    case 'TRADE_CLOSED':
      return refuse('ACQ.TRADE_HAS_CLOSE')
  }
}

function isSameOrder(a: Order, b: Order): boolean {
  return (
    a.total_amount === b.total_amount &&
    a.subject === b.subject &&
    a.body === b.body &&
    a.store_id === b.store_id &&
    a.goods_detail === b.goods_detail
  )
}

/** What a cancel does to a trade. */
export type CancelResult =
  | { readonly status: 'closed'; readonly trade: Trade }
  | { readonly status: 'refunded'; readonly trade: Trade }
  | { readonly status: 'already'; readonly action: 'close' | 'refund' }
  | Refusal

/** Undoes a trade: an unpaid one is closed, a paid one is paid back in full. */
export function cancelTrade(trade: Trade, now: Instant, settings: Settings): CancelResult {
  switch (trade.status) {
    case 'WAIT_BUYER_PAY':
      return { status: 'closed', trade: closeTrade(trade, now, 'cancel') }
    case 'TRADE_CLOSED':
      return { status: 'already', action: trade.paid_at === undefined ? 'close' : 'refund' }
    case 'TRADE_FINISHED':
      return refuse('ACQ.TRADE_HAS_FINISHED')
    case 'TRADE_SUCCESS':
      if (isTooLateToCancel(trade, now, settings)) return refuse('ACQ.TRADE_CANCEL_TIME_OUT')
      if (trade.refunds.length > 0) return refuse('ACQ.REASON_TRADE_REFUND_FEE_ERR', '退款金额无效')
      if (settings.seller_balance === 'short') return refuse('ACQ.SELLER_BALANCE_NOT_ENOUGH')
      return { status: 'refunded', trade: addRefund(trade, cancelRefund(trade, now)) }
  }
}

function isTooLateToCancel(trade: Trade, now: Instant, settings: Settings): boolean {
  return settings.cancel_window === 'same_day'
    ? formatBeijingDate(now) !== formatBeijingDate(trade.created_at)
    : now >= addMs(trade.created_at, DAY_MS)
}

function cancelRefund(trade: Trade, now: Instant): Refund {
  const { out_trade_no: number, total_amount: amount } = trade.order
  return { out_request_no: number, amount, at: now, by: 'cancel' }
}

/** Closes a trade that is unpaid. Money never moves. */
export function closeUnpaid(
  trade: Trade,
  now: Instant,
): { readonly status: 'closed'; readonly trade: Trade } | Refusal {
  if (trade.status !== 'WAIT_BUYER_PAY') return refuse('ACQ.TRADE_STATUS_ERROR')
  return { status: 'closed', trade: closeTrade(trade, now, 'close') }
}

/** What the merchant asks for; without a number only the whole amount can be given back. */
export interface RefundRequest {
  readonly out_request_no?: string | undefined
  readonly amount: Fen
  readonly reason?: string | undefined
}

/** What a refund does to a trade. `repeated` moves no money: the same refund was made before. */
export type RefundResult =
  | { readonly status: 'refunded'; readonly trade: Trade; readonly refund: Refund }
  | { readonly status: 'repeated'; readonly refund: Refund }
  | Refusal

/** Gives money back. The checks are in Alipay's order: of two faults the first one is told. */
export function refundTrade(
  trade: Trade,
  request: RefundRequest,
  now: Instant,
  settings: Settings,
): RefundResult {
  if (trade.status === 'WAIT_BUYER_PAY') return refuse('ACQ.TRADE_STATUS_ERROR')
  if (trade.status === 'TRADE_FINISHED') return refuse('ACQ.TRADE_HAS_FINISHED')
  const number = request.out_request_no ?? trade.order.out_trade_no
  const earlier = trade.refunds.find((refund) => refund.out_request_no === number)
  if (earlier !== undefined) {
    if (earlier.amount !== request.amount) return refuse('ACQ.DISCORDANT_REPEAT_REQUEST')
    return { status: 'repeated', refund: earlier }
  }
  if (trade.status === 'TRADE_CLOSED') {
    return refuse(trade.paid_at === undefined ? 'ACQ.TRADE_STATUS_ERROR' : 'ACQ.TRADE_HAS_CLOSE')
  }
  if (request.out_request_no === undefined && request.amount !== trade.order.total_amount) {
    return refuse('ACQ.REFUND_AMT_NOT_EQUAL_TOTAL')
  }
  if (request.amount > trade.order.total_amount - refundedAmount(trade)) {
    return refuse('ACQ.REASON_TRADE_REFUND_FEE_ERR')
  }
  if (settings.seller_balance === 'short') return refuse('ACQ.SELLER_BALANCE_NOT_ENOUGH')
  const { amount, reason } = request
  const refund: Refund = { out_request_no: number, amount, at: now, reason, by: 'refund' }
  return { status: 'refunded', trade: addRefund(trade, refund), refund }
}

/** The buyer has paid. */
export function payTrade(trade: Trade, money: TradeMoney, now: Instant): Trade {
  return { ...trade, status: 'TRADE_SUCCESS', paid_at: now, money }
}

function addRefund(trade: Trade, refund: Refund): Trade {
  const refunded = { ...trade, refunds: [...trade.refunds, refund] }
  const rest = toFen(trade.order.total_amount - refundedAmount(refunded))
  return rest === 0 ? closeTrade(refunded, refund.at, refund.by) : refunded
}

function closeTrade(trade: Trade, at: Instant, by: NonNullable<Trade['ended_by']>): Trade {
  return { ...trade, status: 'TRADE_CLOSED', closed_at: at, ended_by: by }
}
