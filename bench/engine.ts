/**
 * What the engine can do, by the built package: payments per second, open payments that are polled
 * in time, and the cost of a poll in a table of a million. Beside it, in the same run: what the
 * machine, the disk and the databases could do at all, and a queue that is made for PostgreSQL.
 *
 *     npm run bench -- engine [--json] [--seconds N] [--store sqlite|postgresql]
 *
 * @module
 */
import { availableParallelism, cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { describe } from './engine/describe.ts'
import { makeReport } from './engine/report.ts'
import { judge } from './engine/verdicts.ts'

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    seconds: { type: 'string', default: '20' },
    store: { type: 'string' },
  },
})
const { json: isJson, store } = values
const seconds = Number(values.seconds)
if (!(seconds > 0)) throw new RangeError('--seconds is the length of one measurement, more than 0')
if (store !== undefined && store !== 'sqlite' && store !== 'postgresql') {
  throw new RangeError('--store is sqlite or postgresql')
}

const loadBefore = loadavg()[0] ?? 0
const report = await makeReport({
  stores: store === undefined ? ['sqlite', 'postgresql'] : [store],
  seconds,
  onStep: (step) => console.error(`… ${step}`),
})
const verdicts = judge(report)
const isMet = verdicts.every((verdict) => verdict.isMet)
const load = `load ${loadBefore.toFixed(1)} before, ${(loadavg()[0] ?? 0).toFixed(1)} after`
const machine = `Node ${process.version}, ${availableParallelism()} cores (${cpus()[0]?.model ?? 'unknown'}), ${load}`
console.log(
  isJson
    ? JSON.stringify(inSnakeCase({ machine, seconds, ...report, verdicts, ok: isMet }))
    : describe(report, verdicts, { seconds, machine }),
)
process.exitCode = isMet ? 0 : 1

/** The names of our own JSON. */
function inSnakeCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inSnakeCase)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      inSnakeCase(inner),
    ]),
  )
}
