/**
 * Which rows a bill had, in 8 to 16 bytes a row: a set of 64-bit hashes. That another row has the
 * same hash by chance is as likely as 1 in 10^13 for a million rows; the seeds are drawn anew for
 * each run, so that no chance is met twice.
 *
 * @module
 */

import { randomInt } from 'node:crypto'

/** Remembers keys. */
export class SeenKeys {
  #slots = new Uint32Array(2 * FIRST_CAPACITY)
  #capacity = FIRST_CAPACITY
  #size = 0
  readonly #seeds = [randomInt(2 ** 32), randomInt(2 ** 32)] as const

  /** @returns Whether it is new. */
  add(key: string): boolean {
    if (this.#size * 4 >= this.#capacity * 3) this.#grow()
    const [a, b] = this.#hash(key)
    const isNew = put(this.#slots, this.#capacity, a, b)
    if (isNew) this.#size += 1
    return isNew
  }

  has(key: string): boolean {
    const [a, b] = this.#hash(key)
    return this.#slots[find(this.#slots, this.#capacity, a, b)] !== 0
  }

  #grow(): void {
    const old = this.#slots
    const capacity = this.#capacity * 2
    const slots = new Uint32Array(2 * capacity)
    for (let at = 0; at < old.length; at += 2) {
      if (old[at] !== 0) put(slots, capacity, old[at] ?? 0, old[at + 1] ?? 0)
    }
    this.#slots = slots
    this.#capacity = capacity
  }

  /** Two runs of MurmurHash3's mixing over the characters. The first half is never 0. */
  #hash(key: string): [a: number, b: number] {
    let [a, b] = this.#seeds as readonly number[] as [number, number]
    for (let index = 0; index < key.length; index++) {
      const code = key.charCodeAt(index)
      a = Math.imul(a ^ code, 0x85ebca6b)
      a ^= a >>> 13
      b = Math.imul(b ^ code, 0xc2b2ae35)
      b ^= b >>> 15
    }
    return [finish(a) || 1, finish(b)]
  }
}

const FIRST_CAPACITY = 4_096

function finish(half: number): number {
  const mixed = Math.imul(half ^ (half >>> 16), 0x85ebca6b)
  return (mixed ^ (mixed >>> 13)) >>> 0
}

/** The place of a hash, or the free one where it belongs. */
function find(slots: Uint32Array, capacity: number, a: number, b: number): number {
  for (let slot = b & (capacity - 1); ; slot = (slot + 1) & (capacity - 1)) {
    const at = 2 * slot
    if (slots[at] === 0 || (slots[at] === a && slots[at + 1] === b)) return at
  }
}

function put(slots: Uint32Array, capacity: number, a: number, b: number): boolean {
  const at = find(slots, capacity, a, b)
  if (slots[at] !== 0) return false
  slots[at] = a
  slots[at + 1] = b
  return true
}
