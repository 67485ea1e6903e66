/**
 * Makes a checkout ready, doing only what is missing: the right Node, the packages of
 * package-lock.json, and `dist` built from `src`. The first thing that every command of
 * package.json runs.
 *
 * @module
 */
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { isMain, root, run } from './run.mjs'

/** Ends the process, having said why, when something cannot be had. */
export function setup() {
  checkNode()
  install()
  build()
}

/** Ends the process when Node is too old for the packages or for the syntax. */
export function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 19)) return
  console.error(
    `saoma needs Node.js 20.19 or newer, and this is ${process.version}. ` +
      'Install a newer one from https://nodejs.org, then repeat the command.',
  )
  process.exit(1)
}

/** Installs the packages when they are missing or older than package-lock.json. */
export function install() {
  // npm writes this file last, so an installation that was interrupted does not have it.
  const installed = modifiedAt(join(root, 'node_modules', '.package-lock.json'))
  if (installed >= modifiedAt(join(root, 'package-lock.json'))) return
  console.error('Installing packages (npm ci) …')
  // `--include=dev`: NODE_ENV=production must not take the compiler away.
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']
  const npm = process.env.npm_execpath
  const status = npm?.endsWith('npm-cli.js')
    ? run(process.execPath, [npm, ...args], { toStderr: true })
    : run('npm', args, { toStderr: true })
  if (status !== 0) fail('`npm ci` failed; its reason is above. Check the network, then repeat.')
}

/** Builds `dist` when it is missing or older than `src`. */
export function build() {
  if (isBuilt()) return
  console.error('Building dist …')
  const status = run(process.execPath, [join(root, 'scripts', 'build.mjs')], { toStderr: true })
  if (status !== 0) fail('The build failed; the compiler’s reasons are above.')
}

/** Whether `dist` is at least as new as everything that it is built from. */
export function isBuilt() {
  const settings = ['package.json', 'tsconfig.json', 'tsconfig.build.json', 'scripts/build.mjs']
  const sources = ['src', 'web', ...settings]
  // build.mjs gives `dist` the time at which it began, so what was edited meanwhile counts as newer.
  return modifiedAt(join(root, 'dist')) >= Math.max(...sources.map((name) => newest(name)))
}

/**
 * The latest change at or below a path. Folders count too: their time tells that a file was
 * removed.
 */
function newest(name) {
  const path = join(root, name)
  const own = modifiedAt(path)
  if (!statSync(path).isDirectory()) return own
  return Math.max(own, ...readdirSync(path).map((entry) => newest(join(name, entry))))
}

function modifiedAt(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

function fail(message) {
  console.error(message)
  process.exit(1)
}

if (isMain(import.meta.url)) setup()
