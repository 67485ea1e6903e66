/**
 * `alipay.trade.query`, 统一收单交易查询: what Alipay knows of one trade.
 *
 * It changes nothing and may be asked at any time; Alipay's advice is every 3 to 6 seconds while a
 * buyer is expected. A refusal with `ACQ.TRADE_NOT_EXIST` is the normal answer for a precreated
 * order that nobody has scanned. There is no field for refunded money: refunds show in refund
 * query, in notifications, and, when all is given back, in the status `TRADE_CLOSED`.
 *
 * Source: API page 统一收单交易查询 of Alipay's open platform.
 *
 * @module
 */

import type { CommonAnswer, Method } from '../method.ts'
import type {
  BeijingTime,
  GoodsDetail,
  TradeFundBill,
  TradeReference,
  TradeStatus,
  VoucherDetail,
  Yuan,
} from './objects.ts'

/** A field of the answer that is sent only when asked for by its name. */
export type TradeQueryOption =
  | 'trade_settle_info'
  | 'fund_bill_list'
  | 'voucher_detail_list'
  | 'discount_goods_detail'
  | 'mdiscount_amount'
  | 'discount_amount'
  | 'enterprise_pay_info'
  | 'hyb_amount'
  | 'medical_insurance_info'
  | 'fulfillment_detail_list'
  | 'async_pay_info'
  | 'cashier_type'
  | (string & {})

/** What `alipay.trade.query` is asked. */
export type TradeQueryRequest = TradeReference & {
  /** String(16). PID of the acquiring bank; indirect acquiring only. */
  readonly org_pid?: string
  /** String[]. Further fields to answer. */
  readonly query_options?: readonly TradeQueryOption[]
}

/** What `alipay.trade.query` answers. */
export interface TradeQueryAnswer extends CommonAnswer {
  /** String(64). */
  readonly trade_no: string
  /** String(64). */
  readonly out_trade_no: string
  /** String(100). The buyer's login, masked: `159****5620`. */
  readonly buyer_logon_id: string
  /** String(32). */
  readonly trade_status: TradeStatus
  /** Price(11). Amount of the order, in yuan. The one to compare with yours. */
  readonly total_amount: Yuan
  /** Price(11). What the buyer paid, in yuan. Seen as `0.00` when paid: decide nothing by it. */
  readonly buyer_pay_amount?: Yuan
  /** Price(11). Part paid in points (集分宝), in yuan. */
  readonly point_amount?: Yuan
  /** Price(11). Amount to be invoiced, in yuan. */
  readonly invoice_amount?: Yuan
  /** String(11). What the merchant receives, in yuan. May be `0.00` in the sandbox. */
  readonly receipt_amount?: Yuan
  /** Date(32). When it was paid; absent before. */
  readonly send_pay_date?: BeijingTime
  /** String(32). */
  readonly store_id?: string
  /** String(32). */
  readonly terminal_id?: string
  /** String(512). */
  readonly store_name?: string
  /** The sources of the money; by contract or by `query_options`. */
  readonly fund_bill_list?: readonly TradeFundBill[]
  /** String(16). The buyer's user id, `2088…`; absent for applications that use open ids. */
  readonly buyer_user_id?: string
  /** String(128). The buyer's id for this application; only for applications that use open ids. */
  readonly buyer_open_id?: string
  /** String(18). */
  readonly buyer_user_type?: 'PRIVATE' | 'CORPORATE' | (string & {})
  /** String(64). `CREDIT_PREAUTH_PAY` for credit pre-authorisation. */
  readonly auth_trade_pay_mode?: string
  /** String(11). The merchant's discount, in yuan. */
  readonly mdiscount_amount?: Yuan
  /** String(11). The platform's discount, in yuan. */
  readonly discount_amount?: Yuan

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

