/**
 * Makes the calls that a step asks for, and turns what comes back into evidence, with the verified
 * text that it rests on. A failure that proves nothing becomes `unknown`; only what the gateway
 * definitely said becomes a fact.
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
  rawText,
  RequestRefused,
  type AlipayClient,
  type CallOptions,
  type Fen,
  type Instant,
  type TradePayAnswer,
  type TradeQueryAnswer,
} from '../alipay/index.ts'
import type { Evidence, Finding, GatewayCall, TradeFacts } from './evidence.ts'
import type { Failure, Payment, Refund } from './payment.ts'
import { TRADE_CLOSED } from './refund-transitions.ts'
import { ALIPAY_EXPIRY_AFTER_MS } from './schedule.ts'
import { wireSubject } from './subject.ts'

/** The part of the client that the engine uses. */
export type Gateway = Pick<AlipayClient, 'appId'> &
  Partial<Pick<AlipayClient, 'clock' | 'measureClock'>> & {
    readonly trade: Pick<
      AlipayClient['trade'],
      'precreate' | 'pay' | 'query' | 'cancel' | 'close' | 'refund' | 'refundQuery'
    >
  }

/** The product of who has said nothing else: 当面付. */
export const PRODUCT_CODE_DEFAULT = 'FACE_TO_FACE_PAYMENT'

/** What a product code looks like: Alipay names new ones now and then. */
export const PRODUCT_CODE = /^[A-Z][A-Z0-9_]{0,63}$/

/** Each call is given up after this, well within the lease of its payment. */
const TIMED = { timeoutMs: 12_000 } as const

/** What goes along with each order. */
export interface OrderSettings {
  /** Where Alipay sends its notifications. */
  readonly notifyUrl?: string | undefined
  /** `FACE_TO_FACE_PAYMENT` (当面付) or `QR_CODE_OFFLINE` (订单码支付), as the merchant's contract says. */
  readonly productCode: () => string
  /** The receiving account; by default that of the contract. */
  readonly sellerId?: string | undefined
}

/**
 * Asks for a code. The content is the same at each repeat, or Alipay would take it for another
 * order.
 */
export function callPrecreate(
  gateway: Gateway,
  payment: Payment,
  settings: OrderSettings,
): Promise<Finding> {
  return find('precreate', {
    call: () =>
      gateway.trade.precreate(
        {
          out_trade_no: payment.outTradeNo,
          total_amount: formatYuan(payment.amount),
          subject: wireSubject(payment.subject),
          product_code: settings.productCode(),
          ...orderFields(payment, settings),
        },
        notified(settings),
      ),
    read: ({ qr_code: qrCode }) =>
      qrCode === undefined ? 'the answer has no qr_code' : { kind: 'precreated', qrCode },
    refused: (refusal) =>
      TRADE_EXISTS.has(refusal.subCode)
        ? { kind: 'trade_exists' }
        : { kind: 'precreate_refused', failure: toFailure(refusal) },
  })
}

/**
 * Sends the buyer's code, once for ever: the code is nowhere kept, and what this call brings is
 * free of it.
 *
 * @param isStillWanted Asked in the moment of sending: where this process stood still, others have
 *   the payment, and may have ended it.
 */
export async function callPay(
  gateway: Gateway,
  payment: Payment,
  authCode: string,
  settings: OrderSettings,
  isStillWanted: () => boolean,
): Promise<Finding> {
  const found = await find('pay', {
    call: () =>
      gateway.trade.pay(
        {
          out_trade_no: payment.outTradeNo,
          total_amount: formatYuan(payment.amount),
          subject: wireSubject(payment.subject),
          scene: 'bar_code',
          auth_code: authCode,
          product_code: payProductCode(settings.productCode()),
          ...orderFields(payment, settings),
        },
        { ...notified(settings), isStillWanted },
      ),
    read: (answer) =>
      answer.out_trade_no === payment.outTradeNo ? readPaid(answer) : 'the answer names no order',
    refused: (refusal) => ({ kind: 'pay_refused', failure: toFailure(refusal) }),
    unsent: (error) => ({ kind: 'pay_refused', failure: notSent(error) }),
    doubted: ({ subCode }) => (TRADE_EXISTS.has(subCode) ? { kind: 'trade_exists' } : undefined),
  })
  return withoutSecret(found, authCode)
}

/** 订单码支付 takes no code of a buyer's: who has that contract is paid so by the other. */
function payProductCode(productCode: string): string {
  return productCode === 'QR_CODE_OFFLINE' ? PRODUCT_CODE_DEFAULT : productCode
}

/** What goes along with an order, however it is paid. */
function orderFields(payment: Payment, { sellerId }: OrderSettings) {
  return {
    time_expire: formatBeijingTime(addMs(payment.expiresAt, ALIPAY_EXPIRY_AFTER_MS)),
    ...(sellerId === undefined ? {} : { seller_id: sellerId }),
    ...(payment.storeId === null ? {} : { store_id: payment.storeId }),
    ...(payment.operatorId === null ? {} : { operator_id: payment.operatorId }),
    ...(payment.terminalId === null ? {} : { terminal_id: payment.terminalId }),
  }
}

