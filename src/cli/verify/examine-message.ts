/**
 * Examines what Alipay sends to a merchant's address: notifications, service messages, return URLs.
 *
 * @module
 */

import {
  explainSignature,
  notificationSigningContent,
  sameKey,
  toCharset,
  verifySignature,
  type Charset,
  type FormPair,
  type SignType,
} from '../../alipay/index.ts'
import { decodeByteString } from '../../alipay/form.ts'
import type { MessageKind } from './message-kind.ts'
import type { FormReading } from './pasted-form.ts'
import { describeKey, describeSign, explainLength, type Finding, type Verdict } from './verdict.ts'
import type { VerificationKeys } from './verification-keys.ts'

/** What is examined, and by what. */
export interface MessageExamination {
  readonly kind: Exclude<MessageKind, 'answer' | 'request'>
  /** Ways to read the text, the likeliest first. */
  readonly readings: readonly FormReading[]
  readonly keys: VerificationKeys
  /** The configured algorithm. */
  readonly signType: SignType
}

/** Takes the reading that holds, or the likeliest, and says why it does not. */
export function examineMessage(examination: MessageExamination): Verdict {
  const { kind, readings, keys, signType } = examination
  const rule = kind === 'service-message' ? 'V2' : 'V1'
  const verifies = (pairs: readonly FormPair[], by: SignType = signType): boolean => {
    const content = Buffer.from(notificationSigningContent(pairs, rule), 'latin1')
    const sign = new Map(pairs).get('sign') ?? ''
    return keys.expected.some(({ key }) => verifySignature(content, sign, key, by))
  }
  const reading = readings.find(({ pairs }) => verifies(pairs)) ?? readings[0]!
  const { pairs } = reading
  const params = new Map(pairs)
  const charset = toCharset(params.get('charset') ?? 'utf-8') ?? 'utf-8'
  const sign = describeSign(params.get('sign'))
  const statedType = params.get('sign_type') ?? signType
  const finding = judge()
  return {
    kind,
    ...finding,
    hints: hints(),
    assumptions: reading.assumptions,
    parameters: decodeParameters(pairs, charset),
    signing_content: decodeByteString(notificationSigningContent(pairs, rule), charset),
    sign_type: statedType,
    charset,
    sign,
    key: describeKey(keys.expected[0]),
    answer: null,
  }

  function judge(): Finding {
    const doubled = pairs.find(([name], at) => pairs.findIndex(([other]) => other === name) !== at)
    if (doubled !== undefined) {
      return fails(
        'malformed',
        `The parameter ${doubled[0]} is given twice; Alipay never does that.`,
      )
    }
    if (statedType === signType && verifies(pairs)) {
      return {
        holds: true,
        problem: null,
        finding:
          'The signature holds: Alipay wrote this text. Check still that order, amount, app_id and seller are yours.',
      }
    }
    const explained = explainSignature({
      pairs,
      rule,
      trust: {
        alipayPublicKeys: keys.expected.map(({ key }) => key),
        applicationPublicKey: keys.other?.key,
        signType,
      },
    })
    if (explained.problem === 'wrong_sign_type') {
      const other = signType === 'RSA2' ? 'RSA' : 'RSA2'
      const verb =
        keys.expected.length === 0
          ? 'cannot be checked without a key'
          : verifies(pairs, other)
            ? 'holds'
            : 'does not hold either'
      return fails('wrong_sign_type', `${explained.message} By ${other} it ${verb}.`)
    }
    // The rest of the explanations are conclusions from a key; `wrong_key` without one is none.
    return explained.problem === 'wrong_key'
      ? explainKey(explained.message)
      : fails(explained.problem, explained.message)
  }

  function explainKey(message: string): Finding {
    const { expected, other } = keys
    const isOwnSignature = message.startsWith('This was signed with the application')
    const byLength = explainLength(sign, expected, statedType, 'Alipay public key (支付宝公钥)')
    if (!isOwnSignature && byLength !== undefined) return byLength
    if (isOwnSignature) return fails('wrong_key', message)
    const [key] = expected
    if (key === undefined) {
      return {
        holds: null,
        problem: 'key_missing',
        finding: `No key was given, so whether the signature holds cannot be told. ${KEY_ADVICE}`,
      }
    }
    if (other !== undefined && sameKey(key.key, other.key)) {
      return fails(
        'own_public_key_configured',
        'What is configured as the Alipay public key (支付宝公钥) is your own application public key (应用公钥). Copy the other one, which the console shows beside it.',
      )
    }
    const added = pairs.find(
      ([name]) => name !== 'sign' && verifies(pairs.filter((pair) => pair[0] !== name)),
    )
    if (added !== undefined) {
      return fails(
        'parameter_added',
        `It holds once ${added[0]} is left out: that parameter was added on the way, by your own address or your framework. Verify only what Alipay sent.`,
      )
    }
    return fails('wrong_key', message)
  }

  function hints(): string[] {
    const list: string[] = []
    const [key] = keys.expected
    if (key !== undefined && key.bits < 2048 && signType === 'RSA2') {
      list.push(
        `The key has ${key.bits} bits; RSA2 asks for 2048 or more, and saoma's client refuses this one.`,
      )
    }
    const named = params.get('alipay_cert_sn')
    if (named && key?.serialNumber !== undefined && named !== key.serialNumber) {
      list.push(`The message names the certificate ${named}; the one given is ${key.serialNumber}.`)
    }
    const empty = pairs.filter(([, value]) => value === '').map(([name]) => name)
    if (empty.length > 0 && finding.holds !== true) {
      list.push(`Empty values are signed too and were kept: ${empty.join(', ')}.`)
    }
    return list
  }
}

/** What a key would add, and where it is. */
export const KEY_ADVICE =
  'Give the Alipay public key (支付宝公钥) of the console with --alipay-public-key, or --certificate: then every usual mistake is tried and named.'

function fails(problem: string, finding: string): Finding {
  return { holds: false, problem, finding }
}

/** Parameters as text, in the order of arrival. */
export function decodeParameters(
  pairs: readonly FormPair[],
  charset: Charset,
): Record<string, string> {
  return Object.fromEntries(
    pairs.map(([name, value]) => [
      decodeByteString(name, charset),
      decodeByteString(value, charset),
    ]),
  )
}
