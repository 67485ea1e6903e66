/**
 * Alipay's own signatures, and those of other SDKs, held against ours. The files on serial numbers,
 * AES and chains are read by `certificate.test.ts` and `encryption.test.ts`.
 *
 * @module
 */

import { createPublicKey, type KeyObject } from 'node:crypto'
import { expect, test } from 'vitest'
import { openAnswerEnvelope } from '../../src/alipay/answer-envelope.ts'
import { acceptAnswer, verifyAnswer } from '../../src/alipay/answer.ts'
import {
  certificateSerialNumber,
  rootCertificateSerialNumber,
} from '../../src/alipay/certificate.ts'
import { toCharset } from '../../src/alipay/charset.ts'
import { decryptContent, encryptContent } from '../../src/alipay/encryption.ts'
import {
  MessageMalformed,
  NotificationInvalid,
  RequestRefused,
  SignatureInvalid,
} from '../../src/alipay/errors.ts'
import { decodeForm, encodeForm } from '../../src/alipay/form.ts'
import { loadPrivateKey, loadPublicKey, sameKey, type SignType } from '../../src/alipay/keys.ts'
import type { NotificationTrust } from '../../src/alipay/notification-trust.ts'
import {
  verifyNotification,
  verifyReturnUrl,
  verifyServiceMessage,
} from '../../src/alipay/notification.ts'
import { createSigner, verifySignature } from '../../src/alipay/signer.ts'
import { requestSigningContent } from '../../src/alipay/signing-content.ts'
import { describeReference, referenceText } from '../reference-vectors.ts'
import { alipayPublicKey, thrownBy } from './alipay-side.ts'

interface Signed {
  id: string
  sign: string
  signType: SignType
}

type Answer = Signed & {
  rawBody: string
  responseNode: string
  signContent: string
  alipayCertSn: string | null
  verifyWith: string
}
type Notification = Signed & {
  rawBody: string
  charset: string
  params: Record<string, string>
  signTypeSigned: boolean
  signContentBase64: string
  verifyWith: string
}
type ReturnUrl = Signed & {
  url: string
  ignoredParams: string[]
  signContentText: string
  verifyWith: string
}
type SignedRequest = Signed & {
  params: Record<string, string>
  signContent: string
  signWith: string
  wire?: string
}
type SelfSigned = Signed & { params: Record<string, string>; verifyWith: string }
interface Extraction {
  id: string
  body: string
  node: string
  expected?: string
  expectError?: true
}

describeReference('sync-responses', 'a genuine answer', (vectors) => {
  const answers = vectors as Answer[]

  test('there are 25 of them, 4 with escaped slashes', () => {
    expect(answers).toHaveLength(25)
    expect(answers.filter(({ signContent }) => signContent.includes('\\/'))).toHaveLength(4)
  })

  test.each(answers)('$id is verified, and every alteration of it is refused', (vector) => {
    const { rawBody, signContent, sign, responseNode } = vector
    const genuine = openAnswerEnvelope(Buffer.from(rawBody), methodOf(responseNode), 'utf-8')
    expect(Buffer.from(genuine.signedBytes).toString()).toBe(signContent)
    expect(genuine.sign).toBe(sign)
    expect(genuine.alipayCertSn).toBe(vector.alipayCertSn ?? undefined)
    expect(judge(vector, rawBody)).toEqual(JSON.parse(signContent))

    const parsed = JSON.parse(signContent) as Record<string, string>
    const withNode = (node: string): string => rawBody.replace(signContent, () => node)
    const withSign = (text: string): string => rawBody.replace(sign, () => text)
    const altered: [SignatureInvalid['problem'] | 'malformed', string][] = [
      ['wrong_key', withNode(signContent.replace('"code":"', '"code":"9'))],
      ['wrong_key', withNode(signContent.replace('"msg":', '"msg": '))],
      ['wrong_key', withNode(signContent.replace(/}$/, ',"added":"1"}'))],
      [
        'wrong_key',
        withNode(JSON.stringify(Object.fromEntries(Object.entries(parsed).toReversed()))),
      ],
      ['wrong_key', withNode(JSON.stringify(parsed, undefined, 1))],
      ['wrong_key', withSign(flipLetter(sign))],
      ['bad_base64', withSign(sign.replace(/=+$/, ''))],
      ['bad_base64', withSign(`${sign}\\n`)],
      ['no_signature', withSign('')],
      ['no_signature', rawBody.replace('"sign":', '"sing":')],
      ['malformed', `{"${responseNode}":{"code":"10000","msg":"Success"},${rawBody.slice(1)}`],
      ['malformed', rawBody.replace(/}$/, `,"${responseNode}":{"code":"10000"}}`)],
      ['malformed', rawBody.slice(0, -1)],
      ['malformed', `${rawBody}{}`],
      ['malformed', rawBody.replace(responseNode, `another_${responseNode}`)],
    ]
    if (signContent.includes('\\/')) {
      altered.push(['wrong_key', withNode(signContent.replaceAll('\\/', '/'))])
      altered.push(['wrong_key', withNode(JSON.stringify(parsed))])
    }
    for (const [problem, body] of altered) {
      expect(body).not.toBe(rawBody)
      const error = thrownBy(() => judge(vector, body))
      if (problem === 'malformed') expect(error).toBeInstanceOf(MessageMalformed)
      else expect(error).toMatchObject({ code: 'ERR_ALIPAY_SIGNATURE_INVALID', problem })
    }
    const strange = { ...vector, verifyWith: alipayPublicKey }
    expect(thrownBy(() => judge(strange, rawBody))).toMatchObject({ problem: 'wrong_key' })
  })
})

