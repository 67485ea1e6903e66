/**
 * Examines an answer of the gateway. The signature covers the exact bytes of the node, so what was
 * parsed and written again does not verify; that is recognised.
 *
 * @module
 */

import type { KeyObject } from 'node:crypto'
import {
  AlipayError,
  conclude,
  decodeText,
  decryptContent,
  MessageMalformed,
  openAnswerEnvelope,
  sameKey,
  verifySignature,
  type AnswerEnvelope,
  type Charset,
  type SignType,
} from '../../alipay/index.ts'
import { verifyAnswer } from '../../alipay/answer.ts'
import { Failure } from '../failure.ts'
import { KEY_ADVICE } from './examine-message.ts'
import { toByteString } from './pasted-text.ts'
import {
  describeKey,
  describeSign,
  explainLength,
  type AnswerDescription,
  type Finding,
  type Verdict,
} from './verdict.ts'
import type { VerificationKeys } from './verification-keys.ts'

/** What is examined, and by what. */
export interface AnswerExamination {
  /** Byte string of the answer, from `{` to `}`. */
  readonly text: string
  readonly assumptions: readonly string[]
  readonly keys: VerificationKeys
  readonly signType: SignType
  /** The AES key, to read an encrypted node. */
  readonly encryptKey: string | undefined
}

/**
 * Finds the signed text of an answer and says whether its signature holds.
 *
 * @throws {Failure} If it is not an answer of the gateway.
 */
export function examineAnswer(examination: AnswerExamination): Verdict {
  const { keys, signType, encryptKey } = examination
  const { text, assumptions } = joinLines(examination)
  const charset: Charset = isUtf8(text) ? 'utf-8' : 'gbk'
  if (charset === 'gbk') assumptions.push('The bytes are not UTF-8, so they were read as GBK.')
  const { method, envelope } = openEnvelope(text, charset)
  const sign = describeSign(envelope.sign)
  const signedText = decodeText(envelope.signedBytes, charset)
  const [expected] = keys.expected
  const node = readNode(signedText, encryptKey)
  return {
    kind: 'answer',
    ...judge(),
    hints: hints(),
    assumptions,
    parameters: flatten(node),
    signing_content: signedText,
    sign_type: signType,
    charset,
    sign,
    key: describeKey(expected),
    answer: describeAnswer(method, envelope, node),
  }

  function judge(): Finding {
    if (sign.present && sign.bytes === null) {
      return fails('bad_base64', 'sign is not base64: it was cut off or altered.')
    }
    if (keys.expected.some(({ key }) => verifies(envelope.signedBytes, key))) {
      return {
        holds: true,
        problem: null,
        finding:
          'The signature holds: Alipay wrote this answer. Check still that it is about your order.',
      }
    }
    if (sign.present) {
      const byLength = explainLength(
        sign,
        keys.expected,
        signType,
        'Alipay public key (支付宝公钥)',
      )
      if (byLength !== undefined) return byLength
      if (expected === undefined) {
        return {
          holds: null,
          problem: 'key_missing',
          finding: `No key was given, so whether the signature holds cannot be told. ${KEY_ADVICE}`,
        }
      }
      const rewritten = REWRITINGS.find(({ undo }) => {
        const bytes = Buffer.from(
          undo(Buffer.from(envelope.signedBytes).toString('latin1')),
          'latin1',
        )
        return keys.expected.some(({ key }) => verifies(bytes, key))
      })
      if (rewritten !== undefined) return fails('rewritten', rewritten.finding)
      if (keys.other !== undefined && sameKey(expected.key, keys.other.key)) {
        return fails(
          'own_public_key_configured',
          'What is configured as the Alipay public key (支付宝公钥) is your own application public key (应用公钥). Copy the other one, which the console shows beside it.',
        )
      }
    }
    return explain()
  }

  function verifies(bytes: Uint8Array, key: (typeof keys.expected)[number]['key']): boolean {
    return verifySignature(bytes, envelope.sign ?? '', key, signType)
  }

  /** The client's own words for what is left: no signature, another algorithm, another key. */
  function explain(): Finding {
    try {
      verifyAnswer(envelope, {
        // Without a signature no key is looked at.
        alipayPublicKey: expected?.key as KeyObject,
        signType,
        charset,
        encryptKey,
        applicationPublicKey: keys.other?.key,
      })
      return fails('wrong_key', 'The signature does not hold.')
    } catch (error) {
      if (!(error instanceof AlipayError)) throw error
      return fails('problem' in error ? String(error.problem) : 'malformed', error.message)
    }
  }

  function hints(): string[] {
    const list: string[] = []
    const named = envelope.alipayCertSn
    if (
      named !== undefined &&
      expected?.serialNumber !== undefined &&
      named !== expected.serialNumber
    ) {
      list.push(
        `The answer names the certificate ${named}; the one given is ${expected.serialNumber}. saoma's client fetches the new one by itself and proves it by the root.`,
      )
    } else if (
      named !== undefined &&
      expected !== undefined &&
      expected.serialNumber === undefined
    ) {
      list.push(
        'The answer names a certificate: the application is in certificate mode. Give alipayCertPublicKey_RSA2.crt with --certificate.',
      )
    }
    if (typeof node === 'string') {
      list.push(
        'The node is encrypted (接口内容加密); SAOMA_ENCRYPT_KEY would show what it says. Its quotes are signed too.',
      )
    }
    return list
  }
}

