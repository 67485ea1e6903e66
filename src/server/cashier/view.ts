/**
 * One drawing of each state of a payment: what stands in the page's `<main>`, and what is sent to
 * pages that are open.
 *
 * @module
 */
import { html, raw } from 'hono/html'
import type { HtmlEscapedString } from 'hono/utils/html'
import { formatBeijingTime, formatYuan, type Fen } from '../../alipay/index.ts'
import type { CheckoutView } from '../../payments/index.ts'
import type { AppContext } from '../options.ts'
import { qrGrid, qrSvg } from '../qr-image.ts'
import { icon, STATE_ICONS } from './icons.ts'
import { lookUrls } from './look.ts'
import { queryOf, type PageOptions } from './page-options.ts'
import { texts, type Texts } from './texts.ts'

/** What the drawing says beside the payment. */
export interface Details {
  readonly expiresInMs: number
  /** Where to ask for a new code; `null` where it may not be. */
  readonly retryUrl: string | null
  /** Where to have Alipay asked at once; `null` where there is nothing to ask. */
  readonly checkUrl: string | null
}

/** What stands in `<main>`: the order, and what is to be done or has come of it. */
export function renderCheckout(
  view: CheckoutView,
  details: Details,
  options: PageOptions,
  context: AppContext,
): string {
  const t = texts[options.language]
  const content = html`${order(view, details, t, context)}
    <section class="state">
      ${view.qrCode === null ? outcome(view, t) : code(view, view.qrCode, t, context)}
      ${next(view, details, options)}
    </section>`
  // Nothing in it is a promise, so neither is it.
  return (content as HtmlEscapedString).toString()
}

/** Whether nothing more is expected of a state. */
export function isFinal(state: CheckoutView['state']): boolean {
  return ['paid', 'expired', 'canceled', 'failed', 'refunded'].includes(state)
}

/**
 * The address that opens a code on the phone that shows it: Alipay's app by its own scheme, a test
 * wallet by its address, `null` for anything else.
 */
export function walletUrl(qrCode: string): string | null {
  if (!URL.canParse(qrCode)) return null
  const { protocol, hostname } = new URL(qrCode)
  if (protocol !== 'https:' && protocol !== 'http:') return null
  if (hostname !== 'qr.alipay.com') return qrCode
  return `alipays://platformapi/startapp?saId=10000007&qrcode=${encodeURIComponent(qrCode)}`
}

/** The sale. Printed, it is the receipt. */
function order(view: CheckoutView, { expiresInMs }: Details, t: Texts, context: AppContext) {
  const { logo } = lookUrls(context, context)
  return html`<section class="order">
    <p class="merchant">
      ${logo === null ? '' : html`<img src="${logo}" alt="" width="40" height="40" />`}
      <bdi>${context.merchantName ?? t.cashier}</bdi>
    </p>
    ${view.paidAt === null ? '' : html`<p class="receipt">${t.receipt}</p>`}
    <p class="amount"><span>¥</span>${yuan(view.amount)}</p>
    <p class="subject"><bdi>${view.subject}</bdi></p>
    ${
      view.qrCode === null
        ? ''
        : html`<p class="fact countdown">
            <span>${t.timeLeft}</span><b role="timer" id="countdown">${clockText(expiresInMs)}</b>
          </p>`
    }
    ${view.paidAt === null ? '' : fact(t.paidAt, formatBeijingTime(view.paidAt))}
    ${view.amountRefunded > 0 ? fact(t.amountRefunded, `¥${yuan(view.amountRefunded)}`) : ''}
    ${fact(t.orderNumber, view.orderNumber)}
    ${view.tradeNumber === null ? '' : fact(t.tradeNumber, view.tradeNumber)}
  </section>`
}

/** What is to be done with a code that can be paid. */
function code(view: CheckoutView, qrCode: string, t: Texts, { mode }: AppContext) {
  const payUrl = walletUrl(qrCode)
  const isTestWallet = payUrl === qrCode
  return html`${heading(view, t)}
    ${
      payUrl === null
        ? ''
        : html`<a class="button pay" href="${payUrl}" target="_top"
              >${isTestWallet ? t.payInTest : t.pay}</a
            >
            <p class="hint or-scan">${t.orScan}</p>`
    }
    <div class="code" id="code">
      ${raw(qrSvg(qrGrid(qrCode, t.qrCode)))}
      ${view.state === 'scanned' ? html`<span>${icon('phone')}</span>` : ''}
    </div>
    ${
      mode === 'test' && isTestWallet
        ? html`<a class="hint try" href="${payUrl}" target="_blank">${t.tryWallet}</a>`
        : ''
    }`
}

/** What has come of it, or is being found out. */
function outcome(view: CheckoutView, t: Texts) {
  return html`<div class="badge">${icon(STATE_ICONS[view.state])}</div>
    ${heading(view, t)}`
}

function heading({ state }: CheckoutView, t: Texts) {
  const [title, hint] = t.states[state]
  return html`<h1 tabindex="-1">${title}</h1>
    <p class="hint">${hint}</p>`
}

/** What the buyer may do next. */
function next(view: CheckoutView, { checkUrl, retryUrl }: Details, options: PageOptions) {
  const t = texts[options.language]
  const query = queryOf(options)
  return html`${
    checkUrl === null
      ? ''
      : html`<form method="post" action="${checkUrl}${query}" id="check">
          <button class="quiet">${t.check}</button>
        </form>`
  }
  ${
    retryUrl === null
      ? ''
      : html`<form method="post" action="${retryUrl}${query}" id="retry">
          <button class="button">${t.retry}</button>
        </form>`
  }
  ${
    view.returnUrl !== null && isFinal(view.state)
      ? html`<a class="button back" href="${view.returnUrl}" target="_top">${t.back}</a>`
      : ''
  }
  ${
    view.paidAt === null
      ? ''
      : html`<button class="quiet" type="button" id="print" hidden>${t.print}</button>`
  }`
}

function fact(name: string, value: string) {
  return html`<p class="fact"><span>${name}</span><b>${value}</b></p>`
}

/** Yuan with commas between thousands, `1,234.50`. */
function yuan(amount: Fen): string {
  return formatYuan(amount).replace(/\B(?=(?:\d{3})+\.)/g, ',')
}

/** What is left of the time, `04:59`; minutes may be more than 59. */
function clockText(ms: number): string {
  const seconds = Math.ceil(ms / 1000)
  return [Math.floor(seconds / 60), seconds % 60]
    .map((part) => String(part).padStart(2, '0'))
    .join(':')
}
