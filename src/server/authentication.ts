/**
 * Who asks: a program that holds an API key, sent as `Authorization: Bearer sk_…`, or a person who
 * has signed in to the back office, by the cookie of his session.
 *
 * @module
 * @see https://www.rfc-editor.org/rfc/rfc6750
 */
import type { Context } from 'hono'
import { isOperator, scopesOf, type Scope, type Scopes, type Session } from '../access/index.ts'
import { isOwnRequest } from './console/own-request.ts'
import { readSessionCookie } from './console/session-cookie.ts'
import type { RouteEnvironment, ServedApp, ServerContext } from './options.ts'
import type { Problem } from './problem.ts'

/** Who asks. */
export interface Actor {
  /** `key_…` or `usr_…`. */
  readonly id: string
  /** The application that is asked for: for all but operators their own. */
  readonly appId: string
  /** For people: the key's beginning and end, or the user's name. */
  readonly name: string
  readonly scopes: Scopes
  /** `null` for a program. */
  readonly session: Session | null
}

/** Who asks, and the application that is asked for; or why nobody is let in. */
export async function authenticate(
  c: Context<RouteEnvironment>,
  context: ServerContext,
): Promise<{ readonly actor: Actor; readonly app: ServedApp } | { readonly problem: Problem }> {
  const { access, apps } = context
  const header = c.req.header('authorization')
  if (header === undefined && readSessionCookie(c, context) !== undefined) {
    return authenticateSession(c, context)
  }
  const text = /^Bearer +([\x21-\x7e]{1,200}) *$/i.exec(header ?? '')?.[1]
  const key = text === undefined ? undefined : await access.authenticate(text)
  const app = key && apps.find(key.appId)
  if (key && app) {
    const { id, appId, hint: name, scopes } = key
    return actIn({ actor: { id, appId, name, scopes, session: null }, app }, c, context)
  }
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

/**
 * The person whose session the cookie opens. What changes something is taken from a page of ours
 * alone, which knows the session's second secret.
 */
export async function authenticateSession(
  c: Context<RouteEnvironment>,
  context: ServerContext,
): Promise<
  | { readonly actor: Actor & { readonly session: Session }; readonly app: ServedApp }
  | { readonly problem: Problem }
> {
  const token = readSessionCookie(c, context)
  const session = token === undefined ? undefined : await context.users?.findSession(token)
  const app = session && context.apps.find(session.user.appId)
  if (!session || !app) return { problem: NOT_SIGNED_IN }
  if (c.req.method !== 'GET' && !isOwnRequest(c, context, session)) {
    return { problem: REQUEST_FORGED }
  }
  const { id, appId, name, role } = session.user
  const scopes = role === 'owner' ? ownerScopes(app, context) : scopesOf(role)
  return actIn({ actor: { id, appId, name, scopes, session }, app }, c, context)
}

/** Who owns the first application of a server is its operator. */
function ownerScopes(app: ServedApp, { apps }: ServerContext): Scopes {
  return app.id === apps.list()[0]?.id ? ['operator'] : '*'
}

/** Names the application that an operator means; without it his own is meant. */
export const APP_HEADER = 'saoma-app'

/** The same in the application that the request names, for whoever may reach it. */
function actIn<Who extends { readonly actor: Actor; readonly app: ServedApp }>(
  who: Who,
  c: Context<RouteEnvironment>,
  { apps }: ServerContext,
): Who | { readonly problem: Problem } {
  const id = c.req.header(APP_HEADER)
  if (id === undefined || id === who.app.id) return who
  if (!isOperator(who.actor.scopes)) return { problem: NOT_OPERATOR }
  const app = apps.find(id)
  if (app === undefined) return { problem: APP_NOT_FOUND }
  return { ...who, actor: { ...who.actor, appId: app.id }, app }
}

const NOT_OPERATOR: Problem = {
  status: 403,
  type: 'permission_error',
  code: 'app_not_yours',
  message:
    'The header Saoma-App names another application than that of your key, and only an operator reaches others. Leave it out, or use a key with the scope "operator".',
  param: 'Saoma-App',
}

const APP_NOT_FOUND: Problem = {
  status: 404,
  type: 'invalid_request_error',
  code: 'app_not_found',
  message: 'This server has no application with the id in the header Saoma-App.',
  param: 'Saoma-App',
}

/** Nobody is signed in, or not any more. */
export const NOT_SIGNED_IN: Problem = {
  status: 401,
  type: 'authentication_error',
  code: 'not_signed_in',
  message: 'You are not signed in, or your session has ended. Sign in again.',
}

/** A page of somebody else may have sent it. */
export const REQUEST_FORGED: Problem = {
  status: 403,
  type: 'permission_error',
  code: 'request_forged',
  message:
    'This request did not come from a page of this server, or lacks the header X-CSRF-Token of its session. Reload the page and try again.',
}

/** The key, or the person, may not do this. */
export function insufficientScope(scope: Scope, { session }: Pick<Actor, 'session'>): Problem {
  const who = session === null ? 'This API key' : `The role "${session.user.role}"`
  return {
    status: 403,
    type: 'permission_error',
    code: 'scope_missing',
    message: `${who} may not do this: it needs the scope "${scope}".`,
  }
}
