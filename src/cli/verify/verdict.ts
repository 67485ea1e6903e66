/**
 * What `saoma verify` finds out about a message, in the shape of its `--json`.
 *
 * @module
 */

import type { Outcome } from '../../alipay/index.ts'
import { decodeBase64 } from '../../alipay/base64.ts'
import type { MessageKind } from './message-kind.ts'
import type { VerificationKey } from './verification-keys.ts'

/** All that is known about a message and its signature. */
export interface Verdict {
  readonly kind: MessageKind
  /** `null`: there was no key to check it by. */
  readonly holds: boolean | null
  /** Stable, for programs; `null` where it holds. */
  readonly problem: string | null
  /** What it is, and what to do. */
  readonly finding: string
  /** More that may matter. */
  readonly hints: readonly string[]
  /** What had to be assumed about the pasted text. */
  readonly assumptions: readonly string[]
  readonly parameters: Readonly<Record<string, string>>
  /** The text that the signature covers. */
  readonly signing_content: string
  readonly sign_type: string
  readonly charset: string
  readonly sign: SignDescription
  /** The key it was checked by. */
  readonly key: KeyDescription | null
  /** What an answer says; unproven unless `holds`. */
  readonly answer: AnswerDescription | null
}

/** The signature itself. */
export interface SignDescription {
  readonly present: boolean
  /** Its length once decoded; `null` if it is not base64. */
  readonly bytes: number | null
  /** Size of the key that makes signatures of this length. */
  readonly made_by_key_bits: number | null
}

/** A key that may be shown. */
export interface KeyDescription {
  readonly origin: string
  readonly bits: number
  readonly fingerprint: string
}

/** The node of an answer. */
export interface AnswerDescription {
  readonly method: string
  readonly root: string
  readonly code: string | null
  readonly sub_code: string | null
  readonly sub_msg: string | null
  /** What may be concluded, were it proven; `null` where that cannot be told. */
  readonly outcome: Outcome | null
  readonly advice: string | null
  readonly alipay_cert_sn: string | null
}

/** A conclusion: the problem with its explanation. */
export interface Finding {
  readonly holds: boolean | null
  readonly problem: string | null
  readonly finding: string
}

/** Measures a signature. */
export function describeSign(sign: string | undefined): SignDescription {
  if (sign === undefined || sign === '') {
    return { present: false, bytes: null, made_by_key_bits: null }
  }
  const bytes = decodeBase64(sign)?.length ?? null
  return { present: true, bytes, made_by_key_bits: bytes === null ? null : bytes * 8 }
}

/** Names a key without showing it. */
export function describeKey(key: VerificationKey | undefined): KeyDescription | null {
  if (key === undefined) return null
  const { origin, bits, fingerprint } = key
  return { origin, bits, fingerprint }
}

/**
 * What the length of a signature alone tells: an RSA signature is as long as its key.
 *
 * @param keyName What such a key is called, e.g. `Alipay public key`.
 */
export function explainLength(
  sign: SignDescription,
  keys: readonly VerificationKey[],
  signType: string,
  keyName: string,
): Finding | undefined {
  const { bytes } = sign
  if (bytes === null) return undefined
  const rule = 'an RSA2 key has at least 2048 bits, whose signatures are 256 bytes'
  if (keys.length > 0 && keys.every((key) => key.bits !== bytes * 8)) {
    const bits = keys.map((key) => key.bits).join(' and ')
    return {
      holds: false,
      problem: 'sign_length',
      finding: `sign is ${bytes} bytes long, so ${sizeOf(bytes)} made it; the configured ${keyName} has ${bits} bits, so it cannot be its signature.${signType === 'RSA2' && bytes < 256 ? ` By Alipay's rule ${rule}.` : ' Compare the keys on both sides.'}`,
    }
  }
  if (signType === 'RSA2' && bytes < 256) {
    return {
      holds: false,
      problem: 'sign_length',
      finding: `sign is ${bytes} bytes long, so ${sizeOf(bytes)} made it, but the message says RSA2: ${rule}. It cannot be RSA2 with a 2048-bit key: it is a shortened sample, or was made with an old key.${keys.length === 0 ? ` Without the ${keyName} nothing more can be said about it.` : ''}`,
    }
  }
  return undefined
}

/** Keys have whole multiples of 512 bits in practice; other lengths are damage. */
function sizeOf(bytes: number): string {
  return bytes >= 64 && bytes % 64 === 0 ? `a ${bytes * 8}-bit key` : 'no usual key'
}
