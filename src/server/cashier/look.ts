/**
 * How the cashier page of one application looks: the merchant's picture, colour and corners, and
 * which sites may show it in a page of their own.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { Hono } from 'hono'
import type { RouteEnvironment, ServedApp, ServerContext } from '../options.ts'

/** The look of a cashier page; what is left out is saoma's own. */
export interface CashierLook {
  /** Shown beside the merchant's name, 40 by 40 pixels, the whole of it. */
  readonly logo?: Logo
  /** Of buttons and marks, `#rrggbb`. The text on it is black or white, whichever reads better. */
  readonly accent?: string
  /** Radius of corners, 0 to 32 pixels. Default 12. */
  readonly corner?: number
  /**
   * Origins whose pages may frame the cashier page, such as `https://shop.example`. Default: none
   * but the server's own.
   */
  readonly embeddedBy?: readonly string[]
}

/** A picture. */
export interface Logo {
  readonly type: 'image/svg+xml' | 'image/png' | 'image/jpeg' | 'image/webp'
  readonly content: Uint8Array
}

/**
 * Checks a look.
 *
 * @throws {TypeError} On a colour, a radius or an origin that cannot be right.
 */
export function checkLook({ accent, corner, embeddedBy = [] }: CashierLook): void {
  if (accent !== undefined && !/^#[\da-f]{6}$/i.test(accent)) {
    throw new TypeError('accent is a colour as #rrggbb')
  }
  if (corner !== undefined && !(corner >= 0 && corner <= 32)) {
    throw new TypeError('corner is a number of pixels from 0 to 32')
  }
  for (const origin of embeddedBy) {
    const isOrigin = URL.canParse(origin) && new URL(origin).origin === origin
    if (!isOrigin || !/^https?:/.test(origin)) {
      throw new TypeError(`${origin} is not an origin such as https://shop.example, without a path`)
    }
  }
}

/** The style sheet of a look, `null` where there is nothing to say. */
export function lookStyle({ accent, corner }: CashierLook): string | null {
  const variables = [
    ...(accent === undefined ? [] : [`--accent: ${accent}`, `--on-accent: ${textOn(accent)}`]),
    ...(corner === undefined ? [] : [`--corner: ${corner}px`]),
  ]
  // Twice, to stand over the dark colours whichever comes last.
  return variables.length === 0 ? null : `:root:root { ${variables.join('; ')} }\n`
}

/** The addresses of an application's own style sheet and picture; `null` where it has none. */
export function lookUrls(
  { id, look = {} }: Pick<ServedApp, 'id' | 'look'>,
  { basePath }: Pick<ServerContext, 'basePath'>,
): { readonly style: string | null; readonly logo: string | null } {
  const style = lookStyle(look)
  const url = (name: string, content: string | Uint8Array) =>
    `${basePath}/assets/look/${id}/${name}?v=${hashOf(content)}`
  return {
    style: style === null ? null : url('style.css', style),
    logo: look.logo === undefined ? null : url('logo', look.logo.content),
  }
}

/** Serves `/assets/look/*`. */
export function lookRoutes({ apps }: Pick<ServerContext, 'apps'>): Hono<RouteEnvironment> {
  const app = new Hono<RouteEnvironment>()
  app.get('/:app/:name', (c) => {
    const look = apps.find(c.req.param('app'))?.look ?? {}
    const file = lookFile(look, c.req.param('name'))
    if (file === undefined) return c.notFound()
    const isCurrent = c.req.query('v') === hashOf(file.content)
    c.header('cache-control', isCurrent ? 'public, max-age=31536000, immutable' : 'no-cache')
    return c.body(file.content, 200, { 'content-type': file.type })
  })
  return app
}

function lookFile(look: CashierLook, name: string) {
  const style = lookStyle(look)
  if (name === 'style.css' && style !== null) {
    return { type: 'text/css; charset=utf-8', content: style }
  }
  if (name === 'logo' && look.logo !== undefined) {
    return { type: look.logo.type, content: new Uint8Array(look.logo.content) }
  }
  return undefined
}

function hashOf(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('base64url').slice(0, 12)
}

/**
 * Black or white, whichever contrasts more.
 *
 * @see https://www.w3.org/TR/WCAG22/#dfn-relative-luminance
 */
function textOn(color: string): string {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(color.slice(at, at + 2), 16) / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
  return 1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.05 ? '#ffffff' : '#000000'
}
