/**
 * The package as people install it: what is in it, and that it works without this repository.
 *
 * @module
 */
import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { freePort } from '../src/cli/free-port.ts'
import { startGuarded } from './machines/guarded-process.ts'
import { isBuilt, PATIENCE, root, temporaryFolder, withoutSettings } from './saoma-program.ts'

const built = await isBuilt()
const folder = mkdtempSync(join(tmpdir(), 'saoma-package-'))
const newerNodes: string[] = []
afterAll(() => {
  for (const one of [folder, ...newerNodes]) rmSync(one, { recursive: true, force: true })
})

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  version: string
}

const NODES = [
  { name: process.versions.node, program: process.execPath },
  { name: '24', program: built ? newerNode() : undefined },
] as const

describe.skipIf(!built)('the package', { timeout: 120_000 }, () => {
  const tarball = pack()
  const { paths } = tarball

  test('holds the program, its types and documents, and no sources or tests', () => {
    const wanted = ['package.json', 'README.md', 'README.zh.md', 'LICENSE', 'dist/cli/saoma.js']
    expect(paths).toEqual(expect.arrayContaining(wanted))
    expect(paths).toEqual(expect.arrayContaining(['dist/index.js', 'dist/index.d.ts']))
    const strange = /^(?:src|test|bench|scripts)\/|\.test\.|tsconfig|(?<!\.d)\.ts$|\.db|\.pem$/
    expect(paths.filter((path) => strange.test(path))).toEqual([])
  })

  test.each(['server/assets', 'emulator/pages/assets'])('holds every file of %s', (assets) => {
    const browser = readdirSync(join(root, 'src', assets)).filter((name) => !name.endsWith('.json'))
    expect(new Set(browser.map((name) => name.split('.').at(-1)))).toEqual(
      new Set(['css', 'js', 'svg']),
    )
    expect(paths).toEqual(expect.arrayContaining(browser.map((name) => `dist/${assets}/${name}`)))
  })

  test('names the licence of every package that the program holds', () => {
    const program = join(root, 'dist', 'cli')
    const held = readdirSync(program)
      .filter((name) => name.endsWith('.js'))
      .flatMap((name) => [
        ...readFileSync(join(program, name), 'utf8').matchAll(
          /^\/\/ node_modules\/((?:@[^/]+\/)?[^/]+)/gm,
        ),
      ])
      .map(([, name = '']) => name)
    const named = readFileSync(join(program, 'licenses.md'), 'utf8').matchAll(
      /^## (\S+) - \S+ \((.+)\)$/gm,
    )
    const licences = new Map(Array.from(named, ([, name = '', licence]) => [name, licence]))
    expect(held).toContain('undici')
    expect(held.filter((name) => !licences.has(name))).toEqual([])
    expect(paths).toContain('dist/cli/licenses.md')
  })

  describe('installed by somebody else', () => {
    let isInstalled = false
    beforeAll(() => {
      writeFileSync(join(folder, 'package.json'), '{"private":true,"type":"module"}')
      const installed = npm('install', '--prefer-offline', '--ignore-scripts', tarball.file)
      isInstalled = installed.status === 0
      if (isInstalled) return
      expect(installed.stderr).toMatch(
        /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENOTCACHED|E40[134]/,
      )
    })
    beforeEach((context) => {
      if (!isInstalled) context.skip('no registry of packages can be reached')
    })

    test.each(NODES)('runs from an ES module and from CommonJS on Node $name', ({ program }) => {
      if (program === undefined) return
      writeFileSync(join(folder, 'run.js'), RUN)
      expect(run(program, 'run.js')).toEqual({ status: 0, stdout: 'ok\n', stderr: '' })
      writeFileSync(
        join(folder, 'run.cjs'),
        RUN.replaceAll(/^import (.*) from (.*)$/gm, 'const $1 = require($2)').replace(
          /\n\n([^]*)$/,
          '\n;(async () => {\n$1})()\n',
        ),
      )
      expect(run(program, 'run.cjs')).toMatchObject({ status: 0, stdout: 'ok\n' })
    })

    test('has types for ES modules and for CommonJS', () => {
      mkdirSync(join(folder, 'common'), { recursive: true })
      writeFileSync(join(folder, 'common', 'package.json'), '{"private":true,"type":"commonjs"}')
      for (const place of ['', 'common']) {
        writeFileSync(join(folder, place, 'typed.ts'), TYPED)
        writeFileSync(join(folder, place, 'tsconfig.json'), JSON.stringify(TSCONFIG))
        const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
        const { status, stdout } = run(process.execPath, compiler, '-p', join(folder, place))
        expect([status, stdout]).toEqual([0, ''])
      }
    })

    test('says its version', () => {
      const bin = spawnSync(join(folder, 'node_modules', '.bin', 'saoma'), ['--version'], {
        encoding: 'utf8',
      })
      expect([bin.status, bin.stdout]).toEqual([0, `${version}\n`])
    })

    test.each(NODES)(
      'takes a payment as a program on Node $name, and has nothing of the emulator in `serve`',
      async ({ program }) => {
        if (program === undefined) return
        const saoma = join(folder, 'node_modules', 'saoma', 'dist', 'cli', 'saoma.js')
        const emulatorPort = await freePort()
        const alipay = start(program, [saoma, 'emulator', '--json', `--port=${emulatorPort}`])
        const described = JSON.parse(await alipay.line('{')) as {
          gateway: string
          app_id: string
          app_private_key: string
          alipay_public_key: string
        }
        const port = await freePort()
        const url = `http://127.0.0.1:${port}`
        const serve = start(program, [saoma, 'serve'], {
          SAOMA_GATEWAY: described.gateway,
          SAOMA_APP_ID: described.app_id,
          SAOMA_APP_PRIVATE_KEY: described.app_private_key,
          SAOMA_ALIPAY_PUBLIC_KEY: described.alipay_public_key,
          SAOMA_PUBLIC_URL: url,
          SAOMA_PORT: String(port),
          SAOMA_API_KEY: API_KEY,
        })
        await serve.line('Stop with Ctrl+C')

        for (const path of ROUTES_OF_THE_EMULATOR) {
          for (const method of ['GET', 'POST']) {
            const answer = await fetch(`${url}${path}`, { method })
            expect([path, method, answer.status]).toEqual([path, method, 404])
          }
        }

        const call = async (method: string, path: string, body?: object) => {
          const answer = await fetch(`${url}/v1${path}`, {
            method,
            headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
            ...(body && { body: JSON.stringify(body) }),
          })
          return (await answer.json()) as {
            id: string
            status: string
            next_action: { qr_code: string }
          }
        }
        const wallet = async (path: string, body: object) => {
          const control = `http://127.0.0.1:${emulatorPort}/_emulator/wallet${path}`
          const headers = { 'content-type': 'application/json' }
          const answer = await fetch(control, {
            method: 'POST',
            headers,
            body: JSON.stringify(body),
          })
          return (await answer.json()) as { trade: { trade_no: string } }
        }
        const sold = await call('POST', '/payments', { amount: 100, subject: '一元' })
        const buyer = '2088102100000016'
        const { trade } = await wallet('/scan', { buyer, code: sold.next_action.qr_code })
        await wallet('/pay', { buyer, trade_no: trade.trade_no })
        const isSo = (path: string) =>
          vi.waitFor(async () => {
            expect(await call('GET', path)).toMatchObject({ status: 'succeeded' })
          }, PATIENCE)
        await call('POST', `/payments/${sold.id}/sync`)
        await isSo(`/payments/${sold.id}`)
        const refund = await call('POST', '/refunds', { payment: sold.id })
        await isSo(`/refunds/${refund.id}`)
        // What the test's key may see is nothing to a live server's, and the other way round.
        const stranger = await fetch(`${url}/v1/payments/${sold.id}`, {
          headers: { authorization: `Bearer ${API_KEY.replace('test', 'live')}` },
        })
        expect(stranger.status).toBe(401)
      },
    )
  })
})

