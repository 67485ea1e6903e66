/**
 * Judges an answer of the gateway: first that Alipay signed it, then what it says. Only the
 * verified text is decoded.
 *
 * @module
 * @see Alipay: 同步返回验签
 */

import type { KeyObject } from 'node:crypto'
import type { AnswerEnvelope } from './answer-envelope.ts'
import { decodeBase64 } from './base64.ts'
import { decodeText, type Charset } from './charset.ts'
import { decryptContent } from './encryption.ts'
import { MessageMalformed, RequestRefused, SignatureInvalid } from './errors.ts'
import type { SignType } from './keys.ts'
import type { CommonAnswer } from './method.ts'
import { keepRawText } from './raw-text.ts'
import { verifySignature } from './signer.ts'
import { conclude } from './sub-codes.ts'

/** What an answer is judged by. */
export interface AnswerTrust {
  /**
   * The key that must have signed: the Alipay public key, or that of the certificate the answer
   * names.
   */
  readonly alipayPublicKey: KeyObject
  readonly signType: SignType
  readonly charset: Charset
  /** The AES key of 接口内容加密方式, where the application has one. */
  readonly encryptKey: string | undefined
  /** The application's own public key, to recognise it where it was configured by mistake. */
  readonly applicationPublicKey: KeyObject | undefined
}

/**
 * Verifies an opened answer and returns its decoded node.
 *
 * @throws {SignatureInvalid} If it has no signature of the right key over these bytes.
 * @throws {MessageMalformed} If the verified text is not a JSON object with a `code`.
 */
export function verifyAnswer(envelope: AnswerEnvelope, trust: AnswerTrust): CommonAnswer {
  const { signedBytes, sign } = envelope
  if (sign === undefined || sign === '') {
    throw new SignatureInvalid('no_signature', unsignedMessage(envelope, trust.charset))
  }
  if (!verifySignature(signedBytes, sign, trust.alipayPublicKey, trust.signType)) {
    throw explainAnswer(envelope, sign, trust)
  }
  return decodeNode(signedBytes, trust)
}

/**
 * Tells success from refusal in a verified answer: 10000, and 10003 of barcode payments (the buyer
 * is entering the password), are answers; the rest is thrown.
 *
 * @throws {RequestRefused} With what may be concluded from the code.
 */
export function acceptAnswer(
  answer: CommonAnswer,
  call: { readonly method: string; readonly traceId: string | undefined },
): CommonAnswer {
  if (answer.code === '10000' || answer.code === '10003') return answer
  const subCode = answer.sub_code ?? ''
  throw new RequestRefused({
    ...call,
    ...conclude({ method: call.method, code: answer.code, subCode }),
    alipayCode: answer.code,
    subCode,
    subMsg: answer.sub_msg ?? answer.msg,
    node: answer as unknown as Record<string, unknown>,
  })
}

function decodeNode(signedBytes: Uint8Array, trust: AnswerTrust): CommonAnswer {
  let text = decodeText(signedBytes, trust.charset)
  let node = parseJson(text)
  if (typeof node === 'string') {
    if (trust.encryptKey === undefined) {
      throw new MessageMalformed(
        'The answer is encrypted. Set encryptKey to the AES key of 接口内容加密方式 in the console.',
      )
    }
    text = decryptContent(node, trust.encryptKey)
    node = parseJson(text)
  }
  if (!isAnswer(node))
    throw new MessageMalformed('The verified answer is not an object with a code.')
  return keepRawText(node, text)
}

function isAnswer(node: unknown): node is CommonAnswer {
  return (
    typeof node === 'object' &&
    node !== null &&
    typeof (node as Record<string, unknown>)['code'] === 'string'
  )
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The parser's own error would quote from the answer.
    throw new MessageMalformed('The verified answer is not JSON.')
  }
}

/** An unsigned refusal is no evidence, but what it claims is what a developer has to mend. */
function unsignedMessage({ signedBytes }: AnswerEnvelope, charset: Charset): string {
  const text = decodeText(signedBytes, charset)
  const subCode = /"sub_code"\s*:\s*"([\w.-]{1,64})"/.exec(text)?.[1]
  const code = /"code"\s*:\s*"(\d{1,8})"/.exec(text)?.[1]
  if (subCode === undefined || code === undefined) {
    return 'The answer has no signature, so nothing may be concluded from it.'
  }
  const { advice } = conclude({ method: '', code, subCode })
  return `The answer has no signature, so nothing may be concluded from it. It claims ${code} ${subCode}: ${advice}`
}

function explainAnswer(
  { signedBytes }: AnswerEnvelope,
  sign: string,
  trust: AnswerTrust,
): SignatureInvalid {
  const other: SignType = trust.signType === 'RSA2' ? 'RSA' : 'RSA2'
  if (decodeBase64(sign) === undefined) {
    return new SignatureInvalid('bad_base64', 'The signature of the answer is not base64.')
  }
  if (verifySignature(signedBytes, sign, trust.alipayPublicKey, other)) {
    return new SignatureInvalid(
      'wrong_sign_type',
      `The answer is signed with ${other}, the client is configured for ${trust.signType}.`,
    )
  }
  const own = trust.applicationPublicKey
  if (own !== undefined && verifySignature(signedBytes, sign, own, trust.signType)) {
    return new SignatureInvalid(
      'wrong_key',
      "The answer is signed with the application's own private key: the gateway's address does not lead to Alipay.",
    )
  }
  return new SignatureInvalid(
    'wrong_key',
    'The answer was not signed by the configured Alipay public key (支付宝公钥). Copy it again from the console of this application and this environment: sandbox and production differ, and it is not the application public key (应用公钥).',
  )
}
