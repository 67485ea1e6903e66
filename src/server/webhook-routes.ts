/**
 * `/v1/webhook_endpoints`: where events are sent, and what became of them.
 *
 * @module
 */
import { formatRfc3339, type Instant } from '../alipay/index.ts'
import {
  EndpointInvalid,
  SecretInvalid,
  type AttemptResult,
  type DeliveryAttempt,
  type EndpointWithSecret,
  type WebhookDelivery,
  type WebhookEndpoint,
  type Webhooks,
} from '../webhooks/index.ts'
import {
  createEndpointFields,
  listDeliveriesFields,
  recoverFields,
  rotateSecretFields,
  updateEndpointFields,
} from './fields.ts'
import { ok, operation, page, type Answer, type AnyOperation } from './operation.ts'
import type { AppContext } from './options.ts'
import { conflict, notFound, type Problem } from './problem.ts'
import {
  deleted,
  delivery,
  due,
  list,
  testDelivery,
  webhookEndpoint,
  webhookEndpointWithSecret,
} from './schemas.ts'

const NOT_FOUND = {
  endpoint_not_found: { status: 404, description: 'No such endpoint.' },
} as const

const INVALID = {
  endpoint_invalid: {
    status: 400,
    description: 'It cannot be so: `param` names the field, `message` says why.',
  },
} as const

const createEndpoint = operation({
  method: 'POST',
  path: '/v1/webhook_endpoints',
  id: 'createWebhookEndpoint',
  summary: 'Have events sent somewhere',
  description:
    'Signed by Standard Webhooks. The secret is told this once. Private addresses are refused unless the operator has allowed them.',
  scope: 'webhooks:write',
  audit: 'webhook_endpoint.create',
  tellsSecret: true,
  body: createEndpointFields,
  answers: { 201: { description: 'Made.', schema: webhookEndpointWithSecret } },
  problems: {
    ...INVALID,
    too_many_endpoints: { status: 409, description: 'Delete one that is not used any more.' },
    webhooks_unavailable: { status: 409, description: 'This server sends no webhooks.' },
  },
  handle: ({ app, body }) =>
    withWebhooks(
      app,
      async ({ endpoints }) => {
        const made = await endpoints.create({ ...toOptions(body), url: body.url })
        return { status: 201, body: withSecret(app, made) }
      },
      conflict('webhooks_unavailable', 'This server sends no webhooks.'),
    ),
})

const listEndpoints = operation({
  method: 'GET',
  path: '/v1/webhook_endpoints',
  id: 'listWebhookEndpoints',
  summary: 'List endpoints, oldest first',
  scope: 'webhooks:read',
  answers: { 200: { description: 'All of them.', schema: list(webhookEndpoint) } },
  async handle({ app }) {
    const endpoints = (await app.webhooks?.endpoints.list()) ?? []
    const data = endpoints.map((endpoint) => endpointJson(app, endpoint))
    return ok({ object: 'list', data, has_more: false })
  },
})

const getEndpoint = operation({
  method: 'GET',
  path: '/v1/webhook_endpoints/{id}',
  id: 'getWebhookEndpoint',
  summary: 'Get an endpoint',
  scope: 'webhooks:read',
  answers: { 200: { description: 'The endpoint.', schema: webhookEndpoint } },
  problems: NOT_FOUND,
  async handle({ app, params }) {
    return found(app, await app.webhooks?.endpoints.find(params['id'] ?? ''))
  },
})

const updateEndpoint = operation({
  method: 'PATCH',
  path: '/v1/webhook_endpoints/{id}',
  id: 'updateWebhookEndpoint',
  summary: 'Change an endpoint',
  description:
    'Enabling one sends what still waits; what it missed while it was disabled comes with `recover`.',
  scope: 'webhooks:write',
  audit: 'webhook_endpoint.update',
  body: updateEndpointFields,
  answers: { 200: { description: 'As it is now.', schema: webhookEndpoint } },
  problems: { ...NOT_FOUND, ...INVALID },
  handle: ({ app, params, body }) =>
    withWebhooks(app, async ({ endpoints }) => {
      const id = params['id'] ?? ''
      const { status, ...change } = body
      const updated = await endpoints.update(id, toOptions(change))
      if (status === undefined || updated === undefined) return found(app, updated)
      return found(app, await (status === 'enabled' ? endpoints.enable(id) : endpoints.disable(id)))
    }),
})

