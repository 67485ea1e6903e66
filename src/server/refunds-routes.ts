/**
 * `/v1/refunds`: give money back, in full or in part.
 *
 * @module
 */
import { z } from 'zod'
import {
  amountRefundable,
  paymentJson,
  refundJson,
  REFUNDS_MAX,
  refusalJson,
  type CreateRefundRequest,
  type CreateRefundResult,
  type DecideRefundResult,
  type PaymentRecord,
  type Refund,
} from '../payments/index.ts'
import type { Actor } from './authentication.ts'
import { needsApproval } from './refund-approval.ts'
import { requestJson } from './refund-request-json.ts'
import { expandPayments, expandRefusal, type Expanded } from './expand.ts'
import { createRefundFields, getRefundFields, listRefundsFields } from './fields.ts'
import { ok, operation, page, type Answer, type AnyOperation } from './operation.ts'
import type { AppContext } from './options.ts'
import { conflict, notFound, type Problem } from './problem.ts'
import { expandedRefund, list, refund, refundRequest } from './schemas.ts'

const NOT_FOUND = { refund_not_found: { status: 404, description: 'No such refund.' } } as const

const createRefund = operation({
  method: 'POST',
  path: '/v1/refunds',
  id: 'createRefund',
  summary: 'Give money back',
  description: `In full, or in part with \`amount\`. The amount is reserved in the same transaction, so the sum never exceeds what was paid. A repeat with the same \`reference\` or \`Idempotency-Key\` is the same refund. 202 means that Alipay's answer is not known yet, or (\`requires_action\`) that the balance has to be topped up.`,
  scope: 'refunds:create',
  audit: 'refund.create',
  body: createRefundFields,
  answers: {
    200: {
      description: 'The money went back; or the repeat of one that has ended.',
      schema: refund,
    },
    202: {
      description:
        'Under way; or kept as a request, where a person asks for more than may go back without approval.',
      schema: z.union([refund, refundRequest]),
    },
  },
  problems: {
    payment_not_found: { status: 404, description: 'No such payment.' },
    refund_refused: {
      status: 402,
      description: 'Alipay refused. `message` says what to do, `alipay` what Alipay said.',
    },
    refund_exists_with_different_amount: {
      status: 409,
      description: 'There is a refund of another amount with this name. Use another.',
    },
    payment_not_paid: { status: 409, description: 'Nothing was paid: cancel it instead.' },
    amount_too_large: { status: 409, description: 'More than can still be refunded.' },
    too_many_refunds: {
      status: 409,
      description: `A payment has at most ${REFUNDS_MAX} refunds. Put what is left into one.`,
    },
  },
  async handle({ app, body, actor, idempotencyKey }) {
    const wish = {
      paymentId: body.payment,
      ...(body.amount !== undefined && { amount: body.amount }),
      ...(body.reference !== undefined && { reference: body.reference }),
      ...(body.reason !== undefined && { reason: body.reason }),
      ...(body.metadata !== undefined && { metadata: body.metadata }),
      ...(idempotencyKey !== undefined && { idempotencyKey }),
    }
    // Many small refunds at once are one large one: each is judged by what the others have left.
    for (;;) {
      const judged = await judge(app, actor, wish)
      if (judged.answer !== undefined) return judged.answer
      const { answer, isOutdated } = await makeRefund(app, { ...wish, ...judged })
      if (isOutdated !== true) return answer
    }
  },
})

/**
 * Makes a refund, and says so in the words of the API.
 *
 * @returns `refundId`: of the refund that there is now, whatever becomes of it. `isOutdated`:
 *   nothing was made, for the payment is not at the version of the wish any more.
 */
export async function makeRefund(
  app: AppContext,
  wish: CreateRefundRequest,
): Promise<{
  readonly answer: Answer | Problem
  readonly refundId?: string
  readonly isOutdated?: true
}> {
  const result = await app.payments.refund(wish)
  switch (result.status) {
    case 'succeeded':
    case 'canceled':
      return { answer: ok(json(app, result.refund)), refundId: result.refund.id }
    case 'processing':
    case 'requires_action':
      return { answer: { status: 202, body: json(app, result.refund) }, refundId: result.refund.id }
    case 'failed':
      return { answer: refundRefused(app, result.refund), refundId: result.refund.id }
    case 'payment_changed':
      return { answer: notMade(app, result), isOutdated: true }
    default:
      return { answer: notMade(app, result) }
  }
}

