/**
 * `npm run simulate -- [--seeds N] [--from S] [--jobs J] [--ignore REGEXP]`: runs simulations on
 * all cores and tells what they brought. Exit code 1 where an invariant was violated, or where a
 * long run has not met everything that it is for.
 *
 * @module
 */

import { fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Report, type SeedReport } from './report.ts'
import { runSeed } from './run-seed.ts'

/** What a process says before it is given its first seed. */
const READY = 'ready'

const { values } = parseArgs({
  options: {
    worker: { type: 'boolean', default: false },
    seeds: { type: 'string', default: '100' },
    from: { type: 'string', default: '1' },
    jobs: { type: 'string' },
    ignore: { type: 'string' },
  },
})
const seeds = wholeNumber('seeds', values.seeds)
const from = wholeNumber('from', values.from)
const jobs = Math.min(seeds, wholeNumber('jobs', values.jobs ?? String(availableParallelism())))
const ignored = values.ignore === undefined ? undefined : new RegExp(values.ignore)

if (values.worker) work()
else await lead()

/** Hands out seeds and collects what they bring. */
async function lead(): Promise<void> {
  const began = performance.now()
  const report = new Report()
  let next = from
  const take = (): number | undefined => (next < from + seeds ? next++ : undefined)
  const collect = (result: SeedReport): void => {
    report.add(result)
    if (result.violations.length > 0) say(`seed ${result.seed} fails`)
    if (report.size % 100 === 0) say(`${report.size} of ${seeds} seeds, ${report.failures} failed`)
  }
  if (jobs === 1) {
    for (let seed = take(); seed !== undefined; seed = take()) collect(await simulate(seed))
  } else {
    await Promise.all(Array.from({ length: jobs }, () => employ(take, collect)))
  }
  console.log(report.toText(performance.now() - began))
  process.exitCode = report.isGood ? 0 : 1
}

/** A process of its own that is given one seed after the other. */
function employ(
  take: () => number | undefined,
  collect: (result: SeedReport) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), [...process.argv.slice(2), '--worker'])
    const hand = (): void => {
      const seed = take()
      if (seed === undefined) child.disconnect()
      else child.send(seed)
    }
    child.on('message', (result) => {
      if (result !== READY) collect(result as SeedReport)
      hand()
    })
    child.on('error', reject)
    child.on('exit', (code) => {
      if (code === 0) resolve()
      else reject(new Error(`A process of the simulation ended with ${code}`))
    })
  })
}

function work(): void {
  // Nobody is left who would want to know.
  process.on('disconnect', () => process.exit())
  process.on('message', (seed) => {
    void simulate(seed as number).then((result) => process.send?.(result))
  })
  process.send?.(READY)
}

async function simulate(seed: number): Promise<SeedReport> {
  // Where an error comes from is of interest to who replays one seed, and costs much else.
  if (seeds > 1) Error.stackTraceLimit = 0
  const before = process.cpuUsage()
  const result = await runSeed(seed, { ignored })
  const { user, system } = process.cpuUsage(before)
  const [violation] = result.violations
  return {
    seed,
    digest: result.digest,
    violations: result.violations,
    totals: result.totals,
    coverage: result.coverage.toJSON(),
    history: violation === undefined ? [] : result.history(violation.about),
    cpuMs: (user + system) / 1_000,
  }
}

function say(text: string): void {
  process.stderr.write(`${text}\n`)
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1) return value
  console.error(`--${name} is a whole number, 1 or more, not ${text}`)
  process.exit(2)
}
