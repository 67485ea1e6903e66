import { expect, test, vi } from 'vitest'
import {
  PATIENCE,
  saoma,
  startDev,
  startSaoma,
  temporaryFolder,
  untilSaid,
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

async function newest(dev: Dev): Promise<Payment> {
  return vi.waitFor(async () => {
    const { data } = await dev.api<{ data: Payment[] }>('GET', '/payments')
    const [payment] = data
    if (!payment?.next_action) throw new Error('There is no payment with a code yet')
    return payment
  }, PATIENCE)
}
