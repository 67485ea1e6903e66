/**
 * RSA keys in every dress that Alipay's tool, console and other SDKs give them. The kind is
 * detected, never asked for, and each mistake that people make has its own error. Past this file a
 * key is a {@link KeyObject}, never text.
 *
 * @module
 */

import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  KeyObject,
  X509Certificate,
} from 'node:crypto'

import { readDer } from './der.ts'
import { type KeyProblem, KeyInvalid } from './errors.ts'

/** Alipay's `sign_type`: `RSA2` is SHA256withRSA, `RSA` (old) is SHA1withRSA; both PKCS#1 v1.5. */
export type SignType = 'RSA2' | 'RSA'

/** What the key will be used for. */
export type LoadKeyOptions = {
  /** Decides the shortest key: 2048 bits for `RSA2` (the default), 1024 for `RSA`. */
  readonly signType?: SignType
}

/**
 * Loads the application private key (应用私钥).
 *
 * @param input PEM, or base64 without armour as Alipay's key tool writes it, or DER; PKCS#8 or
 *   PKCS#1.
 * @throws {KeyInvalid} If it is anything else; `problem` says what it is instead.
 */
export function loadPrivateKey(
  input: string | Buffer | KeyObject,
  options: LoadKeyOptions = {},
): KeyObject {
  const { kind, key } = recognize(input, 'private')
  if (kind === 'public') throw invalid('public_key_given_as_private', 'private')
  if (kind === 'certificate') throw invalid('certificate_given_as_private', 'private')
  return requireStrongRsa(key, 'private', options)
}

/**
 * Loads the Alipay public key (支付宝公钥), or any other RSA public key.
 *
 * @param input PEM, bare base64 or DER; SubjectPublicKeyInfo, PKCS#1, or an X.509 certificate, the
 *   first of a chain.
 * @throws {KeyInvalid} If it is anything else, a private key above all; `problem` says what it is
 *   instead.
 */
export function loadPublicKey(
  input: string | Buffer | KeyObject,
  options: LoadKeyOptions = {},
): KeyObject {
  const { kind, key } = recognize(input, 'public')
  if (kind === 'private') throw invalid('private_key_given_as_public', 'public')
  return requireStrongRsa(key, 'public', options)
}

/**
 * Sees to it that the merchant has not given its own public key (应用公钥) as Alipay's: no answer would
 * ever verify.
 *
 * @param applicationKey The private or the public half of the application's key.
 * @throws {KeyInvalid} `own_application_key_given_as_alipay`
 */
export function assertNotOwnKey(alipayPublicKey: KeyObject, applicationKey: KeyObject): void {
  if (sameKey(alipayPublicKey, applicationKey)) {
    throw invalid('own_application_key_given_as_alipay', 'public')
  }
}

/** Whether two keys have the same public half. */
export function sameKey(a: KeyObject, b: KeyObject): boolean {
  return publicHalf(a).equals(publicHalf(b))
}

/**
 * A name for a key that may be shown: SHA-256 of its public half (SubjectPublicKeyInfo), 64 lower
 * hex digits.
 */
export function keyFingerprint(key: KeyObject): string {
  return createHash('sha256')
    .update(publicHalf(key).export({ format: 'der', type: 'spki' }))
    .digest('hex')
}

/**
 * Writes a key as Alipay's key tool does: its DER as one line of base64 without armour. The inverse
 * of {@link loadPrivateKey} and {@link loadPublicKey}.
 *
 * @param encoding `pkcs8`: private; `pkcs1`: whichever half is given; `spki`: the public half.
 * @throws {TypeError} If `pkcs8` is asked of a public key.
 */
export function formatBareKey(key: KeyObject, encoding: 'pkcs8' | 'pkcs1' | 'spki'): string {
  if (encoding === 'spki') {
    return publicHalf(key).export({ format: 'der', type: 'spki' }).toString('base64')
  }
  if (encoding === 'pkcs8' && key.type !== 'private') {
    throw new TypeError('PKCS#8 holds private keys: give a private key, or ask for spki')
  }
  return key.export({ format: 'der', type: encoding }).toString('base64')
}

/**
 * Makes a new RSA key pair of 2048 bits, as Alipay's key tool does. Takes about a tenth of a
 * second.
 */
