/**
 * The directory of a server's applications, on two nodes of one database: what one adds or changes
 * the other serves, and each runs it once.
 *
 * @module
 */

import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { appIdOf, type App } from '../../src/access/index.ts'
import { MovableClock, NotificationInvalid, toInstant } from '../../src/alipay/index.ts'
import type { MerchantApp } from '../../src/cli/merchant-app.ts'
import { APPS_LOOK_MS, createServedApps } from '../../src/cli/served-apps.ts'
import type { ServedApp } from '../../src/server/index.ts'
import { openSqliteStore, type Store } from '../../src/store/index.ts'
import { createFakePayments } from '../server/fake-payments.ts'

const HOME = 'test 9021000000000000'
/** Stands still. */
let nowMs = 1_795_400_000_000
const clock = { now: () => toInstant(nowMs) }
let store: Store

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  store = await openSqliteStore(':memory:')
})
afterEach(async () => {
  vi.useRealTimers()
  await store.close()
})

/** A node, and what it did with its applications, in order. */
function openNode(home = HOME) {
  const did: string[] = []
  const run = (identity: string, app?: App): MerchantApp => {
    const appId = identity.slice(-16)
    const serve = (now: App | undefined): ServedApp => ({
      id: appIdOf(identity),
      mode: 'test',
      merchantName: now?.name ?? null,
      payments: createFakePayments(new MovableClock()),
      webhooks: null,
      figures: null,
      alarms: null,
      books: null,
      credentials: null,
      notifyToken: 'notify-token-of-them-all',
      standing: () => [],
      addedAt: now?.createdAt ?? null,
      retiredAt: now?.retiredAt ?? null,
      client: {
        appId,
        verifyNotification() {
          throw new NotificationInvalid('malformed', 'x')
        },
      },
    })
    const running = {
      served: serve(app),
      change(now: App) {
        running.served = serve(now)
        did.push(`change ${appId}`)
      },
      open: async () => void did.push(`open ${appId}`),
      start: () => void did.push(`start ${appId}`),
      stop: async () => void did.push(`stop ${appId}`),
    }
    return running as unknown as MerchantApp
  }
  const apps = createServedApps({
    mode: 'test',
    configured: [run(home)],
    store: store.access,
    clock,
    make: (app) => run(app.identity, app),
    onError(error) {
      throw error
    },
  })
  return { apps, did: () => did.splice(0) }
}

const SHOP = {
  appId: '9021000000000007',
  name: '分店',
  productCode: 'FACE_TO_FACE_PAYMENT',
  sellerId: null,
}
const shopId = appIdOf(`test ${SHOP.appId}`)

test('what a node adds, changes and retires is served so by the others, and run once on each', async () => {
  const [one, two] = [openNode(), openNode()]
  for (const { apps } of [one, two]) {
    await apps.open()
    apps.start()
  }
  one.did()
  two.did()
  const added = await Promise.all([one.apps.registry.add(SHOP), one.apps.registry.add(SHOP)])
  expect(added.filter((result) => result === 'exists')).toHaveLength(1)
  expect(await two.apps.registry.add(SHOP)).toBe('exists')
  expect(one.did()).toEqual([`open ${SHOP.appId}`, `start ${SHOP.appId}`])

  expect(two.apps.find(shopId)).toBeUndefined()
  vi.advanceTimersByTime(APPS_LOOK_MS)
  await vi.waitFor(() => expect(two.apps.find(shopId)?.merchantName).toBe('分店'))
  vi.advanceTimersByTime(APPS_LOOK_MS)
  nowMs += 1
  await one.apps.registry.change(shopId, { isRetired: true })
  nowMs += 1
  const again = await one.apps.registry.change(shopId, { isRetired: true, name: '旧店' })
  expect(again).toMatchObject({ merchantName: '旧店', retiredAt: nowMs - 1 })
  vi.advanceTimersByTime(APPS_LOOK_MS)
  await vi.waitFor(() => expect(two.apps.find(shopId)?.merchantName).toBe('旧店'))
  expect(two.apps.find(shopId)?.retiredAt).toBe(nowMs - 1)
  expect(two.did()).toEqual([`open ${SHOP.appId}`, `start ${SHOP.appId}`, `change ${SHOP.appId}`])
  expect(await one.apps.registry.remove(appIdOf(HOME))).toBe('configured')
  expect(await one.apps.registry.remove(shopId)).toBe('removed')
  expect(await one.apps.registry.remove(shopId)).toBeUndefined()
  expect(one.apps.find(shopId)).toBeUndefined()
  vi.advanceTimersByTime(APPS_LOOK_MS)
  await vi.waitFor(() => expect(two.did()).toEqual([`stop ${SHOP.appId}`]))
  expect(two.apps.find(shopId)).toBeUndefined()
  for (const { apps } of [one, two]) await apps.stop()
  expect(two.did()).toEqual(['stop 9021000000000000'])
})

test('those of the configuration stay as they are, and another server’s are not taken', async () => {
  const { apps } = openNode()
  await apps.open()
  expect(await apps.registry.add({ ...SHOP, appId: HOME.slice(-16) })).toBe('exists')
  expect(await apps.registry.change(appIdOf(HOME), { name: 'x' })).toBe('configured')
  expect(await apps.registry.change('app_nowhere', { name: 'x' })).toBeUndefined()
  await apps.registry.add(SHOP)

  const other = openNode('test 9021000000000005')
  await other.apps.open()
  expect(other.apps.list()).toHaveLength(1)
  expect(await other.apps.registry.change(shopId, { name: 'x' })).toBeUndefined()
  expect(await other.apps.registry.add(SHOP)).toBe('exists')
})
