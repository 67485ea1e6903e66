/**
 * `saoma doctor` at work: looks at everything that a server needs, one thing after the other, and
 * says of each what was found and how to mend it. Nothing is changed, and no money moves.
 *
 * @module
 */

import { existsSync, statfsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { Client } from 'pg'
import { request } from 'undici'
import {
  CLOCK_SKEW_MAX_MS,
  CLOCK_SKEW_WARN_MS,
  createClient,
  RequestRefused,
  systemClock,
  toInstant,
  type AlipayClient,
} from '../alipay/index.ts'
import {
  readServeConfiguration,
  type Environment,
  type ServeConfiguration,
} from './configuration.ts'
import { Failure } from './failure.ts'
import { findRunning, openSecrets } from './folder.ts'
import { checkKeys } from './keys-check.ts'
import { printable, type Style } from './output.ts'

/** What one look has found. */
export interface Finding {
  /** `warning`: it works, and may not for long, or not as well as it could. */
  readonly status: 'right' | 'warning' | 'wrong'
  /** What was looked at. */
  readonly what: string
  /** What was found. */
  readonly found: string
  /** The way to mend it; `null` where nothing has to be. */
  readonly mend: string | null
}

/** Bytes that should be free on the disk of a SQLite file. */
const FREE_BYTES_MIN = 1_073_741_824

/** A certificate should hold so much longer, in days. */
const CERTIFICATE_DAYS_MIN = 14

/** Milliseconds that a connection is waited for. */
const PATIENCE_MS = 5_000

/** Looks at everything. */
export async function examine(env: Environment): Promise<Finding[]> {
  const findings = [node(), ...keys(env)]
  let configuration: ServeConfiguration
  try {
    configuration = readServeConfiguration(env)
    findings.push(right('Configuration', `complete, ${configuration.gateway.mode} mode`))
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return [...findings, wrong('Configuration', 'cannot be used', error.message)]
  }
  findings.push(masterKey(configuration))
  // With keys that are wrong by themselves nothing can be asked.
  if (findings.some(({ status, what }) => status === 'wrong' && what.startsWith('Key '))) {
    return findings
  }
  const client = createClient(configuration.gateway.client)
  try {
    findings.push(await clock(client), await trialCall(client))
  } finally {
    await client.close()
  }
  findings.push(...(await notifyAddress(configuration)))
  findings.push(
    ...(configuration.database === undefined
      ? sqlite(configuration)
      : await postgres(configuration.database.url)),
  )
  return findings
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

function keys(env: Environment): Finding[] {
  const report = checkKeys({}, env, systemClock)
  return report.items
    .filter(({ origin, problems }) => origin !== null || problems.length > 0)
    .map(({ name, format, problems, notes }) => {
      const [problem] = problems
      const what = `Key ${name}`
      if (problem !== undefined) return wrong(what, problem.code, problem.message)
      return right(what, [format ?? 'found', ...notes].join('; '))
    })
}

function masterKey({ masterKey: given, gateway }: ServeConfiguration): Finding {
  if (given !== undefined) return right('Master key', 'given')
  return gateway.mode === 'live'
    ? wrong(
        'Master key',
        'missing',
        'Make one with `openssl rand -base64 32` and give it in SAOMA_MASTER_KEY.',
      )
    : right('Master key', 'made in the folder, as this is test mode')
}

async function clock(client: AlipayClient): Promise<Finding> {
  try {
    const { offsetMs } = await client.measureClock()
    const seconds = Math.round(offsetMs / 100) / 10
    const found = `${Math.abs(seconds)} s ${offsetMs < 0 ? 'ahead of' : 'behind'} Alipay's`
    if (Math.abs(offsetMs) <= CLOCK_SKEW_WARN_MS) return right('Clock', found)
    const mend = 'Set the clock of this machine by NTP.'
    return Math.abs(offsetMs) <= CLOCK_SKEW_MAX_MS
      ? warning('Clock', found, `${mend} Until then saoma corrects it.`)
      : wrong('Clock', found, `${mend} A live server refuses to start.`)
  } catch (error) {
    return wrong('Gateway', `${client.gateway} does not answer`, messageOf(error))
  }
}

/** A question about an order that nobody has made: that there is none proves keys and APPID. */
async function trialCall(client: AlipayClient): Promise<Finding> {
  try {
    await client.trade.query({ out_trade_no: `saoma_doctor_${systemClock.now()}` })
    return right('Keys at Alipay', 'a signed call was answered, and the answer is genuine')
  } catch (error) {
    if (error instanceof RequestRefused && error.subCode === 'ACQ.TRADE_NOT_EXIST') {
      return right('Keys at Alipay', 'a signed call was answered, and the answer is genuine')
    }
    const found = error instanceof RequestRefused ? error.subCode : nameOf(error)
    return wrong('Keys at Alipay', found, messageOf(error))
  }
}

async function notifyAddress(configuration: ServeConfiguration): Promise<Finding[]> {
  const { publicUrl, folder, gateway, notifyToken: given } = configuration
  const url = new URL(publicUrl)
  const isLocal = /^(?:localhost|127\.|10\.|192\.168\.|\[::1\])/.test(url.hostname)
  const findings: Finding[] = []
  if (isLocal) {
    findings.push(
      warning(
        'Notify address',
        `${url.host} is on this machine or in its network`,
        'Alipay cannot reach it. Payments are then found by polling alone: give SAOMA_PUBLIC_URL a public address.',
      ),
    )
  }
  if (url.protocol === 'https:') findings.push(await certificate(url))
  const { notifyToken } = openSecrets(folder, gateway.mode, {
    ...(given !== undefined && { notifyToken: given }),
  })
  const address = `${publicUrl.replace(/\/+$/, '')}/alipay/notify/${notifyToken}`
  try {
    const answer = await request(address, {
      method: 'POST',
      body: '',
      headersTimeout: PATIENCE_MS,
      bodyTimeout: PATIENCE_MS,
    })
    const text = await answer.body.text()
    findings.push(
      text === 'fail'
        ? right('Notify route', 'answers from here, and refuses what is not signed')
        : wrong(
            'Notify route',
            `something else answers, with status ${answer.statusCode}`,
            'Have the proxy pass /alipay/notify/ on as it is: no redirect, no log-in, no rewriting.',
          ),
    )
  } catch {
    findings.push(
      warning(
        'Notify route',
        'does not answer from here',
        'Start `saoma serve` and look again; if it runs, the proxy does not lead to it.',
      ),
    )
  }
  return findings
}

function certificate(url: URL): Promise<Finding> {
  return new Promise((tell) => {
    const { hostname: host } = url
    const port = Number(url.port === '' ? '443' : url.port)
    const socket = connectTls({ host, port, servername: host, timeout: PATIENCE_MS }, () => {
      const days = Math.floor(
        (toInstant(Date.parse(socket.getPeerCertificate().valid_to)) - systemClock.now()) /
          86_400_000,
      )
      socket.end()
      const found = `valid for ${days} days`
      tell(
        days >= CERTIFICATE_DAYS_MIN
          ? right('TLS certificate', found)
          : warning('TLS certificate', found, 'Renew it: Alipay does not notify an expired one.'),
      )
    })
    const fail = (found: string): void => {
      socket.destroy()
      tell(
        wrong(
          'TLS certificate',
          found,
          'Install a certificate of a public authority, with the whole chain.',
        ),
      )
    }
    socket.once('timeout', () => fail('nobody answers'))
    socket.once('error', (error) => fail((error as NodeJS.ErrnoException).code ?? error.name))
  })
}

function sqlite({ folder }: ServeConfiguration): Finding[] {
  const running = findRunning(folder)
  const findings = [
    right(
      'Database',
      running === undefined
        ? `SQLite in ${folder}/, for one server`
        : `SQLite in ${folder}/, owned by the server with pid ${running.pid}`,
    ),
  ]
  const place = existsSync(folder) ? folder : dirname(resolve(folder))
  const { bavail, bsize } = statfsSync(place)
  const free = bavail * bsize
  const found = `${Math.round(free / 1_048_576)} MiB free`
  findings.push(
    free >= FREE_BYTES_MIN
      ? right('Disk', found)
      : warning('Disk', found, 'Make room: on a full disk no payment is taken.'),
  )
  return findings
}

async function postgres(url: string): Promise<Finding[]> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: PATIENCE_MS })
  try {
    await client.connect()
    const setting = async (name: string): Promise<string> => {
      const { rows } = await client.query<{ value: string }>(
        'select current_setting($1) as value',
        [name],
      )
      return rows[0]?.value ?? ''
    }
    const version = Number(await setting('server_version_num'))
    const findings = [
      version >= 140_000
        ? right('Database', `PostgreSQL ${await setting('server_version')}`)
        : wrong('Database', `PostgreSQL ${await setting('server_version')}`, 'Use 14 or newer.'),
    ]
    const [fsync, commit] = [await setting('fsync'), await setting('synchronous_commit')]
    findings.push(
      fsync === 'on' && commit !== 'off'
        ? right('Durability', `fsync ${fsync}, synchronous_commit ${commit}`)
        : wrong(
            'Durability',
            `fsync ${fsync}, synchronous_commit ${commit}`,
            'Switch both on: what is acknowledged would be lost in a crash.',
          ),
    )
    const { rows } = await client.query<{ sync_state: string }>(
      'select sync_state from pg_stat_replication',
    )
    if (rows.some(({ sync_state }) => sync_state === 'async')) {
      findings.push(
        warning(
          'Standby',
          'asynchronous',
          'A fail-over to it loses the last commits. Name it in synchronous_standby_names.',
        ),
      )
    }
    return findings
  } catch (error) {
    const found = `PostgreSQL cannot be used (${nameOf(error)})`
    return [wrong('Database', found, 'Check SAOMA_DATABASE_URL, the server and its permissions.')]
  } finally {
    await client.end().catch(() => {})
  }
}

function right(what: string, found: string): Finding {
  return { status: 'right', what, found, mend: null }
}

function warning(what: string, found: string, mend: string): Finding {
  return { status: 'warning', what, found, mend }
}

function wrong(what: string, found: string, mend: string): Finding {
  return { status: 'wrong', what, found, mend }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** A code where there is one: messages of databases may repeat a password. */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return 'failed'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}
