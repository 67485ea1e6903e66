/**
 * What SQLite and the disk can do without the engine: the statements of a payment, prepared, as
 * many payments in a commit as the engine has under load.
 *
 * @module
 */
import { openDatabase } from '../../dist/store/database-sync.js'
import { fileOf, type SqlitePlace } from './place.ts'
import { tapePayment, type TapedPayment } from './taped-payment.ts'

/** Payments that take the same step in one commit. */
export const GROUP = 64

/** Writes payments as long as asked. Returns how many a second. */
export async function measureBareSqlite({
  place,
  seconds,
}: {
  readonly place: SqlitePlace
  readonly seconds: number
}): Promise<number> {
  const taped = await tapePayment(place)
  const database = await openDatabase(fileOf(place))
  database.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON')
  const steps = stepsOf(taped).map((step) =>
    step.map(({ sql, parameters }) => {
      const statement = database.prepare(sql)
      const stamp = taped.stamps.of(parameters)
      return (copy: number) => statement.run(...(stamp(copy) as Parameters<typeof statement.run>))
    }),
  )
  let written = 0
  const began = performance.now()
  while (performance.now() < began + seconds * 1_000) {
    for (const step of steps) {
      database.exec('BEGIN IMMEDIATE')
      for (let copy = written; copy < written + GROUP; copy++) for (const run of step) run(copy)
      database.exec('COMMIT')
    }
    written += GROUP
  }
  const perSecond = (written * 1_000) / (performance.now() - began)
  database.close()
  return perSecond
}

/** The writes of each commit, without those that wrote nothing. */
function stepsOf({ statements }: TapedPayment): TapedPayment['statements'][number][][] {
  const steps: TapedPayment['statements'][number][][] = [[]]
  for (const statement of statements) {
    if (statement.sql === 'COMMIT') steps.push([])
    else if (/^(?:insert|update|delete)/.test(statement.sql)) steps.at(-1)?.push(statement)
  }
  return steps.filter((step) => step.length > 0)
}
