/**
 * `/v1/payments`: take a payment, look at it, give it up, decide about late money.
 *
 * @module
 */
import { formatRfc3339 } from '../alipay/index.ts'
import {
  amountRefundable,
  blocksReference,
  paymentJson,
  refundJson,
  refusalJson,
  type PaymentRecord,
} from '../payments/index.ts'
import { CLOSED_APP_PROBLEMS, closedApp } from './apps-routes.ts'
import { expandRefusal, type Expandable } from './expand.ts'
import {
  createPaymentFields,
  getPaymentFields,
  listPaymentsFields,
  resolveFields,
} from './fields.ts'
import { ok, operation, page, type Answer, type AnyOperation } from './operation.ts'
import type { AppContext } from './options.ts'
import { conflict, notFound, type Problem } from './problem.ts'
import { needsApproval } from './refund-approval.ts'
import { refundRefused } from './refunds-routes.ts'
import { list, payment, timelineEntry } from './schemas.ts'

const NOT_FOUND = { payment_not_found: { status: 404, description: 'No such payment.' } } as const

const createPayment = operation({
  method: 'POST',
  path: '/v1/payments',
  id: 'createPayment',
  summary: 'Take a payment',
  description: `Makes a QR code for the buyer to scan, or, with \`auth_code\`, takes the payment from the code that the buyer shows.

The intent is stored before Alipay is asked. A repeat with the same \`reference\`, the same \`out_trade_no\` or the same \`Idempotency-Key\` and the same content is the same payment. 202 means that Alipay has not said yet whether it made a code, or took the buyer’s: ask with \`GET /v1/payments/{id}\`, or wait for its event.

A payment with \`auth_code\` is \`succeeded\` at once, or \`pending\` while the buyer’s app asks for the password; it is asked about every 5 s, and canceled after a minute. Do not send the code again where the answer is lost: repeat the request, which finds the payment.`,
  scope: 'payments:create',
  body: createPaymentFields,
  answers: {
    200: { description: 'It exists already, with the same content.', schema: payment },
    201: { description: 'Made.', schema: payment },
    202: { description: 'Made; what Alipay says is not known yet.', schema: payment },
  },
  problems: {
    payment_refused: {
      status: 402,
      description: 'Alipay refused. `message` says what to do, `alipay` what Alipay said.',
    },
    payment_closing: {
      status: 409,
      description:
        'The payment of this reference is being ended. Make another one when it is expired or canceled.',
    },
    reference_exists_with_different_content: {
      status: 409,
      description: 'The reference has an open payment of other content. Cancel it first.',
    },
    out_trade_no_exists_with_different_content: {
      status: 409,
      description: 'The number belongs to a payment of other content. Use another.',
    },
    idempotency_key_exists_with_different_content: {
      status: 409,
      description: 'A request with this Idempotency-Key made a payment of other content.',
    },
    reference_already_paid: {
      status: 409,
      description: 'The reference is paid. For another sale use another reference.',
    },
    ...CLOSED_APP_PROBLEMS,
  },
  async handle({ app, body, idempotencyKey }) {
    const closed = closedApp(app)
    if (closed) return closed
    const result = await app.payments.create({
      amount: body.amount,
      subject: body.subject,
      ...(body.reference !== undefined && { reference: body.reference }),
      ...(body.out_trade_no !== undefined && { outTradeNo: body.out_trade_no }),
      ...(body.auth_code !== undefined && { authCode: body.auth_code }),
      ...(body.expires_in !== undefined && { expiresInMs: body.expires_in * 1000 }),
      ...(body.return_url !== undefined && { returnUrl: body.return_url }),
      ...(body.metadata !== undefined && { metadata: body.metadata }),
      ...(body.store_id !== undefined && { storeId: body.store_id }),
      ...(body.operator_id !== undefined && { operatorId: body.operator_id }),
      ...(body.terminal_id !== undefined && { terminalId: body.terminal_id }),
      ...(body.retry_allowed !== undefined && { retryAllowed: body.retry_allowed }),
      ...(body.instead_of !== undefined && { insteadOf: body.instead_of }),
      ...(idempotencyKey !== undefined && { idempotencyKey }),
    })
    const { record } = result
    switch (result.status) {
      case 'created':
        return { status: 201, body: json(app, record) }
      case 'exists':
        // The first request of the same order still waits for its code.
        return {
          status: record.payment.status === 'created' ? 202 : 200,
          body: json(app, record),
        }
      case 'pending':
        return { status: 202, body: json(app, record) }
      case 'refused':
        return refused(app, record)
      case 'closing':
        return conflict(
          'payment_closing',
          'The payment was given up or has passed its deadline, and the proof of its end is being fetched. Create another one when it is expired or canceled.',
          about(app, record, 'reference'),
        )
      case 'exists_with_different_content':
        return otherContent(app, record, body)
      case 'reference_already_paid':
        return conflict(
          'reference_already_paid',
          'A payment with this reference is paid already. Do not take it twice; for another sale use another reference.',
          about(app, record, 'reference'),
        )
    }
  },
  async late({ app, body }) {
    const { reference, out_trade_no: outTradeNo, instead_of: insteadOf } = body
    const record =
      outTradeNo !== undefined
        ? await app.payments.findByOutTradeNo(outTradeNo)
        : reference !== undefined
          ? // Those that have ended were there before: they are not the one that is being made.
            (await app.payments.listByReference(reference)).find(
              (known) => known.payment.id !== insteadOf && blocksReference(known),
            )
          : undefined
    return record && { status: 202, body: json(app, record) }
  },
})

