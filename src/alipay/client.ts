/**
 * The client of Alipay's open gateway: signs a request, sends it, verifies the answer, and only
 * then decodes it. There is no way to switch the verification off.
 *
 * @module
 * @see Alipay: 开放平台 API 调用, 公共请求参数
 */

import type { KeyObject } from 'node:crypto'
import { openAnswerEnvelope } from './answer-envelope.ts'
import { acceptAnswer, verifyAnswer } from './answer.ts'
import {
  billDownloadUrl,
  type BillDownloadUrlAnswer,
  type BillDownloadUrlRequest,
} from './bill/download-url.ts'
import { encodeText, type Charset } from './charset.ts'
import { encryptContent } from './encryption.ts'
import { ConfigurationInvalid, GatewayUnreachable, MessageMalformed } from './errors.ts'
import { encodeForm } from './form.ts'
import { CLOCK_ROUND_TRIP_MAX_MS, type ClockMeasurement, GatewayClock } from './gateway-clock.ts'
import type { CertificateFiles } from './certificate-trust.ts'
import { certificateDownload, createGatewayTrust } from './gateway-trust.ts'
import type { SignType } from './keys.ts'
import type { CommonAnswer, Method } from './method.ts'
import {
  verifyNotification,
  verifyReturnUrl,
  verifyServiceMessage,
  type VerifiedNotification,
} from './notification.ts'
import { createSigner, type Signer } from './signer.ts'
import { requestSigningContent } from './signing-content.ts'
import { formatBeijingTime, type Clock } from './time.ts'
import { tradeCancel, type TradeCancelAnswer, type TradeCancelRequest } from './trade/cancel.ts'
import { tradeClose, type TradeCloseAnswer, type TradeCloseRequest } from './trade/close.ts'
import { tradePay, type TradePayAnswer, type TradePayRequest } from './trade/pay.ts'
import { precreate, type PrecreateAnswer, type PrecreateRequest } from './trade/precreate.ts'
import { tradeQuery, type TradeQueryAnswer, type TradeQueryRequest } from './trade/query.ts'
import {
  tradeRefundQuery,
  type TradeRefundQueryAnswer,
  type TradeRefundQueryRequest,
} from './trade/refund-query.ts'
import { tradeRefund, type TradeRefundAnswer, type TradeRefundRequest } from './trade/refund.ts'
import { createTransport, type TransportAnswer } from './transport.ts'

/** Alipay's production gateway. */
export const PRODUCTION_GATEWAY = 'https://openapi.alipay.com/gateway.do'

/** Alipay's sandbox gateway. */
export const SANDBOX_GATEWAY = 'https://openapi-sandbox.dl.alipaydev.com/gateway.do'

/**
 * Everything a client needs to know. The key part is one of two: a public key, or the three
 * certificate files.
 */
export type ClientOptions = CommonOptions & SigningOptions & TrustOptions

interface CommonOptions {
  /** APPID of the application, 16 digits. */
  readonly appId: string
  /** The gateway's address. Default {@link PRODUCTION_GATEWAY}. */
  readonly gateway?: string
  /**
   * Signature algorithm, pinned for both directions. Default `RSA2`; `RSA` for applications made
   * before 2018.
   */
  readonly signType?: SignType
  /** Charset of requests and answers. Default `utf-8`. */
  readonly charset?: Charset
  /** AES key (接口内容加密方式), base64. Where it is set, contents are encrypted both ways. */
  readonly encryptKey?: string
  /** An ISV's token for acting for a merchant; sent with each call. */
  readonly appAuthToken?: string
  /** Milliseconds for one call, from sending to the last byte. 1 to 120,000, default 15,000. */
  readonly timeoutMs?: number
  /** Milliseconds for making a connection. Default 5,000. */
  readonly connectTimeoutMs?: number
  /** Connections that are kept open at the most. Default 64. */
  readonly connectionsMax?: number
  /** Bytes of an answer that are read at the most. Default 1 MiB. */
  readonly answerBytesMax?: number
  /** `http://host:port` of an HTTP proxy. */
  readonly proxy?: string
  /**
   * What tells the time for `timestamp`. A {@link GatewayClock} is put right by the answers; any
   * other clock is used as it is. Default a `GatewayClock` of the client's own.
   */
  readonly clock?: Clock
}

type SigningOptions =
  | {
      /** The application's private key (应用私钥): PEM or one line of base64, PKCS#1 or PKCS#8. */
      readonly privateKey: string | Buffer | KeyObject
      readonly signer?: never
    }
  | {
      /** Holds the application's private key elsewhere: a KMS or an HSM. */
      readonly signer: Signer
      readonly privateKey?: never
    }

