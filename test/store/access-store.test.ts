/**
 * The store of access on both databases: what one does the other must do.
 *
 * @module
 */
import { describe, expect, test } from 'vitest'
import { createAccess, type ApiKey, type NamedRequest } from '../../src/access/index.ts'
import { addMs } from '../../src/alipay/index.ts'
import { storeKinds } from './opened-stores.ts'
import { opening } from './payments-to-store.ts'

const request: NamedRequest = {
  appId: 'app_1',
  route: 'POST /v1/payments',
  key: 'order-1',
  hash: 'a'.repeat(64),
  createdAt: opening,
}

const apiKey: ApiKey = {
  id: 'key_1',
  appId: 'app_1',
  name: '收银台 1',
  hash: 'b'.repeat(64),
  hint: 'sk_test_1234…cdef',
  scopes: ['payments:read', 'refunds:write'],
  createdAt: opening,
  lastUsedAt: null,
  expiresAt: null,
  revokedAt: null,
}

describe.each(storeKinds)('on $kind', ({ open }) => {
  test('a named request is held by one of a hundred that begin at once', async () => {
    const { store } = await open()
    const begun = await Promise.all(
      Array.from({ length: 100 }, (_, number) =>
        store.access.beginRequest(request, `holder ${number}`, 15_000),
      ),
    )
    expect(begun.filter(({ status }) => status === 'held')).toEqual([
      { status: 'held', isRepeat: false },
    ])
    expect(begun.filter(({ status }) => status === 'in_progress')).toHaveLength(99)
  })

  test('an answer is kept for the request alone, and given as it was', async () => {
    const { store } = await open()
    const { access } = store
    await access.beginRequest(request, 'a', 15_000)
    const answer = { status: 201, body: '{"id":"pay_1","subject":"美式咖啡"}' }
    await access.finishRequest(request, 'b', { status: 500, body: 'of somebody else' })
    await access.finishRequest(request, 'a', answer)
    expect(await access.beginRequest(request, 'c', 15_000)).toEqual({ status: 'answered', answer })
    const other = { ...request, hash: 'c'.repeat(64) }
    expect(await access.beginRequest(other, 'c', 15_000)).toEqual({ status: 'other_request' })
    for (const change of [{ appId: 'app_2' }, { route: 'POST /v1/refunds' }, { key: 'order-2' }]) {
      expect(await access.beginRequest({ ...request, ...change }, 'c', 15_000)).toMatchObject({
        status: 'held',
      })
    }
  })

  test('a request whose holder died is gone on with once its time is over', async () => {
    const opened = await open()
    const { access } = opened.store
    await access.beginRequest(request, 'dead', 15_000)
    expect(await access.beginRequest(request, 'next', 15_000)).toEqual({ status: 'in_progress' })
    await opened.advance(15_001)
    const again = await access.beginRequest(request, 'next', 15_000)
    expect(again).toEqual({ status: 'held', isRepeat: true })
    // The dead one comes back to life, and has nothing to say any more.
    await access.finishRequest(request, 'dead', { status: 200, body: '{}' })
    await access.releaseRequest(request, 'next')
    expect(await access.beginRequest(request, 'third', 15_000)).toMatchObject({ status: 'held' })
  })

  test('old requests are dropped, and new ones are not', async () => {
    const { store } = await open()
    for (const [key, hours] of [
      ['old', 0],
      ['new', 100],
    ] as const) {
      const createdAt = addMs(opening, hours * 3_600_000)
      await store.access.beginRequest({ ...request, key, createdAt }, key, 15_000)
    }
    expect(await store.access.forgetRequests(addMs(opening, 72 * 3_600_000))).toBe(1)
    expect(await store.access.forgetRequests(addMs(opening, 72 * 3_600_000))).toBe(0)
    const kept = await store.access.beginRequest({ ...request, key: 'new' }, 'x', 1)
    expect(kept).toEqual({ status: 'in_progress' })
  })

  test('keys are found by their hash, changed within their application, and noted when used', async () => {
    const { store } = await open()
    const { access } = store
    await access.insertApiKey(apiKey)
    await access.insertApiKey({ ...apiKey, id: 'key_2', name: 'the same key again' })
    expect(await access.findApiKeyByHash(apiKey.hash)).toEqual(apiKey)
    expect(await access.updateApiKey('app_2', 'key_1', { name: 'x' })).toBeUndefined()
    expect(await access.updateApiKey('app_1', 'key_1', {})).toEqual(apiKey)
    await access.touchApiKeys([{ id: 'key_1', at: opening }])
    await access.touchApiKeys([{ id: 'key_1', at: addMs(opening, -1) }])
    const revoked = await access.updateApiKey('app_1', 'key_1', { revokedAt: opening })
    expect(revoked).toEqual({ ...apiKey, lastUsedAt: opening, revokedAt: opening })
    expect(await access.listApiKeys('app_1')).toEqual([revoked])
    expect(await access.listApiKeys('app_2')).toEqual([])
  })

  test('the audit log is read from its end, page by page, by application', async () => {
    const { store } = await open()
    const access = createAccess({ store: store.access })
    for (const [appId, action, actor] of [
      ['app_1', 'first', 'key_1'],
      ['app_2', 'theirs', 'key_1'],
      ['app_1', 'second', 'key_2'],
      ['app_1', 'third', 'key_1'],
    ] as const) {
      const detail = { subject: '美\0式' }
      await access.record({
        appId,
        actor,
        action,
        objectId: null,
        detail,
        requestId: null,
      })
    }
    const page = await access.listAuditEntries('app_1', { limit: 2 })
    expect(page.map(({ action }) => action)).toEqual(['third', 'second'])
    const rest = await access.listAuditEntries('app_1', { limit: 2, before: page.at(-1)?.id })
    expect(rest.map(({ action }) => action)).toEqual(['first'])
    const told = async (filter: { readonly actor?: string; readonly action?: string }) =>
      (await access.listAuditEntries('app_1', { limit: 9, ...filter })).map(({ action }) => action)
    expect(await told({ actor: 'key_1' })).toEqual(['third', 'first'])
    expect(await told({ action: 'second' })).toEqual(['second'])
    expect(await told({ action: 'second', actor: 'key_1' })).toEqual([])
  })

  test('rows of another application of the same database are seen by its store alone', async () => {
    const { store } = await open()
    const other = store.of('live 2021000000000000')
    expect(store.of('live 2021000000000000')).toBe(other)
    await store.payments.storeOrphan({ outTradeNo: 'x', receivedAt: opening, params: {} })
    await other.payments.quarantine({ receivedAt: opening, body: 'sign=x' })
    expect(await other.payments.quarantined()).toHaveLength(1)
    expect(await store.payments.quarantined()).toEqual([])
  })
})

