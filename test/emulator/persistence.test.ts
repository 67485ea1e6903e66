import { type ChildProcess, spawn } from 'node:child_process'
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { toFen } from '../../src/alipay/money.ts'
import { createEmulator } from '../../src/emulator/index.ts'
import { call, emulatorAt, precreate, scan, sell, zhang } from './merchant.ts'

const folders: string[] = []
const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'saoma-emulator-'))
  folders.push(folder)
  return folder
}

test('orders, trades, wallets, notifications, settings and the clock are there after a restart', async () => {
  const folder = newFolder()
  const first = await emulatorAt(undefined, { folder })
  first.settings.update({ unscanned_cancel: 'no_effect' })
  const qrCode = await precreate(first)
  const tradeNo = await sell(
    first,
    { out_trade_no: 'ORDER-2' },
    { notifyUrl: 'http://127.0.0.1:9/' },
  )
  first.advanceClock(60_000)
  await first.stop()

  const second = await emulatorAt(undefined, { folder })
  expect(second.clock.now()).toBe(first.clock.now())
  expect(second.settings.get().unscanned_cancel).toBe('no_effect')
  expect(second.ledger()).toEqual(first.ledger())
  expect(second.wallet.buyers()).toEqual(first.wallet.buyers())
  expect(second.notifications.list()).toMatchObject([{ trade_no: tradeNo, status: 'pending' }])
  expect(scan(second, qrCode)).toMatch(/^\d{28}$/)
  await second.stop()
})

test('a torn last line is as if it had not been written, and the journal is made short at the start', async () => {
  const folder = newFolder()
  const journal = join(folder, 'journal.jsonl')
  const first = await emulatorAt(undefined, { folder })
  for (let balance = 1; balance <= 100; balance++) first.wallet.setBalance(zhang, toFen(balance))
  await first.stop()
  appendFileSync(journal, '[["buyer:2088102100000016",{"id":"20881021')
  const second = await emulatorAt(undefined, { folder })
  expect(second.wallet.buyers()[0]?.balance).toBe(100)
  expect(readFileSync(journal, 'utf8').split('\n')).toHaveLength(2)
  second.wallet.setBalance(zhang, toFen(101))
  await second.stop()
  const third = await emulatorAt(undefined, { folder })
  expect(third.wallet.buyers()[0]?.balance).toBe(101)
  await third.stop()
})

test('a reset forgets all but the keys and the clock, for good', async () => {
  const folder = newFolder()
  const first = await emulatorAt(undefined, { folder })
  await sell(first)
  first.faults.add({ name: 'unsigned' })
  first.reset()
  expect(first.ledger()).toEqual([])
  expect(first.faults.active()).toEqual([])
  await first.stop()
  const second = await emulatorAt(undefined, { folder })
  expect(second.ledger()).toEqual([])
  expect(second.wallet.buyers()[0]?.balance).toBe(1_000_000)
  expect(second.credentials).toEqual(first.credentials)
  await second.stop()
})

const CHILD = `
import { createEmulator, listen } from '${new URL('../../src/emulator/index.ts', import.meta.url).href}'
const emulator = await createEmulator({ baseUrl: 'http://127.0.0.1:6201', folder: process.argv[1] })
const { port } = await listen(emulator, { port: 0 })
process.stdout.write(port + '\\n')
`

test('kill -9 loses nothing that was answered', async () => {
  const folder = newFolder()
  const loader = import.meta.resolve('tsx')
  const args = ['--import', loader, '--input-type=module', '-e', CHILD, folder]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  const port = await new Promise<string>((resolve) =>
    child.stdout?.once('data', (data: Buffer) => resolve(data.toString().trim())),
  )
  const keys = JSON.parse(readFileSync(join(folder, 'credentials.json'), 'utf8')) as {
    merchant: Awaited<ReturnType<typeof createEmulator>>['credentials']
  }
  const remote = {
    ...(await emulatorAt()),
    baseUrl: `http://127.0.0.1:${port}`,
    credentials: keys.merchant,
    fetch: (request: Request) => fetch(request),
  }
  const codes: string[] = []
  for (let index = 0; index < 20; index++) {
    codes.push(await precreate(remote, { out_trade_no: `ORDER-${index}` }))
  }
  const exited = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await exited

  const emulator = await createEmulator({ baseUrl: 'http://127.0.0.1:6201', folder })
  for (const code of codes) expect(emulator.wallet.scan(code, zhang).status).toBe('ready')
  const { node } = await call(emulator, 'alipay.trade.query', { out_trade_no: 'ORDER-19' })
  expect(node['trade_status']).toBe('WAIT_BUYER_PAY')
  await emulator.stop()
})

test('a folder that a living process has open is refused with its pid, and free once that is dead', async () => {
  const folder = newFolder()
  const owner = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
  children.push(owner)
  writeFileSync(join(folder, 'journal.jsonl.pid'), String(owner.pid))
  await expect(emulatorAt(undefined, { folder })).rejects.toThrow(`pid ${owner.pid}`)
  owner.kill('SIGKILL')
  await new Promise((resolve) => owner.once('exit', resolve))
  const emulator = await emulatorAt(undefined, { folder })
  await emulator.stop()
  expect(readdirSync(folder)).not.toContain('journal.jsonl.pid')
})
