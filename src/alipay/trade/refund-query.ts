/**
 * `alipay.trade.fastpay.refund.query`, 统一收单交易退款查询: what became of one refund.
 *
 * Ask ten seconds after the refund at the earliest: sooner it may miss a refund that succeeds
 * later. The refund is done if the answer names your `out_request_no` and `refund_status` is
 * `REFUND_SUCCESS`. A plain `10000` without refund fields means that none was found, which does not
 * prove that none will be: repeat the refund with the same number and amount, which is always
 * safe.
 *
 * Source: API page 统一收单交易退款查询 of Alipay's open platform.
 *
 * @module
 */

import type { CommonAnswer, Method } from '../method.ts'
import type { BeijingTime, TradeFundBill, TradeReference, VoucherDetail, Yuan } from './objects.ts'

/** What `alipay.trade.fastpay.refund.query` is asked. */
export type TradeRefundQueryRequest = TradeReference & {
  /**
   * String(64), required. The refund's number; of a refund that was given none, the order's
   * `out_trade_no`.
   */
  readonly out_request_no: string
  /** String(16). PID of the acquiring bank; indirect acquiring only. */
  readonly org_pid?: string
  /** String[]. Further fields to answer. */
  readonly query_options?: readonly TradeRefundQueryOption[]
}

/** A field of the answer that is sent only when asked for by its name. */
export type TradeRefundQueryOption =
  | 'refund_detail_item_list'
  | 'gmt_refund_pay'
  | 'deposit_back_info'
  | 'deposit_back_info_list'
  | 'refund_voucher_detail_list'
  | 'enterprise_pay_info'
  | (string & {})

/**
 * What `alipay.trade.fastpay.refund.query` answers. All but `code` and `msg` is absent if no refund
 * was found.
 */
export interface TradeRefundQueryAnswer extends CommonAnswer {
  /** String(64). */
  readonly trade_no?: string
  /** String(64). */
  readonly out_trade_no?: string
  /** String(64). The refund's number. */
  readonly out_request_no?: string
  /** String(256). As given with the refund. */
  readonly refund_reason?: string
  /** Price(11). Amount of the order, in yuan. */
  readonly total_amount?: Yuan
  /** Price(11). Amount of this refund, in yuan. */
  readonly refund_amount?: Yuan
  /**
   * String(32). `REFUND_SUCCESS`, or absent: not received, or failed, or not done yet. (Answers
   * before 2021 had no such field at all.)
   */
  readonly refund_status?: 'REFUND_SUCCESS' | (string & {})
  /** Date. When it was refunded; by `query_options`. */
  readonly gmt_refund_pay?: BeijingTime
  /** Where the money went; by `query_options`. */
  readonly refund_detail_item_list?: readonly TradeFundBill[]
  /** String(11). What was really sent back, in yuan; by option `refund_detail_item_list`. */
  readonly send_back_fee?: Yuan
  /** Return to a bank card; by `query_options`. */
  readonly deposit_back_info?: DepositBackInfo
  /** Returns to bank cards; by `query_options`. */
  readonly deposit_back_info_list?: readonly DepositBackInfo[]
  /** String. Why an asynchronous refund failed; of that product only. */
  readonly error_code?: string

  /** Split parts that came back; for platforms. */
  readonly refund_royaltys?: readonly RefundRoyaltyResult[]
  /** String(11). The buyer's part, in yuan. Not sent by default. */
  readonly present_refund_buyer_amount?: Yuan
  /** String(11). The platform discount's part, in yuan. Not sent by default. */
  readonly present_refund_discount_amount?: Yuan
  /** String(11). The merchant discount's part, in yuan. Not sent by default. */
  readonly present_refund_mdiscount_amount?: Yuan
  /** Indirect acquiring: fee given back, in yuan. */
  readonly refund_charge_amount?: Yuan
  /** List of fees given back. */
  readonly refund_charge_info_list?: unknown
  /** Indirect acquiring: number of the clearing. */
  readonly refund_settlement_id?: string
  /** String. Huiyingbao (惠营宝) amount, in yuan. */
  readonly refund_hyb_amount?: Yuan
  /** Health insurance: the channels of the refund. */
  readonly refund_channel_list?: unknown
  /** Health insurance: `SUCCESS`, `FAIL` or `PART_SUCCESS` over all channels. */
  readonly refund_channel_status?: string
  /** String. Industries such as health insurance (Alipay spells it so). */
  readonly industry_sepc_detail?: string
  /** Object. Enterprise payment (因公付); by `query_options`. */
  readonly enterprise_pay_info?: unknown
  /** String. Pre-authorised amount that was released, in yuan. */
  readonly pre_auth_cancel_fee?: Yuan
  /** The vouchers of the payment; by `query_options`. */
  readonly refund_voucher_detail_list?: readonly VoucherDetail[]
}

/** Money on its way back to a bank card (银行卡冲退信息). */
export interface DepositBackInfo {
  /** String. Whether there is such a return at all, `true` or `false`. */
  readonly has_deposit_back?: string
  /** String. `S` arrived, `F` failed, `P` under way. */
  readonly dback_status?: 'S' | 'F' | 'P' | (string & {})
  /** Price. In yuan. */
  readonly dback_amount?: Yuan
  /** Date. When the bank answered. */
  readonly bank_ack_time?: BeijingTime
  /** Date. When the bank is expected to credit it. */
  readonly est_bank_receipt_time?: BeijingTime
}

/** A split part that came back (退分账明细信息). */
export interface RefundRoyaltyResult {
  /** Price. In yuan. */
  readonly refund_amount: Yuan
  /** String. */
  readonly royalty_type?: string
  /** String. `SUCCESS`, or why not. */
  readonly result_code?: string
  /** String. User id of who paid it back. */
  readonly trans_out?: string
  /** String. Login of who paid it back. */
  readonly trans_out_email?: string
  /** String. User id of who got it. */
  readonly trans_in?: string
  /** String. Login of who got it. */
  readonly trans_in_email?: string
}

/** 退款查询: asks what became of a refund. */
export const tradeRefundQuery: Method<TradeRefundQueryRequest, TradeRefundQueryAnswer> = {
  name: 'alipay.trade.fastpay.refund.query',
}
