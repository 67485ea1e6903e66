/**
 * What PostgreSQL can do without the engine: the statements of a payment, each for many payments at
 * once, on as many connections as the store writes with.
 *
 * @module
 */
import { Pool } from 'pg'
import type { PostgresPlace } from './place.ts'
import { tapePayment, type TapedPayment } from './taped-payment.ts'

/** Payments that take the same step in one statement. */
export const BATCH = 200

/** Connections. */
export const LANES = 3

/** Payments are claimed when they are due, as the rule of the tape says. */
const DUE_AFTER_MS = 1_000

/** Writes payments as long as asked. Returns how many a second. */
export async function measureBarePostgres({
  place,
  seconds,
}: {
  readonly place: PostgresPlace
  readonly seconds: number
}): Promise<number> {
  const steps = stepsOf(await tapePayment(place))
  const pool = new Pool({ connectionString: place.url, max: LANES })
  let next = 0
  let paid = 0
  const state = { isRunning: true }

  const lane = async (): Promise<void> => {
    const shown: { readonly first: number; readonly dueAt: number }[] = []
    while (state.isRunning) {
      const first = next
      next += BATCH
      await steps.create(pool, first)
      await steps.show(pool, first)
      shown.push({ first, dueAt: performance.now() + DUE_AFTER_MS })
      while (shown[0] !== undefined && shown[0].dueAt <= performance.now()) {
        await steps.claim(pool)
        await steps.pay(pool, shown[0].first)
        paid += BATCH
        shown.shift()
      }
    }
  }
  const lanes = Array.from({ length: LANES }, lane)
  await new Promise((resolve) => setTimeout(resolve, 2 * DUE_AFTER_MS))
  const paidBefore = paid
  const began = performance.now()
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000))
  const perSecond = ((paid - paidBefore) * 1_000) / (performance.now() - began)
  state.isRunning = false
  await Promise.all(lanes)
  await pool.end()
  return perSecond
}

interface Steps {
  readonly create: (pool: Pool, first: number) => Promise<unknown>
  readonly show: (pool: Pool, first: number) => Promise<unknown>
  readonly claim: (pool: Pool) => Promise<unknown>
  readonly pay: (pool: Pool, first: number) => Promise<unknown>
}

function stepsOf({ statements, stamps }: TapedPayment): Steps {
  const writes = statements.filter(({ sql }) => /\b(?:insert into|update|delete from)\b/i.test(sql))
  const [create, show, pay, more] = writes
    .filter(({ parameters }) => stamps.isNamedIn(parameters))
    .map(({ sql, parameters }) => {
      const batches = parameters.map((parameter) => manyOf(parameter, stamps))
      return (pool: Pool, first: number) =>
        pool.query(
          sql,
          batches.map((batch) => batch(first)),
        )
    })
  const claim = writes.find(({ parameters }) => !stamps.isNamedIn(parameters))
  if (!create || !show || !pay || !claim || more) {
    throw new Error('The engine writes a payment in other steps than this benchmark knows')
  }
  // Application, limit, token, length of the lease.
  const [app, , ...lease] = claim.parameters
  return { create, show, pay, claim: (pool) => pool.query(claim.sql, [app, BATCH, ...lease]) }
}

/** A list of rows becomes a list of the rows of many; what is no list stays as it is. */
function manyOf(parameter: unknown, stamps: TapedPayment['stamps']): (first: number) => unknown {
  const rows = typeof parameter === 'string' ? /^\[(.+)\]$/s.exec(parameter)?.[1] : undefined
  if (rows === undefined) return () => parameter
  const stamp = stamps.ofText(rows)
  return (first) => `[${Array.from({ length: BATCH }, (_, index) => stamp(first + index)).join()}]`
}
