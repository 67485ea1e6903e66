/**
 * The objects that several trade methods share, with Alipay's own names. Source: the API pages of
 * `alipay.trade.*` on Alipay's open platform (统一收单) and the definitions in its SDKs.
 *
 * @module
 */

/**
 * An amount on the wire: yuan as text with at most two decimals, e.g. `"88.88"`. `formatYuan(fen)`
 * writes it and `parseYuan(text)` reads it; never form it from a fractional number.
 */
export type Yuan = string

/**
 * A time on the wire: `yyyy-MM-dd HH:mm:ss` in China (UTC+8). `formatBeijingTime` writes it,
 * `parseBeijingTime` reads it.
 */
export type BeijingTime = string

/**
 * Which trade is meant: one of both numbers, or both. If both are given Alipay looks at `trade_no`
 * only, so a wrong `out_trade_no` beside it goes unnoticed.
 */
export type TradeReference =
  | {
      /** String(64). Your order number, as given when the trade was made. */
      readonly out_trade_no: string
      /** String(64). Alipay's trade number. Wins over `out_trade_no`. */
      readonly trade_no?: string
    }
  | {
      /** String(64). Alipay's trade number. Wins over `out_trade_no`. */
      readonly trade_no: string
      /** String(64). Your order number, as given when the trade was made. */
      readonly out_trade_no?: string
    }

/**
 * The state of a trade at Alipay. Open-ended, for Alipay may add values: treat those as not known.
 *
 * - `WAIT_BUYER_PAY`: made by the buyer's scan, not paid.
 * - `TRADE_SUCCESS`: paid, and can be refunded. Partial refunds leave it.
 * - `TRADE_FINISHED`: paid, and can no longer be refunded.
 * - `TRADE_CLOSED`: closed unpaid, **or** paid and wholly refunded. Only refund fields and refund
 *   query tell which.
 */
export type TradeStatus =
  'WAIT_BUYER_PAY' | 'TRADE_SUCCESS' | 'TRADE_FINISHED' | 'TRADE_CLOSED' | (string & {})

/** One kind of goods in an order (商品列表信息). */
export interface GoodsDetail {
  /** String(32; newer 64), required. Your number of the item. */
  readonly goods_id: string
  /** String(32). Alipay's number of the item. */
  readonly alipay_goods_id?: string
  /** String(256), required. */
  readonly goods_name: string
  /** Number(10), required. How many. */
  readonly quantity: number
  /** Price(9), required. For one, in yuan. */
  readonly price: Yuan
  /** String(24). Category. */
  readonly goods_category?: string
  /** String(128). Category numbers from the root down, joined by `|`. */
  readonly categories_tree?: string
  /** String(1000). Description. */
  readonly body?: string
  /** String(400). Address of a page that shows the item. */
  readonly show_url?: string
  /** String. Your item number in a mini program. */
  readonly out_item_id?: string
  /** String. Your SKU number in a mini program. */
  readonly out_sku_id?: string
}

/** Extensions (业务扩展参数). Alipay adds fields to it now and then. */
export interface ExtendParams {
  /** String(64). PID of the service provider (ISV) who gets the rebate. */
  readonly sys_service_provider_id?: string
  /** String(5). Number of Huabei instalments (花呗分期), e.g. `3`. */
  readonly hb_fq_num?: string
  /** String(3). Percentage of the instalment fee that the seller bears, `0` or `100`. */
  readonly hb_fq_seller_percent?: string
  /** String(512). JSON for some industries (行业数据回流信息), e.g. metro. */
  readonly industry_reflux_info?: string
  /** String(32). Kind of card. */
  readonly card_type?: string
  /** String(32). Seller name to be shown, where agreed with Alipay. */
  readonly specified_seller_name?: string
  /** String, `true` or `false` (default). Freezes the money for a later split (分账). */
  readonly royalty_freeze?: 'true' | 'false'
  /** String. Credit parameters agreed with Zhima (芝麻信用). */
  readonly credit_ext_info?: string
  /** String. Order number of the mini-program trade component (交易组件). */
  readonly trade_component_order_id?: string
  /** String. Instalment order number of the mini-program trade component. */
  readonly tc_installment_order_id?: string
  /** `alipay.trade.close` only: whether the order was fulfilled. */
  readonly is_fulfilled?: string
}

