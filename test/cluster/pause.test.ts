/**
 * A node stands still in the worst moment of a cancel, or the network does, while the buyer pays.
 * What was once told to be paid is never taken back.
 *
 * @module
 */
import { describe, expect, test } from 'vitest'
import { collect, differences } from '../crash/checker.ts'
import type { PaymentAnswer } from '../crash/installation.ts'
import { openShop, type Merchant } from '../crash/merchant.ts'
import { startFaultProxy, type FaultProxy } from '../machines/fault-proxy.ts'
import { postgresPrograms, sharedPostgres } from '../machines/postgres.ts'
import { openCluster, type Cluster, type ClusterNode } from './cluster.ts'

/** Every second accident without `--all`. */
const ALL = process.env['SAOMA_TEST_ALL'] !== undefined

/** Longer than a lease. */
const LEASE_PASSED_MS = 95_000

/** The deadline that a buyer is given. */
const DEADLINE_S = 60

const CANCEL = /alipay\.trade\.cancel/

/** What is told of a payment whose buyer has paid in the moment of the cancel. */
const SUCCEEDED = ['created', 'pending', 'closing', 'succeeded']
const REFUNDED = ['created', 'pending', 'closing', 'refunded_by_cancel']

describe.skipIf(postgresPrograms === '')('the buyer pays', () => {
  describe.each([
    ['before its cancel goes out', 'cancel-attempted'],
    ['between its last query and the commit of its cancel', 'query-answered'],
  ])('while a node stands still %s', (_, pauseAt) => {
    test('for more than a minute: another node finds the money, and nothing is canceled', async () => {
      const stage = await openStage()
      const { cluster, merchant, a, b } = stage
      await a.start({ pauseAt })
      const { payment, pay } = await sellUntilDeadline(stage)
      await a.paused()
      await b.start()
      expect(pay()).toBe('paid')
      await cluster.time.advance(LEASE_PASSED_MS)
      await merchant.until(payment, 'succeeded')
      a.resume()
      await goesOn(stage)
      expect(calls(cluster)).not.toContain('cancel')
      expect(await told(cluster, payment)).toEqual(SUCCEEDED)
      await expectBooks(stage)
    })

    test('for some seconds: it asks again, and nothing is canceled', async () => {
      const stage = await openStage()
      const { cluster, merchant, a, b } = stage
      await a.start({ pauseAt })
      const { payment, pay } = await sellUntilDeadline(stage)
      await a.paused()
      await b.start()
      expect(pay()).toBe('paid')
      await notified(cluster)
      await cluster.time.advance(3_000)
      a.resume()
      await merchant.until(payment, 'succeeded')
      await goesOn(stage)
      expect(calls(cluster)).not.toContain('cancel')
      expect(await told(cluster, payment)).toEqual(SUCCEEDED)
      await expectBooks(stage)
    })
  })

  describe('while the cancel is on its way', () => {
    /** What becomes of the cancel that is on its way, and of the node that has sent it. */
    interface Accident {
      readonly fault?: 'request-lost' | 'answer-lost' | 'system-error-after' | 'retry-flag'
      readonly next?: (stage: Stage, payment: PaymentAnswer) => Promise<void>
    }

    const accidents: readonly [string, Accident, readonly string[]][] = [
      ['and it takes the money back', {}, REFUNDED],
      ['and its answer is lost', { fault: 'answer-lost' }, REFUNDED],
      ['and its answer says nothing', { fault: 'system-error-after' }, REFUNDED],
      ['and it is lost', { fault: 'request-lost' }, SUCCEEDED],
      ['and it is to be repeated', { fault: 'retry-flag' }, SUCCEEDED],
      ['and its node dies', { next: ({ a }) => a.kill() }, REFUNDED],
      [
        'and it is lost, and its node dies',
        { fault: 'request-lost', next: ({ a }) => a.kill() },
        SUCCEEDED,
      ],
      [
        'and its node stands still for more than a minute',
        {
          async next({ a, cluster, merchant }, payment) {
            a.pause()
            await landed(cluster)
            await cluster.time.advance(LEASE_PASSED_MS)
            await merchant.until(payment, 'succeeded')
            a.resume()
          },
        },
        REFUNDED,
      ],
    ]
    const some = accidents.filter((_, index) => ALL || index % 2 === 0)
    test.each(some)('%s', async (_, { fault, next }, expected) => {
      const stage = await openStage()
      const { cluster, merchant, proxy, b } = stage
      await startFirst(stage)
      if (fault !== undefined) {
        cluster.emulator.faults.add({ name: fault, method: 'alipay.trade.cancel' })
      }
      await proxy.set({ kind: 'delay', requestMs: 1_500, matching: CANCEL, times: 1 })
      const { payment, pay } = await sellUntilDeadline(stage)
      await sent(stage)
      b.resume()
      expect(pay()).toBe('paid')
      await notified(cluster)
      expect(await told(cluster, payment)).not.toContain('succeeded')
      await next?.(stage, payment)
      await landed(cluster)
      await merchant.until(payment, 'succeeded', 10_000)
      expect(await told(cluster, payment)).toEqual(expected)
      await expectBooks(stage)
    })

    test('that the merchant has asked for: it is told to the merchant, and never taken back', async () => {
      const stage = await openStage()
      const { cluster, merchant, proxy, b } = stage
      await startFirst(stage)
      await proxy.set({ kind: 'delay', requestMs: 1_500, matching: CANCEL, times: 1 })
      const payment = await merchant.sell({ reference: 'tea' })
      const tradeNo = merchant.scan(payment)
      const canceled = cluster.call<{ error: { code: string } }>(
        'POST',
        `/payments/${payment.id}/cancel`,
        {},
      )
      await sent(stage)
      b.resume()
      expect(merchant.payScanned(tradeNo)).toBe('paid')
      await notified(cluster)
      expect(await told(cluster, payment)).not.toContain('succeeded')
      expect(await canceled).toMatchObject({
        status: 409,
        body: { error: { code: 'payment_already_succeeded' } },
      })
      expect(await told(cluster, payment)).toEqual(REFUNDED)
      await expectBooks(stage)
    })
  })
})

