/**
 * `/console`: the back office, its pages and how people sign in to it.
 *
 * @module
 */
import { Hono } from 'hono'
import type { RouteEnvironment, ServerContext } from '../options.ts'
import { notFound, sendProblem } from '../problem.ts'
import { consoleApi } from './api.ts'
import { consolePages } from './pages.ts'

/** The routes below `/console`. */
export function consoleRoutes(context: ServerContext): Hono<RouteEnvironment> {
  const app = new Hono<RouteEnvironment>()
  if (context.users !== undefined) app.route('/api', consoleApi(context, context.users))
  app.all('/api/*', (c) => sendProblem(c, notFound('route_not_found', 'There is nothing here.')))
  app.route('/', consolePages(context))
  return app
}
