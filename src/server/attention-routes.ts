/**
 * `/v1/attention`: what a person has to look at, all in one list.
 *
 * @module
 */
import type { Difference } from '../books/index.ts'
import { paymentJson, refundJson, type PaymentRecord, type Refund } from '../payments/index.ts'
import { ok, operation, type AnyOperation } from './operation.ts'
import type { AppContext } from './options.ts'
import { attention, list } from './schemas.ts'

/** Payments, and refunds, that are listed at the most; the rest shows when these are settled. */
const ATTENTION_MAX = 100

const listAttention = operation({
  method: 'GET',
  path: '/v1/attention',
  id: 'listAttention',
  summary: 'List what a person has to look at',
  description:
    'Payments in review, refunds that wait for you, such as for a balance to be topped up, and open differences between Alipay’s bills and your books.',
  scope: 'payments:read',
  answers: {
    200: { description: 'Newest first, payments before refunds.', schema: list(attention) },
  },
  async handle({ app }) {
    const limit = ATTENTION_MAX + 1
    const payments = await app.payments.list({ limit, inReview: true })
    const refunds = await app.payments.listRefunds({ limit, status: 'requires_action' })
    const data: object[] = [
      ...payments.slice(0, ATTENTION_MAX).map((record) => reviewJson(app, record)),
      ...refunds.slice(0, ATTENTION_MAX).map((refund) => waitingJson(app, refund)),
    ]
    const differences = (await app.books?.differences({ limit, statuses: ['open'] })) ?? []
    data.push(...differences.slice(0, ATTENTION_MAX).map(differenceAttention))
    const has_more = [payments, refunds, differences].some((all) => all.length > ATTENTION_MAX)
    return ok({ object: 'list', data, has_more })
  },
})

/** The operations of the attention list. */
export const attentionOperations: readonly AnyOperation[] = [listAttention]

function reviewJson({ presentation, clock }: AppContext, record: PaymentRecord) {
  const { id, review } = record.payment
  return {
    object: 'attention',
    kind: review,
    payment: paymentJson(record, presentation, clock.now()),
    refund: null,
    options: [`POST /v1/payments/${id}/resolve`, `GET /v1/payments/${id}/timeline`],
  }
}

function waitingJson({ presentation }: AppContext, refund: Refund) {
  const { id, paymentId } = refund
  return {
    object: 'attention',
    kind: 'refund_requires_action',
    payment: paymentId,
    refund: refundJson(refund, presentation),
    options: [`POST /v1/refunds/${id}/retry`, `POST /v1/refunds/${id}/cancel`],
  }
}

function differenceAttention({ id, code, paymentId }: Difference) {
  return {
    object: 'attention',
    kind: code,
    payment: paymentId,
    refund: null,
    options: [`POST /v1/differences/${id}/resolve`],
  }
}
