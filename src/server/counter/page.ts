/**
 * The counter as HTML: the frame that `assets/counter.js` brings to life.
 *
 * @module
 */
import { html } from 'hono/html'
import { assetUrl } from '../cashier/assets.ts'
import type { Language } from '../cashier/language.ts'
import type { ServerContext } from '../options.ts'
import { counterTexts, type CounterTexts } from './texts.ts'

/** What the counter's script gets from the server. */
export interface CounterData {
  /** In front of every path of this server. */
  readonly basePath: string
  readonly texts: CounterTexts
}

const KEYS = ['7', '8', '9', '4', '5', '6', '1', '2', '3', '.', '0', '00'] as const

/** The page under `/counter`. */
export function counterPage(language: Language, context: ServerContext) {
  const t = counterTexts[language]
  const other = language === 'zh' ? 'en' : 'zh'
  const data: CounterData = { basePath: context.basePath, texts: t }
  return html`<!doctype html>
    <html lang="${t.tag}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        <title>${t.title}</title>
        <link rel="icon" href="${assetUrl('cashier.svg', context)}" />
        <link rel="stylesheet" href="${assetUrl('counter.css', context)}" />
        <link
          rel="stylesheet"
          href="${assetUrl('cashier-dark.css', context)}"
          media="(prefers-color-scheme: dark)"
        />
        <script type="module" src="${assetUrl('counter.js', context)}"></script>
      </head>
      <body data-page="${JSON.stringify(data)}">
        <p class="test-mode" id="test-mode" hidden>${t.testMode}</p>
        <header>
          <h1>${t.title}</h1>
          <span id="shop"></span>
          <nav>
            <button type="button" class="text" id="other-shop" hidden>${t.otherShop}</button>
            <span id="who"></span>
            <button type="button" class="text" id="sign-out" hidden>${t.signOut}</button>
            <a
              href="?lang=${other}"
              hreflang="${counterTexts[other].tag}"
              lang="${counterTexts[other].tag}"
              >${t.otherLanguage}</a
            >
          </nav>
        </header>
        <noscript><p class="notice">${t.needsScript}</p></noscript>
        <main>
          ${signIn(t, context)}
          <section id="shops" class="card sign-in" aria-labelledby="shops-title" hidden>
            <h2 id="shops-title">${t.chooseShop}</h2>
            <div id="shop-list" class="shops"></div>
          </section>
          <div id="till" class="till" hidden>${sale(t)} ${lastOrders(t)}</div>
        </main>
        ${charge(t)} ${refund(t)}
      </body>
    </html>`
}

function signIn(t: CounterTexts, { basePath }: ServerContext) {
  return html`<form id="sign-in" class="card sign-in" hidden>
    <h2>${t.signInTitle}</h2>
    <p class="notice" id="needs-owner" hidden>
      ${t.needsOwner} <a href="${basePath}/console">${basePath}/console</a>
    </p>
    <label>${t.email}<input name="email" type="email" autocomplete="username" required /></label>
    <label
      >${t.password}<input name="password" type="password" autocomplete="current-password" required
    /></label>
    <label id="totp" hidden
      >${t.code}<input name="code" inputmode="numeric" autocomplete="one-time-code" maxlength="6"
    /></label>
    <p class="error" id="sign-in-failure" role="alert"></p>
    <button class="primary">${t.signIn}</button>
  </form>`
}

function sale(t: CounterTexts) {
  return html`<section class="card sale" aria-labelledby="amount-label">
    <h2 id="amount-label">${t.amount}</h2>
    <output id="amount" class="amount" aria-labelledby="amount-label"
      ><span>¥</span><b>0</b></output
    >
    <div class="keypad" role="group" aria-label="${t.keypad}" id="keypad">
      ${KEYS.map((key) => html`<button type="button" data-key="${key}">${key}</button>`)}
      <button type="button" data-key="Backspace" aria-label="${t.backspace}">⌫</button>
      <button type="button" data-key="Escape">${t.clear}</button>
      <button type="button" data-key="Enter" class="primary">${t.charge}</button>
    </div>
    <label class="subject"
      >${t.subject}<input id="subject" maxlength="128" autocomplete="off"
    /></label>
    <p class="hint">${t.scanHint}</p>
    <p class="error" id="failure" role="alert"></p>
  </section>`
}

function lastOrders(t: CounterTexts) {
  return html`<section class="card last" aria-labelledby="last-title">
    <h2 id="last-title">${t.last}</h2>
    <ul id="orders"></ul>
    <p class="hint" id="no-orders" hidden>${t.none}</p>
  </section>`
}

function charge(t: CounterTexts) {
  return html`<dialog id="charge" class="charge" aria-labelledby="charge-title">
    <p class="amount" id="charge-amount"></p>
    <h2 id="charge-title" aria-live="assertive"></h2>
    <div class="code" id="charge-code"><img id="charge-image" alt="" /></div>
    <p class="countdown" id="charge-left" role="timer"></p>
    <p class="hint" id="charge-note" role="status"></p>
    <p class="error" id="charge-failure" role="alert"></p>
    <div class="actions">
      <button type="button" class="primary" id="next">${t.next}</button>
      <button type="button" id="ask-now">${t.askNow}</button>
      <button type="button" id="cancel-sale">${t.cancelSale}</button>
      <button type="button" id="close-charge">${t.closeCode}</button>
    </div>
  </dialog>`
}

function refund(t: CounterTexts) {
  return html`<dialog id="refund" class="card refund" aria-labelledby="refund-title">
    <h2 id="refund-title">${t.refundTitle}</h2>
    <p id="refund-of"></p>
    <form id="refund-form" novalidate>
      <label
        >${t.refundAmount}<input name="amount" inputmode="decimal" autocomplete="off" required
      /></label>
      <label>${t.refundReason}<input name="reason" maxlength="128" autocomplete="off" /></label>
      <p class="error" id="refund-failure" role="alert"></p>
      <button class="primary">${t.refundNow}</button>
    </form>
    <p id="refund-result" role="status"></p>
    <button type="button" id="close-refund">${t.back}</button>
  </dialog>`
}
