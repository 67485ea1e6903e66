/**
 * The programs that some tests need and npm does not bring: Chromium, a PostgreSQL server,
 * PgBouncer and promtool.
 *
 * @module
 */
import { execFileSync } from 'node:child_process'
import { accessSync, constants, existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { run } from './run.mjs'

const PROGRAMS = [
  {
    variable: 'SAOMA_CHROMIUM',
    name: 'Chromium',
    packages: ['chromium', 'fonts-noto-cjk'],
    find: findChromium,
    untested: 'the pages in a browser (test/browser)',
    remedy: 'Install Chromium or Google Chrome, or set SAOMA_CHROMIUM to its program',
  },
  {
    variable: 'SAOMA_PG_BIN',
    name: 'PostgreSQL',
    packages: ['postgresql'],
    find: findPostgres,
    untested: 'the store on PostgreSQL',
    remedy: 'Install PostgreSQL 14 or newer, or set SAOMA_PG_BIN to the folder of its `initdb`',
  },
  {
    variable: 'SAOMA_PGBOUNCER',
    name: 'PgBouncer',
    packages: ['pgbouncer'],
    find: findPgbouncer,
    untested: 'PostgreSQL behind PgBouncer',
    remedy: 'Install PgBouncer, or set SAOMA_PGBOUNCER to its program',
  },
  {
    variable: 'SAOMA_PROMTOOL',
    name: 'promtool',
    packages: ['prometheus'],
    find: findPromtool,
    untested: 'the alert rules and the queries of the dashboard by Prometheus itself',
    remedy: 'Install Prometheus, or set SAOMA_PROMTOOL to its promtool',
  },
]

/**
 * Finds them, installing what is missing where that can be done without asking.
 *
 * @returns {{ env: Record<string, string>; untested: string[] }} Variables for the tests, each
 *   empty when its program is missing, and a sentence for each part that cannot be tested.
 */
export function findTestPrograms() {
  const missing = PROGRAMS.filter(({ find }) => !find())
  if (missing.length > 0) installPackages(missing)
  const env = {}
  const untested = []
  for (const { variable, name, find, untested: part, remedy } of PROGRAMS) {
    env[variable] = find() ?? ''
    if (env[variable] === '') {
      const tried = process.env[variable]
      const reason = tried
        ? `${variable} is ${tried}, where no ${name} could be run`
        : `no ${name} was found`
      untested.push(`${part}: ${reason}. ${remedy}, then repeat.`)
    }
  }
  return { env, untested }
}

function installPackages(missing) {
  // A variable that leads nowhere is a mistake to be told, and no package would mend it.
  const wanted = missing.filter(({ variable }) => !process.env[variable])
  if (wanted.length === 0 || process.getuid?.() !== 0 || !onPath('apt-get')) return
  console.log(`Installing ${wanted.map(({ name }) => name).join(' and ')} (apt-get) …`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const patience = ['-qq', '-o', 'Acquire::Retries=1', '-o', 'Acquire::http::Timeout=20']
  run('apt-get', [...patience, 'update'], { env, toStderr: true })
  for (const { packages } of wanted) {
    run('apt-get', [...patience, 'install', '-y', ...packages], { env, toStderr: true })
  }
}

function findChromium() {
  if (process.env.SAOMA_CHROMIUM) return [process.env.SAOMA_CHROMIUM].find(runs)
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
  const places = [
    '/usr/bin/chromium',
    '/usr/bin/google-chrome',
    '/snap/bin/chromium',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  ]
  return [...names.map(onPath), ...places].find((path) => path && runs(path))
}

/** Being there is not enough: Ubuntu's `chromium-browser` may only be a note to install a snap. */
function runs(path) {
  return output(path, ['--version']) !== undefined
}

/** The folder of the server's programs: the client's `pg_config` may be there without them. */
function findPostgres() {
  if (process.env.SAOMA_PG_BIN) return [process.env.SAOMA_PG_BIN].find(hasServer)
  const debian = '/usr/lib/postgresql'
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => b - a) : []
  const places = [
    output('pg_config', ['--bindir']),
    ...versions.map((version) => join(debian, version, 'bin')),
    ...(process.env.PATH ?? '').split(delimiter),
  ]
  return places.find((folder) => folder && hasServer(folder))
}

function hasServer(folder) {
  return ['initdb', 'postgres', 'pg_ctl'].every((name) => isExecutable(join(folder, name)))
}

/** Debian has it where the path of who is not root does not lead. */
function findPgbouncer() {
  const places = [onPath('pgbouncer'), '/usr/sbin/pgbouncer']
  const wanted = process.env.SAOMA_PGBOUNCER ? [process.env.SAOMA_PGBOUNCER] : places
  return wanted.find((path) => path && runs(path))
}

function findPromtool() {
  const wanted = process.env.SAOMA_PROMTOOL || onPath('promtool')
  return [wanted].find((path) => path && runs(path))
}

function onPath(name) {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return folders.map((folder) => join(folder, name)).find(isExecutable)
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function output(program, args) {
  try {
    const options = { encoding: 'utf8', timeout: 15_000, stdio: ['ignore', 'pipe', 'ignore'] }
    return execFileSync(program, args, options).trim()
  } catch {
    return undefined
  }
}
