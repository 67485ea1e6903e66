/**
 * `/readyz` says no while the node could not take a payment, and why; and yes again afterwards.
 *
 * @module
 */

import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { addMs, GatewayClock, MovableClock, systemClock } from '../../src/alipay/index.ts'
import {
  CLAIM_MAX_MS,
  createReadiness,
  PROBED_FOR_MS,
  type ReadinessOptions,
} from '../../src/cli/readiness.ts'
import { createPayments, StoreUnavailable, type Gateway } from '../../src/payments/index.ts'
import { createServer, oneApp } from '../../src/server/index.ts'
import { openAccess, startServer } from '../server/server-under-test.ts'
import { storeKinds } from '../store/opened-stores.ts'

const fine: ReadinessOptions = {
  store: { probeWrite: async () => {} },
  payments: { sinceClaimMs: () => 250 },
  clock: systemClock,
  monotonicMs: () => 0,
}

test('all is well', async () => {
  expect(await createReadiness(fine)()).toEqual({
    status: 'ok',
    database: 'ok',
    clock: 'ok',
    leases: 'ok',
  })
})

describe.each(storeKinds)('on $kind', ({ open }) => {
  test('a database that can be read and not written to', async () => {
    const opened = await open()
    const { store } = opened
    let nowMs = 0
    const ready = createReadiness({ ...fine, store, monotonicMs: () => nowMs })
    expect((await ready()).status).toBe('ok')
    await opened.query('alter table write_probes rename to moved_away')
    nowMs += PROBED_FOR_MS
    expect(await store.payments.list({ limit: 1 })).toEqual([])
    expect(await ready()).toMatchObject({ status: 'unavailable', database: 'not_writable' })
    await opened.query('alter table moved_away rename to write_probes')
    nowMs += PROBED_FOR_MS
    expect((await ready()).status).toBe('ok')
  })
})

test('a database that does not answer is not waited for', async () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const ready = createReadiness({ ...fine, store: { probeWrite: () => new Promise(() => {}) } })
  const answer = ready()
  await vi.advanceTimersByTimeAsync(3_000)
  expect(await answer).toMatchObject({ database: 'not_writable' })
})

test('many who ask cost one write', async () => {
  const probeWrite = vi.fn(async () => {})
  const ready = createReadiness({ ...fine, store: { probeWrite } })
  await Promise.all(Array.from({ length: 50 }, ready))
  expect(probeWrite).toHaveBeenCalledOnce()
})

test.each([
  [295_000, 'ok'],
  [-295_000, 'ok'],
  [305_000, 'off'],
  [-305_000, 'off'],
])('a clock that is %d ms from Alipay’s is %s', async (offsetMs, found) => {
  const clock = new GatewayClock({ clock: new MovableClock(), monotonicMs: () => 0 })
  const ready = createReadiness({ ...fine, clock })
  expect(await ready()).toMatchObject({ clock: 'ok' })
  clock.observe({ date: addMs(clock.now(), offsetMs), sentAtMs: 0, receivedAtMs: 0 })
  expect(await ready()).toMatchObject({
    status: found === 'ok' ? 'ok' : 'unavailable',
    clock: found,
  })
})

test('an engine that cannot take leases, though the database can be written to', async () => {
  const [{ open }] = storeKinds as unknown as [(typeof storeKinds)[number]]
  const { store } = await open()
  let isAway = false
  let nowMs = 0
  let claims = 0
  const payments = createPayments({
    store: {
      ...store.payments,
      async claimDue(limit, lease) {
        claims += 1
        if (isAway) throw new StoreUnavailable('away', 'not_applied')
        return store.payments.claimDue(limit, lease)
      },
    },
    gateway: { appId: '1', trade: {} } as Gateway,
    monotonicMs: () => nowMs,
    onError: () => {},
  })
  const ready = createReadiness({ ...fine, payments })
  expect(await ready()).toMatchObject({ status: 'unavailable', leases: 'not_taken' })
  payments.start()
  onTestFinished(() => payments.stop())
  const claimed = async (): Promise<void> => {
    const before = claims
    await vi.waitUntil(() => claims > before + 1, { timeout: 10_000 })
  }
  await claimed()
  expect((await ready()).status).toBe('ok')
  isAway = true
  await claimed()
  nowMs += CLAIM_MAX_MS + 1
  await claimed()
  expect(await ready()).toMatchObject({ status: 'unavailable', leases: 'not_taken' })
  isAway = false
  await claimed()
  expect((await ready()).status).toBe('ok')
})

test('the answer is 503 with what is wrong, while the process is alive', async () => {
  const { payments } = startServer()
  const server = createServer({
    apps: oneApp({
      mode: 'test',
      payments,
      client: { verifyNotification: () => Promise.reject() as never },
      notifyToken: 'ntf_7Ks02mXv9QpLw3',
    }),
    access: await openAccess(),
    publicUrl: 'https://pay.example.com',
    readiness: createReadiness({ ...fine, payments: { sinceClaimMs: () => null } }),
  })
  const ask = (path: string) => server.fetch(new Request(`https://pay.example.com${path}`))
  const ready = await ask('/readyz')
  expect([ready.status, await ready.json()]).toEqual([
    503,
    { status: 'unavailable', database: 'ok', clock: 'ok', leases: 'not_taken' },
  ])
  expect((await ask('/healthz')).status).toBe(200)
})
