/**
 * The switches of the emulator: what is not known about Alipay, and what differs from contract to
 * contract.
 *
 * @module
 */

import { z } from 'zod'
import { type Fen, toFen } from '../alipay/money.ts'

const amount = z
  .int()
  .min(0)
  .transform((value): Fen => toFen(value))

const unscanned = z.enum(['tombstone', 'no_effect'])

/** The form of the settings, which the control API checks what it is given against. */
export const settingsSchema = z.strictObject({
  /** What `alipay.trade.cancel` does to a code that nobody has scanned: kills it, or nothing. */
  unscanned_cancel: unscanned,
  /** The same for `alipay.trade.close`, which answers `ACQ.TRADE_NOT_EXIST` either way. */
  unscanned_close: unscanned,
  /** Whether a code that nobody scanned can still be scanned, and paid, after `time_expire`. */
  late_scan: z.enum(['refused', 'accepted']),
  /** What a repeated precreate is given while no trade exists. */
  repeated_precreate: z.enum(['new_code', 'same_code']),
  /** What a precreate with other parameters does while no trade exists. */
  changed_precreate: z.enum(['replaces', 'refused']),
  /** What `timeout_express` counts from. */
  timeout_express_from: z.enum(['precreate', 'scan']),
  /** Whether `/`, `=` and `&` in a `subject` are refused, as the documentation says. */
  subject_special_characters: z.enum(['refused', 'accepted']),
  /** How long a paid trade can be cancelled. */
  cancel_window: z.enum(['24_hours', 'same_day']),
  /** After how many days a paid trade is `TRADE_FINISHED` and cannot be refunded any more. */
  refund_window_days: z.int().min(0).max(3650),
  /** Whether `WAIT_BUYER_PAY` is notified. */
  notify_scan: z.boolean(),
  /** Whether `TRADE_CLOSED` of an unpaid trade is notified. */
  notify_close: z.boolean(),
  /** Whether refunds are notified. */
  notify_refund: z.boolean(),
  /** Whether a cancel that gives money back is notified. */
  notify_cancel_refund: z.boolean(),
  /** Whether three more sends follow a failed first one at once. */
  immediate_resends: z.boolean(),
  /** Whether notifications to an application in certificate mode carry `alipay_cert_sn`. */
  notification_cert_sn: z.boolean(),
  /** Whether `/` is written as `\/` in answers. */
  slash_escape: z.boolean(),
  /** Whether `code` or `msg` comes first in answers. */
  node_order: z.enum(['code_first', 'msg_first']),
  /** Whether `buyer_pay_amount` and the like tell the truth or `0.00`, as the sandbox does. */
  paid_amounts: z.enum(['real', 'zero']),
  /** Whether refund queries carry `refund_status`, or have the form of 2020. */
  refund_status: z.enum(['present', 'absent']),
  /** How many milliseconds a refund query knows nothing of a refund that was made. */
  refund_query_after_ms: z.int().min(0).max(86_400_000),
  /** Above how many fen a barcode payment waits for the buyer's password (answer 10003). */
  password_above: amount,
  /** Whether the seller's balance is enough for refunds. */
  seller_balance: z.enum(['enough', 'short']),
  /** Whether the seller may take money. */
  seller_status: z.enum(['normal', 'blocked']),
  /** Whether the product 当面付 is signed for the application. */
  product: z.enum(['signed', 'missing']),
  /** Whether the application's public key was uploaded. */
  application_key: z.enum(['uploaded', 'missing']),
  /** The values of `app_auth_token` that are valid. */
  app_auth_tokens: z.array(z.string().max(40)).max(100),
  /** What Alipay takes of what the merchant gets, in millionths: 6000 is 0.6 %. */
  fee_rate: z.int().min(0).max(100_000),
  /** What the merchant lets off each payment, in per cent (商家优惠). */
  merchant_discount: z.int().min(0).max(50),
  /** What Alipay adds for the buyer to each payment, in per cent (支付宝优惠). */
  platform_discount: z.int().min(0).max(49),
  /** The hour in Beijing from which a bill can be had: the day after, or the 3rd for a month. */
  bill_ready_hour: z.int().min(0).max(23),
  /** What happened in the last so many minutes of a day is in the bill of the next day. */
  bill_cut_minutes: z.int().min(0).max(30),
  /** Whether a bill that cannot be had is refused as answers were seen, or as it is documented. */
  bill_refusals: z.enum(['seen', 'documented']),
})

/** The switches and their values. */
export type Settings = Readonly<z.output<typeof settingsSchema>>

/** What holds until somebody changes it. */
export const defaultSettings: Settings = {
  unscanned_cancel: 'tombstone',
  unscanned_close: 'tombstone',
  late_scan: 'refused',
  repeated_precreate: 'new_code',
  changed_precreate: 'replaces',
  timeout_express_from: 'precreate',
  subject_special_characters: 'refused',
  cancel_window: '24_hours',
  refund_window_days: 365,
  notify_scan: false,
  notify_close: false,
  notify_refund: true,
  notify_cancel_refund: true,
  immediate_resends: false,
  notification_cert_sn: false,
  slash_escape: true,
  node_order: 'code_first',
  paid_amounts: 'real',
  refund_status: 'present',
  refund_query_after_ms: 0,
  password_above: toFen(100_000),
  seller_balance: 'enough',
  seller_status: 'normal',
  product: 'signed',
  application_key: 'uploaded',
  app_auth_tokens: [],
  fee_rate: 0,
  merchant_discount: 0,
  platform_discount: 0,
  bill_ready_hour: 9,
  bill_cut_minutes: 0,
  bill_refusals: 'seen',
}