/** Business information agreed with Alipay (商户传入业务信息). Until 2018 a String(512) that held JSON. */
export interface BusinessParams {
  /** String. Campus card number. */
  readonly campus_card?: string
  /** String. Kind of virtual card. */
  readonly card_type?: string
  /** String. Real time of the order, e.g. of a bus ride. */
  readonly actual_order_time?: string
  /** String. Taxes on the goods, for risk control. */
  readonly good_taxes?: string
  /** String. Enterprise payment (因公付) information. */
  readonly enterprise_pay_info?: string
  /** Price. Part paid by the enterprise, in yuan. */
  readonly enterprise_pay_amount?: Yuan
  /** String. Business scene of a mini program. */
  readonly tiny_app_merchant_biz_type?: string
  /**
   * String. Public IPv4 or IPv6 address of the device that placed the order. Where risk control
   * asks for it, a request without it is refused with `ACQ.RISK_MERCHANT_IP_NOT_EXIST`.
   */
  readonly mc_create_trade_ip?: string
  /** String. The buyer's remark. */
  readonly buyer_memo?: string
  /** String. Asks for the password even where none is needed. */
  readonly force_pwd?: string
  /**
   * String. Which of the buyer's assets to unfreeze first: `CREDIT_ASSET` or `COMMON_ASSET`
   * (default).
   */
  readonly priority_unfreeze_asset?: string
}

/** The buyer who alone may pay (外部指定买家). */
export interface ExtUserInfo {
  /** String. Name. */
  readonly name?: string
  /** String. Mobile number; not checked by Alipay. */
  readonly mobile?: string
  /** String. Kind of document. */
  readonly cert_type?:
    | 'IDENTITY_CARD'
    | 'PASSPORT'
    | 'OFFICER_CARD'
    | 'SOLDIER_CARD'
    | 'HOKOU'
    | 'PERMANENT_RESIDENCE_FOREIGNER'
  /** String. Number of the document. */
  readonly cert_no?: string
  /** String. Lowest age that may pay, in years. */
  readonly min_age?: string
  /** String, `T` or `F` (default). Whether the payer must be this person. */
  readonly fix_buyer?: 'T' | 'F'
  /** String, `T` or `F` (default). Whether the payer's document is checked. */
  readonly need_check_info?: 'T' | 'F'
  /** String. Hash of the identity, where agreed with Alipay. */
  readonly identity_hash?: string
}

/**
 * How the money is settled (结算信息), for platforms that collect for others. A plain merchant leaves
 * it out.
 */
export interface SettleInfo {
  /** Exactly one entry. */
  readonly settle_detail_infos: readonly SettleDetailInfo[]
  /**
   * String, `1d` to `365d`. How long the trade may stay unsettled before it is settled
   * automatically.
   */
  readonly settle_period_time?: string
}

/** To whom a settled amount goes. */
export interface SettleDetailInfo {
  /** String(64). What `trans_in` is. */
  readonly trans_in_type: 'cardAliasNo' | 'userId' | 'loginName' | 'defaultSettle'
  /** String(64). The receiver; empty for `defaultSettle`. */
  readonly trans_in?: string
  /** String(64). By what settlements are summed up. */
  readonly summary_dimension?: string
  /** String(64). Number of the settled party. */
  readonly settle_entity_id?: string
  /** String(32). What `settle_entity_id` is. */
  readonly settle_entity_type?: 'SecondMerchant' | 'Store'
  /** Number(9). Amount in yuan; today equal to the order's total. */
  readonly amount: Yuan
  /** Amount that is really settled, in yuan. */
  readonly actual_amount?: Yuan
}

/** How the money is split among receivers (分账信息). A plain merchant leaves it out. */
export interface RoyaltyInfo {
  /** String. `ROYALTY`, the default. */
  readonly royalty_type?: string
  /** The receivers. */
  readonly royalty_detail_infos: readonly unknown[]
}

