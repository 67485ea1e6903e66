/**
 * The buyer's wallet: the frame that `assets/wallet.js` brings to life.
 *
 * @module
 */
import { html } from 'hono/html'
import { icons } from './icons.ts'
import { texts, type Language } from './language.ts'
import type { Html, Page } from './page.ts'
import type { Texts } from './texts/zh.ts'

/** What the wallet's script gets from the server. */
export interface WalletData {
  readonly language: Language
  readonly wallet: Texts['wallet']
  readonly common: Pick<Texts['common'], 'statuses' | 'unreachable'>
}

/** The page under `/wallet`. */
export function walletPage(language: Language, shop: boolean): Page {
  const { common, wallet } = texts[language]
  const data: WalletData = {
    language,
    wallet,
    common: { statuses: common.statuses, unreachable: common.unreachable },
  }
  return {
    language,
    shop,
    title: wallet.title,
    current: 'wallet',
    script: 'wallet',
    data,
    main: html`<div class="wallet-layout">
      <div class="phone">
        <header class="phone-top">
          <h1>${wallet.title}</h1>
        </header>
        <p class="error" id="failure" role="alert" hidden></p>
        <section class="purse" aria-live="polite">
          <div class="purse-top">
            <label>
              <span class="visually-hidden">${wallet.buyer}</span>
              <select id="buyer"></select>
            </label>
            <span class="badge">${wallet.badge}</span>
          </div>
          <p class="purse-label">${wallet.balance}</p>
          <p class="purse-balance"><span class="currency">¥</span><span id="balance">–</span></p>
          <div class="purse-bottom">
            <span id="logon-id"></span>
            <button class="purse-button" type="button" id="open-top-up">${wallet.topUp}</button>
          </div>
        </section>
        <div class="actions">
          <button type="button" id="open-scan">${icons.scan}<span>${wallet.scan}</span></button>
          <button type="button" id="open-code">${icons.code}<span>${wallet.code}</span></button>
        </div>
        <section class="recent">
          <h2>${wallet.recent}</h2>
          <ul id="trades" class="trades"></ul>
          <p class="empty" id="no-trades" hidden>${wallet.noTrades}</p>
        </section>
      </div>
      <aside class="help">
        <h2>${wallet.helpTitle}</h2>
        <ul>
          ${wallet.help.map((line) => html`<li>${line}</li>`)}
        </ul>
        <p class="muted">${wallet.helpBuyers}</p>
      </aside>
      ${scanDialog(wallet)} ${codeDialog(wallet)} ${topUpDialog(wallet)}
      <dialog id="trade" class="sheet" aria-labelledby="trade-title">
        <div id="trade-content" aria-live="polite"></div>
      </dialog>
    </div>`,
  }
}

function scanDialog(wallet: Texts['wallet']): Html {
  return html`<dialog id="scan" class="sheet" aria-labelledby="scan-title">
    ${sheetTop('scan-title', wallet.scanTitle, wallet.close)}
    <div class="viewfinder" id="viewfinder">
      <video id="video" muted playsinline></video>
      <p id="camera-status" role="status">${wallet.cameraStarting}</p>
    </div>
    <div class="pictures">
      <label class="button picture">
        ${icons.photo}<span>${wallet.photo}</span>
        <input id="photo" type="file" accept="image/*" capture="environment" />
      </label>
      <label class="button picture">
        ${icons.picture}<span>${wallet.picture}</span>
        <input id="picture" type="file" accept="image/*" />
      </label>
    </div>
    <p class="muted hint" id="picture-status" role="status">${wallet.pictureHint}</p>
    <form id="paste" class="paste" novalidate>
      <label class="field">
        <span>${wallet.paste}</span>
        <input
          name="text"
          required
          autocomplete="off"
          autocapitalize="off"
          spellcheck="false"
          placeholder="${wallet.pastePlaceholder}"
        />
      </label>
      <button class="button primary">${wallet.use}</button>
    </form>
  </dialog>`
}

function codeDialog(wallet: Texts['wallet']): Html {
  return html`<dialog id="code" class="sheet" aria-labelledby="code-title">
    ${sheetTop('code-title', wallet.codeTitle, wallet.close)}
    <p class="muted hint">${wallet.codeHint}</p>
    <img id="code-bars" class="code-image code-bars" alt="${wallet.codeBars}" />
    <img id="code-image" class="code-image" alt="${wallet.codeImage}" width="200" height="200" />
    <p class="code-digits" id="code-digits"></p>
    <p class="muted hint" id="code-seconds"></p>
    <button class="button" type="button" id="code-copy">${wallet.codeCopy}</button>
    <p class="error" id="code-failure" role="alert" hidden></p>
  </dialog>`
}

function topUpDialog(wallet: Texts['wallet']): Html {
  return html`<dialog id="top-up" class="sheet" aria-labelledby="top-up-title">
    ${sheetTop('top-up-title', wallet.topUpTitle, wallet.close)}
    <form id="top-up-form" novalidate>
      <label class="field">
        <span>${wallet.topUpAmount}</span>
        <input
          id="top-up-amount"
          name="amount"
          inputmode="decimal"
          autocomplete="off"
          aria-describedby="top-up-failure"
        />
      </label>
      <p class="error" id="top-up-failure" role="alert" hidden></p>
      <button class="button primary wide">${wallet.topUpSave}</button>
    </form>
  </dialog>`
}

function sheetTop(id: string, title: string, close: string): Html {
  return html`<header class="sheet-top">
    <h2 id="${id}">${title}</h2>
    <form method="dialog">
      <button class="icon-button" aria-label="${close}">${icons.close}</button>
    </form>
  </header>`
}
