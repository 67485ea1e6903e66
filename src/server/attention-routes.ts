/**
 * `/v1/attention`: what a person has to look at, all in one list.
 *
 * @module
 */
import { ALARM_KINDS } from '../alarms/index.ts'
import {
  HELD_FAILURES,
  paymentJson,
  refundJson,
  type PaymentRecord,
  type Refund,
} from '../payments/index.ts'
import { needingAttention } from './attention.ts'
import { differenceJson } from './books-routes.ts'
import { ok, operation, type AnyOperation } from './operation.ts'
import type { AppContext } from './options.ts'
import { requestJson } from './refund-request-json.ts'
import { attention, list } from './schemas.ts'

/** Of each kind, this many are listed; the rest shows when these are settled. */
const ATTENTION_MAX = 100

const listAttention = operation({
  method: 'GET',
  path: '/v1/attention',
  id: 'listAttention',
  summary: 'List what a person has to look at',
  description:
    'Whether refunds are held after a restored backup; what stands wrong with keys, clock, account, gateway or notifications; payments in review, and payments and refunds without a result; refunds that wait for you, such as for a balance to be topped up, or for somebody’s approval; open differences between Alipay’s bills and your books, and bills that are late; webhook endpoints that were disabled.',
  scope: 'payments:read',
  answers: {
    200: {
      description: 'The hold, what stands wrong, then payments, then refunds, each newest first.',
      schema: list(attention),
    },
  },
  async handle({ app }) {
    const [found, hold] = await Promise.all([
      needingAttention(app, app, ATTENTION_MAX + 1),
      app.payments.refundHold(),
    ])
    const has_more = Object.values(found).some((all) => all.length > ATTENTION_MAX)
    const upTo = <One>(all: readonly One[]): readonly One[] => all.slice(0, ATTENTION_MAX)
    const data = [
      ...(hold?.liftedAt === null ? [matter('refund_hold', HOLD, {})] : []),
      ...upTo(found.standing).map(({ kind, text }) => matter(kind, ['saoma doctor'], { text })),
      ...upTo(found.reviews).map((record) => ofReview(app, record)),
      ...upTo(found.stuck).map((record) => ofStuck(app, record)),
      ...upTo(found.waiting).map((refund) => {
        const kind = WAITING.get(refund.failure?.code ?? '') ?? 'refund_requires_action'
        return ofRefund(app, kind, refund, ['retry', 'cancel'])
      }),
      ...upTo(found.stuckRefunds).map((refund) => ofRefund(app, 'refund_stuck', refund, [])),
      ...upTo(found.requests).map((request) => {
        const path = `/v1/refund_requests/${request.id}`
        return matter('refund_request', [`POST ${path}/approve`, `POST ${path}/decline`], {
          payment: request.paymentId,
          refund_request: requestJson(request),
        })
      }),
      ...upTo(found.differences).map((one) =>
        matter(one.code, [`POST /v1/differences/${one.id}/resolve`], {
          payment: one.paymentId,
          difference: differenceJson(one),
        }),
      ),
      ...upTo(found.lateBills).map(({ date, failure }) =>
        matter('bill_late', ['POST /v1/reconciliations', 'POST /v1/bills'], {
          text: `${date}: ${failure?.message ?? ''}`,
        }),
      ),
      ...upTo(found.disabledEndpoints).map(({ id, disabledReason }) =>
        matter(
          'webhook_disabled',
          [`PATCH /v1/webhook_endpoints/${id}`, `POST /v1/webhook_endpoints/${id}/recover`],
          { text: `${id}: ${disabledReason ?? ''}` },
        ),
      ),
    ]
    return ok({ object: 'list', data, has_more })
  },
})

/** The operations of the attention list. */
export const attentionOperations: readonly AnyOperation[] = [listAttention]

/** A backup was restored. */
const HOLD = ['GET /v1/refund_hold', 'POST /v1/refund_hold/lift']

/** Why a refund waits, beyond what Alipay says. */
const WAITING: ReadonlyMap<string, string> = new Map([
  [HELD_FAILURES.restored.code, 'refund_held'],
  [HELD_FAILURES.refunded_meanwhile.code, 'refund_made_meanwhile'],
])

function matter(
  kind: string,
  options: readonly string[],
  about: {
    readonly payment?: object | string | null
    readonly refund?: object
    readonly refund_request?: object
    readonly difference?: object
    readonly text?: string
  },
) {
  const title = Object.hasOwn(ALARM_KINDS, kind) ? ALARM_KINDS[kind as never] : null
  return {
    object: 'attention',
    kind,
    title,
    text: null,
    payment: null,
    refund: null,
    refund_request: null,
    difference: null,
    ...about,
    options,
  }
}

function ofReview({ presentation, clock }: AppContext, record: PaymentRecord) {
  const { id, review } = record.payment
  return matter(
    review ?? '',
    [`POST /v1/payments/${id}/resolve`, `GET /v1/payments/${id}/timeline`],
    { payment: paymentJson(record, presentation, clock.now()) },
  )
}

function ofStuck({ presentation, clock }: AppContext, record: PaymentRecord) {
  const { id } = record.payment
  return matter(
    'payment_stuck',
    [`POST /v1/payments/${id}/sync`, `GET /v1/payments/${id}/timeline`],
    { payment: paymentJson(record, presentation, clock.now()) },
  )
}

function ofRefund(
  { presentation }: AppContext,
  kind: string,
  refund: Refund,
  decisions: readonly string[],
) {
  const { id, paymentId } = refund
  const options = [
    ...decisions.map((decision) => `POST /v1/refunds/${id}/${decision}`),
    ...(decisions.length === 0 ? [`POST /v1/payments/${paymentId}/sync`] : []),
  ]
  return matter(kind, options, { payment: paymentId, refund: refundJson(refund, presentation) })
}
