import { constants, createPrivateKey, type KeyObject, sign as signBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { assert, property, string } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeForm, encodeText, encryptContent } from '../../src/alipay/index.ts'
import { createStyle } from '../../src/cli/output.ts'
import {
  formatVerdict,
  verify,
  type Verdict,
  type VerifyOptions,
} from '../../src/cli/verify/index.ts'
import { vectorText } from '../vectors.ts'
import { runSaoma } from './run-saoma.ts'

const alipayKey = createPrivateKey(vectorText('keys/alipay-private-key.pem'))
const shortKey = createPrivateKey(vectorText('keys/short-private-key.pem'))
const applicationKey = createPrivateKey(vectorText('keys/application-private-key.pkcs8.pem'))
const alipayPublicKey = vectorText('keys/alipay-public-key.pem')
const appPublicKey = vectorText('keys/application-public-key.spki.pem')

const sign = (content: string | Uint8Array, key = alipayKey, digest = 'sha256'): string =>
  signBytes(digest, Buffer.from(content as string), {
    key,
    padding: constants.RSA_PKCS1_PADDING,
  }).toString('base64')

const examine = (
  input: string | Uint8Array,
  options: VerifyOptions = { alipayPublicKey },
  env: Record<string, string> = {},
): Verdict => verify(Buffer.from(input as string), options, env)

/** The shape that Alipay's oldest pages show: a URL, decoded, with blanks, Chinese and + in sign. */
const params: Readonly<Record<string, string>> = {
  total_amount: '8.88',
  buyer_id: '2088000000000017',
  body: '拿铁一杯2.1',
  trade_no: '2026112322001400010000000001',
  refund_fee: '0.00',
  notify_time: '2026-11-23 10:00:03',
  subject: '拿铁一杯2.1',
  charset: 'utf-8',
  notify_type: 'trade_status_sync',
  out_trade_no: '1123100001-6418',
  gmt_payment: '2026-11-23 10:00:02',
  trade_status: 'TRADE_SUCCESS',
  gmt_create: '2026-11-23 10:00:01',
  app_id: '2021000000000001',
}

const sortedText = (all: Readonly<Record<string, string>>): string =>
  Object.entries(all)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')

const content = sortedText(params)

function notification(key: KeyObject = alipayKey, all = params): Record<string, string> {
  return { ...all, sign_type: 'RSA2', sign: sign(sortedText(all), key) }
}

const plain = (all: Readonly<Record<string, string>>): string =>
  Object.entries(all)
    .map(([name, value]) => `${name}=${value}`)
    .join('&')

const asUrl = `https://api.shop.example/receive_notify.htm?${plain(notification())}`
const asBody = encodeForm(Object.entries(notification()))

