/**
 * Payments per second: created, polled once after a second, paid, and read from the events. As many
 * are under way as the store can take, and never more, so that the rate is one that lasts.
 *
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { createPayments, type Payments } from 'saoma'
import { toFen } from 'saoma/alipay'
import { AMOUNT, createFakeGateway } from './fake-gateway.ts'
import { openPlace, type Place } from './place.ts'
import { countResources, type Resources } from './resources.ts'
import { Room } from './room.ts'
import { spreadOf, type Spread } from './spread.ts'

/** What is asked. */
export interface ThroughputRequest {
  readonly place: Place
  readonly seconds: number
}

/** What came of it. */
export interface Throughput {
  readonly payments: number
  /** Committed transactions in that time. */
  readonly commits: number
  readonly resources: Resources
  /** From the call of `create` to the event that it is paid, of which 1 s is the rule's. */
  readonly fromCreateToPaidMs: Spread
}

/** Payments per second of a measurement. */
export function perSecond({ payments, resources }: Throughput): number {
  return (payments * 1_000) / resources.elapsedMs
}

/** Calls of `create` under way at a time. */
export const CREATORS = 1_000

/** Payments that the engine has in hand at a time: creations as well as polls. */
export const CONCURRENCY = 2_000

/** Payments that are created and not yet paid. */
export const UNDER_WAY_MAX = 8_000

/** Compilers get warm, and the first payments come round. */
export const WARM_UP_MS = 6_000

/** Runs the engine as long as asked. */
export async function measureThroughput({
  place,
  seconds,
}: ThroughputRequest): Promise<Throughput> {
  const { store, commits, close } = await openPlace(place)
  const payments = createPayments({
    store: store.payments,
    gateway: createFakeGateway({ trades: 'paid' }),
    rules: { firstQueryAfterMs: 1_000 },
    concurrencyMax: CONCURRENCY,
  })
  const traffic = new Traffic(payments)
  payments.start()
  const running = traffic.run()
  await sleep(WARM_UP_MS)

  const [paidBefore, commitsBefore] = [traffic.restart(), await commits()]
  const read = countResources(place.kind === 'postgresql' ? place.serverPid : undefined)
  await sleep(seconds * 1_000)
  const resources = read()
  const result = {
    payments: traffic.paid - paidBefore,
    commits: (await commits()) - commitsBefore,
    resources,
    fromCreateToPaidMs: spreadOf(traffic.times),
  }

  traffic.stop()
  await running
  await payments.stop()
  await close()
  return result
}

/** Those who create, and one who reads the events. */
class Traffic {
  paid = 0
  times: number[] = []
  readonly #payments: Payments
  readonly #room = new Room(UNDER_WAY_MAX)
  readonly #begun = new Map<string, number>()
  #isRunning = true
  #orders = 0

  constructor(payments: Payments) {
    this.#payments = payments
  }

  async run(): Promise<void> {
    const creators = Array.from({ length: CREATORS }, () => this.#create())
    await Promise.all([this.#follow(), ...creators])
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
      const began = performance.now()
      const { record } = await this.#payments.create({
        amount: toFen(AMOUNT),
        subject: '美式咖啡',
        reference: `order-${this.#orders++}`,
      })
      this.#begun.set(record.payment.id, began)
    }
  }

  async #follow(): Promise<void> {
    let position = 0
    while (this.#isRunning) {
      const events = await this.#payments.eventsAfter(position, EVENTS_MAX)
      for (const { type, paymentId } of events) {
        if (type !== 'payment.succeeded') continue
        this.paid += 1
        this.times.push(performance.now() - (this.#begun.get(paymentId) ?? 0))
        this.#begun.delete(paymentId)
        this.#room.leave()
      }
      position = events.at(-1)?.position ?? position
      if (events.length < EVENTS_MAX) await sleep(LOOK_MS)
    }
  }
}

/** Events that are read in one go. */
const EVENTS_MAX = 1_000

/** How often new events are looked for. */
const LOOK_MS = 20
