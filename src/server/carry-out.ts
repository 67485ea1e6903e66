/**
 * How every operation of the merchant API is carried out: who asks, may he, how often; is the
 * request right; was it made before; and then the answer, within bounded time.
 *
 * @module
 */
import { hash } from 'node:crypto'
import type { Context, Hono } from 'hono'
import { z } from 'zod'
import { allows, networkOf, type AuditAction } from '../access/index.ts'
import { authenticate, insufficientScope } from './authentication.ts'
import { whileSignedIn } from './console/session-stream.ts'
import { answerNamed, readRequestName } from './named-request.ts'
import type { Answer, AnyOperation, Call, Stream } from './operation.ts'
import { contextOf, describeError, type RouteEnvironment, type ServerContext } from './options.ts'
import { sendProblem, type Problem } from './problem.ts'
import { RateLimits } from './rate-limits.ts'
import { check, readBody, readJson } from './request-body.ts'

/** Serves operations. */
export function carryOut(
  app: Hono<RouteEnvironment>,
  operations: readonly AnyOperation[],
  context: ServerContext,
): void {
  const limits = new RateLimits(context.requestsPerSecond)
  for (const operation of operations) {
    app.on(operation.method, toPattern(operation.path), (c) => {
      c.set('route', operation.path)
      return answer(c, operation, context, limits)
    })
  }
}

/** Hono writes `:id` for what OpenAPI writes as `{id}`. */
export function toPattern(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1')
}

async function answer(
  c: Context<RouteEnvironment>,
  operation: AnyOperation,
  context: ServerContext,
  limits: RateLimits,
): Promise<Response> {
  const who = await authenticate(c, context)
  const { address } = c.env
  if ('problem' in who) {
    const limited = address && limits.take(c, `address ${networkOf(address)}`)
    return sendProblem(c, limited || who.problem)
  }
  const { actor, app } = who
  // What people do in the back office is in the audit log; this one is for programs.
  if (actor.session === null) c.set('keyHint', actor.name)
  c.set('appId', actor.appId)
  const limited = limits.take(c, actor.id)
  if (limited) return sendProblem(c, limited)
  if (!allows(actor.scopes, operation.scope))
    return sendProblem(c, insufficientScope(operation.scope, actor))

  const name = readRequestName(c, operation.method)
  if (name.problem) return sendProblem(c, name.problem)
  const { value: query, problem: wrongQuery } = check(
    operation.query ?? NOTHING,
    queryOf(c),
    'query',
  )
  if (wrongQuery) return sendProblem(c, wrongQuery)
  const bytes = operation.method === 'GET' ? EMPTY : await readBody(c)
  const { value: body, problem: wrongBody } = readJson(
    bytes,
    c.req.header('content-type'),
    operation.body ?? NOTHING,
  )
  if (wrongBody) return sendProblem(c, wrongBody)

  const call: Call = {
    app: contextOf(context, app),
    params: c.req.param(),
    query,
    body,
    actor,
    requestId: c.get('requestId'),
    address: address ?? null,
    idempotencyKey: name.value,
    header: (header) => c.req.header(header),
  }
  const work = async () => {
    if (operation.audit !== undefined) await record(operation.audit, operation, call)
    const result = await operation.handle(call)
    const { session } = actor
    if (session === null || context.users === undefined || !('stream' in result)) return result
    return { ...result, stream: whileSignedIn(result.stream, session, context.users) }
  }
  if (name.value === undefined) return send(c, await withinTime(work(), operation, call))
  const request = {
    appId: actor.appId,
    route: `${operation.method} ${operation.path}`,
    key: name.value,
    hash: hash('sha256', Buffer.concat([Buffer.from(`${c.req.path}\n`), bytes ?? EMPTY]), 'hex'),
  }
  return answerNamed(c, context.access, request, {
    isSecret: operation.tellsSecret === true,
    work,
    send: (result) => send(c, result),
    withinTime: (result) => withinTime(result, operation, call),
  })
}

const NOTHING = z.strictObject({})
const EMPTY = new Uint8Array()

/** A parameter that is named as a list, `expand[]`, has all its values; others the first one. */
function queryOf({ req }: Context): Record<string, string | string[]> {
  const lists = Object.keys(req.query()).filter((name) => name.endsWith('[]'))
  return {
    ...req.query(),
    ...Object.fromEntries(lists.map((name) => [name, req.queries(name) ?? []])),
  }
}

/** Written first: what a process was killed over has at least been asked for by somebody. */
function record(
  audit: AuditAction,
  { secrets = [] }: AnyOperation,
  { app, actor, params, body, requestId, address }: Call,
) {
  return app.access.record({
    appId: actor.appId,
    actor: actor.id,
    actorName: actor.name,
    action: audit,
    objectId: params['id'] ?? null,
    detail: redact(body, secrets),
    requestId,
    address,
  })
}

/** What a request says, without what is secret in it. */
function redact(body: unknown, secrets: readonly string[]): Record<string, unknown> {
  const entries = Object.entries(typeof body === 'object' && body !== null ? body : {})
  return Object.fromEntries(
    entries.map(([name, value]) => [name, secrets.includes(name) ? '[redacted]' : value]),
  )
}

/** Waits for a result as long as a request may take; what is late goes on all the same. */
async function withinTime(
  work: Promise<Answer | Stream | Problem>,
  operation: AnyOperation,
  call: Call,
): Promise<Answer | Stream | Problem> {
  const { answerWithinMs, log } = call.app
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), answerWithinMs)
  })
  const first = await Promise.race([work, late]).finally(() => clearTimeout(timer))
  if (first !== 'late') return first
  work.catch((error: unknown) => {
    const { requestId: request_id } = call
    log({ level: 'error', event: 'request.failed', request_id, ...describeError(error) })
  })
  return (await operation.late?.(call)) ?? notKnownYet(operation)
}

function notKnownYet({ method }: AnyOperation): Problem {
  return {
    status: 504,
    type: 'channel_unavailable',
    code: 'answer_pending',
    message:
      method === 'GET'
        ? 'The answer is not there in time. Ask again.'
        : 'It is under way, and what became of it is not known yet. Send the same request again with the same Idempotency-Key, or ask for the object.',
    outcome: method === 'GET' ? 'not_applied' : 'unknown',
    retryAfter: 2,
  }
}

function send(c: Context<RouteEnvironment>, result: Answer | Stream | Problem): Response {
  if ('stream' in result) {
    c.header('content-type', result.mediaType ?? 'text/event-stream; charset=utf-8')
    if (result.fileName !== undefined) {
      c.header('content-disposition', `attachment; filename="${result.fileName}"`)
    }
    c.header('cache-control', 'no-store')
    c.header('x-accel-buffering', 'no')
    return c.body(result.stream)
  }
  if ('code' in result) return sendProblem(c, result)
  return result.status === 204 ? c.body(null, 204) : c.json(result.body, result.status)
}
