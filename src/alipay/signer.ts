/**
 * Makes and checks Alipay's signatures over bytes. What the bytes are is said in
 * `signing-content.ts`.
 *
 * @module
 */

import { constants, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'

import { decodeBase64 } from './base64.ts'
import { ConfigurationInvalid } from './errors.ts'
import { loadPrivateKey, type SignType } from './keys.ts'

/** Signs for the application. Implement it to keep the private key in a KMS or an HSM. */
export interface Signer {
  /** The algorithm of `sign`, sent as `sign_type`. */
  readonly signType: SignType
  /**
   * The public half of the key, if known: then mix-ups of keys and certificates are found at the
   * start.
   */
  readonly publicKey?: KeyObject
  /** Signs by RSASSA-PKCS1-v1_5, SHA-256 for `RSA2`, SHA-1 for `RSA`; answers standard base64. */
  sign(content: Uint8Array): Promise<string>
}

/** @see Alipay: RSA2 is SHA256withRSA, RSA is SHA1withRSA */
const DIGESTS: Readonly<Record<SignType, string>> = { RSA2: 'sha256', RSA: 'sha1' }

/**
 * A signer that holds the key in memory. Signing runs on Node's thread pool, so that it does not
 * hold up other requests.
 *
 * @param privateKey The application private key, as {@link loadPrivateKey} takes it.
 * @throws {KeyInvalid} If it is not one, or too short.
 * @throws {ConfigurationInvalid} If `signType` is neither `RSA2` nor `RSA`.
 */
export function createSigner(
  privateKey: string | Buffer | KeyObject,
  signType: SignType = 'RSA2',
): Signer {
  if (!Object.hasOwn(DIGESTS, signType)) {
    throw new ConfigurationInvalid(`signType is RSA2 or RSA, not ${JSON.stringify(signType)}`)
  }
  const key = loadPrivateKey(privateKey, { signType })
  return {
    signType,
    publicKey: createPublicKey(key),
    sign: (content) =>
      new Promise((resolve, reject) => {
        sign(DIGESTS[signType], content, { key, padding }, (error, signature) => {
          if (error === null) resolve(signature.toString('base64'))
          else reject(error)
        })
      }),
  }
}

/**
 * Whether `signature` is the key's over exactly these bytes. Never throws: what is not a signature
 * is no proof.
 *
 * @param signature Standard base64 with its padding, as Alipay sends it; any other spelling is
 *   refused.
 * @param key An RSA public key.
 * @param signType What is configured, never what the message says of itself.
 */
export function verifySignature(
  content: Uint8Array,
  signature: string,
  key: KeyObject,
  signType: SignType,
): boolean {
  const bytes = decodeBase64(signature)
  if (bytes === undefined || key.asymmetricKeyType !== 'rsa') return false
  // Without a digest Node would take one of its own choice.
  if (!Object.hasOwn(DIGESTS, signType)) return false
  return verify(DIGESTS[signType], content, { key, padding }, bytes)
}

const padding = constants.RSA_PKCS1_PADDING
