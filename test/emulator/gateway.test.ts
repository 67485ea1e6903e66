import { describe, expect, test } from 'vitest'
import { decryptContent, encryptContent } from '../../src/alipay/encryption.ts'
import { encodeForm } from '../../src/alipay/form.ts'
import { generateKeyPair } from '../../src/alipay/keys.ts'
import { createSigner } from '../../src/alipay/signer.ts'
import type { Emulator } from '../../src/emulator/index.ts'
import { call, emulatorAt, isGenuine, readAnswer, signedParams } from './merchant.ts'

const METHOD = 'alipay.trade.query'
const order = { out_trade_no: 'ORDER-1' }
const goods = { out_trade_no: 'ORDER-1', total_amount: '0.01', subject: '咖啡' }

describe('answers', () => {
  test("are one line of JSON in Alipay's order, with escaped slashes and status 200, and signed over their bytes", async () => {
    const emulator = await emulatorAt()
    const answer = await call(emulator, 'alipay.trade.precreate', goods)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('text/html;charset=utf-8')
    expect(answer.headers.get('date')).toBe('Mon, 23 Nov 2026 02:00:00 GMT')
    expect(answer.headers.get('trace_id')).toMatch(/^[0-9a-f]{32}$/)
    expect(answer.text).toMatch(
      /^\{"alipay_trade_precreate_response":\{"code":"10000","msg":"Success","out_trade_no":"ORDER-1","qr_code":"http:\\\/\\\/127\.0\.0\.1:6201\\\/qr\\\/bax\w+"\},"sign":"[A-Za-z0-9+/=]{344}"\}$/,
    )
    expect(isGenuine(emulator, answer)).toBe(true)
  })

  test('of a refusal carry sub_code and sub_msg after code and msg, and are signed', async () => {
    const emulator = await emulatorAt()
    const answer = await call(emulator, METHOD, order)
    expect(Object.keys(answer.node).slice(0, 4)).toEqual(['code', 'msg', 'sub_code', 'sub_msg'])
    expect(isGenuine(emulator, answer)).toBe(true)
    emulator.settings.update({ node_order: 'msg_first', slash_escape: false })
    const other = await call(emulator, 'alipay.trade.precreate', goods)
    expect(other.rawNode).toContain('{"msg":"Success","code":"10000"')
    expect(other.rawNode).toContain('http://')
    expect(isGenuine(emulator, other)).toBe(true)
  })

  test('are signed with SHA-1 where the request was', async () => {
    const emulator = await emulatorAt()
    const answer = await call(emulator, METHOD, order, { params: { sign_type: 'RSA' } })
    expect(answer.node).toMatchObject({ sub_code: 'ACQ.TRADE_NOT_EXIST' })
    expect(isGenuine(emulator, answer)).toBe(false)
  })
})

describe('requests', () => {
  test('by GET, and split between query and body, are the same request', async () => {
    const emulator = await emulatorAt()
    const params = await signedParams(emulator, METHOD, order)
    const get = new Request(`${emulator.baseUrl}/gateway.do?${encodeForm(Object.entries(params))}`)
    expect((await readAnswer(await emulator.fetch(get))).node['sub_code']).toBe(
      'ACQ.TRADE_NOT_EXIST',
    )
    const { biz_content, ...rest } = params
    const split = new Request(
      `${emulator.baseUrl}/gateway.do?${encodeForm(Object.entries(rest))}`,
      {
        method: 'POST',
        body: encodeForm([['biz_content', biz_content ?? '']]),
      },
    )
    expect((await readAnswer(await emulator.fetch(split))).node['sub_code']).toBe(
      'ACQ.TRADE_NOT_EXIST',
    )
  })

  test('in multipart are understood, and the body wins over the query', async () => {
    const emulator = await emulatorAt()
    const form = new FormData()
    const biz = { ...goods, subject: '咖啡 "大杯"\r\n热' }
    const params = await signedParams(emulator, 'alipay.trade.precreate', biz)
    for (const [name, value] of Object.entries(params)) form.set(name, value)
    const request = new Request(`${emulator.baseUrl}/gateway.do?app_id=1`, {
      method: 'POST',
      body: form,
    })
    expect((await readAnswer(await emulator.fetch(request))).node['code']).toBe('10000')
  })

  test('in GBK are decoded, verified and answered in GBK', async () => {
    const emulator = await emulatorAt()
    const answer = await call(emulator, 'alipay.trade.precreate', goods, { charset: 'gbk' })
    expect(answer.node['code']).toBe('10000')
    expect(answer.headers.get('content-type')).toBe('text/html;charset=gbk')
    const refused = await call(emulator, METHOD, { out_trade_no: 'X' }, { charset: 'gbk' })
    expect(refused.node['sub_msg']).toBe('交易不存在')
    expect(isGenuine(emulator, refused, 'gbk')).toBe(true)
    expect(emulator.wallet.scan(answer.node['qr_code'] ?? '', '2088102100000016')).toMatchObject({
      trade: { subject: '咖啡' },
    })
  })

  test('with parameters that nobody knows are verified with them', async () => {
    const emulator = await emulatorAt()
    const params = { alipay_sdk: 'some-sdk-1.0', terminal_info: 'a=b&c' }
    const { node } = await call(emulator, METHOD, order, { params })
    expect(node['sub_code']).toBe('ACQ.TRADE_NOT_EXIST')
  })
})