const listPayments = operation({
  method: 'GET',
  path: '/v1/payments',
  id: 'listPayments',
  summary: 'List payments, newest first',
  scope: 'payments:read',
  query: listPaymentsFields,
  answers: { 200: { description: 'A page.', schema: list(payment) } },
  async handle({ app, actor, query }) {
    const { limit, starting_after: before, q: search, 'expand[]': expand, ...filter } = query
    const refusal = expandRefusal(actor, expand)
    if (refusal) return refusal
    const found = await app.payments.list({
      limit: limit + 1,
      before,
      search,
      reference: filter.reference,
      status: filter.status,
      amount: filter.amount,
      createdFrom: filter.created_from,
      createdBefore: filter.created_before,
      inReview: filter.in_review,
    })
    return page(found, limit, (record) => expandedJson(app, record, expand))
  },
})

const getPayment = operation({
  method: 'GET',
  path: '/v1/payments/{id}',
  id: 'getPayment',
  summary: 'Get a payment',
  scope: 'payments:read',
  query: getPaymentFields,
  answers: { 200: { description: 'The payment.', schema: payment } },
  problems: NOT_FOUND,
  async handle({ app, actor, params, query: { 'expand[]': expand } }) {
    const refusal = expandRefusal(actor, expand)
    if (refusal) return refusal
    const record = await app.payments.find(params['id'] ?? '')
    return record ? ok(expandedJson(app, record, expand)) : paymentNotFound()
  },
})

const cancelPayment = operation({
  method: 'POST',
  path: '/v1/payments/{id}/cancel',
  id: 'cancelPayment',
  summary: 'Give a payment up',
  description: `Asks Alipay, and if the buyer has not paid, cancels. 202 means that the proof of the end is being fetched: the stock may be released when the event \`payment.canceled\` comes. If the buyer pays in that very instant the payment ends as paid and refunded, and says so.`,
  scope: 'payments:create',
  audit: 'payment.cancel',
  answers: {
    200: { description: 'It is over, and unpaid.', schema: payment },
    202: { description: 'The proof of its end is being fetched.', schema: payment },
  },
  problems: {
    ...NOT_FOUND,
    payment_already_succeeded: { status: 409, description: 'It is paid: refund it instead.' },
  },
  async handle({ app, params }) {
    const result = await app.payments.cancel(params['id'] ?? '')
    switch (result.status) {
      case 'canceled':
      case 'ended':
        return ok(json(app, result.record))
      case 'closing':
        return { status: 202, body: json(app, result.record) }
      case 'already_paid':
        return conflict(
          'payment_already_succeeded',
          'The buyer has paid. To give the money back, make a refund with POST /v1/refunds.',
          about(app, result.record),
        )
      case 'not_found':
        return paymentNotFound()
    }
  },
  late: asItIs,
})

const syncPayment = operation({
  method: 'POST',
  path: '/v1/payments/{id}/sync',
  id: 'syncPayment',
  summary: 'Ask Alipay now',
  scope: 'payments:sync',
  answers: {
    200: { description: 'The payment, as known after the answer.', schema: payment },
    202: {
      description: 'Alipay has not answered in time; this is what is known.',
      schema: payment,
    },
  },
  problems: NOT_FOUND,
  async handle({ app, params }) {
    return found(app, await app.payments.sync(params['id'] ?? ''))
  },
  late: asItIs,
})

