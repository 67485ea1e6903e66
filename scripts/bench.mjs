/**
 * `npm run bench -- <name>`: runs bench/<name>.ts against the built package.
 *
 * @module
 */
import { existsSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { root, run } from './run.mjs'
import { setup } from './setup.mjs'
import { findTestPrograms } from './test-programs.mjs'

const [name, ...args] = process.argv.slice(2)
const folder = join(root, 'bench')
const path = join(folder, `${name}.ts`)

if (name === undefined || name !== basename(name) || !existsSync(path)) {
  const names = readdirSync(folder).filter((file) => file.endsWith('.ts'))
  const known = names.map((file) => basename(file, '.ts')).join(' | ')
  console.error(`Usage: npm run bench -- <${known}> [--json] [--seconds N]`)
  process.exitCode = 2
} else {
  setup()
  const { env } = findTestPrograms()
  process.exitCode = run(process.execPath, ['--import', 'tsx', path, ...args], {
    env: { ...process.env, ...env },
  })
}
