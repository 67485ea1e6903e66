/**
 * Pages of one node learn what another one has committed: at once where it can be heard, and by
 * reading the events in any case.
 *
 * @module
 */

import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { toFen } from '../../src/alipay/index.ts'
import {
  createPayments,
  type Gateway,
  type Payments,
  type PaymentStore,
} from '../../src/payments/index.ts'
import { CommitFollower } from '../../src/payments/commit-follower.ts'
import { PaymentWatchers } from '../../src/payments/payment-watchers.ts'
import { openSqliteStore } from '../../src/store/index.ts'

/** What only counts is what is committed: nobody answers at Alipay's address. */
const gateway = {
  appId: '2021000000000000',
  trade: new Proxy({}, { get: () => () => Promise.reject(new RangeError('Nobody answers')) }),
} as Gateway

/** A store that two nodes share: what one commits the other one can hear. */
function shared(store: PaymentStore) {
  const listeners = new Map<string, (paymentIds: readonly string[]) => void>()
  const reads = { events: 0 }
  const of = (node: string): PaymentStore => {
    const tellOthers = (id: string) => {
      for (const [other, hear] of listeners) if (other !== node) hear([id])
    }
    return {
      ...store,
      isShared: true,
      async insert(commit, lease) {
        const result = await store.insert(commit, lease)
        if (result === 'inserted') tellOthers(commit.record.payment.id)
        return result
      },
      async save(commit) {
        const result = await store.save(commit)
        if (result === 'saved') tellOthers(commit.record.payment.id)
        return result
      },
      eventsAfter(position, limit) {
        reads.events += 1
        return store.eventsAfter(position, limit)
      },
      hear(listener) {
        listeners.set(node, listener)
        return () => void listeners.delete(node)
      },
    }
  }
  return { of, listeners, reads }
}

let nodes: ReturnType<typeof shared>
let there: Payments
const told: string[] = []
const errors: unknown[] = []

beforeEach(async () => {
  told.length = 0
  errors.length = 0
  const store = await openSqliteStore(':memory:')
  onTestFinished(() => store.close())
  nodes = shared(store.payments)
  there = createPayments({ store: nodes.of('there'), gateway })
})

/** The pages of the other node, which looks when it is told to, and hears if it may. */
function follow(store = nodes.of('here')) {
  const watchers = new PaymentWatchers((error) => errors.push(error))
  let woken = 0
  const follower = new CommitFollower({
    store,
    watchers,
    onError: (error) => errors.push(error),
    onCommit: () => void (woken += 1),
  })
  onTestFinished(() => follower.stop())
  return { watchers, follower, wokenTimes: () => woken }
}

async function sell(): Promise<string> {
  const { record } = await there.create({ amount: toFen(1_800), subject: '美式咖啡' })
  return record.payment.id
}

/** Lets all that was begun come to its end. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((next) => setImmediate(next))
}

describe('a node that can be heard', () => {
  test('tells the pages of another one at once, and wakes its worker', async () => {
    const { watchers, follower, wokenTimes } = follow()
    const id = await sell()
    watchers.watch(id, ({ payment }) => told.push(payment.status))
    follower.start()
    await there.cancel(id)
    await settled()
    expect(told.at(-1)).toBe('closing')
    expect(wokenTimes()).toBeGreaterThan(0)
    expect(errors).toEqual([])
  })

  test('is not asked about payments that no page watches', async () => {
    const { watchers, follower } = follow()
    const [watched, other] = [await sell(), await sell()]
    watchers.watch(watched, ({ payment }) => told.push(payment.id))
    follower.start()
    await there.cancel(other)
    await settled()
    expect(told).toEqual([])
  })

  test('is not heard any more after the end', async () => {
    const { watchers, follower } = follow()
    const id = await sell()
    watchers.watch(id, ({ payment }) => told.push(payment.status))
    follower.start()
    follower.stop()
    expect([...nodes.listeners.keys()]).toEqual([])
    await there.cancel(id)
    await settled()
    expect(told).toEqual([])
  })
})

describe('a node that cannot be heard', () => {
  test('is read: each look tells what was committed since the one before', async () => {
    const { watchers, follower } = follow()
    const id = await sell()
    watchers.watch(id, ({ payment }) => told.push(payment.status))
    await follower.look()
    told.length = 0
    await follower.look()
    expect(told).toEqual([])
    await there.cancel(id)
    await follower.look()
    expect(told).toEqual(['closing'])
    await follower.look()
    expect(told).toEqual(['closing'])
  })

  test('is not read while nobody watches, and from the present on when somebody does', async () => {
    const { watchers, follower } = follow()
    for (let count = 0; count < 3; count++) await sell()
    await follower.look()
    expect(nodes.reads.events).toBe(0)
    const id = await sell()
    const unwatch = watchers.watch(id, ({ payment }) => told.push(payment.id))
    await follower.look()
    // It is told its own state once, for it may have changed before the first look; and no other's.
    expect(new Set(told)).toEqual(new Set([id]))
    unwatch()
    const { events } = nodes.reads
    await follower.look()
    expect(nodes.reads.events).toBe(events)
  })

  test('misses none of more commits than are read in one go', async () => {
    const { watchers, follower } = follow()
    const ids: string[] = []
    for (let count = 0; count < 600; count++) ids.push(await sell())
    const seen = new Set<string>()
    for (const id of ids) {
      watchers.watch(id, ({ payment }) => {
        if (payment.status === 'closing') seen.add(id)
      })
    }
    await follower.look()
    for (const id of ids) await there.cancel(id)
    // Each has one event more; 500 are read in one go.
    for (let looks = 0; looks < 3; looks++) await follower.look()
    expect(seen.size).toBe(600)
  })

  test('a look that falls into another one does nothing', async () => {
    const { watchers, follower } = follow()
    const id = await sell()
    watchers.watch(id, () => {})
    await Promise.all([follower.look(), follower.look(), follower.look()])
    expect(nodes.reads.events).toBe(1)
  })
})

test('a page that fails keeps no other from being told', async () => {
  const { watchers, follower } = follow()
  const id = await sell()
  watchers.watch(id, () => {
    throw new Error('The page is gone')
  })
  watchers.watch(id, ({ payment }) => told.push(payment.status))
  await follower.look()
  told.length = 0
  await there.cancel(id)
  await follower.look()
  expect(told).toEqual(['closing'])
  expect(String(errors)).toContain('The page is gone')
})

test('a store that fails is told, and the next look goes on where it stopped', async () => {
  let isAway = false
  const own = nodes.of('here')
  const { watchers, follower } = follow({
    ...own,
    eventsAfter: (position, limit) =>
      isAway ? Promise.reject(new Error('The store is away')) : own.eventsAfter(position, limit),
  })
  const id = await sell()
  watchers.watch(id, ({ payment }) => told.push(payment.status))
  await follower.look()
  told.length = 0
  isAway = true
  await there.cancel(id)
  await expect(follower.look()).rejects.toThrow('The store is away')
  isAway = false
  await follower.look()
  expect(told).toEqual(['closing'])
})

test('a file has one owner: there is nobody to follow', async () => {
  const { follower } = follow({ ...nodes.of('here'), isShared: false })
  follower.start()
  expect([...nodes.listeners.keys()]).toEqual([])
})
