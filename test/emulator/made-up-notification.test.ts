/**
 * Notifications that a user's test makes up are as good as Alipay's, until somebody touches them.
 *
 * @module
 */
import { expect, test } from 'vitest'
import { createClient, NotificationInvalid, type SignType } from '../../src/alipay/index.ts'
import { startEmulator } from '../../src/testing.ts'
import { emulatorAt } from './merchant.ts'

const order = { out_trade_no: 'A_1', total_amount: '88.88', subject: '美式咖啡' }

async function believing(certificates = false, signType: SignType = 'RSA2') {
  const emulator = await emulatorAt()
  const { app_id: appId, app_private_key: privateKey } = emulator.credentials
  const trust = certificates
    ? { certificates: emulator.credentials.certificates }
    : { alipayPublicKey: emulator.credentials.alipay_public_key }
  return { emulator, client: createClient({ appId, privateKey, signType, ...trust }) }
}

test.each([
  [{}, false],
  [{ sign_type: 'RSA' }, false],
  [{ charset: 'gbk' }, false],
  [{ mode: 'certificate' }, true],
] as const)('signed with %j, it is Alipay’s', async (signing, certificates) => {
  const { emulator, client } = await believing(
    certificates,
    'sign_type' in signing ? signing.sign_type : 'RSA2',
  )
  const body = await emulator.signNotification(order, signing)
  const { params } = client.verifyNotification(Buffer.from(body, 'latin1'))
  expect(params).toMatchObject({
    ...order,
    app_id: emulator.credentials.app_id,
    seller_id: emulator.credentials.seller_id,
    trade_status: 'TRADE_SUCCESS',
    notify_time: '2026-11-23 10:00:00',
    gmt_payment: '2026-11-23 10:00:00',
    receipt_amount: '88.88',
  })
  expect(params.trade_no).toMatch(/^\d{28}$/)
  expect(() => client.verifyNotification(body.replace('88.88', '0.01'))).toThrow(
    NotificationInvalid,
  )
})

test('each has a number of its own; any parameter can be said otherwise, or not at all', async () => {
  const { emulator, client } = await believing()
  const one = client.verifyNotification(await emulator.signNotification(order))
  const other = client.verifyNotification(
    await emulator.signNotification({
      ...order,
      trade_no: '1',
      trade_status: 'TRADE_CLOSED',
      buyer_id: undefined,
    }),
  )
  expect(other.params.notify_id).not.toBe(one.params.notify_id)
  expect(other.params).toMatchObject({ trade_no: '1', trade_status: 'TRADE_CLOSED' })
  expect(other.params).not.toHaveProperty('buyer_id')
  expect(other.params).not.toHaveProperty('gmt_payment')
})

test('an amount that is none is refused', async () => {
  const { emulator } = await believing()
  const wrong = { out_trade_no: 'A_1', total_amount: '88.888' }
  await expect(emulator.signNotification(wrong)).rejects.toThrow(RangeError)
})

test('an emulator that is started answers at the address that it names, until it is closed', async () => {
  const alipay = await startEmulator()
  const { emulator, clientOptions } = alipay
  const client = createClient(clientOptions)
  const { qr_code } = await client.trade.precreate(order)
  expect(qr_code.startsWith(emulator.baseUrl)).toBe(true)
  await client.close()
  await alipay.close()
  await expect(fetch(clientOptions.gateway)).rejects.toThrow()
})
