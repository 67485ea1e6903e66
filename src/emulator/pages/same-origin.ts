/**
 * Whether a request that changes something comes from our own page.
 *
 * @module
 */
import type { Context } from 'hono'

/**
 * True where the browser says the request began on this site. `Sec-Fetch-Site` is believed first,
 * since a page cannot set it; browsers leave it out on plain HTTP beyond this machine, where
 * `Origin` decides. The scheme is not compared: behind a proxy that ends TLS ours is `http`. With
 * neither header it is not from any web page (`curl`).
 *
 * @see https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html
 */
export function isSameOrigin(c: Context): boolean {
  const site = c.req.header('sec-fetch-site')
  if (site !== undefined) return site === 'same-origin'
  const origin = c.req.header('origin')
  if (origin === undefined) return true
  return URL.canParse(origin) && new URL(origin).host === new URL(c.req.url).host
}
