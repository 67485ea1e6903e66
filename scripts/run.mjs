/**
 * Runs programs from the root of the checkout, wherever one stands and whatever the folder is
 * called. Node's builtins alone: it is used before anything is installed.
 *
 * @module
 */
import { spawnSync } from 'node:child_process'
import { readFileSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The root of the checkout. */
export const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * Runs a program with the terminal as its own and waits for it.
 *
 * @param {string} program
 * @param {string[]} args
 * @param {{ env?: NodeJS.ProcessEnv; toStderr?: boolean }} [options] `toStderr` keeps our standard
 *   output clean for those who read it by program.
 * @returns {number} Its exit code; 1 when it could not be started or was ended by a signal.
 */
export function run(program, args, { env = process.env, toStderr = false } = {}) {
  const { status, error } = spawnSync(program, args, {
    cwd: root,
    env,
    stdio: ['inherit', toStderr ? 2 : 'inherit', 'inherit'],
  })
  if (error) console.error(`${program} could not be started: ${error.message}`)
  return status ?? 1
}

/**
 * The path of an installed package's program, to be run by Node: `npx` would be slower, and looks
 * elsewhere too.
 *
 * @param {string} name The package, which has one program or one of its own name.
 */
export function tool(name) {
  const folder = join(root, 'node_modules', name)
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const path = typeof bin === 'string' ? bin : (bin[name] ?? Object.values(bin)[0])
  return join(folder, path)
}

/**
 * Whether this file is the program that Node was started with.
 *
 * @param {string} url Its `import.meta.url`.
 */
export function isMain(url) {
  return process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(url)
}
