/**
 * `alipay.trade.cancel`, 统一收单交易撤销: undoes whatever happened to an order whose result is not known,
 * or whose time is over. Unpaid becomes closed; paid is given back in full.
 *
 * For a normal paid order use a refund: cancelling is for face-to-face payment, on the day of the
 * trade. While `retry_flag` is `Y`, or the answer is not known, ask again with the same request.
 * `10000` without `action` means that there was no trade: it does not prove that a code shown and
 * never scanned cannot be paid any more.
 *
 * Source: API page 统一收单交易撤销 of Alipay's open platform.
 *
 * @module
 */

import type { CommonAnswer, Method } from '../method.ts'
import type { BeijingTime, TradeReference } from './objects.ts'

/** What `alipay.trade.cancel` is asked. */
export type TradeCancelRequest = TradeReference

/** What `alipay.trade.cancel` answers. */
export interface TradeCancelAnswer extends CommonAnswer {
  /** String(64). */
  readonly out_trade_no: string
  /** String(1). `Y`: ask again. Present in refusals too. */
  readonly retry_flag: 'Y' | 'N'
  /** String(64). When something was closed or refunded. */
  readonly trade_no?: string
  /**
   * String(10). What the cancelling did. `close`: was unpaid, is closed, no money moved. `refund`:
   * **had been paid**, and is given back. Absent: there was no trade.
   */
  readonly action?: 'close' | 'refund' | (string & {})
  /** Date. Indirect acquiring: when it was refunded. */
  readonly gmt_refund_pay?: BeijingTime
  /** String. Indirect acquiring: number of the clearing. */
  readonly refund_settlement_id?: string
}

/** 撤销: undoes an order, whatever its state. */
export const tradeCancel: Method<TradeCancelRequest, TradeCancelAnswer> = {
  name: 'alipay.trade.cancel',
}
