/**
 * The same payment by pg-boss, on the same server: a job to create it, a job to poll it a second
 * later, a job that says that it is done. There is no row of the payment, no state and no proof: it
 * is less than the engine does.
 *
 * Its best settings here: jobs are fetched and completed by hundreds, by loops of our own that
 * pause only where a queue is empty, since its workers pause half a second after each batch; and
 * without priorities, for which it would sort.
 *
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises'
import PgBoss from 'pg-boss'
import { counterOfCommits, type PostgresPlace } from './place.ts'
import { countResources } from './resources.ts'
import { Room } from './room.ts'
import { spreadOf } from './spread.ts'
import { CREATORS, UNDER_WAY_MAX, WARM_UP_MS, type Throughput } from './throughput.ts'

/** What is asked. */
export interface PeerRequest {
  readonly place: PostgresPlace
  readonly seconds: number
  /**
   * Orders that are inserted in one go. 1: each by its own call, as orders come. More: as if the
   * application had a buffer of its own.
   */
  readonly insertedAtOnce: number
}

/** Jobs that are fetched and completed in one go at the most. */
const FETCHED_AT_ONCE = 500

/** Loops on each queue. */
const LOOPS = 2

/** The pause of a loop that found nothing. */
const LOOK_MS = 20

/** Connections, as many as the store has. */
const CONNECTIONS = 10

interface Job {
  readonly began: number
}

/** Runs it as long as asked. */
export async function measurePeer(request: PeerRequest): Promise<Throughput> {
  const { place, seconds, insertedAtOnce } = request
  const commits = await counterOfCommits(place.url)
  const boss = new PgBoss({ connectionString: place.url, max: CONNECTIONS, schedule: false })
  boss.on('error', (error) => console.error(error))
  await boss.start()
  for (const queue of ['create', 'poll', 'done']) await boss.createQueue(queue)
  const traffic = new Traffic(boss, insertedAtOnce)
  const running = traffic.run()
  await sleep(WARM_UP_MS)

  const [paidBefore, commitsBefore] = [traffic.restart(), await commits.read()]
  const read = countResources(place.serverPid)
  await sleep(seconds * 1_000)
  const resources = read()
  const result = {
    payments: traffic.paid - paidBefore,
    commits: (await commits.read()) - commitsBefore,
    resources,
    fromCreateToPaidMs: spreadOf(traffic.times),
  }

  traffic.stop()
  await running
  await boss.stop({ graceful: false })
  await commits.close()
  return result
}

/** Those who create, and those who take the steps. */
class Traffic {
  paid = 0
  times: number[] = []
  readonly #boss: PgBoss
  readonly #insertedAtOnce: number
  readonly #orders: readonly string[]
  readonly #room: Room
  #isRunning = true

  constructor(boss: PgBoss, insertedAtOnce: number) {
    this.#boss = boss
    this.#insertedAtOnce = insertedAtOnce
    this.#orders = Array.from({ length: insertedAtOnce }, () => 'create')
    this.#room = new Room(UNDER_WAY_MAX / insertedAtOnce)
  }

  async run(): Promise<void> {
    const creators = Math.max(2, CREATORS / this.#insertedAtOnce)
    const loops = Array.from({ length: LOOPS }, () => [
      this.#take('create', (jobs) => this.#pass('poll', jobs, 1_000)),
      this.#take('poll', (jobs) => this.#pass('done', jobs)),
      this.#take('done', (jobs) => this.#count(jobs)),
    ])
    await Promise.all([...Array.from({ length: creators }, () => this.#create()), ...loops.flat()])
  }

  /** Forgets the times so far. Returns how many are paid. */
  restart(): number {
    this.times = []
    return this.paid
  }

  stop(): void {
    this.#isRunning = false
    this.#room.open()
  }

  async #create(): Promise<void> {
    for (;;) {
      await this.#room.enter()
      if (!this.#isRunning) return
      const data: Job = { began: performance.now() }
      if (this.#insertedAtOnce === 1) await this.#boss.send('create', data)
      else await this.#boss.insert(this.#orders.map((name) => ({ name, data })))
    }
  }

  async #take(
    queue: string,
    handle: (jobs: readonly Job[]) => Promise<void> | void,
  ): Promise<void> {
    const options = { batchSize: FETCHED_AT_ONCE, priority: false }
    while (this.#isRunning) {
      const jobs = await this.#boss.fetch<Job>(queue, options)
      if (jobs.length === 0) {
        await sleep(LOOK_MS)
        continue
      }
      await handle(jobs.map(({ data }) => data))
      await this.#boss.complete(
        queue,
        jobs.map(({ id }) => id),
      )
    }
  }

  async #pass(name: string, jobs: readonly Job[], afterMs = 0): Promise<void> {
    const startAfter = new Date(Date.now() + afterMs)
    await this.#boss.insert(jobs.map((data) => ({ name, data, startAfter })))
  }

  #count(jobs: readonly Job[]): void {
    for (const { began } of jobs) {
      this.paid += 1
      this.times.push(performance.now() - began)
      if (this.paid % this.#insertedAtOnce === 0) this.#room.leave()
    }
  }
}