const API_KEY = 'sk_test_0123456789abcdef0123456789abcdef01234567'

/** Whatever the emulator serves: gateway, control, bills, wallet, fault panel, demo shop. */
const ROUTES_OF_THE_EMULATOR = [
  '/gateway.do',
  '/_emulator/trades',
  '/_emulator/faults',
  '/_emulator/wallet/scan',
  '/_emulator/wallet/pay',
  '/_emulator/clock',
  '/_emulator/credentials',
  '/_emulator/reset',
  '/downloadBillFile.resource',
  '/wallet',
  '/wallet/payment-code.svg',
  '/panel',
  '/control-api',
  '/qr/x',
  '/shop',
  '/shop/orders',
  '/assets/emulator/wallet.js',
]

/** Uses each entry for what it is there for. */
const RUN = `
import { createClient } from 'saoma/alipay'
import { createAccess, createPayments, openSqliteStore } from 'saoma'
import { createServer, oneApp } from 'saoma/server'
import { createSaoma, fen } from 'saoma/client'
import { MovableClock, startEmulator } from 'saoma/testing'

const clock = new MovableClock()
const alipay = await startEmulator({ clock })
const client = createClient({ ...alipay.clientOptions, clock })
const store = await openSqliteStore(':memory:', { clock })
const notifyUrl = 'http://127.0.0.1:1/alipay/notify/0123456789abcdef'
const payments = createPayments({ store: store.payments, gateway: client, notifyUrl })
const made = await payments.create({ amount: 1, subject: 'cent' })
const access = createAccess({ store: store.access })
const { key: apiKey } = await access.createKey({ appId: 'app_default', mode: 'test', name: 'x', scopes: '*' })
const apps = oneApp({ mode: 'test', payments, client, notifyToken: '0123456789abcdef' })
const server = createServer({ apps, access, publicUrl: 'http://127.0.0.1:1' })
const saoma = createSaoma({ url: 'http://127.0.0.1:1', apiKey, fetch: (input, init) => server.fetch(new Request(input, init)) })
const another = await saoma.payments.create({ amount: fen('0.01'), subject: 'cent' })
const page = await server.fetch(new Request('http://127.0.0.1:1/c/' + made.record.payment.checkoutToken))
const told = { out_trade_no: made.record.payment.outTradeNo, total_amount: '0.01' }
const body = await alipay.emulator.signNotification(told)
const notified = await server.fetch(new Request(notifyUrl, { method: 'POST', body }))
const paid = await saoma.payments.get(made.record.payment.id)
const isRight = made.status === 'created' && page.status === 200 && another.status === 'pending'
console.log(isRight && (await notified.text()) === 'success' && paid.status === 'succeeded' ? 'ok' : made.status + page.status + paid.status)
await client.close()
await alipay.close()
await store.close()
`

