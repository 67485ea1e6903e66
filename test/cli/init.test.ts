/**
 * `saoma init`, by options and at a terminal, against the emulator; and the server that starts from
 * what it leaves.
 *
 * @module
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, statSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { formatBareKey, generateKeyPair } from '../../src/alipay/keys.ts'
import { readEnvironment, updateEnvironmentFile } from '../../src/cli/environment-file.ts'
import { freePort } from '../../src/cli/free-port.ts'
import type { InitResult } from '../../src/cli/init.ts'
import { createEmulator, listenEmulator, type Emulator } from '../../src/testing.ts'
import {
  program,
  root,
  startSaoma,
  temporaryFolder,
  untilSaid,
  withoutSettings,
} from '../saoma-program.ts'
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

const gateway = () => `http://127.0.0.1:${listening.port}/gateway.do`

/** Everything by options. */
function given(folder: string, more: Record<string, string> = {}): string[] {
  const { app_id, app_private_key, alipay_public_key } = emulator.credentials
  const options = {
    folder,
    gateway: gateway(),
    'app-id': app_id,
    'app-private-key': app_private_key,
    'alipay-public-key': alipay_public_key,
    ...more,
  }
  return Object.entries(options).map(([name, value]) => `--${name}=${value}`)
}

const init = (...args: string[]) => runSaoma(['init', '--yes', ...args])
const newFolder = () => join(temporaryFolder(), 'set-up')

describe('a set-up', () => {
  test('that is given whole is proven by a call, and a server starts from it', async () => {
    const folder = newFolder()
    const { code, stdout, stderr } = await init(...given(folder))
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toContain('✓ Proven by a call')
    expect(stdout).toContain(`saoma serve --env-file ${join(folder, 'saoma.env')}`)
    expect(stdout).not.toContain(emulator.credentials.app_private_key.slice(40, 80))

    // By name, and by the folder alone.
    for (const [args, env] of [
      [['--env-file', join(folder, 'saoma.env')], {}],
      [[], { SAOMA_FOLDER: folder }],
    ] as const) {
      const more = { ...env, SAOMA_PORT: String(await freePort()) }
      const server = await startSaoma(['serve', ...args], more)
      await untilSaid(server, `against ${gateway()}, test mode`)
      expect(await server.kill('SIGTERM')).toBe(0)
    }
    // Some versions of Node take the option too, and refuse it first.
    const missing = await runSaoma(['serve', '--env-file', join(folder, 'none.env')])
    expect(missing.code).not.toBe(0)
    expect(missing.stderr).toContain('none.env')
  })

  test.skipIf(process.platform === 'win32')('is for its owner alone', async () => {
    const folder = newFolder()
    await init(...given(folder))
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    const modes = readdirSync(folder).map((name) => [
      name,
      statSync(join(folder, name)).mode & 0o777,
    ])
    expect(Object.fromEntries(modes)).toEqual({
      'app-private-key.txt': 0o600,
      'app-public-key.txt': 0o644,
      'alipay-public-key.txt': 0o600,
      'master-key': 0o600,
      'saoma.env': 0o600,
    })
  })

  test('without Alipay’s key makes ours, says what to upload, and is continued by that key alone', async () => {
    const folder = newFolder()
    const first = await runSaoma([
      'init',
      '--json',
      '--yes',
      `--folder=${folder}`,
      `--gateway=${gateway()}`,
      `--app-id=${emulator.credentials.app_id}`,
    ])
    const result = JSON.parse(first.stdout) as InitResult
    expect([first.code, result.status]).toEqual([1, 'alipay_public_key_missing'])
    const publicKey = readFileSync(join(folder, 'app-public-key.txt'), 'utf8').trim()
    expect(result.app_public_key).toBe(publicKey)
    const privateKey = readFileSync(join(folder, 'app-private-key.txt'), 'utf8')
    expect(first.stdout).not.toContain(privateKey.slice(40, 80))

    // Nobody has uploaded it, and that is what the second run finds.
    const key = `--alipay-public-key=${emulator.credentials.alipay_public_key}`
    const second = await runSaoma(['init', '--json', `--folder=${folder}`, key])
    expect(second.code).toBe(1)
    expect(JSON.parse(second.stdout)).toMatchObject({
      status: 'unproven',
      app_id: emulator.credentials.app_id,
      problem: { code: 'isv.invalid-signature', message: expect.stringContaining('Upload') },
    })
    expect(readFileSync(join(folder, 'app-private-key.txt'), 'utf8')).toBe(privateKey)
    expect(readFileSync(join(folder, 'alipay-public-key.txt'), 'utf8').trim()).toBe(
      emulator.credentials.alipay_public_key,
    )
  })

  test('keeps lines that people have added to the settings', async () => {
    const folder = newFolder()
    await init(...given(folder))
    const file = join(folder, 'saoma.env')
    writeFileSync(file, `${readFileSync(file, 'utf8')}# ours\nSAOMA_SELLER_ID=2088000000000000\n`)
    const again = await init(`--folder=${folder}`, '--public-url=https://pay.example.com')
    expect([again.code, again.stderr]).toEqual([0, ''])
    expect(readFileSync(file, 'utf8')).toContain('# ours\nSAOMA_SELLER_ID=2088000000000000\n')
    expect(readEnvironment(folder, {})).toMatchObject({
      SAOMA_PUBLIC_URL: 'https://pay.example.com',
      SAOMA_GATEWAY: gateway(),
    })
  })
})

