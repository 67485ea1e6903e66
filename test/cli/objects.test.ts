/**
 * The commands that show and follow what a running server holds.
 *
 * @module
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { expect, onTestFinished, test, vi } from 'vitest'
import { displayWidth, table } from '../../src/cli/table.ts'
import { verifyWebhook } from '../../src/webhooks/index.ts'
import { PATIENCE, startDev, startSaoma, type Dev } from '../saoma-program.ts'
import { runSaoma } from './run-saoma.ts'

/** Runs a command on a running `saoma dev`. */
async function on(dev: Dev, ...args: string[]) {
  return runSaoma([...args, '--folder', dev.options.folder])
}

const emulatorOf = (dev: Dev) => ['--emulator', dev.emulator]

test('what was triggered is in the lists, and is looked for by what a customer calls it', async () => {
  const dev = await startDev()
  const made = await on(dev, 'trigger', 'refund.succeeded', '--json', ...emulatorOf(dev))
  expect([made.code, made.stderr]).toEqual([0, ''])
  const payment = JSON.parse(made.stdout) as { id: string; alipay: { trade_no: string } }

  const listed = await on(dev, 'payments', 'list', '--search', payment.alipay.trade_no.slice(-6))
  expect(listed.stdout).toContain(payment.id)
  expect(listed.stdout).toMatch(/^ID +YUAN +STATUS/)
  const [refund] = (
    JSON.parse((await on(dev, 'refunds', 'list', '--json')).stdout) as {
      data: { id: string }[]
    }
  ).data
  expect((await on(dev, 'refunds', 'get', refund?.id ?? '')).stdout).toContain('4444')
  expect((await on(dev, 'payments', 'timeline', payment.id)).stdout).toContain('succeeded')
  const events = await on(dev, 'events', 'list', '--types', 'payment.succeeded')
  expect(events.stdout.trim().split('\n')).toHaveLength(2)
  const none = await on(dev, 'payments', 'get', 'pay_none')
  expect([none.code, none.stderr]).toEqual([
    1,
    'saoma: There is no payment with this id. (payment_not_found)\n',
  ])
  const unknown = await on(dev, 'trigger', 'payment.vanished')
  expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('payment.succeeded')])
})

test('listen forwards each event signed, tries again, and goes on where it ended', async () => {
  const dev = await startDev()
  const got: { id: string; type: string }[] = []
  let refuse = 1
  let secret = ''
  const receiver = createServer((incoming, outgoing) => {
    let body = ''
    incoming.on('data', (part) => (body += part))
    incoming.on('end', () => {
      const event = verifyWebhook(body, incoming.headers, secret)
      const isRefused = refuse-- > 0
      if (!isRefused) got.push({ id: event.id, type: event.type })
      outgoing.writeHead(isRefused ? 500 : 204).end()
    })
  }).listen(0, '127.0.0.1')
  await once(receiver, 'listening')
  onTestFinished(() => void receiver.close())
  const address = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`
  const listen = async () => {
    const { folder } = dev.options
    const args = ['listen', '--forward-to', address, '--json', '--folder', folder]
    const running = await startSaoma(args)
    await vi.waitFor(() => expect(running.stdout()).toContain('secret'), PATIENCE)
    secret = (JSON.parse(running.stdout().split('\n')[0] ?? '') as { secret: string }).secret
    return running
  }
  const types = () => got.map(({ type }) => type)

  // What comes while it does not run is not missed, though nothing came while it did.
  await (await listen()).kill('SIGTERM')
  const first = await on(dev, 'trigger', 'payment.created').then(listen)
  await vi.waitFor(() => expect(types()).toEqual(['payment.created', 'payment.pending']), PATIENCE)
  await first.kill('SIGTERM')
  await on(dev, 'trigger', 'payment.created')
  await listen()
  await vi.waitFor(
    () =>
      expect(types()).toEqual([
        'payment.created',
        'payment.pending',
        'payment.created',
        'payment.pending',
      ]),
    PATIENCE,
  )
  expect(new Set(got.map(({ id }) => id)).size).toBe(4)
})

test('logs tail prints requests as they are answered, without what they say', async () => {
  const dev = await startDev()
  const tail = await startSaoma(['logs', 'tail', '--folder', dev.options.folder])
  await vi.waitFor(async () => {
    await dev.api('POST', '/payments', { amount: 1, subject: '机密' })
    expect(tail.stdout()).toMatch(/201 {2}POST +\/v1\/payments/)
  }, PATIENCE)
  expect(tail.stdout()).not.toContain('机密')
})

test('a table keeps its columns under Chinese text and shows control characters', () => {
  const text = table(
    ['名称', 'N'],
    [
      ['美式咖啡', 1],
      ['\u{1b}[31m', null],
    ],
  )
  expect(text).toBe('名称      N\n美式咖啡  1\n\\x1b[31m  –\n')
  expect(displayWidth('咖a，b')).toBe(6)
})
