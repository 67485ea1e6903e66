/**
 * Makes the calls that a step asks for, and turns what comes back into evidence. A failure that
 * proves nothing becomes `unknown`; only what the gateway definitely said becomes a fact.
 *
 * @module
 */

import {
  AlipayError,
  addMs,
  ConfigurationInvalid,
  formatBeijingTime,
  formatYuan,
  parseBeijingTime,
  parseYuan,
  RequestRefused,
  type AlipayClient,
  type Fen,
  type Instant,
  type TradeQueryAnswer,
} from '../alipay/index.ts'
import type { Evidence, GatewayCall, TradeFacts } from './evidence.ts'
import type { Failure, Payment, Refund } from './payment.ts'
import { ALIPAY_EXPIRY_AFTER_MS } from './schedule.ts'
import { wireSubject } from './subject.ts'

/** The part of the client that the engine uses. */
export type Gateway = Pick<AlipayClient, 'appId' | 'trade'>

/** Each call is given up after this, well within the lease of its payment. */
const TIMED = { timeoutMs: 12_000 } as const

/** What goes along with each order. */
export interface OrderSettings {
  /** Where Alipay sends its notifications. */
  readonly notifyUrl?: string | undefined
  /** `FACE_TO_FACE_PAYMENT` (当面付) or `QR_CODE_OFFLINE` (订单码支付), as the merchant's contract says. */
  readonly productCode: string
  /** The receiving account; by default that of the contract. */
  readonly sellerId?: string | undefined
}

/**
 * Asks for a code. The content is the same at each repeat, or Alipay would take it for another
 * order.
 */
export async function callPrecreate(
  gateway: Gateway,
  payment: Payment,
  settings: OrderSettings,
): Promise<Evidence> {
  try {
    const answer = await gateway.trade.precreate(
      {
        out_trade_no: payment.outTradeNo,
        total_amount: formatYuan(payment.amount),
        subject: wireSubject(payment.subject),
        product_code: settings.productCode,
        time_expire: formatBeijingTime(addMs(payment.expiresAt, ALIPAY_EXPIRY_AFTER_MS)),
        ...(settings.sellerId === undefined ? {} : { seller_id: settings.sellerId }),
      },
      settings.notifyUrl === undefined ? TIMED : { ...TIMED, notifyUrl: settings.notifyUrl },
    )
    return answer.qr_code === undefined
      ? unclear('precreate', 'the answer has no qr_code')
      : { kind: 'precreated', qrCode: answer.qr_code }
  } catch (error) {
    return judge('precreate', error, (refusal) => {
      if (TRADE_EXISTS.has(refusal.subCode)) return { kind: 'trade_exists' }
      return { kind: 'precreate_refused', failure: toFailure(refusal) }
    })
  }
}

/** Asks for the trade. Before the scan there is none, and that is an answer. */
export async function callQuery(gateway: Gateway, payment: Payment): Promise<Evidence> {
  try {
    const answer = await gateway.trade.query({ out_trade_no: payment.outTradeNo }, TIMED)
    // An answer that does not say which order it is about proves nothing about this one.
    return answer.out_trade_no === payment.outTradeNo
      ? { kind: 'trade', source: 'query', trade: readTrade(answer) }
      : unclear('query', 'the answer names no order')
  } catch (error) {
    return judge('query', error, ({ subCode }) =>
      subCode === 'ACQ.TRADE_NOT_EXIST' ? { kind: 'trade_not_exist' } : undefined,
    )
  }
}

/** Undoes the trade, whatever became of it. */
export async function callCancel(gateway: Gateway, payment: Payment): Promise<Evidence> {
  try {
    const answer = await gateway.trade.cancel({ out_trade_no: payment.outTradeNo }, TIMED)
    if (answer.retry_flag === 'Y') return unclear('cancel', 'retry_flag is Y')
    const tradeNo = answer.trade_no ?? null
    switch (answer.action ?? null) {
      case 'close':
        return { kind: 'cancel_answered', action: 'close', tradeNo }
      case 'refund':
        return { kind: 'cancel_answered', action: 'refund', tradeNo }
      case null:
        return { kind: 'cancel_answered', action: null, tradeNo }
      default:
        return unclear('cancel', `action ${answer.action ?? ''}`)
    }
  } catch (error) {
    return judge('cancel', error, ({ node }) =>
      node['retry_flag'] === 'Y' ? undefined : { kind: 'cancel_refused' },
    )
  }
}

