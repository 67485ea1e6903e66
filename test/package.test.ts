/**
 * The package as people install it: what is in it, and that it works without this repository.
 *
 * @module
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { isBuilt, root } from './saoma-program.ts'

const built = await isBuilt()
const folder = mkdtempSync(join(tmpdir(), 'saoma-package-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  version: string
}

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

  test('is installed, imported, typed and run by somebody else', (context) => {
    writeFileSync(join(folder, 'package.json'), '{"private":true,"type":"module"}')
    const installed = npm('install', '--prefer-offline', '--ignore-scripts', tarball.file)
    if (installed.status !== 0) {
      expect(installed.stderr).toMatch(
        /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENOTCACHED|E40[134]/,
      )
      context.skip('no registry of packages can be reached')
    }

    writeFileSync(join(folder, 'run.js'), RUN)
    expect(node('run.js')).toEqual({ status: 0, stdout: 'ok\n', stderr: '' })

    const bin = spawnSync(join(folder, 'node_modules', '.bin', 'saoma'), ['--version'], {
      encoding: 'utf8',
    })
    expect([bin.status, bin.stdout]).toEqual([0, `${version}\n`])

    writeFileSync(join(folder, 'typed.ts'), TYPED)
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(TSCONFIG))
    const { status, stdout } = node(join(root, 'node_modules', 'typescript', 'bin', 'tsc'))
    expect([status, stdout]).toEqual([0, ''])
  })
})

/** Uses each entry for what it is there for. */
const RUN = `
import { createClient, systemClock } from 'saoma/alipay'
import { createPayments, openSqliteStore } from 'saoma'
import { createServer } from 'saoma/server'
import { createEmulator, listenEmulator } from 'saoma/testing'

const emulator = await createEmulator({ baseUrl: 'http://127.0.0.1:0' })
const listening = await listenEmulator(emulator, { port: 0 })
const { app_id: appId, app_private_key: privateKey, alipay_public_key: alipayPublicKey } = emulator.credentials
const gateway = 'http://127.0.0.1:' + listening.port + '/gateway.do'
const client = createClient({ appId, privateKey, alipayPublicKey, gateway })
const store = await openSqliteStore(':memory:')
const notifyUrl = 'http://127.0.0.1:1/alipay/notify/0123456789abcdef'
const payments = createPayments({ store: store.payments, gateway: client, notifyUrl })
const made = await payments.create({ amount: 1, subject: 'cent' })
const server = createServer({ payments, client, publicUrl: 'http://127.0.0.1:1', apiKeyHash: '0'.repeat(64), notifyToken: '0123456789abcdef', clock: systemClock, mode: 'test' })
const page = await server.fetch(new Request('http://127.0.0.1:1/c/' + made.record.payment.checkoutToken))
console.log(made.status === 'created' && page.status === 200 ? 'ok' : made.status + page.status)
await client.close()
await listening.close()
await emulator.stop()
await store.close()
`

const TYPED = `
import { createClient, type AlipayClient } from 'saoma/alipay'
import { checkoutView, type PaymentRecord } from 'saoma'
import { createServer, listen, type ServerOptions } from 'saoma/server'
import { createEmulator, type Emulator } from 'saoma/testing'

export const client: AlipayClient = createClient({ appId: '2021000000000000', privateKey: '', alipayPublicKey: '' })
export const paid = (record: PaymentRecord): boolean =>
  checkoutView(record, record.payment.createdAt).state === 'paid'
export const serve = (options: ServerOptions) => listen(createServer(options), { port: 0 })
export const emulator: Promise<Emulator> = createEmulator({ baseUrl: 'http://127.0.0.1:6201' })
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

function node(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: folder,
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}
