/**
 * Every example runs as a program, and its order is paid from the wallet of the emulator.
 *
 * @module
 */
import { spawn, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { freePort } from '../../src/cli/free-port.ts'
import { createSaoma, fen } from '../../src/client/index.ts'
import { createEmulator, listenEmulator, type Emulator } from '../../src/testing.ts'
import { PATIENCE, root, startDev, temporaryFolder, withoutSettings } from '../saoma-program.ts'

const example = (name: string) => join(root, 'examples', name)
const TSX = join(root, 'node_modules', 'tsx', 'dist', 'cli.mjs')
const NEST = example('embedded/nest/main.ts')

/** Starts an example; resolves with its address when it says that it is open. */
async function open(
  command: string,
  args: readonly string[],
  env: Record<string, string>,
): Promise<string> {
  const port = await freePort()
  const child = spawn(command, args, {
    cwd: root,
    env: { ...withoutSettings(process.env), PORT: String(port), ...env },
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (said += text))
  }
  await vi.waitFor(() => {
    if (!said.includes('The shop is open')) throw new Error(said || 'It says nothing')
  }, PATIENCE)
  return `http://127.0.0.1:${port}`
}

const until = async (address: string, text: string) =>
  vi.waitFor(async () => {
    const page = await (await fetch(address)).text()
    if (!page.includes(text)) throw new Error(page.slice(0, 500))
  }, PATIENCE)

const hasPython = spawnSync('python3', ['--version']).status === 0

describe('beside saoma dev', () => {
  test.each([
    ['node', 'shop-express/shop.mjs', true],
    ['python3', 'python/shop.py', hasPython],
  ])('%s %s: ordered, paid, told by webhook', async (command, file, isThere) => {
    if (!isThere) return
    const dev = await startDev()
    const shop = await open(command, [example(file)], {
      SAOMA_URL: dev.server,
      SAOMA_API_KEY: readFileSync(join(dev.options.folder, 'api-key-test'), 'utf8').trim(),
    })
    const ordered = await fetch(`${shop}/orders`, { method: 'POST', redirect: 'manual' })
    expect(ordered.status).toBe(303)
    const { data } = await dev.api<{ data: { checkout_url: string; reference: string }[] }>(
      'GET',
      '/payments',
    )
    const [payment] = data
    expect(ordered.headers.get('location')).toBe(payment?.checkout_url)
    const order = `${shop}/orders/${payment?.reference}`
    await until(order, 'waiting')

    await dev.pay(await dev.scan(payment as never))
    await until(order, 'paid')

    const forged = await fetch(`${shop}/webhooks`, {
      method: 'POST',
      body: '{}',
      headers: {
        'webhook-id': 'evt_1',
        'webhook-timestamp': String(Math.floor(Date.now() / 1000)),
        'webhook-signature': `v1,${'A'.repeat(43)}=`,
      },
    })
    expect(forged.ok).toBe(false)
  })
})

describe('with Alipay alone', () => {
  /** An emulator on a port, and the settings of an application that uses it. */
  async function alipay() {
    const port = await freePort()
    const baseUrl = `http://127.0.0.1:${port}`
    const emulator = await createEmulator({ baseUrl })
    const listening = await listenEmulator(emulator, { port })
    emulator.start()
    onTestFinished(async () => {
      await listening.close()
      await emulator.stop()
    })
    const folder = temporaryFolder()
    const { app_id, app_private_key, alipay_public_key } = emulator.credentials
    writeFileSync(join(folder, 'app.txt'), app_private_key)
    writeFileSync(join(folder, 'alipay.txt'), alipay_public_key)
    const env = {
      FOLDER: folder,
      SAOMA_GATEWAY: `${baseUrl}/gateway.do`,
      SAOMA_APP_ID: app_id,
      SAOMA_APP_PRIVATE_KEY_FILE: join(folder, 'app.txt'),
      SAOMA_ALIPAY_PUBLIC_KEY_FILE: join(folder, 'alipay.txt'),
      SAOMA_API_KEY: 'sk_test_0123456789abcdef0123456789abcdef',
      SAOMA_NOTIFY_TOKEN: '0123456789abcdef0123456789abcdef',
    }
    return { emulator, env }
  }

  function pay(emulator: Emulator, code: string): void {
    const buyer = emulator.wallet.buyers()[0]?.id ?? ''
    const scanned = emulator.wallet.scan(code, buyer)
    if (scanned.status !== 'ready') throw new Error(`The code is ${scanned.status}`)
    expect(emulator.wallet.pay(scanned.trade.trade_no, buyer).status).toBe('paid')
  }

  test.each([
    ['node:http', [example('embedded/http.mjs')]],
    ['Express', [example('embedded/express.mjs')]],
    ['Fastify', [example('embedded/fastify.mjs')]],
    ['Hono', [example('embedded/hono.mjs')]],
    ['Nest', [TSX, '--tsconfig', example('embedded/nest/tsconfig.json'), NEST]],
    ['Next', [join(root, 'test', 'examples', 'next-routes.mjs'), example('embedded/next')]],
  ])('embedded in %s: ordered, paid, told by Alipay', async (_, args) => {
    const { emulator, env } = await alipay()
    const shop = await open('node', args, env)
    const ordered = await fetch(`${shop}/orders`, { method: 'POST', redirect: 'manual' })
    expect(ordered.status).toBe(303)
    const cashier = ordered.headers.get('location') ?? ''
    expect(cashier).toMatch(new RegExp(`^${shop}/pay/c/`))

    const page = await (await fetch(cashier)).text()
    const [, style = ''] = /<link rel="stylesheet" href="([^"]+)"/.exec(page) ?? []
    expect((await fetch(new URL(style, cashier))).headers.get('content-type')).toContain('text/css')
    const live = (await fetch(`${cashier}/events`)).body?.getReader()
    expect(new TextDecoder().decode((await live?.read())?.value)).toContain('"state":"waiting"')
    await live?.cancel()

    const api = createSaoma({ url: `${shop}/pay`, apiKey: env.SAOMA_API_KEY })
    const [payment] = (await api.payments.list()).data
    const order = `${shop}/orders/${payment?.reference}`
    await until(order, 'waiting')
    pay(emulator, payment?.next_action?.qr_code ?? '')
    await until(order, 'paid')
    // The raw body reached saoma: else the signature would not hold, and Alipay would send it again.
    await vi.waitFor(() => {
      const sent = emulator.notifications.list().filter(({ event }) => event === 'paid')
      expect(sent.map(({ status: end }) => end)).toEqual(['delivered'])
    }, PATIENCE)

    // Bodies of the API arrive, too.
    const refund = await api.refunds.create({ payment: payment?.id ?? '', amount: fen('0.88') })
    expect(refund).toMatchObject({ object: 'refund', amount: 88 })
  })

  test('the notify address alone: verified, compared, acknowledged', async () => {
    const { emulator, env } = await alipay()
    const shop = await open('node', [example('notify-only/shop.mjs')], env)
    const ordered = await fetch(`${shop}/orders`, { method: 'POST' })
    const order = (await ordered.json()) as { out_trade_no: string; qr_code: string }
    pay(emulator, order.qr_code)
    await until(`${shop}/orders/${order.out_trade_no}`, 'paid')
    const forged = await fetch(`${shop}/alipay/notify`, { method: 'POST', body: 'sign=x' })
    expect([forged.status, await forged.text()]).toEqual([400, 'fail'])
  })
})

test('the tests of a shop, as its owner runs them, hold', () => {
  const runner = ['--test', '--test-reporter=tap', example('testing/shop.test.mjs')]
  const { status, stdout } = spawnSync('node', runner, {
    cwd: root,
    encoding: 'utf8',
    env: withoutSettings(process.env),
  })
  expect(stdout).toMatch(/^# pass 4$/m)
  expect(stdout).toMatch(/^# fail 0$/m)
  expect(status).toBe(0)
})
