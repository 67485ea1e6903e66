/**
 * A small generator of random numbers that can be repeated from a seed. Not for secrets.
 *
 * @module
 */

/** Gives numbers from 0 (inclusive) to 1 (exclusive). */
export type Random = () => number

/** The generator mulberry32. The same seed gives the same numbers, on every machine. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/**
 * One random number that depends on the seed and on `key` alone, so that what happens to one call
 * does not depend on which other calls came before it.
 */
export function randomFor(seed: number, key: string): Random {
  let hash = (0x811c9dc5 ^ seed) >>> 0
  for (let index = 0; index < key.length; index++) {
    hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193) >>> 0
  }
  return createRandom(hash)
}
