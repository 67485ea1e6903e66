/**
 * The files of the back office's front end, which the build leaves in `dist/web`: its one page for
 * every address that people see, and what that page loads.
 *
 * @module
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { extname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Hono } from 'hono'
import { html } from 'hono/html'
import { assetUrl } from '../cashier/assets.ts'
import { languageOf, type Language } from '../cashier/language.ts'
import type { RouteEnvironment, ServerContext } from '../options.ts'

/** The same from `src/` and from `dist/`. */
const FOLDER = fileURLToPath(new URL('../../../dist/web/', import.meta.url))

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
}

/**
 * Nothing from elsewhere, no inline script, in nobody's frame. Ant Design writes styles into the
 * page as it draws.
 */
const POLICY = [
  "default-src 'self'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ')

/** Serves them. */
export function consolePages(context: ServerContext, folder = FOLDER): Hono<RouteEnvironment> {
  const app = new Hono<RouteEnvironment>()
  const files = context.users === undefined ? new Set<string>() : filesOf(folder)

  app.use(async (c, next) => {
    await next()
    c.header('content-security-policy', POLICY)
    c.header('x-frame-options', 'DENY')
    c.header('cross-origin-opener-policy', 'same-origin')
  })

  app.get('*', (c) => {
    const path = c.req.path.replace(/^.*?\/console\/?/, '')
    if (files.has(path) && path !== 'index.html') {
      // Vite names files below assets/ by their content.
      const isNamed = path.startsWith('assets/')
      c.header('cache-control', isNamed ? 'public, max-age=31536000, immutable' : 'no-cache')
      const type = TYPES[extname(path)] ?? 'application/octet-stream'
      return c.body(readFileSync(join(folder, path)), 200, { 'content-type': type })
    }
    // A page of another version may ask for what is no longer here: it must not take this for it.
    if (path.startsWith('assets/')) return c.notFound()
    c.header('cache-control', 'no-cache')
    if (!files.has('index.html')) return c.html(closedPage(languageOf(c), context), 503)
    const page = readFileSync(join(folder, 'index.html'), 'utf8')
    return c.html(page.replaceAll('"/console/', `"${context.basePath}/console/`))
  })
  return app
}

function filesOf(folder: string): ReadonlySet<string> {
  if (!existsSync(folder)) return new Set()
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return new Set(names.map((name) => name.split(sep).join('/')))
}

const CLOSED = {
  zh: {
    title: '商户后台尚未开放',
    off: '此服务没有启用商户后台。请使用 saoma serve 或 saoma dev 启动；嵌入使用时，请在 createServer 中传入 users。',
    unbuilt: '安装包中缺少后台页面。请重新安装 saoma；从源码运行时，请先执行 npm run build。',
  },
  en: {
    title: 'The back office is closed',
    off: 'This server has no back office. Start it with saoma serve or saoma dev; where it is embedded, give createServer its users.',
    unbuilt:
      'The pages of the back office are missing. Install saoma anew; from its sources, run npm run build first.',
  },
}

function closedPage(language: Language, context: ServerContext) {
  const { title, off, unbuilt } = CLOSED[language]
  return html`<!doctype html>
    <html lang="${language === 'zh' ? 'zh-CN' : 'en'}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        <link rel="icon" href="${assetUrl('cashier.svg', context)}" />
        <link rel="stylesheet" href="${assetUrl('reference.css', context)}" />
      </head>
      <body>
        <main>
          <h1>${title}</h1>
          <p>${context.users === undefined ? off : unbuilt}</p>
        </main>
      </body>
    </html>`
}