describe('a notification', () => {
  test('holds as the body that arrived, and nothing is assumed about it', () => {
    const verdict = examine(asBody)
    expect(verdict).toMatchObject({ kind: 'notification', holds: true, problem: null })
    expect(verdict.assumptions).toEqual([])
    expect(verdict.signing_content).toBe(content)
    expect(verdict.sign).toEqual({ present: true, bytes: 256, made_by_key_bits: 2048 })
  })

  test('holds as a decoded URL, and it is said that + was kept', () => {
    const verdict = examine(asUrl)
    expect(verdict).toMatchObject({ kind: 'notification', holds: true })
    expect(verdict.assumptions.join()).toContain('+ was kept as +')
    expect(verdict.signing_content).toBe(content)
  })

  const signUnencoded = asBody.replace(/sign=[^&]*$/, `sign=${notification()['sign']}`)
  test.each([
    ['in double quotes', `"${asUrl}"`],
    ['in curly quotes', `“${asUrl}”`],
    ['in a code fence', `\`\`\`text\n${asUrl}\n\`\`\`\n`],
    ['in a quoted code fence', ` | \`\`\`\n | ${asUrl}\n | \`\`\`\n`],
    ['after POST', `POST ${asUrl}`],
    ['as a logged HTTP request', `POST /notify HTTP/1.1\r\nHost: shop\r\nX: y\r\n\r\n${asBody}`],
    ['after words of a log', `2026-11-23 INFO notify received: ${asBody}`],
    ['cut into lines by a terminal', asUrl.replaceAll(/.{67}/g, '$&\n')],
    ['cut at the blank of a time', asUrl.replace('11-23 10:00:03', '11-23\n10:00:03')],
    ['a parameter a line', plain(notification()).replaceAll('&', '\n')],
    ['with sign alone not encoded', signUnencoded],
    ['with blanks where sign has +', asUrl.replaceAll('+', ' ')],
    [
      'as an address that a browser shows',
      asUrl
        .replaceAll('拿铁', encodeURIComponent('拿铁'))
        .replace(/sign=.*$/, (part) => `sign=${encodeURIComponent(part.slice(5))}`),
    ],
    ['as JSON of parsed parameters', JSON.stringify(notification())],
    ['from PowerShell, as UTF-16', Buffer.from(`\u{FEFF}${asUrl}`, 'utf16le')],
  ])('holds when pasted %s', (_, input) => {
    const verdict = examine(input)
    expect(verdict.finding).toContain('The signature holds')
    expect(verdict.signing_content).toBe(content)
  })

  test('holds with whatever values it has, as the body that arrived', () => {
    const value = string({ unit: 'binary', maxLength: 30 })
    assert(
      property(value, value, value, (subject, body, passback) => {
        const all = { ...params, subject, body, passback_params: passback }
        const verdict = examine(encodeForm(Object.entries(notification(alipayKey, all))))
        expect(verdict.holds).toBe(true)
      }),
      { numRuns: 40 },
    )
  })

  test.each([
    ['A & B; <x>'],
    ['[{"amount":"8.88","fundChannel":"ALIPAYACCOUNT"}]'],
    ['50%25 &quot;'],
  ])('holds decoded, with the value %s', (body) => {
    const all = { ...params, body }
    expect(examine(plain(notification(alipayKey, all)))).toMatchObject({ holds: true })
  })

  test('in GBK holds as bytes and as the UTF-8 that a terminal makes of it', () => {
    const all: Record<string, string> = { ...params, charset: 'GBK' }
    const signed = { ...all, sign_type: 'RSA2', sign: sign(encodeText(sortedText(all), 'gbk')) }
    const bytes = examine(encodeForm(Object.entries(signed), 'gbk'))
    expect(bytes).toMatchObject({ holds: true, charset: 'gbk' })
    const pasted = examine(plain(signed))
    expect(pasted).toMatchObject({ holds: true, signing_content: sortedText(all) })
    expect(pasted.assumptions.join()).toContain('turned back into GBK')
  })

  test('of 128 bytes is said to be of a 1024-bit key, with a key and without', () => {
    const short = `https://api.shop.example/n?${plain(notification(shortKey))}`
    for (const options of [{}, { alipayPublicKey }]) {
      const verdict = examine(short, options)
      expect(verdict).toMatchObject({ holds: false, problem: 'sign_length' })
      expect(verdict.sign).toEqual({ present: true, bytes: 128, made_by_key_bits: 1024 })
      expect(verdict.finding).toContain('128 bytes long, so a 1024-bit key made it')
      expect(verdict.finding).toContain('an RSA2 key has at least 2048 bits')
    }
  })

  test.each<[string, string, string, VerifyOptions]>([
    ['no_signature', 'no sign parameter', asBody.replace(/&sign=.*$/, ''), {}],
    ['wrong_key', 'a value was changed', asBody.replace('8.88', '9.88'), {}],
    [
      'wrong_key',
      "application's own private key",
      encodeForm(Object.entries(notification(applicationKey))),
      { appPublicKey },
    ],
    [
      'own_public_key_configured',
      'your own application public key',
      asBody,
      { alipayPublicKey: appPublicKey, appPublicKey },
    ],
    ['parameter_added', 'once store is left out', `store=7&${asBody}`, {}],
    ['malformed', 'given twice', `${asBody}&app_id=1`, {}],
    [
      'wrong_sign_type',
      'By RSA it holds.',
      encodeForm(
        Object.entries({
          ...notification(),
          sign_type: 'RSA',
          sign: sign(content, alipayKey, 'sha1'),
        }),
      ),
      {},
    ],
    [
      'looks_decoded_twice',
      'decoded again',
      encodeForm(
        Object.entries({ ...notification(), subject: '%E6%8B%BF%E9%93%81%E4%B8%80%E6%9D%AF2.1' }),
      ),
      {},
    ],
    ['looks_like_gbk', 'U+FFFD', asBody.replace('subject=', 'subject=%EF%BF%BD'), {}],
  ])('that fails is explained: %s, %s', (problem, words, input, options) => {
    const verdict = examine(input, { alipayPublicKey, ...options })
    expect(verdict).toMatchObject({ holds: false, problem })
    expect(verdict.finding).toContain(words)
  })

  test('without a key is not judged, and its text is shown all the same', () => {
    const verdict = examine(asBody, {})
    expect(verdict).toMatchObject({ holds: null, problem: 'key_missing', signing_content: content })
  })

  test('is checked by the keys of the environment, a text or a file', () => {
    expect(examine(asBody, {}, { SAOMA_ALIPAY_PUBLIC_KEY: alipayPublicKey }).holds).toBe(true)
    const file = resolve(import.meta.dirname, '../vectors/certificates/alipay.pem')
    expect(examine(asBody, {}, { SAOMA_ALIPAY_CERT_FILE: file }).holds).toBe(true)
    expect(examine(asBody, { certificate: file }).key?.origin).toBe(`--certificate ${file}`)
  })
})

