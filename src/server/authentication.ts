/**
 * Who asks: a program that holds an API key, sent as `Authorization: Bearer sk_…`, or a person who
 * has signed in to the back office, by the cookie of his session.
 *
 * @module
 * @see https://www.rfc-editor.org/rfc/rfc6750
 */
import type { Context } from 'hono'
import {
  isOperator,
  reaches,
  scopesOf,
  type Reach,
  type Scope,
  type Scopes,
  type Session,
  type User,
} from '../access/index.ts'
import { isOwnRequest } from './console/own-request.ts'
import { readSessionCookie } from './console/session-cookie.ts'
import type { RouteEnvironment, ServedApp, ServerContext } from './options.ts'
import type { Problem } from './problem.ts'

/** Who asks. */
export interface Actor {
  /** `key_…` or `usr_…`. */
  readonly id: string
  /** The application that is asked for. */
  readonly appId: string
  /** The applications that could have been. */
  readonly reach: Reach
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
    // Where there is one application, its key reaches all there is.
    const reach = isOperator(scopes) || apps.list().length === 1 ? '*' : [appId]
    return actIn({ actor: { id, appId, reach, name, scopes, session: null }, app }, c, context)
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
  // The server may begin with another application by now: its people are others.
  if (session?.user.appId !== homeOf(context)?.id) return { problem: NOT_SIGNED_IN }
  if (session === undefined) return { problem: NOT_SIGNED_IN }
  if (c.req.method !== 'GET' && !isOwnRequest(c, context, session)) {
    return { problem: REQUEST_FORGED }
  }
  const { id, name, reach } = session.user
  const [app] = appsOf(context, reach)
  if (app === undefined) return { problem: NO_APP }
  const scopes = userScopes(session.user)
  return actIn({ actor: { id, appId: app.id, reach, name, scopes, session }, app }, c, context)
}

/** What a user may do. Who owns all applications of a server is its operator. */
export function userScopes({ role, reach }: Pick<User, 'role' | 'reach'>): Scopes {
  if (role !== 'owner') return scopesOf(role)
  return reach === '*' ? ['operator'] : '*'
}

/** The first application of a server, by which it is known. */
export function homeOf({ apps }: Pick<ServerContext, 'apps'>): ServedApp | undefined {
  return apps.list()[0]
}

/** Those of the server's applications that somebody reaches. */
export function appsOf({ apps }: Pick<ServerContext, 'apps'>, reach: Reach): readonly ServedApp[] {
  return apps.list().filter(({ id }) => reaches(reach, id))
}

/** Names the application that is meant; without it the first that one reaches. */
export const APP_HEADER = 'saoma-app'

/** The same in the application that the request names, for whoever may reach it. */
function actIn<Who extends { readonly actor: Actor; readonly app: ServedApp }>(
  who: Who,
  c: Context<RouteEnvironment>,
  { apps }: ServerContext,
): Who | { readonly problem: Problem } {
  const id = c.req.header(APP_HEADER)
  if (id === undefined || id === who.app.id) return who
  if (!reaches(who.actor.reach, id)) return { problem: APP_NOT_YOURS }
  const app = apps.find(id)
  if (app === undefined) return { problem: APP_NOT_FOUND }
  return { ...who, actor: { ...who.actor, appId: app.id }, app }
}

const APP_NOT_YOURS: Problem = {
  status: 403,
  type: 'permission_error',
  code: 'app_not_yours',
  message:
    'The header Saoma-App names an application that you do not reach. A key reaches its own alone, unless it has the scope "operator"; a user those that he is given.',
  param: 'Saoma-App',
}

/** Those whom he was let in for are gone. */
export const NO_APP: Problem = {
  status: 403,
  type: 'permission_error',
  code: 'app_none',
  message:
    'None of the applications that you were given is served any more. Ask an owner for another one.',
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
