/**
 * What happened in a simulation, in order: for people who look at a violation, and as a digest by
 * which two runs of one seed are compared.
 *
 * @module
 */

import { createHash } from 'node:crypto'

interface Line {
  readonly atMs: number
  readonly who: string
  /** The `out_trade_no` that it is about; `undefined` where it is about all. */
  readonly about: string | undefined
  readonly text: string
}

/** The lines of one simulation. */
export class History {
  readonly #lines: Line[] = []
  readonly #elapsedMs: () => number

  constructor(elapsedMs: () => number) {
    this.#elapsedMs = elapsedMs
  }

  /** Notes that `who` did or met something, about an order or about all. */
  note(who: string, about: string | undefined, text: string): void {
    this.#lines.push({ atMs: this.#elapsedMs(), who, about, text })
  }

  /** Of one order, with what concerned all of them; of all, where there is none. */
  of(about: string | undefined): string[] {
    return this.#lines
      .filter((line) => about === undefined || line.about === about || line.about === undefined)
      .map(toText)
  }

  digest(): string {
    const hash = createHash('sha256')
    for (const line of this.#lines) hash.update(`${line.about ?? ''} ${toText(line)}\n`)
    return hash.digest('hex').slice(0, 16)
  }
}

function toText({ atMs, who, text }: Line): string {
  return `${(atMs / 1_000).toFixed(3).padStart(10)}  ${who.padEnd(9)} ${text}`
}
