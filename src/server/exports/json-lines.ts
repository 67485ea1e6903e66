/**
 * JSON Lines: an object a line, as the API writes them, and a last line by which a reader knows
 * that it has all of them.
 *
 * @module
 * @see https://jsonlines.org
 */
import { createHash } from 'node:crypto'

/** Writes pages of objects as they come; only one page is in memory. */
export async function* writeJsonLines(
  kind: string,
  pages: AsyncGenerator<readonly object[]>,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256')
  let count = 0
  for await (const objects of pages) {
    if (objects.length === 0) continue
    const bytes = Buffer.from(objects.map((object) => `${JSON.stringify(object)}\n`).join(''))
    hash.update(bytes)
    count += objects.length
    yield bytes
  }
  const end = { object: 'export_end', kind, count, sha256: hash.digest('hex') }
  yield Buffer.from(`${JSON.stringify(end)}\n`)
}
