/**
 * What the stores can do: payments written, moved, claimed and found in a second, with few payments
 * in the database and with many, for no question may become slower because a shop has customers.
 *
 *     npm run bench -- store [--payments 1000000] [--open 10000] [--postgres postgres://…/empty]
 *
 * The database of PostgreSQL is an empty one; SQLite has a folder in the system's temporary one.
 *
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { addMs } from '../src/alipay/index.ts'
import type { Payment, PaymentCommit, PaymentStore } from '../src/payments/index.ts'
import { openPostgresStore, openSqliteStore } from '../src/store/index.ts'
import { commitOf, lease, moveOf, opening } from '../test/store/payments-to-store.ts'

const { values } = parseArgs({
  options: {
    payments: { type: 'string', default: '1000000' },
    open: { type: 'string', default: '10000' },
    postgres: { type: 'string' },
  },
})
const many = Number(values.payments)
const openPayments = Number(values.open)

/** Calls under way at a time. */
const CONCURRENCY = 256
/** Payments that one claim takes. */
const CLAIMED = 100
/** As long as what an event and a line of a timeline hold. */
const MESSAGE = JSON.stringify({ object: 'x'.repeat(900) })

interface Row {
  readonly payments: number
  readonly [what: string]: number
}

const folder = mkdtempSync(join(tmpdir(), 'saoma-bench-'))
try {
  const sqlite = await openSqliteStore(join(folder, 'saoma.db'))
  await measure('SQLite', sqlite.payments)
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const began = performance.now()
  await sqlite.backup(join(folder, 'copy.db'))
  const seconds = (performance.now() - began) / 1_000
  console.log(
    `backup: ${seconds.toFixed(1)} s, the loop stood for ${ms(delay.max / 1e6)} at most\n`,
  )
  await sqlite.close()
} finally {
  rmSync(folder, { recursive: true })
}
if (values.postgres !== undefined) {
  const postgres = await openPostgresStore({ url: values.postgres })
  await measure('PostgreSQL', postgres.payments)
  await postgres.close()
}

async function measure(name: string, store: PaymentStore): Promise<void> {
  const rows: Row[] = []
  let stored = 0
  for (const count of [openPayments, many]) {
    const inserted = await perSecond(count - stored, (index) => {
      const isOpen = stored + index < openPayments
      const held = lease()
      const commit = commitFor(stored + index, 1, isOpen ? 'pending' : 'expired')
      return store.insert({ ...commit, dueInMs: isOpen ? 0 : null, release: held }, held)
    })
    stored = count
    rows.push({
      payments: count,
      'inserts/s': inserted,
      ...(await measureSteps(store, rows.length + 1)),
    })
  }
  console.log(name)
  console.table(rows)
}

/** What is done to open payments, each in its turn. */
async function measureSteps(store: PaymentStore, round: number): Promise<Record<string, number>> {
  const version = round + 1
  const saved = await perSecond(openPayments, async (index) => {
    const result = await store.save({ ...commitFor(index, version), dueInMs: 0 })
    if (result !== 'saved') throw new Error(`${result}: ${index}`)
  })
  const moved = await perSecond(openPayments, (index) =>
    store.reschedule(moveOf(nameOf(index), changeFor(index, version))),
  )
  const claimMs = await medianMs(async () => {
    const held = lease()
    if ((await store.claimDue(CLAIMED, held)).length !== CLAIMED) throw new Error('Too few are due')
    return () => store.release(held, undefined, 0)
  })
  const findMs = await medianMs(async (index) => {
    if (!(await store.find({ outTradeNo: `sm_${nameOf(index)}` }))) throw new Error('Not found')
  })
  const found = await perSecond(openPayments, (index) => store.find({ id: nameOf(index) }))
  return {
    'saves/s': saved,
    'moves/s': moved,
    'finds/s': found,
    [`claim of ${CLAIMED}, ms`]: claimMs,
    'find by number, ms': findMs,
  }
}

function nameOf(index: number): string {
  return `pay_${String(index).padStart(22, '0')}`
}

function changeFor(index: number, version: number): Partial<Payment> {
  return { version, reference: `order-${index}`, createdAt: addMs(opening, index) }
}

/** With an event and a line of the timeline. */
function commitFor(
  index: number,
  version: number,
  status: Payment['status'] = 'pending',
): PaymentCommit {
  const commit = commitOf(nameOf(index), { ...changeFor(index, version), status })
  return {
    ...commit,
    events: commit.events.map((event) => ({ ...event, data: MESSAGE })),
    timeline: commit.timeline.map((entry) => ({ ...entry, raw: MESSAGE })),
  }
}

async function perSecond(
  count: number,
  call: (index: number) => Promise<unknown>,
): Promise<number> {
  let next = 0
  const began = performance.now()
  const worker = async (): Promise<void> => {
    while (next < count) await call(next++)
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, worker))
  return Math.round((count / (performance.now() - began)) * 1_000)
}

/** Of one call after the other; what each returns is run after it, and not counted. */
async function medianMs(
  call: (index: number) => Promise<(() => Promise<unknown>) | void>,
): Promise<number> {
  const times: number[] = []
  for (let index = 0; index < 51; index++) {
    const began = performance.now()
    const undo = await call(index * 17)
    times.push(performance.now() - began)
    await undo?.()
  }
  return Number((times.sort((a, b) => a - b)[25] ?? 0).toFixed(2))
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`
}
