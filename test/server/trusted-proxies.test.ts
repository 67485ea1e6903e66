/**
 * Who asks, where a proxy stands in between: over real sockets, on both stores. What a header says
 * counts only where the operator trusts who sends it.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createAccess, createUsers, MasterKey, type Access } from '../../src/access/index.ts'
import { ATTEMPTS_PER_ADDRESS, countAttempt } from '../../src/access/attempts.ts'
import { MovableClock, toInstant } from '../../src/alipay/index.ts'
import { readServeConfiguration } from '../../src/cli/configuration.ts'
import { TrustedProxies } from '../../src/server/client-address.ts'
import { listen, ONE_APP_ID, type Listening, type ServerOptions } from '../../src/server/index.ts'
import type { Store } from '../../src/store/index.ts'
import { sharedStoreKinds } from '../store/opened-stores.ts'
import { startServer } from './server-under-test.ts'

describe.each(sharedStoreKinds)('on $kind', ({ open }) => {
  let store: Store
  let access: Access
  let key: string
  const servers: Listening[] = []

  beforeAll(async () => {
    store = await open()
    access = createAccess({ store: store.access })
    const owner = { appId: ONE_APP_ID, mode: 'test', name: 'x', scopes: '*' } as const
    key = (await access.createKey(owner)).key
  })
  afterAll(async () => {
    for (const server of servers) await server.close()
    await store.close()
  })

  /** A server behind these proxies, and requests to it that say whom they are passed on for. */
  async function behind(trustedProxies: readonly string[], more: Partial<ServerOptions> = {}) {
    const vault = MasterKey.create()
    const clock = new MovableClock(toInstant(1_795_400_000_000))
    const users = createUsers({ store: store.users, vault, clock, passwordLogN: 4 })
    const { server } = startServer({ access, users, trustedProxies, ...more })
    const listening = await listen(server, { port: 0 })
    servers.push(listening)
    return (method: string, path: string, headers: Record<string, string>, body?: object) =>
      fetch(`${listening.url}${path}`, {
        method,
        headers: { 'content-type': 'application/json', ...headers },
        ...(body && { body: JSON.stringify(body) }),
      })
  }

  const lastAddress = async (): Promise<string | null | undefined> =>
    (await access.listAuditEntries(ONE_APP_ID, { limit: 1 }))[0]?.address

  test.each([
    [['127.0.0.1'], { 'x-forwarded-for': '203.0.113.9' }, '203.0.113.9'],
    [['127.0.0.0/8'], { forwarded: 'for=203.0.113.9;proto=https' }, '203.0.113.9'],
    [[], { 'x-forwarded-for': '203.0.113.9' }, '127.0.0.1'],
    [[], { forwarded: 'for=203.0.113.9' }, '127.0.0.1'],
    [['10.0.0.0/8'], { 'x-forwarded-for': '203.0.113.9' }, '127.0.0.1'],
  ])('behind %j, %j is kept with a change as %s', async (proxies, headers, address) => {
    const ask = await behind(proxies)
    const made = await ask(
      'POST',
      '/v1/api_keys',
      { authorization: `Bearer ${key}`, ...headers },
      { name: 'x', scopes: ['events:read'] },
    )
    expect(made.status, await made.text()).toBe(201)
    expect(await lastAddress()).toBe(address)
    const told = await ask('GET', '/v1/audit_entries', { authorization: `Bearer ${key}` })
    expect(((await told.json()) as { data: { address: string }[] }).data[0]?.address).toBe(address)
  })

  test('attempts to sign in are counted by the address, which nobody can choose himself', async () => {
    const peer = { account: 'x', address: '127.0.0.1' }
    const attempts = Array.from({ length: ATTEMPTS_PER_ADDRESS }, () =>
      countAttempt(store.users, peer, toInstant(1_795_400_000_000)),
    )
    expect(await Promise.all(attempts)).toContain(0)
    const signIn = async (proxies: readonly string[]) => {
      const ask = await behind(proxies)
      const said = { 'x-forwarded-for': '203.0.113.9', forwarded: 'for=203.0.113.9' }
      const body = { email: 'x@shop.example', password: 'x' }
      return (await ask('POST', '/console/api/session', said, body)).status
    }
    expect(await signIn(['127.0.0.1'])).toBe(401)
    expect(await signIn([])).toBe(429)
  })

  test('requests without a key are limited by the same address', async () => {
    const statuses = async (proxies: readonly string[]) => {
      const ask = await behind(proxies, { requestsPerSecond: 1 })
      const asked = ['203.0.113.1', '203.0.113.2'].map((address) =>
        ask('GET', '/v1/payments', { 'x-forwarded-for': address }),
      )
      return (await Promise.all(asked)).map(({ status }) => status)
    }
    expect(await statuses(['127.0.0.1'])).toEqual([401, 401])
    expect(await statuses([])).toContain(429)
  })
})

