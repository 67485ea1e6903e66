/**
 * `npm run mutants [-- name …]`: puts each deliberate fault of test/mutants into a copy of the
 * sources and runs the engine's tests, then the simulation, until one turns red. A fault that
 * nothing notices fails the run.
 *
 * @module
 */
import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { register } from 'tsx/esm/api'
import { root, tool } from './run.mjs'
import { setup } from './setup.mjs'

setup()
register()
const { mutants } = await import('../test/mutants/mutants.ts')

const names = process.argv.slice(2)
const chosen = names.length === 0 ? mutants : mutants.filter(({ name }) => names.includes(name))
const unknown = names.filter((name) => !mutants.some((mutant) => mutant.name === name))
if (unknown.length > 0) {
  console.error(`There is no mutant ${unknown.join(', ')}. There are:`)
  for (const { name, harm } of mutants) console.error(`  ${name}: ${harm}`)
  process.exit(2)
}

/** What judges a mutant, the quickest first. */
const JUDGES = [
  {
    name: 'rules',
    args: [
      tool('vitest'),
      'run',
      '--bail=1',
      'test/payments/transition',
      'test/payments/refund',
      'test/payments/next-step',
      'test/payments/schedule',
    ],
  },
  { name: 'engine', args: [tool('vitest'), 'run', '--bail=1', 'test/payments'] },
  { name: 'scenarios', args: [tool('vitest'), 'run', '--bail=1', 'test/scenarios', 'test/store'] },
  {
    name: 'simulation',
    args: [join(root, 'scripts', 'simulate.mjs'), '--seeds', '200', '--jobs', '1'],
  },
]

/** What the judges read. */
const COPIED = [
  'src',
  'test',
  'scripts',
  'docs',
  'package.json',
  'tsconfig.json',
  'vitest.config.ts',
  'CONTRIBUTING.md',
  'README.md',
]

const PATIENCE_MS = 300_000

// What fails without a fault would be said to have found every one of them.
const red = await judgeOf(undefined)
if (red !== undefined) {
  console.error(`The ${red} fail without any mutant: mend that first.`)
  process.exit(1)
}

const survivors = []
const queue = [...chosen]
await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, work))
console.log(
  survivors.length === 0
    ? `All ${chosen.length} mutants died.`
    : `${survivors.length} of ${chosen.length} mutants survived: ${survivors.join(', ')}`,
)
process.exitCode = survivors.length === 0 ? 0 : 1

async function work() {
  for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
    const began = performance.now()
    const judge = await judgeOf(mutant)
    const seconds = ((performance.now() - began) / 1000).toFixed(0)
    if (judge === undefined) survivors.push(mutant.name)
    console.log(
      judge === undefined
        ? `SURVIVED  ${mutant.name}  (${seconds} s): ${mutant.harm}`
        : `died      ${mutant.name}  by ${judge} (${seconds} s)`,
    )
  }
}

/** The name of what notices the mutant; of the sources as they are where there is none. */
async function judgeOf(mutant) {
  const folder = mkdtempSync(join(tmpdir(), 'saoma-mutant-'))
  try {
    for (const name of COPIED) cpSync(join(root, name), join(folder, name), { recursive: true })
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'dir')
    if (mutant !== undefined) plant(mutant, folder)
    for (const { name, args } of JUDGES) {
      if (!(await passes(folder, args))) return name
    }
    return undefined
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function plant({ file, find, replace }, folder) {
  const path = join(folder, file)
  const parts = readFileSync(path, 'utf8').split(find)
  if (parts.length !== 2)
    throw new Error(`${file} has this text ${parts.length - 1} times: ${find}`)
  writeFileSync(path, parts.join(replace))
}

function passes(cwd, args) {
  return new Promise((resolve) => {
    const own = args.map((arg) =>
      arg.startsWith(join(root, 'scripts')) ? arg.replace(root, `${cwd}/`) : arg,
    )
    const child = spawn(process.execPath, own, {
      cwd,
      stdio: 'ignore',
      timeout: PATIENCE_MS,
      killSignal: 'SIGKILL',
    })
    // What never ends is noticed, too.
    child.on('close', (code) => resolve(code === 0))
  })
}