describeReference('notifications', 'a genuine notification', (vectors) => {
  const notifications = vectors as Notification[]

  test('there are 7 of them', () => {
    expect(notifications).toHaveLength(7)
  })

  test.each(notifications)('$id is verified by its rule and no other', (vector) => {
    const { rawBody, params, signTypeSigned, signContentBase64 } = vector
    const trust = trustOf(vector)
    const [rule, otherRule] = signTypeSigned
      ? [verifyServiceMessage, verifyNotification]
      : [verifyNotification, verifyServiceMessage]
    const { sign: _, ...unsigned } = params
    for (const body of [Buffer.from(rawBody), rawBody]) {
      expect({ ...rule(body, trust).params }).toEqual(unsigned)
    }
    const refused = thrownBy(() => otherRule(rawBody, trust)) as NotificationInvalid
    expect(refused).toMatchObject({ problem: 'wrong_key' })
    expect(refused.message).toContain(signTypeSigned ? 'rule V2' : 'rule V1')

    // The text that was checked can be had from the error, in the charset of the message.
    const forged = rawBody.replace('total_amount=', 'total_amount=9')
    const error = thrownBy(() => rule(forged, trust)) as NotificationInvalid
    const content = Buffer.from(signContentBase64, 'base64')
    const text = new TextDecoder(toCharset(vector.charset)).decode(content)
    expect(error.signingContent).toBe(text.replace('total_amount=', 'total_amount=9'))
  })

  test.each(notifications)('$id is refused once it is altered', (vector) => {
    const { rawBody } = vector
    const trust = trustOf(vector)
    const without = (name: string) =>
      rawBody
        .split('&')
        .filter((pair) => !pair.startsWith(`${name}=`))
        .join('&')
    const altered: [NotificationInvalid['problem'], string][] = [
      ['wrong_key', rawBody.replace('total_amount=', 'total_amount=9')],
      ['wrong_key', rawBody.replace('TRADE_SUCCESS', 'TRADE_FINISHED').replace('WAIT_', 'TRADE_')],
      ['wrong_key', without('seller_id')],
      ['wrong_key', without('charset')],
      ['wrong_key', `${rawBody}&refund_fee=`],
      ['wrong_key', rawBody.replace('out_trade_no=', 'Out_trade_no=')],
      ['malformed', `${rawBody}&total_amount=0.01`],
      ['malformed', `total_amount=0.01&${rawBody}`],
      ['no_signature', without('sign')],
      ['wrong_sign_type', rawBody.replace('sign_type=RSA2', 'sign_type=RSA')],
      ['wrong_sign_type', rawBody.replace('sign_type=RSA2', 'sign_type=NONE')],
    ]
    for (const [problem, body] of altered) {
      if (body === rawBody) continue
      expect(thrownBy(() => verifyNotification(body, trust))).toMatchObject({
        code: 'ERR_ALIPAY_NOTIFICATION_INVALID',
        problem,
      })
    }
    expect(altered.filter(([, body]) => body === rawBody).length).toBeLessThanOrEqual(2)
  })

  test('of GBK bytes that were read as UTF-8 is refused with that reason', () => {
    const chinese = notifications.filter(
      ({ charset, params }) => charset === 'GBK' && /[^\0-\x7f]/.test(params['subject'] ?? ''),
    )
    expect(chinese).toHaveLength(2)
    for (const vector of chinese) {
      const misread = encodeForm(decodeForm(vector.rawBody))
      expect(thrownBy(() => verifyNotification(misread, trustOf(vector)))).toMatchObject({
        problem: 'looks_like_gbk',
      })
    }
  })
})

