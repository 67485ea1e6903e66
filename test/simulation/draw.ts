/**
 * Everything that a simulation leaves to chance, drawn from its seed: the same seed, the same
 * draws.
 *
 * @module
 */

import { randomFor, type Random } from '../../src/emulator/random.ts'

/** A stream of draws. Streams of different names do not disturb one another. */
export class Draw {
  readonly #seed: number
  readonly #name: string
  readonly #random: Random

  constructor(seed: number, name: string) {
    this.#seed = seed
    this.#name = name
    this.#random = randomFor(seed, name)
  }

  /** Another stream of the same seed. */
  fork(name: string): Draw {
    return new Draw(this.#seed, `${this.#name}/${name}`)
  }

  /** From 0 to 1, without 1. */
  fraction(): number {
    return this.#random()
  }

  chance(probability: number): boolean {
    return this.#random() < probability
  }

  /** A whole number, both ends included. */
  int(least: number, most: number): number {
    return least + Math.floor(this.#random() * (most - least + 1))
  }

  /** Milliseconds, small ones as likely as large ones: each doubling has the same chance. */
  ms(least: number, most: number): number {
    const low = Math.log2(Math.max(1, least))
    return Math.round(2 ** (low + this.#random() * (Math.log2(most) - low)))
  }

  pick<T>(values: readonly T[]): T {
    return values[this.int(0, values.length - 1)] as T
  }

  /** A value by its weight. */
  weighted<T extends string>(weights: Readonly<Record<T, number>>): T {
    const entries = Object.entries(weights) as [T, number][]
    let left = this.#random() * entries.reduce((sum, [, weight]) => sum + weight, 0)
    for (const [value, weight] of entries) {
      left -= weight
      if (left < 0) return value
    }
    return (entries.at(-1) as [T, number])[0]
  }

  bytes(size: number): Uint8Array {
    const bytes = new Uint8Array(size)
    for (let at = 0; at < size; at++) bytes[at] = Math.floor(this.#random() * 256)
    return bytes
  }
}
