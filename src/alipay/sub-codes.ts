/**
 * What may be concluded when the gateway says no: the table of its codes, and the rules around it.
 *
 * Three rules hold for the whole table.
 *
 * - Only what is listed is definite. A refusal that is not here is `unknown`: Alipay adds codes
 *   without notice, and taking an unheard-of one for "not done" is how orders get lost and refunds
 *   are paid twice. The price is a question too many.
 * - A refusal whose reason may be that an earlier call was carried out ("closed already", "in use")
 *   is `unknown`, for it is no proof that nothing happened. Precreate is the exception: it never
 *   moves money.
 * - A refusal speaks of its own call alone. If an earlier call with the same number ended unknown,
 *   that stays so.
 *
 * Sources: 公共错误码 and the tables 业务错误码 on the API pages of Alipay's open platform; the definitions
 * in its SDKs.
 *
 * @module
 */

import { billDownloadUrl } from './bill/download-url.ts'
import type { Outcome } from './errors.ts'
import type { Method } from './method.ts'
import { tradeCancel } from './trade/cancel.ts'
import { tradeClose } from './trade/close.ts'
import { tradePay } from './trade/pay.ts'
import { precreate } from './trade/precreate.ts'
import { tradeQuery } from './trade/query.ts'
import { tradeRefundQuery } from './trade/refund-query.ts'
import { tradeRefund } from './trade/refund.ts'

/** What a refusal can prove: never that it was done. */
export type RefusalOutcome = Exclude<Outcome, 'applied'>

/** A verified answer that says no. */
export interface Refusal {
  /** Alipay's `code`, e.g. `40004`. */
  readonly code: string
  /** Alipay's `sub_code`, e.g. `ACQ.TRADE_NOT_EXIST`; empty where there is none. */
  readonly subCode: string
  /** The method that was called, e.g. `alipay.trade.refund`. */
  readonly method: string
}

/** What follows from a refusal. */
export interface Conclusion {
  /** Whether the call is known not to have been carried out. */
  readonly outcome: RefusalOutcome
  /** One sentence for the developer: what to do. */
  readonly advice: string
}

/** A `code` of the gateway other than success. */
export interface GatewayCode extends Conclusion {
  /** E.g. `40002`. */
  readonly code: string
  /** The text that comes with it, e.g. `Invalid Arguments`. */
  readonly msg: string
}

/** A `sub_code`, with what it means where it is listed. */
export interface SubCode extends Conclusion {
  /** E.g. `ACQ.TRADE_NOT_EXIST`, spelled as Alipay spells it, mistakes included. */
  readonly code: string
  /** Its meaning in Chinese, in the words of Alipay's documentation where it has any. */
  readonly zh: string
  /** The methods that the row is about. Absent: every method. */
  readonly methods?: readonly string[]
}

/**
 * Says what may be concluded from a refusal. It is `not_applied` in two cases, and only if the sub
 * code does not speak of trouble or doubt: the gateway turned the request away (`20001`, `40001`
 * and so on), or the business refused it (`40004`) with a sub code that is listed for this method.
 * Everything else is `unknown`.
 */
export function conclude({ code, subCode, method }: Refusal): Conclusion {
  const listed = findSubCode(subCode, method)
  const doubtful = listed ? listed.outcome === 'unknown' : SYSTEM_TROUBLE.test(subCode)
  if (!doubtful) {
    const gateway = gatewayCodes.find((row) => row.code === code)
    if (gateway?.outcome === 'not_applied') {
      return { outcome: 'not_applied', advice: listed?.advice ?? gateway.advice }
    }
    if (code === '40004' && listed) {
      return { outcome: 'not_applied', advice: listed.advice }
    }
  }
  const specific = doubtful && listed?.methods !== undefined
  return { outcome: 'unknown', advice: specific ? listed.advice : findOut(method) }
}

/** Finds the row of a sub code for a method. */
export function findSubCode(subCode: string, method: string): SubCode | undefined {
  return subCodes.find(
    (row) => row.code === subCode && (row.methods === undefined || row.methods.includes(method)),
  )
}

// By suffix, for the same trouble comes under several prefixes and in two spellings (`ACQ.`,
// `AQC.`,
// `aop.ACQ.`). `isp.` marks trouble of the system behind the gateway, which may have got the
// request.
const SYSTEM_TROUBLE =
  /(^|\.)(SYSTEM_ERROR|UNKNOWN_ERROR|unknow-error|unknown-sub-code|invalid-response-data|access-data-time-out)$|^isp\./

/** How to find out what became of a call that may or may not have been carried out. */
function findOut(method: string): string {
  return FIND_OUT.get(method) ?? 'Find out whether it was carried out before you do anything else.'
}

