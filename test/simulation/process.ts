/**
 * One life of a node: what it waits for waits with it while it is paused, and dies with it.
 *
 * @module
 */

import type { Draw } from './draw.ts'
import type { Timer, VirtualTime } from './virtual-time.ts'

/** What a crash point throws. Nobody is to make anything of it: the process is dead. */
export class Crashed extends Error {
  constructor(where: string) {
    super(`The simulated process died at ${where}`)
    this.name = 'Crashed'
  }
}

/** A process of the merchant's. */
export class Process {
  /** E.g. `node1.2`: the second life of node 1. */
  readonly name: string
  /** Number of the node that it runs on, from 0. */
  readonly node: number
  readonly #time: VirtualTime
  readonly #draw: Draw
  readonly #mourners = new Set<() => void>()
  #isAlive = true
  #pausedUntil = 0

  constructor(name: string, node: number, time: VirtualTime, draw: Draw) {
    this.name = name
    this.node = node
    this.#time = time
    this.#draw = draw
  }

  get isAlive(): boolean {
    return this.#isAlive
  }

  get isPaused(): boolean {
    return this.#time.now() < this.#pausedUntil
  }

  /** Stands still for so long, as by SIGSTOP; time goes on. */
  pause(ms: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#time.now() + ms)
  }

  /** Goes on at once. */
  resume(): void {
    this.#pausedUntil = 0
  }

  /** Ends it, without any last word. */
  die(): void {
    if (!this.#isAlive) return
    this.#isAlive = false
    for (const mourn of this.#mourners) mourn()
    this.#mourners.clear()
  }

  /** Has something happen in this process: later where it stands still, never where it is dead. */
  after(ms: number, run: () => void): Timer {
    let timer: Timer
    const go = (): void => {
      if (!this.#isAlive) return
      const restMs = this.#pausedUntil - this.#time.now()
      if (restMs <= 0) return run()
      // What has come meanwhile is met in no certain order.
      timer = this.#time.after(restMs + this.#draw.int(0, 2), go)
    }
    timer = this.#time.after(ms, go)
    return { cancel: () => timer.cancel() }
  }

  /** Resolves `ms` from now, in this process; never where it is dead by then. */
  pass(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve))
  }

  /** Calls back when it dies. Returns the way to stop. */
  onDeath(mourn: () => void): () => void {
    this.#mourners.add(mourn)
    return () => void this.#mourners.delete(mourn)
  }
}