type NotMade = Exclude<
  CreateRefundResult,
  {
    readonly status: 'succeeded' | 'canceled' | 'processing' | 'requires_action' | 'failed'
  }
>

function notMade(app: AppContext, result: NotMade): Problem {
  switch (result.status) {
    case 'exists_with_different_amount':
      return conflict(
        'refund_exists_with_different_amount',
        `There is a refund of ${result.refund.amount} fen with this reference. For a further refund use another reference.`,
        { param: 'reference', objects: { refund: json(app, result.refund) } },
      )
    case 'not_paid':
      return conflict(
        'payment_not_paid',
        'This payment is not paid, so nothing can be given back. To end it, cancel it.',
        about(app, result.record, 'payment'),
      )
    case 'amount_too_large':
      return conflict(
        'amount_too_large',
        `At most ${result.refundable} fen of this payment can still be refunded.`,
        about(app, result.record, 'amount'),
      )
    case 'too_many_refunds':
      return conflict(
        'too_many_refunds',
        `A payment has at most ${REFUNDS_MAX} refunds. Put what is left into one.`,
        about(app, result.record, 'payment'),
      )
    case 'payment_changed':
      return conflict(
        'payment_changed',
        'The payment has changed in this moment. Send the same request again.',
        about(app, result.record, 'payment'),
      )
    case 'not_found':
      return notFound('payment_not_found', 'There is no payment with this id.', 'payment')
  }
}

/**
 * Whether a person's wish needs somebody else's approval: it is kept then, and that is the answer.
 *
 * @returns `paymentVersion`: what it was judged by, where it needs none.
 */
async function judge(
  app: AppContext,
  actor: Actor,
  wish: CreateRefundRequest,
): Promise<
  | { readonly answer: Answer | Problem }
  | { readonly answer?: never; readonly paymentVersion?: number }
> {
  const { desk, payments } = app
  const { id, appId, name, session } = actor
  if (desk === undefined || session === null) return {}
  const { paymentId, amount } = wish
  const record = await payments.find(paymentId)
  if (record?.payment.status !== 'succeeded') return {}
  const refundable = amountRefundable(record)
  const asked = amount ?? refundable
  const paymentVersion = record.payment.version
  // What cannot be made at all is refused at once, by the engine.
  if (asked < 1 || asked > refundable) return { paymentVersion }
  if (!(await needsApproval(app, actor, record, asked))) return { paymentVersion }
  const request = await desk.requestRefund({
    appId,
    paymentId,
    amount: asked,
    reference: wish.reference ?? null,
    reason: wish.reason ?? null,
    metadata: wish.metadata ?? {},
    requestedBy: { id, name },
    idempotencyKey: wish.idempotencyKey,
  })
  if (amount === undefined || request.amount === amount) {
    return { answer: { status: 202, body: requestJson(request) } }
  }
  return {
    answer: conflict(
      'refund_exists_with_different_amount',
      `A refund of ${request.amount} fen with this reference was asked for. For a further refund use another reference.`,
      { param: 'reference', objects: { refund_request: requestJson(request) } },
    ),
  }
}

const listRefunds = operation({
  method: 'GET',
  path: '/v1/refunds',
  id: 'listRefunds',
  summary: 'List refunds, newest first',
  scope: 'refunds:read',
  query: listRefundsFields,
  answers: { 200: { description: 'A page.', schema: list(expandedRefund) } },
  async handle({ app, actor, query }) {
    const { limit, starting_after: before, payment: paymentId, status } = query
    const { 'expand[]': expand } = query
    const refusal = expandRefusal(actor, expand)
    if (refusal) return refusal
    const found = await app.payments.listRefunds({ limit: limit + 1, before, paymentId, status })
    const ids = found.map((one) => one.paymentId)
    const expanded = await expandPayments(app, expand, ids)
    return page(found, limit, (one) => expandedJson(app, one, expanded))
  },
})

