/**
 * Alipay's own SDK for Node as a client of the emulator. It shares no code with saoma, so what both
 * sides of saoma could get wrong alike would show here.
 *
 * @module
 */

import { AlipaySdk, type AlipaySdkCommonResult, type AlipaySdkConfig } from 'alipay-sdk'
import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { formatBeijingDate, MovableClock, parseBeijingTime } from '../../src/alipay/time.ts'
import { createEmulator, type Emulator, listen } from '../../src/emulator/index.ts'

const buyer = '2088102100000016'
const order = { outTradeNo: 'ORDER-1', totalAmount: '88.88', subject: '美式咖啡 + 牛奶 50%' }

let emulator: Emulator
let close: () => Promise<void>
let gateway: string
/** The body of the last answer, as it was sent. */
let lastAnswer = ''

beforeAll(async () => {
  const answering = async (request: Request): Promise<Response> => {
    const response = await emulator.fetch(request)
    lastAnswer = await response.clone().text()
    return response
  }
  const listening = await listen({ fetch: answering }, { port: 0 })
  close = () => listening.close()
  const baseUrl = `http://127.0.0.1:${listening.port}`
  gateway = `${baseUrl}/gateway.do`
  const clock = new MovableClock(parseBeijingTime('2026-11-23 10:00:00'))
  emulator = await createEmulator({ baseUrl, clock, seed: 1 })
})

afterEach(() => emulator.reset())

afterAll(async () => {
  await emulator.stop()
  await close()
})

type Mode = [name: string, config: () => Partial<AlipaySdkConfig>]

const modes: Mode[] = [
  [
    'keys, PKCS#1',
    () => ({
      keyType: 'PKCS1',
      privateKey: emulator.credentials.app_private_key_pkcs1,
      alipayPublicKey: emulator.credentials.alipay_public_key,
    }),
  ],
  [
    'keys, PKCS#8',
    () => ({
      keyType: 'PKCS8',
      privateKey: emulator.credentials.app_private_key,
      alipayPublicKey: emulator.credentials.alipay_public_key,
    }),
  ],
  [
    'certificates',
    () => ({
      keyType: 'PKCS8',
      privateKey: emulator.credentials.app_private_key,
      appCertContent: emulator.credentials.certificates.app,
      alipayPublicCertContent: emulator.credentials.certificates.alipay,
      alipayRootCertContent: emulator.credentials.certificates.root,
    }),
  ],
  [
    'keys, the old algorithm RSA',
    () => ({
      signType: 'RSA',
      keyType: 'PKCS8',
      privateKey: emulator.credentials.app_private_key,
      alipayPublicKey: emulator.credentials.alipay_public_key,
    }),
  ],
]