describe('what is wrong is told before anything is kept', () => {
  test.each([
    ['an APPID that is too short', { 'app-id': '9021' }, /16 digits/],
    ['a PID as APPID', { 'app-id': '2088102100000016' }, /PID/],
    ['a gateway that is none', { gateway: 'https://example.com' }, /gateway\.do/],
    ['http in production', { gateway: 'production', 'public-url': 'http://a.example' }, /https/],
    ['an address that is none', { 'public-url': 'pay.example.com' }, /whole address/],
    ['a key that is none', { 'alipay-public-key': 'nothing.txt' }, /nothing\.txt/],
    [
      'a public key as the private one',
      { 'app-private-key': formatBareKey(generateKeyPair().publicKey, 'spki') },
      /private key/,
    ],
  ])('%s', async (_, wrong, message) => {
    const folder = newFolder()
    const { code, stderr } = await init(...given(folder, wrong))
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)])
    expect(() => statSync(join(folder, 'alipay-public-key.txt'))).toThrow('ENOENT')
  })

  test('our own public key as Alipay’s, in Chinese too', async () => {
    const folder = newFolder()
    await init(`--folder=${folder}`, `--gateway=${gateway()}`, '--app-id=9021000000000001')
    const own = `--alipay-public-key=${join(folder, 'app-public-key.txt')}`
    const { code, stderr } = await init('--lang=zh', `--folder=${folder}`, own)
    expect([code, stderr]).toEqual([2, expect.stringContaining('自己的应用公钥')])
  })

  test('the Alipay public key of another application is proven wrong, and is not kept', async () => {
    const folder = newFolder()
    const other = formatBareKey(generateKeyPair().publicKey, 'spki')
    const { code, stdout } = await init(...given(folder, { 'alipay-public-key': other }))
    expect([code, stdout]).toEqual([1, expect.stringContaining('(wrong_key)')])
    expect(() => statSync(join(folder, 'alipay-public-key.txt'))).toThrow('ENOENT')
    expect((await init(...given(folder))).code).toBe(0)
  })

  test('an APPID that this gateway does not know is called a mix-up', async () => {
    const { code, stdout } = await init(...given(newFolder(), { 'app-id': '2021000000000001' }))
    expect([code, stdout]).toEqual([1, expect.stringContaining('isv.invalid-app-id')])
    expect(stdout).toContain('SAOMA_GATEWAY=sandbox')
  })

  test('a gateway that is not there proves nothing, and keeps what was given', async () => {
    const folder = newFolder()
    const away = 'http://127.0.0.1:9/gateway.do'
    const { code, stdout } = await init(...given(folder, { gateway: away }))
    expect([code, stdout]).toEqual([1, expect.stringContaining('did not succeed')])
    expect(statSync(join(folder, 'alipay-public-key.txt')).isFile()).toBe(true)
  })

  test('what nobody can be asked is named by its option', async () => {
    const { code, stderr } = await runSaoma(['init', `--folder=${newFolder()}`])
    expect([code, stderr]).toEqual([2, expect.stringContaining('--gateway is missing')])
  })

  test('the folder of saoma dev is not taken', async () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'emulator'))
    const { code, stderr } = await init(...given(folder))
    expect([code, stderr]).toEqual([2, expect.stringContaining('--folder')])
  })
})

