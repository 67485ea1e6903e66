/**
 * How often the disk can be waited for: what every acknowledged write costs, whoever makes it.
 *
 * @module
 */
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { SqlitePlace } from './place.ts'

/** A page of a log. */
const BLOCK = Buffer.alloc(8_192, 'block')

/** Writes a block and flushes it, again and again over the same few. Returns how often a second. */
export async function measureDisk({
  place,
  seconds,
}: {
  readonly place: SqlitePlace
  readonly seconds: number
}): Promise<number> {
  const file = openSync(join(place.folder, 'blocks'), 'w')
  let flushes = 0
  const began = performance.now()
  for (; performance.now() < began + seconds * 1_000; flushes++) {
    writeSync(file, BLOCK, 0, BLOCK.length, (flushes % 128) * BLOCK.length)
    fdatasyncSync(file)
  }
  closeSync(file)
  return (flushes * 1_000) / (performance.now() - began)
}
