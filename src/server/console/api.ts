/**
 * `/console/api`: how people sign in to the back office, and what is theirs alone. All else they do
 * by the merchant API, with their session in the place of a key.
 *
 * @module
 */
import { Hono, type Context } from 'hono'
import { matchedRoutes } from 'hono/route'
import type { z } from 'zod'
import {
  isOperator,
  PASSWORD_MAX,
  PASSWORD_MIN,
  scopesOf,
  type AuditAction,
  type Refused,
  type Session,
  type SignedIn,
  type Users,
} from '../../access/index.ts'
import {
  appsOf,
  authenticateSession,
  homeOf,
  NO_APP,
  NOT_SIGNED_IN,
  REQUEST_FORGED,
  userScopes,
} from '../authentication.ts'
import type { RouteEnvironment, ServedApp, ServerContext } from '../options.ts'
import { problemJson, sendProblem, type Problem } from '../problem.ts'
import { readBody, readJson } from '../request-body.ts'
import {
  changePasswordFields,
  codeFields,
  createOwnerFields,
  invitationFields,
  passwordFields,
  profileFields,
  signInFields,
} from './fields.ts'
import { isSameOrigin } from './own-request.ts'
import { clearSessionCookie, readSessionCookie, setSessionCookie } from './session-cookie.ts'

type Route = Context<RouteEnvironment>

