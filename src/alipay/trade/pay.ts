/**
 * `alipay.trade.pay`, 统一收单交易支付: takes a payment with the code that the buyer shows (付款码).
 *
 * `10000` means paid. `10003` means that the buyer is being asked for the password: query every 5
 * seconds for 30 to 60 seconds, then cancel at once. After an unknown result query, and cancel if
 * it is still not paid. Never take a new `out_trade_no` before the old one is known to be dead: the
 * buyer could pay twice. The notify address is not a field here: the gateway takes it as a common
 * parameter, `notifyUrl` of the call.
 *
 * Source: API page 统一收单交易支付 of Alipay's open platform.
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
  TradeFundBill,
  VoucherDetail,
  Yuan,
} from './objects.ts'

/** What `alipay.trade.pay` is asked. */
export interface TradePayRequest extends OrderDetails {
  /**
   * String(64), required. Your order number: letters, digits, underscore; unique for the merchant,
   * for ever.
   */
  readonly out_trade_no: string
  /**
   * String(32; newer 64), required. The buyer's code: 16 to 24 digits that begin with 25 to 30,
   * good for about a minute and for one payment; for `security_code` 35 characters that begin with
   * `fp`.
   */
  readonly auth_code: string
  /**
   * String(256), required. What the buyer sees as title. No special characters such as `/`, `=`,
   * `&`.
   */
  readonly subject: string
  /** Price(11), required. In yuan with at most two decimals, `0.01` to `100000000`. */
  readonly total_amount: Yuan
  /**
   * String(32). `bar_code` (default) for a shown code, `security_code` for paying by face;
   * `wave_code` is old.
   */
  readonly scene?: 'bar_code' | 'security_code' | 'wave_code' | (string & {})
  /** String(32). `FACE_TO_FACE_PAYMENT` (default), `OFFLINE_PAYMENT`; others by contract. */
  readonly product_code?: 'FACE_TO_FACE_PAYMENT' | 'OFFLINE_PAYMENT' | (string & {})
  /** String(28). The buyer's user id; pre-authorised payments only. */
  readonly buyer_id?: string
  /** String(128). The buyer's id for this application; pre-authorised payments only. */
  readonly buyer_open_id?: string
  /** String(28). PID of the receiving account; default the one with the contract. */
  readonly seller_id?: string
  /**
   * String(6). How long the order may be paid, from its creation: `1m` to `15d`, or `1c`. Default
   * `3h`.
   */
  readonly timeout_express?: string
  /** String(32). Until when the order may be paid. Wins over `timeout_express`. */
  readonly time_expire?: BeijingTime
  /** String(128). Means of payment to refuse, a comma list. Not with `enable_pay_channels`. */
  readonly disable_pay_channels?: string
  /** String(128). The only means of payment, a comma list. Not with `disable_pay_channels`. */
  readonly enable_pay_channels?: string
  /**
   * String[]. Further fields to answer, e.g. `fund_bill_list`, `voucher_detail_list`,
   * `discount_goods_detail`.
   */
  readonly query_options?: readonly string[]
  /** String(512). Comes back unchanged in notifications; Alipay wants it URL-encoded. */
  readonly passback_params?: string
  /** String(32). Your original order number, where `out_trade_no` is another one. */
  readonly merchant_order_no?: string
  /** Object. Restricts who may pay. */
  readonly ext_user_info?: ExtUserInfo
  /** Object. For platforms. */
  readonly settle_info?: SettleInfo
  /** Object. For platforms. */
  readonly royalty_info?: RoyaltyInfo
  /** Object. For platforms. */
  readonly sub_merchant?: SubMerchant
  /** String(8). Cross-border: currency of `total_amount`. */
  readonly trans_currency?: string
  /** String(8). Cross-border: currency of the settlement. */
  readonly settle_currency?: string
  /**
   * String(32). Pre-authorisation: `COMPLETE` unfreezes what is left, `NOT_COMPLETE` (default) does
   * not.
   */
  readonly auth_confirm_mode?: 'COMPLETE' | 'NOT_COMPLETE' | (string & {})
  /** String. Pre-authorisation: its number. */
  readonly auth_no?: string
  /** String(2048). Signature made by Alipay's SDK on the terminal. */
  readonly terminal_params?: string
  /** Object. Withholding agreement (代扣). */
  readonly agreement_params?: unknown
  /** Object. Promotions. */
  readonly promo_params?: unknown
  /** String. `ENJOY_PAY_V2`: Alipay may advance the money (先享后付). */
  readonly advance_payment_type?: string
  /** Boolean. Withholding only: take the request now and carry it out later. */
  readonly is_async_pay?: boolean
  /** Object. Further payment parameters. */
  readonly pay_params?: unknown
  /** String. PID of the acquiring bank; indirect acquiring only. */
  readonly request_org_pid?: string
  /** Object. Indirect acquiring. */
  readonly bkagent_req_info?: unknown
}