const FIND_OUT: ReadonlyMap<string, string> = new Map([
  [
    precreate.name,
    'Query the order; while there is no trade, repeat the precreate with the same number and the same content.',
  ],
  [tradeQuery.name, 'Ask again: until an answer comes, nothing new is known of the trade.'],
  [
    tradeCancel.name,
    'Cancel again with the same request for up to a minute, then query, and show the order to a person if it stays open.',
  ],
  [tradeClose.name, 'Close again with the same request, then query.'],
  [
    tradeRefund.name,
    'Repeat the refund with the same out_request_no and the same amount, or ask refund query after ten seconds; never take a new number.',
  ],
  [tradeRefundQuery.name, 'Ask again: until an answer comes, nothing new is known of the refund.'],
  [
    tradePay.name,
    'Query every five seconds for up to a minute, and cancel at once if it is still not paid.',
  ],
  [billDownloadUrl.name, 'Ask again in a minute.'],
])

/** The codes of the gateway that mean no, and what each proves without looking at the sub code. */
export const gatewayCodes: readonly GatewayCode[] = [
  {
    code: '20000',
    msg: 'Service Currently Unavailable',
    outcome: 'unknown',
    advice: 'Alipay has trouble: find out whether it was carried out before you do anything else.',
  },
  {
    code: '20001',
    msg: 'Insufficient Token Permissions',
    outcome: 'not_applied',
    advice: 'Get a new app_auth_token: it is invalid, expired, or not for this method.',
  },
  {
    code: '40001',
    msg: 'Missing Required Arguments',
    outcome: 'not_applied',
    advice: 'Add the common parameter that the sub code names.',
  },
  {
    code: '40002',
    msg: 'Invalid Arguments',
    outcome: 'not_applied',
    advice: 'Correct the parameter that the sub code names.',
  },
  {
    code: '40003',
    msg: 'Insufficient Conditions',
    outcome: 'not_applied',
    advice: 'Complete the settings of the application in the Alipay console.',
  },
  {
    code: '40004',
    msg: 'Business Failed',
    outcome: 'unknown',
    advice: 'Look at the sub code: it alone says what happened.',
  },
  {
    code: '40005',
    msg: 'Call Limited',
    outcome: 'not_applied',
    advice: 'Slow down and send it again later: the call was over the rate limit.',
  },
  {
    code: '40006',
    msg: 'Insufficient Permissions',
    outcome: 'not_applied',
    advice: 'Add the product to the application in the Alipay console and sign its contract.',
  },
]

const CONTACT = 'Contact Alipay (95188 or the merchant centre at b.alipay.com).'
const OTHER_MEANS = 'Ask the buyer for another means of payment or another account.'
const PLATFORM = 'Check sub_merchant and settle_info against the onboarding of that merchant.'

/**
 * All sub codes with a known meaning. A code is listed once for a method; where its meaning differs
 * by method it has a row for each.
 */