/** The routes below `/console/api`. */
export function consoleApi(context: ServerContext, users: Users): Hono<RouteEnvironment> {
  const app = new Hono<RouteEnvironment>()

  app.use(async (c, next) => {
    await next()
    // Those that answer this address; behind them comes what answers any other.
    const own = matchedRoutes(c).find(({ path }) => !path.endsWith('*'))
    if (own !== undefined) c.set('route', own.path)
    c.header('cache-control', 'no-store')
  })

  app.get('/session', async (c) => {
    const who = await authenticateSession(c, context)
    if (!('problem' in who)) return c.json(sessionJson(context, who.app, who.actor.session))
    const isOut = who.problem === NOT_SIGNED_IN
    return isOut ? notSignedIn(c, context, users) : sendProblem(c, who.problem)
  })

  app.post('/session', async (c) => {
    const read = await readOwn(c, context, signInFields)
    if (read.problem) return sendProblem(c, read.problem)
    const home = homeOf(context)
    if (home === undefined) return sendProblem(c, CREDENTIALS_WRONG)
    const { email, password, code } = read.value
    const result = await users.signIn({
      appId: home.id,
      email,
      password,
      code,
      address: c.env.address,
    })
    if (result.status !== 'signed_in') return refuse(c, result, SIGN_IN_PROBLEMS)
    await record(context, result.signedIn.session, 'user.sign_in', c)
    return signedIn(c, context, users, result.signedIn)
  })

  app.delete('/session', async (c) => {
    const who = await authenticateSession(c, context)
    if ('problem' in who) return sendProblem(c, who.problem)
    await users.signOut(who.actor.session)
    clearSessionCookie(c, context)
    return c.body(null, 204)
  })

  app.delete('/other_sessions', async (c) => {
    const who = await authenticateSession(c, context)
    if ('problem' in who) return sendProblem(c, who.problem)
    await users.signOutElsewhere(who.actor.session)
    await record(context, who.actor.session, 'user.sign_out_elsewhere', c)
    return c.body(null, 204)
  })

  app.post('/owner', async (c) => {
    const read = await readOwn(c, context, createOwnerFields)
    if (read.problem) return sendProblem(c, read.problem)
    const home = homeOf(context)
    if (home === undefined) return sendProblem(c, CODE_WRONG)
    const owner = { ...read.value, appId: home.id, address: c.env.address }
    const result = await users.createOwner(owner)
    if (result.status !== 'signed_in') return refuse(c, result, { code_wrong: CODE_WRONG })
    await record(context, result.signedIn.session, 'user.create_owner', c)
    return signedIn(c, context, users, result.signedIn)
  })

  app.post('/invitation', async (c) => {
    const read = await readOwn(c, context, invitationFields)
    if (read.problem) return sendProblem(c, read.problem)
    const result = await users.acceptInvitation(read.value.token, read.value.password)
    if (result.status !== 'signed_in') {
      return refuse(c, result, { invitation_invalid: INVITATION_INVALID })
    }
    await record(context, result.signedIn.session, 'user.accept_invitation', c)
    return signedIn(c, context, users, result.signedIn)
  })

  app.patch('/profile', async (c) => {
    const who = await authenticateSession(c, context)
    if ('problem' in who) return sendProblem(c, who.problem)
    const read = await readOwn(c, context, profileFields)
    if (read.problem) return sendProblem(c, read.problem)
    const { session } = who.actor
    const { name, locale } = read.value
    const user = await users.update(session.user.appId, session.user.id, {
      ...(name !== undefined && { name }),
      ...(locale !== undefined && { locale }),
    })
    if (typeof user !== 'object') return sendProblem(c, NOT_SIGNED_IN)
    return c.json(sessionJson(context, who.app, { ...session, user }))
  })

  app.post('/password', async (c) => {
    const who = await authenticateSession(c, context)
    if ('problem' in who) return sendProblem(c, who.problem)
    const read = await readOwn(c, context, changePasswordFields)
    if (read.problem) return sendProblem(c, read.problem)
    const result = await users.changePassword(who.actor.session, read.value.current, read.value.new)
    if (result.status !== 'signed_in') {
      return refuse(c, result, { credentials_wrong: PASSWORD_WRONG })
    }
    await record(context, result.signedIn.session, 'user.change_password', c)
    return signedIn(c, context, users, result.signedIn)
  })

  app.post('/totp', async (c) => {
    const who = await authenticateSession(c, context)
    if ('problem' in who) return sendProblem(c, who.problem)
    const started = await users.startTotp(who.actor.session.user, issuerOf(who.app))
    if (started === 'enabled') return sendProblem(c, TOTP_ENABLED)
    return c.json({ object: 'totp', ...started })
  })

  app.post('/totp/confirm', async (c) => {
    const who = await authenticateSession(c, context)
    if ('problem' in who) return sendProblem(c, who.problem)
    const read = await readOwn(c, context, codeFields)
    if (read.problem) return sendProblem(c, read.problem)
    const { session } = who.actor
    const result = await users.confirmTotp(session.user, read.value.code)
    if (result.status !== 'done') return refuse(c, result, { code_wrong: TOTP_WRONG })
    await record(context, session, 'user.enable_totp', c)
    const user = { ...session.user, totpEnabled: true }
    return c.json(sessionJson(context, who.app, { ...session, user }))
  })

  app.delete('/totp', async (c) => {
    const who = await authenticateSession(c, context)
    if ('problem' in who) return sendProblem(c, who.problem)
    const read = await readOwn(c, context, passwordFields)
    if (read.problem) return sendProblem(c, read.problem)
    const { session } = who.actor
    const result = await users.removeTotp(session.user, read.value.password)
    if (result.status !== 'done') return refuse(c, result, { credentials_wrong: PASSWORD_WRONG })
    await record(context, session, 'user.disable_totp', c)
    const user = { ...session.user, totpEnabled: false }
    return c.json(sessionJson(context, who.app, { ...session, user }))
  })

  return app
}

/** The body, if a page of ours sends it: also before there is a session to be misused. */
async function readOwn<Schema extends z.ZodType>(c: Route, context: ServerContext, schema: Schema) {
  if (!isSameOrigin(c, context)) return { problem: REQUEST_FORGED }
  return readJson(await readBody(c), c.req.header('content-type'), schema)
}

/** A new session in the place of whatever the browser had. */
async function signedIn(
  c: Route,
  context: ServerContext,
  users: Users,
  { token, session }: SignedIn,
): Promise<Response> {
  const before = readSessionCookie(c, context)
  const former = before === undefined ? undefined : await users.findSession(before)
  if (former !== undefined) await users.signOut(former)
  setSessionCookie(c, context, token)
  const [shop] = appsOf(context, session.user.reach)
  return shop === undefined ? sendProblem(c, NO_APP) : c.json(sessionJson(context, shop, session))
}

async function notSignedIn(c: Route, context: ServerContext, users: Users): Promise<Response> {
  const shop = homeOf(context)
  const needs_owner = shop !== undefined && (await users.needsOwner(shop.id))
  const { requestId, baseUrl } = c.var
  return c.json({ ...problemJson(NOT_SIGNED_IN, requestId, baseUrl), needs_owner }, 401)
}

