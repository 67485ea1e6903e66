/**
 * What the gateway checks before a method runs, in its order: of two faults the first one is told.
 *
 * @module
 * @see Alipay: 公共错误码
 */

import { encodeText, toCharset } from '../alipay/charset.ts'
import { decryptContent } from '../alipay/encryption.ts'
import type { SignType } from '../alipay/keys.ts'
import { verifySignature } from '../alipay/signer.ts'
import { requestSigningContent } from '../alipay/signing-content.ts'
import { parseBeijingTime } from '../alipay/time.ts'
import type { GatewayRequest } from './gateway-request.ts'
import { BizContent } from './methods/biz-content.ts'
import { methods } from './methods/index.ts'
import type { Answer, Method, MethodCall } from './methods/method.ts'
import type { World } from './world.ts'

/** What the gateway makes of a request. */
export type GatewayVerdict =
  | { readonly status: 'refused'; readonly answer: Answer }
  | { readonly status: 'accepted'; readonly method: Method; readonly call: MethodCall }

/** Checks everything that is not the business of a method. */
export function checkRequest(world: World, request: GatewayRequest): GatewayVerdict {
  const { params } = request
  const refusal =
    checkApp(world, params) ??
    checkForm(params) ??
    checkKeys(world, params) ??
    checkSignature(world, request) ??
    checkPermission(world, params)
  if (refusal !== undefined) return { status: 'refused', answer: refusal }
  return readCall(world, request)
}

type Params = GatewayRequest['params']

/** Whether the application is the one that there is. Answers to another one cannot be signed. */
export function isKnownApp(world: World, params: Params): boolean {
  return params['app_id'] === world.keys.credentials.app_id
}

/** `RSA2` unless the request says `RSA`. */
export function signTypeOf(params: Params): SignType {
  return params['sign_type'] === 'RSA' ? 'RSA' : 'RSA2'
}

function checkApp(world: World, params: Params): Answer | undefined {
  if (!has(params, 'app_id')) return problem('40001', 'isv.missing-app-id', '缺少appId参数')
  if (!isKnownApp(world, params)) return problem('40002', 'isv.invalid-app-id', '无效的AppID参数')
  return undefined
}

function checkForm(params: Params): Answer | undefined {
  const { method = '', sign_type = '', timestamp = '', charset = '', format = '' } = params
  if (method === '') return problem('40001', 'isv.missing-method', '缺少方法名参数')
  if (!methods.has(method)) return problem('40002', 'isv.invalid-method', '不存在的方法名')
  if (sign_type === '') {
    return problem('40001', 'isv.missing-signature-type', '缺少签名类型参数')
  }
  if (sign_type !== 'RSA2' && sign_type !== 'RSA') {
    return problem('40002', 'isv.invalid-signature-type', '无效的签名类型')
  }
  if (!has(params, 'sign')) return problem('40001', 'isv.missing-signature', '缺少签名参数')
  if (timestamp === '') return problem('40001', 'isv.missing-timestamp', '缺少时间戳参数')
  if (!isBeijingTime(timestamp)) {
    return problem('40002', 'isv.invalid-timestamp', '非法的时间戳参数')
  }
  if (!has(params, 'version')) return problem('40001', 'isv.missing-version', '缺少版本参数')
  if (charset !== '' && toCharset(charset) === undefined) {
    return problem('40002', 'isv.invalid-charset', '字符集错误')
  }
  if (format !== '' && format.toLowerCase() !== 'json') {
    return problem('40002', 'isv.invalid-format', '无效的数据格式')
  }
  return undefined
}

function checkKeys(world: World, params: Params): Answer | undefined {
  if (world.state.settings.application_key === 'missing') {
    const text = '应用未配置对应签名算法的公钥或者证书'
    return problem('40003', 'isv.missing-signature-config', text)
  }
  const { app_cert_sn = '', alipay_root_cert_sn = '' } = params
  if (app_cert_sn === '' && alipay_root_cert_sn === '') return undefined
  if (app_cert_sn === '') {
    return problem('40002', 'isv.missing-app-cert-sn', '缺少应用公钥证书序列号')
  }
  if (app_cert_sn !== world.keys.appCertSn) {
    return problem('40002', 'isv.app-cert-not-exist', '应用公钥证书不存在')
  }
  if (alipay_root_cert_sn === '') {
    return problem('40002', 'isv.missing-alipay-root-cert-sn', '缺少支付宝根证书序列号')
  }
  if (alipay_root_cert_sn !== world.keys.rootCertSn) {
    return problem('40002', 'isv.invalid-alipay-root-cert-sn', '支付宝根证书序列号无效')
  }
  return undefined
}