export const subCodes: readonly SubCode[] = [
  // Trouble on Alipay's side.
  ...rows('every', 'unknown', 'Find out whether it was carried out before you do anything else.', {
    'ACQ.SYSTEM_ERROR': '系统错误',
    'AQC.SYSTEM_ERROR': '系统错误',
    'aop.ACQ.SYSTEM_ERROR': '系统异常',
    'isp.unknow-error': '服务暂不可用（业务系统不可用）',
    'aop.unknow-error': '服务暂不可用（网关自身的未知错误）',
  }),

  // 20001: tokens.
  ...rows('every', 'not_applied', 'Ask the merchant to authorise again and use the new token.', {
    'aop.invalid-auth-token': '无效的访问令牌',
    'aop.auth-token-time-out': '访问令牌已过期',
    'aop.invalid-app-auth-token': '无效的应用授权令牌',
    'aop.app-auth-token-time-out': '应用授权令牌已过期',
  }),
  ...rows(
    'every',
    'not_applied',
    'Ask the merchant to authorise the application for this method as well.',
    { 'aop.invalid-app-auth-token-no-api': '商户未授权当前接口' },
  ),
  ...rows('every', 'not_applied', 'Have the merchant sign the contract for 当面付 first.', {
    'aop.no-product-reg-by-partner': '商户未签约任何产品',
  }),

  // 40001: common parameters that are missing.
  ...rows(
    'every',
    'not_applied',
    'Send all common parameters: something between you and the gateway drops them, or the client is not saoma.',
    {
      'isv.missing-method': '缺少方法名参数',
      'isv.missing-signature': '缺少签名参数',
      'isv.missing-signature-type': '缺少签名类型参数',
      'isv.missing-app-id': '缺少appId参数',
      'isv.missing-timestamp': '缺少时间戳参数',
      'isv.missing-version': '缺少版本参数',
    },
  ),
  ...rows(
    'every',
    'not_applied',
    'Upload the application public key in the Alipay console (应用详情 → 开发设置 → 接口加签方式), for the sign type that you use.',
    {
      'isv.missing-signature-key': '缺少签名配置',
      'isv.missing-signature-config': '验签出错, 未配置对应签名算法的公钥或者证书',
    },
  ),
  ...rows('every', 'not_applied', 'Send encrypt_type AES with encrypted content.', {
    'isv.decryption-error-missing-encrypt-type': '解密出错, 未指定加密算法',
    'isv.decryption-error-not-valid-encrypt-type': '解密出错，不支持的加密算法',
    'isv.invalid-encrypt-type': '无效的加密类型',
  }),

  // 40002: parameters that are wrong.
  ...rows('every', 'not_applied', 'Correct the parameter that sub_msg names.', {
    'isv.invalid-parameter': '参数无效',
    'isv.upload-fail': '文件上传失败',
    'isv.invalid-file-extension': '文件扩展名无效',
    'isv.invalid-file-size': '文件大小无效',
    'isv.invalid-format': '无效的数据格式',
    'isv.invalid-digest': '摘要错误',
  }),
  ...rows('every', 'not_applied', 'Check the spelling of the method.', {
    'isv.invalid-method': '不存在的方法名',
  }),
  ...rows(
    'every',
    'not_applied',
    'Check that the private key belongs to the application public key in the Alipay console of this app_id, and that gateway, app_id and key are all of the sandbox or all of production; sub_msg quotes the text that Alipay verified.',
    { 'isv.invalid-signature': '无效签名' },
  ),
  ...rows('every', 'not_applied', 'Use RSA2, as chosen in the Alipay console.', {
    'isv.invalid-signature-type': '无效的签名类型',
  }),
  ...rows(
    'every',
    'not_applied',
    'Check the app_id and the gateway: a sandbox app_id works at the sandbox gateway only, and a production application must be online (已上线).',
    {
      'isv.invalid-app-id': '无效的appId参数',
      'not-online-app': '应用未上线',
    },
  ),
  ...rows(
    'every',
    'not_applied',
    'Check that the encrypt key is the one in the Alipay console (接口内容加密方式) of this app_id.',
    {
      'isv.invalid-encrypt': '解密异常',
      'isv.decryption-error-not-valid-encrypt-key': '解密出错, 未配置加密密钥或加密密钥格式错误',
      'isv.decryption-error-unknown': '解密出错，未知异常',
    },
  ),
  ...rows('every', 'not_applied', 'Send the timestamp as yyyy-MM-dd HH:mm:ss in China time.', {
    'isv.invalid-timestamp': '非法的时间戳参数',
  }),
  ...rows('every', 'not_applied', 'Use utf-8, and name it in the address as well.', {
    'isv.invalid-charset': '字符集错误',
  }),
  ...rows('every', 'not_applied', 'Send biz_content as JSON.', {
    'isv.illegal-json': 'biz_content 不是合法的 JSON',
  }),
  ...rows(
    'every',
    'not_applied',
    "Change the value that holds one of Alipay's own parameter names (body=, subject, out_trade_no …), such as a subject or passback_params.",
    { 'isv.suspected-attack': '可疑的攻击请求' },
  ),
  ...rows('every', 'not_applied', 'Call it without app_auth_token, or ask Alipay to open it.', {
    'isv.not-support-app-auth': '本接口不支持第三方代理调用',
    'isv.forbidden-api': '接口被禁用',
  }),
  ...rows('every', 'not_applied', 'Use the open id that belongs to this application.', {
    'invalid-openid': 'openid 无效',
  }),
  ...rows(
    'every',
    'not_applied',
    'Configure the three certificates downloaded from the Alipay console of this app_id (appCertPublicKey, alipayCertPublicKey_RSA2, alipayRootCert).',
    {
      'isv.missing-app-cert-sn': '缺少应用公钥证书序列号',
      'isv.missing-alipay-root-cert-sn': '缺少支付宝根证书序列号',
      'isv.invalid-alipay-root-cert-sn': '无效的支付宝根证书序列号',
      'isv.app-cert-not-exist': '应用公钥证书不存在',
      'isv.alipay-cert-not-exist': '支付宝公钥证书不存在',
    },
  ),
  ...rows(
    'every',
    'not_applied',
    'Renew the application certificate in the Alipay console and configure the new one.',
    { 'isv.app-cert-expired': '应用公钥证书已过期' },
  ),

  // 40003, 40005, 40006: relations, rate limits, permissions.
  ...rows('every', 'not_applied', 'Ask the merchant to authorise the application again.', {
    'isv.invalid-auth-relations': '无效的授权关系',
  }),
  ...rows('every', 'not_applied', 'Slow down and send it again later.', {
    'isv.app-call-limited': '应用调用次数超限，包含调用频率超限',
    'isv.method-call-limited': 'API调用次数超限，包含调用频率超限',
  }),
  ...rows(
    'every',
    'not_applied',
    'Add 当面付 to the application in the Alipay console, bind the application to the merchant account, and sign the contract at b.alipay.com.',
    { 'isv.insufficient-isv-permissions': 'ISV权限不足' },
  ),
  ...rows('every', 'not_applied', 'Let the user authorise the application for this method.', {
    'isv.insufficient-user-permissions': '用户权限不足',
  }),
  ...rows('every', 'not_applied', "Call it for a merchant, with that merchant's app_auth_token.", {
    'isv.self-invoke-forbidden': '应用不允许自调用',
  }),

  // Business refusals of every method.
  ...rows('every', 'not_applied', 'Correct the field that sub_msg names, then send it again.', {
    'ACQ.INVALID_PARAMETER': '参数无效',
  }),
  ...rows(
    'every',
    'not_applied',
    'Sign the contract of the product at b.alipay.com and check product_code against it.',
    { 'ACQ.ACCESS_FORBIDDEN': '无权限使用接口' },
  ),
  ...rows('every', 'not_applied', 'Check the app_id and its state in the Alipay console.', {
    'ACQ.PARTNER_ERROR': '应用APP_ID填写错误',
  }),

  // Precreate: the number is taken.
  ...rows(
    [precreate],
    'not_applied',
    'Query the order: its number has been paid; if not for this sale, take a new out_trade_no.',
    { 'ACQ.TRADE_HAS_SUCCESS': '交易已被支付' },
  ),
  ...rows(
    [precreate],
    'not_applied',
    'Query the order: a trade of this number was closed or wholly refunded; a new code takes a new out_trade_no.',
    { 'ACQ.TRADE_HAS_CLOSE': '交易已经关闭' },
  ),
  ...rows(
    [precreate],
    'not_applied',
    'Query the order: a trade of this number exists with another content or buyer and may still be paid; cancel it before you take a new out_trade_no.',
    {
      'ACQ.CONTEXT_INCONSISTENT': '交易信息被篡改',
      'ACQ.TRADE_BUYER_NOT_MATCH': '交易买家不匹配',
    },
  ),
  ...rows(
    [precreate],
    'not_applied',
    'Query the order, for an earlier code of its number may still be payable, then take a new out_trade_no; if that is refused too, check the contract of the product.',
    { 'ACQ.APPLY_PC_MERCHANT_CODE_ERROR': '申请二维码失败' },
  ),
  ...rows([precreate], 'not_applied', PLATFORM, {
    'ACQ.DEFAULT_SETTLE_RULE_NOT_EXIST': '默认结算条款不存在',
  }),

  // Pay: the number is taken, perhaps by an earlier call for the same sale.
  ...rows(
    [tradePay],
    'unknown',
    'Query the order: its number has been paid, perhaps by an earlier call for this very sale.',
    { 'ACQ.TRADE_HAS_SUCCESS': '交易已被支付', 'ACQ.TRADE_STATUS_ERROR': '交易状态异常' },
  ),
  ...rows(
    [tradePay],
    'unknown',
    'Query the order: a trade of this number exists already; take a new out_trade_no only when it is known to be dead.',
    {
      'ACQ.TRADE_HAS_CLOSE': '交易已经关闭',
      'ACQ.CONTEXT_INCONSISTENT': '交易信息被篡改',
      'ACQ.TRADE_BUYER_NOT_MATCH': '交易买家不匹配',
    },
  ),
  ...rows(
    [tradePay],
    'unknown',
    "Query the order and cancel it if it is not paid: the trade may wait on the buyer's phone.",
    { 'ACQ.PULL_MOBILE_CASHIER_FAIL': '唤起移动收银台失败' },
  ),
  ...rows(
    [tradePay],
    'unknown',
    'Query the order: the pre-authorisation has been turned into a paid trade already.',
    { 'ACQ.AUTH_ORDER_HAS_FINISHED': '预授权订单已经完结' },
  ),

  // Precreate and pay: the order.
  ...rows([precreate, tradePay], 'not_applied', 'Change subject and body.', {
    'ACQ.EXIST_FORBIDDEN_WORD': '订单信息中包含违禁词',
  }),
  ...rows([precreate, tradePay], 'not_applied', 'Lower the amount: 0.01 to 100000000 yuan.', {
    'ACQ.TOTAL_FEE_EXCEED': '订单总金额超过限额',
  }),
  ...rows([precreate, tradePay], 'not_applied', 'Correct store_id, which has no Chinese letters.', {
    'ACQ.INVALID_STORE_ID': '商户门店编号无效',
  }),
  ...rows(
    [precreate, tradePay],
    'not_applied',
    'Correct seller_id, or leave it out to receive on the account with the contract.',
    {
      'ACQ.SELLER_NOT_EXIST': '卖家不存在',
      'ACQ.INVALID_RECEIVE_ACCOUNT': '收款账户不支持',
    },
  ),
  ...rows([precreate, tradePay], 'not_applied', 'Set time_expire in the future, in China time.', {
    'ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR': '当前时间已超过允许支付的时间',
  }),
  ...rows([precreate, tradePay], 'not_applied', 'Send at most 150 entries in goods_detail.', {
    'ACQ.SUB_GOODS_SIZE_MAX_COUNT': '子商品明细超长',
  }),
  ...rows(
    [precreate, tradePay],
    'not_applied',
    'Send the public address of the ordering device in business_params.mc_create_trade_ip.',
    { 'ACQ.RISK_MERCHANT_IP_NOT_EXIST': '当前交易未传入IP信息' },
  ),

  // Precreate and pay: the merchant.
  ...rows([precreate, tradePay], 'not_applied', CONTACT, {
    'ACQ.BEYOND_PAY_RESTRICTION': '商户收款额度超限',
    'ACQ.BEYOND_PER_RECEIPT_RESTRICTION': '商户收款金额超过月限额',
    'ACQ.BEYOND_PER_RECEIPT_DAY_RESTRICTION': '订单金额超过当日累计限额',
    'ACQ.BEYOND_PER_RECEIPT_SINGLE_RESTRICTION': '订单金额超过单笔限额',
    'ACQ.MERCHANT_PERM_RECEIPT_SUSPEND_LIMIT': '商户暂停收款',
    'ACQ.MERCHANT_PERM_RECEIPT_SINGLE_LIMIT': '超过单笔收款限额',
    'ACQ.MERCHANT_PERM_RECEIPT_DAY_LIMIT': '超过单日累计收款额度',
    'ACQ.SELLER_BEEN_BLOCKED': '商家账号被冻结',
  }),
  ...rows(
    [precreate, tradePay],
    'not_applied',
    'Activate the merchant again at b.alipay.com (three months without a trade suspend it), or contact Alipay.',
    { 'ACQ.MERCHANT_STATUS_NOT_NORMAL': '商户状态异常' },
  ),
  ...rows([precreate, tradePay], 'not_applied', PLATFORM, {
    'ACQ.SECONDARY_MERCHANT_ID_INVALID': '二级商户不存在',
    'ACQ.SECONDARY_MERCHANT_ID_BLANK': '二级商户编号错误',
    'ACQ.SECONDARY_MERCHANT_NOT_MATCH': '二级商户信息不匹配',
    'ACQ.SECONDARY_MERCHANT_ALIPAY_ACCOUNT_INVALID': '二级商户账户异常',
    'ACQ.TRADE_SETTLE_ERROR': '交易结算异常',
  }),
  ...rows([precreate, tradePay], 'not_applied', 'Contact the service provider of the merchant.', {
    'ACQ.SECONDARY_MERCHANT_STATUS_ERROR': '商户状态异常',
    'ACQ.SECONDARY_MERCHANT_ISV_PUNISH_INDIRECT': '商户状态异常',
  }),

  // Precreate and pay: the buyer.
  ...rows([precreate, tradePay], 'not_applied', OTHER_MEANS, {
    'ACQ.BUYER_SELLER_EQUAL': '买卖家不能相同',
    'ACQ.BUYER_PAYMENT_AMOUNT_DAY_LIMIT_ERROR': '买家付款日限额超限',
    'ACQ.BUYER_PAYMENT_AMOUNT_MONTH_LIMIT_ERROR': '买家付款月额度超限',
    'ACQ.ERROR_BUYER_CERTIFY_LEVEL_LIMIT': '买家未通过人行认证',
    'ACQ.BUYER_ENABLE_STATUS_FORBID': '买家状态非法',
    'ACQ.BUYER_NOT_EXIST': '买家不存在',
  }),

  // Pay: the buyer and the code.
  ...rows(
    [tradePay],
    'not_applied',
    'Ask the buyer to refresh the payment code, and scan it again.',
    {
      'ACQ.PAYMENT_AUTH_CODE_INVALID': '支付授权码无效',
      'ACQ.PAYMENT_FAIL': '支付失败',
    },
  ),
  ...rows([tradePay], 'not_applied', OTHER_MEANS, {
    'ACQ.BUYER_BALANCE_NOT_ENOUGH': '买家余额不足',
    'ACQ.BUYER_BANKCARD_BALANCE_NOT_ENOUGH': '用户银行卡余额不足',
    'ACQ.PAYMENT_REQUEST_HAS_RISK': '支付有风险',
    'ACQ.NO_PAYMENT_INSTRUMENTS_AVAILABLE': '没有可用的支付工具',
    'ACQ.NOT_SUPPORT_PAYMENT_INST': '不支持的钱包版本',
    'ACQ.NOT_CERTIFIED_USER': '买家非实名认证用户',
    'ACQ.BUYER_NOT_MAINLAND_CERT': '买家证件类型非大陆身份证',
    'ACQ.PAYER_UNMATCHED': '付款人不匹配',
    'ACQ.USER_LOGONID_DUP': '用户账号重复',
  }),
  ...rows([tradePay], 'not_applied', 'Ask the buyer to switch this way of paying on in Alipay.', {
    'ACQ.ERROR_BALANCE_PAYMENT_DISABLE': '余额支付功能关闭',
    'ACQ.MOBILE_PAYMENT_SWITCH_OFF': '用户的无线支付开关关闭',
    'ACQ.USER_FACE_PAYMENT_SWITCH_OFF': '用户当面付付款开关关闭',
  }),

  // Pay: contracts and special products.
  ...rows([tradePay], 'not_applied', 'Check the contract of the product at b.alipay.com.', {
    'ACQ.MERCHANT_AGREEMENT_NOT_EXIST': '商户协议不存在',
    'ACQ.MERCHANT_AGREEMENT_INVALID': '商户协议已失效',
    'ACQ.PRODUCT_AMOUNT_LIMIT_ERROR': '产品额度超限',
    'ACQ.RESTRICTED_MERCHANT_INDUSTRY': '行业信息交易受限',
    'ACQ.UN_SUPPORT_TRADE_SCENE': '不支持该交易场景',
    'ACQ.CURRENCY_NOT_SUPPORT': '订单币种不支持',
    'ACQ.AMOUNT_OR_CURRENCY_ERROR': '订单金额或币种信息错误',
  }),
  ...rows([tradePay], 'not_applied', PLATFORM, {
    'ACQ.SUB_MERCHANT_CREATE_FAIL': '二级商户创建失败',
    'ACQ.SUB_MERCHANT_TYPE_INVALID': '二级商户类型非法',
    'ACQ.PLATFORM_BUSINESS_ACQUIRE_MODE_MUST_MERCHANT_ID': '二级商户编码为空',
    'ACQ.ROYALTY_ACCOUNT_NOT_EXIST': '分账收款方账号不存在',
  }),
  ...rows([tradePay], 'not_applied', 'Check the withholding agreement (代扣) and its limits.', {
    'ACQ.AGREEMENT_NOT_EXIST': '用户协议不存在或已解约',
    'ACQ.AGREEMENT_INVALID': '用户协议失效',
    'ACQ.AGREEMENT_STATUS_NOT_NORMAL': '用户协议状态非NORMAL',
    'ACQ.AGREEMENT_ERROR': '协议信息异常',
    'ACQ.CYCLE_PAY_DATE_NOT_MATCH': '扣款日期不在签约时的允许范围之内',
    'ACQ.CYCLE_PAY_SINGLE_FEE_EXCEED': '周期扣款的单笔金额超过签约时限制',
    'ACQ.CYCLE_PAY_TOTAL_FEE_EXCEED': '周期扣款的累计金额超过签约时限制',
    'ACQ.CYCLE_PAY_TOTAL_TIMES_EXCEED': '周期扣款的总次数超过签约时限制',
    'ACQ.OVER_MAX_DEDUCT_COUNT': '超过最大扣款次数',
    'ACQ.OVER_MAX_UNDER_WAY_DEDUCT_COUNT': '超过最大在途扣款笔数',
    'ACQ.OVER_DEDUCT_PERIOD': '超过扣款周期',
    'ACQ.OVER_MERCHANT_DAILY_DEDUCT_AMOUNT': '超过商户单日扣款金额',
  }),
  ...rows(
    [tradePay],
    'not_applied',
    'Check the pre-authorisation (预授权), its state and its rest.',
    {
      'ACQ.AUTH_NO_ERROR': '预授权号错误或状态不对',
      'ACQ.AUTH_AMOUNT_NOT_ENOUGH': '授权金额不足',
      'ACQ.AUTH_TOKEN_IS_NOT_EXIST': '支付授权码为空',
      'ACQ.AUTH_ORDER_NOT_PAID': '预授权订单未支付',
      'ACQ.AUTH_ORDER_HAS_CLOSED': '预授权订单已关闭',
      'ACQ.PRE_AUTH_PROD_CODE_INCONSISTENT': '预授权产品码不一致',
      'ACQ.REQUEST_AMOUNT_EXCEED': '请求金额超限',
    },
  ),
  ...rows([tradePay], 'not_applied', 'The credit product (先享后付) refused: take another one.', {
    'ACQ.MERCHANT_UNSUPPORT_ADVANCE': '先享后付2.0准入失败,商户不支持垫资支付产品',
    'ACQ.BUYER_UNSUPPORT_ADVANCE': '先享后付2.0准入失败,买家不满足垫资条件',
    'ACQ.ORDER_UNSUPPORT_ADVANCE': '订单不支持先享后付垫资',
    'ACQ.ZM_AUTH_AMOUNT_EXCEED': '先用后付场景下超过约定的免密支付金额',
    'ACQ.ZM_CREDIT_AUTH_FAIL': '综合评估不通过',
    'ACQ.ZM_AUTH_RULE_LIMIT': '命中先用后付场景限制规则',
  }),
  ...rows([tradePay], 'not_applied', 'Check the card or face service that the request names.', {
    'ACQ.CARD_USER_NOT_MATCH': '脱机记录用户信息不匹配',
    'ACQ.CARD_TYPE_ERROR': '卡类型错误',
    'ACQ.CERT_EXPIRED': '凭证过期',
    'ACQ.SMILE_PAY_MERCHANT_NOT_MATCH': '请求支付和刷脸服务的商户身份不一致',
  }),

  // Query.
  ...rows(
    [tradeQuery],
    'not_applied',
    'Go on polling: before the buyer scans there is no trade, and a code that was shown may still be scanned.',
    { 'ACQ.TRADE_NOT_EXIST': '交易不存在' },
  ),
  ...rows([tradeQuery, tradeRefundQuery], 'unknown', 'Ask again; if it stays, contact Alipay.', {
    'ACQ.ENTERPRISE_PAY_BIZ_ERROR': '因公付业务异常',
  }),

  // Cancel.
  ...rows(
    [tradeCancel],
    'not_applied',
    "Top up the merchant's Alipay account, then cancel again with the same request.",
    { 'ACQ.SELLER_BALANCE_NOT_ENOUGH': '商户的支付宝账户中无足够的资金进行撤销' },
  ),
  ...rows([tradeCancel], 'not_applied', CONTACT, {
    'ACQ.REASON_TRADE_BEEN_FREEZEN': '当前交易被冻结，不允许进行撤销',
  }),
  ...rows([tradeCancel], 'not_applied', 'Query the order; if it is paid, refund it instead.', {
    'ACQ.TRADE_CANCEL_TIME_OUT': '超过撤销时间范围',
    'ACQ.CANCEL_NOT_ALLOWED': '交易不允许撤销',
  }),
  ...rows(
    [tradeCancel],
    'not_applied',
    'Check the number: there is no such trade; a code that was shown may still be scanned.',
    { 'ACQ.TRADE_NOT_EXIST': '交易不存在' },
  ),
  ...rows(
    [tradeCancel],
    'unknown',
    'Query the order and its refunds: it has ended or been refunded, perhaps by an earlier cancel.',
    {
      'ACQ.TRADE_HAS_FINISHED': '交易已经完结',
      'ACQ.REASON_TRADE_REFUND_FEE_ERR': '退款金额无效',
      'ACQ.TRADE_STATUS_ERROR': '交易状态不合法',
    },
  ),

  // Close.
  ...rows(
    [tradeClose],
    'unknown',
    'Keep watching the order until its code has expired: nobody has scanned it, and whether this kills the code is not documented.',
    { 'ACQ.TRADE_NOT_EXIST': '交易不存在' },
  ),
  ...rows([tradeClose], 'unknown', 'Query the order: it is paid, or closed already.', {
    'ACQ.TRADE_STATUS_ERROR': '交易状态不合法',
    'ACQ.REASON_TRADE_STATUS_INVALID': '交易状态异常',
    'ACQ.REASON_ILLEGAL_STATUS': '交易状态异常',
  }),

  // Refund.
  ...rows(
    [tradeRefund],
    'not_applied',
    "Top up the merchant's Alipay account, then repeat with the same out_request_no and amount.",
    { 'ACQ.SELLER_BALANCE_NOT_ENOUGH': '卖家余额不足' },
  ),
  ...rows(
    [tradeRefund],
    'not_applied',
    'Check the amount against what is left of the trade after all its refunds.',
    {
      'ACQ.REFUND_AMT_NOT_EQUAL_TOTAL': '退款金额超限',
      'ACQ.REASON_TRADE_REFUND_FEE_ERR': '退款金额无效',
      'ACQ.REFUND_FEE_ERROR': '交易退款金额有误',
    },
  ),
  ...rows([tradeRefund], 'not_applied', CONTACT, {
    'ACQ.REASON_TRADE_BEEN_FREEZEN': '请求退款的交易被冻结',
    'ACQ.USER_NOT_MATCH_ERR': '交易用户不匹配',
    'ACQ.CUSTOMER_VALIDATE_ERROR': '账户已注销或者被冻结',
  }),
  ...rows([tradeRefund], 'not_applied', 'Check the number: nobody has paid this order.', {
    'ACQ.TRADE_NOT_EXIST': '交易不存在',
  }),
  ...rows(
    [tradeRefund],
    'not_applied',
    'Pay the buyer back by another way: the time for refunds by contract is over.',
    { 'ACQ.TRADE_HAS_FINISHED': '交易已完结' },
  ),
  ...rows([tradeRefund], 'not_applied', 'Query the trade: only a paid one can be refunded.', {
    'ACQ.TRADE_STATUS_ERROR': '交易状态非法',
    'ACQ.REASON_TRADE_STATUS_INVALID': '交易状态异常',
  }),
  ...rows(
    [tradeRefund],
    'not_applied',
    'Query the trade and check in the contract whether refunds are allowed.',
    { 'ACQ.TRADE_NOT_ALLOW_REFUND': '当前交易不允许退款' },
  ),
  ...rows(
    [tradeRefund],
    'unknown',
    'Ask refund query: the number has been used with another amount, and that refund may have been paid.',
    { 'ACQ.DISCORDANT_REPEAT_REQUEST': '不一致的请求' },
  ),
  ...rows(
    [tradeRefund],
    'unknown',
    'Ask refund query and query: the trade was closed unpaid, or is wholly refunded, perhaps by this very refund.',
    { 'ACQ.TRADE_HAS_CLOSE': '交易已关闭' },
  ),
  ...rows(
    [tradeRefund],
    'unknown',
    'Repeat later with the same out_request_no and amount, or ask refund query.',
    {
      'ACQ.REFUND_CHARGE_ERROR': '退收费异常',
      'ACQ.ENTERPRISE_PAY_BIZ_ERROR': '因公付业务异常',
    },
  ),
  ...rows(
    [tradeRefund],
    'not_applied',
    'Pay the buyer back by another way, or contact Alipay: the account cannot receive it.',
    {
      'ACQ.BUYER_NOT_EXIST': '买家不存在',
      'ACQ.BUYER_ENABLE_STATUS_FORBID': '买家状态异常',
      'ACQ.BUYER_ERROR': '买家状态异常',
    },
  ),
  ...rows([tradeRefund], 'not_applied', 'Refund the whole amount, or pay back by another way.', {
    'ACQ.NOT_ALLOW_PARTIAL_REFUND': '不支持部分退款',
  }),
  ...rows(
    [tradeRefund],
    'not_applied',
    'Pay the buyer back by another way: a bought voucher was used.',
    { 'ACQ.ONLINE_TRADE_VOUCHER_NOT_ALLOW_REFUND': '交易不允许退款' },
  ),
  ...rows(
    [tradeRefund],
    'not_applied',
    'Correct what sub_msg names; it belongs to a special product.',
    {
      'ACQ.CURRENCY_NOT_SUPPORT': '退款币种不支持',
      'ACQ.ALLOC_AMOUNT_VALIDATE_ERROR': '退分账金额超限',
      'ACQ.TRADE_SETTLE_ERROR': '交易结算异常',
      'ACQ.OVERDRAFT_ASSIGN_ACCOUNT_INVALID': '垫资退款出资账号和商户信息不一致',
      'ACQ.OVERDRAFT_AGREEMENT_NOT_MATCH': '垫资退款接口传入模式和签约配置不一致',
      'ACQ.REFUND_ACCOUNT_NOT_EXIST': '退款出资账号不存在或账号异常',
      'ACQ.REFUND_ROYALTY_PAYEE_ACCOUNT_NOT_EXIST': '退分账收入方账户不存在',
      'ACQ.REFUNDALLOC_UNAUTH_LIMIT': '分账接收方未开启分账回退，退分账失败',
    },
  ),

  // Refund query. Alipay documents both spellings.
  ...rows([tradeRefundQuery], 'not_applied', 'Check the number of the trade: there is none.', {
    'ACQ.TRADE_NOT_EXIST': '交易不存在',
    TRADE_NOT_EXIST: '查询退款的交易不存在',
  }),

  // Bill. The documented names have no prefix; what the gateway was seen to send does.
  ...rows(
    [billDownloadUrl],
    'not_applied',
    "Ask again later: a bill is ready by about 9:00 of the next day (a month's by the 3rd), and there is none for a time without business.",
    {
      BILL_NOT_EXIST: '账单不存在',
      'isp.bill_not_exist': '账单不存在',
      NO_BILL_DATA: '商户在请求的账单时间内没有发生当前账单类型的业务',
    },
  ),
  ...rows(
    [billDownloadUrl],
    'not_applied',
    'Correct bill_type and bill_date: a past day as yyyy-MM-dd or a past month as yyyy-MM.',
    {
      INVAILID_ARGUMENTS: '入参不合法',
      invalid_arguments: '入参不合法',
      'isv.invalid_arguments': '入参不合法',
    },
  ),
  ...rows([billDownloadUrl], 'not_applied', 'Take a later date: the merchant was not there yet.', {
    BILL_DATE_BEFORE_REGISTRATION: '请求的账单时间早于注册时间',
  }),
  ...rows([billDownloadUrl], 'not_applied', 'Sign the product that this kind of bill belongs to.', {
    TYPE_NOT_SUPPORTED: '此账单类型不支持下载',
  }),
  ...rows([billDownloadUrl], 'not_applied', 'Ask again in a minute.', {
    SYSTEM_RATE_LIMIT: '系统当前负载较高，请求被限流，请稍后重试',
    USER_RATE_LIMIT: '调用频率超限',
  }),
  ...rows([billDownloadUrl], 'unknown', 'Ask again in a minute.', { UNKNOWN_ERROR: '未知错误' }),
]

function rows(
  methods: readonly Method<never, unknown>[] | 'every',
  outcome: RefusalOutcome,
  advice: string,
  meanings: Readonly<Record<string, string>>,
): SubCode[] {
  return Object.entries(meanings).map(([code, zh]) => ({
    code,
    zh,
    outcome,
    advice,
    ...(methods === 'every' ? {} : { methods: methods.map((method) => method.name) }),
  }))
}
