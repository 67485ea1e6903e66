/**
 * `/c/:token`: everything that a buyer may see of a payment. The token is the only key, and it
 * opens this payment alone.
 *
 * @module
 */
import { Hono, type Context } from 'hono'
import { compress } from 'hono/compress'
import type { PaymentRecord } from '../../payments/index.ts'
import { checkoutView } from '../../payments/index.ts'
import {
  contextOf,
  type AppContext,
  type RouteEnvironment,
  type ServerContext,
} from '../options.ts'
import { closedApp } from '../apps-routes.ts'
import { conflict, notFound, sendProblem } from '../problem.ts'
import { closedGrid, qrGrid, qrPng, qrSvg, type QrGrid } from '../qr-image.ts'
import { securityHeaders } from '../security-headers.ts'
import { canRetry, checkoutOf } from './checkout.ts'
import { checkoutEvents } from './events.ts'
import { pageOptionsOf, queryOf } from './page-options.ts'
import { checkoutPage, notFoundPage } from './page.ts'
import { Recheck } from './recheck.ts'
import { texts } from './texts.ts'

type RouteContext = Context<RouteEnvironment>

/** Serves the routes below `/c`. */
export function cashierRoutes(context: ServerContext): Hono<RouteEnvironment> {
  const { apps, clock } = context
  const app = new Hono<RouteEnvironment>()
  const recheck = new Recheck()

  app.use(async (c, next) => {
    await next()
    c.header('cache-control', 'no-store')
    c.header('vary', 'Accept-Language', { append: true })
  })

  app.get('/:token', compress(), async (c) => {
    const options = pageOptionsOf(c)
    const found = await find(c)
    c.header('content-language', texts[options.language].tag)
    if (!found) return c.html(notFoundPage(options, context), 404)
    for (const [name, value] of Object.entries(securityHeaders(found.app.look?.embeddedBy))) {
      c.header(name, value)
    }
    const checkout = checkoutOf(found.record, options, found.app)
    const wasChecked = c.req.query('checked') !== undefined
    return c.html(checkoutPage(checkout, { ...options, wasChecked }, found.app))
  })

  app.get('/:token/status', async (c) => {
    const found = await find(c)
    if (!found) return unknownToken(c)
    const checkout = checkoutOf(found.record, pageOptionsOf(c), found.app)
    // Weak: what is left of the time changes with each answer.
    const etag = `W/"${checkout.tag}"`
    c.header('etag', etag)
    if (c.req.header('if-none-match') === etag) return c.body(null, 304)
    return c.json(checkout)
  })

  app.get('/:token/events', async (c) => {
    const found = await find(c)
    if (!found) return unknownToken(c)
    const options = pageOptionsOf(c)
    const { record, app: itsApp } = found
    const { final, tag } = checkoutOf(record, options, itsApp)
    // A browser asks again when a stream ends; 204 tells it that there is nothing more.
    if (final && c.req.header('last-event-id') === tag) return c.body(null, 204)
    c.header('content-type', 'text/event-stream; charset=utf-8')
    c.header('x-accel-buffering', 'no')
    if (c.req.method === 'HEAD') return c.body(null)
    const { id } = record.payment
    return c.body(checkoutEvents(id, () => itsApp.payments.find(id), options, itsApp))
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

  // The page's own script takes the answer as JSON; a form without it is led back to the page.
  app.post('/:token/check', async (c) => {
    const found = await find(c)
    if (!found) return unknownToken(c)
    if (isCrossSite(c)) return crossSite(c)
    const options = pageOptionsOf(c)
    const record = await recheck.ask(found.record, found.app)
    if (c.req.header('accept')?.includes('application/json')) {
      return c.json(checkoutOf(record, options, found.app))
    }
    const { checkoutToken } = record.payment
    return c.redirect(`${context.basePath}/c/${checkoutToken}${queryOf(options)}&checked`, 303)
  })

  // A new code for the same sale is a new payment, made only after the old one is over. A form of
  // the page sends it, so what comes from another site is not followed.
  app.post('/:token/retry', async (c) => {
    const found = await find(c)
    if (!found) return unknownToken(c)
    if (isCrossSite(c)) return crossSite(c)
    const { record, app: itsApp } = found
    const next = await retry(record, itsApp)
    if (next === undefined) {
      const message = 'This payment cannot be made again here. Ask the shop for a new code.'
      return sendProblem(c, conflict('retry_not_allowed', message))
    }
    const { checkoutToken } = next.payment
    const query = queryOf(pageOptionsOf(c))
    return c.redirect(`${context.basePath}/c/${checkoutToken}${query}`, 303)
  })

  /** Tokens are unguessable and unique among all applications. */
  async function find(c: RouteContext): Promise<Found | undefined> {
    const token = c.req.param('token') ?? ''
    for (const served of apps.list()) {
      const record = await served.payments.findByCheckoutToken(token)
      if (record) return { app: contextOf(context, served), record }
    }
    return undefined
  }

  /** The code, or the closed picture where no code may be shown; `undefined` for no payment. */
  async function picture(c: RouteContext): Promise<QrGrid | undefined> {
    const found = await find(c)
    if (!found) return undefined
    const { qrCode } = checkoutView(found.record, clock.now())
    const t = texts[pageOptionsOf(c).language]
    return qrCode === null ? closedGrid(t.closedCode) : qrGrid(qrCode, t.qrCode)
  }

  return app
}

interface Found {
  readonly app: AppContext
  readonly record: PaymentRecord
}

/** The payment that takes the place of one that is over; `undefined` where that is not allowed. */
async function retry(record: PaymentRecord, app: AppContext): Promise<PaymentRecord | undefined> {
  const { payment } = record
  const { reference } = payment
  if (!canRetry(record) || reference === null || closedApp(app)) return undefined
  const result = await app.payments.create({
    amount: payment.amount,
    subject: payment.subject,
    reference,
    retryAllowed: true,
    expiresInMs: payment.expiresAt - payment.createdAt,
    metadata: payment.metadata,
    ...(payment.returnUrl !== null && { returnUrl: payment.returnUrl }),
    ...(payment.storeId !== null && { storeId: payment.storeId }),
    ...(payment.operatorId !== null && { operatorId: payment.operatorId }),
    ...(payment.terminalId !== null && { terminalId: payment.terminalId }),
  })
  // Where another page was quicker, or the sale is paid, its payment is the one to look at.
  return result.record
}

/** Whether a browser says that another site's page sent it. */
function isCrossSite(c: RouteContext): boolean {
  const site = c.req.header('sec-fetch-site')
  return site !== undefined && site !== 'same-origin' && site !== 'none'
}

function crossSite(c: RouteContext): Response {
  return sendProblem(c, conflict('cross_site', 'This can only be sent by the cashier page.'))
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
