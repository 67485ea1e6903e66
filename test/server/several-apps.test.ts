/**
 * A server of two applications: which of them people reach, who manages whom, what is needed to
 * remove one, and a session that means the application that its page shows.
 *
 * @module
 */
import { beforeAll, expect, test } from 'vitest'
import type { Users } from '../../src/access/index.ts'
import { addMs, systemClock } from '../../src/alipay/index.ts'
import { ONE_APP_ID, type AppRegistry, type ServedApp } from '../../src/server/index.ts'
import { hire, signedIn, type Browser } from './back-office.ts'
import { NOTIFY_TOKEN, openAccess, openUsers, startServer } from './server-under-test.ts'

const OTHER = 'app_other'
const removed: string[] = []
let users: Users
let under: ReturnType<typeof startServer>
let other: ServedApp
let theirs: ReturnType<typeof startServer>
let owner: Browser & { readonly user: { readonly id: string } }
let theirOwner: Browser & { readonly user: { readonly id: string } }
let key: string

beforeAll(async () => {
  users = await openUsers(systemClock)
  const access = await openAccess()
  theirs = startServer({ access })
  const apps = (): ServedApp[] => [under.app, other]
  const registry = {
    remove: async (id: string) => {
      removed.push(id)
      return 'removed' as const
    },
  } as Partial<AppRegistry> as AppRegistry
  under = startServer({
    access,
    users,
    clock: systemClock,
    apps: {
      list: () => (under === undefined ? [] : apps()),
      find: (id) => apps().find((app) => app.id === id),
      registry,
    },
  })
  other = { ...theirs.app, id: OTHER, merchantName: '分店', notifyToken: `${NOTIFY_TOKEN}-of-it` }
  owner = await signedIn(under.get, users, 'owner')
  theirOwner = await signedIn(under.get, users, 'owner', [OTHER])
  key = (await access.createKey({ appId: OTHER, mode: 'test', name: 'x', scopes: '*' })).key
})

const inOther = { 'saoma-app': OTHER }

test('a session begins with the first application that its user reaches, and names all of them', async () => {
  const all = await owner.ask('GET', '/console/api/session')
  expect(all.json).toMatchObject({
    app: { id: ONE_APP_ID },
    apps: [{ id: ONE_APP_ID }, { id: OTHER, name: '分店' }],
  })
  expect(all.json['scopes']).toContain('operator')
  const one = await theirOwner.ask('GET', '/console/api/session')
  expect(one.json).toMatchObject({ app: { id: OTHER }, apps: [{ id: OTHER }] })
  expect(one.json['scopes']).not.toContain('operator')
})

test('what is asked for is of the application that the header names', async () => {
  await under.order({ subject: '总店' })
  await theirs.payments.create({ amount: 100 as never, subject: '分店' })
  const subjects = async (who: Browser, headers = {}) => {
    const { json } = await who.ask('GET', '/v1/payments', undefined, headers)
    return json.data?.map(({ subject }) => subject)
  }
  expect(await subjects(owner)).toEqual(['总店'])
  expect(await subjects(owner, inOther)).toEqual(['分店'])
  expect(await subjects(theirOwner)).toEqual(['分店'])
})

test('nobody is given an application that the giver does not reach', async () => {
  const person = (apps: readonly string[] | null | undefined, role = 'cashier') => ({
    email: `${Math.random().toString(36).slice(2)}@shop.example`,
    name: '新人',
    role,
    ...(apps !== undefined && { apps }),
  })
  for (const apps of [null, [ONE_APP_ID], [OTHER, ONE_APP_ID], ['app_nowhere']]) {
    const refused = await theirOwner.ask('POST', '/v1/users', person(apps))
    expect(refused).toMatchObject({ status: 404, code: 'app_not_found' })
  }
  const own = await theirOwner.ask('POST', '/v1/users', person(undefined))
  expect(own.json).toMatchObject({ apps: [OTHER] })
  const all = await owner.ask('POST', '/v1/users', person(undefined))
  expect(all.json).toMatchObject({ apps: null })
  const owned = await theirOwner.ask('POST', '/v1/users', person([OTHER], 'owner'))
  expect(owned.json).toMatchObject({ apps: [OTHER], role: 'owner' })
  const byKey = await under.get('/v1/users', {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(person(undefined)),
  })
  expect(await byKey.json()).toMatchObject({ apps: [OTHER] })
})

test('one who reaches more is managed by nobody who reaches less, and others are not known', async () => {
  const { user: everywhere } = await hire(users, 'cashier')
  const { user: elsewhere } = await hire(users, 'cashier', [ONE_APP_ID])
  for (const [method, path, body] of [
    ['PATCH', '', { name: 'x' }],
    ['POST', '/reset', {}],
    ['DELETE', '', undefined],
  ] as const) {
    const more = await theirOwner.ask(method, `/v1/users/${everywhere.id}${path}`, body)
    expect(more).toMatchObject({ status: 403, code: 'user_reaches_more' })
    const none = await theirOwner.ask(method, `/v1/users/${elsewhere.id}${path}`, body)
    expect(none).toMatchObject({ status: 404, code: 'user_not_found' })
  }
  const { json } = await theirOwner.ask('GET', '/v1/users')
  const ids = json.data?.map(({ id }) => id)
  expect(ids).toContain(everywhere.id)
  expect(ids).not.toContain(elsewhere.id)
})

test('who is given other applications is out, and reaches those alone afterwards', async () => {
  const cashier = await signedIn(under.get, users, 'cashier')
  expect((await cashier.ask('GET', '/v1/payments', undefined, inOther)).status).toBe(200)
  const path = `/v1/users/${cashier.user.id}`
  expect((await owner.ask('PATCH', path, { apps: [ONE_APP_ID] })).status).toBe(200)
  expect((await cashier.ask('GET', '/v1/payments')).status).toBe(401)
  await cashier.signIn(cashier.email)
  const refused = await cashier.ask('GET', '/v1/payments', undefined, inOther)
  expect(refused).toMatchObject({ status: 403, code: 'app_not_yours' })
  const self = await owner.ask('PATCH', `/v1/users/${owner.user.id}`, { apps: [OTHER] })
  expect(self).toMatchObject({ status: 409, code: 'user_is_you' })
})

test('an application is removed once it is retired and nothing of it is open', async () => {
  const remove = (id: string) => owner.ask('DELETE', `/v1/apps/${id}`)
  expect(await remove(ONE_APP_ID)).toMatchObject({ status: 409, code: 'app_configured' })
  const now = systemClock.now()
  other = { ...other, addedAt: addMs(now, -60_000) }
  expect(await remove(OTHER)).toMatchObject({ status: 409, code: 'app_open' })
  other = { ...other, retiredAt: now }
  expect(await remove(OTHER)).toMatchObject({ status: 409, code: 'app_open' })
  // The payment of the test before waits for its buyer.
  other = { ...other, retiredAt: addMs(now, -30_000) }
  expect(await remove(OTHER)).toMatchObject({ status: 409, code: 'app_open' })
  expect(removed).toEqual([])
  other = { ...other, payments: startServer().payments }
  expect((await remove(OTHER)).json).toEqual({ id: OTHER, object: 'app', deleted: true })
  expect(removed).toEqual([OTHER])
})
