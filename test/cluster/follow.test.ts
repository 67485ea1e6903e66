/**
 * What one node has committed is seen through the others: by who reads the events one after the
 * other, and by the buyer's page.
 *
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openPostgresStore } from '../../src/store/index.ts'
import { openShop } from '../crash/merchant.ts'
import { pgbouncerProgram, startPgbouncer } from '../machines/pgbouncer.ts'
import { postgresPrograms, sharedPostgres } from '../machines/postgres.ts'
import { openCluster, type Cluster, type ClusterNode } from './cluster.ts'
import { sellMuch } from './load.ts'

describe.skipIf(postgresPrograms === '')('who follows the events', () => {
  test('misses none, while three nodes commit in any order and others hold them up', async () => {
    const url = await (await sharedPostgres()).createDatabase()
    const cluster = await openCluster({ nodes: 3, database: { url, direct: () => url } })
    const merchant = openShop(cluster, 0)
    await Promise.all(cluster.nodes.map((node) => node.start()))
    await hesitateBeforeCommits(url)
    // Older than all that follows, and open until the end.
    const oldest = await connected(url)
    await oldest.query('create table bystander (id int)')
    await oldest.query('begin')
    await oldest.query('insert into bystander select pg_current_xact_id()::text::int')

    const reader = await startReader(cluster, url)
    const blocker = startBlocker(await connected(url))
    await sellMuch(cluster, merchant, { seed: 5, sales: 100, overMs: 6_000 })
    const blocked = await blocker.stop()
    const all = await cluster.read<{ id: string }>('select id from events order by position')
    await cluster.until(
      () => `It has read ${reader.ids.length} of ${all.length} events`,
      async () => (reader.ids.length >= all.length ? true : undefined),
      0,
    )
    await reader.stop()
    await oldest.query('commit')
    console.log({ events: all.length, reads: reader.reads(), blocked })
    expect(reader.ids.slice(0, all.length)).toEqual(all.map(({ id }) => id))
  })
})

describe.skipIf(postgresPrograms === '')('a cashier page on one node', () => {
  const ways = ['straight', 'through PgBouncer, listening past it', 'through PgBouncer'] as const
  test.each(ways.filter((way) => way === 'straight' || pgbouncerProgram !== ''))(
    'turns when the buyer has paid through another node: to PostgreSQL %s',
    async (way) => {
      const server = await sharedPostgres()
      const direct = await server.createDatabase()
      const bouncer =
        way === 'straight' ? undefined : await startPgbouncer({ serverPort: server.port })
      const url = bouncer?.through(direct) ?? direct
      const isListeningPast = way === 'through PgBouncer, listening past it'
      const cluster = await openCluster({
        nodes: 2,
        database: { url, direct: () => direct },
        env: isListeningPast ? { SAOMA_DATABASE_LISTEN_URL: direct } : {},
      })
      const [a, b] = cluster.nodes as [ClusterNode, ClusterNode]
      await Promise.all([a.start(), b.start()])
      a.hide()
      const merchant = openShop(cluster, 0)
      const delaysMs: number[] = []
      for (let number = 0; number < PAGES; number++) {
        const payment = await merchant.sell({ reference: `tea ${number}` })
        const page = await openPage(payment.checkout_url.replace(cluster.url, a.url))
        const tradeNo = merchant.scan(payment)
        const paidAtMs = performance.now()
        expect(merchant.payScanned(tradeNo)).toBe('paid')
        await page.until('paid')
        delaysMs.push(Math.round(performance.now() - paidAtMs))
      }
      console.log(`${way}: from the payment to the page, in ms: ${delaysMs.join(' ')}`)
      // A busy machine may take its time now and then, but not always.
      expect(Math.min(...delaysMs)).toBeLessThan(1_000)
    },
  )
})

const PAGES = 10

async function connected(url: string): Promise<Client> {
  const client = new Client({ connectionString: url })
  client.on('error', () => {})
  onTestFinished(() => void client.end().catch(() => {}))
  await client.connect()
  return client
}

/**
 * Some transactions take their time from when they have told their events until they commit, so
 * that others could overtake them.
 */
async function hesitateBeforeCommits(url: string): Promise<void> {
  const client = await connected(url)
  await client.query(`create function hesitate() returns trigger language plpgsql as $$
    begin
      if random() < 0.3 then perform pg_sleep(random() * 0.1); end if;
      return null;
    end $$`)
  await client.query(`create constraint trigger hesitating after insert on events
    deferrable initially deferred for each row execute function hesitate()`)
}

interface Reader {
  /** Of all events so far, as they were read. */
  readonly ids: readonly string[]
  reads(): number
  stop(): Promise<void>
}

/** Reads what comes after what it has read, again and again. */
async function startReader({ emulator }: Cluster, url: string): Promise<Reader> {
  const identity = `test ${emulator.credentials.app_id}`
  const store = await openPostgresStore({ url, identity, poolMax: 1 })
  const ids: string[] = []
  const stopping = new AbortController()
  let reads = 0
  const run = async (): Promise<void> => {
    for (let position = 0; !stopping.signal.aborted; reads++) {
      const events = await store.payments.eventsAfter(position, 20)
      ids.push(...events.map(({ id }) => id))
      position = events.at(-1)?.position ?? position
      await sleep(5)
    }
  }
  const running = run()
  return {
    ids,
    reads: () => reads,
    async stop() {
      stopping.abort()
      await running
      await store.close()
    },
  }
}

/** Locks payments now and then, so that what writes them has to wait while others go on. */
function startBlocker(client: Client): { stop(): Promise<number> } {
  const stopping = new AbortController()
  let count = 0
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await client.query('begin')
      const { rowCount } = await client.query(
        'select from payments order by created_at desc limit 3 for update',
      )
      count += rowCount ?? 0
      await sleep(400)
      await client.query('commit')
      await sleep(50)
    }
  }
  const running = run()
  return {
    async stop() {
      stopping.abort()
      await running
      return count
    },
  }
}

/** The live events of a cashier page. */
async function openPage(checkoutUrl: string): Promise<{ until(state: string): Promise<void> }> {
  const controller = new AbortController()
  onTestFinished(() => controller.abort())
  const { body } = await fetch(`${checkoutUrl}/events`, { signal: controller.signal })
  if (body === null) throw new Error('There are no events')
  const states = statesOf(body)
  // The present one comes at once.
  await states.next()
  return {
    async until(state) {
      for (;;) {
        const next = await states.next()
        if (next.done === true) throw new Error(`The events ended before ${state}`)
        if (next.value === state) break
      }
      controller.abort()
    },
  }
}

async function* statesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let text = ''
  for await (const part of body.pipeThrough(new TextDecoderStream())) {
    text += part
    const messages = text.split('\n\n')
    text = messages.pop() ?? ''
    for (const message of messages) {
      const data = /^data: (.*)$/m.exec(message)?.[1]
      if (data !== undefined) yield (JSON.parse(data) as { state: string }).state
    }
  }
}