/** Sends the refund, or sends it again: the same number moves money once. */
export async function callRefund(
  gateway: Gateway,
  payment: Payment,
  refund: Refund,
): Promise<Evidence> {
  const refundId = refund.id
  try {
    const answer = await gateway.trade.refund(
      {
        out_trade_no: payment.outTradeNo,
        out_request_no: refund.outRequestNo,
        refund_amount: formatYuan(refund.amount),
        ...(refund.reason === null ? {} : { refund_reason: refund.reason }),
      },
      TIMED,
    )
    return { kind: answer.fund_change === 'Y' ? 'refund_done' : 'refund_unmoved', refundId }
  } catch (error) {
    return judge(
      'refund',
      error,
      (refusal) => ({
        kind: 'refund_refused',
        refundId,
        failure: toFailure(refusal),
        mendable: MENDABLE.has(refusal.subCode),
      }),
      refundId,
    )
  }
}

/** Asks what became of a refund. */
export async function callRefundQuery(
  gateway: Gateway,
  payment: Payment,
  refund: Refund,
): Promise<Evidence> {
  const refundId = refund.id
  try {
    const answer = await gateway.trade.refundQuery(
      { out_trade_no: payment.outTradeNo, out_request_no: refund.outRequestNo },
      TIMED,
    )
    const { refund_status: status, refund_amount: amount } = answer
    if (status === undefined && amount === undefined) return { kind: 'refund_not_found', refundId }
    return status === 'REFUND_SUCCESS' && answer.out_request_no === refund.outRequestNo
      ? { kind: 'refund_done', refundId }
      : unclear('refund_query', `refund_status ${status ?? 'is missing'}`, refundId)
  } catch (error) {
    return judge('refund_query', error, () => undefined, refundId)
  }
}

/** Reads the facts of a query's answer. */
function readTrade(answer: TradeQueryAnswer): TradeFacts {
  return {
    tradeStatus: answer.trade_status,
    tradeNo: answer.trade_no,
    totalAmount: parseYuan(answer.total_amount),
    amountReceived: readAmount(answer.receipt_amount),
    buyerLogonId: answer.buyer_logon_id ?? null,
    sellerId: null,
    isOtherSeller: false,
    paidAt: readTime(answer.send_pay_date),
    refundedTotal: null,
    outRequestNo: null,
  }
}

/** An amount that a message may leave out; the sandbox writes `0.00` for what it does not know. */
export function readAmount(text: string | undefined): Fen | null {
  return text === undefined || text === '' ? null : parseYuan(text)
}

/** A time that a message may leave out. */
export function readTime(text: string | undefined): Instant | null {
  return text === undefined || text === '' ? null : parseBeijingTime(text)
}

/** The number has a trade already: of an earlier call of ours whose answer was lost. */
const TRADE_EXISTS: ReadonlySet<string> = new Set([
  'ACQ.TRADE_HAS_SUCCESS',
  'ACQ.TRADE_HAS_CLOSE',
  'ACQ.CONTEXT_INCONSISTENT',
  'ACQ.TRADE_BUYER_NOT_MATCH',
])

/** Too many calls at the moment: it says nothing of the order, so the call is made again. */
const CALL_LIMITED = '40005'

/** Refusals that end when the merchant tops up the balance or Alipay lifts the freeze. */
const MENDABLE: ReadonlySet<string> = new Set([
  'ACQ.SELLER_BALANCE_NOT_ENOUGH',
  'ACQ.REASON_TRADE_BEEN_FREEZEN',
])

/**
 * A verified no that is known to mean `not_applied` is a fact; all else is unknown, with the reason
 * for people.
 */
function judge(
  call: GatewayCall,
  error: unknown,
  refused: (refusal: RequestRefused) => Evidence | undefined,
  refundId?: string,
): Evidence {
  if (error instanceof RangeError) return unclear(call, error.message, refundId)
  if (!(error instanceof AlipayError) || error instanceof ConfigurationInvalid) throw error
  if (!(error instanceof RequestRefused)) {
    return unclear(call, `${error.code}: ${error.message}`, refundId)
  }
  const isDefinite = error.outcome === 'not_applied' && error.alipayCode !== CALL_LIMITED
  return (isDefinite ? refused(error) : undefined) ?? unclear(call, error.message, refundId)
}

function unclear(call: GatewayCall, reason: string, refundId?: string): Evidence {
  return refundId === undefined
    ? { kind: 'unknown', call, reason }
    : { kind: 'unknown', call, reason, refundId }
}

function toFailure({ subCode, alipayCode, message, subMsg }: RequestRefused): Failure {
  return { code: subCode === '' ? alipayCode : subCode, message, alipayMessage: subMsg }
}