function fails(problem: string, finding: string): Finding {
  return { holds: false, problem, finding }
}

/** JSON has no line breaks within strings: where they are, a terminal put them. */
function joinLines({ text, assumptions }: AnswerExamination): {
  text: string
  assumptions: string[]
} {
  const joined = text.replaceAll(/\n/g, '')
  if (!text.includes('\n') || isJson(text) || !isJson(joined)) {
    return { text, assumptions: [...assumptions] }
  }
  const assumption = 'Line breaks within strings were taken out: a terminal put them there.'
  return { text: joined, assumptions: [...assumptions, assumption] }
}

function openEnvelope(
  text: string,
  charset: Charset,
): { method: string; envelope: AnswerEnvelope } {
  const body = Buffer.from(text, 'latin1')
  const roots = [...text.matchAll(/"(\w+)_response"\s*:/g)].map(([, name = '']) => name)
  let failure: unknown
  for (const name of roots) {
    // The generic root is found whatever the method.
    const method = name === 'error' ? '' : name.replaceAll('_', '.')
    try {
      return { method, envelope: openAnswerEnvelope(body, method, charset) }
    } catch (error) {
      if (!(error instanceof MessageMalformed)) throw error
      failure ??= error
    }
  }
  throw new Failure(
    failure instanceof Error
      ? `This looks like an answer, but: ${failure.message}`
      : 'This is JSON, but not an answer of the gateway: it has no …_response. Paste the body as it came, with sign.',
  )
}

const REWRITINGS: readonly { finding: string; undo: (bytes: string) => string }[] = [
  {
    finding:
      'It holds once \\/ is written for /: the answer was parsed and written again. Verify the bytes as they came, before any JSON parser.',
    undo: (bytes) => bytes.replaceAll(/\\?\//g, '\\/'),
  },
  {
    finding:
      'It holds once \\/ is written as /: the answer was escaped again. Verify the bytes as they came.',
    undo: (bytes) => bytes.replaceAll('\\/', '/'),
  },
  {
    finding:
      'It holds as compact JSON: the answer was pretty-printed, or its characters were escaped. Verify the bytes as they came, before any JSON parser.',
    undo: rewriteJson,
  },
  {
    finding:
      'It holds as compact JSON with \\/ for /: the answer was parsed and printed again. Verify the bytes as they came, before any JSON parser.',
    undo: (bytes) => rewriteJson(bytes).replaceAll('/', '\\/'),
  },
]

function rewriteJson(bytes: string): string {
  try {
    const text = Buffer.from(bytes, 'latin1').toString('utf8')
    return toByteString(JSON.stringify(JSON.parse(text)))
  } catch {
    return bytes
  }
}

function isJson(bytes: string): boolean {
  try {
    JSON.parse(bytes)
    return true
  } catch {
    return false
  }
}

function isUtf8(bytes: string): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(bytes, 'latin1'))
    return true
  } catch {
    return false
  }
}

/** The node as data; its text where it is encrypted and cannot be read, or is no JSON. */
function readNode(signedText: string, encryptKey: string | undefined): unknown {
  try {
    const node: unknown = JSON.parse(signedText)
    if (typeof node !== 'string' || encryptKey === undefined) return node
    return JSON.parse(decryptContent(node, encryptKey))
  } catch {
    return signedText
  }
}

function flatten(node: unknown): Record<string, string> {
  if (typeof node !== 'object' || node === null) return {}
  return Object.fromEntries(
    Object.entries(node).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  )
}

function describeAnswer(
  method: string,
  envelope: AnswerEnvelope,
  node: unknown,
): AnswerDescription {
  const {
    code = null,
    sub_code = null,
    sub_msg = null,
  } = flatten(node) as Partial<Record<string, string>>
  const refused = code !== null && code !== '10000' && code !== '10003'
  const conclusion = refused ? conclude({ method, code, subCode: sub_code ?? '' }) : undefined
  return {
    method,
    root: envelope.root === 'method' ? `${method.replaceAll('.', '_')}_response` : 'error_response',
    code,
    sub_code,
    sub_msg,
    outcome: conclusion?.outcome ?? null,
    advice: conclusion?.advice ?? null,
    alipay_cert_sn: envelope.alipayCertSn ?? null,
  }
}