type TrustOptions =
  | {
      /** The Alipay public key (支付宝公钥) that the console shows, not the application's own. */
      readonly alipayPublicKey: string | Buffer | KeyObject
      readonly certificates?: never
    }
  | {
      /** Certificate mode: the three files as PEM text. */
      readonly certificates: CertificateFiles
      readonly alipayPublicKey?: never
    }

/** What may differ from call to call. */
export interface CallOptions {
  /** Address for asynchronous notifications about this order; public, at most 256 characters. */
  readonly notifyUrl?: string
  /** In place of the client's. */
  readonly appAuthToken?: string
  /** In place of the client's, in milliseconds. */
  readonly timeoutMs?: number
  /** Gives the call up. What was sent may still take effect: the outcome is `unknown`. */
  readonly signal?: AbortSignal
  /**
   * Asked once, at the last moment: the request is signed, there is a connection, and the first
   * byte would be written. On `false` nothing is sent, and the call rejects at the stage
   * `withdrawn`: the outcome is `not_applied`. For calls that rest on something that grows old
   * while they wait.
   */
  readonly isStillWanted?: () => boolean
}

/** A method of the gateway as a function. */
export type Call<Request, Answer> = (request: Request, options?: CallOptions) => Promise<Answer>

/**
 * A client of the gateway for one application. Each call rejects with one of
 *
 * - `GatewayUnreachable`: no answer was read;
 * - `SignatureInvalid`: an answer that nobody may believe;
 * - `MessageMalformed`: an answer that cannot be read;
 * - `RequestRefused`: a verified no, with what may be concluded from it.
 */
export interface AlipayClient {
  readonly appId: string
  readonly gateway: string
  /** What tells the time: that of the options, or the client's own {@link GatewayClock}. */
  readonly clock: Clock
  readonly trade: {
    /** Makes a QR code for an order (统一收单线下交易预创建). No trade exists until a buyer scans it. */
    readonly precreate: Call<PrecreateRequest, PrecreateAnswer>
    /** Asks for the state of a trade. `ACQ.TRADE_NOT_EXIST` before the scan is normal. */
    readonly query: Call<TradeQueryRequest, TradeQueryAnswer>
    /** Undoes whatever happened: closes an unpaid trade, refunds a paid one (`action`). */
    readonly cancel: Call<TradeCancelRequest, TradeCancelAnswer>
    /** Closes an unpaid trade; never moves money. */
    readonly close: Call<TradeCloseRequest, TradeCloseAnswer>
    /** Refunds, in full or in part; idempotent by `out_request_no`. */
    readonly refund: Call<TradeRefundRequest, TradeRefundAnswer>
    /** Asks for a refund. */
    readonly refundQuery: Call<TradeRefundQueryRequest, TradeRefundQueryAnswer>
    /** Barcode payment (条码支付): code `10003` means that the buyer is entering the password. */
    readonly pay: Call<TradePayRequest, TradePayAnswer>
  }
  readonly bill: {
    /** The address of a bill, valid for 30 seconds. */
    readonly downloadUrl: Call<BillDownloadUrlRequest, BillDownloadUrlAnswer>
  }
  /** Calls any method of the gateway, also one that has no typed function here. */
  execute<Request extends object, Answer extends CommonAnswer>(
    method: Method<Request, Answer>,
    request: Request,
    options?: CallOptions,
  ): Promise<Answer>
  /**
   * Compares the gateway's clock with the client's, by one GET that is not signed and whose answer
   * is only looked at for its date. A `GatewayClock` is put right by it. Takes 5 s at the most;
   * throws `GatewayUnreachable`, also where the answer has no date.
   */
  measureClock(): Promise<ClockMeasurement>
  /** Verifies an asynchronous notification from its raw body. Throws `NotificationInvalid`. */
  verifyNotification(body: Uint8Array | string): VerifiedNotification
  /** Verifies a service message (rule V2). Throws `NotificationInvalid`. */
  verifyServiceMessage(body: Uint8Array | string): VerifiedNotification
  /** Verifies the URL to which Alipay sent a browser back. Throws `NotificationInvalid`. */
  verifyReturnUrl(url: string, ownParams?: readonly string[]): VerifiedNotification
  /** Closes the connections once the calls under way have ended. */
  close(): Promise<void>
}

