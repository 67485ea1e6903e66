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
import type { Language } from './language.ts'
import { texts } from './texts.ts'

/** What stands in `<main>`: the order, and what is to be done or has come of it. */
export function renderCheckout(
  view: CheckoutView,
  { expiresInMs, retryUrl }: { readonly expiresInMs: number; readonly retryUrl: string | null },
  language: Language,
  context: AppContext,
): string {
  const t = texts[language]
  const [title, hint] = t.states[view.state]
  const payUrl = view.qrCode === null ? null : walletUrl(view.qrCode)
  const rendered = html`<section class="order">
      <p class="merchant">${context.merchantName ?? t.cashier}</p>
      <p class="amount"><span>¥</span>${yuan(view.amount)}</p>
      <p class="subject">${view.subject}</p>
      ${
        view.qrCode === null
          ? ''
          : html`<p class="fact countdown">
              <span>${t.timeLeft}</span><b role="timer" id="countdown">${clockText(expiresInMs)}</b>
            </p>`
      }
      ${view.paidAt === null ? '' : fact(t.paidAt, formatBeijingTime(view.paidAt))}
      ${view.amountRefunded > 0 ? fact(t.amountRefunded, `¥${yuan(view.amountRefunded)}`) : ''}
    </section>
    <section class="state">
      ${
        view.qrCode === null
          ? html`<div class="badge">${icon(STATE_ICONS[view.state])}</div>
              <h1>${title}</h1>
              <p class="hint">${hint}</p>`
          : html`<h1>${title}</h1>
              <p class="hint">${hint}</p>
              ${
                payUrl === null
                  ? ''
                  : html`<a class="button pay" href="${payUrl}"
                        >${payUrl === view.qrCode ? t.payInTest : t.pay}</a
                      >
                      <p class="hint or-scan">${t.orScan}</p>`
              }
              <div class="code" id="code">
                ${raw(qrSvg(qrGrid(view.qrCode, t.qrCode)))}
                ${view.state === 'scanned' ? html`<span>${icon('phone')}</span>` : ''}
              </div>
              ${
                context.mode === 'test' && payUrl === view.qrCode
                  ? html`<a class="hint try" href="${payUrl}" target="_blank">${t.tryWallet}</a>`
                  : ''
              }`
      }
      ${
        retryUrl === null
          ? ''
          : html`<form method="post" action="${retryUrl}">
              <button class="button pay">${t.retry}</button>
            </form>`
      }
      ${
        view.returnUrl !== null && isFinal(view.state)
          ? html`<a class="button back" href="${view.returnUrl}">${t.back}</a>`
          : ''
      }
    </section>`
  // Nothing in it is a promise, so neither is it.
  return (rendered as HtmlEscapedString).toString()
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
