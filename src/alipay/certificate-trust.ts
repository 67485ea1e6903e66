/**
 * Certificate mode (公钥证书): which certificates the merchant sends along, and whose signatures it
 * believes. Alipay may sign with a new certificate at any time; such a one is downloaded, and
 * believed once its chain is proven.
 *
 * @module
 */

import type { KeyObject, X509Certificate } from 'node:crypto'

import {
  certificateSerialNumber,
  isSignedWithSm2,
  parseCertificate,
  parseCertificates,
  rootCertificateSerialNumber,
} from './certificate.ts'
import { CertificateInvalid } from './errors.ts'
import { loadPublicKey, sameKey, type SignType } from './keys.ts'
import { formatRfc3339, type Instant, toInstant } from './time.ts'

/** The three files of certificate mode, as texts. */
export type CertificateFiles = {
  /** `appCertPublicKey_<app_id>.crt` */
  readonly app: string | Buffer
  /** `alipayCertPublicKey_RSA2.crt`; may have expired, for answers then name its successor. */
  readonly alipay: string | Buffer
  /** `alipayRootCert.crt` */
  readonly root: string | Buffer
}

/** The three files, and what must fit them. */
export type CertificateTrustOptions = CertificateFiles & {
  /** Private or public half. Unset where a KMS signs and tells nothing of its key. */
  readonly applicationKey?: KeyObject | undefined
  /** Default `RSA2`: then keys have 2048 bits or more. */
  readonly signType?: SignType | undefined
}

/** What certificate mode knows. Names are those of the wire. */
export type CertificateTrust = {
  /** Common parameter of every request. */
  readonly app_cert_sn: string
  /** Common parameter of every request. */
  readonly alipay_root_cert_sn: string
  /**
   * Alipay's key of that serial number; `undefined` means: download the certificate and
   * {@link admit} it.
   */
  keyFor(alipay_cert_sn: string): KeyObject | undefined
  /**
   * All keys of Alipay that are known, the latest first: for notifications that do not name a
   * certificate.
   */
  keys(): readonly KeyObject[]
  /**
   * Checks a downloaded certificate and remembers it.
   *
   * @param certificate The text of the file (`alipay_cert_content`, decoded): the certificate that
   *   was asked for and the intermediate ones, in any order.
   * @param alipay_cert_sn The serial number that was asked for.
   * @param now When all certificates of the chain must be valid.
   * @throws {CertificateInvalid} If it is not the one asked for, not valid now, not Alipay's, or
   *   its chain does not lead to the configured root. The outcome is `unknown`: the answer that
   *   named it cannot be believed.
   */
  admit(certificate: string | Buffer, alipay_cert_sn: string, now: Instant): KeyObject
}

/**
 * Reads the three files of certificate mode and checks that each is what it should be.
 *
 * @throws {CertificateInvalid} `unreadable`; `wrong_file` where files are mixed up or hold no key
 *   for `signType`; `key_mismatch` if the application certificate is not of the application key.
 */
export function createCertificateTrust(options: CertificateTrustOptions): CertificateTrust {
  const { applicationKey, signType = 'RSA2' } = options
  const app = parseCertificate(options.app, NAMES.app)
  const alipay = parseCertificate(options.alipay, NAMES.alipay)
  const roots = parseCertificates(options.root, NAMES.root)
  const appKey = requireEndCertificate(app, NAMES.app, signType)
  const alipayKey = requireEndCertificate(alipay, NAMES.alipay, signType)
  requireKeyOf(appKey, applicationKey, alipayKey)
  requireNotOfMerchant(alipay, NAMES.alipay)
  requireRoots(roots)

  const known = new Map([[certificateSerialNumber(alipay), alipayKey]])
  return {
    app_cert_sn: certificateSerialNumber(app),
    alipay_root_cert_sn: rootCertificateSerialNumber(roots),
    keyFor: (sn) => known.get(sn),
    keys: () => [...known.values()].toReversed(),
    admit: (certificate, sn, now) =>
      withOutcomeUnknown(() => {
        const presented = parseCertificates(certificate, NAMES.downloaded)
        const asked = findAsked(presented, sn)
        const key = requireEndCertificate(asked, NAMES.downloaded, signType)
        requireNotOfMerchant(asked, NAMES.downloaded)
        requireChain(asked, presented, roots, now)
        known.set(sn, key)
        return key
      }),
  }
}

const NAMES = {
  app: 'The application certificate (应用公钥证书, appCertPublicKey_….crt)',
  alipay: 'The Alipay certificate (支付宝公钥证书, alipayCertPublicKey_RSA2.crt)',
  root: 'The root bundle (支付宝根证书, alipayRootCert.crt)',
  downloaded: 'The certificate downloaded from Alipay',
} as const

