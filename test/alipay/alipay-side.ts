/**
 * What Alipay does, for tests: signs notifications and answers with node:crypto alone, by the rules
 * as they are documented.
 *
 * @module
 */

import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto'
import { type Charset, encodeText } from '../../src/alipay/charset.ts'
import type { SignType } from '../../src/alipay/keys.ts'
import { vectorText } from '../vectors.ts'

export const applicationPrivateKey = createPrivateKey(
  vectorText('keys/application-private-key.pkcs8.pem'),
)
export const applicationPublicKey = createPublicKey(applicationPrivateKey)
export const alipayPrivateKey = createPrivateKey(vectorText('keys/alipay-private-key.pem'))
export const alipayPublicKey = createPublicKey(alipayPrivateKey)

export interface SigningOptions {
  readonly key?: KeyObject
  readonly signType?: SignType
  readonly charset?: Charset
}

/** The signature over a text in its charset, in base64. */
export function signText(
  text: string,
  { key = alipayPrivateKey, signType = 'RSA2', charset = 'utf-8' }: SigningOptions = {},
): string {
  const digest = signType === 'RSA2' ? 'sha256' : 'sha1'
  return sign(digest, encodeText(text, charset), key).toString('base64')
}

/** The text that a notification signs: sorted, without `sign`, and in rule V1 without `sign_type`. */
export function notificationText(
  params: Readonly<Record<string, string>>,
  rule: 'V1' | 'V2' = 'V1',
): string {
  return Object.keys(params)
    .filter((name) => name !== 'sign' && (rule === 'V2' || name !== 'sign_type'))
    .toSorted()
    .map((name) => `${name}=${params[name]}`)
    .join('&')
}

/** The parameters with `sign_type` and `sign`. */
export function signedParams(
  params: Readonly<Record<string, string>>,
  options: SigningOptions & { readonly rule?: 'V1' | 'V2' } = {},
): Record<string, string> {
  const all = { ...params, sign_type: params['sign_type'] ?? options.signType ?? 'RSA2' }
  return { ...all, sign: signText(notificationText(all, options.rule), options) }
}

/** Percent-encoded in the charset, blanks as `+`: how Alipay posts a form. */
export function formOf(
  params: Readonly<Record<string, string>>,
  charset: Charset = 'utf-8',
): string {
  const encode = (text: string) =>
    [...encodeText(text, charset)]
      .map((byte) => String.fromCharCode(byte))
      .map((one) => (/[\w.*-]/.test(one) ? one : one === ' ' ? '+' : hex(one)))
      .join('')
  return Object.entries(params)
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .join('&')
}

function hex(one: string): string {
  return `%${one.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
}

/** The parameters of a trade notification, with what is hard in forms: `+`, `%`, `&`, Chinese. */
export const paidParams: Readonly<Record<string, string>> = {
  notify_time: '2026-11-23 10:00:05',
  notify_type: 'trade_status_sync',
  notify_id: '2026112300222100005012345',
  app_id: '9021000000000001',
  charset: 'utf-8',
  version: '1.0',
  trade_no: '2026112322001400000000000001',
  out_trade_no: 'ORDER-1',
  buyer_id: '2088102100000016',
  buyer_logon_id: '159****5620',
  seller_id: '2088721003899159',
  trade_status: 'TRADE_SUCCESS',
  total_amount: '88.88',
  receipt_amount: '88.88',
  subject: '美式咖啡 + 牛奶 50% "热" <大>',
  body: '',
  passback_params: 'a%3D1%26b%3D%2B2',
  gmt_payment: '2026-11-23 10:00:04',
  fund_bill_list: '[{"amount":"88.88","fundChannel":"ALIPAYACCOUNT"}]',
}

/** An answer of the gateway over the exact text of its node. */
export function answerBody(
  method: string,
  node: string,
  options: SigningOptions & {
    readonly sign?: string | null
    readonly certSn?: string
    readonly root?: string
  } = {},
): Buffer {
  const { charset = 'utf-8', certSn, root = `${method.replaceAll('.', '_')}_response` } = options
  const members = [`"${root}":${node}`]
  if (certSn !== undefined) members.push(`"alipay_cert_sn":"${certSn}"`)
  if (options.sign !== null) members.push(`"sign":"${options.sign ?? signText(node, options)}"`)
  return encodeText(`{${members.join(',')}}`, charset)
}

/** What `action` throws; fails if it throws nothing. */
export function thrownBy(action: () => unknown): unknown {
  try {
    action()
  } catch (error) {
    return error
  }
  throw new Error('Nothing was thrown')
}
