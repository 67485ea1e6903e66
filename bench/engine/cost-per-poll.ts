/**
 * What a poll costs the store while the table grows: the claim, and the move of the schedule. A
 * thousand payments are open; all others have ended.
 *
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { createPayments, type PaymentStore } from 'saoma'
import { toFen } from 'saoma/alipay'
import { addEndedPayments, endedPayment } from './ended-payments.ts'
import { AMOUNT, createFakeGateway } from './fake-gateway.ts'
import { openPlace, type Place } from './place.ts'
import { explainQueries, type QueryPlan } from './query-plans.ts'
import { spreadOf, type Spread } from './spread.ts'

/** What is asked. */
export interface CostPerPollRequest {
  readonly place: Place
  /** Rows in the table, one measurement after the other, each more than the one before. */
  readonly sizes: readonly number[]
  readonly seconds: number
}

/** What came of it. */
export interface CostPerPoll {
  readonly sizes: readonly {
    readonly rows: number
    /** Milliseconds a payment. */
    readonly claimMs: Spread
    readonly rescheduleMs: Spread
    /** Milliseconds for finding an ended payment by Alipay's number, as a notification does. */
    readonly findMs: Spread
    /** Milliseconds for finding those of a reference, as the creation of a payment does. */
    readonly listMs: Spread
  }[]
  /** How the database goes about it at the last size. */
  readonly plans: readonly QueryPlan[]
}

/** Payments that are open. */
export const OPEN = 1_000

/** Payments in a claim. */
export const CLAIMED = 100

/** Measures at each size. */
export async function measureCostPerPoll({
  place,
  sizes,
  seconds,
}: CostPerPollRequest): Promise<CostPerPoll> {
  const template = await prepare(place)
  const results: CostPerPoll['sizes'][number][] = []
  let rows = 1 + OPEN
  for (const size of sizes) {
    await addEndedPayments(place, template, rows + 1, size)
    rows = Math.max(rows, size)
    const { store, close } = await openPlace(place)
    results.push({ rows, ...(await measure(store.payments, rows, seconds)) })
    await close()
  }
  return { sizes: results, plans: await explainQueries(place) }
}

/** Makes one payment that is paid, and those that are open. Returns the id of the first. */
async function prepare(place: Place): Promise<string> {
  const { store, close } = await openPlace(place)
  const engine = (trades: 'paid' | 'open') =>
    createPayments({
      store: store.payments,
      gateway: createFakeGateway({ trades }),
      rules: { firstQueryAfterMs: 1_000 },
    })
  const order = { amount: toFen(AMOUNT), subject: '美式咖啡', expiresInMs: 6_600_000 }
  const paying = engine('paid')
  const { record } = await paying.create({ ...order, reference: 'order-1' })
  while ((await paying.runDue()) === 0) await sleep(100)

  const opening = engine('open')
  await Promise.all(Array.from({ length: OPEN }, () => opening.create(order)))
  await close()
  return record.payment.id
}

async function measure(
  store: PaymentStore,
  rows: number,
  seconds: number,
): Promise<Omit<CostPerPoll['sizes'][number], 'rows'>> {
  const lease = { token: 'of-the-benchmark', ms: 90_000 }
  const times = { claim: new Times(), move: new Times(), find: new Times(), list: new Times() }
  const began = performance.now()
  while (performance.now() < began + seconds * 1_000) {
    const claimed = await times.claim.of(store.claimDue(CLAIMED, lease))
    if (claimed.length < CLAIMED) {
      // Not due yet, for the first few seconds.
      times.claim.forget()
      await store.release(lease)
      await sleep(100)
      continue
    }
    const moves = claimed.map((record) => store.reschedule({ record, dueInMs: 0, release: lease }))
    await times.move.of(Promise.all(moves))
    const { outTradeNo, reference } = endedPayment(Math.floor(Math.random() * rows))
    await times.find.of(store.find({ outTradeNo }))
    await times.list.of(store.listByReference(reference))
  }
  return {
    claimMs: spreadOf(times.claim.all.map((ms) => ms / CLAIMED)),
    rescheduleMs: spreadOf(times.move.all.map((ms) => ms / CLAIMED)),
    findMs: spreadOf(times.find.all),
    listMs: spreadOf(times.list.all),
  }
}

/** How long something took, each time. */
class Times {
  readonly all: number[] = []

  async of<Result>(work: Promise<Result>): Promise<Result> {
    const began = performance.now()
    const result = await work
    this.all.push(performance.now() - began)
    return result
  }

  forget(): void {
    this.all.pop()
  }
}
