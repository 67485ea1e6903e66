/**
 * A request as a span: named by its route, never by its address, which may hold a secret.
 *
 * @module
 */
import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import type { Context } from 'hono'
import { traced } from '../payments/index.ts'
import type { RouteEnvironment } from './options.ts'

/** What is asked for again and again by machines. */
const UNTRACED = /^\/(?:healthz|readyz|metrics|assets\/.*)$/

/**
 * Answers a request under a span. The trace of a merchant's program goes on (`traceparent`); the
 * pages that anybody may open begin one of their own.
 *
 * @param route The pattern of its address, once it is answered.
 */
export function underRequestSpan(
  c: Context<RouteEnvironment>,
  route: () => string,
  answer: () => Promise<void>,
): Promise<void> {
  const { method, path } = c.req
  if (UNTRACED.test(path)) return answer()
  const active = context.active()
  const isGivenOn = path.startsWith('/v1/') && trace.getActiveSpan() === undefined
  const parent = isGivenOn ? propagation.extract(active, c.req.raw.headers, HEADERS) : active
  const attributes = { 'http.request.method': method, 'saoma.request.id': c.var.requestId }
  return context.with(parent, () =>
    traced(method, { kind: SpanKind.SERVER, attributes }, async (span) => {
      await answer()
      const { status } = c.res
      span.updateName(`${method} ${route()}`)
      span.setAttributes({ 'http.route': route(), 'http.response.status_code': status })
      if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR })
    }),
  )
}

const HEADERS = {
  keys: (headers: Headers): string[] => [...headers.keys()],
  get: (headers: Headers, name: string): string | undefined => headers.get(name) ?? undefined,
}
