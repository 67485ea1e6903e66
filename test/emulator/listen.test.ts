import { AlipaySdk } from 'alipay-sdk'
import { request } from 'undici'
import { afterEach, expect, test } from 'vitest'
import { type Emulator, createEmulator, listen } from '../../src/emulator/index.ts'
import { notifyAddress, scan, signedParams, zhang } from './merchant.ts'
import { encodeForm } from '../../src/alipay/form.ts'

const open: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close()
})

async function listening(): Promise<{ emulator: Emulator; origin: string }> {
  const emulator = await createEmulator({ baseUrl: 'http://127.0.0.1:6201' })
  const server = await listen(emulator, { port: 0 })
  open.push(
    () => emulator.stop(),
    () => server.close(),
  )
  return { emulator, origin: `http://127.0.0.1:${server.port}` }
}

test.each(['request-lost', 'answer-lost'])('%s cuts the connection of a client', async (name) => {
  const { emulator, origin } = await listening()
  emulator.faults.add({ name })
  const params = await signedParams(emulator, 'alipay.trade.query', { out_trade_no: 'ORDER-1' })
  const send = () =>
    request(`${origin}/gateway.do`, {
      method: 'POST',
      body: encodeForm(Object.entries(params)),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
  await expect(send()).rejects.toThrow(/other side closed|ECONNRESET/)
  const { statusCode, headers, body } = await send()
  expect(statusCode).toBe(200)
  expect(headers['content-type']).toBe('text/html;charset=utf-8')
  expect(headers['trace_id']).toMatch(/^[0-9a-f]{32}$/)
  expect(await body.text()).toContain('"sub_code":"ACQ.TRADE_NOT_EXIST"')
})

test.each(['PKCS1', 'PKCS8'] as const)(
  "Alipay's own SDK for Node sells, is notified and refunds with a %s key",
  async (keyType) => {
    const { emulator, origin } = await listening()
    const merchant = await notifyAddress(() => ({ text: 'success' }))
    open.push(merchant.close)
    const { credentials } = emulator
    const sdk = new AlipaySdk({
      appId: credentials.app_id,
      privateKey:
        keyType === 'PKCS1' ? credentials.app_private_key_pkcs1 : credentials.app_private_key,
      keyType,
      alipayPublicKey: credentials.alipay_public_key,
      gateway: `${origin}/gateway.do`,
    })
    const exec = (name: string, bizContent: Record<string, string>) =>
      sdk.exec(
        `alipay.trade.${name}`,
        { notifyUrl: merchant.url, bizContent },
        { validateSign: true },
      )
    const order = { out_trade_no: 'SDK-1', total_amount: '0.10', subject: '咖啡' }
    const { qrCode } = (await exec('precreate', order)) as unknown as { qrCode: string }
    emulator.start()
    emulator.wallet.pay(scan(emulator, qrCode), zhang)
    expect(await exec('query', { out_trade_no: 'SDK-1' })).toMatchObject({
      tradeStatus: 'TRADE_SUCCESS',
    })
    await expect.poll(() => merchant.received.length).toBe(1)
    const notification = Object.fromEntries(merchant.received[0]?.params ?? [])
    expect(sdk.checkNotifySignV2(notification)).toBe(true)
    const refund = { out_trade_no: 'SDK-1', refund_amount: '0.10', out_request_no: 'R-1' }
    expect(await exec('refund', refund)).toMatchObject({ fundChange: 'Y' })
  },
)