describeReference('return-urls', 'a genuine return URL', (vectors) => {
  const returnUrls = vectors as ReturnUrl[]

  test('there are 4 of them', () => {
    expect(returnUrls).toHaveLength(4)
  })

  test.each(returnUrls)('$id', (vector) => {
    const { url, ignoredParams, signContentText } = vector
    const trust = trustOf(vector)
    const { params } = verifyReturnUrl(url, trust, ignoredParams)
    for (const pair of signContentText.split('&')) {
      const equals = pair.indexOf('=')
      expect(params[pair.slice(0, equals)]).toBe(pair.slice(equals + 1))
    }
    expect(params['_config']).toBeUndefined()
    const query = new URL(url).search
    expect(verifyReturnUrl(query, trust, ignoredParams).params).toEqual(params)
    expect(verifyReturnUrl(`${url}#/paid?sign=1`, trust, ignoredParams).params).toEqual(params)

    const altered = [
      url.replace('total_amount=0.01', 'total_amount=0.02'),
      url.replace('method=', 'Method='),
      `${url}&mine=1`,
      ...(url.includes('_config=') ? [url] : []),
    ]
    for (const text of altered) {
      expect(thrownBy(() => verifyReturnUrl(text, trust))).toMatchObject({ problem: 'wrong_key' })
    }
  })
})

describeReference('sign-requests', 'a signed request', (vectors) => {
  const requests = vectors as SignedRequest[]

  test('there are 7 of them', () => {
    expect(requests).toHaveLength(7)
  })

  test.each(requests)('$id has our text, and our signature', async (vector) => {
    const { params, signContent, sign, signType, signWith, wire } = vector
    expect(requestSigningContent(params)).toBe(signContent)
    expect(requestSigningContent({ ...params, sign, empty: '' })).toBe(signContent)
    const paths = [signWith, signWith.replace('pkcs8', 'pkcs1')]
    expect(new Set(paths).size).toBe(2)
    for (const path of paths) {
      const key = loadPrivateKey(referenceText(path), { signType: 'RSA' })
      expect(verifySignature(Buffer.from(signContent), sign, publicHalf(key), signType)).toBe(true)
      if (key.asymmetricKeyDetails?.modulusLength === 1024 && signType === 'RSA2') continue
      expect(await createSigner(key, signType).sign(Buffer.from(signContent))).toBe(sign)
    }
    if (wire !== undefined) {
      const form = wire.slice(wire.indexOf('?') + 1)
      expect(Object.fromEntries(decodeForm(form))).toEqual({ ...params, sign })
    }
  })
})

