/**
 * Takes in what Alipay's bill tells and we do not know: a sale of which our record was lost, as
 * after a restored backup, and money that went back. The bill names it, a query proves it.
 *
 * @module
 */

import { toFen, type Fen, type Instant } from '../alipay/index.ts'
import { commitEvidence, firstTimelineEntry, toCommit } from './commit.ts'
import { callQuery, callRefundQuery } from './gateway-calls.ts'
import { newCheckoutToken, newPaymentId } from './identifiers.ts'
import { newPayment } from './new-payment.ts'
import { NO_METADATA, type PaymentRecord } from './payment.ts'
import { traceParent } from './tracing.ts'
import { transition } from './transitions.ts'
import type { Worker, WorkerContext } from './worker.ts'

/** A sale as a bill has it. */
export interface BilledSale {
  readonly outTradeNo: string
  readonly subject: string
  readonly createdAt: Instant
  readonly storeId: string | null
  readonly operatorId: string | null
  readonly terminalId: string | null
}

/** Money that went back, as a bill has it. */
export interface BilledRefund {
  readonly outRequestNo: string
  readonly amount: Fen
  readonly at: Instant
}

/** What became of a sale that was not known. */
export type AdoptTradeResult =
  | { readonly status: 'adopted' | 'known'; readonly record: PaymentRecord }
  /** Alipay does not say that it was paid by this application. */
  | { readonly status: 'not_paid' }
  /** Alipay did not answer: ask again later. */
  | { readonly status: 'unknown' }

/**
 * Books a sale that Alipay has and we have not. The bill alone is not enough: Alipay is asked, and
 * what it answers is what is booked. It gets the id that it had, where that can be told from its
 * number; its reference is lost until the merchant repeats it.
 */
export async function adoptTrade(
  context: WorkerContext,
  worker: Worker,
  sale: BilledSale,
): Promise<AdoptTradeResult> {
  const { store, gateway, clock, random, rules, watchers } = context
  const { outTradeNo, createdAt } = sale
  const known = await store.find({ outTradeNo })
  if (known !== undefined) return { status: 'known', record: known }
  const draft = newPayment(
    {
      id: lostId(outTradeNo) ?? newPaymentId(createdAt, random),
      reference: null,
      retryOf: null,
      amount: toFen(0),
      subject: sale.subject === '' ? outTradeNo : sale.subject,
      outTradeNo,
      checkoutToken: newCheckoutToken(random),
      returnUrl: null,
      expiresAt: createdAt,
      method: 'qr',
      metadata: NO_METADATA,
      storeId: sale.storeId,
      operatorId: sale.operatorId,
      terminalId: sale.terminalId,
      retryAllowed: false,
      traceParent: traceParent(),
    },
    createdAt,
  )
  const { evidence } = await callQuery(gateway, draft)
  if (evidence.kind === 'unknown') return { status: 'unknown' }
  if (evidence.kind !== 'trade') return { status: 'not_paid' }
  const now = clock.now()
  const payment = { ...draft, amount: evidence.trade.totalAmount }
  const seen = transition({ payment, refunds: [] }, evidence, now, rules)
  if (seen.record.payment.status !== 'succeeded') return { status: 'not_paid' }
  const { amount, status } = seen.record.payment
  const commit = toCommit(
    context,
    undefined,
    { record: seen.record, events: [{ type: 'payment.created' }, ...seen.events] },
    [
      { ...firstTimelineEntry(createdAt, 'created'), source: 'bill' },
      {
        at: now,
        kind: 'adopted',
        source: 'bill',
        summary: { outTradeNo, amount },
        version: 1,
        from: 'created',
        to: status,
        raw: null,
      },
    ],
    now,
  )
  const lease = worker.lease()
  if ((await store.insert(commit, lease)) === 'inserted') {
    await store.release(lease, payment.id, commit.dueInMs)
    watchers.tell(commit.record)
    return { status: 'adopted', record: commit.record }
  }
  const other = await store.find({ outTradeNo })
  return other === undefined ? { status: 'unknown' } : { status: 'known', record: other }
}

/** A number that was made from an id tells the id. */
function lostId(outTradeNo: string): string | undefined {
  return /^sm0[0-9a-z]{25}$/.test(outTradeNo) ? `pay_${outTradeNo.slice(2)}` : undefined
}

/** Books money that went back by the bill. `undefined` if there is no such payment. */
export async function bookBilledRefund(
  context: WorkerContext,
  paymentId: string,
  refund: BilledRefund,
): Promise<PaymentRecord | undefined> {
  const record = await context.store.find({ id: paymentId })
  if (record === undefined) return undefined
  return (await commitEvidence(context, record, { kind: 'refund_billed', ...refund })).record
}

/** Asks Alipay whether a sale was paid, and books nothing. */
export async function askTrade(
  { gateway, store }: WorkerContext,
  paymentId: string,
): Promise<'confirmed' | 'denied' | 'unknown'> {
  const record = await store.find({ id: paymentId })
  if (record === undefined) return 'unknown'
  const { evidence } = await callQuery(gateway, record.payment)
  if (evidence.kind === 'trade_not_exist') return 'denied'
  if (evidence.kind !== 'trade') return 'unknown'
  const { tradeStatus, paidAt } = evidence.trade
  const isPaid = /^TRADE_(?:SUCCESS|FINISHED)$/.test(tradeStatus) || paidAt !== null
  return isPaid ? 'confirmed' : 'denied'
}

/** Asks Alipay whether money went back, and books nothing. */
export async function askRefund(
  { gateway, store }: WorkerContext,
  refundId: string,
): Promise<'confirmed' | 'denied' | 'unknown'> {
  const record = await store.find({ refundId })
  const refund = record?.refunds.find(({ id }) => id === refundId)
  if (record === undefined || refund === undefined) return 'unknown'
  const { evidence } = await callRefundQuery(gateway, record.payment, refund)
  switch (evidence.kind) {
    case 'refund_done':
      return 'confirmed'
    case 'refund_not_found':
      return 'denied'
    default:
      return 'unknown'
  }
}
