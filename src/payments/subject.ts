/**
 * The subject as Alipay takes it.
 *
 * @module
 */

/**
 * Replaces what Alipay forbids in `subject` by its full-width form, so that the buyer still reads
 * the same: `/ = &` become `／ ＝ ＆`. The original is kept in the payment.
 *
 * @see Alipay: 统一收单线下交易预创建, subject: 不可使用特殊字符，如 /，=，& 等
 */
export function wireSubject(subject: string): string {
  return subject.replaceAll('/', '／').replaceAll('=', '＝').replaceAll('&', '＆')
}
