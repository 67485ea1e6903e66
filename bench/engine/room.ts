/**
 * Lets a number of things be under way, and has the next one wait until there is room.
 *
 * @module
 */

/** Room for so many. */
export class Room {
  #free: number
  readonly #waiting: (() => void)[] = []

  constructor(size: number) {
    this.#free = size
  }

  /** Resolves when there is room, and takes it. */
  async enter(): Promise<void> {
    this.#free -= 1
    if (this.#free < 0) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  /** Gives it back. */
  leave(): void {
    this.#free += 1
    this.#waiting.shift()?.()
  }

  /** There is room for everybody from now on. */
  open(): void {
    this.#free = Number.POSITIVE_INFINITY
    for (const enter of this.#waiting.splice(0)) enter()
  }
}
