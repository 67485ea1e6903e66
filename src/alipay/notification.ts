/**
 * Messages from Alipay to the merchant: asynchronous notifications of trades, service messages,
 * return URLs. Raw bytes come in; what goes out is a type that cannot be made in any other way.
 *
 * @module
 * @see Alipay: 异步通知说明, 异步通知验签
 */

import { toCharset, type Charset } from './charset.ts'
import { NotificationInvalid } from './errors.ts'
import { decodeByteString, parseForm, type FormPair } from './form.ts'
import type { NotificationTrust } from './notification-trust.ts'
import { keepRawText } from './raw-text.ts'
import { explainSignature } from './signature-diagnosis.ts'
import { verifySignature } from './signer.ts'
import { notificationSigningContent } from './signing-content.ts'

/** Longest message that is read, in bytes. Real ones are of 1 to 4 kB. */
export const NOTIFICATION_BYTES_MAX = 65_536

/**
 * The documented parameters of a trade notification, as text in the way Alipay writes them: amounts
 * in yuan, times in Beijing. Alipay adds parameters at any time; all that came are in
 * {@link VerifiedNotification.params}.
 */
export interface NotificationParams {
  /** Time of this sending, `yyyy-MM-dd HH:mm:ss`; new at each retry. */
  readonly notify_time?: string
  /** `trade_status_sync` for trades. String(64). */
  readonly notify_type?: string
  /** Id of this notification, kept in its retries. String(128). */
  readonly notify_id?: string
  /** The application that placed the order. String(32). */
  readonly app_id?: string
  /** The authorised merchant's application, equal to `app_id` unless an ISV acts. String(32). */
  readonly auth_app_id?: string
  readonly charset?: string
  readonly version?: string
  /** Alipay's trade number. String(64). */
  readonly trade_no?: string
  /** The merchant's order number. String(64). */
  readonly out_trade_no?: string
  /** In refund notifications the refund's `out_request_no`. String(64). */
  readonly out_biz_no?: string
  /** Buyer's user id, `2088…`; applications switched to openid get `buyer_open_id`. String(16). */
  readonly buyer_id?: string
  readonly buyer_open_id?: string
  /** Buyer's masked account, `159****5620`. String(100). */
  readonly buyer_logon_id?: string
  /** The seller's PID. String(30). */
  readonly seller_id?: string
  readonly seller_email?: string
  /** `WAIT_BUYER_PAY`, `TRADE_SUCCESS`, `TRADE_FINISHED` or `TRADE_CLOSED`. */
  readonly trade_status?: string
  /** Order amount in yuan. */
  readonly total_amount?: string
  /** What the merchant receives, in yuan. */
  readonly receipt_amount?: string
  readonly invoice_amount?: string
  readonly buyer_pay_amount?: string
  readonly point_amount?: string
  /** All that has been refunded of the trade so far, in yuan: cumulative. */
  readonly refund_fee?: string
  /** What was really sent back, in yuan. */
  readonly send_back_fee?: string
  readonly subject?: string
  readonly body?: string
  readonly gmt_create?: string
  readonly gmt_payment?: string
  /** With milliseconds: `yyyy-MM-dd HH:mm:ss.SSS`. */
  readonly gmt_refund?: string
  readonly gmt_close?: string
  /** JSON text with camelCase keys: `[{"amount":"0.10","fundChannel":"ALIPAYACCOUNT"}]`. */
  readonly fund_bill_list?: string
  /** JSON text with camelCase keys. */
  readonly voucher_detail_list?: string
  /** What the merchant sent along with the order. String(512). */
  readonly passback_params?: string
  readonly [name: string]: string | undefined
}

let makeVerified: (params: NotificationParams) => VerifiedNotification

/**
 * A message that Alipay's key has signed. Only {@link verifyNotification},
 * {@link verifyServiceMessage} and {@link verifyReturnUrl} make one, and TypeScript takes no
 * look-alike for it, so a function that asks for one needs no check of its own. That it is about an
 * order of yours, for the right amount, is for you to check.
 */
export class VerifiedNotification {
  readonly #params: NotificationParams

  private constructor(params: NotificationParams) {
    this.#params = params
  }

  /**
   * All parameters that arrived but `sign`, decoded once, in the charset of the message. Not
   * printed with the notification: they hold buyer data.
   */
  get params(): NotificationParams {
    return this.#params
  }