/** The refusal repeats the text that the gateway checked, so that the merchant can compare it. */
function checkSignature(world: World, { params, charset }: GatewayRequest): Answer | undefined {
  const content = requestSigningContent(params)
  const { appPublicKey } = world.keys
  const bytes = encodeText(content, charset)
  if (verifySignature(bytes, params['sign'] ?? '', appPublicKey, signTypeOf(params))) {
    return undefined
  }
  const text =
    '验签出错，建议检查签名字符串或签名私钥与应用公钥是否匹配，网关生成的验签字符串为：' +
    content.replaceAll('&', '&amp;')
  return problem('40002', 'isv.invalid-signature', text)
}

function checkPermission(world: World, params: Params): Answer | undefined {
  const { settings } = world.state
  const { encrypt_type = '', app_auth_token = '', notify_url = '' } = params
  if (encrypt_type !== '' && encrypt_type !== 'AES') {
    return problem('40002', 'isv.invalid-encrypt-type', '无效的加密类型')
  }
  if (app_auth_token !== '' && !settings.app_auth_tokens.includes(app_auth_token)) {
    return problem('20001', 'aop.invalid-app-auth-token', '无效的应用授权令牌')
  }
  if (settings.product === 'missing') {
    const text = 'ISV权限不足，建议在开发者中心检查对应功能是否已经添加'
    return problem('40006', 'isv.insufficient-isv-permissions', text)
  }
  if (notify_url !== '' && !isWebAddress(notify_url)) {
    return problem('40002', 'isv.invalid-parameter', '参数无效：notify_url')
  }
  return undefined
}

function readCall(world: World, { params, charset }: GatewayRequest): GatewayVerdict {
  const method = methods.get(params['method'] ?? '')
  if (method === undefined) return refused('40002', 'isv.invalid-method', '不存在的方法名')
  let text = params['biz_content'] ?? ''
  if (params['encrypt_type'] === 'AES' && text !== '') {
    try {
      text = decryptContent(text, world.keys.credentials.encrypt_key)
    } catch {
      return refused('40002', 'isv.invalid-encrypt', '解密异常')
    }
  }
  const biz = parseObject(text)
  if (biz === undefined) return refused('40002', 'isv.illegal-json', 'biz_content 不是合法的 JSON')
  const { notify_url = '', app_cert_sn = '' } = params
  const call: MethodCall = {
    biz: new BizContent(biz),
    app_id: world.keys.credentials.app_id,
    charset,
    sign_type: signTypeOf(params),
    mode: app_cert_sn === '' ? 'key' : 'certificate',
    notify_url: notify_url === '' ? undefined : notify_url,
  }
  return { status: 'accepted', method, call }
}

const MESSAGES: Readonly<Record<string, string>> = {
  '20000': 'Service Currently Unavailable',
  '20001': 'Insufficient Token Permissions',
  '40001': 'Missing Required Arguments',
  '40002': 'Invalid Arguments',
  '40003': 'Insufficient Conditions',
  '40004': 'Business Failed',
  '40005': 'Call Limited',
  '40006': 'Insufficient Permissions',
}

/** A refusal of the gateway's own. */
export function problem(code: string, sub_code: string, sub_msg: string): Answer {
  return { code, msg: MESSAGES[code] ?? '', sub_code, sub_msg, fields: {} }
}

function refused(code: string, subCode: string, subMsg: string): GatewayVerdict {
  return { status: 'refused', answer: problem(code, subCode, subMsg) }
}

function has(params: Params, name: string): boolean {
  return (params[name] ?? '') !== ''
}

function isBeijingTime(text: string): boolean {
  try {
    parseBeijingTime(text)
    return text.length === 19
  } catch {
    return false
  }
}

function isWebAddress(text: string): boolean {
  return text.length <= 256 && /^https?:\/\//i.test(text) && URL.canParse(text)
}

/** The object that a JSON text is, `undefined` if it is none. */
function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
