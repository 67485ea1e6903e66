/**
 * What people are told that a payment or a refund is: one word for each, on every screen and in
 * every file. In Chinese as Alipay's own app says it (待支付, 已支付, 支付成功).
 *
 * @module
 */
import type { PaymentStatus, RefundStatus } from '../payments/index.ts'

/** Where a payment stands, also one of which money went back. */
export type PaymentWord = PaymentStatus | 'refunded' | 'partly_refunded'

/** The words for payments, by language. */
export const PAYMENT_WORDS = {
  zh: {
    created: '创建中',
    pending: '待支付',
    closing: '确认中',
    succeeded: '已支付',
    expired: '已过期',
    canceled: '已取消',
    failed: '下单失败',
    refunded: '已退款',
    partly_refunded: '部分退款',
  },
  en: {
    created: 'Creating',
    pending: 'Waiting',
    closing: 'Confirming',
    succeeded: 'Paid',
    expired: 'Expired',
    canceled: 'Canceled',
    failed: 'Failed',
    refunded: 'Refunded',
    partly_refunded: 'Partly refunded',
  },
} as const satisfies Record<'zh' | 'en', Record<PaymentWord, string>>

/** The words for refunds, by language. */
export const REFUND_WORDS = {
  zh: {
    pending: '待提交',
    processing: '退款中',
    requires_action: '待处理',
    succeeded: '已退款',
    failed: '退款失败',
    canceled: '已取消',
  },
  en: {
    pending: 'Pending',
    processing: 'Processing',
    requires_action: 'Needs action',
    succeeded: 'Refunded',
    failed: 'Failed',
    canceled: 'Canceled',
  },
} as const satisfies Record<'zh' | 'en', Record<RefundStatus, string>>
