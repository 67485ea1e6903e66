/**
 * What must not happen, and did.
 *
 * @module
 */

/** One breach of an invariant. */
export interface Violation {
  /** `I1` to `I16`, see the reference of payments. */
  readonly invariant: Invariant
  readonly about: string | undefined
  readonly atMs: number
  readonly text: string
}

/** The invariants that a simulation checks. */
export type Invariant =
  | 'I1'
  | 'I2'
  | 'I3'
  | 'I4'
  | 'I5'
  | 'I6'
  | 'I7'
  | 'I8'
  | 'I9'
  | 'I10'
  | 'I11'
  | 'I12'
  | 'I13'
  | 'I14'
  | 'I15'
  /** The engine failed in a way that nobody has foreseen, or the run itself did. */
  | 'failure'

/** More of them tell nothing new. */
const KEPT_MAX = 20

/** The breaches of one simulation. */
export class Violations {
  readonly #all: Violation[] = []
  readonly #elapsedMs: () => number
  readonly #ignored: RegExp | undefined

  /** @param ignored Those whose text has this are left out, to look for others. */
  constructor(elapsedMs: () => number, ignored?: RegExp) {
    this.#elapsedMs = elapsedMs
    this.#ignored = ignored
  }

  get all(): readonly Violation[] {
    return this.#all
  }

  add(invariant: Invariant, about: string | undefined, text: string): void {
    if (this.#all.length === KEPT_MAX || this.#ignored?.test(`${invariant} ${text}`)) return
    this.#all.push({ invariant, about, atMs: this.#elapsedMs(), text })
  }
}
