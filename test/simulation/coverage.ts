/**
 * How often each thing that a simulation is for has happened.
 *
 * @module
 */

/** What is counted. */
export type CoverageKind =
  | 'transition'
  | 'refund'
  | 'crash'
  | 'gateway fault'
  | 'notification fault'
  | 'network'
  | 'store'
  | 'clock'
  | 'node'
  | 'buyer'
  | 'merchant'
  | 'console'
  | 'event'
  | 'rule'
  | 'setting'

/** Counts by kind and name. */
export class Coverage {
  readonly #counts = new Map<CoverageKind, Map<string, number>>()

  hit(kind: CoverageKind, name: string, times = 1): void {
    const names = this.#counts.get(kind) ?? new Map<string, number>()
    this.#counts.set(kind, names)
    names.set(name, (names.get(name) ?? 0) + times)
  }

  count(kind: CoverageKind, name: string): number {
    return this.#counts.get(kind)?.get(name) ?? 0
  }

  /** By kind, as plain data that can be sent between processes. */
  toJSON(): [CoverageKind, [string, number][]][] {
    return [...this.#counts].map(([kind, names]) => [kind, [...names]])
  }

  add(other: [CoverageKind, [string, number][]][]): void {
    for (const [kind, names] of other) {
      for (const [name, times] of names) this.hit(kind, name, times)
    }
  }
}
