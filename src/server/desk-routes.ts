/**
 * `/v1/settings`, `/v1/refund_requests` and `/v1/saved_filters`: what the back office keeps beside
 * its users.
 *
 * @module
 */
import { z } from 'zod'
import type { Decision, Desk, RefundRequest, SavedFilter, Settings } from '../access/index.ts'
import { formatRfc3339, toFen } from '../alipay/index.ts'
import { AMOUNT_MAX } from '../payments/index.ts'
import { pageFields, text } from './fields.ts'
import { ok, operation, page, type Answer, type AnyOperation, type Call } from './operation.ts'
import { conflict, notFound, type Problem } from './problem.ts'
import { requestJson } from './refund-request-json.ts'
import { makeRefund } from './refunds-routes.ts'
import {
  deleted,
  list,
  refund,
  refundRequest,
  savedFilter,
  settings as settingsSchema,
} from './schemas.ts'

const ABOVE = `refund_approval_above is whole fen, from 0 to ${AMOUNT_MAX}, or null`

const CLOSED = {
  console_closed: { status: 409, description: 'This server has no back office.' },
} as const

const getSettings = operation({
  method: 'GET',
  path: '/v1/settings',
  id: 'getSettings',
  summary: 'Get the settings',
  scope: 'settings:read',
  answers: { 200: { description: 'The settings.', schema: settingsSchema } },
  problems: CLOSED,
  handle: ({ app }) => atDesk(app, async (desk) => ok(settingsJson(await desk.settings(app.id)))),
})

const updateSettings = operation({
  method: 'PATCH',
  path: '/v1/settings',
  id: 'updateSettings',
  summary: 'Change the settings',
  scope: 'settings:write',
  audit: 'settings.update',
  body: z.strictObject({
    refund_approval_above: z
      .number(ABOVE)
      .int(ABOVE)
      .min(0, ABOVE)
      .max(AMOUNT_MAX, ABOVE)
      .transform((fen) => toFen(fen))
      .nullable()
      .optional()
      .describe(
        'A refund that somebody asks for in the back office, by which more than this of a payment goes back, waits for somebody else’s approval; `null`: none does',
      ),
  }),
  answers: { 200: { description: 'As they are now.', schema: settingsSchema } },
  problems: CLOSED,
  handle: ({ app, body }) =>
    atDesk(app, async (desk) => {
      const { refund_approval_above: refundApprovalAbove } = body
      const change = { ...(refundApprovalAbove !== undefined && { refundApprovalAbove }) }
      return ok(settingsJson(await desk.changeSettings(app.id, change)))
    }),
})

const DECISION_PROBLEMS = {
  ...CLOSED,
  refund_request_not_found: { status: 404, description: 'No such request.' },
  refund_request_decided: { status: 409, description: 'It was decided about before.' },
  user_required: { status: 403, description: 'A person decides, not a program.' },
} as const

const listRequests = operation({
  method: 'GET',
  path: '/v1/refund_requests',
  id: 'listRefundRequests',
  summary: 'List refunds that wait for approval, or did, newest first',
  scope: 'refunds:read',
  query: pageFields.extend({
    status: z
      .enum(['pending', 'approved', 'declined', 'failed'], 'status is one of a request’s')
      .optional(),
  }),
  answers: { 200: { description: 'A page.', schema: list(refundRequest) } },
  problems: CLOSED,
  handle: ({ app, query }) =>
    atDesk(app, async (desk) => {
      const { limit, starting_after: before, status } = query
      const range = { limit: limit + 1, before, status }
      return page(await desk.listRefundRequests(app.id, range), limit, requestJson)
    }),
})

const getRequest = operation({
  method: 'GET',
  path: '/v1/refund_requests/{id}',
  id: 'getRefundRequest',
  summary: 'Get a refund that waits for approval, or did',
  scope: 'refunds:read',
  answers: { 200: { description: 'The request.', schema: refundRequest } },
  problems: { ...CLOSED, refund_request_not_found: DECISION_PROBLEMS.refund_request_not_found },
  handle: ({ app, params }) =>
    atDesk(app, async (desk) => {
      const found = await desk.findRefundRequest(app.id, params['id'] ?? '')
      return found ? ok(requestJson(found)) : REQUEST_NOT_FOUND
    }),
})

const approveRequest = operation({
  method: 'POST',
  path: '/v1/refund_requests/{id}/approve',
  id: 'approveRefundRequest',
  summary: 'Approve a refund that somebody else asked for',
  description: 'It is made at once. A repeat goes on with one that was approved and not made yet.',
  scope: 'refunds:approve',
  audit: 'refund_request.approve',
  answers: {
    200: { description: 'The money went back.', schema: refund },
    202: { description: 'Under way.', schema: refund },
  },
  problems: {
    ...DECISION_PROBLEMS,
    own_request: { status: 403, description: 'Who asked for a refund does not approve it.' },
    refund_refused: { status: 402, description: 'Alipay refused.' },
    payment_not_found: { status: 404, description: 'No such payment.' },
    payment_not_paid: { status: 409, description: 'Nothing was paid: cancel it instead.' },
    refund_exists_with_different_amount: {
      status: 409,
      description: 'There is a refund of another amount with this name.',
    },
    amount_too_large: { status: 409, description: 'More than can still be refunded.' },
    too_many_refunds: { status: 409, description: 'The payment has too many refunds.' },
  },
  handle: (call) =>
    decide(call, 'approve', async (desk, request) => {
      const { paymentId, amount, reference, reason, metadata, id } = request
      const made = await makeRefund(call.app, {
        paymentId,
        amount,
        metadata,
        ...(reference !== null && { reference }),
        ...(reason !== null && { reason }),
        idempotencyKey: id,
      })
      await desk.settle(request, made.refundId ? { refundId: made.refundId } : failureOf(made))
      return made.answer
    }),
})

