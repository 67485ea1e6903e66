/**
 * Known answers that others made (Alipay's own signatures, certificates, AES). They are not part of
 * this repository: they are read from a folder beside the checkout, and tests that need them are
 * skipped by name where it is missing. A test file uses it like this:
 *
 *     const vectors = referenceVectors('aes') as AesVector[] | undefined
 *     describe.skipIf(vectors === undefined)('aes.json of the reference vectors', () => {
 *       test.for(vectors ?? [])('$id', (vector) => { … })
 *     })
 *
 * @module
 */

import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'

const folder = resolve(
  import.meta.dirname,
  '..',
  process.env['SAOMA_VECTORS'] ?? '../shared/reference/vectors',
)

/** Whether the folder is there. */
export const hasReferenceVectors = existsSync(folder)

/** The content of `<name>.json`, or `undefined` where the folder, or this file of it, is missing. */
export function referenceVectors(name: string): unknown {
  const file = resolve(folder, `${name}.json`)
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined
}

/**
 * The text of a file that a vector names, e.g. `certs/anttrust-RsaRootCa.crt`.
 *
 * @throws {Error} If it is not there: only call it where {@link referenceVectors} brought something.
 */
export function referenceText(path: string): string {
  return readFileSync(resolve(folder, path), 'utf8')
}
