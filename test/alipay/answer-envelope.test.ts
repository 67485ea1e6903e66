import { describe, expect, test } from 'vitest'
import { openAnswerEnvelope } from '../../src/alipay/answer-envelope.ts'
import { type Charset, encodeText } from '../../src/alipay/charset.ts'
import { MessageMalformed } from '../../src/alipay/errors.ts'

const method = 'alipay.trade.query'
const name = 'alipay_trade_query_response'

function open(body: string | Uint8Array, charset: Charset = 'utf-8') {
  const bytes = typeof body === 'string' ? encodeText(body, charset) : body
  const envelope = openAnswerEnvelope(bytes, method, charset)
  return { ...envelope, signed: Buffer.from(envelope.signedBytes).toString() }
}

describe('the signed text is the exact text of the node:', () => {
  const nodes = [
    '{"code":"10000"}',
    '{ "code" : "10000" ,\n "msg":"Success" }',
    '{}',
    '{"url":"https:\\/\\/qr.alipay.com\\/x"}',
    '{"a":"}\\"{","b":"\\\\"}',
    '{"a":{"b":[{"c":"]"},[]]}}',
    `{"${name}":{"code":"1"},"sign":"inner"}`,
    '{"subject":"咖啡 ☕"}',
    '"eyJjb2RlIjoiMTAwMDAifQ=="',
    '""',
    '[1,2]',
    'null',
    '-1.5e+3',
  ]
  test.each(nodes)('%s', (node) => {
    for (const body of [
      `{"${name}":${node},"sign":"s+/="}`,
      `{"sign":"s+/=","${name}":${node}}`,
      ` {\n "${name}" :\t${node}\r\n, "other":{"sign":"x"} , "sign" : "s+/=" } \n`,
      `{"x":"\\"${name}\\":{}","${name}":${node},"sign":"s+\\/="}`,
    ]) {
      expect(open(body)).toMatchObject({ signed: node, sign: 's+/=', root: 'method' })
    }
  })
})

test('the serial number of the certificate is told, before or after the signature', () => {
  expect(open(`{"${name}":{},"alipay_cert_sn":"0af1","sign":"s"}`).alipayCertSn).toBe('0af1')
  expect(open(`{"${name}":{},"sign":"s","alipay_cert_sn":"0af1"}`).alipayCertSn).toBe('0af1')
  expect(open(`{"${name}":{},"sign":"s"}`).alipayCertSn).toBeUndefined()
})

test('a signature that is no string is none', () => {
  for (const sign of ['null', '1', '{"sign":"x"}', '["s"]', 'true']) {
    expect(open(`{"${name}":{},"sign":${sign}}`).sign).toBeUndefined()
  }
  expect(open(`{"${name}":{},"sign":""}`).sign).toBe('')
})

test('the generic error node is told apart from that of the method', () => {
  expect(open('{"error_response":{"code":"20000"}}')).toMatchObject({
    root: 'error_response',
    signed: '{"code":"20000"}',
    sign: undefined,
  })
})

describe('an answer is refused that', () => {
  test.each([
    ['is empty', ''],
    ['is blank', ' \n'],
    ['is HTML', '<html><body>502</body></html>'],
    ['is a list', `[{"${name}":{}}]`],
    ['is a text', `"${name}"`],
    ['has no members', '{}'],
    ['is about another method', '{"alipay_trade_refund_response":{},"sign":"s"}'],
    ['has two nodes', `{"${name}":{"a":1},"${name}":{"a":2},"sign":"s"}`],
    ['has two nodes, one behind the signature', `{"${name}":{},"sign":"s","${name}":{}}`],
    ['has two signatures', `{"${name}":{},"sign":"s","sign":"t"}`],
    ['has two serial numbers', `{"${name}":{},"alipay_cert_sn":"1","alipay_cert_sn":"2"}`],
    ['has both kinds of node', `{"${name}":{},"error_response":{},"sign":"s"}`],
    ['is cut off', `{"${name}":{"code":"10000"},"sign":"s"`],
    ['is cut off within the node', `{"${name}":{"code":"1`],
    ['is cut off within an escape', `{"${name}":{"code":"1\\`],
    ['goes on', `{"${name}":{},"sign":"s"}{}`],
    ['goes on with a zero byte', `{"${name}":{},"sign":"s"}\0`],
    ['has a byte order mark', `\u{feff}{"${name}":{}}`],
    ['lacks a colon', `{"${name}"{},"sign":"s"}`],
    ['lacks a comma', `{"${name}":{}"sign":"s"}`],
    ['has a comma too many', `{"${name}":{},}`],
    ['lacks a value', `{"${name}":,"sign":"s"}`],
    ['has names without quotes', `{${name}:{}}`],
    ['has single quotes', `{'${name}':{}}`],
    ['has an unknown kind of blank', `{"${name}":\u{a0}{}}`],
  ])('%s', (_, body) => {
    expect(() => open(body)).toThrow(MessageMalformed)
  })
})

test('nesting a million deep is read without a word of complaint, or refused', () => {
  const deep = `${'[{"a":'.repeat(500_000)}1${'}]'.repeat(500_000)}`
  expect(open(`{"${name}":${deep},"sign":"s"}`).signed).toHaveLength(deep.length)
  expect(() => open(`{"${name}":${'['.repeat(1_000_000)}`)).toThrow(MessageMalformed)
})

test('the bytes are a view of the body, wherever that stands in its buffer', () => {
  const text = `{"${name}":{"code":"10000"},"sign":"s"}`
  const whole = Buffer.from(`xx${text}xx`)
  expect(open(new Uint8Array(whole.buffer, whole.byteOffset + 2, text.length)).signed).toBe(
    '{"code":"10000"}',
  )
})

describe('in GBK the second byte of a character may look like JSON:', () => {
  // 0x5c is \, 0x7b is {, 0x7d is }, 0x5b is [: all of them second bytes.
  test.each([
    ['\\', 'b35c'],
    ['{', '817b'],
    ['}', '817d'],
    ['[', '815b'],
    [']', '815d'],
    ['\\ before the closing quote', 'd6a7b35c'],
  ])('%s', (_, hex) => {
    const character = new TextDecoder('gbk', { fatal: true }).decode(Buffer.from(hex, 'hex'))
    const node = `{"subject":"${character}","code":"10000"}`
    const body = encodeText(`{"${name}":${node},"sign":"s"}`, 'gbk')
    expect(body.includes(Buffer.from(hex, 'hex'))).toBe(true)
    const envelope = openAnswerEnvelope(body, method, 'gbk')
    expect(new TextDecoder('gbk').decode(envelope.signedBytes)).toBe(node)
    expect(envelope.sign).toBe('s')
  })

  test('and the same bytes as UTF-8 are not', () => {
    const body = Buffer.from(`{"${name}":{"subject":"\xb3\\"},"sign":"s"}`, 'latin1')
    expect(() => openAnswerEnvelope(body, method, 'utf-8')).toThrow(MessageMalformed)
    expect(openAnswerEnvelope(body, method, 'gbk').sign).toBe('s')
  })
})
