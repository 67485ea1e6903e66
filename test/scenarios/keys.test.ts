/**
 * Scenarios of keys and certificates that change, are wrong, or end.
 *
 * @module
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import {
  createClient,
  generateKeyPair,
  MovableClock,
  NotificationInvalid,
  parseForm,
  toInstant,
} from '../../src/alipay/index.ts'
import { parseCertificate } from '../../src/alipay/certificate.ts'
import { checkKeys } from '../../src/cli/keys-check.ts'
import type { Shop } from '../payments/shop.ts'
import { signedBy } from './forged-notification.ts'
import { openScene } from './scene.ts'

/** The body of the notification that arrived last. */
function lastBody(shop: Shop): Buffer {
  return shop.notified.at(-1) ?? Buffer.alloc(0)
}

/** Has the next notification arrive at a server that cannot keep it, and gives its body. */
async function catchNotification(shop: Shop): Promise<Buffer> {
  const save = () => Promise.reject(new Error('The disk is gone'))
  shop.run(shop.engine({ store: { ...shop.books, save } }))
  await shop.emulator.notifications.deliverDue()
  shop.run(shop.engine())
  return lastBody(shop)
}

describe('scenario 46, in part: Alipay’s key changes', () => {
  test('in certificate mode: a notification that the old one signed and one of the new one are taken', async () => {
    const shop = await openScene({ notify: true, certificates: true })
    shop.emulator.settings.update({ notification_cert_sn: true })
    const old = await shop.sell()
    shop.pay(old)
    const inFlight = await catchNotification(shop)
    expect(await shop.status(old)).toBe('pending')

    // The next answer is signed with a new certificate, which the client fetches and proves.
    shop.emulator.faults.add({ name: 'certificate-rollover' })
    const sold = await shop.sell()
    expect(await shop.replay(inFlight)).toBe('success')
    expect(await shop.status(old)).toBe('succeeded')

    shop.pay(sold)
    await shop.emulator.notifications.deliverDue()
    const serial = (body: Buffer) => new Map(parseForm(body)).get('alipay_cert_sn')
    expect(serial(lastBody(shop))).not.toBe(serial(inFlight))
    expect(await shop.status(sold)).toBe('succeeded')
  })

  test('in certificate mode, before any answer has named it: the notification is refused, kept, and booked with the next one', async () => {
    const shop = await openScene({ notify: true, certificates: true })
    const sold = await shop.sell()
    shop.pay(sold)
    // Somebody else’s call has made Alipay change its certificate; ours has not heard of it.
    shop.emulator.faults.add({ name: 'certificate-rollover' })
    const { credentials } = shop.emulator
    const other = createClient({
      appId: credentials.app_id,
      privateKey: credentials.app_private_key,
      certificates: credentials.certificates,
      gateway: `${shop.emulator.baseUrl}/gateway.do`,
      clock: shop.clock,
    })
    onTestFinished(() => other.close())
    await other.trade.query({ out_trade_no: sold.payment.outTradeNo })
    await shop.emulator.notifications.deliverDue()
    expect(shop.emulator.notifications.list()).toMatchObject([
      { status: 'pending', attempts: [{ reply: 'fail' }] },
    ])
    expect(await shop.books.quarantined()).toHaveLength(1)
    // Its own next query brings the certificate; and Alipay sends again.
    await shop.elapse(5_000)
    expect(await shop.status(sold)).toBe('succeeded')
    await shop.elapse(240_000, { stepMs: 240_000 })
    expect(shop.emulator.notifications.list()).toMatchObject([{ status: 'delivered' }])
  })

  test('in key mode: what the new key has signed is refused and kept, and applied when the new key is configured', async () => {
    const shop = await openScene({ notify: true })
    const next = generateKeyPair()
    const sold = await shop.sell()
    shop.pay(sold)
    const body = signedBy(next.privateKey, await catchNotification(shop))
    expect(await shop.replay(body)).toBe('fail')
    expect(shop.logged.at(-1)).toMatchObject({
      event: 'notification.refused',
      problem: 'wrong_key',
    })
    expect(await shop.status(sold)).toBe('pending')

    const { credentials } = shop.emulator
    const renewed = createClient({
      appId: credentials.app_id,
      privateKey: credentials.app_private_key,
      alipayPublicKey: next.publicKey,
      gateway: shop.client.gateway,
    })
    onTestFinished(() => renewed.close())
    const verify = (kept: string) => {
      try {
        return renewed.verifyNotification(Buffer.from(kept, 'latin1'))
      } catch (error) {
        if (error instanceof NotificationInvalid) return undefined
        throw error
      }
    }
    expect(await shop.payments.reviewQuarantine(verify)).toBe(1)
    expect(await shop.status(sold)).toBe('succeeded')
    expect(await shop.books.quarantined()).toEqual([])
    // After the change the old key proves nothing any more.
    expect(() => renewed.verifyNotification(lastBody(shop).subarray(0))).not.toThrow()
    expect(verify(shop.notified[0]?.toString('latin1') ?? '')).toBeUndefined()
  })
})

