import { generateKeyPairSync, verify } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { certificateSerialNumber } from '../../src/alipay/certificate.ts'
import { encodeText } from '../../src/alipay/charset.ts'
import { type AlipayClient, type ClientOptions, createClient } from '../../src/alipay/client.ts'
import { decryptContent, encryptContent } from '../../src/alipay/encryption.ts'
import {
  type AlipayError,
  CertificateInvalid,
  ConfigurationInvalid,
  GatewayUnreachable,
  KeyInvalid,
  MessageMalformed,
  RequestRefused,
  SignatureInvalid,
} from '../../src/alipay/errors.ts'
import type { CommonAnswer, Method } from '../../src/alipay/method.ts'
import { createSigner } from '../../src/alipay/signer.ts'
import { MovableClock, parseBeijingTime } from '../../src/alipay/time.ts'
import { issueCertificate } from '../../src/emulator/certificate-authority.ts'
import { vectorText } from '../vectors.ts'
import {
  alipayPrivateKey,
  alipayPublicKey,
  answerBody,
  applicationPrivateKey,
  applicationPublicKey,
  formOf,
  paidParams,
  signedParams,
  thrownBy,
} from './alipay-side.ts'
import { type GatewayServer, gatewayServer, type Received, type Reply } from './gateway-server.ts'

const appId = '9021000000000001'
const encryptKey = Buffer.alloc(16, 7).toString('base64')
const order = { out_trade_no: 'ORDER-1', total_amount: '88.88', subject: '美式咖啡 + ☕' }
const qrNode =
  '{"code":"10000","msg":"Success","out_trade_no":"ORDER-1","qr_code":"https:\\/\\/qr.alipay.com\\/bax1"}'

let gateway: GatewayServer
let clients: AlipayClient[] = []

beforeEach(async () => {
  gateway = await gatewayServer()
  gateway.answer(answers(qrNode))
})

afterEach(async () => {
  await gateway.close()
  await Promise.all(clients.map((client) => client.close()))
  clients = []
})

type Overrides = Partial<Record<keyof ClientOptions, unknown>>

function clientWith(overrides: Overrides = {}): AlipayClient {
  const client = createClient({
    appId,
    gateway: gateway.address,
    privateKey: applicationPrivateKey,
    alipayPublicKey,
    clock: new MovableClock(parseBeijingTime('2026-11-23 10:00:00')),
    ...overrides,
  } as ClientOptions)
  clients.push(client)
  return client
}

/** Answers each call with this node, signed by Alipay, under the name of the method called. */
function answers(node: string, options: Parameters<typeof answerBody>[2] = {}): Reply {
  return ({ params }) => answerBody(params.get('method') ?? '', node, options)
}

