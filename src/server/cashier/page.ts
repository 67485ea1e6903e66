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
import type { Language } from './language.ts'
import { texts } from './texts.ts'

/** The page of a payment. Without JavaScript it reloads itself every 5 seconds until the end. */
export function checkoutPage(checkout: Checkout, language: Language, context: AppContext) {
  const merchantName = context.merchantName ?? texts[language].cashier
  return frame(language, context, {
    isTest: context.mode === 'test',
    title: `${checkout.title} · ${merchantName}`,
    head: html`${
        checkout.final ? '' : raw('<noscript><meta http-equiv="refresh" content="5" /></noscript>')
      }
      <script src="${assetUrl('cashier.js', context)}" defer></script>`,
    main: html`<main
        id="checkout"
        data-state="${checkout.state}"
        data-version="${checkout.version}"
        data-tag="${checkout.tag}"
        data-final="${checkout.final}"
        data-expires-in-ms="${checkout.expires_in_ms}"
      >
        ${raw(checkout.html)}
      </main>
      <p id="announcement" class="unseen" role="status" aria-live="polite"></p>`,
  })
}

/** The page of a token that nobody was given. */
export function notFoundPage(language: Language, context: ServerContext) {
  const [title, hint] = texts[language].notFound
  return frame(language, context, {
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
  language: Language,
  context: ServerContext,
  page: {
    readonly isTest: boolean
    readonly title: string
    readonly head: unknown
    readonly main: unknown
  },
) {
  const t = texts[language]
  const other = language === 'zh' ? 'en' : 'zh'
  return html`<!doctype html>
    <html lang="${t.tag}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
        <meta name="color-scheme" content="light dark" />
        <meta name="format-detection" content="telephone=no" />
        <meta name="robots" content="noindex" />
        <title>${page.title}</title>
        <link rel="icon" href="${assetUrl('cashier.svg', context)}" />
        <link rel="stylesheet" href="${assetUrl('cashier.css', context)}" />
        ${page.head}
      </head>
      <body>
        ${page.isTest ? html`<p class="test-mode">${t.testMode}</p>` : ''} ${page.main}
        <footer>
          <a href="?lang=${other}" hreflang="${texts[other].tag}" lang="${texts[other].tag}"
            >${t.otherLanguage}</a
          >
        </footer>
      </body>
    </html>`
}
