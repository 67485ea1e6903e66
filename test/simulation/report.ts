/**
 * What many simulations brought, as text: totals, how often each thing was met, what was not, and
 * each violation with its history.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import { Coverage, type CoverageKind } from './coverage.ts'
import { EXPECTED, SEEDS_FOR_ALL } from './expected.ts'
import type { SeedResult } from './run-seed.ts'

/** A result that can be sent between processes. */
export interface SeedReport extends Pick<SeedResult, 'seed' | 'digest' | 'violations' | 'totals'> {
  readonly coverage: ReturnType<Coverage['toJSON']>
  /** Of the order that the first violation is about; empty where there is none. */
  readonly history: readonly string[]
  readonly cpuMs: number
}

/** Violations of more seeds than this are only listed. */
const TOLD_MAX = 3

/** Collects the results of many seeds. */
export class Report {
  readonly #coverage = new Coverage()
  readonly #digests = new Map<number, string>()
  readonly #failed: SeedReport[] = []
  readonly #totals = new Map<string, number>()
  #cpuMs = 0

  add(result: SeedReport): void {
    this.#coverage.add(result.coverage)
    this.#digests.set(result.seed, result.digest)
    if (result.violations.length > 0) this.#failed.push(result)
    for (const [name, count] of Object.entries(result.totals)) {
      this.#totals.set(name, (this.#totals.get(name) ?? 0) + count)
    }
    this.#cpuMs += result.cpuMs
  }

  /** Seeds that are done. */
  get size(): number {
    return this.#digests.size
  }

  get failures(): number {
    return this.#failed.length
  }

  /** What was never met, as `kind: name`. */
  missing(): string[] {
    return Object.entries(EXPECTED).flatMap(([kind, names]) =>
      names
        .filter((name) => this.#coverage.count(kind as CoverageKind, name) === 0)
        .map((name) => `${kind}: ${name}`),
    )
  }

  /** Whether nothing was violated, and a long run has met everything. */
  get isGood(): boolean {
    return this.failures === 0 && (this.size < SEEDS_FOR_ALL || this.missing().length === 0)
  }

  /** @param wallMs How long all of it took. */
  toText(wallMs: number): string {
    return [
      ...this.#violations(),
      ...this.#table(),
      ...this.#never(),
      ...this.#summary(wallMs),
    ].join('\n')
  }

  *#violations(): Iterable<string> {
    const failed = this.#failed.toSorted((a, b) => a.seed - b.seed)
    for (const { seed, violations, history } of failed.slice(0, TOLD_MAX)) {
      yield `\nSeed ${seed}, history of ${violations[0]?.about ?? 'all'}:`
      yield* history
      for (const { invariant, about, atMs, text } of violations) {
        yield `VIOLATED ${invariant} at ${(atMs / 1_000).toFixed(3)} s: ${about ?? 'the run'} ${text}`
      }
      yield `Replay: npm run simulate -- --seeds 1 --from ${seed}`
    }
    if (failed.length === 0) return
    yield '\nViolations, and the seeds that met them:'
    for (const [text, seeds] of grouped(failed)) {
      yield `  ${String(seeds.length).padStart(5)}  ${text}: ${seeds.slice(0, 6).join(' ')}`
    }
  }

  *#table(): Iterable<string> {
    for (const [kind, names] of this.#coverage.toJSON()) {
      yield `\n${kind}`
      for (const [name, count] of names.toSorted((a, b) => b[1] - a[1])) {
        yield `${String(count).padStart(10)}  ${name}`
      }
    }
  }

  *#never(): Iterable<string> {
    const missing = this.missing()
    if (missing.length === 0) return
    const isFailure = this.size >= SEEDS_FOR_ALL
    yield `\n${isFailure ? 'NEVER MET, in so many seeds' : 'Not met in so few seeds'}:`
    for (const name of missing) yield `  ${name}`
  }

  *#summary(wallMs: number): Iterable<string> {
    const of = (name: string): number => this.#totals.get(name) ?? 0
    const steps = of('calls') + of('commits')
    const days = (of('virtualMs') / 86_400_000).toFixed(1)
    yield ''
    yield `${this.size} seeds: ${of('payments')} payments, ${of('refunds')} refunds, ${of('notifications')} notifications, ${of('crashes')} crashes of ${of('nodes')} processes, ${days} days of virtual time`
    yield `${steps} engine steps (${of('calls')} calls, ${of('commits')} commits) in ${(wallMs / 1_000).toFixed(1)} s: ${Math.round(steps / (this.#cpuMs / 1_000))} a second of one core, checks included`
    yield `digest ${this.digest()}`
    yield this.failures === 0 ? 'No invariant was violated.' : `${this.failures} seeds FAILED.`
  }

  /** The same for the same seeds and the same program. */
  digest(): string {
    const hash = createHash('sha256')
    for (const seed of [...this.#digests.keys()].sort((a, b) => a - b)) {
      hash.update(`${seed} ${this.#digests.get(seed)}\n`)
    }
    return hash.digest('hex').slice(0, 16)
  }
}

/** Violations that differ in numbers alone are one. */
function grouped(failed: readonly SeedReport[]): [string, number[]][] {
  const groups = new Map<string, Set<number>>()
  for (const { seed, violations } of failed) {
    for (const { invariant, text } of violations) {
      const key = `${invariant} ${text.replace(/\b(?:sm|rf|own_|console_)\w+|\d+/g, '…')}`
      groups.set(key, (groups.get(key) ?? new Set()).add(seed))
    }
  }
  return [...groups]
    .map(([text, seeds]): [string, number[]] => [text, [...seeds].sort((a, b) => a - b)])
    .sort((a, b) => b[1].length - a[1].length)
}
