/**
 * `/v1/refunds`: give money back, in full or in part.
 *
 * @module
 */
import { Hono } from 'hono'
import {
  paymentJson,
  refundJson,
  REFUNDS_MAX,
  refusalJson,
  type PaymentRecord,
  type Refund,
} from '../payments/index.ts'
import { createRefundFields } from './fields.ts'
import type { RouteEnvironment, ServerContext } from './options.ts'
import { notFound, sendProblem, type Problem } from './problem.ts'
import { readJson } from './request-body.ts'

/** Serves the routes below `/v1/refunds`. */
export function refundsRoutes(context: ServerContext): Hono<RouteEnvironment> {
  const { payments, presentation, clock } = context
  const json = (refund: Refund) => refundJson(refund, presentation)
  const app = new Hono<RouteEnvironment>()

  app.post('/', async (c) => {
    const { value: body, problem } = await readJson(c.req.raw, createRefundFields)
    if (problem) return sendProblem(c, problem)
    const result = await payments.refund({
      paymentId: body.payment,
      ...(body.amount !== undefined && { amount: body.amount }),
      ...(body.reference !== undefined && { reference: body.reference }),
      ...(body.reason !== undefined && { reason: body.reason }),
    })
    switch (result.status) {
      case 'succeeded':
      case 'canceled':
        return c.json(json(result.refund), 200)
      case 'processing':
      case 'requires_action':
        return c.json(json(result.refund), 202)
      case 'failed': {
        const { failure, outcome } = result.refund
        return sendProblem(c, {
          status: 402,
          type: 'channel_error',
          code: 'refund_refused',
          message: failure?.message ?? 'Alipay refused this refund.',
          outcome,
          ...(failure && { alipay: refusalJson(failure) }),
          objects: { refund: json(result.refund) },
        })
      }
      case 'exists_with_different_amount':
        return sendProblem(c, {
          status: 409,
          type: 'conflict_error',
          code: 'refund_exists_with_different_amount',
          message: `There is a refund of ${result.refund.amount} fen with this reference. For a further refund use another reference.`,
          param: 'reference',
          objects: { refund: json(result.refund) },
        })
      case 'not_paid':
        return sendProblem(
          c,
          conflict(
            'payment_not_paid',
            'This payment is not paid, so nothing can be given back. To end it, cancel it.',
            result.record,
            'payment',
          ),
        )
      case 'amount_too_large':
        return sendProblem(
          c,
          conflict(
            'amount_too_large',
            `At most ${result.refundable} fen of this payment can still be refunded.`,
            result.record,
            'amount',
          ),
        )
      case 'too_many_refunds':
        return sendProblem(
          c,
          conflict(
            'too_many_refunds',
            `A payment has at most ${REFUNDS_MAX} refunds. Put what is left into one.`,
            result.record,
            'payment',
          ),
        )
      case 'not_found':
        return sendProblem(
          c,
          notFound('payment_not_found', 'There is no payment with this id.', 'payment'),
        )
    }
  })

  function conflict(code: string, message: string, record: PaymentRecord, param: string): Problem {
    return {
      status: 409,
      type: 'conflict_error',
      code,
      message,
      param,
      objects: { payment: paymentJson(record, presentation, clock.now()) },
    }
  }

  app.get('/:id', async (c) => {
    const found = await payments.findRefund(c.req.param('id'))
    if (found) return c.json(json(found.refund))
    return sendProblem(c, notFound('refund_not_found', 'There is no refund with this id.', 'id'))
  })

  return app
}
