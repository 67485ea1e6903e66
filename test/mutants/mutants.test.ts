/**
 * The deliberate faults fit the sources as they are; `npm run mutants` has the tests find them.
 *
 * @module
 */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../saoma-program.ts'
import { mutants } from './mutants.ts'

test('there are more than a dozen, each with a name of its own', () => {
  expect(mutants.length).toBeGreaterThan(12)
  expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length)
})

test.each(mutants)('$name stands exactly once in $file', ({ file, find, replace }) => {
  expect(readFileSync(join(root, file), 'utf8').split(find)).toHaveLength(2)
  expect(replace).not.toBe(find)
})