const resolvePayment = operation({
  method: 'POST',
  path: '/v1/payments/{id}/resolve',
  id: 'resolvePayment',
  summary: 'Decide about a payment in review',
  description:
    'Money that came late, or twice for one reference, is kept (`accept`) or given back (`refund`).',
  scope: 'payments:write',
  audit: 'payment.resolve',
  body: resolveFields,
  answers: { 200: { description: 'Decided.', schema: payment } },
  problems: {
    ...NOT_FOUND,
    nothing_to_resolve: { status: 409, description: 'There is nothing to decide.' },
    nothing_to_refund: { status: 409, description: 'It holds no money that could go back.' },
    refund_refused: { status: 402, description: 'Alipay refused the refund: it stays in review.' },
    approval_required: {
      status: 409,
      description: 'For a person: so much goes back only with somebody else’s approval.',
    },
  },
  async handle({ app, actor, params, body }) {
    const id = params['id'] ?? ''
    const record = body.action === 'refund' ? await app.payments.find(id) : undefined
    const left = record && amountRefundable(record)
    if (record && left && (await needsApproval(app, actor, record, left))) {
      return conflict(
        'approval_required',
        'So much goes back only with somebody else’s approval. Ask for a refund of this payment; once it is approved, accept the review.',
        about(app, record, 'action'),
      )
    }
    const result = await app.payments.resolveReview(id, body.action)
    switch (result.status) {
      case 'resolved':
        return ok(json(app, result.record))
      case 'nothing_to_resolve':
        return conflict(
          'nothing_to_resolve',
          'There is nothing to decide about this payment.',
          about(app, result.record),
        )
      case 'nothing_to_refund':
        return conflict(
          'nothing_to_refund',
          'This payment holds no money that could go back. To end the review, accept it.',
          about(app, result.record, 'action'),
        )
      case 'refund_refused':
        return refundRefused(app, result.refund)
      case 'not_found':
        return paymentNotFound()
    }
  },
})

const getTimeline = operation({
  method: 'GET',
  path: '/v1/payments/{id}/timeline',
  id: 'getPaymentTimeline',
  summary: 'See what was learned about a payment, and from where',
  scope: 'payments:read',
  answers: { 200: { description: 'Oldest first.', schema: list(timelineEntry) } },
  problems: NOT_FOUND,
  async handle({ app, params }) {
    const id = params['id'] ?? ''
    if ((await app.payments.find(id)) === undefined) return paymentNotFound()
    const entries = await app.payments.timeline(id)
    const data = entries.map(({ at, ...entry }) => ({
      object: 'timeline_entry',
      at: formatRfc3339(at),
      ...entry,
    }))
    return ok({ object: 'list', data, has_more: false })
  },
})

/** The operations below `/v1/payments`. */
export const paymentOperations: readonly AnyOperation[] = [
  createPayment,
  listPayments,
  getPayment,
  cancelPayment,
  syncPayment,
  resolvePayment,
  getTimeline,
]

function json({ presentation, clock }: AppContext, record: PaymentRecord) {
  return paymentJson(record, presentation, clock.now())
}

function expandedJson(app: AppContext, record: PaymentRecord, expand: readonly Expandable[]) {
  const refunds = expand.includes('refunds')
    ? { refunds: record.refunds.map((one) => refundJson(one, app.presentation)) }
    : {}
  return { ...json(app, record), ...refunds }
}

function found(app: AppContext, record: PaymentRecord | undefined): Answer | Problem {
  return record ? ok(json(app, record)) : paymentNotFound()
}

/** What is known of a payment while Alipay is still being asked. */
async function asItIs({
  app,
  params,
}: {
  readonly app: AppContext
  readonly params: Readonly<Record<string, string>>
}): Promise<Answer | undefined> {
  const record = await app.payments.find(params['id'] ?? '')
  return record && { status: 202, body: json(app, record) }
}

function about(app: AppContext, record: PaymentRecord, param?: string) {
  return { ...(param && { param }), objects: { payment: json(app, record) } }
}

function refused(app: AppContext, record: PaymentRecord): Problem {
  const { failure, outcome } = record.payment
  return {
    status: 402,
    type: 'channel_error',
    code: 'payment_refused',
    message: failure?.message ?? 'Alipay refused this payment.',
    outcome,
    ...(failure && { alipay: refusalJson(failure) }),
    objects: { payment: json(app, record) },
  }
}

function otherContent(
  app: AppContext,
  record: PaymentRecord,
  asked: { readonly out_trade_no?: string | undefined; readonly reference?: string | undefined },
): Problem {
  if (record.payment.outTradeNo === asked.out_trade_no) {
    return conflict(
      'out_trade_no_exists_with_different_content',
      'There is a payment with this out_trade_no whose amount or other content differs. A number is one payment for ever: use another.',
      about(app, record, 'out_trade_no'),
    )
  }
  if (asked.reference === undefined) {
    return conflict(
      'idempotency_key_exists_with_different_content',
      'A request with this Idempotency-Key made a payment whose amount or other content differs. A key names one request: use a new one.',
      about(app, record, 'Idempotency-Key'),
    )
  }
  return conflict(
    'reference_exists_with_different_content',
    'There is an open payment with this reference whose amount or other content differs. Cancel it, or use another reference.',
    about(app, record, 'reference'),
  )
}

function paymentNotFound(): Problem {
  return notFound('payment_not_found', 'There is no payment with this id.', 'id')
}
