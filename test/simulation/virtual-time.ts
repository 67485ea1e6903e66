/**
 * Time that passes only when there is nothing left to do: a queue of what is to happen, in the
 * order of time, and of asking where two things happen at once.
 *
 * @module
 */

import { addMs, MovableClock, type Clock, type Instant } from '../../src/alipay/index.ts'

/** Something that will happen, unless it is called off. */
export interface Timer {
  cancel(): void
}

interface Entry {
  readonly at: number
  readonly order: number
  run: (() => void) | undefined
}

/** The true time of a simulation, and all that happens in it. */
export class VirtualTime implements Clock {
  readonly #start: Instant
  #now: Instant
  #order = 0
  #events = 0
  readonly #heap: Entry[] = []

  constructor(start: Instant) {
    this.#start = start
    this.#now = start
  }

  now(): Instant {
    return this.#now
  }

  /** Milliseconds since the start. */
  get elapsedMs(): number {
    return this.#now - this.#start
  }

  /** What has happened so far. */
  get events(): number {
    return this.#events
  }

  /** This time as the clock of an emulator, which nobody puts forward. */
  asMovableClock(): MovableClock {
    return new MovableClock({ now: () => this.#now })
  }

  /** Has something happen `ms` from now; what is not a whole millisecond is rounded up. */
  after(ms: number, run: () => void): Timer {
    const entry: Entry = { at: this.#now + Math.max(0, Math.ceil(ms)), order: this.#order++, run }
    this.#push(entry)
    return { cancel: () => (entry.run = undefined) }
  }

  /** Resolves `ms` from now. */
  pass(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve))
  }

  /**
   * Lets time pass until `isOver` says so after something has happened, or until `end`.
   *
   * @returns Whether `isOver` has said so.
   */
  async run(end: Instant, isOver: () => boolean): Promise<boolean> {
    for (;;) {
      const next = this.#heap[0]
      if (next === undefined || next.at > end) {
        this.#now = addMs(end, 0)
        return false
      }
      this.#pop()
      if (next.run === undefined) continue
      this.#now = addMs(next.at as Instant, 0)
      this.#events += 1
      next.run()
      // All promises that this has settled run before anything else happens.
      await new Promise(setImmediate)
      if (isOver()) return true
    }
  }

  #push(entry: Entry): void {
    const heap = this.#heap
    let at = heap.length
    heap.push(entry)
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = heap[parent] as Entry
      if (isBefore(above, entry)) break
      heap[at] = above
      at = parent
    }
    heap[at] = entry
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop() as Entry
    if (heap.length === 0) return
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      const right = child + 1
      if (right < heap.length && isBefore(heap[right] as Entry, heap[child] as Entry)) child = right
      if (isBefore(last, heap[child] as Entry)) break
      heap[at] = heap[child] as Entry
      at = child
    }
    heap[at] = last
  }
}

/** As the `Date` of HTTP tells it: in whole seconds. */
export function wholeSecond(time: Instant): Instant {
  return addMs(time, -(time % 1_000))
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.at === b.at ? a.order < b.order : a.at < b.at
}
