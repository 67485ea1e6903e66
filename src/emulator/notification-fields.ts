/**
 * What a notification says, parameter by parameter; signing and sending is done elsewhere.
 *
 * @module
 * @see Alipay: 异步通知参数说明
 */

import { type Fen, formatYuan } from '../alipay/money.ts'
import { type Instant, formatBeijingTime, formatRfc3339 } from '../alipay/time.ts'
import {
  type NotificationEvent,
  type NotificationRecord,
  type Refund,
  type Trade,
  refundedAmount,
} from './records.ts'
import {
  fundChannels,
  moneyOfRefund,
  moneyOfTrade,
  paidByBuyer,
  receivedOf,
} from './trade-money.ts'
import type { World } from './world.ts'

/**
 * The notification that `trade`, as it now is, gives rise to; nothing where the order named no
 * address.
 *
 * @param refund The refund that is told of, for the event `refunded`.
 */
export function notificationOf(
  world: World,
  trade: Trade,
  event: NotificationEvent,
  refund?: Refund,
): { readonly notification?: NotificationRecord } {
  const { notify_url: url, charset, sign_type, mode, out_trade_no } = trade.order
  if (url === undefined) return {}
  const now = world.clock.now()
  let notify_id = world.numbers.notifyId(now)
  while (world.state.notifications.has(notify_id)) notify_id = world.numbers.notifyId(now)
  const fields = {
    notify_id,
    ...commonFields(world, trade),
    ...eventFields(world, trade, event, refund),
  }
  return {
    notification: {
      notify_id,
      event,
      url,
      out_trade_no,
      trade_no: trade.trade_no,
      fields: dropAbsent(fields),
      charset,
      sign_type,
      mode,
      status: 'pending',
      due_at: now,
      held: false,
      attempts: [],
    },
  }
}

type Fields = Record<string, string | undefined>

function commonFields(world: World, trade: Trade): Fields {
  const { order } = trade
  return {
    notify_type: 'trade_status_sync',
    version: '1.0',
    charset: order.charset,
    app_id: order.app_id,
    auth_app_id: order.app_id,
    trade_no: trade.trade_no,
    out_trade_no: order.out_trade_no,
    trade_status: trade.status,
    seller_id: world.keys.credentials.seller_id,
    seller_email: world.keys.sellerEmail,
    buyer_id: trade.buyer_id,
    buyer_logon_id: world.state.buyers.get(trade.buyer_id)?.logon_id,
    subject: order.subject,
    body: order.body,
    passback_params: order.passback_params,
    total_amount: formatYuan(order.total_amount),
    gmt_create: formatBeijingTime(trade.created_at),
    gmt_payment: trade.paid_at === undefined ? undefined : formatBeijingTime(trade.paid_at),
    gmt_close: trade.closed_at === undefined ? undefined : formatBeijingTime(trade.closed_at),
  }
}

function eventFields(
  world: World,
  trade: Trade,
  event: NotificationEvent,
  refund: Refund | undefined,
): Fields {
  switch (event) {
    case 'paid':
      return paymentFields(world, trade)
    case 'refunded':
      return refund === undefined ? {} : refundFields(trade, refund)
    case 'scanned':
    case 'closed':
      return {}
  }
}

function paymentFields(world: World, trade: Trade): Fields {
  const money = moneyOfTrade(trade)
  const isReal = world.state.settings.paid_amounts === 'real'
  const shown = (amount: Fen) => (isReal ? formatYuan(amount) : '0.00')
  return {
    receipt_amount: shown(receivedOf(money)),
    invoice_amount: shown(paidByBuyer(money)),
    buyer_pay_amount: shown(paidByBuyer(money)),
    point_amount: '0.00',
    fund_bill_list: JSON.stringify(
      fundChannels(money).map(([fundChannel, amount]) => ({ amount, fundChannel })),
    ),
  }
}

/**
 * `refund_fee` is the sum of all refunds of the trade; which one this is about is said by
 * `out_biz_no`.
 */
function refundFields(trade: Trade, refund: Refund): Fields {
  return {
    out_biz_no: refund.out_request_no,
    refund_fee: formatYuan(refundedAmount(trade)),
    send_back_fee: formatYuan(receivedOf(moneyOfRefund(trade, refund))),
    gmt_refund: beijingTimeWithMs(refund.at),
  }
}

function beijingTimeWithMs(time: Instant): string {
  return `${formatBeijingTime(time)}${formatRfc3339(time).slice(19, 23)}`
}

function dropAbsent(fields: Fields): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).filter((field): field is [string, string] => field[1] !== undefined),
  )
}