const declineRequest = operation({
  method: 'POST',
  path: '/v1/refund_requests/{id}/decline',
  id: 'declineRefundRequest',
  summary: 'Decline a refund that somebody asked for',
  scope: 'refunds:approve',
  audit: 'refund_request.decline',
  answers: { 200: { description: 'Declined.', schema: refundRequest } },
  problems: DECISION_PROBLEMS,
  handle: (call) => decide(call, 'decline', async (_, request) => ok(requestJson(request))),
})

const createFilter = operation({
  method: 'POST',
  path: '/v1/saved_filters',
  id: 'createSavedFilter',
  summary: 'Save a filter of a list under a name',
  description: 'It is seen by who saved it alone.',
  scope: 'payments:read',
  body: z.strictObject({
    name: text('name', 100),
    list: z.enum(['payments', 'refunds'], 'list is payments or refunds').default('payments'),
    filters: z
      .record(
        z.string().min(1).max(40),
        z.string('filters holds texts').max(200, 'a value of filters has at most 200 characters'),
        'filters holds parameters of the list',
      )
      .refine((filters) => Object.keys(filters).length <= 20, 'filters holds at most 20 parameters')
      .describe('The parameters of the list'),
  }),
  answers: { 201: { description: 'Saved.', schema: savedFilter } },
  problems: { ...CLOSED, too_many_filters: { status: 409, description: 'Delete one first.' } },
  handle: ({ app, actor, body }) =>
    atDesk(app, async (desk) => {
      const { filters: query, ...named } = body
      const owned = { ...named, query, appId: app.id, userId: actor.id }
      const saved = await desk.saveFilter(owned)
      return saved
        ? { status: 201, body: filterJson(saved) }
        : conflict(
            'too_many_filters',
            'You have saved as many filters as there may be. Delete one.',
          )
    }),
})

const listFilters = operation({
  method: 'GET',
  path: '/v1/saved_filters',
  id: 'listSavedFilters',
  summary: 'List your saved filters',
  scope: 'payments:read',
  answers: { 200: { description: 'All of them, oldest first.', schema: list(savedFilter) } },
  problems: CLOSED,
  handle: ({ app, actor }) =>
    atDesk(app, async (desk) => {
      const data = (await desk.listSavedFilters(app.id, actor.id)).map(filterJson)
      return ok({ object: 'list', data, has_more: false })
    }),
})

const deleteFilter = operation({
  method: 'DELETE',
  path: '/v1/saved_filters/{id}',
  id: 'deleteSavedFilter',
  summary: 'Delete one of your saved filters',
  scope: 'payments:read',
  answers: { 200: { description: 'Deleted.', schema: deleted } },
  problems: {
    ...CLOSED,
    saved_filter_not_found: { status: 404, description: 'You have no such filter.' },
  },
  handle: ({ app, actor, params }) =>
    atDesk(app, async (desk) => {
      const id = params['id'] ?? ''
      if (await desk.deleteSavedFilter(app.id, actor.id, id)) {
        return ok({ id, object: 'saved_filter', deleted: true })
      }
      return notFound('saved_filter_not_found', 'You have no filter with this id.', 'id')
    }),
})

/** The operations of the desk. */
export const deskOperations: readonly AnyOperation[] = [
  getSettings,
  updateSettings,
  listRequests,
  getRequest,
  approveRequest,
  declineRequest,
  createFilter,
  listFilters,
  deleteFilter,
]

async function atDesk(
  { desk }: Call['app'],
  use: (desk: Desk) => Promise<Answer | Problem>,
): Promise<Answer | Problem> {
  if (desk !== undefined) return use(desk)
  return conflict('console_closed', 'This server has no back office: it was made without a desk.')
}

async function decide(
  { app, actor, params }: Pick<Call, 'app' | 'actor' | 'params'>,
  decision: 'approve' | 'decline',
  then: (desk: Desk, request: RefundRequest) => Promise<Answer | Problem>,
): Promise<Answer | Problem> {
  return atDesk(app, async (desk) => {
    const id = params['id'] ?? ''
    const request = await desk.findRefundRequest(app.id, id)
    if (request !== undefined && actor.session === null) return USER_REQUIRED
    const by = { id: actor.id, name: actor.name }
    const result: Decision = await desk[decision](app.id, id, by)
    switch (result.status) {
      case 'done':
        return then(desk, result.request)
      case 'own':
        return OWN_REQUEST
      case 'decided':
        return conflict('refund_request_decided', `It is ${result.request.status} already.`, {
          objects: { refund_request: requestJson(result.request) },
        })
      case 'not_found':
        return REQUEST_NOT_FOUND
    }
  })
}

function failureOf({ answer }: { readonly answer: Answer | Problem }) {
  return { failure: 'code' in answer ? answer.code : 'unknown' }
}

function settingsJson({ refundApprovalAbove }: Settings) {
  return { object: 'settings', refund_approval_above: refundApprovalAbove }
}

function filterJson({ id, name, list: its, query, createdAt }: SavedFilter) {
  const created_at = formatRfc3339(createdAt)
  return { id, object: 'saved_filter', name, list: its, filters: query, created_at }
}

const REQUEST_NOT_FOUND = notFound(
  'refund_request_not_found',
  'There is no request with this id.',
  'id',
)
const OWN_REQUEST: Problem = {
  status: 403,
  type: 'permission_error',
  code: 'own_request',
  message: 'You asked for this refund yourself. Somebody else has to approve it.',
}
const USER_REQUIRED: Problem = {
  status: 403,
  type: 'permission_error',
  code: 'user_required',
  message: 'A person decides about this, signed in to the back office.',
}