describe('other messages', () => {
  test('a service message is signed with its sign_type', () => {
    const all = {
      service: 'alipay.service.check',
      charset: 'utf-8',
      biz_content: '<xml/>',
      sign_type: 'RSA2',
    }
    const body = encodeForm(Object.entries({ ...all, sign: sign(sortedText(all)) }))
    expect(examine(body)).toMatchObject({ kind: 'service-message', holds: true })
    expect(examine(body, { alipayPublicKey, as: 'notification' }).finding).toContain(
      'service message',
    )
  })

  test('a return URL is recognised by its method, and its fragment is not signed', () => {
    const all = {
      app_id: '1',
      method: 'alipay.trade.page.pay.return',
      out_trade_no: 'A1',
      charset: 'utf-8',
    }
    const url = `https://shop.example/back?${encodeForm(Object.entries({ ...all, sign_type: 'RSA2', sign: sign(sortedText(all)) }))}`
    expect(examine(url)).toMatchObject({ kind: 'return-url', holds: true })
    expect(examine(`${url}#top`, { alipayPublicKey, as: 'return-url' }).holds).toBe(true)
  })
})

describe('an answer', () => {
  const node = String.raw`{"code":"10000","msg":"Success","out_trade_no":"A1","qr_code":"https:\/\/qr.example\/bax","subject":"拿铁"}`
  const answerOf = (text: string, signature = sign(text)): string =>
    `{"alipay_trade_precreate_response":${text},"sign":"${signature}"}`
  const answer = answerOf(node)

  test('holds over the exact bytes of its node', () => {
    const verdict = examine(answer)
    expect(verdict).toMatchObject({ kind: 'answer', holds: true, signing_content: node })
    expect(verdict.answer).toMatchObject({ method: 'alipay.trade.precreate', code: '10000' })
  })

  test.each([
    ['after words of a log', `10:00:01 answer <- ${answer} (12 ms)`],
    ['cut into lines by a terminal', answer.replaceAll(/.{50}/g, '$&\n')],
    ['as the inside of a JSON string', JSON.stringify(answer)],
    ['in GBK', Buffer.from(encodeText(answerOf(node, sign(encodeText(node, 'gbk'))), 'gbk'))],
  ])('holds when pasted %s', (_, input) => {
    expect(examine(input)).toMatchObject({ kind: 'answer', holds: true })
  })

  test.each([
    ['parsed and written again', JSON.stringify(JSON.parse(answer))],
    ['pretty-printed', JSON.stringify(JSON.parse(answer), null, 2)],
    [
      'with its / escaped',
      answerOf('{"code":"10000","a":"\\/"}', sign('{"code":"10000","a":"/"}')),
    ],
  ])('that was %s is recognised as such', (_, input) => {
    expect(examine(input)).toMatchObject({ holds: false, problem: 'rewritten' })
  })

  test('that is unsigned proves nothing, and what it claims is explained', () => {
    const verdict = examine(
      '{"alipay_trade_query_response":{"code":"40002","msg":"Invalid Arguments","sub_code":"isv.invalid-app-id","sub_msg":"无效的AppID参数"}}',
    )
    expect(verdict).toMatchObject({ holds: false, problem: 'no_signature' })
    expect(verdict.answer).toMatchObject({ sub_code: 'isv.invalid-app-id', outcome: 'not_applied' })
    expect(verdict.answer?.advice).toBeTruthy()
  })

  test('of the generic root is read too', () => {
    const refusal = '{"code":"20000","msg":"Service Currently Unavailable"}'
    const verdict = examine(`{"error_response":${refusal},"sign":"${sign(refusal)}"}`)
    expect(verdict).toMatchObject({
      holds: true,
      answer: { root: 'error_response', outcome: 'unknown' },
    })
  })

  test('that is encrypted is signed with its quotes, and read with the AES key', () => {
    const aes = Buffer.alloc(16, 7).toString('base64')
    const encrypted = answerOf(`"${encryptContent(node, aes)}"`)
    const verdict = examine(encrypted, { alipayPublicKey }, { SAOMA_ENCRYPT_KEY: aes })
    expect(verdict).toMatchObject({ holds: true, answer: { code: '10000' } })
    expect(examine(encrypted).hints.join()).toContain('encrypted')
  })

  test.each([
    ['wrong_key', answer.replace('A1', 'A2'), { alipayPublicKey }],
    ['own_public_key_configured', answer, { alipayPublicKey: appPublicKey, appPublicKey }],
    ['wrong_sign_type', answerOf(node, sign(node, alipayKey, 'sha1')), { alipayPublicKey }],
    ['bad_base64', answerOf(node, 'a-b'), {}],
    ['key_missing', answer, {}],
    ['sign_length', answerOf(node, sign(node, shortKey)), {}],
  ])('that fails is explained: %s', (problem, input, options) => {
    expect(examine(input, options)).toMatchObject({ problem })
  })
})