describe('the nearest address that is no trusted proxy’s', () => {
  const proxies = new TrustedProxies(['10.0.0.0/8', 'fd12::/32'])
  const clientOf = (peer: string | undefined, headers: Record<string, string>) =>
    proxies.clientOf(peer, new Headers(headers))

  test.each([
    ['10.0.0.1', {}, '10.0.0.1'],
    ['::ffff:10.0.0.1', { 'x-forwarded-for': '203.0.113.9' }, '203.0.113.9'],
    ['fd12::7', { 'x-forwarded-for': '2001:db8::1' }, '2001:db8::1'],
    ['10.0.0.1', { 'x-forwarded-for': '1.1.1.1, 203.0.113.9, 10.0.0.2' }, '203.0.113.9'],
    ['10.0.0.1', { 'x-forwarded-for': '10.0.0.3, 10.0.0.2' }, '10.0.0.3'],
    ['10.0.0.1', { 'x-forwarded-for': '203.0.113.9:4711' }, '203.0.113.9'],
    ['10.0.0.1', { 'x-forwarded-for': '1.1.1.1, unknown, 10.0.0.2' }, '10.0.0.2'],
    ['10.0.0.1', { 'x-forwarded-for': '' }, '10.0.0.1'],
    ['10.0.0.1', { forwarded: 'proto=https;For="[2001:db8::1]:4711"' }, '2001:db8::1'],
    ['10.0.0.1', { forwarded: 'for=1.1.1.1, for=203.0.113.9;by=10.0.0.1' }, '203.0.113.9'],
    ['10.0.0.1', { forwarded: 'for=_hidden' }, '10.0.0.1'],
    // A proxy that writes one of them passes the other on as somebody made it up.
    ['10.0.0.1', { forwarded: 'for=1.1.1.1', 'x-forwarded-for': '203.0.113.9' }, '10.0.0.1'],
    ['10.0.0.1', { forwarded: 'for=203.0.113.9', 'x-forwarded-for': '203.0.113.9' }, '203.0.113.9'],
    ['203.0.113.5', { 'x-forwarded-for': '10.0.0.1' }, '203.0.113.5'],
    [undefined, { 'x-forwarded-for': '203.0.113.9' }, undefined],
  ])('of %s with %j is %s', (peer, headers, expected) => {
    expect(clientOf(peer, headers)).toBe(expected)
  })
})

test('a proxy that is no address is told by the name of its setting', () => {
  const env = {
    SAOMA_GATEWAY: 'sandbox',
    SAOMA_APP_ID: '9021000000000000',
    SAOMA_APP_PRIVATE_KEY: 'x',
    SAOMA_ALIPAY_PUBLIC_KEY: 'x',
    SAOMA_PUBLIC_URL: 'https://pay.example.com',
  }
  const proxies = (value: string) =>
    readServeConfiguration({ ...env, SAOMA_TRUSTED_PROXIES: value }).trustedProxies
  expect(proxies('')).toEqual([])
  expect(proxies('127.0.0.1, 10.1.0.0/16')).toEqual(['127.0.0.1', '10.1.0.0/16'])
  expect(() => proxies('proxy.internal')).toThrow(/^SAOMA_TRUSTED_PROXIES: .*proxy\.internal/)
})
