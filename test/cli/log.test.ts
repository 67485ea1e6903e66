/**
 * What is said is read by many: a broad run of server, engine and emulator says no key, no token,
 * no code and nothing of a buyer. And what should slip into an entry is taken out of it.
 *
 * @module
 */

import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { freePort } from '../../src/cli/free-port.ts'
import type { EmulatorDescription } from '../../src/cli/emulator.ts'
import { createLog, REDACTED, redactText } from '../../src/cli/log.ts'
import { startWebhookSink } from '../machines/webhook-sink.ts'
import { PATIENCE, startSaoma, temporaryFolder, untilSaid } from '../saoma-program.ts'

const secret = () => randomBytes(32)
const privateKey = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ format: 'der', type: 'pkcs8' })
  .toString('base64')

/** What a log must never say, each as it may stand in the middle of a text. */
const SECRETS: Readonly<Record<string, string>> = {
  'a private key, as Alipay’s tool writes it': privateKey,
  'a private key as PEM': `-----BEGIN PRIVATE KEY-----\n${privateKey}\n-----END PRIVATE KEY-----`,
  'an API key': `sk_live_${secret().toString('hex')}`,
  'a restricted key': `rk_test_${secret().toString('hex')}`,
  'a webhook secret': `whsec_${secret().toString('base64')}`,
  'a robot’s secret': `SEC${secret().toString('hex')}`,
  'a session': secret().toString('base64url'),
  'a master key': secret().toString('base64'),
  'a payment code': '285012345678901234',
  'a buyer’s id': '2088102100000016',
  'a buyer’s number': '13800138000',
  'a buyer’s mail address': 'zhang.san@example.com',
}

/** The lines that a log writes for entries. */
function written(...entries: readonly Record<string, unknown>[]): string {
  let text = ''
  const log = createLog({ stream: { write: (line) => (text += line) } })
  for (const entry of entries) log({ level: 'error', event: 'engine.failed', ...entry })
  return text
}

test.each(Object.entries(SECRETS))('%s in a message or a stack is taken out', (_, value) => {
  const line = written({ stack: `Error: it was "${value}", wrong\n    at file:///app/x.js:1:2` })
  expect(line).not.toContain(JSON.stringify(value).slice(1, -1))
  expect(line).toContain(REDACTED)
  expect(JSON.parse(line)).toMatchObject({ level: 'error', event: 'engine.failed' })
})

test('a field of a secret is taken out whatever stands in it', () => {
  const fields = ['auth_code', 'authorization', 'buyer_logon_id', 'cookie', 'private_key', 'sign']
  for (const field of fields) {
    expect(written({ [field]: 'hunter2', params: { [field]: 'hunter2' } })).not.toContain('hunter2')
  }
})

test('passwords and tokens of addresses are taken out, what they lead to is not', () => {
  expect(redactText('postgres://saoma:pw1234@db:5432/x')).toBe('postgres://[redacted]@db:5432/x')
  expect(redactText('https://oapi.dingtalk.com/robot/send?access_token=abc&x=1')).toBe(
    'https://oapi.dingtalk.com/robot/send?access_token=[redacted]&x=1',
  )
  expect(redactText('POST /alipay/notify/ntf_7Ks02mXv9QpLw3')).toBe(
    'POST /alipay/notify/[redacted]',
  )
})

test('what people search a log for stays: ids, numbers, times, the stack', () => {
  const text = written({
    request_id: 'req_0123456789abcdef0123456789abcdef',
    payment: 'pay_01kb0c8g8w4rj1w1x8vq7n5e2d',
    out_trade_no: 'sm001kb0c8g8w4rj1w1x8vq7n5e2',
    trade_no: '2026112622001400161234567890',
    notify_id: '2026112600222103001000161234567890',
    duration_ms: 1_795_400_000_000,
    stack:
      'Error: x\n    at run (file:///opt/saoma/node_modules/saoma/dist/payments/worker.js:1:2)',
  })
  expect(text).not.toContain(REDACTED)
  expect(JSON.parse(text)).toMatchObject({ time: expect.stringMatching(/^20.*Z$/) as string })
})