describe('access', () => {
  test('takes a key until it is revoked or has expired, and remembers what is none', async () => {
    const [{ open } = { open: undefined }] = storeKinds
    if (open === undefined) return
    const { store } = await open()
    let nowMs = 0
    let looks = 0
    const counted = {
      ...store.access,
      findApiKeyByHash(hash: string) {
        looks += 1
        return store.access.findApiKeyByHash(hash)
      },
    }
    const clock = { now: () => addMs(opening, nowMs) }
    const access = createAccess({ store: counted, clock, monotonicMs: () => nowMs })
    const made = await access.createKey({
      appId: 'app_1',
      mode: 'test',
      name: 'till',
      scopes: ['payments:write'],
      expiresAt: addMs(opening, 60_000),
    })
    expect(made.key).toMatch(/^rk_test_[0-9a-f]{48}$/)
    expect(made.apiKey.hint).not.toContain(made.key.slice(8, 30))
    for (let count = 0; count < 10; count++) {
      expect(await access.authenticate(made.key)).toMatchObject({ id: made.apiKey.id })
      expect(await access.authenticate('rk_test_guessed')).toBeUndefined()
    }
    expect(looks).toBe(2)
    nowMs = 60_000
    expect(await access.authenticate(made.key)).toBeUndefined()

    const second = await access.createKey({
      appId: 'app_1',
      mode: 'live',
      name: 'all',
      scopes: '*',
    })
    expect(second.key).toMatch(/^sk_live_/)
    expect(await access.authenticate(second.key)).toBeDefined()
    await access.revokeKey('app_1', second.apiKey.id)
    expect(await access.authenticate(second.key)).toBeUndefined()
    const first = await access.revokeKey('app_1', second.apiKey.id)
    expect(first?.revokedAt).toBe(clock.now())
  })
})