function requireEndCertificate(
  certificate: X509Certificate,
  name: string,
  signType: SignType,
): KeyObject {
  if (certificate.ca || isSelfIssued(certificate)) {
    throw new CertificateInvalid(
      'wrong_file',
      `${name} is that of an authority. The files were mixed up: give each under its own name.`,
    )
  }
  try {
    return loadPublicKey(certificate.publicKey, { signType })
  } catch (cause) {
    throw new CertificateInvalid(
      'wrong_file',
      `${name} has no key for ${signType}: it is of the SM2 kind (国密), or the key is too short. Choose RSA2 in the console of the open platform and download it again.`,
      { cause },
    )
  }
}

function requireKeyOf(
  appKey: KeyObject,
  applicationKey: KeyObject | undefined,
  alipayKey: KeyObject,
): void {
  if (sameKey(alipayKey, applicationKey ?? appKey)) {
    throw new CertificateInvalid(
      'wrong_file',
      `${NAMES.alipay} is your own application certificate. Give the one that the console offers beside it.`,
    )
  }
  if (applicationKey !== undefined && !sameKey(appKey, applicationKey)) {
    throw new CertificateInvalid(
      'key_mismatch',
      `${NAMES.app} does not belong to the application private key (应用私钥). Give the key that its certificate request was made with.`,
    )
  }
}

/**
 * Merchants' certificates come from the same authorities as Alipay's own, so a chain alone would
 * let any merchant sign as Alipay. Alipay names them `<seller id>-<app_id>`.
 */
function requireNotOfMerchant(certificate: X509Certificate, name: string): void {
  if (/^CN=\d{16}-\d{16}$/m.test(certificate.subject)) {
    throw new CertificateInvalid(
      'wrong_file',
      `${name} is the application certificate of a merchant, not one of Alipay's.`,
    )
  }
}

function requireRoots(roots: readonly X509Certificate[]): void {
  if (!roots.every(isSelfIssued)) {
    throw new CertificateInvalid(
      'wrong_file',
      `${NAMES.root} holds certificates that are no roots. Give the file as the console of the open platform offers it.`,
    )
  }
}

function isSelfIssued({ subject, issuer }: X509Certificate): boolean {
  return subject === issuer
}

/** Not simply the first one: the order of a downloaded file is not promised. */
function findAsked(presented: readonly X509Certificate[], sn: string): X509Certificate {
  const asked = presented.find((each) => certificateSerialNumber(each) === sn)
  if (asked !== undefined) return asked
  throw new CertificateInvalid(
    'serial_number_mismatch',
    `${NAMES.downloaded} is not the one with the serial number ${JSON.stringify(sn)} that was asked for`,
  )
}

function requireChain(
  asked: X509Certificate,
  presented: readonly X509Certificate[],
  roots: readonly X509Certificate[],
  now: Instant,
): void {
  const unused = new Set(presented)
  let certificate = asked
  for (;;) {
    requireValidAt(now, certificate)
    const root = roots.find((each) => isIssuedBy(certificate, each))
    if (root !== undefined) return requireValidAt(now, root)
    const issuer = [...unused].find((each) => each.ca && isIssuedBy(certificate, each))
    if (issuer === undefined) throw chainBroken(certificate)
    unused.delete(issuer)
    certificate = issuer
  }
}

function requireValidAt(now: Instant, certificate: X509Certificate): void {
  const from = toInstant(Date.parse(certificate.validFrom))
  const to = toInstant(Date.parse(certificate.validTo))
  if (now < from) {
    throw new CertificateInvalid(
      'not_yet_valid',
      `${NAMES.downloaded}, or an authority above it, is valid from ${formatRfc3339(from)}. Check the clock of this machine.`,
    )
  }
  if (now > to) {
    throw new CertificateInvalid(
      'expired',
      `${NAMES.downloaded}, or an authority above it, was valid until ${formatRfc3339(to)}. Check the clock of this machine.`,
    )
  }
}

/** Names, key identifiers and key usage fit, and the signature verifies. */
function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)
  } catch {
    // OpenSSL refuses keys of kinds that it does not know, SM2 for one.
    return false
  }
}

function chainBroken(certificate: X509Certificate): CertificateInvalid {
  return new CertificateInvalid(
    'chain_broken',
    isSignedWithSm2(certificate)
      ? `${NAMES.downloaded} has a chain signed with SM2 (国密), which Node cannot verify. Choose RSA2 in the console of the open platform.`
      : `${NAMES.downloaded} has no chain of signatures to the configured root bundle. If Alipay has a new root, download alipayRootCert.crt again.`,
  )
}

/** The request was sent, and the answer to it stays unread. */
function withOutcomeUnknown<T>(check: () => T): T {
  try {
    return check()
  } catch (error) {
    if (!(error instanceof CertificateInvalid)) throw error
    throw new CertificateInvalid(error.problem, error.message, { cause: error, outcome: 'unknown' })
  }
}
