/**
 * The database's machine dies under load, and its synchronous standby takes its place.
 *
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { collect, differences } from '../crash/checker.ts'
import type { PaymentAnswer } from '../crash/installation.ts'
import { openShop } from '../crash/merchant.ts'
import { postgresPrograms, query } from '../machines/postgres.ts'
import { startReplicatedPostgres, type ReplicatedPostgres } from '../machines/standby.ts'
import { openCluster, type Cluster } from './cluster.ts'
import { sellMuch } from './load.ts'

const SALES = 60

/** Until the primary dies, and until somebody decides that it does not come back. */
const BEFORE_MS = 5_000
const DECISION_MS = 1_000

test.skipIf(postgresPrograms === '')(
  'when the primary is killed and the standby promoted, nothing that was acknowledged is lost',
  { timeout: 240_000 },
  async () => {
    const servers = await startReplicatedPostgres()
    const url = await servers.createDatabase()
    const name = /\/(test_\w+)/.exec(url)?.[1] ?? ''
    let current = servers.primary
    const cluster = await openCluster({
      nodes: 2,
      patienceMs: 120_000,
      database: { url, direct: () => current.urlOf(name) },
    })
    const merchant = openShop(cluster, 0)
    await Promise.all(cluster.nodes.map((node) => node.start()))
    const selling = sellMuch(cluster, merchant, { seed: 1, sales: SALES, overMs: 2 * BEFORE_MS })
    selling.catch(() => {})
    const probe = startProbe(cluster)

    await sleep(BEFORE_MS)
    await servers.killPrimary()
    const acknowledged = [...merchant.acknowledged.payments, ...probe.acknowledged]
    const notified = ordersNotified(cluster)
    await untilReplayed(servers, name)
    const kept = await query<{ id: string; out_trade_no: string; paid: boolean }>(
      servers.standby.urlOf(name),
      // A cancel that is on its way may still have to be waited for.
      `select id, out_trade_no, trade_status in ('TRADE_SUCCESS', 'TRADE_CLOSED') as paid from payments`,
    )
    await sleep(DECISION_MS)
    current = servers.standby
    await servers.promoteStandby()

    const ids = new Set(kept.map(({ id }) => id))
    expect(acknowledged.filter((id) => !ids.has(id))).toEqual([])
    const paid = new Set(kept.filter((row) => row.paid).map((row) => row.out_trade_no))
    expect(notified.filter((order) => !paid.has(order))).toEqual([])

    await probe.untilAnswered()
    const counts = await selling
    const gapMs = await probe.stop()
    await cluster.untilOver()
    const all = await collect(cluster)
    console.log({
      ...counts,
      acknowledged: acknowledged.length,
      notified: notified.length,
      payments: all.payments.length,
      serviceGapMs: gapMs,
      ofWhichUndecidedMs: DECISION_MS,
    })
    const known = merchant.acknowledged
    expect(
      differences(all, { ...known, payments: [...known.payments, ...probe.acknowledged] }),
    ).toEqual([])
    for (const node of cluster.nodes) expect(await node.stop()).toBe(0)
  },
)

/** Those of which Alipay was told `success`, and tells no more. */
function ordersNotified({ emulator }: Cluster): string[] {
  return emulator.notifications
    .list()
    .filter(({ event, status }) => event === 'paid' && status === 'delivered')
    .map(({ out_trade_no }) => out_trade_no)
}

/** The standby shows all that it has received. */
async function untilReplayed({ standby }: ReplicatedPostgres, name: string): Promise<void> {
  for (;;) {
    const [row] = await query<{ done: boolean }>(
      standby.urlOf(name),
      'select pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() as done',
    )
    if (row?.done === true) return
    await sleep(20)
  }
}

interface Probe {
  readonly acknowledged: readonly string[]
  /** Waits until a sale is taken again. */
  untilAnswered(): Promise<void>
  /** Resolves with the longest time without any. */
  stop(): Promise<number>
}

/** Makes one sale after the other, and measures how long none was taken. */
function startProbe({ call, until }: Cluster): Probe {
  const acknowledged: string[] = []
  const stopping = new AbortController()
  let lastMs = performance.now()
  let gapMs = 0
  const run = async (): Promise<void> => {
    for (let number = 1; !stopping.signal.aborted; number++) {
      const order = { reference: `probe ${number}`, amount: 1, subject: '探针', expires_in: 60 }
      const answer = await call<PaymentAnswer>('POST', '/payments', order).catch(() => undefined)
      if (answer !== undefined && answer.status <= 202) {
        acknowledged.push(answer.body.id)
        const now = performance.now()
        gapMs = Math.max(gapMs, now - lastMs)
        lastMs = now
      }
      await sleep(100)
    }
  }
  const running = run()
  return {
    acknowledged,
    async untilAnswered() {
      const before = acknowledged.length
      await until(
        () => 'No sale is taken any more',
        async () => (acknowledged.length > before ? true : undefined),
        0,
      )
    },
    async stop() {
      stopping.abort()
      await running
      return Math.round(gapMs)
    },
  }
}
