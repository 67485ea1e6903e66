/**
 * The known answers in `test/vectors/`, made with openssl; its README says how.
 *
 * @module
 */

import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

/** The text of a file in `test/vectors/`, e.g. `keys/application-private-key.pkcs8.pem`. */
export function vectorText(path: string): string {
  return readFileSync(resolve(import.meta.dirname, 'vectors', path), 'utf8')
}

/** The content of `test/vectors/<name>.json`. */
export function vectors(name: string): unknown {
  return JSON.parse(vectorText(`${name}.json`))
}
