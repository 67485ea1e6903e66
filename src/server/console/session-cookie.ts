/**
 * The cookie that holds a session's token.
 *
 * @module
 * @see https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis#section-4.1.3
 */
import type { Context } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import type { RouteEnvironment, ServerContext } from '../options.ts'

/** The token that was sent; `undefined` for none. */
export function readSessionCookie(
  c: Context<RouteEnvironment>,
  context: Pick<ServerContext, 'baseUrl'>,
): string | undefined {
  const token = getCookie(c, nameOf(context))
  return token !== undefined && /^[\w-]{43}$/.test(token) ? token : undefined
}

/** Gives the browser a token, in the place of whatever it had. */
export function setSessionCookie(
  c: Context<RouteEnvironment>,
  context: Pick<ServerContext, 'baseUrl'>,
  token: string,
): void {
  setCookie(c, nameOf(context), token, attributes(context))
}

/** Takes it away. */
export function clearSessionCookie(
  c: Context<RouteEnvironment>,
  context: Pick<ServerContext, 'baseUrl'>,
): void {
  deleteCookie(c, nameOf(context), attributes(context))
}

/** `__Host-`: no other host, not even a neighbour under the same domain, can set or read it. */
function nameOf(context: Pick<ServerContext, 'baseUrl'>): string {
  return isSecure(context) ? '__Host-saoma_session' : 'saoma_session'
}

function attributes(context: Pick<ServerContext, 'baseUrl'>) {
  return { path: '/', httpOnly: true, sameSite: 'Strict', secure: isSecure(context) } as const
}

/** Real money is taken over https alone; a laptop has none. */
function isSecure({ baseUrl }: Pick<ServerContext, 'baseUrl'>): boolean {
  return baseUrl.startsWith('https:')
}
