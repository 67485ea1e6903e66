/**
 * What is secret of a run is found nowhere that gets copied or read: not in the database, its log
 * or a backup, and not in what the server says.
 *
 * @module
 */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { postgresPrograms, sharedPostgres } from '../machines/postgres.ts'
import { saoma } from '../saoma-program.ts'
import { openInstallation, type PaymentAnswer } from './installation.ts'

const stores = ['sqlite', ...(postgresPrograms === '' ? [] : ['postgresql'])] as const

describe.each(stores)('on %s', (store) => {
  test('keys and webhook secrets are in no database, log or backup, and in no output', async () => {
    const url = store === 'sqlite' ? undefined : await (await sharedPostgres()).createDatabase()
    const installation = await openInstallation({
      ...(url !== undefined && { database: { url, direct: () => url } }),
    })
    const { call, emulator, folder } = installation
    const node = await installation.start()
    const made = await call<{ id: string; secret: string }>('POST', '/webhook_endpoints', {
      url: `${installation.sink.url}/more`,
    })
    const path = `/webhook_endpoints/${made.body.id}/rotate_secret`
    const rotated = await call<{ secret: string }>('POST', path, {})
    const key = await call<{ key: string }>('POST', '/api_keys', {
      name: 'till',
      scopes: ['payments:write'],
    })
    const sold = await call<PaymentAnswer>('POST', '/payments', { amount: 100, subject: '水' })
    const buyer = emulator.wallet.buyers()[0]
    const scanned = emulator.wallet.scan(sold.body.next_action?.qr_code ?? '', buyer?.id ?? '')
    if (scanned.status === 'ready') emulator.wallet.pay(scanned.trade.trade_no, buyer?.id ?? '')
    await call('POST', `/payments/${sold.body.id}/sync`)
    await call('POST', '/refunds', { payment: sold.body.id })
    // The code that a buyer has shown is as good as money for a minute.
    const authCode = emulator.wallet.paymentCode(buyer?.id ?? '')?.payment_code ?? ''
    const charge = { amount: 100, subject: '水', auth_code: authCode }
    const charged = await call<PaymentAnswer>('POST', '/payments', charge, {
      'idempotency-key': 'charge-1',
    })
    expect(charged.body.status).toBe('succeeded')
    // Wrong ones are told nothing either.
    await call('GET', '/payments', undefined, { authorization: 'Bearer sk_test_guessed' })

    const secrets = [
      made.body.secret,
      rotated.body.secret,
      installation.webhookSecret,
      key.body.key,
      authCode,
      'sk_test_0123456789abcdef0123456789abcdef01234567',
      'sk_test_guessed',
      installation.masterKey,
      emulator.credentials.app_private_key,
    ]
    expect(secrets.filter((secret) => secret.length < 15)).toEqual([])
    const kept: Record<string, Buffer> = {}
    if (url === undefined) {
      const file = join(folder, 'backup.db')
      expect((await saoma(['backup', file, '--folder', folder])).code).toBe(0)
      // While it runs: what is still in the log counts, too.
      for (const name of readdirSync(folder).filter((one) => /\.db/.test(one))) {
        if (statSync(join(folder, name)).isFile()) kept[name] = readFileSync(join(folder, name))
      }
      expect(Object.keys(kept)).toEqual(
        expect.arrayContaining(['saoma.db', 'saoma.db-wal', 'backup.db']),
      )
    } else {
      kept['dump'] = execFileSync(join(postgresPrograms, 'pg_dump'), [url], {
        maxBuffer: 2 ** 30,
      })
    }
    await node.kill('SIGTERM')
    kept['output'] = Buffer.from(node.stdout() + node.stderr())

    // The look itself works: what is not secret is found.
    expect(Object.values(kept).some((bytes) => bytes.includes(sold.body.id))).toBe(true)
    const found = Object.entries(kept).flatMap(([name, bytes]) =>
      secrets
        .filter((secret) => formsOf(secret).some((form) => bytes.includes(form)))
        .map(() => name),
    )
    expect(found).toEqual([])
  })
})

/** As text, and as the bytes that the text stands for. */
function formsOf(secret: string): (string | Buffer)[] {
  const base64 = secret.replace(/^whsec_/, '')
  const bytes = Buffer.from(base64, 'base64')
  const isBase64 = bytes.length >= 24 && /^[A-Za-z0-9+/]+={0,2}$/.test(base64)
  return isBase64 ? [base64, bytes, bytes.toString('hex')] : [secret]
}
