/**
 * The product that an order is sold as: what the merchant's contract says, in each order as it
 * leaves for Alipay.
 *
 * @module
 */

import { expect, onTestFinished, test } from 'vitest'
import { createClient, toFen } from '../../src/alipay/index.ts'
import { readGatewayConfiguration } from '../../src/cli/configuration.ts'
import { createPayments, type PaymentsOptions } from '../../src/payments/index.ts'
import { openSqliteStore } from '../../src/store/index.ts'
import { alipayPublicKey, applicationPrivateKey } from '../alipay/alipay-side.ts'
import { gatewayServer } from '../alipay/gateway-server.ts'

/** A counter whose gateway is heard, and never answers in a way that proves anything. */
async function openCounter(productCode: PaymentsOptions['productCode']) {
  const alipay = await gatewayServer()
  const store = await openSqliteStore(':memory:')
  const client = createClient({
    appId: '9021000000000000',
    privateKey: applicationPrivateKey,
    alipayPublicKey,
    gateway: alipay.address,
  })
  const payments = createPayments({ store: store.payments, gateway: client, productCode })
  onTestFinished(async () => {
    await payments.stop()
    await client.close()
    await store.close()
    await alipay.close()
  })
  const sell = async (authCode?: string) => {
    await payments.create({ amount: toFen(1), subject: 'x', ...(authCode && { authCode }) })
    const sent = alipay.received.findLast(({ biz }) => biz?.['subject'] === 'x')
    return [sent?.params.get('method'), sent?.biz?.['product_code']]
  }
  return { code: () => sell(), barcode: () => sell('280000000000000000') }
}

test.each([
  [undefined, 'FACE_TO_FACE_PAYMENT', 'FACE_TO_FACE_PAYMENT'],
  ['FACE_TO_FACE_PAYMENT', 'FACE_TO_FACE_PAYMENT', 'FACE_TO_FACE_PAYMENT'],
  ['QR_CODE_OFFLINE', 'QR_CODE_OFFLINE', 'FACE_TO_FACE_PAYMENT'],
  ['OFFLINE_PAYMENT', 'OFFLINE_PAYMENT', 'OFFLINE_PAYMENT'],
])('of %s is %s under a code, and %s by the buyer’s', async (configured, shown, scanned) => {
  const counter = await openCounter(configured)
  expect(await counter.code()).toEqual(['alipay.trade.precreate', shown])
  expect(await counter.barcode()).toEqual(['alipay.trade.pay', scanned])
})

test('is asked for anew with each order', async () => {
  let product = 'FACE_TO_FACE_PAYMENT'
  const counter = await openCounter(() => product)
  await counter.code()
  product = 'QR_CODE_OFFLINE'
  expect(await counter.code()).toEqual(['alipay.trade.precreate', 'QR_CODE_OFFLINE'])
})

test('is refused where it cannot be one, by the name of its setting', () => {
  const env = {
    SAOMA_APP_ID: '9021000000000000',
    SAOMA_APP_PRIVATE_KEY: 'x',
    SAOMA_ALIPAY_PUBLIC_KEY: 'x',
  }
  const read = (product: string) =>
    readGatewayConfiguration({ ...env, SAOMA_PRODUCT_CODE: product }).productCode
  expect(read('')).toBe('FACE_TO_FACE_PAYMENT')
  expect(read('QR_CODE_OFFLINE')).toBe('QR_CODE_OFFLINE')
  expect(() => read('face to face')).toThrow(/^SAOMA_PRODUCT_CODE is FACE_TO_FACE_PAYMENT/)
})
