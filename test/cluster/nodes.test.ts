/**
 * Three nodes on one PostgreSQL, under load, and everything that can happen to them: they are
 * killed and frozen, the database is restarted and killed, the network to Alipay loses and delays,
 * Alipay itself misbehaves, the merchant's webhooks fail. Then all is well again, and all accounts
 * must agree.
 *
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createRandom } from '../../src/emulator/random.ts'
import { collect, differences } from '../crash/checker.ts'
import { openShop } from '../crash/merchant.ts'
import { startFaultProxy, type FaultKind, type FaultProxy } from '../machines/fault-proxy.ts'
import { pgbouncerProgram, startPgbouncer, type Pgbouncer } from '../machines/pgbouncer.ts'
import { postgresPrograms, startPostgres, type PostgresCluster } from '../machines/postgres.ts'
import { openCluster, type Cluster, type ClusterNode } from './cluster.ts'
import { sellMuch } from './load.ts'

const ALL = process.env['SAOMA_TEST_ALL'] !== undefined

/** The accidents of one run; `--all` has new ones each time, `SAOMA_TEST_SEED=1,2` chooses. */
const SEEDS =
  process.env['SAOMA_TEST_SEED']?.split(',').map(Number) ??
  (ALL ? [Date.now() % 1_000_000] : [20_261_126])

/** How long things go wrong, in real time. */
const ROUGH_MS = ALL ? 120_000 : 12_000

const SALES = ALL ? 800 : 100

test.skipIf(postgresPrograms === '').each(SEEDS)(
  'nothing is lost and nothing doubled, whatever happens to three nodes (seed %i)',
  { timeout: ROUGH_MS + 300_000 },
  async (seed) => {
    const server = await startPostgres()
    const direct = await server.createDatabase()
    const toDatabase = await startFaultProxy(server.port)
    const url = toDatabase.through(direct)
    const bouncer = pgbouncerProgram === '' ? undefined : await startBouncer(toDatabase)
    const lastNode: Readonly<Record<string, string>> = bouncer
      ? { SAOMA_DATABASE_URL: bouncer.through(url), SAOMA_DATABASE_LISTEN_URL: url }
      : {}
    const proxies: FaultProxy[] = []
    const cluster = await openCluster({
      nodes: 3,
      seed,
      patienceMs: ROUGH_MS + 180_000,
      database: { url, direct: () => direct },
      envOf: (node) => (node === 2 ? lastNode : {}),
      async gatewayThrough(gateway) {
        const proxy = await startFaultProxy(Number(new URL(gateway).port))
        proxies.push(proxy)
        return proxy.through(gateway)
      },
    })
    const [toAlipay] = proxies as [FaultProxy]
    const merchant = openShop(cluster, 0)
    await Promise.all(cluster.nodes.map((node) => node.start()))
    const accidents = createAccidents({ cluster, server, bouncer, toAlipay, toDatabase, seed })

    const selling = sellMuch(cluster, merchant, {
      seed,
      sales: SALES,
      overMs: ROUGH_MS,
      expiresInMax: ALL ? 900 : 240,
    })
    selling.catch(() => {})
    await accidents.happen(ROUGH_MS)
    await accidents.end()
    let isSold = false
    void selling.finally(() => (isSold = true)).catch(() => {})
    await cluster.untilOver(() => isSold)
    const counts = await selling
    const accounts = await collect(cluster)
    console.log({
      ...counts,
      ...accidents.counts,
      webhooksRefused: accidents.refused.size,
      toAlipay: toAlipay.counts,
      toDatabase: toDatabase.counts,
      payments: accounts.payments.length,
      events: accounts.events.length,
      webhooks: accounts.deliveries.length,
      ends: Object.fromEntries(countBy(accounts.payments.map(({ status }) => status))),
      errors: Object.fromEntries(countBy(cluster.nodes.flatMap(errorsOf))),
    })
    const taken = accounts.deliveries.filter((_, index) => !accidents.refused.has(index))
    expect(differences({ ...accounts, deliveries: taken }, merchant.acknowledged)).toEqual([])
    expect(accidents.unexpected).toEqual([])
    for (const node of cluster.nodes) expect(await node.stop()).toBe(0)
  },
)

function startBouncer({ port }: FaultProxy): Promise<Pgbouncer> {
  return startPgbouncer({ serverPort: port })
}

interface AccidentContext {
  readonly cluster: Cluster
  readonly server: PostgresCluster
  readonly bouncer: Pgbouncer | undefined
  readonly toAlipay: FaultProxy
  readonly toDatabase: FaultProxy
  readonly seed: number
}

interface Accidents {
  readonly counts: Record<string, number>
  /** Which of the webhooks the merchant has not taken, by their number. */
  readonly refused: ReadonlySet<number>
  /** What nobody has done. */
  readonly unexpected: string[]
  /** Has accidents happen, one after the other. */
  happen(ms: number): Promise<void>
  /** All is well from now on. */
  end(): Promise<void>
}

/** No request is under way for longer in the bad network. */
const DELAY_MAX_MS = 300

/** What happens to calls, each with this probability. */
const TO_ALIPAY = {
  refuse: 0.02,
  'cut-before': 0.03,
  'cut-after': 0.03,
  delay: 0.2,
  'black-hole': 0.002,
}

/** The same for statements, of which there are many more. */
const TO_DATABASE = {
  refuse: 0.02,
  'cut-before': 0.004,
  'cut-after': 0.004,
  delay: 0.02,
  'black-hole': 0.0005,
}

