/**
 * What an export shows of payments and refunds, in the words of the screens.
 *
 * @module
 */
import type { Locale } from '../../access/index.ts'
import { formatBeijingTime, formatYuan, toFen, type Instant } from '../../alipay/index.ts'
import { paymentJson, type PaymentRecord, type Refund } from '../../payments/index.ts'
import { PAYMENT_WORDS, REFUND_WORDS } from '../status-words.ts'
import type { AppContext } from '../options.ts'

/** What is exported. */
export type ExportKind = 'payments' | 'refunds'

/** The names of the sheets. */
export const SHEET_NAMES: Readonly<Record<ExportKind, Readonly<Record<Locale, string>>>> = {
  payments: { zh: '收款', en: 'Payments' },
  refunds: { zh: '退款', en: 'Refunds' },
}

/** The names of the columns, in their order. */
export const HEADERS: Readonly<Record<ExportKind, Readonly<Record<Locale, readonly string[]>>>> = {
  payments: {
    zh: [
      '创建时间',
      '支付时间',
      '业务单号',
      '商户订单号',
      '支付宝交易号',
      '商品',
      '金额（元）',
      '已退款（元）',
      '状态',
      '门店',
      '操作员',
      '终端',
      '订单编号',
    ],
    en: [
      'Created (Beijing)',
      'Paid (Beijing)',
      'Reference',
      'Order number',
      'Alipay trade number',
      'Subject',
      'Amount (yuan)',
      'Refunded (yuan)',
      'Status',
      'Store',
      'Operator',
      'Terminal',
      'Payment ID',
    ],
  },
  refunds: {
    zh: [
      '申请时间',
      '退款时间',
      '业务单号',
      '退款请求号',
      '金额（元）',
      '原因',
      '状态',
      '订单编号',
      '退款编号',
    ],
    en: [
      'Created (Beijing)',
      'Refunded (Beijing)',
      'Reference',
      'Refund request number',
      'Amount (yuan)',
      'Reason',
      'Status',
      'Payment ID',
      'Refund ID',
    ],
  },
}

/** A payment as a row. */
export function paymentRow(
  { presentation, clock }: AppContext,
  record: PaymentRecord,
  language: Locale,
): readonly string[] {
  const { payment } = record
  const shown = paymentJson(record, presentation, clock.now())
  return [
    formatBeijingTime(payment.createdAt),
    time(payment.paidAt),
    payment.reference ?? '',
    payment.outTradeNo,
    payment.tradeNo ?? '',
    payment.subject,
    formatYuan(payment.amount),
    formatYuan(toFen(shown.amount_refunded)),
    PAYMENT_WORDS[language][payment.status],
    payment.storeId ?? '',
    payment.operatorId ?? '',
    payment.terminalId ?? '',
    payment.id,
  ]
}

/** A refund as a row. */
export function refundRow(refund: Refund, language: Locale): readonly string[] {
  return [
    formatBeijingTime(refund.createdAt),
    time(refund.succeededAt),
    refund.reference ?? '',
    refund.outRequestNo,
    formatYuan(refund.amount),
    refund.reason ?? '',
    REFUND_WORDS[language][refund.status],
    refund.paymentId,
    refund.id,
  ]
}

function time(at: Instant | null): string {
  return at === null ? '' : formatBeijingTime(at)
}
