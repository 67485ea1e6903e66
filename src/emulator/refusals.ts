/**
 * How Alipay says no to a business request: the sub codes that the emulator uses, with Alipay's
 * Chinese texts.
 *
 * @module
 */

/** The texts of `sub_msg`. */
export const refusalTexts = {
  'ACQ.SYSTEM_ERROR': '系统异常',
  'ACQ.INVALID_PARAMETER': '参数无效',
  'ACQ.CONTEXT_INCONSISTENT': '交易信息被篡改',
  'ACQ.TRADE_HAS_SUCCESS': '交易已被支付',
  'ACQ.TRADE_HAS_CLOSE': '交易已经关闭',
  'ACQ.TRADE_HAS_FINISHED': '交易已经完结',
  'ACQ.TRADE_NOT_EXIST': '交易不存在',
  'ACQ.TRADE_STATUS_ERROR': '交易状态不合法',
  'ACQ.TRADE_BUYER_NOT_MATCH': '交易买家不匹配',
  'ACQ.TRADE_CANCEL_TIME_OUT': '超过撤销时间范围',
  'ACQ.TOTAL_FEE_EXCEED': '订单总金额超过限额',
  'ACQ.SELLER_NOT_EXIST': '卖家不存在',
  'ACQ.SELLER_BEEN_BLOCKED': '商家账号被冻结',
  'ACQ.SELLER_BALANCE_NOT_ENOUGH': '卖家余额不足',
  'ACQ.INVALID_STORE_ID': '商户门店编号无效',
  'ACQ.SUB_GOODS_SIZE_MAX_COUNT': '子商品明细超长',
  'ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR': '当前时间已超过允许支付的时间',
  'ACQ.PAYMENT_AUTH_CODE_INVALID':
    '支付失败，获取顾客账户信息失败，请顾客刷新付款码后重新收款，如再次收款失败，请联系管理员处理。[SOUNDWAVE_PARSER_FAIL]',
  'ACQ.BUYER_BALANCE_NOT_ENOUGH': '买家余额不足',
  'ACQ.REFUND_AMT_NOT_EQUAL_TOTAL': '撤销或退款金额与订单金额不一致',
  'ACQ.REASON_TRADE_REFUND_FEE_ERR': 'REASON_TRADE_REFUND_FEE_ERR',
  'ACQ.DISCORDANT_REPEAT_REQUEST': '不一致的请求',
  'isp.bill_not_exist': '账单不存在',
  'isv.invalid_arguments': '入参无效',
  BILL_NOT_EXIST: '账单不存在',
  INVAILID_ARGUMENTS: '入参无效',
  TYPE_NOT_SUPPORTED: '不支持的账单类型',
} as const

/** A sub code that the emulator uses. */
export type SubCode = keyof typeof refusalTexts

/** A business refusal: it becomes an answer with the code 40004. */
export interface Refusal {
  readonly status: 'refused'
  readonly sub_code: SubCode
  readonly sub_msg: string
}

/** @param subMsg What is said instead of the text in the table. */
export function refuse(subCode: SubCode, subMsg: string = refusalTexts[subCode]): Refusal {
  return { status: 'refused', sub_code: subCode, sub_msg: subMsg }
}