export function generateKeyPair(): { privateKey: KeyObject; publicKey: KeyObject } {
  return generateKeyPairSync('rsa', { modulusLength: 2048 })
}

function publicHalf(key: KeyObject): KeyObject {
  return key.type === 'private' ? createPublicKey(key) : key
}

type Role = 'private' | 'public'

type Recognized = {
  readonly kind: 'private' | 'public' | 'certificate'
  readonly key: KeyObject
}

function recognize(input: string | Buffer | KeyObject, role: Role): Recognized {
  if (input instanceof KeyObject) {
    if (input.type === 'secret') throw invalid('unreadable', role)
    return { kind: input.type, key: input }
  }
  const reading = readDer(input)
  if (reading.status !== 'read') throw invalid(reading.status, role)
  for (const { bytes } of reading.blocks) {
    const recognized = recognizeDer(bytes, role)
    if (recognized !== undefined) return recognized
  }
  throw invalid('unreadable', role)
}

/**
 * Tries every structure, for labels are often wrong: people put PKCS#8 under `BEGIN RSA PRIVATE
 * KEY`.
 */
function recognizeDer(key: Buffer, role: Role): Recognized | undefined {
  for (const type of ['pkcs8', 'pkcs1', 'sec1'] as const) {
    try {
      return { kind: 'private', key: createPrivateKey({ key, format: 'der', type }) }
    } catch (error) {
      if (isMissingPassphrase(error)) throw invalid('encrypted', role, error)
    }
  }
  for (const type of ['spki', 'pkcs1'] as const) {
    try {
      return { kind: 'public', key: createPublicKey({ key, format: 'der', type }) }
    } catch {
      continue
    }
  }
  try {
    return { kind: 'certificate', key: new X509Certificate(key).publicKey }
  } catch {
    return undefined
  }
}

function isMissingPassphrase(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_MISSING_PASSPHRASE'
}

const MINIMUM_BITS: Readonly<Record<SignType, number>> = { RSA2: 2048, RSA: 1024 }

function requireStrongRsa(key: KeyObject, role: Role, options: LoadKeyOptions): KeyObject {
  if (key.asymmetricKeyType !== 'rsa') throw invalid('not_rsa', role)
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0
  if (bits < MINIMUM_BITS[options.signType ?? 'RSA2']) throw invalid('too_short_for_rsa2', role)
  return key
}

function invalid(problem: KeyProblem, role: Role, cause?: unknown): KeyInvalid {
  return new KeyInvalid(
    problem,
    `${NAMES[role]} ${EXPLANATIONS[problem]}`,
    cause === undefined ? undefined : { cause },
  )
}

const NAMES: Readonly<Record<Role, string>> = {
  private: 'The application private key (应用私钥)',
  public: 'The Alipay public key (支付宝公钥)',
}

const EXPLANATIONS: Readonly<Record<KeyProblem, string>> = {
  empty: 'is empty. Give its text: PEM, or the one line of base64 that Alipay shows.',
  truncated:
    'is cut off. Copy it again with its last line; in an environment file put it on one line.',
  unreadable:
    'is neither PEM nor base64 of a key. Copy it again from its first character to its last, and nothing else.',
  encrypted:
    'is protected by a passphrase. Give it without one: openssl pkey -in key.pem -out plain.pem',
  public_key_given_as_private:
    'was given as a public key. Give the private key that the key tool saved beside it.',
  certificate_given_as_private:
    'was given as a certificate, which holds only the public half. Give the private key that the certificate request was made with.',
  private_key_given_as_public:
    'was given as a private key. Copy the public key from the console of the open platform, where it is shown after the upload of your own; a private key never leaves its server.',
  own_application_key_given_as_alipay:
    'is your own application public key (应用公钥), the one uploaded to Alipay. Copy the other one, which the console shows beside it.',
  not_rsa:
    'is not an RSA key (but EC or SM2, for example). Make an RSA2 key of 2048 bits with the key tool and upload its public half.',
  too_short_for_rsa2:
    'is too short: RSA2 needs 2048 bits or more, the old RSA 1024. Make a key of 2048 bits with the key tool and upload its public half.',
}