describe('scenario 47, in part: a wrong key is installed', () => {
  test('the application’s own public key as Alipay’s is refused before anything begins', async () => {
    const shop = await openScene()
    const { app_id: appId, app_private_key: privateKey } = shop.emulator.credentials
    const own = generateKeyPair()
    const make = (alipayPublicKey: typeof own.publicKey, key: typeof own.privateKey | string) =>
      createClient({ appId, privateKey: key, alipayPublicKey, gateway: shop.client.gateway })
    expect(() => make(own.publicKey, own.privateKey)).toThrow(
      expect.objectContaining({ problem: 'own_application_key_given_as_alipay' }),
    )
    expect(() => make(own.publicKey, privateKey)).not.toThrow()
  })

  test('a stranger’s key as Alipay’s: nothing is believed, nothing is booked, and the right key goes on', async () => {
    const shop = await openScene({ notify: true })
    const { app_id: appId, app_private_key: privateKey } = shop.emulator.credentials
    const client = createClient({
      appId,
      privateKey,
      alipayPublicKey: generateKeyPair().publicKey,
      gateway: shop.client.gateway,
      clock: shop.clock,
    })
    onTestFinished(() => client.close())
    const told: string[] = []
    const wrong = shop.engine({
      gateway: { appId, trade: client.trade },
      onUnknown: ({ reason }) => told.push(reason),
    })
    const { status, record } = await wrong.create({
      amount: (await shop.sell()).payment.amount,
      subject: '拿铁',
    })
    expect([status, record.payment.outcome]).toEqual(['pending', 'unknown'])
    expect(told).toEqual([expect.stringMatching(/^ERR_ALIPAY_SIGNATURE_INVALID: /)])
    await shop.elapse(30_000, { engine: wrong })
    for (const { payment } of await shop.records()) {
      expect(['created', 'pending']).toContain(payment.status)
    }
    expect(told).toHaveLength(2)
    await shop.startNext()
    await shop.elapse(60_000, { stepMs: 5_000 })
    expect(await shop.status(record)).toBe('pending')
  })
})

describe('scenario 48, in part: a certificate ends at midnight', () => {
  test('until then `saoma keys check` calls it right and tells its end; from then on it says what to do', async () => {
    const shop = await openScene({ certificates: true })
    const { app_private_key, certificates } = shop.emulator.credentials
    const folder = mkdtempSync(join(tmpdir(), 'saoma-keys-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const file = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text, { mode: 0o600 })
      return join(folder, name)
    }
    const options = {
      appPrivateKey: app_private_key,
      appCert: file('app.crt', certificates.app),
      alipayCert: file('alipay.crt', certificates.alipay),
      alipayRootCert: file('root.crt', certificates.root),
    }
    const end = toInstant(Date.parse(parseCertificate(certificates.app, 'app').validTo))
    const at = (ms: number) => {
      const report = checkKeys(options, {}, new MovableClock(toInstant(end + ms)))
      return report.items.find(({ name }) => name === 'app_cert')
    }
    expect(at(0)).toMatchObject({ problems: [], valid_until: new Date(end).toISOString() })
    expect(at(1_000)?.problems).toMatchObject([
      { code: 'expired', message: expect.stringContaining('Renew it in the console') },
    ])
  })
})
