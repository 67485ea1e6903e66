/**
 * Everything that is measured, in its order: one measurement at a time, each in a process and on a
 * database of its own.
 *
 * @module
 */
import { machineFolder } from '../../test/machines/machine-folder.ts'
import type { CostPerPoll } from './cost-per-poll.ts'
import { measure } from './measure.ts'
import type { OpenPaymentsLevel } from './open-payments.ts'
import type { Place, PostgresPlace, SqlitePlace, StoreKind } from './place.ts'
import { startServer, type Server } from './postgres.ts'
import type { SignatureRate } from './signatures.ts'
import { OPEN_TARGETS, REFERENCE, SIGNED_TARGET } from './targets.ts'
import type { Throughput } from './throughput.ts'

/** What is to be measured. */
export interface ReportRequest {
  readonly stores: readonly StoreKind[]
  /** The length of most measurements. */
  readonly seconds: number
  /** Is told what comes next. */
  readonly onStep: (step: string) => void
}

/** What came of it. */
export interface Report {
  readonly signatures: SignatureRate
  /** What this machine signs, by what the reference machine does. */
  readonly scale: number
  /** Flushes of the disk a second. */
  readonly disk: number
  readonly stores: readonly StoreReport[]
  /** Pg-boss, where PostgreSQL is measured. */
  readonly peers: readonly PeerReport[]
}

/** What came of pg-boss. */
export interface PeerReport {
  readonly insertedAtOnce: number
  readonly throughput: Throughput
}

/** What came of one store. */
export interface StoreReport {
  readonly kind: StoreKind
  readonly throughput: Throughput
  /** Payments per second by the same statements without the engine. */
  readonly bare: number
  readonly open: readonly OpenPaymentsLevel[]
  /** With signatures. */
  readonly signed: readonly OpenPaymentsLevel[]
  readonly costPerPoll: CostPerPoll
}

/** Rows of the table in which the cost of a poll is measured. */
export const SIZES = [1_000, 100_000, 1_000_000]

/** Levels of open payments with signatures, by the one that is expected. */
const SIGNED_LEVELS = [0.6, 0.8, 1, 1.15, 1.3, 1.5]

/** Measures all of it. */
export async function makeReport({ stores, seconds, onStep }: ReportRequest): Promise<Report> {
  const server = stores.includes('postgresql') ? await startServer() : undefined
  try {
    onStep('signatures, disk')
    const signatures = await measure('signatures', { seconds: 3 })
    const scale = signatures.allCores / REFERENCE.allCores
    const disk = await onSqlite((place) => measure('disk', { place, seconds: 1 }))
    const reports: StoreReport[] = []
    for (const kind of stores) {
      reports.push(await reportOf(kind, { server, scale, seconds, onStep }))
    }
    const peers: PeerReport[] = []
    for (const insertedAtOnce of server ? [1, 200] : []) {
      onStep(`pg-boss: payments per second, inserted by ${insertedAtOnce}`)
      const throughput = await onPostgres(server as Server, (place) =>
        measure('peer', { place, seconds, insertedAtOnce }),
      )
      peers.push({ insertedAtOnce, throughput })
    }
    return { signatures, scale, disk, stores: reports, peers }
  } finally {
    await server?.stop()
  }
}

async function reportOf(
  kind: StoreKind,
  {
    server,
    scale,
    seconds,
    onStep,
  }: Pick<ReportRequest, 'seconds' | 'onStep'> & {
    readonly server: Server | undefined
    readonly scale: number
  },
): Promise<StoreReport> {
  const on = <Result>(step: string, work: (place: Place) => Promise<Result>): Promise<Result> => {
    onStep(`${kind}: ${step}`)
    return server && kind === 'postgresql' ? onPostgres(server, work) : onSqlite(work)
  }
  const { open, latenessMaxMs } = OPEN_TARGETS[kind]
  const signed = SIGNED_TARGET.open * scale
  return {
    kind,
    throughput: await on('payments per second', (place) =>
      measure('throughput', { place, seconds }),
    ),
    bare: await on('the same statements without the engine', (place) =>
      place.kind === 'sqlite'
        ? measure('bareSqlite', { place, seconds: seconds / 2 })
        : measure('barePostgres', { place, seconds: seconds / 2 }),
    ),
    open: await on('open payments', (place) =>
      measure('openPayments', {
        place,
        levels: levelsOf([open, open * scale]),
        latenessMaxMs,
        isSigned: false,
        seconds,
      }),
    ),
    signed: await on('open payments with signatures', (place) =>
      measure('openPayments', {
        place,
        levels: levelsOf([SIGNED_TARGET.open, ...SIGNED_LEVELS.map((share) => signed * share)]),
        latenessMaxMs: SIGNED_TARGET.latenessMaxMs,
        isSigned: true,
        seconds: seconds / 2,
      }),
    ),
    costPerPoll: await on('cost of a poll', (place) =>
      measure('costPerPoll', { place, sizes: SIZES, seconds: Math.max(3, seconds / 4) }),
    ),
  }
}

/** Whole hundreds, each once, and each more than the one before. */
function levelsOf(levels: readonly number[]): number[] {
  const rounded = levels.map((level) => Math.round(level / 100) * 100)
  return [...new Set(rounded)].sort((a, b) => a - b)
}

async function onSqlite<Result>(work: (place: SqlitePlace) => Promise<Result>): Promise<Result> {
  const folder = machineFolder('bench-sqlite')
  try {
    return await work({ kind: 'sqlite', folder: folder.path })
  } finally {
    folder.remove()
  }
}

async function onPostgres<Result>(
  server: Server,
  work: (place: PostgresPlace) => Promise<Result>,
): Promise<Result> {
  const place = await server.createPlace()
  try {
    return await work(place)
  } finally {
    await server.removePlace(place)
  }
}