/**
 * Makes a client. Keys are checked at once, so a wrong one fails here and not at the first payment.
 *
 * @example
 *   const client = createClient({ appId, privateKey, alipayPublicKey, gateway: SANDBOX_GATEWAY })
 *   const { qr_code } = await client.trade.precreate(
 *     { out_trade_no: 'A-1001', total_amount: '88.88', subject: '美式咖啡' },
 *     { notifyUrl: 'https://shop.example/alipay/notify' },
 *   )
 *
 * @throws {KeyInvalid} If a key is not the one that is needed; `problem` says what was given
 *   instead.
 * @throws {CertificateInvalid} If a certificate file is not the one that is needed.
 * @throws {ConfigurationInvalid} If another setting cannot be.
 */
export function createClient(options: ClientOptions): AlipayClient {
  const { appId, charset = 'utf-8', signType = 'RSA2' } = options
  const gateway = checkGateway(options.gateway ?? PRODUCTION_GATEWAY)
  if (!/^[0-9A-Za-z]{1,32}$/.test(appId)) {
    throw new ConfigurationInvalid('appId is the APPID of the application: 16 digits.')
  }
  const timeoutMs = checkTimeout(options.timeoutMs ?? 15_000)
  // Another clock is not put right: this one then only measures how far it is away.
  const gatewayClock =
    options.clock instanceof GatewayClock
      ? options.clock
      : new GatewayClock(options.clock && { clock: options.clock })
  const clock = options.clock ?? gatewayClock
  const signer = options.signer ?? createSigner(options.privateKey, signType)
  if (signer.signType !== signType) {
    throw new ConfigurationInvalid(
      `The signer signs with ${signer.signType}, the client is set to ${signType}.`,
    )
  }
  const trust = createGatewayTrust({
    alipayPublicKey: options.alipayPublicKey,
    certificates: options.certificates,
    applicationPublicKey: signer.publicKey,
    signType,
    charset,
    clock,
  })
  // As the keys: a wrong one fails here.
  if (options.encryptKey !== undefined) encryptContent('', options.encryptKey)
  const transport = createTransport({
    origin: gateway.origin,
    proxy: options.proxy,
    connectionsMax: options.connectionsMax ?? 64,
    connectTimeoutMs: options.connectTimeoutMs ?? 5_000,
    answerBytesMax: options.answerBytesMax ?? 1_048_576,
    clock: gatewayClock,
  })

  // The charset stands in the URL, where the gateway looks before it can decode the body.
  const path = `${gateway.pathname}?charset=${charset}`
  const contentType = `application/x-www-form-urlencoded; charset=${charset}`
  const commonParams: Readonly<Record<string, string>> = {
    app_id: appId,
    format: 'JSON',
    charset,
    sign_type: signType,
    version: '1.0',
    ...trust.requestParams,
  }
  const commonForm = encodeForm(Object.entries(commonParams), charset)

  const underway = new Set<Promise<CommonAnswer>>()

  function execute<Request extends object, Answer extends CommonAnswer>(
    method: Method<Request, Answer>,
    request: Request,
    call: CallOptions = {},
  ): Promise<Answer> {
    const answer = exchange(method, request, call)
    const forget = (): void => void underway.delete(answer)
    underway.add(answer)
    answer.then(forget, forget)
    return answer
  }

  async function exchange<Request extends object, Answer extends CommonAnswer>(
    method: Method<Request, Answer>,
    request: Request,
    call: CallOptions,
  ): Promise<Answer> {
    const body = await signRequest(method.name, JSON.stringify(request), call)
    const answer = await transport.send({
      path,
      content: { type: contentType, body },
      timeoutMs: call.timeoutMs === undefined ? timeoutMs : checkTimeout(call.timeoutMs),
      signal: call.signal,
      isStillWanted: call.isStillWanted,
    })
    requireOk(answer)
    const envelope = openAnswerEnvelope(answer.body, method.name, charset)
    const verified = verifyAnswer(envelope, {
      alipayPublicKey: await trust.keyFor(envelope, method.name, (serialNumber) =>
        execute(certificateDownload, { alipay_cert_sn: serialNumber }),
      ),
      signType,
      charset,
      encryptKey: options.encryptKey,
      applicationPublicKey: signer.publicKey,
    })
    assertSameOrder(request, verified as Numbers)
    return acceptAnswer(verified, { method: method.name, traceId: answer.traceId }) as Answer
  }

  async function signRequest(method: string, content: string, call: CallOptions): Promise<string> {
    const own: Record<string, string> = {
      method,
      timestamp: formatBeijingTime(clock.now()),
      biz_content: content,
    }
    // A certificate is no secret, and has to be read before its own signature can be verified.
    if (options.encryptKey !== undefined && method !== certificateDownload.name) {
      own['biz_content'] = encryptContent(content, options.encryptKey)
      own['encrypt_type'] = 'AES'
    }
    const appAuthToken = call.appAuthToken ?? options.appAuthToken
    if (appAuthToken) own['app_auth_token'] = appAuthToken
    if (call.notifyUrl) own['notify_url'] = checkNotifyUrl(call.notifyUrl)
    const text = requestSigningContent({ ...commonParams, ...own })
    try {
      own['sign'] = await signer.sign(encodeText(text, charset))
    } catch (cause) {
      // A KMS may be away: then nothing was sent.
      throw new GatewayUnreachable('connect', 'The signer failed. Nothing was sent.', { cause })
    }
    return `${commonForm}&${encodeForm(Object.entries(own), charset)}`
  }

  async function measureClock(): Promise<ClockMeasurement> {
    const { isDated, status } = await transport.send({
      path: gateway.pathname,
      timeoutMs: Math.min(timeoutMs, CLOCK_ROUND_TRIP_MAX_MS),
    })
    if (!isDated) {
      const message =
        'The answer does not tell the time: it has no date of its own, or took too long.'
      throw new GatewayUnreachable('http_status', message, { status })
    }
    return { offsetMs: gatewayClock.offsetMs }
  }

  let closed: Promise<void> | undefined
  const bound =
    <Request extends object, Answer extends CommonAnswer>(method: Method<Request, Answer>) =>
    (request: Request, call?: CallOptions): Promise<Answer> =>
      execute(method, request, call)

  return {
    appId,
    gateway: gateway.href,
    clock,
    trade: {
      precreate: bound(precreate),
      query: bound(tradeQuery),
      cancel: bound(tradeCancel),
      close: bound(tradeClose),
      refund: bound(tradeRefund),
      refundQuery: bound(tradeRefundQuery),
      pay: bound(tradePay),
    },
    bill: { downloadUrl: bound(billDownloadUrl) },
    execute,
    measureClock,
    verifyNotification: (body) => verifyNotification(body, trust.forNotifications()),
    verifyServiceMessage: (body) => verifyServiceMessage(body, trust.forNotifications()),
    verifyReturnUrl: (url, ownParams) => verifyReturnUrl(url, trust.forNotifications(), ownParams),
    close: () => (closed ??= Promise.allSettled(underway).then(() => transport.close())),
  }
}

