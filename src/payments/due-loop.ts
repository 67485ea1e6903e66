/**
 * Looks for what is due, again and again: after a pause, or as soon as it is woken.
 *
 * @module
 */

import { setTimeout as sleep } from 'node:timers/promises'

/** What is looked for, and how often. */
export interface DueLoopOptions {
  /** One look; resolves with the milliseconds until the next one, 0 for at once. */
  readonly look: () => Promise<number>
  /** Milliseconds until the next look after one that failed. */
  readonly idleMs: number
  /** Is told of a look that failed. */
  readonly onError: (error: unknown) => void
}

/**
 * Whoever wakes it is heard so many milliseconds later: what becomes due meanwhile, as many commits
 * a second have it, is found by the same look.
 */
export const GATHER_MS = 10

/** A loop in the background. */
export class DueLoop {
  readonly #options: DueLoopOptions
  #running = false
  #ended: Promise<void> = Promise.resolve()
  #wakeUp: () => void = () => {}

  constructor(options: DueLoopOptions) {
    this.#options = options
  }

  /** Begins to look, at once. Does nothing where it has begun already. */
  start(): void {
    if (this.#running) return
    this.#running = true
    this.#ended = this.#run()
  }

  /** Looks no more; resolves when the present look is over. */
  async stop(): Promise<void> {
    this.#running = false
    this.wake()
    await this.#ended
  }

  /** Looks {@link GATHER_MS} from now, or once more after the present look. */
  wake(): void {
    this.#wakeUp()
  }

  async #run(): Promise<void> {
    const { look, idleMs, onError } = this.#options
    while (this.#running) {
      // Before the look: what becomes due during it is not slept through.
      const woken = new Promise<'woken'>((resolve) => (this.#wakeUp = () => resolve('woken')))
      const pauseMs = await look().catch((error: unknown) => {
        onError(error)
        return idleMs
      })
      if (!this.#running || pauseMs <= 0) continue
      const ended = await pause(woken, pauseMs)
      if (this.#running && ended === 'woken') await sleep(GATHER_MS)
    }
  }
}

async function pause(woken: Promise<'woken'>, ms: number): Promise<'woken' | 'over'> {
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<'over'>((resolve) => (timer = setTimeout(resolve, ms, 'over')))
  const ended = await Promise.race([woken, over])
  clearTimeout(timer)
  return ended
}
