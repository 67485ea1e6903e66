/**
 * Every route of the merchant API, walked with no key, a wrong one, one that may not, one of
 * another application, and by people of each role: nothing is told and nothing is done that may not
 * be.
 *
 * @module
 */
import { beforeAll, describe, expect, test } from 'vitest'
import {
  allows,
  mayGive,
  ROLE_NAMES,
  scopesOf,
  SCOPES,
  type ApiKey,
  type Role,
  type Scope,
} from '../../src/access/index.ts'
import { systemClock } from '../../src/alipay/index.ts'
import { oneApp, type AppDirectory } from '../../src/server/index.ts'
import { operations } from '../../src/server/operations.ts'
import { signedIn, type Browser } from './back-office.ts'
import {
  API_KEY,
  NOTIFY_TOKEN,
  openAccess,
  openDesk,
  openUsers,
  startServer,
} from './server-under-test.ts'

const keys: Record<string, string> = {}
const people: Partial<Record<Role, Browser>> = {}
/** An owner of the other application alone. */
let theirOwner: Browser
let under: ReturnType<typeof startServer>
let theirs: ReturnType<typeof startServer>

beforeAll(async () => {
  const access = await openAccess()
  // Two applications, each with payments of its own, behind one server.
  theirs = startServer({ access })
  const directories: AppDirectory[] = []
  const users = await openUsers(systemClock)
  under = startServer({
    access,
    users,
    desk: await openDesk(systemClock),
    clock: systemClock,
    apps: {
      list: () => directories.flatMap((one) => one.list()),
      find: (id) => directories.map((one) => one.find(id)).find((app) => app !== undefined),
    },
  })
  directories.push(
    oneApp(under.app),
    oneApp({ ...theirs.app, id: 'app_other', notifyToken: `${NOTIFY_TOKEN}-of-the-other` }),
  )
  for (const scope of Object.keys(SCOPES) as Scope[]) {
    const options = { appId: under.app.id, mode: 'test', name: scope, scopes: [scope] } as const
    keys[scope] = (await access.createKey(options)).key
  }
  for (const role of ROLE_NAMES) people[role] = await signedIn(under.get, users, role)
  theirOwner = await signedIn(under.get, users, 'owner', ['app_other'])
  const other = { appId: 'app_other', mode: 'test', name: 'other', scopes: '*' } as const
  keys['other'] = (await access.createKey(other)).key
})

/** A request that would be right, were it not for who sends it. */
async function walk(
  operation: (typeof operations)[number],
  who: string | null | Browser,
  id = 'nothing',
  headers: Record<string, string> = {},
) {
  const bodies: Record<string, object> = {
    createPayment: { amount: 100, subject: 'x' },
    createRefund: { payment: id },
    resolvePayment: { action: 'accept' },
    createWebhookEndpoint: { url: 'https://shop.example/hook' },
    createAlarmChannel: { name: 'x', type: 'wecom', url: 'https://robot.example/' },
    recoverWebhooks: { since: '2026-11-26T00:00:00Z' },
    createApiKey: { name: 'x', scopes: ['api_keys:read'] },
    createUser: { email: 'x@shop.example', name: 'x', role: 'support' },
    createExport: {
      kind: 'payments',
      format: 'csv',
      from: '2026-11-01T00:00:00Z',
      to: '2026-12-01T00:00:00Z',
    },
    createSavedFilter: { name: 'x', filters: {} },
    createApp: { app_id: '9021000000000001' },
    createReconciliation: { date: '2026-11-01' },
    resolveDifference: { note: 'x' },
    createRefundHold: { since: '2026-11-23T00:00:00Z' },
    liftRefundHold: { reason: 'x' },
  }
  const queries: Record<string, string> = { getDaySummary: '?date=2026-11-01' }
  const path = operation.path.replace('{id}', id) + (queries[operation.id] ?? '')
  const answer = await under.get(path, {
    method: operation.method,
    headers: {
      ...(typeof who === 'string' && { authorization: `Bearer ${who}` }),
      ...(typeof who === 'object' && who !== null && asPage(who)),
      'content-type': 'application/json',
      ...headers,
    },
    ...(operation.method !== 'GET' && { body: JSON.stringify(bodies[operation.id] ?? {}) }),
  })
  const isStream = /^text\/(?:event-stream|csv)/.test(answer.headers.get('content-type') ?? '')
  if (isStream) await answer.body?.cancel()
  const body = isStream ? {} : ((await answer.json()) as { error?: { code: string } })
  return { status: answer.status, code: body.error?.code, text: JSON.stringify(body) }
}

