import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { openAnswerEnvelope } from '../../src/alipay/answer-envelope.ts'
import { acceptAnswer, verifyAnswer } from '../../src/alipay/answer.ts'
import type { Charset } from '../../src/alipay/charset.ts'
import { encryptContent } from '../../src/alipay/encryption.ts'
import { RequestRefused } from '../../src/alipay/errors.ts'
import {
  verifyNotification,
  verifyReturnUrl,
  verifyServiceMessage,
} from '../../src/alipay/notification.ts'
import { rawText } from '../../src/alipay/raw-text.ts'
import {
  alipayPublicKey,
  answerBody,
  applicationPublicKey,
  formOf,
  paidParams,
  signedParams,
  thrownBy,
} from './alipay-side.ts'

const method = 'alipay.trade.query'
const encryptKey = Buffer.alloc(16, 7).toString('base64')
/** Spelled as no serializer would. */
const node =
  '{ "code":"10000",\n"msg":"Success", "buyer_logon_id":"159****5620", "subject":"\\u7f8e式 \\/", "big":12345678901234567890, "x":1.00 }'
const refusal =
  '{"code":"40004","msg":"Business Failed","sub_code":"ACQ.TRADE_NOT_EXIST", "buyer_logon_id":"159****5620"}'
const trust = {
  alipayPublicKeys: [alipayPublicKey],
  signType: 'RSA2' as const,
  applicationPublicKey,
}

function accepted(signed: string, charset: Charset = 'utf-8') {
  const envelope = openAnswerEnvelope(answerBody(method, signed, { charset }), method, charset)
  const verified = verifyAnswer(envelope, { alipayPublicKey, charset, encryptKey, ...trust })
  return acceptAnswer(verified, { method, traceId: undefined })
}

describe('the raw text of an answer', () => {
  test.each<[string, string, Charset]>([
    ['as it was signed', node, 'utf-8'],
    ['in GBK', node, 'gbk'],
    ['decrypted', `"${encryptContent(node, encryptKey)}"`, 'utf-8'],
  ])('%s is kept to the letter', (_, signed, charset) => {
    const answer = accepted(signed, charset)
    expect(rawText(answer)).toBe(node)
    expect(answer).toEqual(JSON.parse(node))
  })

  test('belongs to that very object', () => {
    const answer = accepted(node)
    expect(rawText({ ...answer })).toBeUndefined()
    expect(rawText({})).toBeUndefined()
  })

  test('of refusal hangs at the error and at its node', () => {
    for (const signed of [refusal, `"${encryptContent(refusal, encryptKey)}"`]) {
      const error = thrownBy(() => accepted(signed)) as RequestRefused
      expect(error).toBeInstanceOf(RequestRefused)
      expect(error.rawText).toBe(refusal)
      expect(rawText(error.node)).toBe(refusal)
    }
  })

  test('is printed with nothing', () => {
    const error = thrownBy(() => accepted(refusal)) as RequestRefused
    const answer = accepted('{"code":"10000", "buyer":1}')
    for (const one of [error, answer]) {
      const printed = [
        inspect(one, { depth: 9, showHidden: true }),
        JSON.stringify(one),
        JSON.stringify(Object.getOwnPropertyDescriptors(one)),
      ].join()
      expect(printed).not.toContain('159****5620')
      expect(printed).not.toContain('", "')
    }
  })
})

describe('the raw text of a message', () => {
  const form = formOf(signedParams(paidParams))

  test('is the form that came, as text or as bytes', () => {
    for (const body of [form, Buffer.from(form)]) {
      const notification = verifyNotification(body, trust)
      expect(rawText(notification)).toBe(form)
      const printed = inspect(notification, { depth: 9, showHidden: true })
      expect(printed + JSON.stringify(notification)).not.toContain('ORDER-1')
    }
    const service = formOf(signedParams(paidParams, { rule: 'V2' }))
    expect(rawText(verifyServiceMessage(service, trust))).toBe(service)
    const returned = verifyReturnUrl(`https://shop.example/back?mine=1&${form}`, trust, ['mine'])
    expect(rawText(returned)).toBe(`mine=1&${form}`)
  })

  test.each<Charset>(['utf-8', 'gbk'])(
    'in %s with bytes that were not escaped verifies again, and is ASCII',
    (charset) => {
      const params = { ...paidParams, charset, body: '\0 \x7f\n咖啡' }
      const escaped = formOf(signedParams(params, { charset }), charset)
      const raw = escaped.replace(/body=([^&]*)/, (_, value: string) => {
        const bytes = value.replace(/%(..)/g, (__, hex: string) =>
          String.fromCharCode(Number.parseInt(hex, 16)),
        )
        return `body=${bytes}`
      })
      const notification = verifyNotification(Buffer.from(raw, 'latin1'), trust)
      const text = rawText(notification) ?? ''
      expect(text).toMatch(/^[\x20-\x7e]+$/)
      expect(verifyNotification(text, trust).params).toEqual(notification.params)
      expect(notification.params.body).toBe('\0 \x7f\n咖啡')
    },
  )
})