describe('a request', () => {
  const request: Readonly<Record<string, string>> = {
    method: 'alipay.trade.query',
    app_id: '2021000000000001',
    charset: 'utf-8',
    sign_type: 'RSA2',
    timestamp: '2026-11-23 10:00:00',
    version: '1.0',
    notify_url: 'https://shop.example/notify?a=1',
    app_auth_token: '',
    biz_content: '{"out_trade_no":"A1", "subject":"拿铁"}',
  }
  const filled = Object.fromEntries(Object.entries(request).filter(([, value]) => value !== ''))
  const { sign_type: _, ...untyped } = filled
  const sent = (signature: string): string =>
    `https://openapi.example/gateway.do?${encodeForm(Object.entries({ ...request, sign: signature }))}`
  const requestSign = (text: string, digest = 'sha256'): string =>
    sign(text, applicationKey, digest)

  test('holds by either half of the application’s key', () => {
    const input = sent(requestSign(sortedText(filled)))
    for (const options of [
      { appPublicKey },
      { appPrivateKey: vectorText('keys/application-private-key.pkcs1.txt') },
    ]) {
      expect(examine(input, options)).toMatchObject({ kind: 'request', holds: true })
    }
    expect(examine(input, {}).signing_content).toBe(sortedText(filled))
  })

  test.each([
    ['sign_type_not_signed', requestSign(sortedText(untyped))],
    ['empty_values_signed', requestSign(sortedText(request))],
    ['not_sorted', requestSign(plain(filled))],
    [
      'encoded_values_signed',
      requestSign(
        sortedText(
          Object.fromEntries(
            Object.entries(filled).map(([name, value]) => [name, encodeURIComponent(value)]),
          ),
        ),
      ),
    ],
    [
      'biz_content_rewritten',
      requestSign(sortedText({ ...filled, biz_content: '{"out_trade_no":"A1","subject":"拿铁"}' })),
    ],
    ['only_biz_content_signed', requestSign(request['biz_content']!)],
    ['wrong_sign_type', requestSign(sortedText(filled), 'sha1')],
    ['wrong_key_or_text', requestSign('something else')],
    ['wrong_key_or_text', sign(sortedText(filled), alipayKey)],
    ['bad_base64', 'abc'],
    ['no_signature', ''],
    ['sign_length', sign(sortedText(filled), shortKey)],
  ])('that was signed wrongly is explained: %s', (problem, signature) => {
    expect(examine(sent(signature), { appPublicKey })).toMatchObject({ holds: false, problem })
  })

  test('is looked through for what is unusual', () => {
    const { hints } = examine(sent('').replace('&sign_type=RSA2', ''), {})
    expect(hints.join()).toContain('sign_type is missing')
    expect(hints.join()).toContain('app_auth_token')
  })
})

