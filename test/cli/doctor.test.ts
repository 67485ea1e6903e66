/**
 * `saoma doctor`, on what is right and on what people get wrong.
 *
 * @module
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { createPublicKey } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../src/cli/free-port.ts'
import { addMs, MovableClock, systemClock } from '../../src/alipay/index.ts'
import { formatBareKey, generateKeyPair, loadPrivateKey } from '../../src/alipay/keys.ts'
import type { Finding } from '../../src/cli/finding.ts'
import { createEmulator, listenEmulator, type Emulator } from '../../src/testing.ts'
import { postgresPrograms, sharedPostgres } from '../machines/postgres.ts'
import { startSaoma, temporaryFolder, untilSaid } from '../saoma-program.ts'
import { runSaoma } from './run-saoma.ts'

let emulator: Emulator
let listening: Awaited<ReturnType<typeof listenEmulator>>

beforeAll(async () => {
  const port = await freePort()
  emulator = await createEmulator({ baseUrl: `http://127.0.0.1:${port}` })
  listening = await listenEmulator(emulator, { port })
})

afterAll(async () => {
  await listening.close()
  await emulator.stop()
})

/** The settings of a server that is right. */
function settings(port: number): Record<string, string> {
  const { app_id, app_private_key, alipay_public_key } = emulator.credentials
  return {
    SAOMA_GATEWAY: `http://127.0.0.1:${listening.port}/gateway.do`,
    SAOMA_APP_ID: app_id,
    SAOMA_APP_PRIVATE_KEY: app_private_key,
    SAOMA_ALIPAY_PUBLIC_KEY: alipay_public_key,
    SAOMA_PUBLIC_URL: `http://127.0.0.1:${port}`,
    SAOMA_PORT: String(port),
    SAOMA_FOLDER: temporaryFolder(),
  }
}

async function examine(env: Record<string, string>) {
  const { code, stdout, stderr } = await runSaoma(['doctor', '--json'], { env })
  expect(stderr).toBe('')
  const { findings } = JSON.parse(stdout) as { findings: Finding[] }
  return { code, findings, of: (what: string) => findings.find((one) => one.what === what) }
}

