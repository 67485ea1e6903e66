/**
 * Notifications that a test makes up: as a user's own notify address meets them, checked with the
 * client of `saoma/alipay`.
 *
 * @module
 */
import { expect, test } from 'vitest'
import { createClient, NotificationInvalid } from '../../src/alipay/index.ts'
import { createEmulator } from '../../src/testing.ts'

const emulator = await createEmulator({ baseUrl: 'http://127.0.0.1:6201' })
const { credentials } = emulator
const keys = {
  appId: credentials.app_id,
  privateKey: credentials.app_private_key,
  gateway: `${emulator.baseUrl}/gateway.do`,
}
const paid = {
  out_trade_no: 'ORDER-1',
  trade_no: '2026112622001400001000000001',
  trade_status: 'TRADE_SUCCESS',
  total_amount: '88.88',
}

test.each(['RSA2', 'RSA'] as const)('one signed with %s is taken by its key', async (sign_type) => {
  const client = createClient({
    ...keys,
    alipayPublicKey: credentials.alipay_public_key,
    signType: sign_type,
  })
  const body = await emulator.signNotification({ ...paid, subject: '美式 & 拿铁' }, { sign_type })
  expect(client.verifyNotification(body).params).toMatchObject({
    ...paid,
    subject: '美式 & 拿铁',
    app_id: credentials.app_id,
    seller_id: credentials.seller_id,
  })
  await client.close()
})

test('one signed by certificate is taken by the certificate, in GBK, too', async () => {
  const client = createClient({ ...keys, certificates: credentials.certificates })
  const how = { mode: 'certificate', charset: 'gbk' } as const
  const body = await emulator.signNotification({ ...paid, subject: '美式咖啡' }, how)
  expect(client.verifyNotification(body).params).toMatchObject({ subject: '美式咖啡' })
  await client.close()
})

test('one that was changed on its way is refused', async () => {
  const client = createClient({ ...keys, alipayPublicKey: credentials.alipay_public_key })
  const body = await emulator.signNotification(paid)
  const changed = body.replace('88.88', '0.01')
  expect(() => client.verifyNotification(changed)).toThrow(NotificationInvalid)
  await client.close()
})

test('what all of them say can be said otherwise', async () => {
  const app_id = '9021000999999999'
  const body = await emulator.signNotification({ ...paid, app_id })
  expect(new URLSearchParams(body).getAll('app_id')).toEqual([app_id])
})

test('each has a number of its own', async () => {
  const bodies = await Promise.all([1, 2].map(() => emulator.signNotification(paid)))
  const numbers = bodies.map((body) => new URLSearchParams(body).get('notify_id'))
  expect(new Set(numbers).size).toBe(2)
})
