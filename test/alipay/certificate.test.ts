import { X509Certificate } from 'node:crypto'
import { describe, expect, test } from 'vitest'

import {
  type CertificateTrustOptions,
  createCertificateTrust,
} from '../../src/alipay/certificate-trust.ts'
import {
  certificateSerialNumber,
  isSignedWithSm2,
  parseCertificate,
  parseCertificates,
  rootCertificateSerialNumber,
} from '../../src/alipay/certificate.ts'
import { CertificateInvalid } from '../../src/alipay/errors.ts'
import { loadPrivateKey, loadPublicKey, sameKey } from '../../src/alipay/keys.ts'
import { type Instant, parseBeijingTime } from '../../src/alipay/time.ts'
import { describeReference, referenceText } from '../reference-vectors.ts'
import { vectors, vectorText } from '../vectors.ts'

const answers = vectors('serial-numbers') as { certificate: string; serialNumber: string }[]
const pem = (name: string) => vectorText(`certificates/${name}.pem`)
const snOf = (name: string) => certificateSerialNumber(pem(name))
const applicationKey = loadPrivateKey(vectorText('keys/application-private-key.pkcs8.pem'))
const authority = pem('authority')

describe('the serial number is the one made with openssl:', () => {
  test.each(answers)('$certificate', ({ certificate, serialNumber }) => {
    const text = pem(certificate)
    const isBundle = certificate === 'root-bundle'
    expect(isBundle ? rootCertificateSerialNumber(text) : certificateSerialNumber(text)).toBe(
      serialNumber,
    )
  })
})

test('of a chain only the first certificate counts', () => {
  const [first] = parseCertificates(pem('alipay'))
  expect(parseCertificates(pem('alipay'))).toHaveLength(2)
  expect(snOf('alipay')).toBe(certificateSerialNumber(first))
  expect(parseCertificate(pem('alipay')).fingerprint256).toBe(first.fingerprint256)
  expect(certificateSerialNumber(authority + pem('alipay'))).toBe(snOf('authority'))
})

test('a root bundle keeps its order and its duplicates, and leaves out what is not signed with RSA', () => {
  const [sm2, rsa, ec] = ['root-sm2', 'root-rsa', 'root-ec'].map(pem) as [string, string, string]
  expect(rootCertificateSerialNumber(rsa + sm2 + rsa + ec)).toBe(
    `${snOf('root-rsa')}_${snOf('root-rsa')}`,
  )
  const sha1 = pem('root-rsa-sha1')
  expect(rootCertificateSerialNumber(sha1 + rsa)).toBe(
    `${snOf('root-rsa-sha1')}_${snOf('root-rsa')}`,
  )
  expect(rootCertificateSerialNumber(parseCertificates(rsa))).toBe(snOf('root-rsa'))
  expect(failureOf(() => rootCertificateSerialNumber(sm2 + ec)).problem).toBe('wrong_file')
})

test('it is the signature that makes a certificate RSA, not its key', () => {
  expect(isSignedWithSm2(parseCertificate(pem('signed-with-sm2')))).toBe(true)
  expect(failureOf(() => rootCertificateSerialNumber(pem('signed-with-sm2'))).problem).toBe(
    'wrong_file',
  )
  expect(isSignedWithSm2(parseCertificate(pem('with-sm2-key')))).toBe(false)
  expect(rootCertificateSerialNumber(pem('with-sm2-key'))).toBe(snOf('with-sm2-key'))
})

test('the file may have a byte order mark, CR LF, text between, or be DER', () => {
  const [text] = pem('application').split('\n-----END')
  const { raw } = new X509Certificate(pem('application'))
  for (const input of [
    `\u{FEFF}${pem('application').replaceAll('\n', '\r\n')}`,
    `subject=someone\n${pem('application')}\nissuer=someone\n${authority}`,
    text!.replaceAll(/-.*-|\s/g, ''),
    raw,
  ]) {
    expect(certificateSerialNumber(input)).toBe(snOf('application'))
  }
})

describe('what is no certificate is refused with its reason:', () => {
  test.each<[string, string | Buffer, CertificateInvalid['problem'], string]>([
    ['nothing', '', 'unreadable', 'is empty.'],
    ['half of one', pem('application').slice(0, 400), 'unreadable', 'is cut off.'],
    ['a chain cut off in its second', pem('alipay').slice(0, -300), 'unreadable', 'is cut off.'],
    ['something else', 'alipayRootCert.crt', 'unreadable', 'is not an X.509 certificate.'],
    [
      'a private key',
      vectorText('keys/application-private-key.pkcs8.pem'),
      'wrong_file',
      'was given as a key.',
    ],
    ['a public key', vectorText('keys/alipay-public-key.pem'), 'wrong_file', 'given as a key.'],
  ])('%s', (_, input, problem, reason) => {
    const error = failureOf(() => parseCertificate(input, 'The root bundle'))
    expect(error).toMatchObject({
      code: 'ERR_ALIPAY_CERTIFICATE_INVALID',
      problem,
      outcome: 'not_applied',
    })
    expect(error.message).toMatch(/^The root bundle /)
    expect(error.message).toContain(reason)
  })
})

