/**
 * A change of the master key, on both stores: all that is sealed opens with the new key alone.
 *
 * @module
 */

import { describe, expect, onTestFinished, test } from 'vitest'
import { createAccess, MasterKey, type StoredCredential } from '../../src/access/index.ts'
import { createAlarms } from '../../src/alarms/index.ts'
import { createWebhooks, type SecretVault } from '../../src/webhooks/index.ts'
import { storeKinds, type OpenedStore } from './opened-stores.ts'
import { opening } from './payments-to-store.ts'

const former = MasterKey.create()
const next = MasterKey.create()
const both = MasterKey.parse(`${next.reveal()},${former.reveal()}`)

function webhooksOf({ store }: OpenedStore, vault: SecretVault) {
  const webhooks = createWebhooks({ store: store.webhooks, livemode: false, vault })
  onTestFinished(() => webhooks.stop())
  return webhooks
}

const credential = (vault: MasterKey): StoredCredential => ({
  id: 'cred_1',
  appId: 'app_1',
  status: 'staged',
  signType: 'RSA2',
  applicationPublicKey: '',
  alipay: null,
  isEncrypted: true,
  sealedPrivateKey: vault.seal('PRIVATE', 'cred_1'),
  sealedEncryptKey: vault.seal('CONTENT', 'cred_1'),
  createdAt: opening,
  verifiedAt: null,
  activatedAt: null,
  retiredAt: null,
})

describe.each(storeKinds)('on $kind', (kind) => {
  test('what the former key has sealed opens with the new one alone; a second run finds nothing', async () => {
    const opened = await kind.open()
    const { store } = opened
    const { endpoint, secret } = await webhooksOf(opened, former).endpoints.create({
      url: 'https://shop.example/hook',
    })
    await store.access.insertCredential(credential(former))
    const alarms = createAlarms({ store: store.alarms, livemode: false, vault: former })
    onTestFinished(() => alarms.stop())
    const url = 'https://robot.example/'
    await alarms.create({ name: 'a', settings: { type: 'wecom', url } })

    const request = { appId: 'app_1', route: 'POST /v1/api_keys', key: 'once', hash: 'h' }
    const beginWith = (vault: MasterKey) =>
      createAccess({ store: store.access, vault }).beginRequest(request)
    const begun = await beginWith(former)
    if (begun.status !== 'held') throw new Error(begun.status)
    const answer = { status: 201, body: '{"key":"sk_test_secret"}' }
    await begun.finish(answer, { isSecret: true })

    await expect(store.reseal((text, id) => next.reseal(text, id))).rejects.toThrow('another')
    const reseal = () => store.reseal((text, id) => both.reseal(text, id))
    expect(await reseal()).toEqual({ resealed: 5, current: 0 })
    expect(await reseal()).toEqual({ resealed: 0, current: 5 })

    const kept = await store.webhooks.findEndpoint(endpoint.id)
    const [inForce] = kept?.secrets.inForce(endpoint.id, next, endpoint.createdAt) ?? []
    expect(inForce?.reveal()).toBe(secret.reveal())
    const [private_] = await store.access.listCredentials('app_1')
    expect(next.open(private_?.sealedPrivateKey ?? '', 'cred_1')).toBe('PRIVATE')
    expect(next.open(private_?.sealedEncryptKey ?? '', 'cred_1')).toBe('CONTENT')
    const [channel] = await store.alarms.listChannels()
    expect(next.open(channel?.sealedSettings ?? '', channel?.id ?? '')).toContain(url)
    expect(await beginWith(next)).toEqual({ status: 'answered', answer })
  })
})
