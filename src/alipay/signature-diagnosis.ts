/**
 * Why the signature of a message does not hold: tries the mistakes that people make, to name the
 * one it was. A finding is an explanation for a developer and never makes the message valid.
 *
 * @module
 */

import { decodeBase64 } from './base64.ts'
import type { FormPair } from './form.ts'
import type { SignatureProblem } from './errors.ts'
import type { NotificationTrust } from './notification-trust.ts'
import type { SignType } from './keys.ts'
import { verifySignature } from './signer.ts'
import { notificationSigningContent } from './signing-content.ts'

/** The problem and, for a person, what it is and what to do. */
export interface SignatureExplanation {
  readonly problem: SignatureProblem
  readonly message: string
}

/** Explains why a message whose signature did not hold by `rule` proves nothing. */
export function explainSignature(failed: {
  readonly pairs: readonly FormPair[]
  readonly rule: 'V1' | 'V2'
  readonly trust: NotificationTrust
}): SignatureExplanation {
  const { pairs, rule, trust } = failed
  const value = (name: string): string | undefined => pairs.find(([key]) => key === name)?.[1]
  const sign = value('sign')
  if (sign === undefined || sign === '') {
    return found('no_signature', 'The message has no sign parameter: it is not from Alipay.')
  }
  const signType = value('sign_type')
  if (signType !== undefined && signType !== trust.signType) {
    return found(
      'wrong_sign_type',
      `The message says sign_type ${JSON.stringify(signType.slice(0, 10))}, this application is configured for ${trust.signType}. Set the same algorithm here and in Alipay's console.`,
    )
  }
  if (decodeBase64(sign) === undefined) {
    if (decodeBase64(sign.replaceAll(' ', '+')) !== undefined) {
      return found(
        'looks_decoded_twice',
        'sign holds blanks where base64 has +: the message was form-decoded twice, or pasted without encoding + as %2B. Verify the raw body as it arrived.',
      )
    }
    return decodeBase64(decodeEscapesAgain(sign)) !== undefined
      ? found(
          'looks_decoded_twice',
          'sign holds escapes such as %3D: something on the way encoded the message a second time. Verify the raw body as it arrived.',
        )
      : found('bad_base64', 'sign is not base64: it was cut off or altered on the way.')
  }

  const holds = (
    changed: readonly FormPair[],
    by: 'V1' | 'V2' = rule,
    algorithm: SignType = trust.signType,
  ): boolean => {
    const content = Buffer.from(notificationSigningContent(changed, by), 'latin1')
    return trust.alipayPublicKeys.some((key) => verifySignature(content, sign, key, algorithm))
  }
  const mapped = (change: (text: string) => string): FormPair[] =>
    pairs.map(([name, text]) => [name, name === 'sign' ? text : change(text)])

  if (trust.applicationPublicKey !== undefined) {
    const content = Buffer.from(notificationSigningContent(pairs, rule), 'latin1')
    if (verifySignature(content, sign, trust.applicationPublicKey, trust.signType)) {
      return found(
        'wrong_key',
        "This was signed with the application's own private key, not by Alipay.",
      )
    }
  }
  if (holds(mapped(decodeEscapesAgain)) || holds(mapped(decodeFormAgain))) {
    return found(
      'looks_decoded_twice',
      'It holds once its values are decoded again: something on the way encoded them a second time.',
    )
  }
  if (holds(mapped((text) => text.replaceAll(' ', '+')))) {
    return found(
      'looks_decoded_twice',
      'It holds with + in place of blanks: something on the way decoded the form before you did. Verify the raw body.',
    )
  }
  if (holds(mapped(unescapeHtml))) {
    return found(
      'wrong_key',
      'It holds once &quot; and the like are undone: a framework HTML-escaped the values. Verify the raw body.',
    )
  }
  if (pairs.some(([, text]) => text.includes(REPLACEMENT_BYTES))) {
    return found(
      'looks_like_gbk',
      'Its bytes hold U+FFFD, what is left of GBK text that was read as UTF-8. Verify the raw bytes, and send charset=utf-8 in the URL of each request so that Alipay answers in UTF-8.',
    )
  }
  if (holds(pairs, rule === 'V1' ? 'V2' : 'V1')) {
    return found(
      'wrong_key',
      rule === 'V1'
        ? 'It holds by rule V2: this is a service message, not a trade notification. Use verifyServiceMessage.'
        : 'It holds by rule V1: this is a trade notification, not a service message. Use verifyNotification.',
    )
  }
  if (holds(pairs, rule, trust.signType === 'RSA2' ? 'RSA' : 'RSA2')) {
    return found(
      'wrong_sign_type',
      `It holds by the other algorithm: this application is configured for ${trust.signType}, and Alipay signs with ${trust.signType === 'RSA2' ? 'RSA' : 'RSA2'}.`,
    )
  }
  return found(
    'wrong_key',
    "The signature was not made over this text by the configured Alipay public key (支付宝公钥). Either the key is another application's or environment's (sandbox and production differ), or a value was changed on the way.",
  )
}

/** UTF-8 of U+FFFD, as a byte string. */
const REPLACEMENT_BYTES = '\xef\xbf\xbd'

function found(problem: SignatureProblem, message: string): SignatureExplanation {
  return { problem, message }
}

function decodeEscapesAgain(text: string): string {
  return text.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
}

function decodeFormAgain(text: string): string {
  return decodeEscapesAgain(text.replaceAll('+', ' '))
}

function unescapeHtml(text: string): string {
  return text
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
}