const files = {
  app: pem('application'),
  alipay: pem('alipay'),
  root: pem('root-bundle'),
  applicationKey,
}
const now = parseBeijingTime('2030-01-01 00:00:00')

describe('certificate mode', () => {
  test("sends the serial numbers of the application's certificate and of the roots", () => {
    const trust = createCertificateTrust(files)
    expect(trust.app_cert_sn).toBe(snOf('application'))
    expect(trust.alipay_root_cert_sn).toBe(rootCertificateSerialNumber(pem('root-bundle')))
  })

  test('believes the configured certificate, by its serial number, and no other', () => {
    const trust = createCertificateTrust(files)
    const key = loadPublicKey(vectorText('keys/alipay-public-key.pem'))
    expect(sameKey(trust.keyFor(snOf('alipay'))!, key)).toBe(true)
    expect(trust.keyFor(snOf('rolled-over'))).toBeUndefined()
    expect(trust.keyFor(snOf('application'))).toBeUndefined()
    expect(trust.keys()).toHaveLength(1)
  })

  test('starts with an Alipay certificate that has expired: answers name its successor', () => {
    const trust = createCertificateTrust({ ...files, alipay: pem('expired') })
    expect(trust.keyFor(snOf('expired'))).toBeDefined()
  })

  test('does without the application key where a KMS keeps it', () => {
    const { app, alipay, root } = files
    expect(createCertificateTrust({ app, alipay, root }).app_cert_sn).toBe(snOf('application'))
    expect(failureOf(() => createCertificateTrust({ app, alipay: app, root })).problem).toBe(
      'wrong_file',
    )
  })
})

describe('a mix-up of files is found at the start:', () => {
  const mixUps: [
    string,
    Partial<CertificateTrustOptions>,
    CertificateInvalid['problem'],
    string | RegExp,
  ][] = [
    [
      "the application's certificate as Alipay's",
      { alipay: files.app },
      'wrong_file',
      'is your own application certificate.',
    ],
    [
      'application and Alipay exchanged',
      { app: files.alipay, alipay: files.app },
      'wrong_file',
      'is your own application certificate.',
    ],
    ["another merchant's as Alipay's", { alipay: pem('of-merchant') }, 'wrong_file', 'a merchant'],
    ["Alipay's as the application's", { app: files.alipay }, 'key_mismatch', '应用私钥'],
    ["the application's of another key", { app: pem('of-merchant') }, 'key_mismatch', '应用私钥'],
    ["the root as Alipay's", { alipay: files.root }, 'wrong_file', 'is that of an authority.'],
    ["an authority as Alipay's", { alipay: authority }, 'wrong_file', 'is that of an authority.'],
    ["the root as the application's", { app: files.root }, 'wrong_file', 'of an authority.'],
    ["Alipay's as the root", { root: files.alipay }, 'wrong_file', 'that are no roots.'],
    ['a root bundle with another behind', { root: files.root + authority }, 'wrong_file', 'roots.'],
    ['an SM2 root alone', { root: pem('root-sm2') }, 'wrong_file', 'signed with RSA'],
    ['an Alipay certificate of SM2', { alipay: pem('with-sm2-key') }, 'wrong_file', '国密'],
    ['a key too short for RSA2', { alipay: pem('with-short-key') }, 'wrong_file', 'too short'],
    ['no root at all', { root: '' }, 'unreadable', /alipayRootCert\.crt\) is empty\./],
  ]
  test.each(mixUps)('%s', (_, mixedUp, problem, reason) => {
    const error = failureOf(() => createCertificateTrust({ ...files, ...mixedUp }))
    expect(error).toMatchObject({ problem, outcome: 'not_applied' })
    expect(error.message).toMatch(reason)
  })
})