function requireOk({ status }: TransportAnswer): void {
  if (status === 200) return
  const message = `HTTP status ${status} instead of an answer of the gateway, which always says 200.`
  throw new GatewayUnreachable('http_status', message, { status })
}

/** What tells whose trade or refund a request or an answer is about. */
interface Numbers {
  readonly trade_no?: string
  readonly out_trade_no?: string
  readonly out_request_no?: string
}

/**
 * A signed answer to an earlier request proves nothing about this one. Where both numbers of a
 * trade are asked for, Alipay goes by its own.
 */
function assertSameOrder(request: Numbers, answer: Numbers): void {
  const order = request.trade_no === undefined ? 'out_trade_no' : 'trade_no'
  for (const name of [order, 'out_request_no'] as const) {
    const [asked, answered] = [request[name], answer[name]]
    if (asked !== undefined && answered !== undefined && answered !== asked) {
      throw new MessageMalformed(`The answer is about another ${name} than the one asked for.`)
    }
  }
}

function checkGateway(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new ConfigurationInvalid(
      `gateway is the whole address, such as ${PRODUCTION_GATEWAY} or ${SANDBOX_GATEWAY}.`,
    )
  }
  if (url.protocol === 'http:' && /(^|\.)(alipay|alipaydev)\.com$/.test(url.hostname)) {
    throw new ConfigurationInvalid('The gateway of Alipay is called by https.')
  }
  return url
}

function checkTimeout(timeoutMs: number): number {
  if (!Number.isInteger(timeoutMs) || timeoutMs < 1 || timeoutMs > 120_000) {
    throw new ConfigurationInvalid('timeoutMs is whole milliseconds from 1 to 120,000.')
  }
  return timeoutMs
}

function checkNotifyUrl(address: string): string {
  const isHttp = URL.canParse(address) && /^https?:$/.test(new URL(address).protocol)
  if (!isHttp || address.length > 256) {
    throw new ConfigurationInvalid(
      'notifyUrl is an http or https address of at most 256 characters that Alipay can reach.',
    )
  }
  return address
}