  /** The id alone, so that no buyer data gets into logs. */
  toJSON(): { readonly notify_id: string | undefined } {
    return { notify_id: this.#params.notify_id }
  }

  static {
    makeVerified = (params) => new VerifiedNotification(params)
  }
}

/**
 * Verifies an asynchronous trade notification by rule V1: every parameter that arrived, empty ones
 * too, but `sign` and `sign_type`. One rule; there is no second try by another.
 *
 * @param body The raw body of the POST, before any framework parsed it. Bytes are best: text that
 *   was once decoded in the wrong charset cannot be verified.
 * @throws {NotificationInvalid} With `problem` saying why it proves nothing.
 */
export function verifyNotification(
  body: Uint8Array | string,
  trust: NotificationTrust,
): VerifiedNotification {
  return keepRawText(verifyPairs(readPairs(body), trust, 'V1'), formText(body))
}

/**
 * Verifies a service message (服务窗, 生活号 and newer message products) by rule V2, in which `sign_type`
 * is signed too. Not for trade notifications.
 *
 * @throws {NotificationInvalid} With `problem` saying why it proves nothing.
 */
export function verifyServiceMessage(
  body: Uint8Array | string,
  trust: NotificationTrust,
): VerifiedNotification {
  return keepRawText(verifyPairs(readPairs(body), trust, 'V2'), formText(body))
}

/**
 * Verifies the parameters with which Alipay sends a buyer's browser back (`return_url`), by rule
 * V1.
 *
 * @param url The whole URL or its query, as the browser asked for it.
 * @param ownParams Names of the merchant's own query parameters, which Alipay did not sign.
 * @throws {NotificationInvalid} With `problem` saying why it proves nothing.
 */
export function verifyReturnUrl(
  url: string,
  trust: NotificationTrust,
  ownParams: readonly string[] = [],
): VerifiedNotification {
  const query = url.slice(url.indexOf('?') + 1).replace(/#.*$/s, '')
  const pairs = readPairs(query).filter(([name]) => !ownParams.includes(name))
  return keepRawText(verifyPairs(pairs, trust, 'V1'), formText(query))
}

function readPairs(body: Uint8Array | string): FormPair[] {
  if (Buffer.byteLength(body) > NOTIFICATION_BYTES_MAX) {
    throw new NotificationInvalid(
      'too_large',
      `A notification of more than ${NOTIFICATION_BYTES_MAX} bytes is not one of Alipay's.`,
    )
  }
  return parseForm(body)
}

function verifyPairs(
  pairs: readonly FormPair[],
  trust: NotificationTrust,
  rule: 'V1' | 'V2',
): VerifiedNotification {
  const byName = new Map(pairs)
  if (byName.size !== pairs.length) {
    throw new NotificationInvalid(
      'malformed',
      'A parameter is given twice; Alipay never does that.',
    )
  }
  const charset: Charset = toCharset(byName.get('charset') ?? 'utf-8') ?? 'utf-8'
  const content = notificationSigningContent(pairs, rule)
  const bytes = Buffer.from(content, 'latin1')
  const sign = byName.get('sign') ?? ''
  const signType = byName.get('sign_type') ?? trust.signType
  const authentic =
    signType === trust.signType &&
    trust.alipayPublicKeys.some((key) => verifySignature(bytes, sign, key, trust.signType))
  if (!authentic) {
    const { problem, message } = explainSignature({ pairs, rule, trust })
    throw new NotificationInvalid(problem, message, {
      signingContent: decodeByteString(content, charset),
    })
  }
  requireUnambiguous(pairs)
  return makeVerified(decodeParams(pairs, charset))
}

/**
 * The signed text escapes neither `&` nor `=`, so one signature fits several ways of cutting it up:
 * a parameter could be hidden in the value before it, and a buyer's remark become parameters of its
 * own. Each of these leaves a value that holds a parameter's name, or a name that holds `=` or
 * `&`.
 */
function requireUnambiguous(pairs: readonly FormPair[]): void {
  for (const [own, value] of pairs) {
    if (/[=&]/.test(own)) {
      throw new NotificationInvalid('malformed', 'The name of a parameter holds = or &.')
    }
    const name = HIDDEN_PARAMETER.exec(value)?.[1]
    if (name === undefined) continue
    throw new NotificationInvalid(
      'malformed',
      `A value holds "&${name}=", so the signature does not tell which parameters were sent. Keep such text out of body and passback_params (encode it), and query the trade for this one.`,
    )
  }
}

/**
 * The form as it came. Bytes that no form has unescaped are escaped: they mean the same, verify
 * again, and the text can be stored anywhere.
 */
function formText(body: Uint8Array | string): string {
  const bytes = typeof body === 'string' ? Buffer.from(body, 'utf8') : Buffer.from(body)
  return bytes
    .toString('latin1')
    .replace(/[^\x20-\x7e]/g, (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`)
}

/** The documented parameters of notifications and return URLs. */
const HIDDEN_PARAMETER = new RegExp(
  '&((?:auth_)?app_id|body|buyer_(?:id|open_id|logon_id|pay_amount)|charset|fund_bill_list|' +
    'gmt_(?:create|payment|refund|close)|invoice_amount|method|notify_(?:time|type|id)|' +
    'out_(?:trade|biz)_no|passback_params|point_amount|receipt_amount|refund_fee|' +
    'seller_(?:id|email)|send_back_fee|subject|timestamp|total_amount|trade_(?:no|status)|' +
    'version|voucher_detail_list)=',
)

function decodeParams(pairs: readonly FormPair[], charset: Charset): NotificationParams {
  const params: Record<string, string> = Object.create(null) as Record<string, string>
  for (const [name, value] of pairs) {
    if (name !== 'sign') params[decodeByteString(name, charset)] = decodeByteString(value, charset)
  }
  return params
}
