/**
 * Every way in which the emulator can misbehave on purpose, by name.
 *
 * @module
 */

/** Where a fault strikes: an answer of the gateway, a notification, or a bill. */
export type FaultScope = 'gateway' | 'notification' | 'bill'

/** What people are told of a fault. */
export interface FaultDescription {
  readonly name: string
  readonly scope: FaultScope
  readonly en: string
  readonly zh: string
  /** The methods that it is for; all of them where this is absent. */
  readonly methods?: readonly string[]
  /** Whether the mode of random faults uses it. */
  readonly random: boolean
}

const gateway = (name: string, zh: string, en: string, random = true, methods?: string[]) => ({
  name,
  scope: 'gateway' as const,
  en,
  zh,
  random,
  ...(methods === undefined ? {} : { methods }),
})

const notification = (name: string, zh: string, en: string, random = true, methods?: string[]) => ({
  ...gateway(name, zh, en, random, methods),
  scope: 'notification' as const,
})

/** Bills are asked for by one method, and need not name it. */
const bill = (name: string, zh: string, en: string, random = false) => ({
  ...gateway(name, zh, en, random, []),
  scope: 'bill' as const,
})

/** All faults. */
export const faultCatalogue: readonly FaultDescription[] = [
  gateway('request-lost', '请求丢失', 'Nothing is done, and the connection is cut.'),
  gateway('answer-lost', '应答丢失', 'The request is carried out, and the connection is cut.'),
  gateway(
    'delay',
    '应答延迟',
    'The request is carried out; the answer comes delay_ms later (1000 unless given), in real time.',
    false,
  ),
  gateway('unknown-error-before', '未执行，返回 20000', 'Nothing is done; 20000 isp.unknow-error.'),
  gateway(
    'unknown-error-after',
    '已执行，返回 20000',
    'The request is carried out; 20000 isp.unknow-error.',
  ),
  gateway(
    'system-error-before',
    '未执行，返回 ACQ.SYSTEM_ERROR',
    'Nothing is done; 40004 ACQ.SYSTEM_ERROR.',
  ),
  gateway(
    'system-error-after',
    '已执行，返回 ACQ.SYSTEM_ERROR',
    'The request is carried out; 40004 ACQ.SYSTEM_ERROR.',
  ),
  gateway('wrong-signature', '应答签名错误', 'Carried out; the signature of the answer is wrong.'),
  gateway('unsigned', '应答无签名', 'Carried out; the answer has no signature.'),
  gateway('truncated', '应答被截断', 'Carried out; the answer ends in the middle.'),
  gateway(
    'html-502',
    '返回 502 页面',
    'Carried out; the answer is a page of HTML with status 502.',
  ),
  gateway(
    'envelope-spaces',
    '应答含空白',
    'Carried out; the answer is right, with blanks around its members.',
  ),
  gateway(
    'error-response-root',
    '应答根节点为 error_response',
    'Carried out; the answer comes under error_response.',
  ),
  gateway('rate-limit', '限流', 'Nothing is done; 40005 isv.app-call-limited.'),
  gateway(
    'retry-flag',
    '撤销需重试',
    'Nothing is done; the cancel answers 40004 ACQ.SYSTEM_ERROR with retry_flag Y.',
    true,
    ['alipay.trade.cancel'],
  ),
  gateway(
    'fund-change-n',
    '退款成功但 fund_change 为 N',
    'The refund is made, but answered with fund_change N, as if it still had to be confirmed.',
    true,
    ['alipay.trade.refund'],
  ),
  gateway(
    'refund-query-empty',
    '退款查询为空',
    'A refund query answers 10000 with nothing in it, as if too early.',
    true,
    ['alipay.trade.fastpay.refund.query'],
  ),
  gateway(
    'trade-not-exist',
    '扫码后查询不到交易',
    'A query answers ACQ.TRADE_NOT_EXIST although the trade exists; with delay_ms only so long after the scan.',
    true,
    ['alipay.trade.query'],
  ),
  gateway(
    'certificate-rollover',
    '支付宝换证书',
    'Alipay gets a new certificate, with which this answer and all later ones are signed (certificate mode).',
    false,
  ),
  notification('duplicate', '重复通知', 'The notification is sent twice.'),
  notification(
    'late',
    '通知延迟',
    'It is sent delay_ms later (60000 unless given), by the clock of the emulator.',
  ),
  notification('lost', '通知丢失', 'This send is lost; the next one follows the schedule.'),
  notification(
    'reordered',
    '通知乱序',
    'It is sent after the next notification of the same trade, or after 4 minutes.',
  ),
  notification('forged', '伪造通知', 'Instead of it comes one whose signature is wrong.'),
  notification(
    'wrong-amount',
    '金额不符的通知',
    'Instead of it comes one, rightly signed, with another total_amount.',
    false,
  ),
  notification(
    'foreign-app',
    '其他应用的通知',
    'Instead of it comes one, rightly signed, for another app_id.',
    false,
  ),
  notification(
    'wrong-seller',
    '其他商户的通知',
    'Instead of it comes one, rightly signed, for another seller_id.',
    false,
  ),
  notification(
    'before-answer',
    '通知先于应答',
    'It is delivered before the call that gave rise to it is answered.',
    false,
    ['alipay.trade.pay', 'alipay.trade.refund', 'alipay.trade.cancel', 'alipay.trade.close'],
  ),
  bill(
    'bill-late',
    '账单未生成',
    'The address is refused, as if the bill were not made yet.',
    true,
  ),
  bill('bill-link-expired', '下载链接已失效', 'The address answers 403, as after 30 s.', true),
  bill(
    'bill-page',
    '下载得到网页',
    'The address answers with a page of HTML and status 200.',
    true,
  ),
  bill('bill-half', '压缩包不完整', 'The archive is cut off in the middle.', true),
  bill(
    'bill-cut',
    '明细不完整',
    'The table of single rows ends in the middle, without its end mark.',
  ),
  bill('bill-empty', '空账单', 'The bill has no rows.'),
  bill('bill-other-day', '日期不符', 'The bill says that it is of the day before.'),
  bill('bill-other-account', '账号不符', 'The bill is of another account.'),
  bill('bill-totals-wrong', '合计不符', 'The lines below the table say one payment more.'),
  bill('bill-summary-wrong', '汇总不符', 'The summary says one fen more than the rows.'),
  bill('bill-row-missing', '缺少一笔', 'The row of an order is missing.'),
  bill('bill-row-twice', '重复一笔', 'The row of an order is there twice.'),
  bill('bill-row-foreign', '多出其他系统的一笔', 'There is a payment more, of another system.'),
  bill('bill-row-amount', '金额不符', 'The amount of an order is one fen more.'),
  bill('bill-row-received', '实收不符', 'The merchant has one fen less of an order.'),
  bill('bill-row-fee', '服务费不符', 'The fee of an order is one fen more.'),
  bill('bill-row-unknown', '未知业务类型', 'There is a row more, of a kind that is not known.'),
  bill('bill-columns', '新增列', 'There are 75 columns more, before the others.'),
  bill('bill-utf8', 'UTF-8 编码', 'The files are in UTF-8 with a byte order mark.'),
  bill('bill-bomb', '压缩炸弹', 'A small archive of a line without end: 64 MB.'),
]