describe('a downloaded certificate', () => {
  const sn = snOf('rolled-over')

  test.each([
    ['followed by its authority', pem('rolled-over') + authority],
    ['behind its authority', authority + pem('rolled-over')],
    ['among strangers', pem('of-stranger') + authority + pem('rolled-over') + pem('root-rsa')],
  ])('is believed %s, and from then on', (_, text) => {
    const trust = createCertificateTrust(files)
    const key = trust.admit(text, sn, now)
    expect(sameKey(key, new X509Certificate(pem('rolled-over')).publicKey)).toBe(true)
    expect(trust.keyFor(sn)).toBe(key)
    expect(trust.keys().map((each) => each === key)).toEqual([true, false])
    expect(trust.keyFor(snOf('alipay'))).toBeDefined()
  })

  const refused: [string, string, string, CertificateInvalid['problem'], string][] = [
    ['not the one asked for', pem('alipay'), sn, 'serial_number_mismatch', `"${sn}"`],
    ['expired', pem('expired') + authority, snOf('expired'), 'expired', '2025-01-01T00:00:00'],
    [
      'not yet valid',
      pem('not-yet-valid') + authority,
      snOf('not-yet-valid'),
      'not_yet_valid',
      '2090-01-01T00:00:00',
    ],
    ['without its authority', pem('rolled-over'), sn, 'chain_broken', 'root bundle'],
    [
      'of an authority that only bears the name',
      pem('of-stranger') + pem('authority-of-stranger'),
      snOf('of-stranger'),
      'chain_broken',
      'root bundle',
    ],
    [
      'of that stranger, beside the real authority',
      pem('of-stranger') + authority + pem('authority-of-stranger'),
      snOf('of-stranger'),
      'chain_broken',
      'root bundle',
    ],
    [
      'issued by a merchant, who is no authority',
      pem('signed-by-merchant') + pem('of-merchant') + authority,
      snOf('signed-by-merchant'),
      'chain_broken',
      'root bundle',
    ],
    [
      "a merchant's own, though its chain is good",
      pem('of-merchant') + authority,
      snOf('of-merchant'),
      'wrong_file',
      'a merchant',
    ],
    ['an authority', authority, snOf('authority'), 'wrong_file', 'of an authority'],
    ['a root', pem('root-rsa'), snOf('root-rsa'), 'wrong_file', 'of an authority'],
    [
      'altered after it was signed',
      flipLastBit('rolled-over') + authority,
      sn,
      'chain_broken',
      'root bundle',
    ],
    [
      'signed with SM2, which Node cannot verify',
      pem('signed-with-sm2'),
      snOf('signed-with-sm2'),
      'chain_broken',
      '国密',
    ],
    ['of an SM2 key', pem('with-sm2-key') + authority, snOf('with-sm2-key'), 'wrong_file', '国密'],
    ['of a short key', pem('with-short-key'), snOf('with-short-key'), 'wrong_file', 'too short'],
    ['no certificate', 'PHNjcmlwdD4=', sn, 'unreadable', 'downloaded from Alipay'],
  ]
  test.each(refused)('is refused if it is %s', (_, text, asked, problem, reason) => {
    const trust = createCertificateTrust(files)
    const error = failureOf(() => trust.admit(text, asked, now))
    expect(error).toMatchObject({ problem, outcome: 'unknown' })
    expect(error.message).toContain(reason)
    expect(trust.keyFor(asked)).toBeUndefined()
    expect(trust.keys()).toHaveLength(1)
  })
})

interface ReferenceSerialNumber {
  cert: string
  expected: string
  kind: string
  proves: string
}

describeReference('cert-sn', 'serial numbers', (vectors) => {
  test.each(vectors as ReferenceSerialNumber[])('$cert: $proves', ({ cert, expected, kind }) => {
    const serialNumber = kind === 'root' ? rootCertificateSerialNumber : certificateSerialNumber
    expect(serialNumber(referenceText(cert))).toBe(expected)
  })
})

describeReference('keys-index', 'chains of certificates', () => {
  const in2019 = parseBeijingTime('2019-11-11 00:00:00')
  const client = 'anttrust-RsaClientCert'
  const signed = 'anttrust-RsaRootCa'
  test.each<[string, string, string, Instant, CertificateInvalid['problem'] | 'good']>([
    ['good', client, signed, in2019, 'good'],
    ['odd order', 'anttrust-RsaClientCertchain', 'anttrust-RsaRootCaChain', in2019, 'good'],
    ['bad signature', 'anttrust-BadSignRsaClientCert', signed, in2019, 'chain_broken'],
    ['bad date', 'anttrust-BadDateRsaClientCert', signed, in2019, 'expired'],
    ['good, but later', client, signed, now, 'expired'],
    ['another root', client, 'anttrust-RsaRootCaChain', in2019, 'chain_broken'],
    ['SM2', 'anttrust-SM2AppCert', signed, in2019, 'wrong_file'],
  ])('%s', (_, name, root, time, expected) => {
    const text = referenceText(`certs/${name}.crt`)
    const trust = createCertificateTrust({ ...files, root: referenceText(`certs/${root}.crt`) })
    const asked = parseCertificates(text).find(({ ca }) => !ca)!
    const sn = certificateSerialNumber(asked)
    if (expected === 'good') {
      expect(sameKey(trust.admit(text, sn, time), asked.publicKey)).toBe(true)
    } else {
      expect(failureOf(() => trust.admit(text, sn, time)).problem).toBe(expected)
    }
  })
})

function failureOf(action: () => unknown): CertificateInvalid {
  try {
    action()
  } catch (error) {
    expect(error).toBeInstanceOf(CertificateInvalid)
    return error as CertificateInvalid
  }
  throw new Error('Nothing was thrown')
}

/** The last byte is one of the signature's. */
function flipLastBit(name: string): string {
  const { raw } = new X509Certificate(pem(name))
  raw[raw.length - 1]! ^= 1
  return `-----BEGIN CERTIFICATE-----\n${raw.toString('base64')}\n-----END CERTIFICATE-----\n`
}
