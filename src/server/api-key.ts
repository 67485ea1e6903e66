/**
 * Who may use the merchant API: whoever holds the key, sent as `Authorization: Bearer sk_…`.
 *
 * @module
 * @see https://www.rfc-editor.org/rfc/rfc6750
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'
import type { RouteEnvironment } from './options.ts'
import { sendProblem } from './problem.ts'

/** Lets requests with the key pass; others are answered 401. */
export function requireApiKey(apiKeyHash: string): MiddlewareHandler<RouteEnvironment> {
  return async (c, next) => {
    const match = /^Bearer +([\x21-\x7e]+) *$/i.exec(c.req.header('authorization') ?? '')
    if (match?.[1] !== undefined && hashesTo(match[1], apiKeyHash)) return next()
    const wrong = match !== null
    c.header('www-authenticate', `Bearer realm="saoma"${wrong ? ', error="invalid_token"' : ''}`)
    return sendProblem(c, {
      status: 401,
      type: 'authentication_error',
      code: wrong ? 'api_key_invalid' : 'api_key_missing',
      message: wrong
        ? 'This API key is not the one of this server.'
        : 'Send your API key in the header "Authorization: Bearer sk_…".',
    })
  }
}

/**
 * Whether a secret has this SHA-256 (hexadecimal), in a time that does not depend on where they
 * differ.
 */
export function hashesTo(secret: string, hash: string): boolean {
  return timingSafeEqual(createHash('sha256').update(secret).digest(), Buffer.from(hash, 'hex'))
}
