/**
 * Further keys of an application: staged, proven by a call to Alipay, activated, retired. Several
 * are valid at once, so that a change of keys loses no notification that is under way.
 *
 * @module
 */

import type { CertificateFiles, Instant, SignType } from '../alipay/index.ts'

/**
 * Where a credential stands.
 *
 * - `staged`: kept; not used for anything.
 * - `verified`: Alipay has answered a call that was signed with it, and the answer was genuine.
 * - `active`: the newest one signs; every one verifies what Alipay sends.
 * - `retired`: not used any more.
 */
export type CredentialStatus = 'staged' | 'verified' | 'active' | 'retired'

/** A set of keys, without what is secret. */
export interface Credential {
  /** `cred_…`. */
  readonly id: string
  readonly appId: string
  readonly status: CredentialStatus
  readonly signType: SignType
  /** The application's public key, one line of base64: what is uploaded to Alipay. */
  readonly applicationPublicKey: string
  /** Of Alipay: its public key, or certificates; `null` until it was copied back from Alipay. */
  readonly alipay: AlipayTrust | null
  /** Whether it has a key of its own by which the content of calls is encrypted (接口内容加密). */
  readonly isEncrypted: boolean
  readonly createdAt: Instant
  readonly verifiedAt: Instant | null
  readonly activatedAt: Instant | null
  readonly retiredAt: Instant | null
}

/** What Alipay's signatures are checked with. */
export type AlipayTrust =
  | { readonly alipayPublicKey: string; readonly certificates?: never }
  | { readonly certificates: CertificateFiles; readonly alipayPublicKey?: never }

/** A credential as it is kept: what is secret is sealed for the credential's id. */
export interface StoredCredential extends Credential {
  /** The application's private key, one line of base64, sealed. */
  readonly sealedPrivateKey: string
  /** The AES key of the content (接口内容加密密钥), sealed; `null` where it has none of its own. */
  readonly sealedEncryptKey: string | null
}