const TYPED = `
import { createClient, type AlipayClient } from 'saoma/alipay'
import { checkoutView, type PaymentRecord } from 'saoma'
import { createSaoma, type Payment } from 'saoma/client'
import { createServer, listen, type ServerOptions } from 'saoma/server'
import { createEmulator, MovableClock, startEmulator, type Emulator, type StartedEmulator } from 'saoma/testing'

export const client: AlipayClient = createClient({ appId: '2021000000000000', privateKey: '', alipayPublicKey: '' })
export const paid = (record: PaymentRecord): boolean =>
  checkoutView(record, record.payment.createdAt).state === 'paid'
export const serve = (options: ServerOptions) => listen(createServer(options), { port: 0 })
export const payment: Promise<Payment> = createSaoma({ url: '', apiKey: '' }).payments.get('pay_1')
export const emulator: Promise<Emulator> = createEmulator({ baseUrl: 'http://127.0.0.1:6201' })
export const started: Promise<StartedEmulator> = startEmulator({ clock: new MovableClock() })
export const told: Promise<string> = emulator.then((alipay) =>
  alipay.signNotification({ out_trade_no: '1', total_amount: '0.01', body: undefined }, { sign_type: 'RSA' }),
)
// @ts-expect-error An amount is text of yuan.
export const wrong = client.trade.precreate({ out_trade_no: '1', total_amount: 88.88, subject: '' })
`

const TSCONFIG = {
  compilerOptions: {
    target: 'ES2023',
    lib: ['ES2023'],
    module: 'NodeNext',
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    types: ['node'],
    typeRoots: [join(root, 'node_modules', '@types')],
  },
  files: ['typed.ts'],
}

function pack(): { readonly file: string; readonly paths: readonly string[] } {
  if (!built) return { file: '', paths: [] }
  const { stdout } = npm('pack', root, '--ignore-scripts', '--json')
  const [{ filename, files }] = JSON.parse(stdout) as [
    { filename: string; files: { path: string }[] },
  ]
  return { file: join(folder, basename(filename)), paths: files.map(({ path }) => path) }
}

function npm(...args: string[]) {
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error', '--fetch-retries=0']
  return spawnSync('npm', [...args, ...quiet], { cwd: folder, encoding: 'utf8' })
}

function run(program: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: folder, encoding: 'utf8' })
  return { status, stdout, stderr }
}

/** Starts a program in a folder of its own; it ends with the test. */
function start(program: string, args: readonly string[], env: Record<string, string> = {}) {
  const started = startGuarded(program, args, {
    cwd: temporaryFolder(),
    env: { ...withoutSettings(process.env), ...env },
  })
  onTestFinished(async () => void (await started.kill('SIGKILL')))
  return started
}

/** Node.js 24 comes as a package of its own; without a registry this one alone is tried. */
function newerNode(): string | undefined {
  const home = mkdtempSync(join(tmpdir(), 'saoma-node-'))
  newerNodes.push(home)
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
  npm('install', '--prefer-offline', '--ignore-scripts', '--prefix', home, `${name}@24`)
  const program = join(home, 'node_modules', name, 'bin', 'node')
  return existsSync(program) ? program : undefined
}
