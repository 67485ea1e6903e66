/**
 * What buyers, merchants and the seller's console have in common: they take their time, and the
 * simulation does not end before they are done.
 *
 * @module
 */

import type { AlipaySide } from './alipay-side.ts'
import type { Books } from './books.ts'
import type { CallLog } from './call-log.ts'
import type { Cluster } from './cluster.ts'
import type { Coverage } from './coverage.ts'
import type { Draw } from './draw.ts'
import type { History } from './history.ts'
import type { Plan } from './plan.ts'
import type { VirtualTime } from './virtual-time.ts'
import type { Violations } from './violations.ts'
import type { Weather } from './weather.ts'

/** What people deal with. */
export interface Surroundings {
  readonly plan: Plan
  readonly time: VirtualTime
  readonly draw: Draw
  readonly alipay: AlipaySide
  readonly books: Books
  readonly calls: CallLog
  readonly cluster: Cluster
  readonly weather: Weather
  readonly history: History
  readonly coverage: Coverage
  readonly violations: Violations
}

/** Those who are busy. */
export class People {
  readonly #violations: Violations
  #busy = 0

  constructor(violations: Violations) {
    this.#violations = violations
  }

  /** How many are not done yet. */
  get busy(): number {
    return this.#busy
  }

  /** Has somebody do something; what goes wrong is a mistake of the simulation. */
  send(task: () => Promise<void>): void {
    this.#busy += 1
    task()
      .catch((error: unknown) => {
        this.#violations.add('failure', undefined, `somebody failed: ${String(error)}`)
      })
      .finally(() => (this.#busy -= 1))
  }
}
