/**
 * `saoma doctor` at work: looks at everything that a server needs, one thing after the other, and
 * says of each what was found and how to mend it. Nothing is changed, and no money moves.
 *
 * @module
 */

import { statSync } from 'node:fs'
import { MasterKey } from '../access/index.ts'
import {
  CLOCK_SKEW_MAX_MS,
  CLOCK_SKEW_WARN_MS,
  createClient,
  systemClock,
  type AlipayClient,
} from '../alipay/index.ts'
import { findApps } from './apps.ts'
import {
  readAppEnvironments,
  readServeConfiguration,
  type Environment,
  type ServeConfiguration,
} from './configuration.ts'
import { examineDatabase } from './doctor-database.ts'
import { examineNotifyAddress } from './doctor-notify-address.ts'
import { Failure } from './failure.ts'
import { right, warning, wrong, type Finding } from './finding.ts'
import { findRunning } from './folder.ts'
import { checkKeys } from './keys-check.ts'
import { printable, type Style } from './output.ts'
import { tryKeys } from './trial-call.ts'
import { readVersion } from './version.ts'

/** Looks at everything. */
export async function examine(env: Environment): Promise<Finding[]> {
  const findings = [right('saoma', readVersion()), node(), ...keys(env)]
  let configuration: ServeConfiguration
  try {
    for (const further of readAppEnvironments(env))
      findings.push(...keys(further.env, further.file))
    configuration = readServeConfiguration(env)
    const { apps, gateway } = configuration
    const { mode, client } = gateway
    const more = apps.length === 0 ? '' : `, ${apps.length + 1} applications`
    const found = `complete, ${mode} mode, signs with ${client.signType}${more}`
    findings.push(right('Configuration', found))
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return [...findings, wrong('Configuration', 'cannot be used', error.message)]
  }
  findings.push(masterKey(configuration, env))
  // With keys that are wrong by themselves nothing can be asked.
  if (!findings.some(({ status, what }) => status === 'wrong' && what.startsWith('Key '))) {
    findings.push(...(await examineGateway(configuration)))
  }
  return [
    ...findings,
    ...(await examineAddedApps(configuration)),
    ...(await examineNotifyAddress(configuration)),
    ...(await examineDatabase(configuration)),
  ]
}

/** All of it for people. */
export function formatFindings(findings: readonly Finding[], style: Style): string {
  const marks = { right: style.green('✓'), warning: style.yellow('!'), wrong: style.red('✗') }
  const lines = findings.flatMap(({ status, what, found, mend }) => [
    `${marks[status]} ${style.bold(what)}: ${printable(found)}`,
    ...(mend === null ? [] : [`    ${printable(mend)}`]),
  ])
  const count = findings.filter(({ status }) => status === 'wrong').length
  const end = count === 0 ? 'A server can take payments.' : `${count} to be mended.`
  return `${lines.join('\n')}\n\n${end}\n`
}

function node(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const isRight = major > 20 || (major === 20 && minor >= 19)
  return isRight
    ? right('Node.js', process.versions.node)
    : wrong('Node.js', process.versions.node, 'Install 20.19 or newer.')
}

function keys(env: Environment, file?: string): Finding[] {
  const report = checkKeys({}, env, systemClock)
  return report.items
    .filter(({ origin, problems }) => origin !== null || problems.length > 0)
    .map(({ name, format, problems, notes }) => {
      const [problem] = problems
      const what = `Key ${name}${file === undefined ? '' : ` (${file})`}`
      if (problem !== undefined) return wrong(what, problem.code, problem.message)
      return right(what, [format ?? 'found', ...notes].join('; '))
    })
}

function masterKey({ masterKey: given, gateway }: ServeConfiguration, env: Environment): Finding {
  const what = 'Master key'
  const make = 'Make one with `openssl rand -base64 32` and give it in SAOMA_MASTER_KEY_FILE.'
  if (given === undefined) {
    return gateway.mode === 'live'
      ? wrong(what, 'missing', `${make} A live server refuses to start without it.`)
      : right(what, 'made in the folder, as this is test mode')
  }
  try {
    MasterKey.parse(given)
  } catch (error) {
    return wrong(
      what,
      'is none',
      `${messageOf(error)} It must be the one that sealed the database.`,
    )
  }
  const file = (env['SAOMA_MASTER_KEY'] ?? '') === '' ? env['SAOMA_MASTER_KEY_FILE'] : undefined
  const isOpen =
    file !== undefined && process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0
  return isOpen
    ? warning(what, 'given, in a file that others on this machine may read', `chmod 600 ${file}`)
    : right(what, 'given')
}

async function examineGateway({ gateway, apps }: ServeConfiguration): Promise<Finding[]> {
  const client = createClient(gateway.client)
  const others = apps.map((app) => createClient(app.gateway.client))
  try {
    const findings = [await clock(client), await trialCall(client)]
    for (const other of others) findings.push(await trialCall(other, ` (${other.appId})`))
    return findings
  } catch (error) {
    return [wrong('Gateway', `${client.gateway} does not answer`, messageOf(error))]
  } finally {
    await Promise.all([client, ...others].map((each) => each.close()))
  }
}

/** Those that were added by the API are known to the server that runs. */
async function examineAddedApps({ folder }: ServeConfiguration): Promise<Finding[]> {
  if (findRunning(folder) === undefined) return []
  try {
    const all = await findApps({}, folder).list()
    return all
      .filter(({ source }) => source === 'api')
      .map(({ app_id: appId, ready, status }) => {
        const what = `Application ${appId}`
        const mend = `It takes no payments: saoma apps keys ${appId} --help`
        return ready
          ? right(what, `${status}, has its keys`)
          : warning(what, 'has no keys yet', mend)
      })
  } catch (error) {
    return [warning('Applications', 'the server does not tell which it has', messageOf(error))]
  }
}

async function clock(client: AlipayClient): Promise<Finding> {
  const { offsetMs } = await client.measureClock()
  const seconds = Math.round(offsetMs / 100) / 10
  const found = `${Math.abs(seconds)} s ${offsetMs < 0 ? 'ahead of' : 'behind'} Alipay's`
  if (Math.abs(offsetMs) <= CLOCK_SKEW_WARN_MS) return right('Clock', found)
  const mend = 'Set the clock of this machine by NTP.'
  return Math.abs(offsetMs) <= CLOCK_SKEW_MAX_MS
    ? warning('Clock', found, `${mend} Until then saoma corrects it.`)
    : wrong('Clock', found, `${mend} A live server refuses to start.`)
}

async function trialCall(client: AlipayClient, whose = ''): Promise<Finding> {
  const trial = await tryKeys(client)
  const what = `Keys at Alipay${whose}`
  return trial.status === 'proven'
    ? right(what, 'a signed call was answered, and the answer is genuine')
    : wrong(what, trial.code, trial.advice.en)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
