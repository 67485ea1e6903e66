/**
 * A machine of the merchant's: a clock that may be wrong and set, and a monotonic one that is not.
 *
 * @module
 */

import { toInstant, type Clock, type Instant } from '../../src/alipay/index.ts'
import type { VirtualTime } from './virtual-time.ts'

/** One machine. */
export class Machine implements Clock {
  readonly #time: VirtualTime
  #skewMs: number

  constructor(time: VirtualTime, skewMs: number) {
    this.#time = time
    this.#skewMs = skewMs
  }

  /** What its clock says. */
  now(): Instant {
    return toInstant(this.#time.now() + this.#skewMs)
  }

  /** Somebody sets its clock. */
  set(byMs: number): void {
    this.#skewMs += byMs
  }

  /** Milliseconds that nobody can set. */
  monotonicMs(): number {
    return this.#time.elapsedMs + 1_000_000
  }
}
