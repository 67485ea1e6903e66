/**
 * The pages of the cashier as HTML: the frame around what `view.ts` draws, and the page for an
 * address that is unknown.
 *
 * @module
 */
import { html, raw } from 'hono/html'
import type { AppContext, ServerContext } from '../options.ts'
import { assetUrl } from './assets.ts'
import type { Checkout } from './checkout.ts'
import { icon } from './icons.ts'
import { lookUrls } from './look.ts'
import { queryOf, type PageOptions } from './page-options.ts'
import { texts } from './texts.ts'

/**
 * The page of a payment. Without JavaScript it reloads itself every 5 seconds until the end.
 *
 * @param options `wasChecked`: the buyer said that he had paid, and this is the answer.
 */
export function checkoutPage(
  checkout: Checkout,
  options: PageOptions & { readonly wasChecked: boolean },
  context: AppContext,
) {
  const t = texts[options.language]
  const { style } = lookUrls(context, context)
  const said = options.wasChecked && !checkout.final ? t.notPaidYet : ''
  return frame(options, context, {
    isTest: context.mode === 'test',
    title: `${checkout.title} · ${context.merchantName ?? t.cashier}`,
    head: html`${style === null ? '' : html`<link rel="stylesheet" href="${style}" />`}
      ${
        checkout.final
          ? ''
          : html`<noscript
              ><meta http-equiv="refresh" content="5;url=${queryOf(options)}"
            /></noscript>`
      }
      <script src="${assetUrl('cashier.js', context)}" defer></script>`,
    main: html`<main
        id="checkout"
        data-state="${checkout.state}"
        data-version="${checkout.version}"
        data-tag="${checkout.tag}"
        data-final="${checkout.final}"
        data-amount="${checkout.amount}"
        data-expires-in-ms="${checkout.expires_in_ms}"
        data-checking="${t.checking}"
        data-not-paid-yet="${t.notPaidYet}"
      >
        ${raw(checkout.html)}
      </main>
      <p id="announcement" role="status" aria-live="polite">${said}</p>`,
  })
}

/** The page of a token that nobody was given. */
export function notFoundPage(options: PageOptions, context: ServerContext) {
  const [title, hint] = texts[options.language].notFound
  return frame(options, context, {
    isTest: false,
    title,
    head: '',
    main: html`<main data-state="unknown">
      <section class="state">
        <div class="badge">${icon('question')}</div>
        <h1>${title}</h1>
        <p class="hint">${hint}</p>
      </section>
    </main>`,
  })
}

function frame(
  options: PageOptions,
  context: ServerContext,
  page: {
    readonly isTest: boolean
    readonly title: string
    readonly head: unknown
    readonly main: unknown
  },
) {
  const { language, theme, display } = options
  const t = texts[language]
  const other = language === 'zh' ? 'en' : 'zh'
  return html`<!doctype html>
    <html lang="${t.tag}" data-query="${queryOf(options)}" data-display="${display ?? 'page'}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
        <meta name="color-scheme" content="${theme ?? 'light dark'}" />
        <meta name="format-detection" content="telephone=no" />
        <meta name="robots" content="noindex" />
        <title>${page.title}</title>
        <link rel="icon" href="${assetUrl('cashier.svg', context)}" />
        <link rel="stylesheet" href="${assetUrl('cashier.css', context)}" />
        ${
          theme === 'light'
            ? ''
            : html`<link
                rel="stylesheet"
                href="${assetUrl('cashier-dark.css', context)}"
                media="${theme === 'dark' ? 'screen' : 'screen and (prefers-color-scheme: dark)'}"
              />`
        }
        ${display === null ? '' : displayHead(context)} ${page.head}
      </head>
      <body>
        ${page.isTest ? html`<p class="test-mode">${t.testMode}</p>` : ''} ${page.main}
        <footer>
          ${display === null ? '' : keys(options)}
          <a
            href="${queryOf({ ...options, language: other })}"
            id="language"
            hreflang="${texts[other].tag}"
            lang="${texts[other].tag}"
            >${t.otherLanguage}</a
          >
        </footer>
      </body>
    </html>`
}

/** What a counter's screen needs beside the page. */
function displayHead(context: ServerContext) {
  return html`<link rel="stylesheet" href="${assetUrl('display.css', context)}" />
    <script type="module" src="${assetUrl('display.js', context)}"></script>`
}

/** What the keys do, for who stands behind the screen. */
function keys({ language }: PageOptions) {
  const { check, retry, language: other, sound } = texts[language].keys
  return html`<ul class="keys">
    <li><kbd>Enter</kbd> ${check}</li>
    <li><kbd>R</kbd> ${retry}</li>
    <li lang="${language === 'zh' ? 'en' : 'zh-CN'}"><kbd>L</kbd> ${other}</li>
    <li id="sound" hidden><kbd>M</kbd> ${sound}</li>
  </ul>`
}
