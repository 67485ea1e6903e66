import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import {
  PATIENCE,
  program,
  root,
  saoma,
  startDev,
  startSaoma,
  temporaryFolder,
  untilSaid,
  withoutSettings,
  type Dev,
  type Payment,
} from '../saoma-program.ts'

test('pay prints a QR code and ends with 0 as soon as the wallet has paid', async () => {
  const dev = await startDev()
  const pay = await startSaoma(['pay', '18.00', '美式咖啡', `--folder=${dev.options.folder}`])
  const payment = await newest(dev)
  await untilSaid(pay, payment.next_action?.qr_code ?? '')
  expect(pay.stdout()).toMatch(/[█▀▄]{20}/)
  expect(pay.stdout()).toContain(payment.checkout_url)
  await dev.pay(await dev.scan(payment))
  expect(await pay.ended()).toBe(0)
  expect(pay.stdout()).toContain('¥18.00')
  expect(pay.stdout()).toContain('succeeded: paid')
})

const BUYER = '2088102100000016'

test('pay takes the code that the buyer shows, and asks for another where it is used up', async () => {
  const dev = await startDev()
  const { payment_code: code } = await dev.control<{ payment_code: string }>(
    'POST',
    '/wallet/payment-code',
    { buyer: BUYER },
  )
  const args = ['pay', '18.00', '美式咖啡', `--auth-code=${code}`, `--folder=${dev.options.folder}`]
  const paid = await saoma(args)
  expect([paid.code, paid.stdout]).toEqual([0, expect.stringContaining('succeeded: paid')])
  expect(paid.stdout).not.toMatch(/[█▀▄]{20}/)
  const again = await saoma(args)
  expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('payment code')])
  expect(again.stdout + again.stderr).not.toContain(code)
})

const python = spawnSync('python3', ['-c', 'import pty']).status === 0

test.skipIf(!python)('at a terminal pay shows what it waits for, and for how long', async () => {
  const dev = await startDev()
  const file = join(root, 'test', 'cli', 'terminal.py')
  const run = [...(await program()), 'pay', '18.00', '茶', `--folder=${dev.options.folder}`]
  const child = spawn('python3', [file, '[]', process.execPath, ...run], {
    env: { ...withoutSettings(process.env), NO_COLOR: '1' },
  })
  let shown = ''
  child.stdout.setEncoding('utf8').on('data', (part: string) => (shown += part))
  const ended = once(child, 'close')
  const payment = await newest(dev)
  await dev.pay(await dev.scan(payment))
  expect(await ended).toEqual([0, null])
  expect(shown).toMatch(/waiting for a scan, [45]:\d\d left/)
  expect(shown).toContain('succeeded: paid')
})

test('pay ends with 1 when the time is over', async () => {
  const dev = await startDev()
  const pay = await startSaoma([
    'pay',
    '18.00',
    '美式咖啡',
    '--expires-in=60',
    '--json',
    `--folder=${dev.options.folder}`,
  ])
  const payment = await newest(dev)
  await dev.scan(payment)
  await dev.advance(61)
  expect(await pay.ended()).toBe(1)
  expect(JSON.parse(pay.stdout())).toMatchObject({ id: payment.id, status: 'expired' })
})

test('query, refund and cancel find a payment by its reference, and say the same in JSON', async () => {
  const dev = await startDev()
  const run = (...args: string[]) => saoma([...args, `--folder=${dev.options.folder}`])
  const json = async (...args: string[]) => {
    const { code, stdout, stderr } = await run(...args, '--json')
    expect([code, stderr]).toEqual([0, ''])
    return JSON.parse(stdout) as Payment
  }

  const open = await json('pay', '88.88', '拿铁', '--reference=ORDER-1', '--no-wait')
  expect(open).toMatchObject({ status: 'pending', amount: 8888 })
  await dev.pay(await dev.scan(open))
  const queried = await run('query', 'ORDER-1')
  expect([queried.code, queried.stdout]).toEqual([0, expect.stringContaining('succeeded: paid')])

  const first = await run('refund', 'ORDER-1', '30.00', '--reference=ORDER-1-R1')
  expect([first.code, first.stdout]).toEqual([0, expect.stringContaining('¥30.00')])
  await dev.advance(3)
  expect(await json('refund', open.id, '20.00')).toMatchObject({ amount: 2000 })
  const tooMuch = await run('refund', 'ORDER-1', '38.89')
  expect(tooMuch.code).toBe(1)
  expect(tooMuch.stderr).toContain('38.88')
  await vi.waitFor(async () => {
    expect(await json('query', 'ORDER-1')).toMatchObject({ amount_refunded: 5000 })
  }, PATIENCE)

  const paid = await run('cancel', 'ORDER-1')
  expect(paid.stderr).toContain('saoma refund ORDER-1')
  expect(paid.code).toBe(1)
  expect(paid.stderr).toContain('refund')
  await json('pay', '5.00', '红茶', '--reference=ORDER-2', '--no-wait')
  expect((await json('cancel', 'ORDER-2')).status).toMatch(/^(?:closing|canceled)$/)
  const nobody = await run('query', 'ORDER-3')
  expect([nobody.code, nobody.stderr]).toEqual([1, expect.stringContaining('ORDER-3')])
})

test.each([
  [['pay', '18.00', '美式咖啡']],
  [['query', 'ORDER-1']],
  [['cancel', 'ORDER-1']],
  [['refund', 'ORDER-1']],
])('without a server, %j says how to start one', async (args) => {
  const { code, stdout, stderr } = await saoma([...args, `--folder=${temporaryFolder()}`])
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toContain('`saoma dev`')
})

test('an amount that is none is told before anything is asked for', async () => {
  const dev = await startDev()
  const { code, stderr } = await saoma(['pay', '1.234', 'x', `--folder=${dev.options.folder}`])
  expect([code, stderr]).toEqual([2, expect.stringContaining('88.88')])
  expect(await dev.api('GET', '/payments')).toMatchObject({ data: [] })
})

test('a time for the buyer does not go with the code that he shows, with or without a server', async () => {
  const code = '286512345678901234'
  const args = ['pay', '18.00', 'x', `--auth-code=${code}`, '--expires-in=60']
  const pay = await saoma([...args, `--folder=${temporaryFolder()}`])
  expect([pay.code, pay.stdout]).toEqual([2, ''])
  expect(pay.stderr).toContain('--expires-in does not go with --auth-code')
  expect(pay.stderr).not.toContain(code)
})

async function newest(dev: Dev): Promise<Payment> {
  return vi.waitFor(async () => {
    const { data } = await dev.api<{ data: Payment[] }>('GET', '/payments')
    const [payment] = data
    if (!payment?.next_action) throw new Error('There is no payment with a code yet')
    return payment
  }, PATIENCE)
}