function notified({ notifyUrl }: OrderSettings): CallOptions {
  return notifyUrl === undefined ? TIMED : { ...TIMED, notifyUrl }
}

/** Reads the answer to a pay: paid, or waiting for the password. */
function readPaid(answer: TradePayAnswer): Evidence | string {
  const isPaid = answer.code === '10000'
  const paidAt = isPaid ? readTime(answer.gmt_payment) : null
  // Credit that is paid after use (先享后付) is accepted with the same code, and no money has come.
  if (isPaid && paidAt === null) return 'the answer does not say when it was paid'
  return {
    kind: 'pay_answered',
    trade: {
      tradeStatus: isPaid ? 'TRADE_SUCCESS' : 'WAIT_BUYER_PAY',
      tradeNo: answer.trade_no ?? null,
      totalAmount: parseYuan(answer.total_amount),
      amountReceived: readAmount(answer.receipt_amount),
      buyerLogonId: answer.buyer_logon_id ?? null,
      sellerId: null,
      isOtherSeller: false,
      paidAt,
      refundedTotal: null,
      outRequestNo: null,
    },
  }
}

/** Alipay's words about a request may repeat it. */
function withoutSecret(found: Finding, secret: string): Finding {
  const text = JSON.stringify(found)
  return text.includes(secret)
    ? (JSON.parse(text.replaceAll(secret, '[redacted]')) as Finding)
    : found
}

/** Asks for the trade. Before the scan there is none, and that is an answer. */
export function callQuery(gateway: Gateway, payment: Payment): Promise<Finding> {
  return find('query', {
    call: () => gateway.trade.query({ out_trade_no: payment.outTradeNo }, TIMED),
    // An answer that does not say which order it is about proves nothing about this one.
    read: (answer) =>
      answer.out_trade_no === payment.outTradeNo
        ? { kind: 'trade', source: 'query', trade: readTrade(answer) }
        : 'the answer names no order',
    refused: ({ subCode }) => (subCode === MISSING ? { kind: 'trade_not_exist' } : undefined),
  })
}

/**
 * Undoes the trade, whatever became of it.
 *
 * @param isStillWanted Asked in the moment of sending: an answer that was fresh may have aged while
 *   this process stood still.
 */
export function callCancel(
  gateway: Gateway,
  payment: Payment,
  isStillWanted: () => boolean,
): Promise<Finding> {
  return find('cancel', {
    call: () =>
      gateway.trade.cancel({ out_trade_no: payment.outTradeNo }, { ...TIMED, isStillWanted }),
    read(answer) {
      if (answer.retry_flag === 'Y') return 'retry_flag is Y'
      const tradeNo = answer.trade_no ?? null
      switch (answer.action ?? null) {
        case 'close':
          return { kind: 'cancel_answered', action: 'close', tradeNo }
        case 'refund':
          return { kind: 'cancel_answered', action: 'refund', tradeNo }
        case null:
          return { kind: 'cancel_answered', action: null, tradeNo }
        default:
          return `action ${answer.action ?? ''}`
      }
    },
    refused: ({ node }) => (node['retry_flag'] === 'Y' ? undefined : { kind: 'cancel_refused' }),
  })
}

/** Closes the trade if it is unpaid. Moves no money. */
export function callClose(gateway: Gateway, payment: Payment): Promise<Finding> {
  return find('close', {
    call: () => gateway.trade.close({ out_trade_no: payment.outTradeNo }, TIMED),
    read: () => ({ kind: 'close_answered' }),
    refused: ({ subCode }) => ({ kind: 'close_refused', isTradeMissing: subCode === MISSING }),
    doubted: ({ subCode }) =>
      subCode === MISSING || NOT_WAITING.has(subCode)
        ? { kind: 'close_refused', isTradeMissing: subCode === MISSING }
        : undefined,
  })
}

/**
 * Sends the refund, or sends it again: the same number moves money once.
 *
 * @param isStillWanted Asked in the moment of sending, as for {@link callCancel}.
 */
export function callRefund(
  gateway: Gateway,
  payment: Payment,
  refund: Refund,
  isStillWanted: () => boolean,
): Promise<Finding> {
  const refundId = refund.id
  return find(
    'refund',
    {
      call: () =>
        gateway.trade.refund(
          {
            out_trade_no: payment.outTradeNo,
            out_request_no: refund.outRequestNo,
            refund_amount: formatYuan(refund.amount),
            ...(refund.reason === null ? {} : { refund_reason: refund.reason }),
          },
          { ...TIMED, isStillWanted },
        ),
      read: ({ fund_change: fundChange, refund_fee: refundFee }) => ({
        kind: fundChange === 'Y' ? 'refund_done' : 'refund_unmoved',
        refundId,
        refundedTotal: readAmount(refundFee),
      }),
      refused: (refusal) => ({
        kind: 'refund_refused',
        refundId,
        failure: toFailure(refusal),
        mendable: MENDABLE.has(refusal.subCode),
      }),
      doubted: (refusal) =>
        refusal.subCode === TRADE_CLOSED
          ? { kind: 'refund_trade_closed', refundId, failure: toFailure(refusal) }
          : undefined,
    },
    refundId,
  )
}

