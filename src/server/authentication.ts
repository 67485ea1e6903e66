/**
 * Who asks: whoever holds an API key, sent as `Authorization: Bearer sk_…`.
 *
 * @module
 * @see https://www.rfc-editor.org/rfc/rfc6750
 */
import type { Context } from 'hono'
import type { ApiKey, Scope } from '../access/index.ts'
import type { RouteEnvironment, ServedApp, ServerContext } from './options.ts'
import type { Problem } from './problem.ts'

/** The key that was sent, and the application that it belongs to; or why there is none. */
export async function authenticate(
  c: Context<RouteEnvironment>,
  { access, apps }: ServerContext,
): Promise<{ readonly key: ApiKey; readonly app: ServedApp } | { readonly problem: Problem }> {
  const text = /^Bearer +([\x21-\x7e]{1,200}) *$/i.exec(c.req.header('authorization') ?? '')?.[1]
  const key = text === undefined ? undefined : await access.authenticate(text)
  const app = key && apps.find(key.appId)
  if (key && app) return { key, app }
  const isWrong = text !== undefined
  c.header('www-authenticate', `Bearer realm="saoma"${isWrong ? ', error="invalid_token"' : ''}`)
  return {
    problem: {
      status: 401,
      type: 'authentication_error',
      code: isWrong ? 'api_key_invalid' : 'api_key_missing',
      message: isWrong
        ? 'This API key is unknown here, has expired or was revoked.'
        : 'Send your API key in the header "Authorization: Bearer sk_…".',
    },
  }
}

/** The key may not do this. */
export function insufficientScope(scope: Scope): Problem {
  return {
    status: 403,
    type: 'permission_error',
    code: 'scope_missing',
    message: `This API key may not do this: it needs the scope "${scope}".`,
  }
}
