/**
 * Known answers that others made: Alipay's own signatures, certificates, encryption. They are not
 * part of this repository: they are read from a folder beside the checkout, or the one that the
 * environment variable `SAOMA_VECTORS` names. Where it is missing, tests that need it are skipped
 * by name.
 *
 * @module
 */

import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, test } from 'vitest'

const folder = resolve(
  import.meta.dirname,
  '..',
  process.env['SAOMA_VECTORS'] ?? '../shared/reference/vectors',
)

/**
 * A suite over the entries of `<name>.json`; where that is missing, one skipped test that says so.
 *
 * @param claim What the suite shows, e.g. `serial numbers`.
 */
export function describeReference(
  name: string,
  claim: string,
  suite: (vectors: unknown) => void,
): void {
  const vectors = referenceVectors(name)
  const title = `${claim}: ${name}.json of the reference vectors`
  if (vectors === undefined) test.skip(`${title}, which are not beside this checkout`)
  else describe(title, () => suite(vectors))
}

/** The content of `<name>.json`, or `undefined` where it is missing. */
export function referenceVectors(name: string): unknown {
  const file = resolve(folder, `${name}.json`)
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined
}

/**
 * The text of a file that a vector names, e.g. `certs/anttrust-RsaRootCa.crt`.
 *
 * @throws {Error} If it is not there: only call it within {@link describeReference}.
 */
export function referenceText(path: string): string {
  return readFileSync(resolve(folder, path), 'utf8')
}
