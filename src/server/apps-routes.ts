/**
 * `/v1/apps`: the applications of the server. Whoever has a key of one sees that one; an operator
 * sees all, adds, changes and retires them, and acts in each by the header `Saoma-App`.
 *
 * @module
 */
import { z } from 'zod'
import { addMs, formatRfc3339, type Instant } from '../alipay/index.ts'
import { PRODUCT_CODE, PRODUCT_CODE_DEFAULT } from '../payments/index.ts'
import { needingAttention } from './attention.ts'
import { appsOf, type Actor } from './authentication.ts'
import { text } from './fields.ts'
import { ok, operation, type Answer, type AnyOperation } from './operation.ts'
import type { AppContext, AppRegistry, ServedApp } from './options.ts'
import { conflict, notFound, type Problem } from './problem.ts'
import { deleted, list } from './schemas.ts'

const instant = z.iso.datetime({ offset: true })

/** An application: nothing secret. */
export const app = z
  .object({
    id: z.string().describe('What `Saoma-App` names'),
    object: z.literal('app'),
    livemode: z.boolean(),
    app_id: z.string().nullable().describe('APPID'),
    name: z.string().nullable().describe('The shop’s name on the cashier page'),
    product_code: z.string(),
    seller_id: z.string().nullable().describe('`null`: the account of the contract'),
    status: z.enum(['active', 'retired']).describe('`retired`: it takes no new payments'),
    ready: z.boolean().describe('Whether it has keys in use'),
    source: z.enum(['configuration', 'api']),
    created_at: instant.nullable().describe('`null` for those of the configuration'),
    retired_at: instant.nullable(),
  })
  .meta({ id: 'App' })

const APP_ID = 'app_id is an APPID: 16 digits that do not begin with 2088'
const PRODUCT = 'product_code is FACE_TO_FACE_PAYMENT (当面付) or QR_CODE_OFFLINE (订单码支付)'
const SELLER_ID = 'seller_id is a PID: 2088 and 12 more digits'

const name = text('name', 100).nullable().describe('The shop’s name on the cashier page')
const productCode = z
  .string(PRODUCT)
  .regex(PRODUCT_CODE, PRODUCT)
  .describe('As the contract says: of payments that are made from now on')

const createFields = z.strictObject({
  app_id: z.string(APP_ID).regex(/^(?!2088)\d{16}$/, APP_ID),
  name: name.optional(),
  product_code: productCode.default(PRODUCT_CODE_DEFAULT),
  seller_id: z
    .string(SELLER_ID)
    .regex(/^2088\d{12}$/, SELLER_ID)
    .optional()
    .describe('The receiving account; by default that of the contract'),
})

const updateFields = z.strictObject({
  name: name.optional(),
  product_code: productCode.optional(),
})

const NOT_FOUND = { app_not_found: { status: 404, description: 'No such application.' } } as const

const PROBLEMS = {
  ...NOT_FOUND,
  app_configured: {
    status: 409,
    description: 'It stands in the configuration of the server: change it there.',
  },
} as const

const FIXED = {
  apps_fixed: { status: 409, description: 'This server takes no applications by the API.' },
} as const

const createApp = operation({
  method: 'POST',
  path: '/v1/apps',
  id: 'createApp',
  summary: 'Add an application',
  description:
    'It is served from now on, in the mode of the server, and takes payments once it has keys: with the header `Saoma-App`, stage, verify and activate a credential, and make it an API key.',
  scope: 'operator',
  audit: 'app.create',
  body: createFields,
  answers: { 201: { description: 'Added.', schema: app } },
  problems: {
    ...FIXED,
    app_exists: { status: 409, description: 'This APPID is served already.' },
  },
  handle: ({ app: { apps }, body }) =>
    withRegistry(apps.registry, async (registry) => {
      const added = await registry.add({
        appId: body.app_id,
        name: body.name ?? null,
        productCode: body.product_code,
        sellerId: body.seller_id ?? null,
      })
      return added === 'exists' ? EXISTS : { status: 201, body: json(added) }
    }),
})

