import { createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../src/cli/free-port.ts'
import { devArgs, devOptions, saoma, startDev, type Payment } from '../saoma-program.ts'

test('only the emulator’s port has shop, wallet, panel and control API, and both are of this machine alone', async () => {
  const dev = await startDev()
  for (const path of ['/shop', '/wallet', '/panel', '/_emulator/clock', '/gateway.do']) {
    expect((await fetch(dev.server + path)).status, path).toBe(404)
    expect((await fetch(dev.emulator + path)).status, path).toBe(200)
  }
  const foreign = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)
  // 127.0.0.2 is this machine too, and not what was asked for.
  const others = [foreign?.address, process.platform === 'linux' ? '127.0.0.2' : undefined]
  for (const host of others.filter((other) => other !== undefined)) {
    await expect(fetch(`http://${host}:${dev.options.port}/healthz`)).rejects.toThrow()
    await expect(fetch(`http://${host}:${dev.options.emulatorPort}/shop`)).rejects.toThrow()
  }
})

test('SIGTERM ends it cleanly, with an open cashier page, and what was stored is there again', async () => {
  const dev = await startDev()
  const payment = await dev.api('POST', '/payments', { amount: 1800, subject: '美式咖啡' })
  const events = await fetch(`${payment.checkout_url}/events`)
  expect(events.status).toBe(200)
  expect(await dev.kill('SIGTERM')).toBe(0)
  await events.text()
  expect(dev.stderr()).toBe('')

  const again = await startDev(dev.options)
  const { data } = await again.api<{ data: Payment[] }>('GET', '/payments')
  expect(data.map(({ id, next_action }) => [id, next_action])).toEqual([
    [payment.id, payment.next_action],
  ])
})

test('a second one on the same folder is refused with the pid of the first, which loses nothing', async () => {
  const dev = await startDev()
  const second = await saoma(devArgs({ ...(await devOptions()), folder: dev.options.folder }))
  expect(second.code).not.toBe(0)
  expect(second.stderr).toContain(`pid ${dev.pid}`)
  expect(second.stderr).not.toContain('    at ')

  const payment = await dev.api('POST', '/payments', { amount: 1800, subject: '美式咖啡' })
  const tradeNo = await dev.scan(payment)
  await dev.kill('SIGKILL')
  const again = await startDev(dev.options)
  await again.pay(tradeNo)
  await again.until(payment, 'succeeded')
})

test('a port that is taken is named, with the option that chooses another', async () => {
  const port = await freePort()
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(port, '127.0.0.1', resolve))
  onTestFinished(() => void taken.close())
  const options = await devOptions()
  for (const [name, given] of [
    ['--port', { ...options, port }],
    ['--emulator-port', { ...options, emulatorPort: port }],
  ] as const) {
    const { code, stderr } = await saoma(devArgs(given))
    expect(code).toBe(2)
    expect(stderr).toContain(`Port ${port} is taken`)
    expect(stderr).toContain(` ${name}.`)
  }
})
