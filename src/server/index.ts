/**
 * Saoma over HTTP: the merchant API, Alipay's notify address and the cashier page, as one function
 * from a request to its answer. Mount it in any framework, or give it to {@link listen}.
 *
 * @module
 */
import { randomUUID } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import { Hono, type Context } from 'hono'
import { routePath } from 'hono/route'
import { allows } from '../access/index.ts'
import { StoreUnavailable } from '../payments/index.ts'
import { authenticate, insufficientScope } from './authentication.ts'
import { billFileRoutes } from './bill-files.ts'
import { carryOut } from './carry-out.ts'
import { assetsRoute } from './cashier/assets.ts'
import { embedRoute } from './cashier/embed.ts'
import { lookRoutes } from './cashier/look.ts'
import { notFoundPage } from './cashier/page.ts'
import { pageOptionsOf } from './cashier/page-options.ts'
import { cashierRoutes } from './cashier/routes.ts'
import { consoleRoutes } from './console/routes.ts'
import { counterRoutes } from './counter/routes.ts'
import { measureState } from './measured-state.ts'
import { createMetrics } from './metrics.ts'
import { notifyRoute } from './notify-route.ts'
import { openApi } from './openapi.ts'
import { operations } from './operations.ts'
import { describeError, toServerContext } from './options.ts'
import type { Health, RouteEnvironment, Server, ServerContext, ServerOptions } from './options.ts'
import { notFound, sendProblem, type Problem } from './problem.ts'
import { referencePage } from './reference-page.ts'
import { RequestLog } from './request-log.ts'
import { underRequestSpan } from './request-span.ts'
import { securityHeaders } from './security-headers.ts'
import { subCodePage } from './sub-code-page/page.ts'

export { listen, type Listening, type ListenOptions } from './listen.ts'
export { createMetrics, type Metrics } from './metrics.ts'
export { checkLook, type CashierLook, type Logo } from './cashier/look.ts'
export { nodeListener, type NodeListener } from './node-listener.ts'
export {
  describeError,
  oneApp,
  ONE_APP_ID,
  type AppDirectory,
  type AppRegistry,
  type Health,
  type LogEntry,
  type NewApp,
  type ServedApp,
  type Server,
  type ServerOptions,
} from './options.ts'

/**
 * Makes the server. It opens no port and starts nothing.
 *
 * @throws {TypeError} On options that cannot be right.
 * @throws {RangeError} On a trusted proxy that is no address.
 */
export function createServer(options: ServerOptions): Server {
  const stopping = new AbortController()
  const context = toServerContext(options, {
    stopping: stopping.signal,
    requests: new RequestLog(),
    metrics: options.metrics ?? createMetrics(),
  })
  const headers = Object.entries(securityHeaders())
  const app = new Hono<RouteEnvironment>()

  app.use(async (c, next) => {
    c.set('requestId', `req_${randomUUID().replaceAll('-', '')}`)
    c.set('baseUrl', context.baseUrl)
    const beganMs = performance.now()
    // Before there is an answer, which Hono would copy for each; a route may say otherwise.
    c.header('request-id', c.get('requestId'))
    for (const [name, value] of headers) c.header(name, value)
    await underRequestSpan(c, () => routeOf(c), next)
    note(c, context, performance.now() - beganMs)
  })
  carryOut(app, operations, context)
  app.route('/v1', billFileRoutes(context))
  app.get('/v1/openapi.json', (c) => c.json(openApi(operations, context.baseUrl)))
  app.get('/reference', (c) => c.html(referencePage(operations, context)))
  app.get('/reference/errors/:code', (c) => {
    const page = subCodePage(c.req.param('code'), pageOptionsOf(c).language, context)
    return page === undefined ? c.notFound() : c.html(page)
  })
  // Before anything is said about what there is.
  app.all('/v1/*', async (c, next) => {
    const who = await authenticate(c, context)
    return 'problem' in who ? sendProblem(c, who.problem) : next()
  })
  app.route('/console', consoleRoutes(context))
  app.route('/counter', counterRoutes(context))
  app.route('/alipay/notify', notifyRoute(context))
  app.route('/c', cashierRoutes(context))
  app.route('/assets/look', lookRoutes(context))
  app.route('/assets', assetsRoute())
  app.route('/embed.js', embedRoute())
  app.get('/healthz', async (c) => healthAnswer(c, await context.health?.()))
  app.get('/readyz', async (c) => healthAnswer(c, await (context.readiness ?? context.health)?.()))
  app.get('/metrics', async (c) => {
    const who = await authenticate(c, context)
    if ('problem' in who) return sendProblem(c, who.problem)
    if (!allows(who.actor.scopes, 'metrics:read')) {
      return sendProblem(c, insufficientScope('metrics:read', who.actor))
    }
    const { metrics } = context
    metrics.stands(await measureState(context))
    return c.body(await metrics.text(), 200, { 'content-type': metrics.contentType })
  })

  app.notFound((c: Context<RouteEnvironment>) => {
    if (wantsJson(c)) return sendProblem(c, notFound('route_not_found', 'There is nothing here.'))
    return c.html(notFoundPage(pageOptionsOf(c), context), 404)
  })

  app.onError((error, c) => {
    const { requestId: request_id } = c.var
    const route = `${c.req.method} ${routeOf(c)}`
    const event = 'request.failed'
    context.log({ level: 'error', event, request_id, route, ...describeError(error) })
    return sendProblem(c, toProblem(error))
  })

  return {
    fetch: async (request, from = {}) => {
      const address = context.proxies.clientOf(from.address, request.headers)
      return app.fetch(request, { ...from, ...(address !== undefined && { address }) })
    },
    endEvents: () => stopping.abort(),
  }
}

/** What is told to a caller of a failure that is not his. */
function toProblem(error: Error): Problem {
  if (error instanceof StoreUnavailable) {
    return {
      status: 503,
      type: 'channel_unavailable',
      code: 'store_unavailable',
      message:
        'The database cannot be reached. Send the same request with the same Idempotency-Key or reference again.',
      outcome: error.outcome,
      retryAfter: 1,
    }
  }
  return {
    status: 500,
    type: 'api_error',
    code: 'internal_error',
    message:
      'Something went wrong here, and it may or may not have been done. Send the same request with the same Idempotency-Key or reference again, or ask for the object.',
    outcome: 'unknown',
  }
}

function healthAnswer(c: Context<RouteEnvironment>, health: Health = { status: 'ok' }): Response {
  c.header('cache-control', 'no-store')
  return c.json(health, health.status === 'ok' ? 200 : 503)
}

/** Counts the request, and keeps it for who follows the log of his key. */
function note(c: Context<RouteEnvironment>, context: ServerContext, durationMs: number): void {
  const { method, path } = c.req
  const { status } = c.res
  const route = routeOf(c)
  context.metrics.answered({ method, route, status, seconds: durationMs / 1000 })
  const { appId, keyHint, requestId: id } = c.var
  if (appId === undefined || keyHint === undefined) return
  const at = context.clock.now()
  context.requests.add({ id, appId, at, method, path, status, durationMs, keyHint })
}

/** The pattern of the address, never the address itself. */
function routeOf(c: Context<RouteEnvironment>): string {
  return c.var.route ?? routePath(c, -1)
}

function wantsJson(c: Context): boolean {
  const accept = c.req.header('accept') ?? ''
  return c.req.path.startsWith('/v1') || accept.includes('application/json')
}