describe('the command', () => {
  const key = ['--alipay-public-key', alipayPublicKey]

  test('ends with 0 if the signature holds, 1 if it does not, 2 if nothing is understood', async () => {
    const [holds, altered, nonsense] = await Promise.all([
      runSaoma(['verify', ...key, asUrl]),
      runSaoma(['verify', ...key, '--json'], { input: asUrl.replace('8.88', '9.88') }),
      runSaoma(['verify', 'nonsense']),
    ])
    expect(holds.code).toBe(0)
    expect(holds.stdout).toContain(`\n${content}\n`)
    expect(holds.stdout).toContain('HOLDS')
    expect(altered.code).toBe(1)
    expect(JSON.parse(altered.stdout)).toMatchObject({ holds: false, problem: 'wrong_key' })
    expect(nonsense.code).toBe(2)
    expect(nonsense.stderr).toMatch(/^saoma: This is not understood\. .*\n$/)
  })

  const origin = resolve(import.meta.dirname, '../../../shared/reference/origin.md')
  test.skipIf(!existsSync(origin))(
    'explains the sample of the first description as it is printed there',
    async () => {
      const lines = readFileSync(origin, 'utf8').split('\n')
      const at = lines.findIndex((line) => line.includes('receive_notify.htm?'))
      const { code, stdout } = await runSaoma(['verify'], {
        input: lines.slice(at - 1, at + 2).join('\n'),
      })
      expect(code).toBe(1)
      expect(stdout).toMatch(/^app_id=\d+&body=大乐透2\.1&.*&seller_id=\d+&.*&version=1\.0$/m)
      expect(stdout).toContain('128 bytes long, so a 1024-bit key made it')
      expect(stdout).toContain('at least 2048 bits')
    },
  )

  test('shows control characters instead of letting them act', () => {
    const verdict = examine(`${plain(params)}&memo=\u{1B}[2J&sign=x`, {})
    expect(formatVerdict(verdict, createStyle({}, {}))).not.toContain('\u{1B}')
  })

  test('writes colours to a terminal only, and not where NO_COLOR is set', () => {
    expect(createStyle({ isTTY: true }, {}).red('x')).toContain('\u{1B}')
    expect(createStyle({ isTTY: true }, { NO_COLOR: '1' }).red('x')).toBe('x')
    expect(createStyle({}, {}).red('x')).toBe('x')
  })
})
