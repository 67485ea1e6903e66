/**
 * What all pages share: the HTML around them and the headers that keep them to themselves.
 *
 * @module
 */
import type { Context } from 'hono'
import { html } from 'hono/html'
import { keepLanguage, texts, type Language } from './language.ts'

/** Escaped HTML, as the `html` template makes it. */
export type Html = ReturnType<typeof html>

/** What one page adds to the common frame. */
export interface Page {
  readonly language: Language
  readonly title: string
  /** The name of this page in the navigation. */
  readonly current: 'home' | 'shop' | 'wallet' | 'panel' | 'api'
  /** Whether there is a demo shop to link to. */
  readonly shop: boolean
  readonly main: Html
  /** Its module in `assets/`, without `.js`. */
  readonly script?: string
  /** What the module needs from the server: JSON in `data-page` of the body. */
  readonly data?: unknown
  /** Further sources of CSP's `form-action`. */
  readonly formAction?: readonly string[]
}

/** Answers with a page, with headers that allow nothing but the emulator's own files. */
export function sendPage(
  c: Context,
  page: Page,
  status: 200 | 400 | 403 | 502 = 200,
): Response | Promise<Response> {
  for (const [name, value] of Object.entries(securityHeaders(page.formAction)))
    c.header(name, value)
  c.header('content-language', page.language === 'zh' ? 'zh-CN' : 'en')
  c.header('vary', 'accept-language')
  c.header('cache-control', 'no-store')
  return c.html(renderPage(c, page), status)
}

/**
 * The headers of every answer here. The referrer stays within the site rather than nowhere: with
 * `no-referrer` a browser writes `Origin: null` on our own form, which then looks like another
 * site's.
 *
 * @see https://fetch.spec.whatwg.org/#append-a-request-origin-header
 */
export function securityHeaders(formAction: readonly string[] = []): Record<string, string> {
  return {
    'content-security-policy': [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self' data: blob:",
      "connect-src 'self'",
      ["form-action 'self'", ...formAction].join(' '),
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ].join('; '),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'same-origin',
    'permissions-policy': 'camera=(self), geolocation=(), microphone=(), payment=()',
  }
}

function renderPage(c: Context, page: Page): Html {
  const { common } = texts[page.language]
  const links = [
    ['home', '/', common.home],
    ...(page.shop ? [['shop', '/shop', common.shop]] : []),
    ['wallet', '/wallet', common.wallet],
    ['panel', '/panel', common.panel],
    ['api', '/control-api', common.api],
  ] as const
  return html`<!doctype html>
    <html lang="${page.language === 'zh' ? 'zh-CN' : 'en'}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
        <meta name="color-scheme" content="light dark" />
        <title>${page.title} · saoma</title>
        <link rel="icon" href="/assets/emulator/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/assets/emulator/pages.css" />
        ${
          page.script === undefined
            ? ''
            : html`<script type="module" src="/assets/emulator/${page.script}.js"></script>`
        }
      </head>
      <body class="page-${page.current}" data-page="${JSON.stringify(page.data ?? {})}">
        <a class="skip" href="#main">${common.skip}</a>
        <div class="notice">
          <p>${common.notice}</p>
          <a
            class="language"
            href="${otherLanguageUrl(c, page.language)}"
            lang="${page.language === 'zh' ? 'en' : 'zh-CN'}"
            >${common.otherLanguage}</a
          >
        </div>
        <header class="top">
          <nav aria-label="${common.navigation}">
            ${links.map(
              ([name, path, label]) =>
                html`<a
                  href="${keepLanguage(c, path)}"
                  ${name === page.current ? html`aria-current="page"` : ''}
                  >${label}</a
                >`,
            )}
          </nav>
        </header>
        <main id="main" tabindex="-1">
          ${page.script === undefined ? '' : html`<noscript><p class="error">${common.needsScript}</p></noscript>`}
          ${page.main}
        </main>
      </body>
    </html>`
}

/**
 * This page in the other language. An order's POST has no page of its own and leads back to the
 * shop.
 */
function otherLanguageUrl(c: Context, language: Language): string {
  const url = new URL(c.req.url)
  url.searchParams.set('lang', language === 'zh' ? 'en' : 'zh')
  return (c.req.method === 'POST' ? '/shop' : url.pathname) + url.search
}
