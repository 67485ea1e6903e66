/**
 * `alipay.trade.refund`, 统一收单交易退款: gives money of a paid trade back, in whole or in part.
 *
 * `out_request_no` is what makes it safe: the same number with the same amount refunds once,
 * however often it is asked. Store both before the first call, and after an unknown result repeat
 * exactly that; a new number may pay twice. `10000` means that the request was processed; the money
 * has moved if `fund_change` is `Y`, or if refund query says so. Leave three seconds between
 * refunds of one trade, and send nothing that is not listed here: Alipay warns that undocumented
 * fields can make refunds fail or happen twice.
 *
 * Source: API page 统一收单交易退款 of Alipay's open platform.
 *
 * @module
 */

import type { CommonAnswer, Method } from '../method.ts'
import type {
  BeijingTime,
  GoodsDetail,
  TradeFundBill,
  TradeReference,
  VoucherDetail,
  Yuan,
} from './objects.ts'

/** What `alipay.trade.refund` is asked. */
export type TradeRefundRequest = TradeReference & {
  /**
   * Price(9; newer 16), required. In yuan with at most two decimals, above zero, not more than is
   * left of the trade. Includes the share of vouchers.
   */
  readonly refund_amount: Yuan
  /**
   * String(64). Names this refund within its trade, for ever. Alipay requires it for partial
   * refunds only; here it is always required, since a refund without it cannot be told from a
   * second one.
   */
  readonly out_request_no: string
  /** String(256). Shown to both sides in their bills. */
  readonly refund_reason?: string
  /** String(8). Cross-border: currency of the refund. */
  readonly refund_currency?: string
  /** String(30). Your number of the operator. */
  readonly operator_id?: string
  /** String(32). Your number of the store. */
  readonly store_id?: string
  /** String(32). Your number of the terminal. */
  readonly terminal_id?: string
  /** The goods that come back. */
  readonly goods_detail?: readonly GoodsDetail[]
  /** The goods that come back, in the newer form. */
  readonly refund_goods_detail?: readonly RefundGoodsDetail[]
  /**
   * From whom the split parts of the money come back. Not needed for face-to-face payment: Alipay
   * takes them in proportion.
   */
  readonly refund_royalty_parameters?: readonly RefundRoyaltyParameter[]
  /** String(16). PID of the acquiring bank; indirect acquiring only. */
  readonly org_pid?: string
  /** String[]. Further fields to answer. */
  readonly query_options?: readonly TradeRefundOption[]
  /** String(64). For trades settled later (账期): number of the settlement. */
  readonly related_settle_confirm_no?: string
  /** String. Account that pays the refund, by contract. Goes with `refund_trans_out_type`. */
  readonly refund_trans_out?: string
  /** String. What `refund_trans_out` is. */
  readonly refund_trans_out_type?: 'userId' | 'loginName' | (string & {})
  /** String. Account that advances the refund (垫资). Goes with `refund_advance_account_type`. */
  readonly refund_advance_account?: string
  /** String. What `refund_advance_account` is. */
  readonly refund_advance_account_type?: 'default' | 'userId' | 'loginName' | (string & {})
}

/** A field of the answer that is sent only when asked for by its name. */
export type TradeRefundOption =
  'refund_detail_item_list' | 'deposit_back_info' | 'refund_voucher_detail_list' | (string & {})

/** Goods that come back. */
export interface RefundGoodsDetail {
  /** String, required. As in the order. */
  readonly goods_id: string
  /** Price, required. What is refunded for them, in yuan. */
  readonly refund_amount: Yuan
  /** String. Your item number in a mini program. */
  readonly out_item_id?: string
  /** String. Your SKU number in a mini program. */
  readonly out_sku_id?: string
  /** String[]. Numbers of the certificates (凭证) that come back. */
  readonly out_certificate_no_list?: readonly string[]
}

/** A split part that comes back (退分账明细信息). */
export interface RefundRoyaltyParameter {
  /** String(32). `transfer` (default), or `replenish`. */
  readonly royalty_type?: string
  /** String(16). Who pays it back. */
  readonly trans_out?: string
  /** String(64). What `trans_out` is. */
  readonly trans_out_type?: string
  /** String(64). What `trans_in` is. */
  readonly trans_in_type?: string
  /** String(16). Who gets it. */
  readonly trans_in: string
  /** Number(9). In yuan. */
  readonly amount?: Yuan
  /** Number(3). Share in percent. */
  readonly amount_percentage?: number
  /** String(1000). Description. */
  readonly desc?: string
  /** String. What the split was for. */
  readonly royalty_scene?: string
  /** String. Name of the receiver, checked if given. */
  readonly trans_in_name?: string
}

/** What `alipay.trade.refund` answers. */
export interface TradeRefundAnswer extends CommonAnswer {
  /** String(64). */
  readonly trade_no: string
  /** String(64). */
  readonly out_trade_no: string
  /** String(100). The buyer's login, masked. */
  readonly buyer_logon_id: string
  /** String(28). The buyer's user id; absent for applications that use open ids. */
  readonly buyer_user_id?: string
  /** String(128). The buyer's id for this application; only for applications that use open ids. */
  readonly buyer_open_id?: string
  /**
   * String(1). `Y`: this call moved money. `N` or absent: it did not, for it repeats a refund that
   * was done, or is not decided yet. Ask refund query then.
   */
  readonly fund_change?: 'Y' | 'N'
  /**
   * Price(11). Refunded of this trade **so far, all refunds together**, in yuan. Not this refund's
   * amount.
   */
  readonly refund_fee: Yuan
  /** String(11). What this call really sent back, in yuan; `0.00` for a repeat, in the sandbox. */
  readonly send_back_fee?: Yuan
  /** Date(32). When it was refunded. */
  readonly gmt_refund_pay?: BeijingTime
  /** Where the money went; by contract or by `query_options`. */
  readonly refund_detail_item_list?: readonly TradeFundBill[]

  /** String(512). The store of the payment. */
  readonly store_name?: string
  /** String(8). Cross-border: currency of the refund. */
  readonly refund_currency?: string
  /** Object. Preset assets that went back. */
  readonly refund_preset_paytool_list?: unknown
  /** String(11). The buyer's part, in yuan. Not sent by default. */
  readonly present_refund_buyer_amount?: Yuan
  /** String(11). The platform discount's part, in yuan. Not sent by default. */
  readonly present_refund_discount_amount?: Yuan
  /** String(11). The merchant discount's part, in yuan. Not sent by default. */
  readonly present_refund_mdiscount_amount?: Yuan
  /** String. Whether money went back to a bank card; by `query_options` `deposit_back_info`. */
  readonly has_deposit_back?: string
  /** Indirect acquiring: fee given back, in yuan. */
  readonly refund_charge_amount?: Yuan
  /** List of fees given back. */
  readonly refund_charge_info_list?: unknown
  /** Indirect acquiring: number of the clearing. */
  readonly refund_settlement_id?: string
  /** String(11). Huiyingbao (惠营宝) amount, in yuan. */
  readonly refund_hyb_amount?: Yuan
  /** String(12). Pre-authorised amount that was released, in yuan (芝麻先享后付). */
  readonly pre_auth_cancel_fee?: Yuan
  /** The vouchers of the payment; by `query_options`. */
  readonly refund_voucher_detail_list?: readonly VoucherDetail[]
  /** Dead; do not use. */
  readonly open_id?: string
}

/** 退款: gives money back. */
export const tradeRefund: Method<TradeRefundRequest, TradeRefundAnswer> = {
  name: 'alipay.trade.refund',
}