function asPage({ cookie, csrf }: Browser) {
  return { cookie, 'x-csrf-token': csrf, 'sec-fetch-site': 'same-origin' }
}

test('nobody but an operator makes another one', () => {
  for (const own of ['*', ['admin'], ['api_keys:write']] as const) {
    expect(mayGive(own, ['operator'])).toBe(false)
    expect(allows(own, 'operator')).toBe(false)
  }
  expect(mayGive(['operator'], ['operator'])).toBe(true)
  expect(mayGive(['operator'], '*')).toBe(true)
})

test('each role may do what is written about it, and no more', () => {
  const mayDo = (role: Role) =>
    operations.filter(({ scope }) => allows(scopesOf(role), scope)).map(({ id }) => id)
  const inOneApp = operations.filter(({ scope }) => scope !== 'operator').map(({ id }) => id)
  expect(mayDo('owner')).toEqual(inOneApp)
  expect(mayDo('admin')).toEqual(inOneApp)
  expect(mayDo('cashier').filter((id) => !/^(?:get|list|stream)|SavedFilter$/.test(id))).toEqual([
    'createPayment',
    'cancelPayment',
    'syncPayment',
    'createRefund',
  ])
  expect(mayDo('cashier')).toContain('streamEvents')
  expect(mayDo('support').filter((id) => !/^(?:get|list|stream)|SavedFilter$/.test(id))).toEqual([
    'syncPayment',
  ])
  const ofDeveloper = mayDo('developer').filter((id) => /Payment|Refund|User/.test(id))
  expect(ofDeveloper.filter((id) => !/^(?:get|list|stream)|SavedFilter$/.test(id))).toEqual([])
  const ofFinance = mayDo('finance').filter((id) => /ApiKey|Credential|Webhook|User/.test(id))
  expect(ofFinance).toEqual([])
})

describe.each(operations)('$method $path', (operation) => {
  test('without a key', async () => {
    expect(await walk(operation, null)).toMatchObject({ status: 401, code: 'api_key_missing' })
  })

  test('with a key that nobody was given', async () => {
    const wrong = `${API_KEY.slice(0, -1)}x`
    expect(await walk(operation, wrong)).toMatchObject({ status: 401, code: 'api_key_invalid' })
  })

  test('with every scope but the one that it needs', async () => {
    const others = (Object.keys(SCOPES) as Scope[]).filter(
      (scope) => !allows([scope], operation.scope),
    )
    expect(others.length).toBeGreaterThan(0)
    for (const scope of others) {
      expect(await walk(operation, keys[scope] ?? ''), scope).toMatchObject({
        status: 403,
        code: 'scope_missing',
      })
    }
  })

  test.each(ROLE_NAMES)('as %s', async (role) => {
    const { status, code } = await walk(operation, people[role] ?? null)
    // Who owns all applications of a server is its operator.
    if (role === 'owner' || allows(scopesOf(role), operation.scope))
      expect([200, 201, 202, 404, 409]).toContain(status)
    else expect({ status, code }).toEqual({ status: 403, code: 'scope_missing' })
  })

  test('with a session, but not from a page of ours', async () => {
    if (operation.method === 'GET') return
    const owner = people.owner as Browser
    const forged = { cookie: owner.cookie, csrf: 'guessed' } as Browser
    expect(await walk(operation, forged)).toMatchObject({ status: 403, code: 'request_forged' })
  })

  test('in an application that is another’s', async () => {
    const named = { 'saoma-app': under.app.id }
    for (const who of [keys['other'] ?? '', theirOwner]) {
      const answer = await walk(operation, who, 'nothing', named)
      expect(answer).toMatchObject({ status: 403, code: 'app_not_yours' })
    }
    const theirOwn = { 'saoma-app': 'app_other' }
    const refused = await walk(operation, API_KEY, 'nothing', theirOwn)
    expect(refused).toMatchObject({ status: 403, code: 'app_not_yours' })
  })

  test('in his own application, as one who reaches no other', async () => {
    const { status } = await walk(operation, theirOwner)
    if (operation.scope === 'operator') expect(status).toBe(403)
    else expect([200, 201, 202, 404, 409]).toContain(status)
  })

  test('in each application, as the operator', async () => {
    const { operator = '' } = keys
    for (const id of [under.app.id, 'app_other']) {
      const { status } = await walk(operation, operator, 'nothing', { 'saoma-app': id })
      expect([200, 201, 202, 404, 409]).toContain(status)
    }
    const nowhere = await walk(operation, operator, 'nothing', { 'saoma-app': 'app_nowhere' })
    expect(nowhere).toMatchObject({ status: 404, code: 'app_not_found' })
  })

  test('with the scope that it needs', async () => {
    const { status, code } = await walk(operation, keys[operation.scope] ?? '')
    // Whoever is let in may do more than to let people in.
    if (operation.id === 'createUser') return expect(code).toBe('scopes_exceeded')
    expect([200, 201, 202, 404, 409]).toContain(status)
  })
})

