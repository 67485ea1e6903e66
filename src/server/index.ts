/**
 * Saoma over HTTP: the merchant API, Alipay's notify address and the cashier page, as one function
 * from a request to its answer. Mount it in any framework, or give it to {@link listen}.
 *
 * @module
 */
import { randomUUID } from 'node:crypto'
import { Hono, type Context } from 'hono'
import { requireApiKey } from './api-key.ts'
import { assetsRoute } from './cashier/assets.ts'
import { languageOf } from './cashier/language.ts'
import { notFoundPage } from './cashier/page.ts'
import { cashierRoutes } from './cashier/routes.ts'
import { notifyRoute } from './notify-route.ts'
import { describeError, toServerContext } from './options.ts'
import type { RouteEnvironment, Server, ServerOptions } from './options.ts'
import { paymentsRoutes } from './payments-routes.ts'
import { notFound, sendProblem } from './problem.ts'
import { refundsRoutes } from './refunds-routes.ts'
import { securityHeaders } from './security-headers.ts'

export { listen, type Listening, type ListenOptions } from './listen.ts'
export {
  describeError,
  type Health,
  type LogEntry,
  type Server,
  type ServerOptions,
} from './options.ts'

/**
 * Makes the server. It opens no port and starts nothing.
 *
 * @throws {TypeError} On options that cannot be right.
 */
export function createServer(options: ServerOptions): Server {
  const stopping = new AbortController()
  const context = toServerContext(options, stopping.signal)
  const app = new Hono<RouteEnvironment>()

  app.use(async (c, next) => {
    c.set('requestId', `req_${randomUUID().replaceAll('-', '')}`)
    await next()
    c.header('request-id', c.get('requestId'))
    for (const [name, value] of Object.entries(securityHeaders)) c.header(name, value)
  })
  app.use('/v1/*', requireApiKey(context.apiKeyHash))
  app.route('/v1/payments', paymentsRoutes(context))
  app.route('/v1/refunds', refundsRoutes(context))
  app.route('/alipay/notify', notifyRoute(context))
  app.route('/c', cashierRoutes(context))
  app.route('/assets', assetsRoute())
  app.get('/healthz', async (c) => {
    const health = (await context.health?.()) ?? { status: 'ok' }
    c.header('cache-control', 'no-store')
    return c.json(health, health.status === 'ok' ? 200 : 503)
  })

  app.notFound((c: Context<RouteEnvironment>) => {
    if (wantsJson(c)) return sendProblem(c, notFound('route_not_found', 'There is nothing here.'))
    return c.html(notFoundPage(languageOf(c), context), 404)
  })

  app.onError((error, c) => {
    const request_id = c.get('requestId')
    const { method, routePath } = c.req
    context.log({
      level: 'error',
      event: 'request.failed',
      request_id,
      route: `${method} ${routePath}`,
      ...describeError(error),
    })
    return sendProblem(c, {
      status: 500,
      type: 'api_error',
      code: 'internal_error',
      message:
        'Something went wrong here, and it may or may not have been done. Send the same request with the same reference again, or ask for the object.',
      outcome: 'unknown',
    })
  })

  return {
    fetch: async (request) => app.fetch(request),
    endEvents: () => stopping.abort(),
  }
}

function wantsJson(c: Context): boolean {
  const accept = c.req.header('accept') ?? ''
  return c.req.path.startsWith('/v1') || accept.includes('application/json')
}