describeReference('verify-selfsigned', 'a message by rule V2', (vectors) => {
  const selfSigned = vectors as SelfSigned[]

  test('there are 6 of them', () => {
    expect(selfSigned).toHaveLength(6)
  })

  test.each(selfSigned)('$id', (vector) => {
    const { params, sign } = vector
    const trust = trustOf(vector)
    const body = encodeForm(Object.entries({ ...params, sign }))
    expect({ ...verifyServiceMessage(body, trust).params }).toEqual(params)
    expect(thrownBy(() => verifyNotification(body, trust))).toMatchObject({ problem: 'wrong_key' })
    const altered = encodeForm(Object.entries({ ...params, app_id: '2019090366875134', sign }))
    expect(thrownBy(() => verifyServiceMessage(altered, trust))).toMatchObject({
      problem: 'wrong_key',
    })
  })
})

describeReference('extract-sign-content', 'the signed text of an answer', (vectors) => {
  const extractions = vectors as Extraction[]

  test('there are 16 of them', () => {
    expect(extractions).toHaveLength(16)
  })

  test.each(extractions)('$id', ({ body, node, expected, expectError }) => {
    const open = () => openAnswerEnvelope(Buffer.from(body), methodOf(node), 'utf-8')
    if (expectError === true) expect(open).toThrow(MessageMalformed)
    else expect(Buffer.from(open().signedBytes).toString()).toBe(expected)
  })
})

interface Protocol {
  app_key: { pkcs1_base64: string; pkcs8_base64: string; spki_base64: string }
  request_v2: {
    params: Record<string, string>
    sign_content: string
    sign_rsa2: string
    sign_content_rsa: string
    sign_rsa_sha1: string
  }
  aes: { key_base64: string; plaintext: string; ciphertext: string }[]
  real_notify_v1: {
    alipay_public_key: string
    sign_type: string
    sign: string
    params_without_sign_and_sign_type: Record<string, string>
  }
  real_sync_response: RealAnswer & { node: string; signed_substring: string; sign: string }
  real_sync_raw: RealAnswer & { raw: string }
  certs: Record<string, string>
  real_failure_invalid_signature: RealAnswer & { raw: string; signed_substring: string }
}
interface RealAnswer {
  alipay_public_key: string
}

