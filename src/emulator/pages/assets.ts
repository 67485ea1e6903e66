/**
 * The pages' static files: our scripts and styles, and the QR decoder as its package ships it.
 *
 * @module
 */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { Hono } from 'hono'
import { etag } from 'hono/etag'
import { securityHeaders } from './page.ts'

const TYPES = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml; charset=utf-8',
}

/** Every file that is served; there are no others, so no path can lead out of the folder. */
const FILES = [
  'api.js',
  'camera.js',
  'dom.js',
  'icon.svg',
  'money.js',
  'pages.css',
  'panel.js',
  'payment-code.js',
  'qr-image.js',
  'shop.js',
  'wallet.js',
]

const require = createRequire(import.meta.url)

/** The decoder is two modules of the package `qr`, which name each other by relative paths. */
const PACKAGE_FILES = { 'qr/decode.js': 'qr/decode.js', 'qr/index.js': 'qr' }

/** Serves `/assets/emulator/*`. */
export function createAssets(): Hono {
  const files = new Map<string, URL | string>([
    ...FILES.map((name) => [name, new URL(`./assets/${name}`, import.meta.url)] as const),
    ...Object.entries(PACKAGE_FILES).map(([name, id]) => [name, require.resolve(id)] as const),
  ])
  const app = new Hono()
  app.get('/assets/emulator/:name{.+}', etag(), async (c) => {
    const name = c.req.param('name')
    const file = files.get(name)
    if (file === undefined) return c.notFound()
    const type = TYPES[name.slice(name.lastIndexOf('.') + 1) as keyof typeof TYPES]
    return c.body(await readFile(file, 'utf8'), 200, {
      ...securityHeaders(),
      'content-type': type,
      'cache-control': 'no-cache',
    })
  })
  return app
}