async function failure<E extends AlipayError>(
  call: Promise<unknown>,
  type: new (...args: never[]) => E,
): Promise<E> {
  const error = await call.then(
    () => new Error('The call succeeded'),
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(type)
  return error as E
}

function only(requests: readonly Received[]): Received {
  expect(requests).toHaveLength(1)
  return requests[0]!
}

describe('a request', () => {
  test('carries what Alipay documents, and its signature verifies', async () => {
    const { qr_code } = await clientWith().trade.precreate(order, {
      notifyUrl: 'https://shop.example/notify?a=1&b=2',
    })
    expect(qr_code).toBe('https://qr.alipay.com/bax1')

    const { url, headers, params, biz } = only(gateway.received)
    expect(url).toBe('/gateway.do?charset=utf-8')
    expect(headers['content-type']).toBe('application/x-www-form-urlencoded; charset=utf-8')
    const { sign, ...rest } = Object.fromEntries(params)
    expect(rest).toEqual({
      app_id: appId,
      method: 'alipay.trade.precreate',
      format: 'JSON',
      charset: 'utf-8',
      sign_type: 'RSA2',
      timestamp: '2026-11-23 10:00:00',
      version: '1.0',
      notify_url: 'https://shop.example/notify?a=1&b=2',
      biz_content: JSON.stringify(order),
    })
    expect(biz).toEqual(order)
    const text = Object.keys(rest)
      .toSorted()
      .map((name) => `${name}=${rest[name]}`)
      .join('&')
    const signature = Buffer.from(sign ?? '', 'base64')
    expect(verify('sha256', Buffer.from(text), applicationPublicKey, signature)).toBe(true)
  })

  test('sends no parameter that is empty or undefined', async () => {
    const query = { ...order, body: undefined, store_id: '' } as unknown as typeof order
    await clientWith({ appAuthToken: undefined }).trade.precreate(query, { appAuthToken: '' })
    const { params, body, biz } = only(gateway.received)
    expect([...params.values()].filter((value) => value === '')).toEqual([])
    expect(body.toString()).not.toContain('undefined')
    expect(Object.keys(biz ?? {})).toEqual(['out_trade_no', 'total_amount', 'subject', 'store_id'])
  })

  test("carries the client's token of a merchant, or that of the call", async () => {
    const client = clientWith({ appAuthToken: 'token-of-client' })
    await client.trade.precreate(order)
    await client.trade.precreate(order, { appAuthToken: 'token-of-call' })
    expect(gateway.received.map(({ params }) => params.get('app_auth_token'))).toEqual([
      'token-of-client',
      'token-of-call',
    ])
  })

  test('is signed with SHA-1 where RSA is configured', async () => {
    gateway.answer(answers(qrNode, { signType: 'RSA' }))
    await clientWith({ signType: 'RSA' }).trade.precreate(order)
    expect(only(gateway.received).params.get('sign_type')).toBe('RSA')
  })

  test('is signed by a signer that keeps the key elsewhere', async () => {
    const { publicKey: _, ...signer } = createSigner(applicationPrivateKey)
    await clientWith({ privateKey: undefined, signer }).trade.precreate(order)
    expect(only(gateway.received).params.get('sign')).toMatch(/^[\w+/]{342}==$/)
  })

  test.each([
    ['precreate', 'alipay.trade.precreate'],
    ['query', 'alipay.trade.query'],
    ['cancel', 'alipay.trade.cancel'],
    ['close', 'alipay.trade.close'],
    ['refund', 'alipay.trade.refund'],
    ['refundQuery', 'alipay.trade.fastpay.refund.query'],
    ['pay', 'alipay.trade.pay'],
  ] as const)('trade.%s calls %s', async (name, method) => {
    gateway.answer(answers('{"code":"10000","msg":"Success"}'))
    const call = clientWith().trade[name] as (request: object) => Promise<CommonAnswer>
    expect(await call({ out_trade_no: 'ORDER-1' })).toEqual({ code: '10000', msg: 'Success' })
    expect(only(gateway.received).params.get('method')).toBe(method)
  })

  test('of any other method is one line away', async () => {
    const method: Method<{ a: string }, CommonAnswer & { b: string }> = { name: 'alipay.new.thing' }
    gateway.answer(answers('{"code":"10000","msg":"Success","b":"2"}'))
    const { b } = await clientWith().execute(method, { a: '1' })
    expect([b, only(gateway.received).biz]).toEqual(['2', { a: '1' }])
  })

  test('for a bill asks for its address', async () => {
    gateway.answer(answers('{"code":"10000","msg":"Success","bill_download_url":"http:\\/\\/x"}'))
    const request = { bill_type: 'trade', bill_date: '2026-11-22' }
    expect(await clientWith().bill.downloadUrl(request)).toMatchObject({
      bill_download_url: 'http://x',
    })
  })
})

describe('an answer', () => {
  test('10003 of a barcode payment is an answer, not a refusal', async () => {
    gateway.answer(answers('{"code":"10003","msg":"order success pay inprocess"}'))
    const request = { ...order, auth_code: '28763443825664394', scene: 'bar_code' }
    expect(await clientWith().trade.pay(request as never)).toMatchObject({ code: '10003' })
  })

  test('of refusal is verified, then thrown with what may be concluded', async () => {
    const node =
      '{"code":"40004","msg":"Business Failed","sub_code":"ACQ.TRADE_NOT_EXIST","sub_msg":"交易不存在","buyer_logon_id":"159****5620"}'
    gateway.answer(answers(node))
    const call = clientWith().trade.query({ out_trade_no: 'ORDER-1' })
    const error = await failure(call, RequestRefused)
    expect(error).toMatchObject({
      code: 'ERR_ALIPAY_REQUEST_REFUSED',
      method: 'alipay.trade.query',
      alipayCode: '40004',
      subCode: 'ACQ.TRADE_NOT_EXIST',
      subMsg: '交易不存在',
      traceId: 'trace-1',
      outcome: 'not_applied',
    })
    expect(error.node).toEqual(JSON.parse(node))
    expect(inspect(error, { depth: 9 })).not.toContain('159****5620')
  })

  test('under error_response is taken if it is signed', async () => {
    const node =
      '{"code":"20000","msg":"Service Currently Unavailable","sub_code":"isp.unknow-error"}'
    gateway.answer(answers(node, { root: 'error_response' }))
    const error = await failure(clientWith().trade.precreate(order), RequestRefused)
    expect(error).toMatchObject({ alipayCode: '20000', outcome: 'unknown' })
  })

  type Wrong = [string, SignatureInvalid['problem'], string, Reply]
  const refusal = '{"code":"40002","msg":"Invalid Arguments","sub_code":"isv.invalid-app-id"}'
  test.each<Wrong>([
    ['unsigned', 'no_signature', 'no signature', answers(qrNode, { sign: null })],
    ['with an empty signature', 'no_signature', 'no signature', answers(qrNode, { sign: '' })],
    [
      'unsigned and of refusal, which is told but not believed',
      'no_signature',
      'It claims 40002 isv.invalid-app-id',
      answers(refusal, { sign: null }),
    ],
    [
      'unsigned under error_response',
      'no_signature',
      'no signature',
      answers(refusal, { sign: null, root: 'error_response' }),
    ],
    [
      'signed over something else',
      'wrong_key',
      '支付宝公钥',
      (received) =>
        Buffer.from(
          Buffer.from(answers(qrNode)(received, undefined as never) as Buffer)
            .toString()
            .replace('bax1', 'bax2'),
        ),
    ],
    [
      'signed with the key of the application',
      'wrong_key',
      "the application's own private key",
      answers(qrNode, { key: applicationPrivateKey }),
    ],
    [
      'signed with SHA-1',
      'wrong_sign_type',
      'signed with RSA',
      answers(qrNode, { signType: 'RSA' }),
    ],
    ['with a signature that is none', 'bad_base64', 'not base64', answers(qrNode, { sign: '***' })],
  ])('%s is not believed, and the outcome unknown', async (_, problem, words, reply) => {
    gateway.answer(reply)
    const error = await failure(clientWith().trade.precreate(order), SignatureInvalid)
    expect(error).toMatchObject({
      code: 'ERR_ALIPAY_SIGNATURE_INVALID',
      problem,
      outcome: 'unknown',
    })
    expect(error.message).toContain(words)
  })

  const cut = (body: Uint8Array | string | void | Promise<void>) =>
    Buffer.from(body as Buffer).subarray(0, -20)
  test.each<[string, Reply]>([
    ['HTML with status 200', () => '<html><body>Welcome to the hotel</body></html>'],
    ['cut off', (received, outgoing) => cut(answers(qrNode)(received, outgoing))],
    ['empty', () => ''],
    ['for another method', () => answerBody('alipay.trade.refund', qrNode)],
    ['signed, but no object', answers('"text"')],
    ['signed, but without a code', answers('{"msg":"Success"}')],
    ['signed, but not JSON', answers('{"code":"10000",}')],
    ['encrypted, though nothing was agreed', answers(`"${encryptContent(qrNode, encryptKey)}"`)],
  ])('%s is malformed, and the outcome unknown', async (_, reply) => {
    gateway.answer(reply)
    const client = clientWith({ answerBytesMax: 4_096 })
    const error = await failure(client.trade.precreate(order), MessageMalformed)
    expect(error).toMatchObject({ code: 'ERR_ALIPAY_MESSAGE_MALFORMED', outcome: 'unknown' })
  })

  test('larger than the limit is not read, however genuine', async () => {
    gateway.answer((received, outgoing) => {
      const body = answers(qrNode)(received, outgoing) as Buffer
      return Buffer.concat([Buffer.alloc(4_097 - body.length, ' '), body])
    })
    const call = clientWith({ answerBytesMax: 4_096 }).trade.precreate(order)
    const error = await failure(call, MessageMalformed)
    expect(error.message).toBe('The answer is larger than 4096 bytes and was not read.')
    expect(await clientWith({ answerBytesMax: 4_097 }).trade.precreate(order)).toBeDefined()
  })

  test.each([
    ['order', { out_trade_no: 'ORDER-1' }, { out_trade_no: 'ORDER-2' }],
    [
      'trade',
      { trade_no: '2026112322001' },
      { trade_no: '2026112322002', out_trade_no: 'ORDER-1' },
    ],
    [
      'refund',
      { out_trade_no: 'ORDER-1', out_request_no: 'R-1' },
      { out_trade_no: 'ORDER-1', out_request_no: 'R-2' },
    ],
  ])('that Alipay signed for another %s is refused', async (_, asked, answered) => {
    const client = clientWith()
    const query = (request: object): Promise<CommonAnswer> =>
      client.trade.refundQuery(request as never)
    const base = { code: '10000', msg: 'Success' }
    gateway.answer(answers(JSON.stringify({ ...base, ...asked })))
    expect(await query(asked)).toMatchObject(asked)
    gateway.answer(answers(JSON.stringify({ ...base, ...answered })))
    const error = await failure(query(asked), MessageMalformed)
    expect(error.message).toContain('another')
    gateway.answer(answers(JSON.stringify({ ...base, code: '40004', ...answered })))
    await failure(query(asked), MessageMalformed)
  })

  test("asked for by both numbers is Alipay's to choose: the trade number counts", async () => {
    gateway.answer(answers('{"code":"10000","msg":"Success","trade_no":"1","out_trade_no":"B"}'))
    const query = { trade_no: '1', out_trade_no: 'A' }
    expect(await clientWith().trade.query(query)).toMatchObject({ out_trade_no: 'B' })
  })
})

describe('GBK', () => {
  test('is spoken both ways', async () => {
    await gateway.close()
    gateway = await gatewayServer('gbk')
    const node =
      '{"code":"10000","msg":"Success","out_trade_no":"ORDER-1","store_name":"乗{店\\"}"}'
    gateway.answer(answers(node, { charset: 'gbk' }))
    const answer = await clientWith({ charset: 'gbk' }).trade.precreate(order)
    expect(answer).toMatchObject({ store_name: '乗{店"}' })
    const { url, headers, params, body, biz } = only(gateway.received)
    expect(url).toBe('/gateway.do?charset=gbk')
    expect(headers['content-type']).toBe('application/x-www-form-urlencoded; charset=gbk')
    expect(body.toString()).toContain('%C3%C0%CA%BD%BF%A7%B7%C8')
    expect(biz).toMatchObject({ subject: '美式咖啡 + ?' })
    const { sign = '', ...rest } = Object.fromEntries(params)
    const text = Object.keys(rest)
      .toSorted()
      .map((name) => `${name}=${rest[name]}`)
      .join('&')
    const signature = Buffer.from(sign, 'base64')
    expect(verify('sha256', encodeText(text, 'gbk'), applicationPublicKey, signature)).toBe(true)
  })
})

describe('content encryption', () => {
  test('hides both contents; what is signed is the ciphertext with its quotes', async () => {
    gateway.answer(answers(`"${encryptContent(qrNode, encryptKey)}"`))
    const answer = await clientWith({ encryptKey }).trade.precreate(order)
    expect(answer).toEqual(JSON.parse(qrNode))
    const { params, body } = only(gateway.received)
    expect(params.get('encrypt_type')).toBe('AES')
    expect(JSON.parse(decryptContent(params.get('biz_content') ?? '', encryptKey))).toEqual(order)
    expect(body.toString()).not.toContain('ORDER-1')
  })

  test('leaves a refusal that came unencrypted readable', async () => {
    gateway.answer(
      answers('{"code":"40002","msg":"Invalid Arguments","sub_code":"isv.invalid-encrypt"}'),
    )
    const error = await failure(clientWith({ encryptKey }).trade.precreate(order), RequestRefused)
    expect(error.subCode).toBe('isv.invalid-encrypt')
  })

  test('is verified before it is decrypted', async () => {
    const forged = `"${encryptContent(qrNode, encryptKey)}"`
    gateway.answer(answers(forged, { key: applicationPrivateKey }))
    await failure(clientWith({ encryptKey }).trade.precreate(order), SignatureInvalid)
  })

  test('by another key is malformed', async () => {
    const other = Buffer.alloc(16, 8).toString('base64')
    gateway.answer(answers(`"${encryptContent(qrNode, other)}"`))
    await failure(clientWith({ encryptKey }).trade.precreate(order), MessageMalformed)
  })
})

describe('certificate mode', () => {
  const pem = (name: string) => vectorText(`certificates/${name}.pem`)
  const authorityKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const newKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const authorityName = { C: 'CN', O: 'Test', OU: 'Authority', CN: 'Test Authority' }
  const issue = (CN: string, key = newKey, issuerKey = authorityKey, isAuthority = false) =>
    issueCertificate(
      {
        serialNumber: BigInt(CN.length * 1_000 + 7),
        issuer: authorityName,
        subject: isAuthority ? authorityName : { C: 'CN', O: 'Test', OU: 'Alipay', CN },
        subjectKey: key,
        isAuthority,
      },
      issuerKey,
    )
  const files = {
    app: issue('2088000000000001-9021000000000001', applicationPrivateKey),
    alipay: issue('Alipay', alipayPrivateKey),
    root: issue('Root', authorityKey, authorityKey, true),
  }
  const rolledOver = issue('Alipay, the second')
  const [oldSn, newSn] = [files.alipay, rolledOver].map((text) => certificateSerialNumber(text))
  const signedAnew = { key: newKey, certSn: newSn! }
  const certificateClient = (overrides: Overrides = {}) =>
    clientWith({ alipayPublicKey: undefined, certificates: files, ...overrides })

  const download = (certificate: string, options: Parameters<typeof answerBody>[2]): Reply => {
    const content = Buffer.from(certificate).toString('base64').replaceAll('/', '\\/')
    return answers(`{"code":"10000","msg":"Success","alipay_cert_content":"${content}"}`, options)
  }
  /** Answers calls with `reply`, and downloads of certificates with `downloads`. */
  const either =
    (reply: Reply, downloads: Reply): Reply =>
    (received, outgoing) =>
      received.params.get('method') === 'alipay.open.app.alipaycert.download'
        ? downloads(received, outgoing)
        : reply(received, outgoing)

  test('sends both serial numbers, signed, and believes the configured certificate', async () => {
    gateway.answer(answers(qrNode, { certSn: oldSn! }))
    await certificateClient().trade.precreate(order)
    const { params } = only(gateway.received)
    expect(params.get('app_cert_sn')).toBe(certificateSerialNumber(files.app))
    expect(params.get('alipay_root_cert_sn')).toBe(certificateSerialNumber(files.root))
    const { sign = '', ...rest } = Object.fromEntries(params)
    const text = Object.keys(rest)
      .toSorted()
      .map((name) => `${name}=${rest[name]}`)
      .join('&')
    const signature = Buffer.from(sign, 'base64')
    expect(verify('sha256', Buffer.from(text), applicationPublicKey, signature)).toBe(true)
  })

  test('works with files that openssl made', async () => {
    const certificates = {
      app: pem('application'),
      alipay: pem('alipay'),
      root: pem('root-bundle'),
    }
    gateway.answer(answers(qrNode, { certSn: certificateSerialNumber(pem('alipay')) }))
    const client = certificateClient({ certificates })
    expect((await client.trade.precreate(order)).qr_code).toBe('https://qr.alipay.com/bax1')
  })

  test('believes an answer that names no certificate, as the sandbox sends them', async () => {
    await certificateClient().trade.precreate(order)
    expect(gateway.received).toHaveLength(1)
  })

  test.each([
    ['the new one', signedAnew],
    ['the old one', { certSn: oldSn! }],
    ['one that it does not name', {}],
  ])(
    'fetches and proves a new certificate, once, when its download is signed with %s',
    async (_, signed) => {
      gateway.answer(either(answers(qrNode, signedAnew), download(rolledOver, signed)))
      const client = certificateClient()
      const { qr_code } = await client.trade.precreate(order)
      expect(qr_code).toBe('https://qr.alipay.com/bax1')
      const fetched = gateway.received.at(-1)
      expect(fetched?.params.get('method')).toBe('alipay.open.app.alipaycert.download')
      expect(fetched?.biz).toEqual({ alipay_cert_sn: newSn })

      await client.trade.precreate(order)
      gateway.answer(answers(qrNode, { certSn: oldSn! }))
      await client.trade.precreate(order)
      expect(gateway.received).toHaveLength(4)

      for (const key of [newKey, alipayPrivateKey]) {
        const notification = formOf(signedParams(paidParams, { key }))
        expect(client.verifyNotification(notification).params.out_trade_no).toBe('ORDER-1')
      }
    },
  )

  test('fetches it once for answers that come at the same time', async () => {
    gateway.answer(either(answers(qrNode, signedAnew), download(rolledOver, signedAnew)))
    const client = certificateClient()
    await Promise.all(Array.from({ length: 8 }, () => client.trade.precreate(order)))
    const methods = gateway.received.map(({ params }) => params.get('method'))
    expect(methods.filter((method) => method !== 'alipay.trade.precreate')).toHaveLength(1)
  })

  test('fetches it where contents are encrypted, for the certificate is no secret', async () => {
    const node = `"${encryptContent(qrNode, encryptKey)}"`
    gateway.answer(either(answers(node, signedAnew), download(rolledOver, signedAnew)))
    const { qr_code } = await certificateClient({ encryptKey }).trade.precreate(order)
    const encrypted = gateway.received.map(({ params }) => params.get('encrypt_type'))
    expect(encrypted).toEqual(['AES', undefined])
    expect(qr_code).toBe('https://qr.alipay.com/bax1')
  })

  const strangerKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const forged = issue('Alipay, the second', strangerKey, strangerKey)
  const ofMerchant = issue('2088000000000009-9021000000000009', strangerKey)
  const forgedSn = certificateSerialNumber(forged)
  const merchantSn = certificateSerialNumber(ofMerchant)
  const byStranger = (certSn: string) => ({ key: strangerKey, certSn })
  const forgeries: [string, Parameters<typeof answerBody>[2], Reply][] = [
    ['issued by nobody known', byStranger(forgedSn), download(forged, byStranger(forgedSn))],
    ["a merchant's own", byStranger(merchantSn), download(ofMerchant, byStranger(merchantSn))],
    ['not the one asked for', byStranger('0'.repeat(32)), download(rolledOver, signedAnew)],
    [
      'genuine, but the download signed by a stranger',
      signedAnew,
      download(rolledOver, byStranger(newSn!)),
    ],
    ['not there', signedAnew, answers('{"code":"10000","msg":"Success"}', signedAnew)],
    ['no certificate', signedAnew, download('<html>', signedAnew)],
    [
      'announced by yet another new one',
      signedAnew,
      download(rolledOver, { key: newKey, certSn: 'f'.repeat(32) }),
    ],
  ]
  test.each(forgeries)('refuses a new certificate that is %s', async (_, signed, downloads) => {
    gateway.answer(either(answers(qrNode, signed), downloads))
    const client = certificateClient()
    const error = await failure(client.trade.precreate(order), SignatureInvalid)
    expect(error).toMatchObject({ problem: 'unknown_certificate', outcome: 'unknown' })
    // Nothing of it is remembered.
    const notification = formOf(signedParams(paidParams, { key: strangerKey }))
    expect(() => client.verifyNotification(notification)).toThrow('支付宝公钥')
    gateway.answer(answers(qrNode, { certSn: oldSn! }))
    await client.trade.precreate(order)
  })

  test.each<[string, Reply]>([
    ['was cut off', (_, outgoing) => void outgoing.destroy()],
    [
      'was refused',
      answers('{"code":"40004","msg":"Business Failed","sub_code":"CERT_NOT_EXIST"}', signedAnew),
    ],
    [
      'was refused for good, which says nothing of the call itself',
      answers('{"code":"40002","msg":"x","sub_code":"isv.invalid-app-id"}', { certSn: oldSn! }),
    ],
  ])('leaves the outcome unknown where the download %s, and tries again', async (_, downloads) => {
    gateway.answer(either(answers(qrNode, signedAnew), downloads))
    const client = certificateClient()
    const error = await failure(client.trade.precreate(order), SignatureInvalid)
    expect(error).toMatchObject({ problem: 'unknown_certificate', outcome: 'unknown' })
    gateway.answer(either(answers(qrNode, signedAnew), download(rolledOver, signedAnew)))
    await client.trade.precreate(order)
  })
})

describe('no answer', () => {
  test('with a status other than 200 is interrupted by something in between', async () => {
    gateway.answer((_, outgoing) => void outgoing.writeHead(502).end('<html>Bad Gateway</html>'))
    const error = await failure(clientWith().trade.precreate(order), GatewayUnreachable)
    expect(error).toMatchObject({ stage: 'http_status', status: 502, outcome: 'unknown' })
  })

  test('a redirect is not followed', async () => {
    gateway.answer((_, outgoing) => void outgoing.writeHead(302, { location: '/x' }).end())
    const error = await failure(clientWith().trade.precreate(order), GatewayUnreachable)
    expect(error).toMatchObject({ stage: 'http_status', status: 302 })
    expect(gateway.received).toHaveLength(1)
  })

  test('where nobody listens: nothing was sent, so nothing was applied', async () => {
    const client = clientWith()
    await gateway.close()
    const error = await failure(client.trade.precreate(order), GatewayUnreachable)
    expect(error).toMatchObject({ stage: 'connect', status: undefined, outcome: 'not_applied' })
    expect(error.message).toContain('ECONNREFUSED')
  })

  test('where the name is of no host: nothing was sent', async () => {
    const client = clientWith({ gateway: 'http://saoma.invalid/gateway.do' })
    const error = await failure(client.trade.precreate(order), GatewayUnreachable)
    expect(error).toMatchObject({ stage: 'connect', outcome: 'not_applied' })
  })

  test.each<[string, Reply]>([
    ['before the first byte', (_, outgoing) => void outgoing.destroy()],
    [
      'within the body',
      (_, outgoing) => {
        outgoing.writeHead(200, { 'content-length': '1000' }).write('{"alipay_trade')
        setImmediate(() => outgoing.destroy())
      },
    ],
  ])('where the connection is cut %s the outcome is unknown', async (_, reply) => {
    gateway.answer(reply)
    const error = await failure(clientWith().trade.precreate(order), GatewayUnreachable)
    expect(error).toMatchObject({ stage: 'interrupted', outcome: 'unknown' })
    // The request is not sent a second time on its own.
    expect(gateway.received).toHaveLength(1)
  })

  test.each<[string, Reply]>([
    ['an answer', () => undefined],
    ['the rest of an answer', (_, outgoing) => void outgoing.writeHead(200).write('{"alipay_')],
  ])('in time, waiting for %s, is unknown', async (_, reply) => {
    gateway.answer(reply)
    for (const call of [
      clientWith({ timeoutMs: 30 }).trade.precreate(order),
      clientWith().trade.precreate(order, { timeoutMs: 30 }),
    ]) {
      const error = await failure(call, GatewayUnreachable)
      expect(error).toMatchObject({ stage: 'timeout', outcome: 'unknown' })
      expect(error.message).toBe('No answer within 30 ms.')
    }
  })

  test('given up by the caller while it waits is unknown, before it is sent not applied', async () => {
    const controller = new AbortController()
    gateway.answer(() => controller.abort())
    const { signal } = controller
    const client = clientWith()
    const waiting = await failure(client.trade.precreate(order, { signal }), GatewayUnreachable)
    expect(waiting).toMatchObject({ stage: 'aborted', outcome: 'unknown' })
    const unsent = await failure(client.trade.precreate(order, { signal }), GatewayUnreachable)
    expect(unsent.outcome).toBe('not_applied')
    expect(gateway.received).toHaveLength(1)
  })
})

describe('through a proxy', () => {
  let proxy: Awaited<ReturnType<typeof connectProxy>>
  beforeEach(async () => (proxy = await connectProxy()))
  afterEach(() => proxy.close())

  test('the gateway is reached by CONNECT', async () => {
    const client = clientWith({ proxy: `http://user:secret@127.0.0.1:${proxy.port}` })
    expect((await client.trade.precreate(order)).qr_code).toBe('https://qr.alipay.com/bax1')
    const [request] = proxy.requests
    expect(request).toMatchObject({ method: 'CONNECT', url: `127.0.0.1:${gateway.port}` })
    const credentials = Buffer.from('user:secret').toString('base64')
    expect(request?.headers['proxy-authorization']).toBe(`Basic ${credentials}`)
  })

  test('that refuses, nothing was sent', async () => {
    proxy.refuse = true
    const client = clientWith({ proxy: `http://127.0.0.1:${proxy.port}` })
    const error = await failure(client.trade.precreate(order), GatewayUnreachable)
    expect(error).toMatchObject({ stage: 'connect', outcome: 'not_applied' })
    expect(error.message).toContain('proxy')
    expect(gateway.received).toHaveLength(0)
  })

  test('that is not there, nothing was sent', async () => {
    await proxy.close()
    const client = clientWith({ proxy: `http://127.0.0.1:${proxy.port}` })
    const error = await failure(client.trade.precreate(order), GatewayUnreachable)
    expect(error).toMatchObject({ stage: 'connect', outcome: 'not_applied' })
  })
})

describe('a configuration is refused at once', () => {
  const certificates = {
    app: vectorText('certificates/application.pem'),
    alipay: vectorText('certificates/alipay.pem'),
    root: vectorText('certificates/root-bundle.pem'),
  }
  test.each<[string, Overrides, string]>([
    ['without appId', { appId: '' }, 'appId'],
    ['with blanks in appId', { appId: ' 9021000000000001' }, 'appId'],
    ['with half an address', { gateway: 'openapi.alipay.com' }, 'the whole address'],
    ['with an address of files', { gateway: 'file:///gateway.do' }, 'the whole address'],
    ['with Alipay by http', { gateway: 'http://openapi.alipay.com/gateway.do' }, 'https'],
    ['with a time-out of none', { timeoutMs: 0 }, 'timeoutMs'],
    ['with a time-out of a day', { timeoutMs: 86_400_000 }, 'timeoutMs'],
    ['with a time-out that is no number', { timeoutMs: NaN }, 'timeoutMs'],
    ['with both kinds of trust', { certificates }, 'one of the two'],
    ['with no kind of trust', { alipayPublicKey: undefined }, 'one of the two'],
    [
      'with a signer of the other kind',
      { signer: createSigner(applicationPrivateKey, 'RSA') },
      'RSA',
    ],
    ['with a sign type that is none', { signType: 'MD5' }, 'signType'],
    ['with an AES key that is none', { encryptKey: 'secret' }, 'AES'],
    ['with a proxy that is no address', { proxy: 'secret@proxy' }, 'http://host:port'],
    ['with a proxy of another kind', { proxy: 'socks5://127.0.0.1:1080' }, 'http://host:port'],
  ])('%s', (_, overrides, words) => {
    const error = thrownBy(() => clientWith(overrides)) as ConfigurationInvalid
    expect(error).toBeInstanceOf(ConfigurationInvalid)
    expect(error).toMatchObject({
      code: 'ERR_ALIPAY_CONFIGURATION_INVALID',
      outcome: 'not_applied',
    })
    expect(error.message).toContain(words)
    expect(inspect(error, { depth: 9 })).not.toContain('secret')
  })

  test("with the application's own public key as Alipay's", () => {
    const error = thrownBy(() => clientWith({ alipayPublicKey: applicationPublicKey }))
    expect(error).toMatchObject({ problem: 'own_application_key_given_as_alipay' })
    expect(error).toBeInstanceOf(KeyInvalid)
  })

  test('with files of certificates mixed up', () => {
    const mixedUp = { ...certificates, alipay: certificates.app }
    const overrides = { alipayPublicKey: undefined, certificates: mixedUp }
    expect(() => clientWith(overrides)).toThrow(CertificateInvalid)
  })

  test.each([
    ['a notify address of 257 characters', { notifyUrl: `https://x.example/${'x'.repeat(239)}` }],
    ['a notify address without a scheme', { notifyUrl: 'shop.example/notify' }],
    ['a notify address of another kind', { notifyUrl: 'ftp://shop.example/notify' }],
    ['a time-out of none', { timeoutMs: 0 }],
  ])('of a call with %s, and nothing is sent', async (_, options) => {
    await failure(clientWith().trade.precreate(order, options), ConfigurationInvalid)
    expect(gateway.received).toHaveLength(0)
  })
})

describe('no key', () => {
  const privateText = vectorText('keys/application-private-key.pkcs8.txt').trim()
  const hidden = [privateText.slice(60, 100), encryptKey, 'token-of-merchant']

  test('is printed with the client', () => {
    const client = clientWith({ privateKey: privateText, encryptKey, appAuthToken: hidden[2] })
    const texts = [inspect(client, { depth: 9, showHidden: true }), JSON.stringify(client)]
    for (const text of texts) for (const secret of hidden) expect(text).not.toContain(secret)
  })

  test('is printed with an error of a call', async () => {
    const client = clientWith({ privateKey: privateText, encryptKey, appAuthToken: hidden[2] })
    const replies: Reply[] = [
      answers(qrNode, { sign: null }),
      answers('{"code":"40004","msg":"x","sub_code":"ACQ.SYSTEM_ERROR","sub_msg":"y"}'),
      () => 'no JSON',
      (_, outgoing) => void outgoing.writeHead(502).end(),
      (_, outgoing) => void outgoing.destroy(),
      answers('{"code":"10000","buyer_logon_id":"159****5620",}'),
    ]
    for (const reply of replies) {
      gateway.answer(reply)
      const error: unknown = await client.trade.precreate(order).catch((reason: unknown) => reason)
      expect(error).toBeInstanceOf(Error)
      const texts = [inspect(error, { depth: 9, showHidden: true }), JSON.stringify(error)]
      for (const text of texts) {
        for (const secret of [...hidden, '159****5620']) expect(text).not.toContain(secret)
      }
    }
  })

  test('is printed with an error about a key', () => {
    const cases: Overrides[] = [
      { privateKey: privateText.slice(0, -40) },
      { privateKey: `x${privateText}` },
      { alipayPublicKey: privateText },
      { encryptKey: encryptKey.slice(0, -2) },
    ]
    for (const overrides of cases) {
      const error = thrownBy(() => clientWith(overrides))
      const text = inspect(error, { depth: 9, showHidden: true }) + JSON.stringify(error)
      for (const secret of [hidden[0]!, encryptKey.slice(0, 20)]) expect(text).not.toContain(secret)
    }
  })
})

describe('messages from Alipay', () => {
  test('are checked by what the client is configured with', () => {
    const client = clientWith()
    const paid = formOf(signedParams(paidParams))
    const service = formOf(signedParams(paidParams, { rule: 'V2' }))
    expect(client.verifyNotification(paid).params.total_amount).toBe('88.88')
    expect(client.verifyServiceMessage(service).params.total_amount).toBe('88.88')
    expect(client.verifyReturnUrl(`/back?mine=1&${paid}`, ['mine']).params.version).toBe('1.0')
    expect(() => client.verifyNotification(service)).toThrow('verifyServiceMessage')
    expect(() => clientWith({ signType: 'RSA' }).verifyNotification(paid)).toThrow('RSA')
  })
})

test('closing waits for the call under way, and then there are no more', async () => {
  const client = clientWith()
  const call = client.trade.precreate(order)
  await client.close()
  expect((await call).qr_code).toBe('https://qr.alipay.com/bax1')
  const error = await failure(client.trade.precreate(order), GatewayUnreachable)
  expect(error).toMatchObject({ stage: 'connect', outcome: 'not_applied' })
  await client.close()
})

/** An HTTP proxy that speaks CONNECT and nothing else. */
async function connectProxy() {
  const requests: IncomingMessage[] = []
  const sockets = new Set<Socket>()
  const proxy = createServer()
  const control = { refuse: false }
  proxy.on('connect', (request, socket: Socket) => {
    requests.push(request)
    if (control.refuse) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
      return
    }
    const [host, port] = (request.url ?? '').split(':')
    const upstream = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      socket.pipe(upstream).pipe(socket)
    })
    for (const each of [socket, upstream]) {
      sockets.add(each)
      each.on('error', () => each.destroy())
    }
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  return {
    port: (proxy.address() as AddressInfo).port,
    requests,
    set refuse(value: boolean) {
      control.refuse = value
    },
    close: () =>
      new Promise<void>((resolve) => {
        for (const socket of sockets) socket.destroy()
        proxy.close(() => resolve())
        proxy.closeAllConnections()
      }),
  }
}
