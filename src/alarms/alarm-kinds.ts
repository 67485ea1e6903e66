/**
 * What people are alarmed about, by kind. Every kind has its own throttle, and a channel chooses
 * among them.
 *
 * @module
 */

/** Every kind, with its title in Chinese and in English. */
export const ALARM_KINDS = {
  payment_review: ['付款需要处理', 'A payment needs attention'],
  payment_stuck: ['付款长时间没有结果', 'A payment has no result for too long'],
  refund_requires_action: ['退款需要处理', 'A refund needs attention'],
  refund_stuck: ['退款长时间没有结果', 'A refund has no result for too long'],
  gateway_down: ['支付宝网关无法访问', 'Alipay’s gateway cannot be reached'],
  keys_wrong: ['密钥与支付宝不匹配', 'The keys do not fit Alipay’s'],
  account_restricted: ['收款账户受限', 'The account may not take payments'],
  notifications_missing: ['收不到支付宝通知', 'Alipay’s notifications do not arrive'],
  order_unknown: ['收到未知订单的通知', 'A notification of an order that is not known'],
  clock_off: ['服务器时钟不准', 'The clock of the server is wrong'],
  key_expiring: ['密钥或证书即将到期', 'A key or certificate expires soon'],
  webhook_disabled: ['Webhook 已停用', 'A webhook endpoint was disabled'],
  store_failing: ['数据库异常', 'The database fails'],
  reconciliation_difference: ['对账有差异', 'A reconciliation found differences'],
  refund_hold: ['备份恢复后暂缓退款', 'Refunds are held after a restored backup'],
  bill_late: ['账单未按时生成', 'A bill is late'],
} as const satisfies Record<string, readonly [zh: string, en: string]>

/** A kind of alarm. */
export type AlarmKind = keyof typeof ALARM_KINDS

/** Whether a text names a kind. */
export function isAlarmKind(text: string): text is AlarmKind {
  return Object.hasOwn(ALARM_KINDS, text)
}

/** The kinds that a channel is told of; `*`: all, also those that are yet to come. */
export type AlarmFilter = '*' | readonly AlarmKind[]

/** Something that people have to know. */
export interface Alarm {
  readonly kind: AlarmKind
  /**
   * What makes it this one and no other, e.g. `pay_…:late`: it is told once, however often and by
   * however many nodes it is found.
   */
  readonly about: string
  /** One line for people; no key and no buyer data. */
  readonly text: string
}