/** In the order in which they are checked: each of them with the faults of all that come later. */
const CHECKS: readonly [string, string, Record<string, string | undefined>][] = [
  ['40001', 'isv.missing-app-id', { app_id: undefined }],
  ['40002', 'isv.invalid-app-id', { app_id: '2021000000000000' }],
  ['40001', 'isv.missing-method', { method: undefined }],
  ['40002', 'isv.invalid-method', { method: 'alipay.trade.nonsense' }],
  ['40001', 'isv.missing-signature-type', { sign_type: undefined }],
  ['40002', 'isv.invalid-signature-type', { sign_type: 'SM2' }],
  ['40001', 'isv.missing-signature', { sign: undefined }],
  ['40001', 'isv.missing-timestamp', { timestamp: undefined }],
  ['40002', 'isv.invalid-timestamp', { timestamp: '2026-11-23T10:00:00' }],
  ['40001', 'isv.missing-version', { version: undefined }],
  ['40002', 'isv.invalid-charset', { charset: 'big5' }],
  ['40002', 'isv.invalid-format', { format: 'XML' }],
  ['40002', 'isv.app-cert-not-exist', { app_cert_sn: 'abc' }],
  ['40002', 'isv.invalid-signature', { sign: 'AAAA' }],
  ['40002', 'isv.invalid-encrypt-type', { encrypt_type: 'DES' }],
  ['20001', 'aop.invalid-app-auth-token', { app_auth_token: '201208' }],
]

describe('checks', () => {
  test.each(CHECKS.map((check, index) => [...check, index] as const))(
    '%s %s comes before all later ones',
    async (code, subCode, _, index) => {
      const emulator = await emulatorAt()
      const faults = CHECKS.slice(index).toReversed()
      const params = Object.assign({}, ...faults.map(([, , fault]) => fault)) as Record<
        string,
        string
      >
      const { node } = await call(emulator, METHOD, order, { params })
      expect(node).toMatchObject({ code, sub_code: subCode })
    },
  )

  test('answers to an application that is not known are unsigned, all others signed', async () => {
    const emulator = await emulatorAt()
    const foreign = await call(emulator, METHOD, order, { params: { app_id: '2021000000000000' } })
    expect(foreign.root).toBe('alipay_trade_query_response')
    expect(foreign.sign).toBeUndefined()
    const known = await call(emulator, METHOD, order, { params: { timestamp: undefined } })
    expect(isGenuine(emulator, known)).toBe(true)
  })

  test('a wrong signature is answered with the text that the gateway checked, HTML-escaped', async () => {
    const emulator = await emulatorAt()
    const stranger = createSigner(generateKeyPair().privateKey)
    const params = await signedParams(emulator, METHOD, order)
    const sign = await stranger.sign(Buffer.from('anything'))
    const answer = await call(emulator, METHOD, order, { params: { ...params, sign } })
    expect(answer.node['sub_msg']).toBe(
      '验签出错，建议检查签名字符串或签名私钥与应用公钥是否匹配，网关生成的验签字符串为：' +
        `app_id=${emulator.credentials.app_id}&amp;biz_content={"out_trade_no":"ORDER-1"}&amp;charset=utf-8` +
        '&amp;format=JSON&amp;method=alipay.trade.query&amp;sign_type=RSA2&amp;timestamp=2026-11-23 10:00:00&amp;version=1.0',
    )
    expect(isGenuine(emulator, answer)).toBe(true)
  })

  test.each([
    ['not JSON', '{', '40002', 'isv.illegal-json'],
    ['no object', '[]', '40002', 'isv.illegal-json'],
    ['an object without a number', '{}', '40004', 'ACQ.INVALID_PARAMETER'],
  ])('biz_content that is %s is refused', async (_, biz, code, subCode) => {
    const { node } = await call(await emulatorAt(), METHOD, biz)
    expect(node).toMatchObject({ code, sub_code: subCode })
  })

  test('what is no name of a method is answered under error_response', async () => {
    const emulator = await emulatorAt()
    const answer = await call(emulator, 'no method', order)
    expect(answer.root).toBe('error_response')
    expect(isGenuine(emulator, answer)).toBe(true)
  })

  test.each([
    [{ application_key: 'missing' }, '40003', 'isv.missing-signature-config'],
    [{ product: 'missing' }, '40006', 'isv.insufficient-isv-permissions'],
    [{ seller_status: 'blocked' }, '40004', 'ACQ.SELLER_BEEN_BLOCKED'],
  ] as const)('with the setting %j the answer is %s %s', async (setting, code, subCode) => {
    const emulator = await emulatorAt()
    emulator.settings.update(setting)
    const { node } = await call(emulator, 'alipay.trade.precreate', goods)
    expect(node).toMatchObject({ code, sub_code: subCode })
  })
})

describe('encryption', () => {
  const encrypted = (emulator: Emulator, text: string) =>
    encryptContent(text, emulator.credentials.encrypt_key)

  test('a request with AES is decrypted and answered with AES, signed with its quotes', async () => {
    const emulator = await emulatorAt()
    const biz = encrypted(emulator, JSON.stringify(order))
    const answer = await call(emulator, METHOD, biz, { params: { encrypt_type: 'AES' } })
    expect(answer.rawNode).toMatch(/^"[A-Za-z0-9+/=]+"$/)
    expect(isGenuine(emulator, answer)).toBe(true)
    const node = decryptContent(answer.rawNode.slice(1, -1), emulator.credentials.encrypt_key)
    expect(JSON.parse(node)).toMatchObject({ sub_code: 'ACQ.TRADE_NOT_EXIST' })
  })

  test('what does not decrypt is refused in plain text', async () => {
    const emulator = await emulatorAt()
    const { node } = await call(emulator, METHOD, 'AAAA', { params: { encrypt_type: 'AES' } })
    expect(node).toMatchObject({ code: '40002', sub_code: 'isv.invalid-encrypt' })
  })
})