const deleteEndpoint = operation({
  method: 'DELETE',
  path: '/v1/webhook_endpoints/{id}',
  id: 'deleteWebhookEndpoint',
  summary: 'Delete an endpoint and its deliveries',
  scope: 'webhooks:write',
  audit: 'webhook_endpoint.delete',
  answers: { 200: { description: 'Gone.', schema: deleted } },
  problems: NOT_FOUND,
  async handle({ app, params }) {
    const id = params['id'] ?? ''
    const isDeleted = (await app.webhooks?.endpoints.delete(id)) ?? false
    return isDeleted ? ok({ id, object: 'webhook_endpoint', deleted: true }) : endpointNotFound()
  },
})

const rotateSecret = operation({
  method: 'POST',
  path: '/v1/webhook_endpoints/{id}/rotate_secret',
  id: 'rotateWebhookSecret',
  summary: 'Give an endpoint a new secret',
  description:
    'The former one holds on for `overlap` seconds, in which every message has both signatures.',
  scope: 'webhooks:write',
  audit: 'webhook_endpoint.rotate_secret',
  tellsSecret: true,
  body: rotateSecretFields,
  answers: { 200: { description: 'The new secret.', schema: webhookEndpointWithSecret } },
  problems: {
    ...NOT_FOUND,
    too_many_secrets: { status: 409, description: 'Too many hold already: use `overlap` 0.' },
    secrets_unreadable: {
      status: 409,
      description: 'The stored secrets cannot be opened with this server’s master key.',
    },
  },
  handle: ({ app, params, body }) =>
    withWebhooks(app, async (webhooks) => {
      const { overlap } = body
      const options = overlap === undefined ? {} : { overlapMs: overlap * 1000 }
      const rotated = await webhooks.rotateSecret(params['id'] ?? '', options)
      return rotated ? ok(withSecret(app, rotated)) : endpointNotFound()
    }),
})

const testEndpoint = operation({
  method: 'POST',
  path: '/v1/webhook_endpoints/{id}/test',
  id: 'testWebhookEndpoint',
  summary: 'Send `webhook.test` to an endpoint now',
  description: 'Also to a disabled one. Nothing is stored, and nothing follows from it.',
  scope: 'webhooks:write',
  answers: { 200: { description: 'What became of it.', schema: testDelivery } },
  problems: {
    ...NOT_FOUND,
    secrets_unreadable: {
      status: 409,
      description: 'The stored secrets cannot be opened with this server’s master key.',
    },
  },
  handle: ({ app, params }) =>
    withWebhooks(app, async (webhooks) => {
      const result = await webhooks.test(params['id'] ?? '')
      return result ? ok(testJson(result)) : endpointNotFound()
    }),
})

const listDeliveries = operation({
  method: 'GET',
  path: '/v1/webhook_endpoints/{id}/deliveries',
  id: 'listWebhookDeliveries',
  summary: 'List what was sent to an endpoint and what is to be, newest first',
  scope: 'webhooks:read',
  query: listDeliveriesFields,
  answers: { 200: { description: 'A page, with every attempt.', schema: list(delivery) } },
  problems: NOT_FOUND,
  async handle({ app, params, query }) {
    const id = params['id'] ?? ''
    const { webhooks } = app
    if (webhooks === null || !(await webhooks.endpoints.find(id))) return endpointNotFound()
    const { limit, starting_after: before, status } = query
    const range = { limit: limit + 1, before, status }
    return page(await webhooks.deliveries(id, range), limit, deliveryJson)
  },
})

const redeliver = operation({
  method: 'POST',
  path: '/v1/webhook_deliveries/{id}/redeliver',
  id: 'redeliverWebhook',
  summary: 'Send a delivery again, whatever became of it',
  scope: 'webhooks:write',
  audit: 'webhook_delivery.redeliver',
  answers: { 200: { description: 'It is due.', schema: due } },
  problems: {
    delivery_not_found: { status: 404, description: 'No such delivery.' },
    delivery_in_flight: { status: 409, description: 'It is being sent in this moment.' },
    endpoint_disabled: { status: 409, description: 'Enable its endpoint first.' },
  },
  handle: ({ app, params }) =>
    withWebhooks(app, async (webhooks) => {
      const { status } = await webhooks.redeliver(params['id'] ?? '')
      switch (status) {
        case 'due':
          return ok({ object: 'due_deliveries', count: 1 })
        case 'in_flight':
          return conflict('delivery_in_flight', 'It is being sent in this moment.')
        case 'endpoint_disabled':
          return endpointDisabled()
        case 'not_found':
          return notFound('delivery_not_found', 'There is no delivery with this id.', 'id')
      }
    }),
})

