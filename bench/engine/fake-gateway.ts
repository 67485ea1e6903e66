/**
 * Alipay in the memory of the process that asks: a code at once, and of each trade either that it
 * is paid or that it is not. What is left to measure is the engine.
 *
 * @module
 */
import { generateKeyPairSync, sign, verify } from 'node:crypto'
import { promisify } from 'node:util'
import type { PaymentsOptions } from 'saoma'
import { RequestRefused, type TradeQueryAnswer } from 'saoma/alipay'
// Only the client itself may say that it has verified a text.
import { keepRawText } from '../../dist/alipay/raw-text.js'

/** A gateway, as the engine sees it. */
export type Gateway = PaymentsOptions['gateway']

/** How it answers. */
export interface FakeGatewayOptions {
  /**
   * `paid`: each trade is, when it is first asked about. `open`: none is; half of them were
   * scanned.
   */
  readonly trades: 'paid' | 'open'
  /** Whether each query is signed and its answer verified, as the client would do it. */
  readonly isSigned?: boolean
  /** Is told of each query when it would be sent. */
  readonly onQuery?: (outTradeNo: string) => void
}

/** What every order of a benchmark costs, in fen. */
export const AMOUNT = 8_888

/** Makes one. */
export function createFakeGateway({
  trades,
  isSigned = false,
  onQuery = () => {},
}: FakeGatewayOptions): Gateway {
  const exchangeSignatures = isSigned ? createSignatures() : async () => {}
  const refuse = (): Promise<never> =>
    Promise.reject(
      new Error('Nothing is canceled, refunded or taken from a code in this benchmark'),
    )
  return {
    appId: '2021000000000001',
    trade: {
      async precreate({ out_trade_no }) {
        const qr_code = `https://qr.alipay.com/bax0${out_trade_no.slice(-20)}`
        return keepRaw({ code: '10000', msg: 'Success', out_trade_no, qr_code })
      },
      async query(request) {
        const { out_trade_no = '' } = request
        await exchangeSignatures(JSON.stringify(request))
        onQuery(out_trade_no)
        if (trades === 'paid') return paid(out_trade_no)
        if (isScanned(out_trade_no)) return waiting(out_trade_no)
        throw unknownTrade(out_trade_no)
      },
      pay: refuse,
      cancel: refuse,
      close: refuse,
      refund: refuse,
      refundQuery: refuse,
    },
  }
}

function paid(outTradeNo: string): TradeQueryAnswer {
  return keepRaw({
    ...waiting(outTradeNo),
    invoice_amount: '88.88',
    point_amount: '0.00',
    receipt_amount: '88.88',
    send_pay_date: '2026-01-01 12:00:00',
    trade_status: 'TRADE_SUCCESS',
  })
}

function waiting(outTradeNo: string): TradeQueryAnswer {
  return keepRaw({
    code: '10000',
    msg: 'Success',
    buyer_logon_id: '138****0000',
    buyer_pay_amount: '88.88',
    buyer_user_id: '2088000000000001',
    out_trade_no: outTradeNo,
    total_amount: '88.88',
    trade_no: '2026010122000000000000000001',
    trade_status: 'WAIT_BUYER_PAY',
  })
}

/** As the client throws it: with the stack of a real error, and the text that was verified. */
function unknownTrade(outTradeNo: string): RequestRefused {
  const node = keepRaw({
    code: '40004',
    msg: 'Business Failed',
    sub_code: 'ACQ.TRADE_NOT_EXIST',
    sub_msg: '交易不存在',
    out_trade_no: outTradeNo,
  })
  return new RequestRefused({
    method: 'alipay.trade.query',
    alipayCode: node.code,
    subCode: node.sub_code,
    subMsg: node.sub_msg,
    traceId: undefined,
    node,
    outcome: 'not_applied',
    advice: 'There is no such trade.',
  })
}

function isScanned(outTradeNo: string): boolean {
  return outTradeNo.charCodeAt(outTradeNo.length - 1) % 2 === 0
}

function keepRaw<Answer extends object>(answer: Answer): Answer {
  return keepRawText(answer, JSON.stringify(answer))
}

/** The cryptography of a call: a signature over some 600 bytes, and the check of one like it. */
function createSignatures(): (request: string) => Promise<void> {
  const application = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const alipay = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const answer = Buffer.alloc(600, 'answer')
  const signature = sign('sha256', answer, alipay.privateKey)
  const signAsync = promisify(sign)
  const parameters = 'a'.repeat(540)
  return async (request) => {
    await signAsync('sha256', Buffer.from(parameters + request), application.privateKey)
    if (!verify('sha256', answer, alipay.publicKey, signature)) throw new Error('not verified')
  }
}