const getRefund = operation({
  method: 'GET',
  path: '/v1/refunds/{id}',
  id: 'getRefund',
  summary: 'Get a refund',
  scope: 'refunds:read',
  query: getRefundFields,
  answers: { 200: { description: 'The refund.', schema: expandedRefund } },
  problems: NOT_FOUND,
  async handle({ app, actor, params, query: { 'expand[]': expand } }) {
    const refusal = expandRefusal(actor, expand)
    if (refusal) return refusal
    const found = await app.payments.findRefund(params['id'] ?? '')
    if (found === undefined) return refundNotFound()
    const expanded = await expandPayments(app, expand, [found.refund.paymentId])
    return ok(expandedJson(app, found.refund, expanded))
  },
})

const retryRefund = operation({
  method: 'POST',
  path: '/v1/refunds/{id}/retry',
  id: 'retryRefund',
  summary: 'Try a refund now that waits for you',
  description: 'Such as after topping up the balance. Its number and its reservation stay.',
  scope: 'refunds:write',
  audit: 'refund.retry',
  answers: {
    200: { description: 'The money went back.', schema: refund },
    202: { description: 'Under way, or still in need of action.', schema: refund },
  },
  problems: {
    ...NOT_FOUND,
    refund_not_waiting: { status: 409, description: 'It is under way or has ended.' },
    refund_refused: { status: 402, description: 'Alipay refused.' },
  },
  async handle({ app, params }) {
    return decided(app, await app.payments.retryRefund(params['id'] ?? ''))
  },
  late: asItIs,
})

const cancelRefund = operation({
  method: 'POST',
  path: '/v1/refunds/{id}/cancel',
  id: 'cancelRefund',
  summary: 'Give a refund up',
  description:
    'At once where it was never sent, else when Alipay is known not to have made it (202 until then).',
  scope: 'refunds:write',
  audit: 'refund.cancel',
  answers: {
    200: { description: 'It has ended.', schema: refund },
    202: { description: 'Alipay is being asked.', schema: refund },
  },
  problems: {
    ...NOT_FOUND,
    refund_not_waiting: { status: 409, description: 'It is under way or has ended.' },
    refund_refused: { status: 402, description: 'Alipay refused.' },
  },
  async handle({ app, params }) {
    return decided(app, await app.payments.cancelRefund(params['id'] ?? ''))
  },
  late: asItIs,
})

/** The operations below `/v1/refunds`. */
export const refundOperations: readonly AnyOperation[] = [
  createRefund,
  listRefunds,
  getRefund,
  retryRefund,
  cancelRefund,
]

function json({ presentation }: AppContext, one: Refund) {
  return refundJson(one, presentation)
}

function expandedJson(app: AppContext, one: Refund, expanded: Expanded) {
  return { ...json(app, one), ...expanded.of({ payment: one.paymentId }) }
}

function decided(app: AppContext, result: DecideRefundResult): Answer | Problem {
  switch (result.status) {
    case 'done': {
      const { status } = result.refund
      if (status === 'failed') return refundRefused(app, result.refund)
      const isOver = status === 'succeeded' || status === 'canceled'
      return { status: isOver ? 200 : 202, body: json(app, result.refund) }
    }
    case 'not_possible':
      return conflict('refund_not_waiting', 'This refund is under way, or has ended.', {
        objects: { refund: json(app, result.refund) },
      })
    case 'not_found':
      return refundNotFound()
  }
}

/** What is known of a refund while Alipay is still being asked. */
async function asItIs({
  app,
  params,
}: {
  readonly app: AppContext
  readonly params: Readonly<Record<string, string>>
}): Promise<Answer | undefined> {
  const found = await app.payments.findRefund(params['id'] ?? '')
  return found && { status: 202, body: json(app, found.refund) }
}

/** What is told of a refund that Alipay refused. */
export function refundRefused(app: AppContext, one: Refund): Problem {
  const { failure, outcome } = one
  return {
    status: 402,
    type: 'channel_error',
    code: 'refund_refused',
    message: failure?.message ?? 'Alipay refused this refund.',
    outcome,
    ...(failure && { alipay: refusalJson(failure) }),
    objects: { refund: json(app, one) },
  }
}

function about({ presentation, clock }: AppContext, record: PaymentRecord, param: string) {
  return { param, objects: { payment: paymentJson(record, presentation, clock.now()) } }
}

function refundNotFound(): Problem {
  return notFound('refund_not_found', 'There is no refund with this id.', 'id')
}
