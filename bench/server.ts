/**
 * `npm run bench -- server`: whole payments over HTTP, and what each costs the server, as a
 * multiple of the RSA operations that it really did: those are what nobody can do without.
 *
 * @module
 */
import { cpus } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startServer } from './engine/postgres.ts'
import {
  openInstallation,
  type BenchInstallation,
  type Counted,
  type RsaCounted,
} from './server/installation.ts'
import { BUYER_MS, Traffic, type TrafficResult } from './server/traffic.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    rates: { type: 'string', default: '150,250' },
    store: { type: 'string', default: 'sqlite,postgresql' },
    json: { type: 'boolean', default: false },
  },
})

/** The server may take at most so many times what its RSA operations take. */
const TARGETS = { sqlite: 2.5, postgresql: 3.5 } as const

/** Compilers get warm, and the first buyers pay: for a shorter time they cost more than the rest. */
const WARM_UP_MS = BUYER_MS + 30_000

const IDLE_SECONDS = 5

const COLUMNS =
  ',asked/s,paid/s,failed,idle ms/s,CPU ms,signs,verifies,sign µs,verify µs,RSA ms,times RSA'.split(
    ',',
  )

/** A rate counts if so much of it was paid. */
const KEPT_UP = 0.95

type Kind = keyof typeof TARGETS

interface Row {
  readonly kind: Kind
  readonly asked: number
  /** CPU of the server before the first request, in milliseconds a second. */
  readonly idleMs: number
  /** CPU of one operation while it was measured. */
  readonly signMs: number
  readonly verifyMs: number
  readonly perSecond: number
  readonly failed: number
  readonly cpuMs: number
  readonly signs: number
  readonly verifies: number
  readonly rsaMs: number
  readonly ratio: number
}

const kinds = (['sqlite', 'postgresql'] as const).filter((kind) => values.store.includes(kind))

const rows: Row[] = []
for (const kind of kinds) {
  const database = kind === 'postgresql' ? await startServer() : undefined
  for (const rate of values.rates.split(',').map(Number)) {
    process.stderr.write(`… ${kind}: ${rate} payments a second\n`)
    const place = await database?.createPlace()
    rows.push(await measure(kind, rate, place?.url))
    if (place) await database?.removePlace(place)
  }
  await database?.stop()
}
report()

async function measure(kind: Kind, asked: number, database: string | undefined): Promise<Row> {
  const installation = await openInstallation(database)
  const idleMs = await idleMsASecond(installation)
  const traffic = new Traffic(installation, asked)
  await sleep(WARM_UP_MS)
  const rsaBefore = await installation.yardstick()
  const before = await installation.counted()
  traffic.restart()
  await sleep(Number(values.seconds) * 1_000)
  const result = traffic.read()
  const after = await installation.counted()
  const rsa = rsaCosts(rsaBefore, await installation.yardstick())
  await traffic.stop()
  await installation.close()
  return toRow({ kind, asked, idleMs, ...rsa }, result, before, after)
}

/** What a server takes that nobody asks anything. */
async function idleMsASecond(installation: BenchInstallation): Promise<number> {
  const before = await installation.counted()
  await sleep(IDLE_SECONDS * 1_000)
  const after = await installation.counted()
  return (after.cpuMs - before.cpuMs) / IDLE_SECONDS
}

function toRow(
  of: Pick<Row, 'kind' | 'asked' | 'idleMs' | 'signMs' | 'verifyMs'>,
  { paid, failed, elapsedMs }: TrafficResult,
  before: Counted,
  after: Counted,
): Row {
  const each = (name: keyof Counted): number => (after[name] - before[name]) / paid
  const [signs, verifies, cpuMs] = [each('sign'), each('verify'), each('cpuMs')]
  const rsaMs = signs * of.signMs + verifies * of.verifyMs
  const perSecond = (paid * 1_000) / elapsedMs
  return { ...of, perSecond, failed, cpuMs, signs, verifies, rsaMs, ratio: cpuMs / rsaMs }
}

/** CPU milliseconds of one operation, between two looks at the yardstick. */
function rsaCosts(before: RsaCounted, after: RsaCounted): { signMs: number; verifyMs: number } {
  const mean = (what: 'signs' | 'verifies'): number =>
    (after[`${what}Ms`] - before[`${what}Ms`]) / (after[what] - before[what])
  return { signMs: mean('signs'), verifyMs: mean('verifies') }
}

function report(): void {
  const best = (kind: Kind): number =>
    // Where a machine cannot keep up, open payments are asked for again and again.
    Math.min(
      ...rows
        .filter((row) => row.kind === kind && row.perSecond > row.asked * KEPT_UP)
        .map(({ ratio }) => ratio),
    )
  const missed = kinds.filter((kind) => !(best(kind) <= TARGETS[kind]))
  process.exitCode = Number(missed.length > 0)
  if (values.json) {
    process.stdout.write(`${JSON.stringify({ rows })}\n`)
    return
  }
  const model = cpus()[0]?.model ?? 'unknown'
  const line = (...cells: (string | number)[]): string =>
    cells.map((cell, index) => String(cell)[index === 0 ? 'padEnd' : 'padStart'](11)).join(' ')
  process.stdout.write(
    [
      `Node ${process.version}, ${cpus().length} cores (${model}).`,
      '',
      'WHOLE PAYMENTS OVER HTTP, the server alone: CPU of all its threads, by payment',
      line(...COLUMNS),
      ...rows.map((row) =>
        line(
          row.kind,
          row.asked,
          row.perSecond.toFixed(1),
          row.failed,
          row.idleMs.toFixed(1),
          row.cpuMs.toFixed(3),
          row.signs.toFixed(2),
          row.verifies.toFixed(2),
          (row.signMs * 1_000).toFixed(0),
          (row.verifyMs * 1_000).toFixed(1),
          row.rsaMs.toFixed(3),
          row.ratio.toFixed(2),
        ),
      ),
      '',
      `Each is created with an Idempotency-Key and a reference, asked for once after 5 s, scanned and paid after`,
      `${BUYER_MS / 1000} s, told by a notification, and read from the event stream; ${values.seconds} s after a warm-up. Emulator,`,
      'shops and buyers are other processes on the same cores. RSA ms is what the operations that the server',
      'counted take alone: a process beside it does the same operations and nothing else, meanwhile. The',
      'database server is not counted.',
      '',
      ...kinds.map(
        (kind) =>
          `${kind}: at most ${TARGETS[kind]} times its RSA operations: ${best(kind).toFixed(2)}, ${missed.includes(kind) ? 'MISSED' : 'met'}`,
      ),
      '',
    ].join('\n'),
  )
}