const listApps = operation({
  method: 'GET',
  path: '/v1/apps',
  id: 'listApps',
  summary: 'List the applications',
  description: 'Those that you reach: all, for an operator; for any other key its own.',
  scope: 'apps:read',
  answers: { 200: { description: 'The first is the server’s own.', schema: list(app) } },
  async handle({ app: context, actor }) {
    const data = seenBy(actor, context).map(json)
    return ok({ object: 'list', data, has_more: false })
  },
})

const getApp = operation({
  method: 'GET',
  path: '/v1/apps/{id}',
  id: 'getApp',
  summary: 'Get an application',
  scope: 'apps:read',
  answers: { 200: { description: 'The application.', schema: app } },
  problems: NOT_FOUND,
  async handle({ app: context, actor, params }) {
    const found = seenBy(actor, context).find(({ id }) => id === params['id'])
    return found ? ok(json(found)) : APP_NOT_FOUND
  },
})

const updateApp = operation({
  method: 'PATCH',
  path: '/v1/apps/{id}',
  id: 'updateApp',
  summary: 'Change an application',
  description: 'Every node goes by it within 5 seconds.',
  scope: 'operator',
  audit: 'app.update',
  body: updateFields,
  answers: { 200: { description: 'As it is now.', schema: app } },
  problems: { ...PROBLEMS, ...FIXED },
  handle: ({ app: { apps }, params, body }) => {
    const { name: newName, product_code: newProduct } = body
    return change(apps.registry, params['id'], {
      ...(newName !== undefined && { name: newName }),
      ...(newProduct !== undefined && { productCode: newProduct }),
    })
  },
})

const retireApp = operation({
  method: 'POST',
  path: '/v1/apps/{id}/retire',
  id: 'retireApp',
  summary: 'Let an application take no new payments',
  description:
    'What it has taken goes on all the same: open payments, notifications, refunds, webhooks and books, and its API keys read and refund.',
  scope: 'operator',
  audit: 'app.retire',
  answers: { 200: { description: 'Retired.', schema: app } },
  problems: { ...PROBLEMS, ...FIXED },
  handle: ({ app: { apps }, params }) => change(apps.registry, params['id'], { isRetired: true }),
})

const restoreApp = operation({
  method: 'POST',
  path: '/v1/apps/{id}/restore',
  id: 'restoreApp',
  summary: 'Let a retired application take payments again',
  scope: 'operator',
  audit: 'app.restore',
  answers: { 200: { description: 'As before.', schema: app } },
  problems: { ...PROBLEMS, ...FIXED },
  handle: ({ app: { apps }, params }) => change(apps.registry, params['id'], { isRetired: false }),
})

const deleteApp = operation({
  method: 'DELETE',
  path: '/v1/apps/{id}',
  id: 'deleteApp',
  summary: 'Remove a retired application',
  description:
    'Only where nothing of it is open. It is served no more, nor believed, and its API keys open nothing; what it took stays in the database, and is back when the same APPID is added again.',
  scope: 'operator',
  audit: 'app.delete',
  answers: { 200: { description: 'Removed.', schema: deleted } },
  problems: {
    ...PROBLEMS,
    ...FIXED,
    app_open: {
      status: 409,
      description: 'It is not retired, or something of it is open: `message` says what.',
    },
  },
  handle: ({ app: context, params }) =>
    withRegistry(context.apps.registry, async (registry) => {
      const found = context.apps.find(params['id'] ?? '')
      if (found === undefined) return APP_NOT_FOUND
      if ((found.addedAt ?? null) === null) return CONFIGURED
      const open = await whatIsOpen(context, found)
      if (open !== undefined) return conflict('app_open', open)
      const removed = await registry.remove(found.id)
      if (removed === undefined) return APP_NOT_FOUND
      if (removed === 'configured') return CONFIGURED
      return ok({ id: found.id, object: 'app', deleted: true })
    }),
})

/** After so long, in milliseconds, every node knows that an application was retired. */
const RETIRED_KNOWN_MS = 10_000

