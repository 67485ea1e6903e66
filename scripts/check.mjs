/**
 * `npm run check`: everything about the sources that needs no running of them: format, lint, types,
 * architecture, docs. Goes on after a failure, so that one run tells all.
 *
 * @module
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { root, run, tool } from './run.mjs'
import { checkNode, install, isBuilt } from './setup.mjs'

checkNode()
install()

// Browser scripts know the DOM, and the rest must not.
const projects = ['.', 'src/server/assets', 'src/emulator/pages/assets', 'web']
const tests = ['test/architecture.test.ts', 'test/docs.test.ts']

/** @type {[name: string, passes: () => boolean][]} */
const steps = [
  // First, because the benches are typed against the built package.
  ['build', () => isBuilt() || node(join(root, 'scripts', 'build.mjs'))],
  ['format', () => node(tool('prettier'), '--check', '--log-level=warn', '.')],
  ['lint', () => node(tool('oxlint'), '--type-aware', '--deny-warnings')],
  ['types', () => projects.map((path) => node(tool('typescript'), '-p', path)).every(Boolean)],
  [
    'tests',
    () => node(tool('vitest'), 'run', ...tests.filter((path) => existsSync(join(root, path)))),
  ],
]

const failed = []
for (const [name, passes] of steps) {
  const began = performance.now()
  console.log(`== ${name}`)
  const passed = passes()
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  console.log(`== ${name}: ${passed ? 'ok' : 'FAILED'}, ${seconds} s\n`)
  if (!passed) failed.push(name)
}
console.log(failed.length === 0 ? 'All checks passed.' : `Failed: ${failed.join(', ')}`)
process.exitCode = failed.length === 0 ? 0 : 1

function node(...args) {
  return run(process.execPath, args) === 0
}
