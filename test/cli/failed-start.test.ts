/**
 * A server whose start fails in its last step is not half a server: nothing of it goes on.
 *
 * @module
 */
import { expect, test } from 'vitest'
import { createClient, systemClock as clock } from '../../src/alipay/index.ts'
import { freePort } from '../../src/cli/free-port.ts'
import { openStore, startMerchantServer } from '../../src/cli/merchant-server.ts'
import { createEmulator } from '../../src/testing.ts'
import { temporaryFolder } from '../saoma-program.ts'

test('a database that goes away in the last step of a start: nobody listens, and no lease is taken', async () => {
  const port = await freePort()
  const emulator = await createEmulator({ baseUrl: 'http://127.0.0.1:9' })
  const { app_id: appId, app_private_key, alipay_public_key } = emulator.credentials
  const options = { appId, privateKey: app_private_key, alipayPublicKey: alipay_public_key }
  const identity = `test ${appId}`
  const folder = temporaryFolder()
  const store = await openStore({ folder, identity, clock, log: () => {} })
  const users = {
    ...store.users,
    listUsers: async () => Promise.reject(new Error('The connection broke')),
  }
  let claims = 0
  const payments = {
    ...store.payments,
    claimDue: async () => {
      claims += 1
      return []
    },
  }
  const start = startMerchantServer({
    gateway: {
      client: options,
      mode: 'test',
      productCode: 'FACE_TO_FACE_PAYMENT',
      sellerId: undefined,
    },
    client: createClient({ ...options, gateway: 'http://127.0.0.1:9/gateway.do' }),
    publicUrl: 'https://pay.example.com',
    host: '127.0.0.1',
    port,
    folder,
    identity,
    store: { ...store, users, payments },
    merchantName: undefined,
    clock,
    log: () => {},
  })
  await expect(start).rejects.toThrow('The connection broke')
  await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow('fetch failed')
  expect(claims).toBe(0)
  // It has let go of the file.
  await (await openStore({ folder, identity, clock, log: () => {} })).close()
  await emulator.stop()
})
