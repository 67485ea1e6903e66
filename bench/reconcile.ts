/**
 * A bill against as many payments: how long it takes, and how much memory, on both stores.
 *
 *     npm run bench -- reconcile [--rows 1000000] [--store sqlite|postgresql] [--json]
 *
 * Targets for 1,000,000 rows on two cores: under 60 s and under 300 MB.
 *
 * @module
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Place, StoreKind } from './engine/place.ts'
import { startServer } from './engine/postgres.ts'
import { fillBooks } from './reconcile/fill-books.ts'
import type { ReconcileMeasurement } from './reconcile/measuring-process.ts'

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    store: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})
const rows = Number(values.rows)
const kinds: readonly StoreKind[] =
  values.store === undefined ? ['sqlite', 'postgresql'] : [values.store as StoreKind]

const SECONDS_MAX = 60
const MEGABYTES_MAX = 300

const results: ReconcileMeasurement[] = []
for (const kind of kinds) results.push(await measure(kind))
console.log(values.json ? JSON.stringify(results) : results.map(describe).join('\n'))
const isTooSlow = results.some(
  ({ seconds, megabytes }) => seconds >= SECONDS_MAX || megabytes >= MEGABYTES_MAX,
)
process.exitCode = isTooSlow && rows <= 1_000_000 ? 1 : 0

async function measure(kind: StoreKind): Promise<ReconcileMeasurement> {
  const folder = mkdtempSync(join(tmpdir(), 'saoma-bench-'))
  const server = kind === 'postgresql' ? await startServer() : undefined
  try {
    const place: Place = (await server?.createPlace()) ?? { kind: 'sqlite', folder }
    const bill = join(folder, 'bill.zip')
    await fillBooks(place, bill, rows)
    const path = new URL('./reconcile/measuring-process.ts', import.meta.url)
    const child = fork(path, [JSON.stringify(place), bill], { execArgv: ['--import', 'tsx'] })
    const [result] = (await once(child, 'message')) as [ReconcileMeasurement]
    return result
  } finally {
    await server?.stop()
    rmSync(folder, { recursive: true })
  }
}

function describe({ store, seconds, megabytes, rows: read, status }: ReconcileMeasurement): string {
  const speed = Math.round(read / seconds).toLocaleString('en')
  return `${store}: ${read.toLocaleString('en')} rows in ${seconds.toFixed(1)} s (${speed}/s), ${megabytes} MB at the most, ${status}`
}