test('what is expanded is told only to who may see it', async () => {
  const ask = async (path: string, scope: Scope) => {
    const headers = { authorization: `Bearer ${keys[scope]}` }
    return (await under.get(path, { headers })).status
  }
  expect(await ask('/v1/payments', 'payments:read')).toBe(200)
  expect(await ask('/v1/payments?expand[]=refunds', 'payments:read')).toBe(403)
  expect(await ask('/v1/refunds?expand[]=payment', 'refunds:read')).toBe(403)
  expect(await ask('/v1/refunds/re_1?expand[]=payment', 'refunds:read')).toBe(403)
  expect(await ask('/v1/events?expand[]=payment', 'events:read')).toBe(403)
  expect(await ask('/v1/events/evt_1?expand[]=refund', 'events:read')).toBe(403)
})

describe('an object of another application', () => {
  const withId = operations.filter(({ path }) => path.includes('{id}'))

  test.each(withId)('$method $path is not found', async (operation) => {
    const { payment } = await under.order({ subject: '不给别人看' })
    const { apiKey } = await under.access.createKey({
      appId: under.app.id,
      mode: 'test',
      name: 'x',
      scopes: '*',
    })
    const ids: Record<string, string> = { payments: payment.id, api_keys: apiKey.id }
    const id = ids[operation.path.split('/')[2] ?? ''] ?? 'nothing'
    for (const who of [keys['other'] ?? '', theirOwner]) {
      const answer = await walk(operation, who, id)
      expect(answer.status).toBe(operation.scope === 'operator' ? 403 : 404)
      expect(answer.text).not.toContain('不给别人看')
    }
    const after: ApiKey | undefined = (await under.access.listKeys(under.app.id)).find(
      (one) => one.id === apiKey.id,
    )
    expect(after?.revokedAt).toBeNull()
    expect((await under.payments.find(payment.id))?.payment.status).toBe('pending')
  })

  test('is in no list', async () => {
    await under.order({ subject: '不给别人看' })
    const lists = ['payments', 'refunds', 'events', 'api_keys', 'logs', 'apps']
    for (const path of lists.map((name) => `/v1/${name}`)) {
      for (const headers of [
        { authorization: `Bearer ${keys['other']}` },
        { cookie: theirOwner.cookie },
      ]) {
        const answer = await under.get(path, { headers })
        const text = await answer.text()
        expect(answer.status, text).toBe(200)
        expect(text).not.toContain('不给别人看')
        expect(text).not.toContain(under.app.id)
      }
    }
  })

  test('is not paid for by a notification to its address', async () => {
    const answer = await under.get(`/alipay/notify/${NOTIFY_TOKEN}-of-nobody`, { method: 'POST' })
    expect(answer.status).toBe(404)
  })
})