/** Asks what became of a refund. */
export function callRefundQuery(
  gateway: Gateway,
  payment: Payment,
  refund: Refund,
): Promise<Finding> {
  const refundId = refund.id
  return find(
    'refund_query',
    {
      call: () =>
        gateway.trade.refundQuery(
          { out_trade_no: payment.outTradeNo, out_request_no: refund.outRequestNo },
          TIMED,
        ),
      read(answer) {
        const { refund_status: status, refund_amount: amount } = answer
        if (status === undefined && amount === undefined) {
          return { kind: 'refund_not_found', refundId }
        }
        return status === 'REFUND_SUCCESS' && answer.out_request_no === refund.outRequestNo
          ? { kind: 'refund_done', refundId, amount: readAmount(amount) }
          : `refund_status ${status ?? 'is missing'}`
      },
      refused: () => undefined,
    },
    refundId,
  )
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

/** There is no trade: nobody has scanned the code. */
const MISSING = 'ACQ.TRADE_NOT_EXIST'

/** The trade does not wait for its buyer: somebody has paid it, or closed it. */
const NOT_WAITING: ReadonlySet<string> = new Set([
  'ACQ.TRADE_STATUS_ERROR',
  'ACQ.REASON_TRADE_STATUS_INVALID',
  'ACQ.REASON_ILLEGAL_STATUS',
])

/** Too many calls at the moment: it says nothing of the order, so the call is made again. */
const CALL_LIMITED = '40005'

/** Refusals that end when the merchant tops up the balance or Alipay lifts the freeze. */
const MENDABLE: ReadonlySet<string> = new Set([
  'ACQ.SELLER_BALANCE_NOT_ENOUGH',
  'ACQ.REASON_TRADE_BEEN_FREEZEN',
])

/** One call, and what its answer or its refusal proves. */
interface Inquiry<Answer extends object> {
  readonly call: () => Promise<Answer>
  /** The fact, or why the answer proves nothing. */
  readonly read: (answer: Answer) => Evidence | string
  /** The fact in a verified no that is known to mean `not_applied`; `undefined` for none. */
  readonly refused: (refusal: RequestRefused) => Evidence | undefined
  /** The same where it is known of the trade, though not whether this call did nothing. */
  readonly doubted?: (refusal: RequestRefused) => Evidence | undefined
  /** The fact in that nothing has left this machine, for a call that is not made again. */
  readonly unsent?: (error: AlipayError) => Evidence
}

async function find<Answer extends object>(
  call: GatewayCall,
  inquiry: Inquiry<Answer>,
  refundId?: string,
): Promise<Finding> {
  try {
    const answer = await inquiry.call()
    const read = inquiry.read(answer)
    return typeof read === 'string'
      ? unclear(call, read, refundId)
      : { evidence: read, raw: rawText(answer) ?? null, isThrottled: false }
  } catch (error) {
    if (error instanceof RangeError) return unclear(call, error.message, refundId)
    if (!(error instanceof AlipayError) || error instanceof ConfigurationInvalid) throw error
    if (!(error instanceof RequestRefused)) {
      const fact = error.outcome === 'not_applied' ? inquiry.unsent?.(error) : undefined
      return fact === undefined
        ? unclear(call, `${error.code}: ${error.message}`, refundId)
        : { evidence: fact, raw: null, isThrottled: false }
    }
    const isThrottled = error.alipayCode === CALL_LIMITED
    const read = error.outcome === 'not_applied' ? inquiry.refused : inquiry.doubted
    // A refused pay is not sent again: its buyer is told at once.
    const evidence = isThrottled && call !== 'pay' ? undefined : read?.(error)
    return evidence === undefined
      ? { ...unclear(call, error.message, refundId), isThrottled }
      : { evidence, raw: error.rawText ?? null, isThrottled }
  }
}

function unclear(call: GatewayCall, reason: string, refundId?: string): Finding {
  const evidence: Evidence =
    refundId === undefined
      ? { kind: 'unknown', call, reason }
      : { kind: 'unknown', call, reason, refundId }
  return { evidence, raw: null, isThrottled: false }
}

/** The till is told at once, for the buyer stands there and his code lives a minute. */
function notSent({ code, message }: AlipayError): Failure {
  return { code, message, alipayMessage: '' }
}

function toFailure({ subCode, alipayCode, message, subMsg }: RequestRefused): Failure {
  return { code: subCode === '' ? alipayCode : subCode, message, alipayMessage: subMsg }
}
