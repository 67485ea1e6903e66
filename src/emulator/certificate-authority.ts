/**
 * A certificate authority for the emulator: writes X.509 certificates for RSA keys, in just as much
 * DER as that needs.
 *
 * @module
 * @see {@link https://www.rfc-editor.org/rfc/rfc5280} (certificates), ITU-T X.690 (DER)
 */

import { type KeyObject, createHash, createPublicKey, sign } from 'node:crypto'

/** A name, in the order in which it is written: the country first, as in Alipay's certificates. */
export interface DistinguishedName {
  readonly C: string
  readonly O: string
  readonly OU: string
  readonly CN: string
}

/** What a certificate says. */
export interface CertificateContent {
  readonly serialNumber: bigint
  readonly issuer: DistinguishedName
  readonly subject: DistinguishedName
  readonly subjectKey: KeyObject
  /** Whether the subject may issue certificates itself. */
  readonly isAuthority: boolean
}

/** Valid whatever an emulator's clock says: a movable clock must not break the keys. */
const VALID_FROM = '200101000000Z'
const VALID_UNTIL = '491231235959Z'

/**
 * Writes a certificate, signed with SHA-256.
 *
 * @returns PEM text with a line feed at its end.
 */
export function issueCertificate(content: CertificateContent, issuerKey: KeyObject): string {
  const signed = sequence(
    tagged(0xa0, integer(2n)),
    integer(content.serialNumber),
    SHA256_WITH_RSA,
    name(content.issuer),
    sequence(tagged(0x17, ascii(VALID_FROM)), tagged(0x17, ascii(VALID_UNTIL))),
    name(content.subject),
    publicKeyInfo(content.subjectKey),
    tagged(0xa3, extensions(content, issuerKey)),
  )
  const certificate = sequence(
    signed,
    SHA256_WITH_RSA,
    tagged(0x03, Buffer.of(0), sign('sha256', signed, issuerKey)),
  )
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

/**
 * Who may issue; what the key is for (to sign certificates; to sign, and not deny it); whose keys
 * these are.
 */
function extensions({ isAuthority, subjectKey }: CertificateContent, issuerKey: KeyObject): Buffer {
  const extension = (id: string, isCritical: boolean, value: Buffer) =>
    sequence(objectIdentifier(id), ...(isCritical ? [TRUE] : []), tagged(0x04, value))
  const usage = isAuthority ? Buffer.of(1, 0x06) : Buffer.of(6, 0xc0)
  return sequence(
    extension('2.5.29.19', true, isAuthority ? sequence(TRUE) : sequence()),
    extension('2.5.29.15', true, tagged(0x03, usage)),
    extension('2.5.29.14', false, tagged(0x04, keyIdentifier(subjectKey))),
    extension('2.5.29.35', false, sequence(tagged(0x80, keyIdentifier(issuerKey)))),
  )
}

function publicKeyInfo(key: KeyObject): Buffer {
  return createPublicKey(key).export({ type: 'spki', format: 'der' })
}

/** Any number that no other key has will do. */
function keyIdentifier(key: KeyObject): Buffer {
  return createHash('sha1').update(publicKeyInfo(key)).digest()
}

const NAME_PARTS = { C: '2.5.4.6', O: '2.5.4.10', OU: '2.5.4.11', CN: '2.5.4.3' } as const

function name(parts: DistinguishedName): Buffer {
  const part = (key: keyof DistinguishedName) => {
    const text = tagged(key === 'C' ? 0x13 : 0x0c, Buffer.from(parts[key], 'utf8'))
    return tagged(0x31, sequence(objectIdentifier(NAME_PARTS[key]), text))
  }
  return sequence(part('C'), part('O'), part('OU'), part('CN'))
}

function sequence(...parts: readonly Uint8Array[]): Buffer {
  return tagged(0x30, ...parts)
}

function integer(value: bigint): Buffer {
  const hex = value.toString(16)
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
  const isNegative = (bytes[0] ?? 0) > 0x7f
  return tagged(0x02, ...(isNegative ? [Buffer.of(0), bytes] : [bytes]))
}

function objectIdentifier(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number)
  return tagged(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]))
}

function base128(value: number): number[] {
  const bytes = [value & 0x7f]
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) bytes.unshift((rest & 0x7f) | 0x80)
  return bytes
}

function ascii(text: string): Buffer {
  return Buffer.from(text, 'ascii')
}

/** One element: tag, length, contents. */
function tagged(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const contents = Buffer.concat(parts)
  const { length } = contents
  const header =
    length < 0x80
      ? [tag, length]
      : length < 0x100
        ? [tag, 0x81, length]
        : [tag, 0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from(header), contents])
}

const TRUE = tagged(0x01, Buffer.of(0xff))
const SHA256_WITH_RSA = sequence(objectIdentifier('1.2.840.113549.1.1.11'), tagged(0x05))
