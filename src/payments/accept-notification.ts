/**
 * Takes a verified notification: the same evidence as a query's answer, and the same rules. It
 * resolves after the commit, so that `success` is only then answered to Alipay.
 *
 * @module
 * @see Alipay: 异步通知, 校验通知数据的正确性
 */

import { parseYuan, rawText, type VerifiedNotification } from '../alipay/index.ts'
import { commitEvidence } from './commit.ts'
import type { Evidence } from './evidence.ts'
import { readAmount, readTime } from './gateway-calls.ts'
import { traced } from './tracing.ts'
import type { Worker, WorkerContext } from './worker.ts'

/** What became of it. */
export type AcceptNotificationResult =
  /** It changed the payment. */
  | 'applied'
  /** It said nothing new. */
  | 'unchanged'
  /**
   * It is of no order, of another application or no trade of the known form: kept, and nothing
   * changed.
   */
  | 'stored_for_review'

/** Applies a verified notification to its payment. */
export async function acceptNotification(
  context: WorkerContext,
  worker: Worker,
  notification: VerifiedNotification,
): Promise<AcceptNotificationResult> {
  const { store, clock, gateway, settings, crashPoint } = context
  const { params } = notification
  const outTradeNo = params.out_trade_no ?? ''
  const found = outTradeNo === '' ? undefined : await store.find({ outTradeNo })
  const evidence = toEvidence(notification, settings.sellerId)
  if (found === undefined || evidence === undefined || params.app_id !== gateway.appId) {
    await store.storeOrphan({ outTradeNo, receivedAt: clock.now(), params: { ...params } })
    return 'stored_for_review'
  }
  const { id, traceParent } = found.payment
  const span = { from: traceParent, attributes: { 'saoma.payment.id': id } }
  return traced('notification', span, async () => {
    crashPoint('notification-verified')
    const raw = rawText(notification) ?? null
    const { changed } = await commitEvidence(context, found, evidence, { raw })
    crashPoint('notification-committed')
    worker.wake()
    return changed ? 'applied' : 'unchanged'
  })
}

/** The facts of a trade notification; `undefined` where it is not one. */
function toEvidence(
  { params }: VerifiedNotification,
  ownSellerId: string | undefined,
): Evidence | undefined {
  const { trade_status: tradeStatus, total_amount: totalAmount, seller_id: sellerId } = params
  if (tradeStatus === undefined || totalAmount === undefined) return undefined
  try {
    return {
      kind: 'trade',
      source: 'notification',
      trade: {
        tradeStatus,
        tradeNo: params.trade_no ?? null,
        totalAmount: parseYuan(totalAmount),
        amountReceived: readAmount(params.receipt_amount),
        buyerLogonId: params.buyer_logon_id ?? null,
        sellerId: sellerId ?? null,
        isOtherSeller: (ownSellerId ?? sellerId) !== (sellerId ?? ownSellerId),
        paidAt: readTime(params.gmt_payment),
        refundedTotal: readAmount(params.refund_fee),
        outRequestNo: params.out_biz_no ?? null,
      },
    }
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}
