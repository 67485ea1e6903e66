/**
 * Every word of the cashier page, in Chinese and in English.
 *
 * @module
 */
import type { CheckoutView } from '../../payments/index.ts'
import type { Language } from './language.ts'

/** The words of one language. */
export interface Texts {
  /** For the `lang` attribute. */
  readonly tag: string
  /** What stands over the page where the merchant has no name. */
  readonly cashier: string
  readonly testMode: string
  readonly timeLeft: string
  readonly pay: string
  /** The same where the code is not Alipay's but a test wallet's. */
  readonly payInTest: string
  readonly orScan: string
  /** Opens a test wallet in the browser, for whoever has no phone at hand. */
  readonly tryWallet: string
  readonly qrCode: string
  readonly closedCode: string
  readonly back: string
  readonly amountRefunded: string
  readonly paidAt: string
  /** On the button that asks for a new code. */
  readonly retry: string
  /** On the button that asks Alipay now, and what is said while it does, and in vain. */
  readonly check: string
  readonly checking: string
  readonly notPaidYet: string
  readonly orderNumber: string
  readonly tradeNumber: string
  readonly print: string
  /** Over what is printed. */
  readonly receipt: string
  /** What the keys do on a counter's screen. */
  readonly keys: Readonly<Record<'check' | 'retry' | 'language' | 'sound', string>>
  /** Title and what to do, by state. */
  readonly states: Readonly<Record<CheckoutView['state'], readonly [title: string, hint: string]>>
  readonly notFound: readonly [title: string, hint: string]
  /** Link to the page in the other language, in that language. */
  readonly otherLanguage: string
}

const zh: Texts = {
  tag: 'zh-CN',
  cashier: '收银台',
  testMode: '测试环境，不会产生真实扣款',
  timeLeft: '剩余支付时间',
  pay: '打开支付宝付款',
  payInTest: '打开测试钱包付款',
  orScan: '或用另一部手机扫码支付',
  tryWallet: '手边没有手机？在新窗口打开测试钱包',
  qrCode: '支付宝付款二维码',
  closedCode: '二维码已关闭',
  back: '返回商家',
  amountRefunded: '已退款',
  paidAt: '支付时间',
  retry: '重新获取付款码',
  check: '我已支付',
  checking: '正在查询支付结果…',
  notPaidYet: '暂未查到付款。如已支付请稍候，本页会自动更新',
  orderNumber: '订单号',
  tradeNumber: '支付宝交易号',
  print: '打印收据',
  receipt: '付款收据',
  keys: { check: '查询结果', retry: '新付款码', language: 'English', sound: '开启提示音' },
  states: {
    preparing: ['正在生成付款码', '请稍候，付款码马上就好'],
    waiting: ['请使用支付宝付款', '打开支付宝「扫一扫」，扫描下方二维码'],
    scanned: ['已扫码，请在手机上确认付款', '付款完成后，本页会自动更新'],
    confirming: ['正在确认支付结果', '如已支付，请勿重复支付，结果稍后显示'],
    paid: ['支付成功', '商家已收到您的付款'],
    expired: ['订单已过期，请勿支付', '如仍需购买，请返回商家重新下单'],
    canceled: ['订单已取消，请勿支付', '如仍需购买，请返回商家重新下单'],
    failed: ['暂时无法付款', '您没有被扣款，请返回商家重新下单'],
    refunded: ['已退款', '款项将按原支付方式退回'],
  },
  notFound: ['没有找到这笔订单', '请检查链接，或返回商家重新打开付款页面'],
  otherLanguage: 'English',
}

const en: Texts = {
  tag: 'en',
  cashier: 'Checkout',
  testMode: 'Test mode: no real money is charged',
  timeLeft: 'Time left to pay',
  pay: 'Open Alipay to pay',
  payInTest: 'Open the test wallet to pay',
  orScan: 'Or scan with another phone',
  tryWallet: 'No phone at hand? Open the test wallet in a new window',
  qrCode: 'QR code to pay with Alipay',
  closedCode: 'QR code closed',
  back: 'Back to the shop',
  amountRefunded: 'Refunded',
  paidAt: 'Paid at (Beijing time)',
  retry: 'Get a new code',
  check: 'I have paid',
  checking: 'Asking Alipay…',
  notPaidYet: 'No payment found yet. If you have just paid, this page updates by itself',
  orderNumber: 'Order number',
  tradeNumber: 'Alipay number',
  print: 'Print receipt',
  receipt: 'Receipt',
  keys: { check: 'check again', retry: 'new code', language: '中文', sound: 'turn sound on' },
  states: {
    preparing: ['Preparing your code', 'This takes a moment'],
    waiting: ['Pay with Alipay', 'Open Alipay and scan the code below'],
    scanned: ['Scanned. Confirm on your phone', 'This page updates as soon as you have paid'],
    confirming: [
      'Confirming your payment',
      'If you have paid, do not pay again. The result will appear here shortly',
    ],
    paid: ['Payment successful', 'The shop has received your payment'],
    expired: [
      'Order expired. Do not pay',
      'If you still want to buy, go back to the shop and order again',
    ],
    canceled: [
      'Order canceled. Do not pay',
      'If you still want to buy, go back to the shop and order again',
    ],
    failed: [
      'This order cannot be paid',
      'You have not been charged. Go back to the shop and order again',
    ],
    refunded: ['Refunded', 'The money goes back to where it came from'],
  },
  notFound: [
    'We cannot find this order',
    'Check that the link is complete, or open the payment page again from the shop',
  ],
  otherLanguage: '中文',
}

/** All words, by language. */
export const texts: Readonly<Record<Language, Texts>> = { zh, en }
