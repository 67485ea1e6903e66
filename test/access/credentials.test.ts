/**
 * A change of keys on a running server, against an emulator that stands in for Alipay.
 *
 * @module
 */
import { describe, expect, onTestFinished, test } from 'vitest'
import {
  createCredentials,
  createCurrentClient,
  MasterKey,
  type CredentialResult,
} from '../../src/access/index.ts'
import { createClient, MovableClock, type AlipayClient } from '../../src/alipay/index.ts'
import { formatBareKey, generateKeyPair } from '../../src/alipay/keys.ts'
import { openSqliteStore } from '../../src/store/index.ts'
import { createEmulator, listenEmulator } from '../../src/testing.ts'

/** An application whose configured keys are old ones, and whose new keys Alipay knows already. */
async function opened() {
  const listening = await listenEmulator(
    { fetch: (request: Request) => emulator.fetch(request) },
    { port: 0 },
  )
  const baseUrl = `http://127.0.0.1:${listening.port}`
  const emulator = await createEmulator({ baseUrl })
  const store = await openSqliteStore(':memory:')
  const { app_id: appId, app_private_key, alipay_public_key } = emulator.credentials
  const connect = (keys: Parameters<Parameters<typeof createCredentials>[0]['connect']>[0]) =>
    createClient({ ...keys, appId, gateway: `${baseUrl}/gateway.do` })
  const old = generateKeyPair()
  const first = createClient({
    appId,
    gateway: `${baseUrl}/gateway.do`,
    privateKey: old.privateKey,
    alipayPublicKey: generateKeyPair().publicKey,
  })
  const client = createCurrentClient(first)
  const active: (readonly AlipayClient[])[] = []
  const vault = MasterKey.create()
  const clock = new MovableClock()
  const make = () =>
    createCredentials({
      appId: 'app_1',
      store: store.access,
      vault,
      clock,
      connect,
      onActive(clients) {
        active.push(clients)
        client.use(clients)
      },
      onError: (error) => {
        throw error
      },
    })
  const credentials = make()
  onTestFinished(async () => {
    await credentials.stop()
    await client.close()
    await listening.close()
    await emulator.stop()
    await store.close()
  })
  const keys = { privateKey: app_private_key, alipay: { alipayPublicKey: alipay_public_key } }
  const sign = () => client.trade.query({ out_trade_no: 'none' }).catch((error) => error.subCode)
  return { credentials, make, keys, client, sign, active, store, clock }
}

/** The id of what a step was done to. */
function idOf(result: CredentialResult): string {
  if (result.status !== 'done') throw new Error(JSON.stringify(result))
  return result.credential.id
}

describe('a change of keys', () => {
  test('signs with the new ones once they are proven and activated, and not before', async () => {
    const { credentials, keys, sign } = await opened()
    expect(await sign()).not.toBe('ACQ.TRADE_NOT_EXIST')
    const id = idOf(await credentials.stage(keys))
    expect(await credentials.activate(id)).toMatchObject({
      status: 'wrong_step',
      needs: 'verified',
    })
    expect(await credentials.verify(id)).toMatchObject({ credential: { status: 'verified' } })
    expect(await sign()).not.toBe('ACQ.TRADE_NOT_EXIST')
    expect(await credentials.activate(id)).toMatchObject({ credential: { status: 'active' } })
    expect(await sign()).toBe('ACQ.TRADE_NOT_EXIST')
  })

  test('is used by another node as soon as it looks, and goes back when it is retired', async () => {
    const { credentials, make, keys, active, sign } = await opened()
    const id = idOf(await credentials.stage(keys))
    await credentials.verify(id)
    await credentials.activate(id)
    const other = make()
    await other.start()
    expect(active.at(-1)).toHaveLength(1)
    await credentials.retire(id)
    await other.stop()
    expect(active.at(-1)).toEqual([])
    expect(await sign()).not.toBe('ACQ.TRADE_NOT_EXIST')
    expect(await credentials.activate(id)).toMatchObject({ status: 'wrong_step' })
  })

  test('that Alipay does not take changes nothing', async () => {
    const { credentials, keys } = await opened()
    const id = idOf(await credentials.stage({ alipay: keys.alipay }))
    expect(await credentials.verify(id)).toMatchObject({ status: 'refused' })
    expect(await credentials.list()).toMatchObject([{ id, status: 'staged', verifiedAt: null }])
  })

  test('may begin without Alipay’s side, which comes back for the uploaded key', async () => {
    const { credentials, keys } = await opened()
    const id = idOf(await credentials.stage({ privateKey: keys.privateKey }))
    expect(await credentials.verify(id)).toMatchObject({ status: 'wrong_step' })
    const applicationPublicKey = (await credentials.list())[0]?.applicationPublicKey ?? ''
    // The mistake that everybody makes once.
    expect(await credentials.complete(id, { alipayPublicKey: applicationPublicKey })).toMatchObject(
      {
        status: 'refused',
        message: expect.stringContaining('own application public key'),
      },
    )
    expect(await credentials.complete(id, keys.alipay)).toMatchObject({ status: 'done' })
    expect(await credentials.verify(id)).toMatchObject({ status: 'done' })
    const changed = await credentials.complete(id, keys.alipay)
    expect(changed).toMatchObject({ credential: { status: 'staged', verifiedAt: null } })
  })

  test('keeps the private key sealed, and shows the public one', async () => {
    const { credentials, store } = await opened()
    const pair = generateKeyPair()
    const privateKey = formatBareKey(pair.privateKey, 'pkcs8')
    const staged = await credentials.stage({ privateKey })
    expect(staged).toMatchObject({
      credential: { applicationPublicKey: formatBareKey(pair.publicKey, 'spki') },
    })
    const kept = JSON.stringify(await store.access.listCredentials('app_1'))
    expect(kept).not.toContain(privateKey.slice(0, 40))
    expect(await credentials.stage({ privateKey: 'nonsense' })).toMatchObject({ status: 'refused' })
  })
})
