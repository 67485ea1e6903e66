import type { ChildProcess } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { createClient } from '../../src/alipay/index.ts'
import { startEmulator, type EmulatorDescription } from '../../src/cli/emulator.ts'
import { runSaoma, startSaoma } from './run-saoma.ts'

const folder = mkdtempSync(join(tmpdir(), 'saoma-emulator-'))
afterAll(() => rmSync(folder, { recursive: true }))

const started: ChildProcess[] = []
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL')
})

/** Starts the command and reads its first line. */
async function start(...args: string[]): Promise<{
  description: EmulatorDescription
  stop(signal: NodeJS.Signals): Promise<{ code: number | null; stdout: string }>
}> {
  const child = await startSaoma(['emulator', '--json', ...args], { cwd: folder })
  started.push(child)
  let stdout = ''
  const line = new Promise<string>((resolve, reject) => {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
      if (stdout.includes('\n')) resolve(stdout)
    })
    child.once('close', () => reject(new Error('It ended before its line.')))
  })
  return {
    description: JSON.parse(await line) as EmulatorDescription,
    async stop(signal) {
      const closed = once(child, 'close') as Promise<[number | null]>
      child.kill(signal)
      return { code: (await closed)[0], stdout }
    },
  }
}

describe('the command', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    'prints one line that is all a client needs, and ends cleanly on %s',
    async (signal) => {
      const running = await start('--port', '0')
      const { description } = running
      expect(Object.keys(description).toSorted()).toEqual([
        'alipay_public_key',
        'app_id',
        'app_private_key',
        'app_private_key_pkcs1',
        'certificates',
        'encrypt_key',
        'gateway',
        'seller_id',
        'wallet',
      ])
      const client = createClient({
        appId: description.app_id,
        privateKey: description.app_private_key,
        alipayPublicKey: description.alipay_public_key,
        gateway: description.gateway,
      })
      const { qr_code } = await client.trade.precreate({
        out_trade_no: 'A1',
        total_amount: '0.01',
        subject: '测试',
      })
      expect(qr_code.startsWith(new URL('/qr/', description.gateway).href)).toBe(true)
      await client.close()
      const { code, stdout } = await running.stop(signal)
      expect(code).toBe(0)
      expect(stdout.trimEnd().split('\n')).toHaveLength(1)
      expect(readdirSync(folder)).toEqual([])
    },
  )

  test('keeps its keys in a folder, for its owner alone', async () => {
    const first = await start('--port', '0', '--folder', 'kept')
    await first.stop('SIGTERM')
    const second = await start('--port', '0', '--folder', 'kept')
    expect(second.description.app_private_key).toBe(first.description.app_private_key)
    await second.stop('SIGTERM')
  })

  test('says in a line what to do about a port that is taken, or is none', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const [taken, none] = await Promise.all([
      runSaoma(['emulator', '--memory', '--port', String(port)]),
      runSaoma(['emulator', '--memory', '--port', '70000']),
    ])
    server.close()
    expect(taken).toMatchObject({ code: 1, stdout: '' })
    expect(taken.stderr).toMatch(/^saoma: Port \d+ is taken\..*--port.*\n$/)
    expect(none.code).toBe(2)
    expect(none.stderr).toContain('0 to 65535')
  })
})

test('the demo shop sends the buyer to the wallet with a code that can be paid', async () => {
  const running = await startEmulator({
    port: 0,
    lan: false,
    folder: undefined,
    seed: 1,
  })
  const { description } = running
  try {
    const origin = new URL(description.gateway).origin
    const order = await fetch(`${origin}/shop/orders`, {
      method: 'POST',
      headers: { accept: 'application/json', origin },
      body: new URLSearchParams({ product: 'cent' }),
    })
    const { checkout_url } = (await order.json()) as { checkout_url: string }
    expect(checkout_url.startsWith(`${origin}/qr/`)).toBe(true)
    const page = await fetch(checkout_url)
    expect(page.status).toBe(200)
    expect(page.url.startsWith(description.wallet)).toBe(true)
  } finally {
    await running.close()
  }
})
