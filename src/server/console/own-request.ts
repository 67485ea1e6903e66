/**
 * Whether a request comes from a page of this server: no page of others can have it sent in the
 * name of who is signed in here.
 *
 * @module
 * @see https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { Context } from 'hono'
import type { Session } from '../../access/index.ts'
import type { RouteEnvironment, ServerContext } from '../options.ts'

/** Whether it comes from a page of ours, and carries the session's second secret. */
export function isOwnRequest(
  c: Context<RouteEnvironment>,
  context: Pick<ServerContext, 'baseUrl'>,
  { csrf }: Pick<Session, 'csrf'>,
): boolean {
  return isSameOrigin(c, context) && isSame(c.req.header('x-csrf-token') ?? '', csrf)
}

/**
 * Whether the browser says that a page of ours asks. Programs that are no browser say nothing, and
 * have nobody's cookies.
 */
export function isSameOrigin(
  c: Context<RouteEnvironment>,
  { baseUrl }: Pick<ServerContext, 'baseUrl'>,
): boolean {
  const site = c.req.header('sec-fetch-site')
  if (site !== undefined && site !== 'same-origin') return false
  const origin = c.req.header('origin')
  if (origin === undefined) return true
  if (!URL.canParse(origin)) return false
  // A proxy may have been called by the public name and call by another: both are ours.
  return origin === new URL(baseUrl).origin || new URL(origin).host === c.req.header('host')
}

function isSame(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(expected))
}
