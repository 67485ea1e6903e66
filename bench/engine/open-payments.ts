/**
 * Open payments, each asked about every 5 s: how late the questions are, and what they cost.
 *
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { createPayments, type Payments, type PaymentStore } from 'saoma'
import { toFen } from 'saoma/alipay'
import { AMOUNT, createFakeGateway } from './fake-gateway.ts'
import { openPlace, type Place } from './place.ts'
import { countResources, type Resources } from './resources.ts'
import { Room } from './room.ts'
import { spreadOf, type Spread } from './spread.ts'

/** What is asked. */
export interface OpenPaymentsRequest {
  readonly place: Place
  /** How many are open, one measurement after the other, each more than the one before. */
  readonly levels: readonly number[]
  /** The first level at which the 99th percentile is above it is the last. */
  readonly latenessMaxMs: number
  readonly isSigned: boolean
  /** The length of each measurement. */
  readonly seconds: number
}

/** What came of one level. */
export interface OpenPaymentsLevel {
  readonly open: number
  readonly polls: number
  /** When a query was made, less when it was due. */
  readonly latenessMs: Spread
  readonly resources: Resources
}

/** Alipay's rhythm, and the engine's. */
const POLL_INTERVAL_MS = 5_000

/** Payments are opened over whole intervals, so that the polls spread evenly over each. */
const OPENING_MS = 2 * POLL_INTERVAL_MS

/** Every payment is asked about at least once before it counts. */
const SETTLING_MS = POLL_INTERVAL_MS + 1_000

/** Calls of `create` under way at a time. */
const CREATORS = 64

/** Longer than any measurement takes. */
const EXPIRES_IN_MS = 6_600_000

/** Opens payments level by level, and looks how they are polled. */
export async function measureOpenPayments(
  request: OpenPaymentsRequest,
): Promise<OpenPaymentsLevel[]> {
  const { place, levels, latenessMaxMs, isSigned, seconds } = request
  const { store, close } = await openPlace(place)
  const lateness = new Lateness(store.payments)
  const payments = createPayments({
    store: lateness.store,
    gateway: createFakeGateway({
      trades: 'open',
      isSigned,
      onQuery: (outTradeNo) => lateness.note(outTradeNo),
    }),
  })
  payments.start()

  const results: OpenPaymentsLevel[] = []
  let open = 0
  for (const level of levels) {
    await openMore(payments, level - open)
    open = level
    await sleep(SETTLING_MS)
    lateness.restart()
    const read = countResources(place.kind === 'postgresql' ? place.serverPid : undefined)
    await sleep(wholeIntervals(seconds))
    const resources = read()
    const times = lateness.restart()
    const result = { open, polls: times.length, latenessMs: spreadOf(times), resources }
    results.push(result)
    if (!(result.latenessMs.p99 <= latenessMaxMs)) break
  }
  await payments.stop()
  await close()
  return results
}

/** Each payment is asked about equally often in such a time. */
function wholeIntervals(seconds: number): number {
  return Math.ceil((seconds * 1_000) / POLL_INTERVAL_MS) * POLL_INTERVAL_MS
}

/** Opens payments at an even pace. */
async function openMore(payments: Payments, count: number): Promise<void> {
  const creators = new Room(CREATORS)
  const opened: Promise<void>[] = []
  const began = performance.now()
  for (let index = 0; index < count; index++) {
    const wait = began + (index * OPENING_MS) / count - performance.now()
    if (wait >= 1) await sleep(wait)
    await creators.enter()
    const order = { amount: toFen(AMOUNT), subject: '美式咖啡', expiresInMs: EXPIRES_IN_MS }
    opened.push(payments.create(order).then(() => creators.leave()))
  }
  await Promise.all(opened)
}

/** Learns from the claims when each payment is due, and from the gateway when it is asked about. */
class Lateness {
  /** The store, for the engine. */
  readonly store: PaymentStore
  readonly #due = new Map<string, number>()
  #times: number[] = []

  constructor(store: PaymentStore) {
    this.store = {
      ...store,
      claimDue: async (limit, lease) => {
        const records = await store.claimDue(limit, lease)
        for (const { payment } of records) {
          if (payment.nextStepAt !== null) this.#due.set(payment.outTradeNo, payment.nextStepAt)
        }
        return records
      },
    }
  }

  note(outTradeNo: string): void {
    const due = this.#due.get(outTradeNo)
    if (due !== undefined) this.#times.push(Date.now() - due)
  }

  /** Returns the times since the last call. */
  restart(): number[] {
    const times = this.#times
    this.#times = []
    return times
  }
}
