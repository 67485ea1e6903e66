/**
 * How the database goes about the store's own statements: each is asked through the store, written
 * down, and explained.
 *
 * @module
 */
import type { PaymentStore } from 'saoma'
import { endedPayment } from './ended-payments.ts'
import { openDirectly, openPlace, type Place } from './place.ts'
import { recordStatements } from './tape.ts'

/** The plan of one question, of all its statements. */
export interface QueryPlan {
  readonly name: string
  readonly lines: readonly string[]
}

const { id, outTradeNo, checkoutToken, reference } = endedPayment(5_000)

const LEASE = { token: 'of-the-benchmark', ms: 1 }

/** The questions that a poll, a page or a notification asks. */
const QUESTIONS: Readonly<Record<string, (store: PaymentStore) => Promise<unknown>>> = {
  claimDue: (store) => store.claimDue(100, LEASE),
  claim: (store) => store.claim(id, LEASE),
  'find by id': (store) => store.find({ id }),
  'find by out_trade_no': (store) => store.find({ outTradeNo }),
  'find by checkout token': (store) => store.find({ checkoutToken }),
  'find by refund': (store) => store.find({ refundId: 're_none' }),
  listByReference: (store) => store.listByReference(reference),
  list: (store) => store.list({ limit: 50, before: id }),
  timeline: (store) => store.timeline(id),
  eventsAfter: (store) => store.eventsAfter(0, 500),
  nextDueInMs: (store) => store.nextDueInMs(),
}

/** Explains each question once. */
export async function explainQueries(place: Place): Promise<QueryPlan[]> {
  const tape = await recordStatements(place.kind)
  const { store, close } = await openPlace(place)
  const asked: { name: string; statements: Map<string, readonly unknown[]> }[] = []
  for (const [name, ask] of Object.entries(QUESTIONS)) {
    tape.length = 0
    await ask(store.payments)
    const statements = tape.filter(({ sql }) => !/^(?:begin|commit)/i.test(sql))
    asked.push({
      name,
      statements: new Map(statements.map(({ sql, parameters }) => [sql, parameters])),
    })
  }
  await close()

  const { query, close: closeDirectly } = await openDirectly(place)
  const plans: QueryPlan[] = []
  for (const { name, statements } of asked) {
    const lines: string[] = []
    for (const [sql, parameters] of statements) {
      const rows =
        place.kind === 'sqlite'
          ? await query(`explain query plan ${sql}`)
          : await query(`explain (costs off) ${sql}`, parameters)
      lines.push(...rows.map((row) => String(row['detail'] ?? row['QUERY PLAN'])))
    }
    plans.push({ name, lines })
  }
  await closeDirectly()
  return plans
}
