/**
 * The program dies without warning while an order is open, and goes on where it stopped.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../src/cli/free-port.ts'
import { createEmulator, listenEmulator } from '../../src/testing.ts'
import {
  startDev,
  startSaoma,
  temporaryFolder,
  untilSaid,
  untilStatus,
  type Payment,
} from '../saoma-program.ts'

const ORDER = { amount: 1800, subject: '美式咖啡', expires_in: 60 }

test('killed while an order is scanned but not paid: the buyer can still pay it', async () => {
  const dev = await startDev()
  const payment = await dev.api('POST', '/payments', ORDER)
  const tradeNo = await dev.scan(payment)
  await dev.kill('SIGKILL')

  const again = await startDev(dev.options)
  expect(await again.api('GET', `/payments/${payment.id}`)).toMatchObject({
    next_action: payment.next_action,
    checkout_url: payment.checkout_url,
  })
  await again.pay(tradeNo)
  await again.until(payment, 'succeeded')
})

test('killed while an order is open, and nobody comes: it is queried, canceled and expired', async () => {
  const dev = await startDev()
  const payment = await dev.api('POST', '/payments', ORDER)
  const tradeNo = await dev.scan(payment)
  await dev.kill('SIGKILL')

  const again = await startDev(dev.options)
  await again.advance(61)
  await again.until(payment, 'expired')
  expect((await again.calls(payment)).slice(-2)).toEqual([
    'alipay.trade.query',
    'alipay.trade.cancel',
  ])
  await expect(again.pay(tradeNo)).rejects.toThrow('closed')
})

test('paid while no server runs, and the notification went nowhere: it is found by asking', async () => {
  const baseUrl = `http://127.0.0.1:${await freePort()}`
  const emulator = await createEmulator({ baseUrl })
  const gateway = await listenEmulator(emulator, { port: Number(new URL(baseUrl).port) })
  onTestFinished(async () => {
    await gateway.close()
    await emulator.stop()
  })
  const folder = temporaryFolder()
  const port = await freePort()
  const serve = async () => {
    const running = await startSaoma(['serve'], {
      SAOMA_GATEWAY: `${baseUrl}/gateway.do`,
      SAOMA_APP_ID: emulator.credentials.app_id,
      SAOMA_APP_PRIVATE_KEY: emulator.credentials.app_private_key,
      SAOMA_ALIPAY_PUBLIC_KEY: emulator.credentials.alipay_public_key,
      SAOMA_PUBLIC_URL: `http://127.0.0.1:${port}`,
      SAOMA_PORT: String(port),
      SAOMA_FOLDER: folder,
    })
    await untilSaid(running, 'Stop with Ctrl+C')
    return running
  }
  const api = async (path: string, body?: object) => {
    const key = readFileSync(join(folder, 'api-key-test'), 'utf8').trim()
    const response = await fetch(`http://127.0.0.1:${port}/v1${path}`, {
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body && { method: 'POST', body: JSON.stringify(body) }),
    })
    return (await response.json()) as Payment
  }

  const first = await serve()
  const payment = await api('/payments', ORDER)
  await first.kill('SIGKILL')
  const buyer = emulator.wallet.buyers()[0]?.id ?? ''
  const scanned = emulator.wallet.scan(payment.next_action?.qr_code ?? '', buyer)
  if (scanned.status !== 'ready') throw new Error(scanned.status)
  expect(emulator.wallet.pay(scanned.trade.trade_no, buyer).status).toBe('paid')
  await emulator.notifications.deliverDue()
  expect(emulator.notifications.list()).toMatchObject([{ status: 'pending' }])

  await serve()
  await untilStatus(() => api(`/payments/${payment.id}`), 'succeeded')
  expect(emulator.notifications.list()).toMatchObject([{ status: 'pending' }])
  expect(await api('/payments')).toMatchObject({ data: [{ id: payment.id, late: false }] })
})