  /** String. Alipay's number of the store. */
  readonly alipay_store_id?: string
  /** String, JSON. Goods that vouchers for single goods were used on; by `query_options`. */
  readonly discount_goods_detail?: string
  /** The vouchers that were used; by `query_options`. */
  readonly voucher_detail_list?: readonly VoucherDetail[]
  /** String(512). As given with the order. */
  readonly passback_params?: string
  /** Object. Splits and the like; by `query_options`. */
  readonly trade_settle_info?: unknown
  /** Indirect acquiring: fee taken from the receiver, in yuan. */
  readonly charge_amount?: Yuan
  /** Indirect acquiring: mark of a special rate. */
  readonly charge_flags?: string
  /** Indirect acquiring: number of the clearing. */
  readonly settlement_id?: string
  /** String, JSON. Extras agreed with Alipay. */
  readonly ext_infos?: string
  /** String. The buyer's name, where agreed with Alipay. Personal data. */
  readonly buyer_user_name?: string
  /** Indirect acquiring: title of the order. */
  readonly subject?: string
  /** Indirect acquiring: description of the order. */
  readonly body?: string
  /** Indirect acquiring: the merchant's number at Alipay. */
  readonly alipay_sub_merchant_id?: string
  /**
   * String. Credit payment: `creditAdvanceV2` is pay-after-use. Nothing has been paid yet: check it
   * where you use that product.
   */
  readonly credit_pay_mode?: string
  /** String. Credit payment: number of the credit order. */
  readonly credit_biz_order_id?: string
  /** Object. Huabei instalments (花呗分期), where agreed. */
  readonly hb_fq_pay_info?: unknown
  /** String. Huiyingbao (惠营宝) amount, in yuan; by `query_options`. */
  readonly hyb_amount?: Yuan
  /** Object. Enterprise payment (因公付); by `query_options`. */
  readonly enterprise_pay_info?: unknown
  /** Object. Indirect acquiring. */
  readonly bkagent_resp_info?: unknown
  /** List of fees. */
  readonly charge_info_list?: unknown
  /** String. Industries such as health insurance (Alipay spells it so). */
  readonly industry_sepc_detail?: string
  /** String. Health insurance: personal account part. */
  readonly industry_sepc_detail_acc?: string
  /** String. Health insurance: pooled part. */
  readonly industry_sepc_detail_gov?: string
  /** String. Health insurance card; by `query_options`. */
  readonly medical_insurance_info?: string
  /** String. `DC`: received as digital yuan (数字人民币). */
  readonly receipt_currency_type?: string
  /** List of fulfilments; by `query_options`. */
  readonly fulfillment_detail_list?: unknown
  /** String. `SELLER_NOT_RECEIVED`: the buyer has paid and the seller has not been credited. */
  readonly additional_status?: string
  /** String. Asynchronous payment: `S` accepted; by `query_options` `async_pay_info`. */
  readonly async_pay_apply_status?: string
  /** String. Marks a trade that is settled later (账期). */
  readonly biz_settle_mode?: string
  /** String. Kind of cashier; by `query_options`. */
  readonly cashier_type?: string
  /** String. Scene of a trade that is settled later. */
  readonly period_scene?: string
  /** Price. Amount paid by pre-authorisation, in yuan. */
  readonly pre_auth_pay_amount?: Yuan
  /** Enterprise purchasing: the purchasing party. */
  readonly purchase_entity?: unknown
  /** Payment by touching a device (碰一下). */
  readonly tap_pay_info?: unknown
  /** List of all fees. */
  readonly intact_charge_info_list?: unknown
  /** The goods as given with the order. */
  readonly req_goods_detail?: readonly GoodsDetail[]
  /** List; not open to merchants. */
  readonly payment_info_with_id_list?: unknown
  /** Dead; do not use. */
  readonly open_id?: string
}

/** 查询: asks what Alipay knows of a trade. */
export const tradeQuery: Method<TradeQueryRequest, TradeQueryAnswer> = {
  name: 'alipay.trade.query',
}
