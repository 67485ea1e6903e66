/**
 * `/v1/attention`: what a person has to look at, all in one list.
 *
 * @module
 */
import type { RefundRequest } from '../access/index.ts'
import type { Difference } from '../books/index.ts'
import {
  HELD_FAILURES,
  paymentJson,
  refundJson,
  type PaymentRecord,
  type Refund,
} from '../payments/index.ts'
import { differenceJson } from './books-routes.ts'
import { ok, operation, type AnyOperation } from './operation.ts'
import type { AppContext } from './options.ts'
import { requestJson } from './refund-request-json.ts'
import { attention, list } from './schemas.ts'

/**
 * Payments, and refunds, and so on, that are listed at the most; the rest shows when these are
 * settled.
 */
const ATTENTION_MAX = 100

const listAttention = operation({
  method: 'GET',
  path: '/v1/attention',
  id: 'listAttention',
  summary: 'List what a person has to look at',
  description:
    'Whether refunds are held after a restored backup, payments in review, refunds that wait for you, such as for a balance to be topped up, refunds that somebody asked for and that wait for approval, and open differences between Alipay’s bills and your books.',
  scope: 'payments:read',
  answers: {
    200: {
      description: 'Newest first: the hold, payments, refunds, requests, differences.',
      schema: list(attention),
    },
  },
  async handle({ app }) {
    const limit = ATTENTION_MAX + 1
    const payments = await app.payments.list({ limit, inReview: true })
    const refunds = await app.payments.listRefunds({ limit, status: 'requires_action' })
    const requests =
      (await app.desk?.listRefundRequests(app.id, { limit, status: 'pending' })) ?? []
    const differences = (await app.books?.differences({ limit, statuses: ['open'] })) ?? []
    const hold = await app.payments.refundHold()
    const data = [
      ...(hold?.liftedAt === null ? [HOLD] : []),
      ...payments.slice(0, ATTENTION_MAX).map((record) => reviewJson(app, record)),
      ...refunds.slice(0, ATTENTION_MAX).map((refund) => waitingJson(app, refund)),
      ...requests.slice(0, ATTENTION_MAX).map(askedForJson),
      ...differences.slice(0, ATTENTION_MAX).map(differenceAttention),
    ]
    const all = [payments, refunds, requests, differences]
    const has_more = all.some(({ length }) => length > ATTENTION_MAX)
    return ok({ object: 'list', data, has_more })
  },
})

/** The operations of the attention list. */
export const attentionOperations: readonly AnyOperation[] = [listAttention]

const NOTHING = {
  object: 'attention',
  payment: null,
  refund: null,
  refund_request: null,
  difference: null,
} as const

function reviewJson({ presentation, clock }: AppContext, record: PaymentRecord) {
  const { id, review } = record.payment
  return {
    ...NOTHING,
    kind: review,
    payment: paymentJson(record, presentation, clock.now()),
    options: [`POST /v1/payments/${id}/resolve`, `GET /v1/payments/${id}/timeline`],
  }
}

/** Why a refund waits, beyond what Alipay says. */
const KINDS: ReadonlyMap<string, string> = new Map([
  [HELD_FAILURES.restored.code, 'refund_held'],
  [HELD_FAILURES.refunded_meanwhile.code, 'refund_made_meanwhile'],
])

/** A backup was restored. */
const HOLD = {
  ...NOTHING,
  kind: 'refund_hold',
  options: ['GET /v1/refund_hold', 'POST /v1/refund_hold/lift'],
}

function waitingJson({ presentation }: AppContext, refund: Refund) {
  const { id, paymentId } = refund
  return {
    ...NOTHING,
    kind: KINDS.get(refund.failure?.code ?? '') ?? 'refund_requires_action',
    payment: paymentId,
    refund: refundJson(refund, presentation),
    options: [`POST /v1/refunds/${id}/retry`, `POST /v1/refunds/${id}/cancel`],
  }
}

function askedForJson(request: RefundRequest) {
  const path = `/v1/refund_requests/${request.id}`
  return {
    ...NOTHING,
    kind: 'refund_request',
    payment: request.paymentId,
    refund_request: requestJson(request),
    options: [`POST ${path}/approve`, `POST ${path}/decline`],
  }
}

function differenceAttention(one: Difference) {
  const { id, code, paymentId } = one
  return {
    ...NOTHING,
    kind: code,
    payment: paymentId,
    difference: differenceJson(one),
    options: [`POST /v1/differences/${id}/resolve`],
  }
}
