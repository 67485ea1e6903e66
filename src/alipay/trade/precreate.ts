/**
 * `alipay.trade.precreate`, 统一收单线下交易预创建: asks for the text of a QR code that a buyer can pay.
 *
 * It makes no trade and moves no money: `alipay.trade.query` answers `ACQ.TRADE_NOT_EXIST` until a
 * buyer scans the code, which makes the trade and binds it to that buyer. A code lives at most two
 * hours, whatever the time-outs say. Asking again with the same `out_trade_no` and the same content
 * is accepted while no trade exists; a new code wants a new number, and the old one cancelled
 * first. The notify address is not a field here: the gateway takes it as a common parameter,
 * `notifyUrl` of the call.
 *
 * Source: API page 统一收单线下交易预创建 of Alipay's open platform.
 *
 * @module
 */

import type { CommonAnswer, Method } from '../method.ts'
import type {
  OrderDetails,
  BeijingTime,
  ExtUserInfo,
  RoyaltyInfo,
  SettleInfo,
  SubMerchant,
  Yuan,
} from './objects.ts'

/** What `alipay.trade.precreate` is asked. */
export interface PrecreateRequest extends OrderDetails {
  /**
   * String(64), required. Your order number: letters, digits, underscore; unique for the merchant,
   * for ever.
   */
  readonly out_trade_no: string
  /** Price(11), required. In yuan with at most two decimals, `0.01` to `100000000`. */
  readonly total_amount: Yuan
  /**
   * String(256), required. What the buyer sees as title. No special characters such as `/`, `=`,
   * `&`.
   */
  readonly subject: string
  /**
   * String(64). `FACE_TO_FACE_PAYMENT` (当面付, the default) or `QR_CODE_OFFLINE` (订单码支付), as in your
   * contract. The newest page calls it required.
   */
  readonly product_code?: 'FACE_TO_FACE_PAYMENT' | 'QR_CODE_OFFLINE' | (string & {})
  /**
   * String(28). PID of the receiving account; default the one with the contract. An account bound
   * to the store wins over this, and one that Alipay does not know for you is refused with
   * `ACQ.INVALID_RECEIVE_ACCOUNT`.
   */
  readonly seller_id?: string
  /**
   * String(6). How long the order may be paid: `1m` to `15d`, a whole number of `m`, `h` or `d`, or
   * `1c` (until midnight). Default `3h`; Alipay recommends `5m` or more.
   */
  readonly timeout_express?: string
  /** String(32). Until when the order may be paid. Wins over `timeout_express`. */
  readonly time_expire?: BeijingTime
  /**
   * String(6). How long the code itself lives, from now: written as `timeout_express`, never above
   * two hours.
   */
  readonly qr_code_timeout_express?: string
  /**
   * String(128). Means of payment to refuse, a comma list, e.g. `pcredit,moneyFund`. Not with
   * `enable_pay_channels`.
   */
  readonly disable_pay_channels?: string
  /** String(128). The only means of payment, a comma list. Not with `disable_pay_channels`. */
  readonly enable_pay_channels?: string
  /** Object. For platforms. */
  readonly settle_info?: SettleInfo
  /** Object. For platforms. */
  readonly royalty_info?: RoyaltyInfo
  /** Object. For platforms. */
  readonly sub_merchant?: SubMerchant
  /** Object. Restricts who may pay. */
  readonly ext_user_info?: ExtUserInfo
  /** String(512). Comes back unchanged in notifications; Alipay wants it URL-encoded. */
  readonly passback_params?: string
  /** String(32). Your original order number, where `out_trade_no` is another one. */
  readonly merchant_order_no?: string
  /** String(100). Login of the one buyer who may pay. */
  readonly buyer_logon_id?: string
  /** String. `share_code`: answer a `share_code` too. */
  readonly code_type?: 'share_code' | (string & {})
  /** String[]. Further fields to answer, e.g. `hyb_amount`, `enterprise_pay_info`. */
  readonly query_options?: readonly string[]
  /** Object. For indirect acquiring by banks (间联). */
  readonly bkagent_req_info?: unknown
}

/** What `alipay.trade.precreate` answers. */
export interface PrecreateAnswer extends CommonAnswer {
  /** String(64). As in the request. */
  readonly out_trade_no: string
  /**
   * String(1024). The text to draw as a QR code, e.g. `https://qr.alipay.com/bax…`. Good for at
   * most two hours.
   */
  readonly qr_code: string
  /** String. With `code_type` `share_code`. */
  readonly share_code?: string
}

/** 预下单: asks for a QR code to be paid. */
export const precreate: Method<PrecreateRequest, PrecreateAnswer> = {
  name: 'alipay.trade.precreate',
}