describeReference('protocol', 'the worked examples', (vectors) => {
  const protocol = vectors as Protocol

  test('has the groups that are tested here, and the one of v3, which is not spoken', () => {
    const { note: _, ...groups } = { note: '', ...protocol }
    expect(Object.keys(groups).toSorted()).toEqual([
      'aes',
      'app_key',
      'certs',
      'real_failure_invalid_signature',
      'real_notify_v1',
      'real_sync_raw',
      'real_sync_response',
      'request_v2',
      'request_v3',
    ])
    expect(protocol.aes.length).toBeGreaterThan(0)
  })

  test('app_key: one key in three forms', () => {
    const { pkcs1_base64, pkcs8_base64, spki_base64 } = protocol.app_key
    expect(sameKey(loadPrivateKey(pkcs1_base64), loadPrivateKey(pkcs8_base64))).toBe(true)
    expect(sameKey(loadPrivateKey(pkcs1_base64), loadPublicKey(spki_base64))).toBe(true)
  })

  test('request_v2: text and signature, RSA2 and RSA', async () => {
    const { params, sign_content, sign_rsa2, sign_content_rsa, sign_rsa_sha1 } = protocol.request_v2
    expect(requestSigningContent(params)).toBe(sign_content)
    expect(requestSigningContent({ ...params, sign_type: 'RSA' })).toBe(sign_content_rsa)
    for (const key of [protocol.app_key.pkcs1_base64, protocol.app_key.pkcs8_base64]) {
      expect(await createSigner(key).sign(Buffer.from(sign_content))).toBe(sign_rsa2)
      const old = await createSigner(key, 'RSA').sign(Buffer.from(sign_content_rsa))
      expect(old).toBe(sign_rsa_sha1)
    }
  })

  test('aes: both ways', () => {
    for (const { key_base64, plaintext, ciphertext } of protocol.aes) {
      expect(encryptContent(plaintext, key_base64)).toBe(ciphertext)
      expect(decryptContent(ciphertext, key_base64)).toBe(plaintext)
    }
  })

  test('real_notify_v1: verified, and not as a service message', () => {
    const { params_without_sign_and_sign_type: params, ...real } = protocol.real_notify_v1
    const trust = { alipayPublicKeys: [loadPublicKey(real.alipay_public_key)], signType: RSA2 }
    const all = { ...params, sign_type: real.sign_type }
    const body = encodeForm(Object.entries({ ...all, sign: real.sign }))
    expect({ ...verifyNotification(body, trust).params }).toEqual(all)
    expect(() => verifyServiceMessage(body, trust)).toThrow(NotificationInvalid)
  })

  test('real_sync_response, real_sync_raw: verified', () => {
    const { node, signed_substring, sign, ...response } = protocol.real_sync_response
    const body = `{"${node}":${signed_substring},"sign":"${sign}"}`
    const verifyWith = loadPublicKey(response.alipay_public_key)
    const vector = { responseNode: node, signType: RSA2, verifyWith }
    expect(judge(vector, body)).toEqual(JSON.parse(signed_substring))
    const { raw, alipay_public_key } = protocol.real_sync_raw
    const upload = { responseNode: 'alipay_open_file_upload_response', signType: RSA2 }
    expect(judge({ ...upload, verifyWith: loadPublicKey(alipay_public_key) }, raw)).toMatchObject({
      code: '10000',
    })
  })

  test('real_failure_invalid_signature: a refusal is verified before it is one', () => {
    const real = protocol.real_failure_invalid_signature
    const method = 'alipay.security.risk.content.analyze'
    const verifyWith = loadPublicKey(real.alipay_public_key)
    const responseNode = `${method.replaceAll('.', '_')}_response`
    const answer = judge({ responseNode, signType: RSA2, verifyWith }, real.raw)
    expect(answer).toEqual(JSON.parse(real.signed_substring))
    const refusal = thrownBy(() => acceptAnswer(answer, { method, traceId: undefined }))
    expect(refusal).toBeInstanceOf(RequestRefused)
    expect(refusal).toMatchObject({
      subCode: 'isv.invalid-signature',
      alipayCode: '40002',
      outcome: 'not_applied',
    })
    const forged = real.raw.replace('isv.invalid-signature', 'isv.invalid-signaturf')
    expect(() => judge({ responseNode, signType: RSA2, verifyWith }, forged)).toThrow(
      SignatureInvalid,
    )
  })

  test('certs: serial numbers', () => {
    const { app_cert_pem, alipay_cert_pem, alipay_root_pem, ...numbers } = protocol.certs
    expect({
      app_cert_sn: certificateSerialNumber(app_cert_pem!),
      alipay_cert_sn: certificateSerialNumber(alipay_cert_pem!),
      alipay_root_cert_sn: rootCertificateSerialNumber(alipay_root_pem!),
    }).toEqual(numbers)
  })
})

const RSA2: SignType = 'RSA2'

function judge(
  vector: {
    responseNode: string
    signType: SignType
    verifyWith: string | KeyObject
  },
  body: string,
) {
  const { responseNode, signType, verifyWith } = vector
  const envelope = openAnswerEnvelope(Buffer.from(body), methodOf(responseNode), 'utf-8')
  const key = typeof verifyWith === 'string' ? referenceText(verifyWith) : verifyWith
  return verifyAnswer(envelope, {
    alipayPublicKey: loadPublicKey(key, { signType }),
    signType,
    charset: 'utf-8',
    encryptKey: undefined,
    applicationPublicKey: undefined,
  })
}

function trustOf(vector: { verifyWith: string; signType: SignType }): NotificationTrust {
  const { verifyWith, signType } = vector
  return {
    alipayPublicKeys: [loadPublicKey(referenceText(verifyWith), { signType })],
    signType,
  }
}

/** Underscores for dots do not matter: the name of the node has none. */
function methodOf(responseNode: string): string {
  return responseNode.replace(/_response$/, '')
}

function publicHalf(key: KeyObject): KeyObject {
  return createPublicKey(key)
}

/** Another letter in the middle: still base64. */
function flipLetter(sign: string): string {
  return `${sign.slice(0, 20)}${sign[20] === 'A' ? 'B' : 'A'}${sign.slice(21)}`
}
