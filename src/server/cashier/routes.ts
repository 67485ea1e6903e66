/**
 * `/c/:token`: everything that a buyer may see of a payment. The token is the only key, and it
 * opens this payment alone.
 *
 * @module
 */
import { Hono, type Context } from 'hono'
import type { PaymentRecord } from '../../payments/index.ts'
import { checkoutView } from '../../payments/index.ts'
import type { RouteEnvironment, ServerContext } from '../options.ts'
import { notFound, sendProblem } from '../problem.ts'
import { closedGrid, qrGrid, qrPng, qrSvg, type QrGrid } from '../qr-image.ts'
import { checkoutOf } from './checkout.ts'
import { checkoutEvents } from './events.ts'
import { languageOf } from './language.ts'
import { checkoutPage, notFoundPage } from './page.ts'
import { texts } from './texts.ts'

type RouteContext = Context<RouteEnvironment>

/** Serves the routes below `/c`. */
export function cashierRoutes(context: ServerContext): Hono<RouteEnvironment> {
  const { payments, clock } = context
  const app = new Hono<RouteEnvironment>()

  app.use(async (c, next) => {
    await next()
    c.header('cache-control', 'no-store')
    c.header('vary', 'Accept-Language')
  })

  app.get('/:token', async (c) => {
    const language = languageOf(c)
    const record = await find(c)
    c.header('content-language', texts[language].tag)
    if (!record) return c.html(notFoundPage(language, context), 404)
    return c.html(checkoutPage(checkoutOf(record, language, context), language, context))
  })

  app.get('/:token/status', async (c) => {
    const record = await find(c)
    if (!record) return unknownToken(c)
    const checkout = checkoutOf(record, languageOf(c), context)
    // Weak: what is left of the time changes with each answer.
    const etag = `W/"${checkout.tag}"`
    c.header('etag', etag)
    if (c.req.header('if-none-match') === etag) return c.body(null, 304)
    return c.json(checkout)
  })

  app.get('/:token/events', async (c) => {
    const record = await find(c)
    if (!record) return unknownToken(c)
    const language = languageOf(c)
    const { final, tag } = checkoutOf(record, language, context)
    // A browser asks again when a stream ends; 204 tells it that there is nothing more.
    if (final && c.req.header('last-event-id') === tag) return c.body(null, 204)
    c.header('content-type', 'text/event-stream; charset=utf-8')
    c.header('x-accel-buffering', 'no')
    if (c.req.method === 'HEAD') return c.body(null)
    return c.body(checkoutEvents(record.payment.id, () => find(c), language, context))
  })

  app.get('/:token/qr.svg', async (c) => {
    const size = sizeOf(c)
    if (size === undefined) return wrongSize(c)
    const grid = await picture(c)
    if (grid === undefined) return unknownToken(c)
    return c.body(qrSvg(grid, size), 200, { 'content-type': 'image/svg+xml' })
  })

  app.get('/:token/qr.png', async (c) => {
    const size = sizeOf(c)
    if (size === undefined) return wrongSize(c)
    const grid = await picture(c)
    if (grid === undefined) return unknownToken(c)
    return c.body(new Uint8Array(qrPng(grid, size)), 200, { 'content-type': 'image/png' })
  })

  function find(c: RouteContext): Promise<PaymentRecord | undefined> {
    return payments.findByCheckoutToken(c.req.param('token') ?? '')
  }

  /** The code, or the closed picture where no code may be shown; `undefined` for no payment. */
  async function picture(c: RouteContext): Promise<QrGrid | undefined> {
    const record = await find(c)
    if (!record) return undefined
    const { qrCode } = checkoutView(record, clock.now())
    const t = texts[languageOf(c)]
    return qrCode === null ? closedGrid(t.closedCode) : qrGrid(qrCode, t.qrCode)
  }

  return app
}

/** Width and height in pixels, 64 to 1024, by default 300; `undefined` for anything else. */
function sizeOf(c: RouteContext): number | undefined {
  const text = c.req.query('size') ?? '300'
  const size = /^\d{2,4}$/.test(text) ? Number(text) : 0
  return size >= 64 && size <= 1024 ? size : undefined
}

function wrongSize(c: RouteContext): Response {
  return sendProblem(c, {
    status: 400,
    type: 'invalid_request_error',
    code: 'parameter_invalid',
    message: 'size is a whole number of pixels, from 64 to 1024.',
    param: 'size',
  })
}

function unknownToken(c: RouteContext): Response {
  return sendProblem(c, notFound('checkout_not_found', 'There is no payment at this address.'))
}