/** Why an application cannot be removed yet. */
async function whatIsOpen(
  context: Pick<AppContext, 'clock' | 'desk'>,
  app: ServedApp,
): Promise<string | undefined> {
  const { payments, retiredAt = null } = app
  if (retiredAt === null) return 'Retire it first.'
  if (context.clock.now() < addMs(retiredAt, RETIRED_KNOWN_MS)) {
    return 'It was retired just now, and other nodes may still take a payment. Ask again in 10 seconds.'
  }
  const openPayments = (['created', 'pending', 'closing'] as const).map(async (status) =>
    payments.list({ limit: 1, status }),
  )
  const openRefunds = (['pending', 'processing', 'requires_action'] as const).map(async (status) =>
    payments.listRefunds({ limit: 1, status }),
  )
  const attention = await needingAttention(context, app, 1)
  if ((await Promise.all(openPayments)).flat().length > 0) return 'A payment of it is open.'
  if ((await Promise.all(openRefunds)).flat().length > 0) return 'A refund of it is open.'
  const { reviews, requests, differences } = attention
  if (reviews.length + requests.length + differences.length > 0) {
    return 'Something of it needs attention: see its list.'
  }
  return undefined
}

/** The operations of applications. */
export const appOperations: readonly AnyOperation[] = [
  createApp,
  listApps,
  getApp,
  updateApp,
  retireApp,
  restoreApp,
  deleteApp,
]

/** Why an application takes no new payment; `undefined` where it does. */
export function closedApp({ retiredAt = null, isReady }: ServedApp): Problem | undefined {
  if (retiredAt !== null) {
    return conflict('app_retired', 'This application was retired: it takes no new payments.')
  }
  if (isReady?.() !== false) return undefined
  return conflict(
    'app_not_ready',
    'This application has no keys in use: stage, verify and activate a credential first.',
  )
}

/** Problems of whatever makes payments. */
export const CLOSED_APP_PROBLEMS = {
  app_retired: { status: 409, description: 'The application takes no new payments any more.' },
  app_not_ready: { status: 409, description: 'The application has no keys in use yet.' },
} as const

/** Whoever reaches several acts in one of them, and sees all. */
function seenBy({ reach }: Actor, context: AppContext): readonly ServedApp[] {
  return appsOf(context, reach)
}

async function withRegistry(
  registry: AppRegistry | undefined,
  use: (registry: AppRegistry) => Promise<Answer | Problem>,
): Promise<Answer | Problem> {
  return registry === undefined ? APPS_FIXED : use(registry)
}

function change(
  registry: AppRegistry | undefined,
  id = '',
  to: Parameters<AppRegistry['change']>[1],
): Promise<Answer | Problem> {
  return withRegistry(registry, async (known) => {
    const changed = await known.change(id, to)
    if (changed === undefined) return APP_NOT_FOUND
    return changed === 'configured' ? CONFIGURED : ok(json(changed))
  })
}

const APP_NOT_FOUND = notFound('app_not_found', 'There is no application with this id.', 'id')
const EXISTS = conflict('app_exists', 'An application with this APPID is served already.', {
  param: 'app_id',
})
const CONFIGURED = conflict(
  'app_configured',
  'This application stands in the configuration of the server: change it there, and start again.',
)
const APPS_FIXED = conflict('apps_fixed', 'This server takes no applications by the API.')

function json(one: ServedApp) {
  const { addedAt = null, retiredAt = null } = one
  return {
    id: one.id,
    object: 'app',
    livemode: one.mode === 'live',
    app_id: one.client.appId ?? null,
    name: one.merchantName,
    product_code: one.productCode ?? PRODUCT_CODE_DEFAULT,
    seller_id: one.sellerId ?? null,
    status: retiredAt === null ? 'active' : 'retired',
    ready: one.isReady?.() ?? true,
    source: addedAt === null ? 'configuration' : 'api',
    created_at: time(addedAt),
    retired_at: time(retiredAt),
  }
}

function time(at: Instant | null): string | null {
  return at === null ? null : formatRfc3339(at)
}