interface Stage {
  readonly cluster: Cluster
  readonly merchant: Merchant
  readonly proxy: FaultProxy
  /** The node that is in trouble, and the one that is not. */
  readonly a: ClusterNode
  readonly b: ClusterNode
}

/** Two nodes, none of which runs, with a network between them and Alipay that can be bad. */
async function openStage(): Promise<Stage> {
  const url = await (await sharedPostgres()).createDatabase()
  const proxies: FaultProxy[] = []
  const cluster = await openCluster({
    nodes: 2,
    database: { url, direct: () => url },
    async gatewayThrough(gateway) {
      const proxy = await startFaultProxy(Number(new URL(gateway).port))
      proxies.push(proxy)
      return proxy.through(gateway)
    },
  })
  const [a, b] = cluster.nodes
  const [proxy] = proxies
  if (!a || !b || !proxy) throw new Error('Not everything is there')
  return { cluster, merchant: openShop(cluster), proxy, a, b }
}

/** A sale whose buyer has the phone in the hand, when its deadline comes. */
async function sellUntilDeadline({ cluster, merchant }: Stage): Promise<{
  readonly payment: PaymentAnswer
  readonly pay: () => string
}> {
  const payment = await merchant.sell({ reference: 'tea', expiresIn: DEADLINE_S })
  const tradeNo = merchant.scan(payment)
  await cluster.time.advance(DEADLINE_S * 1_000)
  return { payment, pay: () => merchant.payScanned(tradeNo) }
}

/** Starts both; for now the first one does all the work. */
async function startFirst({ a, b }: Stage): Promise<void> {
  await Promise.all([a.start(), b.start()])
  b.pause()
}

/** Waits until a cancel has left its node. */
async function sent({ cluster, proxy }: Stage): Promise<void> {
  await cluster.until(
    () => 'No cancel is sent',
    async () => (proxy.counts.delay === 1 ? true : undefined),
    0,
  )
}

/** Waits until the cancel has come to Alipay, or been lost on the way. */
async function landed(cluster: Cluster): Promise<void> {
  await cluster.until(
    () => 'The cancel does not arrive',
    async () => (calls(cluster).includes('cancel') ? true : undefined),
    0,
  )
}

/** Waits until the merchant has said `success` to Alipay's notification. */
async function notified({ emulator, until }: Cluster): Promise<void> {
  await until(
    () => 'The notification is not accepted',
    async () =>
      emulator.notifications.list().some(({ status }) => status === 'delivered') ? true : undefined,
    0,
  )
}

/** What is under way on each node has been done: both have done something after it. */
async function goesOn({ cluster, merchant }: Stage): Promise<void> {
  for (const reference of ['cake', 'milk', 'sugar', 'salt']) {
    const payment = await merchant.sell({ reference })
    merchant.payScanned(merchant.scan(payment))
    await merchant.until(payment, 'succeeded')
  }
  await cluster.time.advance(1_000)
}

/** What Alipay was asked for, oldest first. */
function calls({ emulator }: Cluster): string[] {
  return emulator.requests().map(({ method }) => (method ?? '').replace('alipay.trade.', ''))
}

/** What was told of a payment; a scan may be seen or not. */
async function told({ read }: Cluster, { id }: PaymentAnswer): Promise<string[]> {
  const rows = await read<{ type: string }>(
    `select type from events where payment_id = '${id}' and refund_id is null
      and type <> 'payment.scanned' order by position`,
  )
  return rows.map(({ type }) => type.replace('payment.', ''))
}

/** Everything has come to its end, and all accounts agree. */
async function expectBooks({ cluster, merchant }: Stage): Promise<void> {
  await cluster.untilOver()
  expect(differences(await collect(cluster), merchant.acknowledged)).toEqual([])
}
