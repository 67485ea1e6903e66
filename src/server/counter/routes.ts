/**
 * `/counter`: the page of the one who stands at the till. It has no rights of its own: all it does
 * goes through the merchant API, with the session of whoever has signed in.
 *
 * @module
 */
import { Hono } from 'hono'
import { compress } from 'hono/compress'
import { languageOf } from '../cashier/language.ts'
import type { RouteEnvironment, ServerContext } from '../options.ts'
import { securityHeaders } from '../security-headers.ts'
import { counterPage } from './page.ts'
import { counterTexts } from './texts.ts'

/** Serves `/counter`. */
export function counterRoutes(context: ServerContext): Hono<RouteEnvironment> {
  const app = new Hono<RouteEnvironment>()
  app.get('/', compress(), (c) => {
    if (context.users === undefined) return c.notFound()
    const language = languageOf(c)
    const policy = securityHeaders()['content-security-policy'] ?? ''
    // Whoever frames it could have the cashier press what he does not see.
    c.header(
      'content-security-policy',
      policy.replace("frame-ancestors 'self'", "frame-ancestors 'none'"),
    )
    c.header('content-language', counterTexts[language].tag)
    c.header('vary', 'Accept-Language', { append: true })
    c.header('cache-control', 'no-cache')
    return c.html(counterPage(language, context))
  })
  return app
}
