/**
 * Alipay's certificate files and the serial numbers (SN) by which the gateway names them. Whom to
 * believe is decided in `certificate-trust.ts`.
 *
 * @module
 */

import { createHash, X509Certificate } from 'node:crypto'

import { derElement, readDer } from './der.ts'
import { CertificateInvalid } from './errors.ts'

/**
 * Alipay's serial number of a certificate (`app_cert_sn`, `alipay_cert_sn`): MD5 of the issuer's
 * name, its parts in reverse order, and the serial number in decimal.
 *
 * @param certificate A certificate file. Of a chain only the first counts.
 * @returns 32 lower hex digits.
 * @throws {CertificateInvalid} `unreadable` or `wrong_file`
 */
export function certificateSerialNumber(certificate: string | Buffer | X509Certificate): string {
  const { issuer, serialNumber } =
    certificate instanceof X509Certificate ? certificate : parseCertificate(certificate)
  return createHash('md5')
    .update(`${reverseName(issuer)}${toDecimal(serialNumber)}`)
    .digest('hex')
}

/**
 * Alipay's serial number of a root bundle (`alipay_root_cert_sn`): those of all certificates that
 * are signed with RSA, in the order of the file, duplicates kept, joined by `_`.
 *
 * @param bundle `alipayRootCert.crt`, parsed or not.
 * @throws {CertificateInvalid} `unreadable`; `wrong_file` where no certificate is signed with RSA.
 */
export function rootCertificateSerialNumber(
  bundle: string | Buffer | readonly X509Certificate[],
): string {
  const certificates =
    typeof bundle === 'string' || Buffer.isBuffer(bundle) ? parseCertificates(bundle) : bundle
  const signedWithRsa = certificates.filter((each) =>
    signatureAlgorithm(each).startsWith(RSA_SIGNATURES),
  )
  if (signedWithRsa.length === 0) {
    throw new CertificateInvalid(
      'wrong_file',
      'The root bundle holds no certificate that is signed with RSA. Give alipayRootCert.crt as the console of the open platform offers it.',
    )
  }
  return signedWithRsa.map((each) => certificateSerialNumber(each)).join('_')
}

/**
 * Reads a certificate file; of a chain, the first certificate.
 *
 * @param input PEM, or base64 without armour, or DER.
 * @param name What the file is called in messages.
 * @throws {CertificateInvalid} `unreadable`; `wrong_file` if it holds a key.
 */
export function parseCertificate(input: string | Buffer, name?: string): X509Certificate {
  return parseCertificates(input, name)[0]
}

/**
 * Reads all certificates of a file, in its order. Text between them is ignored.
 *
 * @param input PEM, or base64 without armour, or DER.
 * @param name What the file is called in messages.
 * @throws {CertificateInvalid} `unreadable`; `wrong_file` if it holds a key.
 */
export function parseCertificates(
  input: string | Buffer,
  name = 'The certificate',
): [X509Certificate, ...X509Certificate[]] {
  const reading = readDer(input)
  if (reading.status !== 'read') {
    throw new CertificateInvalid('unreadable', `${name} ${DEFECTS[reading.status]}`)
  }
  const [first, ...rest] = reading.blocks.map(({ bytes, label }) => {
    if (label?.endsWith('KEY')) {
      throw new CertificateInvalid(
        'wrong_file',
        `${name} was given as a key. Give the .crt file that the console of the open platform offers for download.`,
      )
    }
    try {
      return new X509Certificate(bytes)
    } catch (cause) {
      throw new CertificateInvalid('unreadable', `${name} ${DEFECTS.unreadable}`, { cause })
    }
  })
  return [first!, ...rest]
}

const DOWNLOAD_AGAIN = 'Download it again from the console of the open platform.'

const DEFECTS = {
  empty: `is empty. ${DOWNLOAD_AGAIN}`,
  truncated: `is cut off. ${DOWNLOAD_AGAIN}`,
  encrypted: `is encrypted, which certificates never are. ${DOWNLOAD_AGAIN}`,
  unreadable: `is not an X.509 certificate. ${DOWNLOAD_AGAIN}`,
} as const

/** 1.2.840.113549.1.1 (PKCS#1) as DER in hex: the identifiers of all RSA signatures begin so. */
const RSA_SIGNATURES = '2a864886f70d0101'

/** 1.2.156.10197.1.501: SM2 with SM3, which OpenSSL as Node has it does not verify. */
const SM2_SIGNATURE = '2a811ccf55018375'

/** Whether a certificate is signed with SM2 (国密), which Node cannot verify. */
export function isSignedWithSm2(certificate: X509Certificate): boolean {
  return signatureAlgorithm(certificate) === SM2_SIGNATURE
}

/** The object identifier as DER, in hex. Node 20 has no property for it. */
function signatureAlgorithm({ raw }: X509Certificate): string {
  const toBeSigned = derElement(raw, derElement(raw).start)
  const algorithm = derElement(raw, toBeSigned.end)
  const identifier = derElement(raw, algorithm.start)
  return raw.toString('hex', identifier.start, identifier.end)
}

/**
 * Turns Node's text of a name, a line for each part, into RFC 2253's. Line breaks, commas and plus
 * signs within values are escaped in both; only a part of several values is joined by `+` in
 * Node's, by `+` in RFC 2253.
 */
function reverseName(name: string): string {
  return name.split('\n').toReversed().join(',').replaceAll(' + ', '+')
}

/** Serial numbers have up to 20 bytes, and may be negative though they should not. */
function toDecimal(hex: string): string {
  return hex.startsWith('-') ? `-${toDecimal(hex.slice(1))}` : BigInt(`0x${hex}`).toString()
}
