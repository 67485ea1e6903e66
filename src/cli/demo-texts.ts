/**
 * The words of the demonstration.
 *
 * @module
 */

/** The languages of the demonstration. */
export type DemoLanguage = 'zh' | 'en'

/** What the demonstration says. */
export interface DemoTexts {
  readonly intro: string
  readonly outro: string
  readonly paidTitle: string
  readonly unpaidTitle: string
  readonly unscannedTitle: string
  readonly merchant: string
  readonly buyer: string
  readonly saoma: string
  readonly paid: (amount: string) => string
  readonly refunded: (amount: string, left: string) => string
  readonly expired: string
  readonly closing: string
  readonly provenDead: string
  readonly wants: (amount: string, subject: string) => string
  readonly wantsRefund: (amount: string, part: number) => string
  readonly shows: (code: string) => string
  readonly scans: (name: string) => string
  readonly pays: (amount: string) => string
  readonly notifies: (status: string, refunded: string | undefined) => string
  /** How many more times the same answer came. */
  readonly more: (count: number) => string
  /** What an answer of the gateway means. */
  readonly answer: (method: string, answer: Readonly<Record<string, unknown>>) => string
  /** Fills a name up to the width of the column. */
  readonly pad: (name: string) => string
}

function answer(_method: string, fields: Readonly<Record<string, unknown>>): string {
  const shown = [
    'trade_status',
    'action',
    'retry_flag',
    'fund_change',
    'refund_fee',
    'refund_status',
  ]
  const facts = shown
    .filter((name) => name in fields)
    .map((name) => `${name}=${String(fields[name])}`)
  return [String(fields['code']), ...facts].join(' ')
}

/** A Chinese character takes two columns of a terminal. */
function width(text: string): number {
  return Array.from(text, (character) => (character > '\u2e80' ? 2 : 1)).reduce((a, b) => a + b, 0)
}

function padTo(columns: number): (name: string) => string {
  return (name) => name + ' '.repeat(Math.max(0, columns - width(name)))
}

/** The words by language. */
export const demoTexts: Readonly<Record<DemoLanguage, DemoTexts>> = {
  en: {
    intro: [
      'saoma demo: three orders from beginning to end, against an emulator of Alipay in this process.',
      'No account is needed and no money moves. Times are Beijing’s, by a clock that is put forward.',
    ].join('\n'),
    outro: `
All three orders ended as they should. Try it by hand: saoma dev`,
    paidTitle: '1. An order is paid, and refunded in two parts',
    unpaidTitle: '2. A buyer scans, but has not paid at the deadline (60 s)',
    unscannedTitle: '3. Nobody scans',
    merchant: 'merchant',
    buyer: 'buyer',
    saoma: 'saoma',
    paid: (amount) =>
      `paid: ${amount}. The notification was verified and stored before "success" was answered`,
    refunded: (amount, left) =>
      `${amount} refunded, ${left} left. Each part has its own out_request_no`,
    expired: 'expired: the last query said WAIT_BUYER_PAY, so the trade was canceled at once',
    closing:
      'for the buyer it is over; the proof is fetched until the code is dead at Alipay too (time_expire + 30 s)',
    provenDead:
      'expired: after time_expire a query still finds no trade, so the code can not be paid',
    wants: (amount, subject) => `wants ${amount} for ${subject}, within 60 s`,
    wantsRefund: (amount, part) => `gives ${amount} back (part ${part})`,
    shows: (code) => `shows the code ${code}`,
    scans: (name) => `${name} scans: only now does the trade exist`,
    pays: (amount) => `pays ${amount}`,
    notifies: (status, refunded) =>
      `notifies: trade_status=${status}${refunded === undefined ? '' : ` refund_fee=${refunded}`}`,
    more: (count) => `… the same answer ${count} more ${count === 1 ? 'time' : 'times'}`,
    answer,
    pad: padTo(8),
  },
  zh: {
    intro: `saoma demo：三笔订单从头走到尾，对手是本进程里的支付宝模拟器。
不需要账号，不动真钱。左侧是人为拨快的北京时间。`,
    outro: `
三笔订单都按预期结束。想亲手试一试：saoma dev`,
    paidTitle: '一、支付成功，再分两次部分退款',
    unpaidTitle: '二、买家扫了码，到期（60 秒）仍未付款',
    unscannedTitle: '三、始终没有人扫码',
    merchant: '商户',
    buyer: '买家',
    saoma: '扫码',
    paid: (amount) => `已收款 ${amount}：通知验签、入库之后才回复 success`,
    refunded: (amount, left) => `已退 ${amount}，还剩 ${left}；每次退款各用一个 out_request_no`,
    expired: '已过期：最后一次查询仍是 WAIT_BUYER_PAY，随即撤销了交易',
    closing: '对买家来说已经结束；继续查询，直到支付宝一侧的码也失效（time_expire 后 30 秒）',
    provenDead: '已过期：过了 time_expire 仍查不到交易，这个码不会再被付款',
    wants: (amount, subject) => `收 ${amount}，商品：${subject}，60 秒内有效`,
    wantsRefund: (amount, part) => `退款 ${amount}（第 ${part} 次）`,
    shows: (code) => `展示二维码 ${code}`,
    scans: (name) => `${name}扫码：交易此刻才产生`,
    pays: (amount) => `付款 ${amount}`,
    notifies: (status, refunded) =>
      `异步通知：trade_status=${status}${refunded === undefined ? '' : ` refund_fee=${refunded}`}`,
    more: (count) => `…… 又得到 ${count} 次同样的回答`,
    answer,
    pad: padTo(8),
  },
}
