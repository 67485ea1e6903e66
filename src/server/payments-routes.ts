/**
 * `/v1/payments`: take a payment, look at it, give it up.
 *
 * @module
 */
import { Hono } from 'hono'
import { formatRfc3339 } from '../alipay/index.ts'
import { paymentJson, refusalJson, type PaymentRecord } from '../payments/index.ts'
import { createPaymentFields, listPaymentsFields, noFields } from './fields.ts'
import type { RouteEnvironment, ServerContext } from './options.ts'
import { notFound, sendProblem, type Problem } from './problem.ts'
import { check, readJson } from './request-body.ts'

/** Serves the routes below `/v1/payments`. */
export function paymentsRoutes(context: ServerContext): Hono<RouteEnvironment> {
  const { payments } = context
  const json = (record: PaymentRecord) =>
    paymentJson(record, context.presentation, context.clock.now())
  const app = new Hono<RouteEnvironment>()

  app.post('/', async (c) => {
    const { value: body, problem } = await readJson(c.req.raw, createPaymentFields)
    if (problem) return sendProblem(c, problem)
    const result = await payments.create({
      amount: body.amount,
      subject: body.subject,
      ...(body.reference !== undefined && { reference: body.reference }),
      ...(body.out_trade_no !== undefined && { outTradeNo: body.out_trade_no }),
      ...(body.expires_in !== undefined && { expiresInMs: body.expires_in * 1000 }),
      ...(body.return_url !== undefined && { returnUrl: body.return_url }),
    })
    switch (result.status) {
      case 'created':
        return c.json(json(result.record), 201)
      case 'exists':
        // The first request of the same order still waits for its code.
        return c.json(json(result.record), result.record.payment.status === 'created' ? 202 : 200)
      case 'pending':
        return c.json(json(result.record), 202)
      case 'refused':
        return sendProblem(c, refused(result.record))
      case 'closing':
        return sendProblem(
          c,
          conflict(
            'payment_closing',
            'The payment was given up or has passed its deadline, and the proof of its end is being fetched. Create another one when it is expired or canceled.',
            result.record,
            'reference',
          ),
        )
      case 'exists_with_different_content':
        return sendProblem(
          c,
          result.record.payment.outTradeNo === body.out_trade_no
            ? conflict(
                'out_trade_no_exists_with_different_content',
                'There is a payment with this out_trade_no whose amount or other content differs. A number is one payment for ever: use another.',
                result.record,
                'out_trade_no',
              )
            : conflict(
                'reference_exists_with_different_content',
                'There is an open payment with this reference whose amount or other content differs. Cancel it, or use another reference.',
                result.record,
                'reference',
              ),
        )
      case 'reference_already_paid':
        return sendProblem(
          c,
          conflict(
            'reference_already_paid',
            'A payment with this reference is paid already. Do not take it twice; for another sale use another reference.',
            result.record,
            'reference',
          ),
        )
    }
  })

  app.get('/', async (c) => {
    const { value: query, problem } = check(listPaymentsFields, c.req.query())
    if (problem) return sendProblem(c, problem)
    const { reference, limit, starting_after: before } = query
    if (reference !== undefined) {
      const found = await payments.listByReference(reference)
      return c.json({ object: 'list', data: found.map(json), has_more: false })
    }
    // One more than is shown tells whether there are more.
    const found = await payments.list({ limit: limit + 1, ...(before !== undefined && { before }) })
    return c.json({
      object: 'list',
      data: found.slice(0, limit).map(json),
      has_more: found.length > limit,
    })
  })

  app.get('/:id', async (c) => {
    const record = await payments.find(c.req.param('id'))
    return record ? c.json(json(record)) : sendProblem(c, paymentNotFound())
  })

  app.post('/:id/cancel', async (c) => {
    const { problem } = await readJson(c.req.raw, noFields)
    if (problem) return sendProblem(c, problem)
    const result = await payments.cancel(c.req.param('id'))
    switch (result.status) {
      case 'canceled':
        return c.json(json(result.record), 200)
      case 'closing':
        return c.json(json(result.record), 202)
      case 'ended':
        // The sale is over and unpaid, as was asked.
        return c.json(json(result.record), 200)
      case 'already_paid':
        return sendProblem(
          c,
          conflict(
            'payment_already_succeeded',
            'The buyer has paid. To give the money back, make a refund with POST /v1/refunds.',
            result.record,
          ),
        )
      case 'not_found':
        return sendProblem(c, paymentNotFound())
    }
  })

  app.post('/:id/sync', async (c) => {
    const { problem } = await readJson(c.req.raw, noFields)
    if (problem) return sendProblem(c, problem)
    const record = await payments.sync(c.req.param('id'))
    return record ? c.json(json(record)) : sendProblem(c, paymentNotFound())
  })

  app.get('/:id/timeline', async (c) => {
    const id = c.req.param('id')
    if ((await payments.find(id)) === undefined) return sendProblem(c, paymentNotFound())
    const entries = await payments.timeline(id)
    return c.json({
      object: 'list',
      data: entries.map(({ at, ...entry }) => ({
        object: 'timeline_entry',
        at: formatRfc3339(at),
        ...entry,
      })),
      has_more: false,
    })
  })

  function refused(record: PaymentRecord): Problem {
    const { failure, outcome } = record.payment
    return {
      status: 402,
      type: 'channel_error',
      code: 'payment_refused',
      message: failure?.message ?? 'Alipay refused to make a code for this payment.',
      outcome,
      ...(failure && { alipay: refusalJson(failure) }),
      objects: { payment: json(record) },
    }
  }

  function conflict(code: string, message: string, record: PaymentRecord, param?: string): Problem {
    return {
      status: 409,
      type: 'conflict_error',
      code,
      message,
      ...(param && { param }),
      objects: { payment: json(record) },
    }
  }

  return app
}

function paymentNotFound(): Problem {
  return notFound('payment_not_found', 'There is no payment with this id.', 'id')
}
