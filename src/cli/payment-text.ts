/**
 * Payments and refunds as lines for people.
 *
 * @module
 */

import { formatYuan, parseYuan, toFen, type Fen } from '../alipay/index.ts'
import { AMOUNT_MAX } from '../payments/index.ts'
import { Failure } from './failure.ts'
import type { ApiPayment, ApiRefund } from './merchant-api.ts'

/** What each status means to the one who waits. */
const STATUS: Readonly<Record<string, string>> = {
  created: 'created: Alipay has not answered yet',
  pending: 'pending: waiting for the buyer',
  closing: 'closing: proof of the end is being fetched from Alipay',
  succeeded: 'succeeded: paid',
  expired: 'expired: not paid in time, canceled at Alipay',
  canceled: 'canceled: given up, canceled at Alipay',
  failed: 'failed: Alipay refused',
}

/** A payment in a few lines. */
export function describePayment(payment: ApiPayment): string {
  const refunded =
    payment.amount_refunded === 0 ? '' : ` (${yuan(payment.amount_refunded)} of it refunded)`
  const lines = [
    `${payment.id}  ${yuan(payment.amount)}${refunded}  ${payment.subject}`,
    `  ${STATUS[payment.status] ?? payment.status}`,
    `  out_trade_no ${payment.alipay.out_trade_no}${payment.alipay.trade_no === null ? '' : `  trade_no ${payment.alipay.trade_no}`}${payment.alipay.trade_status === null ? '' : `  ${payment.alipay.trade_status}`}`,
  ]
  if (payment.failure !== null) lines.push(`  ${payment.failure.message}`)
  return `${lines.join('\n')}\n`
}

/** A refund in a few lines. */
export function describeRefund(refund: ApiRefund): string {
  const lines = [
    `${refund.id}  ${yuan(refund.amount)} of ${refund.payment}`,
    `  ${refund.status}  out_request_no ${refund.alipay.out_request_no}`,
  ]
  if (refund.failure !== null) lines.push(`  ${refund.failure.message}`)
  return `${lines.join('\n')}\n`
}

/** An amount with its sign: `¥88.88`. */
export function yuan(amount: number): string {
  return `¥${formatYuan(toFen(amount))}`
}

/**
 * Reads an amount that a person typed.
 *
 * @throws {Failure} If it is not one.
 */
export function readAmount(text: string): Fen {
  const amount = /^(0|[1-9]\d{0,12})(\.\d{1,2})?$/.test(text) ? parseYuan(text) : undefined
  if (amount !== undefined && amount >= 1 && amount <= AMOUNT_MAX) return amount
  throw new Failure(
    `The amount is in yuan, 0.01 to 100000000 with at most two decimals, such as 88.88, not ${text}.`,
  )
}
