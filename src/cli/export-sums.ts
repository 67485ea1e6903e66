/**
 * Reads JSON Lines as they come by and holds them against the sums that stand behind them.
 *
 * @module
 */

import { createHash, type Hash } from 'node:crypto'
import { Failure } from './failure.ts'

/** What stands behind the objects of a kind. */
export interface ExportEnd {
  readonly kind: string
  readonly count: number
  readonly sha256: string
}

const END = '{"object":"export_end",'

/** Adds up; memory holds one line. */
export class ExportSums {
  readonly ends: ExportEnd[] = []
  #hash: Hash = createHash('sha256')
  #count = 0
  #rest: Buffer = Buffer.alloc(0)

  /**
   * Takes the next bytes.
   *
   * @throws {Failure} If a sum is another.
   */
  add(bytes: Uint8Array): void {
    const all = Buffer.concat([this.#rest, bytes])
    let start = 0
    for (let end = all.indexOf(10); end >= 0; end = all.indexOf(10, start)) {
      this.#line(all.subarray(start, end + 1))
      start = end + 1
    }
    this.#rest = Buffer.from(all.subarray(start))
  }

  /** @throws {Failure} If what was read does not end with a sum. */
  end(): readonly ExportEnd[] {
    if (this.#rest.length > 0 || this.#count > 0 || this.ends.length === 0) {
      throw new Failure('The export breaks off: it is not whole. Make it again.', 1)
    }
    return this.ends
  }

  #line(line: Buffer): void {
    if (!line.subarray(0, END.length).equals(Buffer.from(END))) {
      this.#hash.update(line)
      this.#count += 1
      return
    }
    const end = JSON.parse(line.toString()) as ExportEnd
    const sha256 = this.#hash.digest('hex')
    if (end.count !== this.#count || end.sha256 !== sha256) {
      throw new Failure(
        `The ${end.kind} of the export are not those that were written: ${this.#count} of ${end.count}. Make it again.`,
        1,
      )
    }
    this.ends.push({ kind: end.kind, count: end.count, sha256 })
    this.#hash = createHash('sha256')
    this.#count = 0
  }
}