/** Answers on a free port of this machine until the test ends. */
async function serve(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

const answering = (listener: RequestListener) => serve(createServer(listener))

describe('a server that runs', () => {
  test('is found right in everything but its private address', async () => {
    const env = settings(await freePort())
    const server = await startSaoma(['serve'], env)
    await untilSaid(server, 'Stop with Ctrl+C')
    const { code, findings, of } = await examine(env)
    expect(findings.filter(({ status }) => status === 'wrong')).toEqual([])
    expect(findings.filter(({ status }) => status === 'warning').map(({ what }) => what)).toEqual([
      'Notify address',
    ])
    expect(of('Notify route')).toMatchObject({ status: 'right' })
    expect(of('Keys at Alipay')).toMatchObject({ status: 'right' })
    expect(of('Database')?.found).toContain(`pid ${server.pid}`)
    expect(code).toBe(0)

    const shown = await runSaoma(['doctor'], { env })
    expect(shown.stdout).toContain('✓ Keys at Alipay')
    expect(shown.stdout).toContain('A server can take payments.')
  })
})

describe('what people get wrong is named, with the way to mend it', () => {
  test.each([
    [
      'their own public key as Alipay’s',
      () => ({
        SAOMA_ALIPAY_PUBLIC_KEY: formatBareKey(
          createPublicKey(loadPrivateKey(emulator.credentials.app_private_key)),
          'spki',
        ),
      }),
      'Key alipay_public_key',
      /own/,
    ],
    [
      'a private key that was never uploaded',
      () => ({ SAOMA_APP_PRIVATE_KEY: formatBareKey(generateKeyPair().privateKey, 'pkcs8') }),
      'Keys at Alipay',
      /signature/i,
    ],
    [
      'the Alipay public key of another application',
      () => ({ SAOMA_ALIPAY_PUBLIC_KEY: formatBareKey(generateKeyPair().publicKey, 'spki') }),
      'Keys at Alipay',
      /public key/i,
    ],
    ['no APPID', () => ({ SAOMA_APP_ID: '' }), 'Configuration', /SAOMA_APP_ID/],
    [
      'a gateway that is not there',
      () => ({ SAOMA_GATEWAY: 'http://127.0.0.1:9/gateway.do' }),
      'Gateway',
      /./,
    ],
    [
      'an address that nobody serves',
      () => ({ SAOMA_PUBLIC_URL: 'http://127.0.0.1:9' }),
      'Notify route',
      /saoma serve/,
    ],
    [
      'a database that is not there',
      () => ({ SAOMA_DATABASE_URL: 'postgres://nobody:hunter2@127.0.0.1:9/x' }),
      'Database',
      /SAOMA_DATABASE_URL/,
    ],
  ])('%s', async (_, change, what, mend) => {
    const { of, findings } = await examine({ ...settings(await freePort()), ...change() })
    expect(of(what)?.status).not.toBe('right')
    expect(of(what)?.mend).toMatch(mend)
    expect(JSON.stringify(findings)).not.toContain('hunter2')
  })

  test.skipIf(postgresPrograms === '')('a PostgreSQL that is right is found right', async () => {
    const url = await (await sharedPostgres()).createDatabase()
    const env = { ...settings(await freePort()), SAOMA_DATABASE_URL: url }
    const { of } = await examine(env)
    expect(of('Database')).toMatchObject({ status: 'right' })
    expect(of('Durability')).toBeDefined()
  })
})

test('the clock is held against the gateway’s: seconds are a warning, minutes are wrong', async () => {
  for (const [offsetMs, status] of [
    [2_000, 'right'],
    [-30_000, 'warning'],
    [600_000, 'wrong'],
  ] as const) {
    const port = await freePort()
    const clock = new MovableClock(addMs(systemClock.now(), offsetMs))
    const other = await createEmulator({ baseUrl: `http://127.0.0.1:${port}`, clock })
    const open = await listenEmulator(other, { port })
    const env = { ...settings(port), SAOMA_GATEWAY: `http://127.0.0.1:${port}/gateway.do` }
    const { of } = await examine(env)
    await open.close()
    await other.stop()
    expect([offsetMs, of('Clock')?.status]).toEqual([offsetMs, status])
  }
})

test.each([
  ['isv.invalid-app-id', /SAOMA_GATEWAY=sandbox/],
  ['isv.illegal-client-ip', /白名单/],
  ['isv.missing-signature-config', /接口加签方式/],
  ['isv.insufficient-isv-permissions', /当面付/],
])('what Alipay says without a signature is explained: %s', async (sub_code, mend) => {
  const port = await answering((_, response) => {
    const node = { code: '40002', msg: 'Invalid Arguments', sub_code, sub_msg: '-' }
    response.end(JSON.stringify({ alipay_trade_query_response: node }))
  })
  const gateway = `http://127.0.0.1:${port}/gateway.do`
  const { of } = await examine({ ...settings(await freePort()), SAOMA_GATEWAY: gateway })
  expect(of('Keys at Alipay')).toMatchObject({
    status: 'wrong',
    found: sub_code,
    mend: expect.stringMatching(mend) as string,
  })
})

describe('the notify route', () => {
  test.each([
    [302, /redirect/, { location: 'https://elsewhere.example/' }],
    [404, /same path/, {}],
    [200, /log-in/, {}],
  ])('that a proxy answers itself with %i is wrong', async (status, mend, headers) => {
    const port = await answering((_, response) => response.writeHead(status, headers).end('<html>'))
    const { of, code } = await examine({
      ...settings(port),
      SAOMA_NOTIFY_TOKEN: 'a-token-of-16-letters',
    })
    expect(of('Notify route')).toMatchObject({ status: 'wrong' })
    expect(of('Notify route')?.mend).toMatch(mend)
    expect(code).toBe(1)
  })

  test('under a name that nobody has entered is wrong', async () => {
    const { of } = await examine({
      ...settings(await freePort()),
      SAOMA_PUBLIC_URL: 'https://pay.invalid',
    })
    expect(of('Notify address')).toMatchObject({ status: 'wrong', mend: /DNS/ })
  })
})

const openssl = spawnSync('openssl', ['version']).status === 0

describe.skipIf(!openssl)('the certificate of the notify address', () => {
  test('is believed with its chain, and not without the intermediate, expired or renamed', async () => {
    const { root, chain, leaf, key } = certificates(90)
    const [whole, incomplete] = await Promise.all([look(chain, key, root), look(leaf, key, root)])
    expect(whole).toMatchObject({
      status: 'right',
      found: expect.stringContaining('days') as string,
    })
    expect(incomplete).toMatchObject({ found: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' })
    expect(incomplete?.mend).toContain('fullchain.pem')
    const renamed = await look(chain, key, root, '127.0.0.1')
    expect(renamed?.mend).toContain('another name')
    const ending = certificates(3)
    expect(await look(ending.chain, ending.key, ending.root)).toMatchObject({ status: 'warning' })
  })

  async function look(cert: string, key: string, root: string, host = 'localhost') {
    const port = await serve(createTlsServer({ cert, key }, (_, response) => response.end()))
    const file = join(temporaryFolder(), 'root.pem')
    writeFileSync(file, root)
    const { of } = await examine({
      ...settings(port),
      SAOMA_PUBLIC_URL: `https://${host}:${port}`,
      NODE_EXTRA_CA_CERTS: file,
    })
    return of('TLS certificate')
  }

  /** A root, an intermediate, and a certificate of `localhost`. */
  function certificates(days: number) {
    const folder = temporaryFolder()
    const run = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })
    const read = (name: string) => readFileSync(join(folder, name), 'utf8')
    const authority = 'basicConstraints=critical,CA:true'
    const make = (name: string, extension: string, issuer?: string) => {
      writeFileSync(join(folder, `${name}.ext`), extension)
      const of = issuer === undefined ? ['-signkey', `${name}.key`] : ['-CA', `${issuer}.pem`]
      const by = issuer === undefined ? [] : ['-CAkey', `${issuer}.key`, '-CAcreateserial']
      run(
        'req',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-keyout',
        `${name}.key`,
        '-out',
        `${name}.csr`,
        '-subj',
        `/CN=${name}`,
      )
      run(
        'x509',
        '-req',
        '-in',
        `${name}.csr`,
        ...of,
        ...by,
        '-out',
        `${name}.pem`,
        '-days',
        String(days),
        '-extfile',
        `${name}.ext`,
      )
    }
    make('root', authority)
    make('intermediate', authority, 'root')
    make('leaf', 'subjectAltName=DNS:localhost', 'intermediate')
    const leaf = read('leaf.pem')
    return {
      root: read('root.pem'),
      leaf,
      chain: leaf + read('intermediate.pem'),
      key: read('leaf.key'),
    }
  }
})

describe('the database', () => {
  test('of another application is named with both', async () => {
    const env = settings(await freePort())
    const server = await startSaoma(['serve'], env)
    await untilSaid(server, 'Stop with Ctrl+C')
    const headers = {
      authorization: `Bearer ${readFileSync(join(env['SAOMA_FOLDER'] ?? '', 'api-key-test'), 'utf8').trim()}`,
      'content-type': 'application/json',
    }
    const body = JSON.stringify({ amount: 1, subject: 'x' })
    const made = await fetch(`${env['SAOMA_PUBLIC_URL']}/v1/payments`, {
      method: 'POST',
      headers,
      body,
    })
    expect(made.status).toBe(201)
    await server.kill('SIGTERM')
    const own = await examine(env)
    expect([own.of('Database')?.status, own.of('Schema')?.status]).toEqual(['right', 'right'])
    const other = await examine({ ...env, SAOMA_APP_ID: '9021000000000009' })
    expect(other.of('Database')).toMatchObject({
      status: 'wrong',
      mend: expect.stringContaining('SAOMA_FOLDER') as string,
    })
    expect(other.of('Database')?.found).toContain('test 9021000000000009')
  })

  test('that is broken is wrong', async () => {
    const env = settings(await freePort())
    writeFileSync(join(env['SAOMA_FOLDER'] ?? '', 'saoma.db'), 'no database at all'.repeat(100))
    expect((await examine(env)).of('Database')).toMatchObject({ status: 'wrong' })
  })

  test.skipIf(postgresPrograms === '')(
    'that would lose what it has acknowledged is wrong',
    async () => {
      const machine = await sharedPostgres()
      const url = await machine.createDatabase()
      const unsafe = `${url}${url.includes('?') ? '&' : '?'}options=-c%20synchronous_commit%3Doff`
      const { of } = await examine({ ...settings(await freePort()), SAOMA_DATABASE_URL: unsafe })
      expect(of('Durability')).toMatchObject({ status: 'wrong' })
      expect(of('Schema')).toMatchObject({ status: 'warning', found: 'not made yet' })
    },
  )
})

test('a master key that is none is wrong, one that others may read a warning', async () => {
  const env = settings(await freePort())
  const none = await examine({ ...env, SAOMA_MASTER_KEY: 'secret-hunter3' })
  expect(none.of('Master key')).toMatchObject({ status: 'wrong' })
  expect(JSON.stringify(none.findings)).not.toContain('hunter3')
  const file = join(temporaryFolder(), 'key')
  writeFileSync(file, Buffer.alloc(32).toString('base64'), { mode: 0o644 })
  const open = await examine({ ...env, SAOMA_MASTER_KEY_FILE: file })
  expect(open.of('Master key')?.status).toBe(process.platform === 'win32' ? 'right' : 'warning')
})

test('nothing is changed, and settings are read from the file of saoma init', async () => {
  const { SAOMA_FOLDER: folder = '', ...env } = settings(await freePort())
  const lines = Object.entries(env).map(([name, value]) => `${name}=${value}\n`)
  writeFileSync(join(folder, 'saoma.env'), lines.join(''))
  const { of } = await examine({ SAOMA_FOLDER: folder })
  expect(of('Keys at Alipay')).toMatchObject({ status: 'right' })
  expect(readdirSync(folder)).toEqual(['saoma.env'])
})
