/**
 * `alipay.trade.close`, 统一收单交易关闭: closes a trade that a buyer has scanned and not paid.
 *
 * It never gives money back: for a paid trade it is refused. Before the scan there is no trade and
 * it is refused with `ACQ.TRADE_NOT_EXIST`; whether the shown code is dead after that is not
 * documented, so keep watching the order until the code's latest expiry.
 *
 * Source: API page 统一收单交易关闭 of Alipay's open platform.
 *
 * @module
 */

import type { CommonAnswer, Method } from '../method.ts'
import type { ExtendParams, TradeReference } from './objects.ts'

/** What `alipay.trade.close` is asked. */
export type TradeCloseRequest = TradeReference & {
  /** String(28). Your number of the operator. */
  readonly operator_id?: string
  /** Object. `is_fulfilled` only. */
  readonly extend_params?: ExtendParams
}

/** What `alipay.trade.close` answers. */
export interface TradeCloseAnswer extends CommonAnswer {
  /** String(64). */
  readonly trade_no: string
  /** String(64). */
  readonly out_trade_no: string
}

/** 关闭: closes an unpaid trade. */
export const tradeClose: Method<TradeCloseRequest, TradeCloseAnswer> = {
  name: 'alipay.trade.close',
}