const recover = operation({
  method: 'POST',
  path: '/v1/webhook_endpoints/{id}/recover',
  id: 'recoverWebhooks',
  summary: 'Send an endpoint what it missed',
  description:
    'All events since an instant that it has not taken: those that wait, those that were given up, and those that happened while it was disabled.',
  scope: 'webhooks:write',
  audit: 'webhook_endpoint.recover',
  body: recoverFields,
  answers: { 200: { description: 'So many deliveries are due.', schema: due } },
  problems: {
    ...NOT_FOUND,
    endpoint_disabled: { status: 409, description: 'Enable it first.' },
  },
  handle: ({ app, params, body }) =>
    withWebhooks(app, async (webhooks) => {
      const result = await webhooks.recover(params['id'] ?? '', body.since)
      switch (result.status) {
        case 'due':
          return ok({ object: 'due_deliveries', count: result.count })
        case 'endpoint_disabled':
          return endpointDisabled()
        case 'not_found':
          return endpointNotFound()
      }
    }),
})

/** The operations of webhooks. */
export const webhookOperations: readonly AnyOperation[] = [
  createEndpoint,
  listEndpoints,
  getEndpoint,
  updateEndpoint,
  deleteEndpoint,
  rotateSecret,
  testEndpoint,
  listDeliveries,
  recover,
  redeliver,
]

/** What the webhooks refuse becomes a problem. */
async function withWebhooks(
  { webhooks }: AppContext,
  use: (webhooks: Webhooks) => Promise<Answer | Problem>,
  without: Problem = endpointNotFound(),
): Promise<Answer | Problem> {
  if (webhooks === null) return without
  try {
    return await use(webhooks)
  } catch (error) {
    if (error instanceof SecretInvalid) return conflict('secrets_unreadable', error.message)
    if (!(error instanceof EndpointInvalid)) throw error
    const { problem, param, message } = error
    if (param === null) return conflict(problem, message)
    const code = 'endpoint_invalid'
    return { status: 400, type: 'invalid_request_error', code, message, param }
  }
}

/** What was given of an endpoint, and nothing else. */
function toOptions(body: {
  readonly url?: string | undefined
  readonly types?: '*' | readonly string[] | undefined
  readonly description?: string | undefined
}) {
  const { url, types, description } = body
  return {
    ...(url !== undefined && { url }),
    ...(types !== undefined && { types }),
    ...(description !== undefined && { description }),
  }
}

function found(app: AppContext, endpoint: WebhookEndpoint | undefined): Answer | Problem {
  return endpoint ? ok(endpointJson(app, endpoint)) : endpointNotFound()
}

function withSecret(app: AppContext, { endpoint, secret }: EndpointWithSecret) {
  return { ...endpointJson(app, endpoint), secret: secret.reveal() }
}

function endpointJson({ mode }: AppContext, endpoint: WebhookEndpoint) {
  return {
    id: endpoint.id,
    object: 'webhook_endpoint',
    livemode: mode === 'live',
    url: endpoint.url,
    description: endpoint.description,
    types: endpoint.types,
    status: endpoint.status,
    disabled_reason: endpoint.disabledReason,
    failures: endpoint.failures,
    failing_since: time(endpoint.failingSince),
    secrets: endpoint.secrets.terms().map(({ createdAt, holdsUntil }) => ({
      created_at: formatRfc3339(createdAt),
      holds_until: time(holdsUntil),
    })),
    created_at: formatRfc3339(endpoint.createdAt),
    updated_at: formatRfc3339(endpoint.updatedAt),
  }
}

function deliveryJson(one: WebhookDelivery) {
  return {
    id: one.id,
    object: 'webhook_delivery',
    endpoint: one.endpointId,
    event: one.eventId,
    type: one.type,
    status: one.status,
    attempts: one.attempts,
    due_in_ms: one.dueInMs,
    log: one.log.map(attemptJson),
    created_at: formatRfc3339(one.createdAt),
    finished_at: time(one.finishedAt),
  }
}

function testJson(result: AttemptResult) {
  return {
    object: 'webhook_test',
    delivered: result.verdict === 'delivered',
    ...attemptJson(result),
  }
}

function attemptJson({ at, durationMs, status, error, answer }: DeliveryAttempt) {
  return { at: formatRfc3339(at), duration_ms: durationMs, status, error, answer }
}

function time(instant: Instant | null): string | null {
  return instant === null ? null : formatRfc3339(instant)
}

function endpointNotFound(): Problem {
  return notFound('endpoint_not_found', 'There is no webhook endpoint with this id.', 'id')
}

function endpointDisabled(): Problem {
  return conflict('endpoint_disabled', 'This endpoint is disabled. Enable it first.')
}