/**
 * What `alipay.trade.pay` answers: `code` `10000` is paid, `10003` is waiting for the buyer's
 * password.
 */
export interface TradePayAnswer extends CommonAnswer {
  /** String(64). */
  readonly trade_no: string
  /** String(64). */
  readonly out_trade_no: string
  /** String(100). The buyer's login, masked. */
  readonly buyer_logon_id: string
  /** Price(11). Amount of the order, in yuan. */
  readonly total_amount: Yuan
  /** String(11). What the merchant receives, in yuan; `0.00` while waiting. */
  readonly receipt_amount?: Yuan
  /** Price(11). What the buyer paid, in yuan. */
  readonly buyer_pay_amount?: Yuan
  /** Price(11). Part paid in points (集分宝), in yuan. */
  readonly point_amount?: Yuan
  /** Price(11). Amount to be invoiced, in yuan. */
  readonly invoice_amount?: Yuan
  /** Date(32). When it was paid; absent while waiting. */
  readonly gmt_payment?: BeijingTime
  /** The sources of the money; by contract or by `query_options`. */
  readonly fund_bill_list?: readonly TradeFundBill[]
  /** Price(11). Balance of the Alipay card, in yuan. */
  readonly card_balance?: Yuan
  /** String(512). */
  readonly store_name?: string
  /** String(28). The buyer's user id; absent for applications that use open ids. */
  readonly buyer_user_id?: string
  /** String(128). The buyer's id for this application; only for applications that use open ids. */
  readonly buyer_open_id?: string
  /** String(1024), JSON. Goods that vouchers for single goods were used on; by `query_options`. */
  readonly discount_goods_detail?: string
  /** The vouchers that were used; by `query_options`. */
  readonly voucher_detail_list?: readonly VoucherDetail[]
  /** String(18). */
  readonly buyer_user_type?: 'PRIVATE' | 'CORPORATE' | (string & {})
  /** String(11). The merchant's discount, in yuan. */
  readonly mdiscount_amount?: Yuan
  /** String(11). The platform's discount, in yuan. */
  readonly discount_amount?: Yuan
  /** String(64). `CREDIT_PREAUTH_PAY` for credit pre-authorisation. */
  readonly auth_trade_pay_mode?: string
  /** String(512), JSON. As given with the order. */
  readonly business_params?: string

  /** Cross-border: currency of the price. */
  readonly trans_currency?: string
  /** Cross-border: currency of the settlement. */
  readonly settle_currency?: string
  /** Cross-border: amount in `settle_currency`. */
  readonly settle_amount?: string
  /** Cross-border: currency of the payment. */
  readonly pay_currency?: string
  /** Cross-border: amount in `pay_currency`. */
  readonly pay_amount?: string
  /** Cross-border: rate from settlement to price. */
  readonly settle_trans_rate?: string
  /** Cross-border: rate from price to payment. */
  readonly trans_pay_rate?: string

  /** String. Amount that Alipay advanced, in yuan (先享后付). */
  readonly advance_amount?: Yuan
  /** String. Asynchronous payment: `S` accepted; by `query_options` `async_pay_info`. */
  readonly async_pay_apply_status?: string
  /** String. Asynchronous payment: how it is carried out. */
  readonly async_payment_mode?: string
  /** Object. Indirect acquiring. */
  readonly bkagent_resp_info?: unknown
  /** String. The buyer's name, where agreed with Alipay. Personal data. */
  readonly buyer_user_name?: string
  /** String. Withholding failed: whether the order may be paid in the app instead. */
  readonly can_turn_to_app_pay?: string
  /** Indirect acquiring: fee taken from the receiver, in yuan. */
  readonly charge_amount?: Yuan
  /** Indirect acquiring: mark of a special rate. */
  readonly charge_flags?: string
  /** List of fees. */
  readonly charge_info_list?: unknown
  /** String. Credit payment: number of the credit order. */
  readonly credit_biz_order_id?: string
  /**
   * String. Credit payment: `creditAdvanceV2` is pay-after-use. Nothing has been paid yet: check it
   * where you use that product.
   */
  readonly credit_pay_mode?: string
  /** Object. Enterprise payment (因公付); by `query_options`. */
  readonly enterprise_pay_info?: unknown
  /** String. Huiyingbao (惠营宝) amount, in yuan. */
  readonly hyb_amount?: Yuan
  /** String. `DC`: received as digital yuan (数字人民币). */
  readonly receipt_currency_type?: string
  /** Indirect acquiring: number of the clearing. */
  readonly settlement_id?: string
  /** Dead; do not use. */
  readonly open_id?: string
}

/** 付款码支付: takes a payment with the buyer's code. */
export const tradePay: Method<TradePayRequest, TradePayAnswer> = { name: 'alipay.trade.pay' }