function createAccidents(context: AccidentContext): Accidents {
  const { cluster, server, bouncer, toAlipay, toDatabase, seed } = context
  const random = createRandom(seed)
  const counts: Record<string, number> = {}
  const unexpected: string[] = []
  const refused = new Set<number>()
  const count = (what: string): void => void (counts[what] = (counts[what] ?? 0) + 1)
  const repairs = new Set<Promise<void>>()
  const inTrouble = new Set<ClusterNode>()

  let areWebhooksFailing = false

  /** What is broken is mended a while later; meanwhile other things break. */
  const afterwards = (ms: number, mend: () => Promise<void> | void): Promise<void> => {
    const repair = sleep(ms)
      .then(mend)
      .catch((error: unknown) => void unexpected.push(String(error)))
      .finally(() => repairs.delete(repair))
    repairs.add(repair)
    return repair
  }
  const later = (ms: number, node: ClusterNode, mend: () => Promise<void> | void): void => {
    inTrouble.add(node)
    void afterwards(ms, mend).finally(() => inTrouble.delete(node))
  }
  const oneOf = (nodes: readonly ClusterNode[]): ClusterNode | undefined =>
    nodes[Math.floor(random() * nodes.length)]
  const healthy = (): readonly ClusterNode[] => cluster.nodes.filter((node) => !inTrouble.has(node))

  const kill = async (): Promise<void> => {
    const node = oneOf(healthy())
    if (node === undefined) return
    count('kills')
    await node.kill()
    later(random() * 1_500, node, () => startAgain(node))
  }
  const pause = async (): Promise<void> => {
    const node = oneOf(healthy())
    if (node === undefined) return
    count('pauses')
    // Sometimes nobody has noticed.
    if (random() < 0.5) node.pause()
    else node.process().pause()
    later(random() * 2_500, node, () => node.resume())
  }
  const jump = async (): Promise<void> => {
    count('jumps')
    // What is on its way in that moment would take a minute, which no network does.
    await toAlipay.set({ kind: 'pass' })
    await sleep(2 * DELAY_MAX_MS)
    await cluster.time.advance(5_000 + Math.floor(random() * 65_000))
    await badNetwork(toAlipay, TO_ALIPAY)
  }
  const badNetwork = (
    proxy: FaultProxy,
    probabilities: Readonly<Partial<Record<Exclude<FaultKind, 'pass'>, number>>>,
  ): Promise<void> => {
    const own = Math.floor(random() * 2 ** 31)
    return proxy.set({ kind: 'random', seed: own, delayMsMax: DELAY_MAX_MS, probabilities })
  }
  const webhooksFail = async (): Promise<void> => {
    const { sink } = cluster
    if (areWebhooksFailing) return
    areWebhooksFailing = true
    count('webhook outages')
    const first = sink.deliveries.length
    sink.answerAlways(random() < 0.5 ? { kind: 'answer', status: 503 } : { kind: 'cut' })
    void afterwards(1_000 + random() * 1_000, () => {
      sink.answerAlways({ kind: 'answer', status: 200 })
      for (let index = first; index < sink.deliveries.length; index++) refused.add(index)
      areWebhooksFailing = false
    })
  }
  const freezeDatabase = async (): Promise<void> => {
    count('database freezes')
    server.pause()
    await sleep(random() * 2_000)
    server.resume()
  }
  const breakPooler = async (): Promise<void> => {
    count('PgBouncer restarts')
    await bouncer?.restart()
  }
  const breakDatabase = async (how: 'restart' | 'kill'): Promise<void> => {
    count(`database ${how}s`)
    if (how === 'restart') return server.restart()
    await server.kill()
    await sleep(random() * 1_000)
    await server.start()
  }
  const ofNodes = [kill, kill, kill, pause, pause, pause]
  const all = [...ofNodes, jump, jump, webhooksFail, freezeDatabase, breakPooler]
  return {
    counts,
    refused,
    unexpected,
    async happen(ms) {
      const began = performance.now()
      const passed = (): number => (performance.now() - began) / ms
      cluster.emulator.faults.setRandom({ seed, probability: 0.04 })
      await badNetwork(toAlipay, TO_ALIPAY)
      await badNetwork(toDatabase, TO_DATABASE)
      const breakdowns = [0.35, 0.7]
      while (passed() < 1) {
        await sleep(100 + random() * 700)
        if (passed() > (breakdowns[0] ?? 1)) {
          await breakDatabase(breakdowns.length === 2 ? 'restart' : 'kill')
          breakdowns.shift()
          continue
        }
        await all[Math.floor(random() * all.length)]?.()
      }
    },
    async end() {
      cluster.emulator.faults.clear()
      await Promise.all(repairs)
      for (const proxy of [toAlipay, toDatabase]) {
        await proxy.set({ kind: 'pass' })
        proxy.dropConnections()
      }
      for (const node of cluster.nodes.filter((one) => !one.isUp())) {
        unexpected.push(`A node has ended by itself: ${node.process().stderr().slice(-2_000)}`)
        await node.start()
      }
      // One that still starts would be ended by a signal, and have no exit code.
      for (const node of cluster.nodes) await node.process().line('Stop with Ctrl+C')
      await sleep(2 * DELAY_MAX_MS)
    },
  }
}

/** As a supervisor does: one that finds no database ends, and is started once more. */
async function startAgain(node: ClusterNode): Promise<void> {
  for (let tries = 0; tries < 50; tries++) {
    await node.start()
    if (node.isUp()) return
    await sleep(300)
  }
  throw new Error(`A node does not start: ${node.process().stderr()}`)
}

function errorsOf(node: ClusterNode): string[] {
  return node
    .process()
    .stderr()
    .split('\n')
    .filter((line) => line.includes('"level":"error"'))
    .map((line) => {
      const { event, error, error_code } = JSON.parse(line) as Record<string, string>
      return `${event} ${error} ${error_code ?? ''}`
    })
}

function countBy(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}
