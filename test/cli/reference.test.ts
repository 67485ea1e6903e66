/**
 * The page of commands, held against the commands.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { expect, test } from 'vitest'
import { createProgram } from '../../src/cli/program.ts'
import { root } from '../saoma-program.ts'

test('docs/reference/cli.md is what the commands say', async () => {
  const { cliPage } = (await import(join(root, 'scripts', 'cli.mjs'))) as {
    cliPage: (program: Command) => Promise<string>
  }
  const page = readFileSync(join(root, 'docs', 'reference', 'cli.md'), 'utf8')
  expect(page, 'run node scripts/cli.mjs').toBe(await cliPage(createProgram()))
  expect(page).toContain('## saoma payments')
  expect(page).toContain('### saoma payments resolve')
})