/** What the front end knows of who is signed in. */
function sessionJson(context: ServerContext, shop: ServedApp, { user, csrf }: Session) {
  const { id, email, name, role, totpEnabled, locale } = user
  return {
    object: 'session',
    user: { id, email, name, role, totp_enabled: totpEnabled, locale },
    scopes: isOperator(userScopes(user)) ? [...scopesOf(role), 'operator'] : scopesOf(role),
    csrf,
    livemode: shop.mode === 'live',
    app: appJson(shop),
    apps: appsOf(context, user.reach).map(appJson),
    version: context.version ?? null,
  }
}

/** An application among those that can be chosen. */
function appJson({ id, merchantName, client, retiredAt = null, isReady }: ServedApp) {
  return {
    id,
    name: merchantName,
    app_id: client.appId ?? null,
    retired: retiredAt !== null,
    ready: isReady?.() ?? true,
  }
}

function refuse<Status extends string>(
  c: Route,
  result: Refused<Status> | { readonly status: 'password_unfit' },
  problems: Readonly<Record<Exclude<Status, 'password_unfit' | 'too_many_attempts'>, Problem>>,
): Response {
  const { status } = result
  if (status === 'too_many_attempts' && 'waitMs' in result) {
    return sendProblem(c, {
      ...TOO_MANY_ATTEMPTS,
      retryAfter: Math.ceil(result.waitMs / 1000),
    })
  }
  if (status === 'password_unfit') return sendProblem(c, PASSWORD_UNFIT)
  return sendProblem(c, problems[status as keyof typeof problems])
}

/** In the application that he begins with. */
function record(context: ServerContext, { user }: Session, action: AuditAction, c: Route) {
  const { id, name, reach } = user
  const appId = appsOf(context, reach)[0]?.id ?? user.appId
  const requestId = c.get('requestId')
  const who = { actor: id, actorName: name, objectId: id }
  const address = c.env.address ?? null
  return context.access.record({ appId, ...who, action, detail: {}, requestId, address })
}

function issuerOf({ merchantName, mode }: ServedApp): string {
  const name = merchantName ?? 'saoma'
  return mode === 'live' ? name : `${name} (test)`
}

function unauthenticated(code: string, message: string): Problem {
  return { status: 401, type: 'authentication_error', code, message }
}

const CREDENTIALS_WRONG = unauthenticated(
  'credentials_wrong',
  'The e-mail address, the password or the code is wrong, or this user may not sign in.',
)
const SIGN_IN_PROBLEMS = {
  credentials_wrong: CREDENTIALS_WRONG,
  totp_required: unauthenticated('totp_required', 'Give the code of your authenticator app too.'),
  totp_wrong: unauthenticated('totp_wrong', 'The code is wrong, or was used before.'),
}
const PASSWORD_WRONG = unauthenticated('credentials_wrong', 'Your current password is wrong.')
const TOTP_WRONG = unauthenticated('code_wrong', 'The code is wrong, or was used before.')
const CODE_WRONG = unauthenticated(
  'code_wrong',
  'This is not the code, or there is an owner by now. The server prints its code on its terminal when it starts; `saoma users create` works too.',
)
const INVITATION_INVALID = unauthenticated(
  'invitation_invalid',
  'This link was used before, has expired, or was taken back. Ask for a new one.',
)
const TOO_MANY_ATTEMPTS: Problem = {
  status: 429,
  type: 'rate_limit_error',
  code: 'too_many_attempts',
  message: 'There were too many attempts. Wait as long as Retry-After says.',
}
const PASSWORD_UNFIT: Problem = {
  status: 400,
  type: 'invalid_request_error',
  code: 'password_unfit',
  message: `A password has ${PASSWORD_MIN} to ${PASSWORD_MAX} characters, more than three different ones, and is not your e-mail address.`,
  param: 'password',
}
const TOTP_ENABLED: Problem = {
  status: 409,
  type: 'conflict_error',
  code: 'totp_enabled',
  message: 'Your authenticator is in use. Switch it off first, then set up the new one.',
}