test('what a folder has is replaced by force alone', async () => {
  const folder = newFolder()
  await init(...given(folder))
  const other = formatBareKey(generateKeyPair().privateKey, 'pkcs8')
  for (const change of [
    { 'app-private-key': other },
    { 'alipay-public-key': formatBareKey(generateKeyPair().publicKey, 'spki') },
    { 'app-id': '9021000000000009' },
  ] as Record<string, string>[]) {
    const { code, stderr } = await init(...given(folder, change))
    expect([code, stderr]).not.toEqual([0, ''])
    expect(stderr).toContain('--force')
  }
  const kept = () => readFileSync(join(folder, 'app-private-key.txt'), 'utf8').trim()
  expect(kept()).toBe(emulator.credentials.app_private_key)
  await init(...given(folder, { 'app-private-key': other }), '--force')
  expect(kept()).toBe(other)
})

const python = spawnSync('python3', ['-c', 'import pty']).status === 0

describe.skipIf(!python)('at a terminal', () => {
  async function atTerminal(steps: readonly (readonly [string, string])[], ...args: string[]) {
    const terminal = join(root, 'test', 'cli', 'terminal.py')
    const run = [...(await program()), 'init', ...args]
    const child = spawn('python3', [terminal, JSON.stringify(steps), process.execPath, ...run], {
      env: { ...withoutSettings(process.env), NO_COLOR: '1', COLUMNS: '200' },
    })
    let shown = ''
    child.stdout.setEncoding('utf8').on('data', (part: string) => (shown += part))
    const [code] = (await once(child, 'close')) as [number | null]
    return { code, shown }
  }

  test('everything is asked in Chinese, a wrong key is asked for again', async () => {
    const folder = newFolder()
    const { app_id, app_private_key, alipay_public_key } = emulator.credentials
    const keyFile = join(temporaryFolder(), 'key.txt')
    writeFileSync(keyFile, app_private_key)
    const { code, shown } = await atTerminal(
      [
        ['应用的 APPID', '2088102100000016\r'],
        ['不是 APPID', `${'\b'.repeat(16)}${app_id}\r`],
        ['签约的是哪个产品', '\r'],
        ['外网访问 saoma 的网址', '\r'],
        ['应用私钥从哪里来', '\u{1b}[B\r'],
        ['应用私钥的文件', `${keyFile}\r`],
        ['粘贴「支付宝公钥」', `${keyFile}\r`],
        ['这是私钥', `${'\b'.repeat(keyFile.length)}${alipay_public_key}\r`],
      ],
      '--lang=zh',
      `--folder=${folder}`,
      `--gateway=${gateway()}`,
    )
    expect(shown).toContain('试调成功')
    expect(code).toBe(0)
    expect(readEnvironment(folder, {})).toMatchObject({
      SAOMA_APP_ID: app_id,
      SAOMA_PUBLIC_URL: 'http://127.0.0.1:6200',
      SAOMA_PRODUCT_CODE: 'FACE_TO_FACE_PAYMENT',
    })
    // The public key stands alone on its line: frames around it would be copied too.
    const publicKey = readFileSync(join(folder, 'app-public-key.txt'), 'utf8').trim()
    expect(shown.split(/\r?\n/)).toContain(publicKey)
  })

  test('Ctrl+C leaves what was answered, for the next run', async () => {
    const folder = newFolder()
    const { code, shown } = await atTerminal(
      [
        ['make a new pair', '\r'],
        ['Paste the Alipay public key', '\u{3}'],
      ],
      '--lang=en',
      `--folder=${folder}`,
      `--gateway=${gateway()}`,
      '--app-id=9021000000000001',
      '--product=QR_CODE_OFFLINE',
      '--public-url=https://pay.example.com',
    )
    expect([code, shown]).toEqual([1, expect.stringContaining('Run saoma init again')])
    expect(readEnvironment(folder, {})).toMatchObject({
      SAOMA_APP_ID: '9021000000000001',
      SAOMA_PRODUCT_CODE: 'QR_CODE_OFFLINE',
    })
  })
})

test('a file of settings is read as it was written, whatever its values hold', () => {
  const values = {
    A: '/plain/path',
    B: 'two words',
    C: "an 'apostrophe'",
    D: 'C:\\new#1',
    E: '咖啡',
  }
  const folder = temporaryFolder()
  const text = updateEnvironmentFile('# head\nexport B=old\nF=1\nB=older\n', values)
  writeFileSync(join(folder, 'saoma.env'), text)
  expect(readEnvironment(folder, {})).toEqual({ ...values, F: '1' })
  expect(text).toContain('A=/plain/path\n')
  // The environment goes first, and an application in it stands alone.
  expect(readEnvironment(folder, { A: 'mine', B: '' })).toMatchObject({ A: 'mine', B: 'two words' })
  const alone = { SAOMA_APP_ID: '1' }
  expect(readEnvironment(folder, alone)).toBe(alone)
})