/** The merchant for whom a platform collects (二级商户信息). A plain merchant leaves it out. */
export interface SubMerchant {
  /** String. Number of the merchant at Alipay. */
  readonly merchant_id: string
  /** String. `alipay`, the default. */
  readonly merchant_type?: string
}

/** A source of money that a payment used, or that a refund gave back to (交易支付使用的资金渠道). */
export interface TradeFundBill {
  /**
   * String(32). E.g. `ALIPAYACCOUNT` (balance), `BANKCARD`, `PCREDIT` (花呗), `COUPON`, `POINT`,
   * `DISCOUNT`, `PCARD`, `FINANCEACCOUNT` (余额宝), `MCARD`, `MDISCOUNT`, `MCOUPON`.
   */
  readonly fund_channel: string
  /** Price(32). In yuan. */
  readonly amount: Yuan
  /** Price(11). What this source really gave, in yuan. */
  readonly real_amount?: Yuan
  /** String(32). For `BANKCARD` only. */
  readonly fund_type?: 'DEBIT_CARD' | 'CREDIT_CARD' | 'MIXED_CARD' | (string & {})
  /** String(10). The bank. */
  readonly bank_code?: string
}

/** A voucher that a payment used (优惠券信息). */
export interface VoucherDetail {
  /** String(32). Number of the voucher. */
  readonly id: string
  /** String(64). Its name. */
  readonly name: string
  /** String(32). Its kind. */
  readonly type:
    | 'ALIPAY_FIX_VOUCHER'
    | 'ALIPAY_DISCOUNT_VOUCHER'
    | 'ALIPAY_ITEM_VOUCHER'
    | 'ALIPAY_CASH_VOUCHER'
    | 'ALIPAY_BIZ_VOUCHER'
    | (string & {})
  /** Price(8). Its worth in yuan: the contributions together. */
  readonly amount: Yuan
  /** Price(8). The merchant's contribution, in yuan. */
  readonly merchant_contribute?: Yuan
  /** Price(8). Others' contribution (Alipay, a brand), in yuan. */
  readonly other_contribute?: Yuan
  /** Who the others are. */
  readonly other_contribute_detail?: readonly ContributeDetail[]
  /** String(256). Remark. */
  readonly memo?: string
  /** String(64). The template that the voucher was made from. */
  readonly template_id?: string
  /** Price(8). Of a voucher that was bought: what the buyer had paid for it, in yuan. */
  readonly purchase_buyer_contribute?: Yuan
  /** Price(8). Of a voucher that was bought: the merchant's discount, in yuan. */
  readonly purchase_merchant_contribute?: Yuan
  /** Price(8). Of a voucher that was bought: the platform's discount, in yuan. */
  readonly purchase_ant_contribute?: Yuan
}

/** One contributor to a voucher. */
export interface ContributeDetail {
  /** String(32). E.g. `PLATFORM`, `BRAND`. */
  readonly contribute_type?: string
  /** Price(8). In yuan. */
  readonly contribute_amount?: Yuan
}

/** What an order may say beside its number, amount and subject: the same for codes and barcodes. */
export interface OrderDetails {
  /** String(128). Description; comes back in notifications and bills. */
  readonly body?: string
  /** At most 150 entries. */
  readonly goods_detail?: readonly GoodsDetail[]
  /** Price(11). The part of the amount that takes part in promotions, in yuan. */
  readonly discountable_amount?: Yuan
  /**
   * Price(11). The part that does not, in yuan. If all three are given, both parts must add up to
   * the total.
   */
  readonly undiscountable_amount?: Yuan
  /** String(28). Your number of the operator. */
  readonly operator_id?: string
  /** String(32). Your number of the store; no Chinese characters. */
  readonly store_id?: string
  /** String(32). Your number of the terminal. */
  readonly terminal_id?: string
  /** String(32). Alipay's number of the store. */
  readonly alipay_store_id?: string
  /** Object. */
  readonly extend_params?: ExtendParams
  /** Object. */
  readonly business_params?: BusinessParams
}