test('a broad run of server, engine and emulator says nothing secret, and nothing of buyers', async () => {
  const emulator = await startSaoma(['emulator', '--json', '--memory', '--port', '0'])
  await untilSaid(emulator, '\n')
  // Its one line is the credentials: it is made to be read by programs. All else is looked at.
  const [line = ''] = emulator.stdout().split('\n')
  const alipay = JSON.parse(line) as EmulatorDescription
  const control = async <T>(path: string, body: object): Promise<T> => {
    const address = new URL(`/_emulator${path}`, alipay.gateway)
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(address, { method: 'POST', headers, body: JSON.stringify(body) })
    return (await response.json()) as T
  }
  const sink = await startWebhookSink()
  const port = await freePort()
  const folder = temporaryFolder()
  const notifyToken = secret().toString('hex')
  const masterKey = secret().toString('base64')
  const server = await startSaoma(['serve'], {
    SAOMA_GATEWAY: alipay.gateway,
    SAOMA_APP_ID: alipay.app_id,
    SAOMA_APP_PRIVATE_KEY: alipay.app_private_key,
    SAOMA_ALIPAY_PUBLIC_KEY: alipay.alipay_public_key,
    SAOMA_PUBLIC_URL: `http://127.0.0.1:${port}`,
    SAOMA_PORT: String(port),
    SAOMA_FOLDER: folder,
    SAOMA_NOTIFY_TOKEN: notifyToken,
    SAOMA_MASTER_KEY: masterKey,
    SAOMA_WEBHOOK_ALLOW: '127.0.0.1',
  })
  await untilSaid(server, 'Stop with Ctrl+C')
  const url = `http://127.0.0.1:${port}`
  const apiKey = readFileSync(join(folder, 'api-key-test'), 'utf8').trim()
  const ask = async <T>(method: string, path: string, body?: object, headers = {}): Promise<T> => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${apiKey}`,
        ...(body && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body && { body: JSON.stringify(body) }),
    })
    return (await response.json().catch(() => ({}))) as T
  }
  interface Sold {
    readonly id: string
    readonly status: string
    readonly checkout_url: string
    readonly next_action: { readonly qr_code: string } | null
  }
  const buyer = '2088102100000016'
  const sell = (more: object = {}) =>
    ask<Sold>('POST', '/v1/payments', { amount: 8888, subject: '咖啡', ...more })

  // Webhooks that fail, with an answer that says too much.
  sink.answerAlways({ kind: 'answer', status: 500, body: `no: ${SECRETS['an API key']}` })
  const endpoint = await ask<{ secret: string }>('POST', '/v1/webhook_endpoints', {
    url: `${sink.url}/hook?token=${secret().toString('hex')}`,
  })
  // Paid by notification and by code, refunded, refused, given up; and Alipay that misbehaves.
  const sold = await sell()
  const { trade } = await control<{ trade: { trade_no: string } }>('/wallet/scan', {
    buyer,
    code: sold.next_action?.qr_code,
  })
  await control('/faults', { name: 'duplicate', times: 1 })
  await control('/wallet/pay', { buyer, trade_no: trade.trade_no })
  await vi.waitFor(async () => {
    const now = await ask<Sold>('GET', `/v1/payments/${sold.id}`)
    if (now.status !== 'succeeded') throw new Error(now.status)
  }, PATIENCE)
  await ask('POST', '/v1/refunds', { payment: sold.id, amount: 100 })
  const { payment_code: authCode } = await control<{ payment_code: string }>(
    '/wallet/payment-code',
    { buyer },
  )
  await sell({ auth_code: authCode })
  await sell({ auth_code: SECRETS['a payment code'] })
  for (const name of ['wrong-signature', 'truncated', 'answer-lost', 'system-error-before']) {
    await control('/faults', { name, times: 1 })
    const failed = await sell()
    await ask('POST', `/v1/payments/${failed.id}/cancel`)
  }
  // Notifications that nobody should believe, with a buyer in them.
  const forged = new URLSearchParams({
    app_id: alipay.app_id,
    out_trade_no: 'A-1',
    buyer_id: buyer,
    buyer_logon_id: SECRETS['a buyer’s mail address'] ?? '',
    sign_type: 'RSA2',
    sign: secret().toString('base64'),
  })
  for (const token of [notifyToken, secret().toString('hex')]) {
    await fetch(`${url}/alipay/notify/${token}`, { method: 'POST', body: forged })
  }
  // Wrong keys, a stolen session, people who sign in and who cannot.
  const wrong = { authorization: `Bearer ${SECRETS['an API key']}` }
  await ask('GET', '/v1/payments', undefined, wrong)
  await ask('GET', '/v1/attention', undefined, { cookie: `saoma_session=${SECRETS['a session']}` })
  const code = /一次性开通码: (\S+)/.exec(server.stdout())?.[1] ?? ''
  const origin = { origin: url, 'sec-fetch-site': 'same-origin' }
  const email = 'owner@shop.example'
  const password = secret().toString('base64url')
  const owner = { code, email, name: '王五', password }
  const signIn = (given: string) =>
    fetch(`${url}/console/api/session`, {
      method: 'POST',
      headers: { ...origin, 'content-type': 'application/json' },
      body: JSON.stringify({ email, password: given }),
    })
  await ask('POST', '/console/api/owner', owner, origin)
  const wrongPassword = secret().toString('base64url')
  const refused = await signIn(wrongPassword)
  const signedIn = await signIn(password)
  expect([refused.status, signedIn.status]).toEqual([401, 200])
  const [cookie = ''] = signedIn.headers.getSetCookie()
  const session = /=([^;]{20,})/.exec(cookie)?.[1] ?? ''
  // An application that is not paid by this account, and a page that is not there.
  await control('/faults', { name: 'rate-limit', times: 1 })
  await ask('POST', `/v1/payments/${sold.id}/sync`)
  await fetch(`${sold.checkout_url}x`)
  await sink.delivered(1)
  await server.kill('SIGTERM')
  await emulator.kill('SIGTERM')

  const said = server.stdout() + server.stderr() + emulator.stderr()
  const emulated = emulator.stdout().slice(line.length)
  // The look itself works: it finds what is not secret, of every kind of happening.
  for (const event of ['notification.applied', 'notification.refused', 'gateway.unknown']) {
    expect(said).toContain(event)
  }
  const found = (text: string) =>
    Object.keys(secrets).filter((name) => text.includes(secrets[name] ?? '?'))
  const secrets: Readonly<Record<string, string>> = {
    ...SECRETS,
    apiKey,
    masterKey,
    notifyToken,
    authCode,
    password,
    wrongPassword,
    session,
    email,
    buyer,
    account: '138****1234',
    webhook: endpoint.secret,
    page: new URL(sold.checkout_url).pathname.split('/').at(-1) ?? '',
    qrCode: sold.next_action?.qr_code ?? '',
    privateKey: alipay.app_private_key,
    encryptKey: alipay.encrypt_key,
  }
  expect(Object.entries(secrets).filter(([, value]) => value.length < 8)).toEqual([])
  expect(found(said + emulated)).toEqual([])
  // And it would find each of them.
  expect(found(said + Object.values(secrets).join(' '))).toEqual(Object.keys(secrets))
})
