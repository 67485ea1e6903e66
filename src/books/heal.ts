/**
 * Mends what a bill shows to be missing in our books: Alipay is asked first, and what it answers is
 * booked through the engine. What is not certain stays a difference.
 *
 * @module
 */

import type { Payments } from '../payments/index.ts'
import type { BillRow } from './bill-row.ts'
import type { Match } from './match.ts'

/** The part of the engine that the books use. */
export type BooksEngine = Pick<
  Payments,
  | 'adoptTrade'
  | 'bookBilledRefund'
  | 'askTrade'
  | 'askRefund'
  | 'sync'
  | 'refundHold'
  | 'liftRefundHold'
>

/** Whether a code is mended by itself. */
export function isHealable({ code }: Pick<Match, 'code'>): boolean {
  return (
    code === 'missing_local' ||
    code === 'status_local_open' ||
    code === 'refund_missing_local' ||
    code === 'canceled_refunded'
  )
}

/**
 * Tries to mend a difference.
 *
 * @returns What was done, or why nothing was.
 */
export async function heal(engine: BooksEngine, row: BillRow, match: Match): Promise<string> {
  // The account bill tells no number of a refund: Alipay, or the business bill, has to.
  const isNumbered = row.kind === 'refund' && row.entryNo === ''
  if (!isNumbered) return healPayment(engine, row, match)
  let paymentId = match.payment?.id
  if (match.payment?.status !== 'succeeded') {
    const note = await healPayment(engine, row, match)
    if (paymentId === undefined) {
      const adopted = await engine.adoptTrade(saleOf(row))
      paymentId = 'record' in adopted ? adopted.record.payment.id : undefined
    }
    if (paymentId === undefined) return note
  }
  const { outRequestNo, amount, completedAt: at } = row
  await engine.bookBilledRefund(paymentId as string, { outRequestNo, amount, at })
  return 'Booked by its number in the bill.'
}

async function healPayment(engine: BooksEngine, row: BillRow, match: Match): Promise<string> {
  if (match.payment !== undefined) {
    await engine.sync(match.payment.id)
    return 'Alipay was asked, and its answer was booked.'
  }
  const adopted = await engine.adoptTrade(saleOf(row))
  switch (adopted.status) {
    case 'adopted':
    case 'known':
      return 'Alipay confirms the sale: it was booked.'
    case 'not_paid':
      return 'Alipay does not confirm the sale to this application: it may be of another system.'
    case 'unknown':
      return 'Alipay did not answer. Run the reconciliation again.'
  }
}

function saleOf(row: BillRow) {
  return {
    outTradeNo: row.outTradeNo,
    subject: row.subject,
    createdAt: row.createdAt,
    storeId: row.storeId || null,
    operatorId: row.operatorId || null,
    terminalId: row.terminalId || null,
  }
}
