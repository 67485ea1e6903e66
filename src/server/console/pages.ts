/**
 * The files of the back office's front end, which the build leaves in `dist/web`: its one page for
 * every address that people see, and what that page loads.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { extname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
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

/** What the build leaves in the page where the nonce belongs. */
const NONCE_PLACE = 'CSP_NONCE'

/** Serves them. */
export function consolePages(context: ServerContext, folder = FOLDER): Hono<RouteEnvironment> {
  const app = new Hono<RouteEnvironment>()
  const files = context.users === undefined ? new Map<string, StaticFile>() : filesOf(folder)

  app.get('*', async (c) => {
    const path = c.req.path.replace(/^.*?\/console\/?/, '')
    const file = files.get(path)
    c.header('vary', 'accept-encoding')
    if (file !== undefined && path !== 'index.html') {
      // Vite names files below assets/ by their content.
      const isNamed = path.startsWith('assets/')
      c.header('cache-control', isNamed ? 'public, max-age=31536000, immutable' : 'no-cache')
      c.header('content-type', TYPES[extname(path)] ?? 'application/octet-stream')
      if (!/\bgzip\b/.test(c.req.header('accept-encoding') ?? '')) return c.body(file.plain())
      c.header('content-encoding', 'gzip')
      return c.body(await file.gzipped())
    }
    // A page of another version may ask for what is no longer here: it must not take this for it.
    if (path.startsWith('assets/')) return c.notFound()
    const nonce = randomBytes(16).toString('base64')
    c.header('content-security-policy', policy(nonce))
    c.header('x-frame-options', 'DENY')
    c.header('cross-origin-opener-policy', 'same-origin')
    c.header('cache-control', 'no-cache')
    const page = files.get('index.html')
    if (page === undefined) return c.html(closedPage(languageOf(c), context), 503)
    const text = Buffer.from(page.plain()).toString()
    return c.html(
      text.replaceAll(NONCE_PLACE, nonce).replaceAll('"/console/', `"${context.basePath}/console/`),
    )
  })
  return app
}

/**
 * Nothing from elsewhere, no inline script, in nobody's frame. Ant Design writes styles into the
 * page as it draws, and names the nonce of the page that it draws in.
 */
function policy(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ')
}

interface StaticFile {
  plain(): Uint8Array<ArrayBuffer>
  /** Packed once, when it is first asked for. */
  gzipped(): Promise<Uint8Array<ArrayBuffer>>
}

function filesOf(folder: string): ReadonlyMap<string, StaticFile> {
  if (!existsSync(folder)) return new Map()
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  return new Map(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) => {
        const file = join(entry.parentPath, entry.name)
        const name = relative(folder, file).split(sep).join('/')
        const plain = () => new Uint8Array(readFileSync(file))
        let packed: Promise<Uint8Array<ArrayBuffer>> | undefined
        const gzipped = () => (packed ??= pack(plain()).then((bytes) => new Uint8Array(bytes)))
        return [name, { plain, gzipped }]
      }),
  )
}

const pack = promisify(gzip)

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