describe.each(modes)('with %s, each answer verified,', (_, config) => {
  const exec = (method: string, bizContent: object, params: object = {}) =>
    sdkWith(config()).exec(method, { bizContent, ...params }, { validateSign: true })

  /** Has an order made, scanned and paid. */
  async function sell(params: object = {}): Promise<void> {
    const { qrCode } = await exec('alipay.trade.precreate', order, params)
    pay(qrCode as string)
  }

  test('an order is made, scanned, paid and found', async () => {
    const made = await exec('alipay.trade.precreate', order)
    expect(made).toMatchObject({ code: '10000', msg: 'Success', outTradeNo: 'ORDER-1' })
    expect(made['qrCode']).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/qr\/\w+$/)
    expect(made.traceId).toMatch(/^\w+$/)

    const query = () => exec('alipay.trade.query', { outTradeNo: 'ORDER-1' })
    expect(await query()).toMatchObject({ code: '40004', subCode: 'ACQ.TRADE_NOT_EXIST' })
    const scanned = emulator.wallet.scan(made['qrCode'] as string, buyer)
    expect(scanned.status).toBe('ready')
    expect(await query()).toMatchObject({ code: '10000', tradeStatus: 'WAIT_BUYER_PAY' })
    pay(made['qrCode'] as string)
    expect(await query()).toMatchObject({
      tradeStatus: 'TRADE_SUCCESS',
      totalAmount: '88.88',
      outTradeNo: 'ORDER-1',
    })
  })

  test('a paid order is refunded in parts, and the refund found', async () => {
    await sell()
    const part = { outTradeNo: 'ORDER-1', refundAmount: '8.88', outRequestNo: 'R-1' }
    const refund = () => exec('alipay.trade.refund', part)
    expect(await refund()).toMatchObject({ code: '10000', fundChange: 'Y', refundFee: '8.88' })
    expect(await refund()).toMatchObject({ code: '10000', fundChange: 'N', refundFee: '8.88' })
    const found = await exec('alipay.trade.fastpay.refund.query', {
      outTradeNo: 'ORDER-1',
      outRequestNo: 'R-1',
    })
    expect(found).toMatchObject({
      code: '10000',
      refundStatus: 'REFUND_SUCCESS',
      refundAmount: '8.88',
      totalAmount: '88.88',
    })
    expect(await exec('alipay.trade.refund', { ...part, refundAmount: '9.99' })).toMatchObject({
      code: '40004',
    })
  })

  test('an order is cancelled, and a scanned one closed', async () => {
    await exec('alipay.trade.precreate', order)
    const cancelled = await exec('alipay.trade.cancel', { outTradeNo: 'ORDER-1' })
    expect(cancelled).toMatchObject({ code: '10000', retryFlag: 'N' })

    const { qrCode } = await exec('alipay.trade.precreate', { ...order, outTradeNo: 'ORDER-2' })
    emulator.wallet.scan(qrCode as string, buyer)
    const closed = await exec('alipay.trade.close', { outTradeNo: 'ORDER-2' })
    expect(closed).toMatchObject({ code: '10000', outTradeNo: 'ORDER-2' })
    const found = await exec('alipay.trade.query', { outTradeNo: 'ORDER-2' })
    expect(found).toMatchObject({ tradeStatus: 'TRADE_CLOSED' })
  })

  test('a payment code is taken', async () => {
    const shown = emulator.wallet.paymentCode(buyer)
    const paid = await exec('alipay.trade.pay', {
      ...order,
      scene: 'bar_code',
      authCode: shown?.payment_code,
    })
    expect(paid).toMatchObject({ code: '10000', outTradeNo: 'ORDER-1', totalAmount: '88.88' })
  })

  test('a bill is fetched from the address that is answered', async () => {
    await sell()
    const billDate = formatBeijingDate(emulator.clock.now())
    emulator.advanceClock(24 * 3_600_000)
    const { billDownloadUrl } = await exec('alipay.data.dataservice.bill.downloadurl.query', {
      billType: 'trade',
      billDate,
    })
    const response = await fetch(billDownloadUrl as string)
    expect(response.status).toBe(200)
    const bytes = Buffer.from(await response.arrayBuffer())
    expect(bytes.subarray(0, 4).toString('latin1')).toBe('PK\x03\x04')
  })

  test('a notification that was really delivered is genuine, and an altered one is not', async () => {
    const merchant = await notifyAddress()
    try {
      await sell({ notifyUrl: merchant.url })
      expect(await emulator.notifications.deliverDue()).toBe(1)
      const [params] = merchant.received as [Record<string, string>]
      expect(params).toMatchObject({
        trade_status: 'TRADE_SUCCESS',
        total_amount: '88.88',
        subject: order.subject,
      })
      const sdk = sdkWith(config())
      expect(sdk.checkNotifySignV2(params)).toBe(true)
      expect(sdk.checkNotifySignV2({ ...params, total_amount: '88.89' })).toBe(false)
      const { seller_id: __, ...incomplete } = params
      expect(sdk.checkNotifySignV2(incomplete)).toBe(false)
      // The older function decodes once more: it can only do messages without `%`.
      const plain = { ...params, subject: encodeURIComponent(params['subject'] ?? '') }
      expect(sdk.checkNotifySign(plain)).toBe(true)
      const [record] = emulator.notifications.list()
      expect(record).toMatchObject({ status: 'delivered' })
    } finally {
      await merchant.close()
    }
  })

  test('contents are encrypted both ways', async () => {
    // The SDK cannot verify encrypted answers, so here it does not.
    const sdk = sdkWith({ ...config(), encryptKey: emulator.credentials.encrypt_key })
    const call = (method: string, bizContent: object): Promise<AlipaySdkCommonResult> =>
      sdk.exec(method, { bizContent, needEncrypt: true })
    const { qrCode, ...made } = await call('alipay.trade.precreate', order)
    expect(made).toMatchObject({ code: '10000', outTradeNo: 'ORDER-1' })
    pay(qrCode as string)
    expect(await call('alipay.trade.query', { outTradeNo: 'ORDER-1' })).toMatchObject({
      tradeStatus: 'TRADE_SUCCESS',
    })
    const sent = JSON.parse(lastAnswer) as { alipay_trade_query_response: string; sign: string }
    const { alipay_trade_query_response: ciphertext, sign } = sent
    expect(JSON.parse(sdk.aesDecrypt(ciphertext))).toMatchObject({ out_trade_no: 'ORDER-1' })
    expect(sdk.rsaCheck(`"${ciphertext}"`, sign, config().signType ?? 'RSA2')).toBe(true)
  })
})

test('a request with a wrong key is refused as Alipay does it', async () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const sdk = sdkWith({
    keyType: 'PKCS8',
    privateKey: privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64'),
    alipayPublicKey: emulator.credentials.alipay_public_key,
  })
  const answer = await sdk.exec(
    'alipay.trade.precreate',
    { bizContent: order },
    { validateSign: true },
  )
  expect(answer).toMatchObject({ code: '40002', subCode: 'isv.invalid-signature' })
})

function sdkWith(config: Partial<AlipaySdkConfig>): AlipaySdk {
  return new AlipaySdk({
    appId: emulator.credentials.app_id,
    gateway,
    ...config,
  } as AlipaySdkConfig)
}

function pay(qrCode: string): void {
  const scanned = emulator.wallet.scan(qrCode, buyer)
  if (scanned.status !== 'ready') throw new Error(scanned.status)
  expect(emulator.wallet.pay(scanned.trade.trade_no, buyer).status).toBe('paid')
}

/** A merchant's notify address, which reads forms with the platform's own parser. */
async function notifyAddress() {
  const received: Record<string, string>[] = []
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => {
      received.push(Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString())))
      outgoing.end('success')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/notify`,
    received,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
