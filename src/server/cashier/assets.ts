/**
 * The static files of the pages. Their addresses name their content, so browsers may keep them for
 * ever.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { Hono } from 'hono'
import type { RouteEnvironment, ServerContext } from '../options.ts'

const TYPES = {
  'cashier.css': 'text/css; charset=utf-8',
  'cashier.js': 'text/javascript; charset=utf-8',
  'cashier.svg': 'image/svg+xml',
  'cashier-dark.css': 'text/css; charset=utf-8',
  'display.css': 'text/css; charset=utf-8',
  'display.js': 'text/javascript; charset=utf-8',
  'payment-sound.js': 'text/javascript; charset=utf-8',
  'embed.js': 'text/javascript; charset=utf-8',
  'counter.css': 'text/css; charset=utf-8',
  'counter.js': 'text/javascript; charset=utf-8',
  'counter-api.js': 'text/javascript; charset=utf-8',
  'counter-charge.js': 'text/javascript; charset=utf-8',
  'counter-refund.js': 'text/javascript; charset=utf-8',
  'reference.css': 'text/css; charset=utf-8',
}

/** The names of the files. */
export type AssetName = keyof typeof TYPES

interface Asset {
  readonly content: string
  readonly hash: string
  /** Packed once, when it is first asked for. */
  readonly gzipped: () => Uint8Array<ArrayBuffer>
}

const assets = Object.fromEntries(
  Object.keys(TYPES).map((name) => {
    const content = readFileSync(new URL(`../assets/${name}`, import.meta.url), 'utf8')
    const hash = createHash('sha256').update(content).digest('base64url').slice(0, 12)
    let packed: Uint8Array<ArrayBuffer> | undefined
    const gzipped = () => (packed ??= new Uint8Array(gzipSync(content, { level: 9 })))
    return [name, { content, hash, gzipped }]
  }),
) as Record<AssetName, Asset>

/** The address of a file, with what its content hashes to. */
export function assetUrl(name: AssetName, { basePath }: Pick<ServerContext, 'basePath'>): string {
  return `${basePath}/assets/${name}?v=${assets[name].hash}`
}

/** The content of a file. */
export function assetContent(name: AssetName): string {
  return assets[name].content
}

/** Serves `/assets/*`. */
export function assetsRoute(): Hono<RouteEnvironment> {
  const app = new Hono<RouteEnvironment>()
  app.get('/:name', (c) => {
    const name = c.req.param('name')
    if (!Object.hasOwn(TYPES, name)) return c.notFound()
    const { content, hash, gzipped } = assets[name as AssetName]
    // Weak: it stands for the packed bytes, too.
    const etag = `W/"${hash}"`
    // A page of another version may ask for content that is no longer here: not to be kept.
    const current = c.req.query('v') === hash
    c.header('cache-control', current ? 'public, max-age=31536000, immutable' : 'no-cache')
    c.header('etag', etag)
    c.header('vary', 'accept-encoding')
    if (c.req.header('if-none-match') === etag) return c.body(null, 304)
    c.header('content-type', TYPES[name as AssetName])
    if (!/\bgzip\b/.test(c.req.header('accept-encoding') ?? '')) return c.body(content)
    c.header('content-encoding', 'gzip')
    return c.body(gzipped())
  })
  return app
}
