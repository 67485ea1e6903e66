import { createSecretKey, KeyObject } from 'node:crypto'
import { describe, expect, test } from 'vitest'

import { KeyInvalid } from '../../src/alipay/errors.ts'
import {
  assertNotOwnKey,
  formatBareKey,
  generateKeyPair,
  keyFingerprint,
  loadPrivateKey,
  loadPublicKey,
  sameKey,
} from '../../src/alipay/keys.ts'
import { describeReference, referenceText } from '../reference-vectors.ts'
import { vectors, vectorText } from '../vectors.ts'

const pkcs8 = vectorText('keys/application-private-key.pkcs8.pem')
const pkcs1 = vectorText('keys/application-private-key.pkcs1.pem')
const barePkcs8 = vectorText('keys/application-private-key.pkcs8.txt')
const barePkcs1 = vectorText('keys/application-private-key.pkcs1.txt')
const spki = vectorText('keys/application-public-key.spki.pem')
const bareSpki = vectorText('keys/application-public-key.spki.txt')
const pkcs1Public = vectorText('keys/application-public-key.pkcs1.pem')
const certificate = vectorText('certificates/application.pem')
const alipayKey = loadPublicKey(vectorText('keys/alipay-public-key.pem'))
const fingerprint = (vectors('fingerprints') as { application: string }).application

const wrapped = (text: string) => text.replaceAll(/.{76}/g, '$&\r\n')
const spaced = (text: string) => text.replaceAll(/.{64}/g, '$& ')

describe('the same private key is loaded from', () => {
  test.each<[string, string | Buffer | KeyObject]>([
    ['PEM, PKCS#8', pkcs8],
    ['PEM, PKCS#1', pkcs1],
    ['one line of base64, PKCS#8', barePkcs8],
    ['one line of base64, PKCS#1', barePkcs1],
    ['base64 in lines that end in CR LF', wrapped(barePkcs8)],
    ['base64 with blanks', spaced(barePkcs1)],
    ['base64 with a byte order mark and a line break at the end', `\u{FEFF}${barePkcs8}\r\n`],
    ['base64 in quotes', `"${barePkcs8}"`],
    ['base64 in Chinese quotes', `“${barePkcs8}”`],
    ['PEM on one line with literal \\n, in quotes', `'${pkcs8.replaceAll('\n', '\\n')}'`],
    ['PEM whose line breaks became blanks', pkcs8.replaceAll('\n', ' ')],
    ['PEM with a byte order mark and text around it', `\u{FEFF}my key\n${pkcs1}\nend`],
    ['PKCS#8 under the label of PKCS#1', pkcs8.replaceAll('PRIVATE', 'RSA PRIVATE')],
    ['PKCS#1 under the label of PKCS#8', pkcs1.replaceAll('RSA PRIVATE', 'PRIVATE')],
    ['the bytes of a PEM file', Buffer.from(pkcs8)],
    ['DER', Buffer.from(barePkcs8, 'base64')],
    ['a KeyObject', loadPrivateKey(pkcs8)],
  ])('%s', (_, input) => {
    const key = loadPrivateKey(input)
    expect(key.type).toBe('private')
    expect(keyFingerprint(key)).toBe(fingerprint)
  })
})

describe('the same public key is loaded from', () => {
  test.each<[string, string | Buffer | KeyObject]>([
    ['PEM, SubjectPublicKeyInfo', spki],
    ['PEM, PKCS#1', pkcs1Public],
    ['one line of base64', bareSpki],
    ['base64 in lines that end in CR LF', wrapped(bareSpki)],
    ['a certificate', certificate],
    ['a certificate followed by that of its authority', certificate + authority()],
    ['a certificate as base64 without armour', certificate.replaceAll(/-.*-|\s/g, '')],
    ['DER', Buffer.from(bareSpki, 'base64')],
    ['a KeyObject', loadPublicKey(spki)],
  ])('%s', (_, input) => {
    const key = loadPublicKey(input)
    expect(key.type).toBe('public')
    expect(keyFingerprint(key)).toBe(fingerprint)
  })
})

const KEY_TOOL = 'with the key tool and upload its public half.'
const COPY_PRIVATE = 'The application private key (应用私钥)'
const COPY_PUBLIC = 'The Alipay public key (支付宝公钥)'

describe('what is no application private key is refused with its reason:', () => {
  test.each<[string, string | Buffer | KeyObject, KeyInvalid['problem'], string]>([
    ['nothing', '', 'empty', 'is empty.'],
    ['blanks in quotes', '" \n "', 'empty', 'is empty.'],
    ['armour without a key', pemOf('PRIVATE KEY', ''), 'empty', 'is empty.'],
    ['PEM without its last lines', pkcs8.slice(0, 800), 'truncated', 'is cut off.'],
    ['PEM without its first line', pkcs8.slice(28), 'truncated', 'is cut off.'],
    ['PEM that lost lines within', withoutLine(pkcs8, 5), 'truncated', 'is cut off.'],
    ['base64 cut off', barePkcs8.slice(0, 1000), 'truncated', 'is cut off.'],
    ['the first four characters', barePkcs8.slice(0, 4), 'truncated', 'is cut off.'],
    ['DER cut off', Buffer.from(barePkcs8, 'base64').subarray(0, 99), 'truncated', 'is cut off.'],
    [
      'base64 without its beginning',
      barePkcs8.slice(64),
      'unreadable',
      'is neither PEM nor base64',
    ],
    ['a key pasted twice', barePkcs8 + barePkcs8, 'unreadable', 'is neither PEM nor base64'],
    ['the name of a file', './keys/app.pem', 'unreadable', 'is neither PEM nor base64'],
    ['DER of something else', pemOf('X', 'MAMCAQA='), 'unreadable', 'is neither PEM nor base64'],
    ['a secret key', createSecretKey(Buffer.alloc(16)), 'unreadable', 'is neither PEM nor base64'],
    ['PKCS#8 under a passphrase', encrypted('pkcs8'), 'encrypted', 'openssl pkey'],
    ['PKCS#1 under a passphrase', encrypted('pkcs1'), 'encrypted', 'openssl pkey'],
    [
      'PKCS#8 under a passphrase, without armour',
      encrypted('pkcs8').replaceAll(/-.*-|\s/g, ''),
      'encrypted',
      'openssl pkey',
    ],
    ['a public key', spki, 'public_key_given_as_private', 'was given as a public key.'],
    ['a public key without armour', bareSpki, 'public_key_given_as_private', 'as a public key.'],
    ['a public KeyObject', alipayKey, 'public_key_given_as_private', 'as a public key.'],
    ['a certificate', certificate, 'certificate_given_as_private', 'was given as a certificate'],
    ['an EC key', vectorText('keys/ec-private-key.pem'), 'not_rsa', KEY_TOOL],
    ['an SM2 key', vectorText('keys/sm2-private-key.pem'), 'not_rsa', KEY_TOOL],
    ['an RSA-PSS key', vectorText('keys/pss-private-key.pem'), 'not_rsa', KEY_TOOL],
    ['1024 bits', vectorText('keys/short-private-key.pem'), 'too_short_for_rsa2', KEY_TOOL],
  ])('%s', (_, input, problem, advice) => {
    const error = failureOf(() => loadPrivateKey(input))
    expect(error).toMatchObject({ code: 'ERR_ALIPAY_KEY_INVALID', problem, outcome: 'not_applied' })
    expect(error.message).toContain(advice)
    expect(error.message.startsWith(COPY_PRIVATE)).toBe(true)
  })
})

describe('what is no Alipay public key is refused with its reason:', () => {
  test.each<[string, string | KeyObject, KeyInvalid['problem'], string]>([
    ['nothing', '', 'empty', 'is empty.'],
    ['base64 cut off', bareSpki.slice(0, 200), 'truncated', 'is cut off.'],
    ['a certificate cut off', certificate.slice(0, 500), 'truncated', 'is cut off.'],
    ['a private key', pkcs8, 'private_key_given_as_public', 'was given as a private key.'],
    ['a private key without armour', barePkcs1, 'private_key_given_as_public', 'a private key.'],
    ['a private KeyObject', loadPrivateKey(pkcs8), 'private_key_given_as_public', 'private key.'],
    ['an EC key', vectorText('keys/ec-public-key.pem'), 'not_rsa', KEY_TOOL],
    ['an SM2 key', vectorText('keys/sm2-public-key.pem'), 'not_rsa', KEY_TOOL],
    ['an SM2 certificate', vectorText('certificates/root-sm2.pem'), 'not_rsa', KEY_TOOL],
    ['1024 bits', vectorText('keys/short-public-key.pem'), 'too_short_for_rsa2', KEY_TOOL],
  ])('%s', (_, input, problem, advice) => {
    const error = failureOf(() => loadPublicKey(input))
    expect(error).toMatchObject({ code: 'ERR_ALIPAY_KEY_INVALID', problem })
    expect(error.message).toContain(advice)
    expect(error.message.startsWith(COPY_PUBLIC)).toBe(true)
  })
})

test('1024 bits are enough for the old sign type RSA', () => {
  const text = vectorText('keys/short-private-key.pem')
  expect(loadPrivateKey(text, { signType: 'RSA' }).type).toBe('private')
  const publicText = vectorText('keys/short-public-key.pem')
  expect(loadPublicKey(publicText, { signType: 'RSA' }).type).toBe('public')
})

test("the application's own public key is refused as Alipay's, whichever half it is compared with", () => {
  const own = loadPublicKey(bareSpki)
  for (const applicationKey of [loadPrivateKey(pkcs1), loadPublicKey(certificate)]) {
    expect(failureOf(() => assertNotOwnKey(own, applicationKey))).toMatchObject({
      problem: 'own_application_key_given_as_alipay',
    })
    expect(() => assertNotOwnKey(alipayKey, applicationKey)).not.toThrow()
  }
})

test('keys are the same if their public halves are', () => {
  expect(sameKey(loadPrivateKey(pkcs8), loadPublicKey(certificate))).toBe(true)
  expect(sameKey(alipayKey, loadPublicKey(spki))).toBe(false)
})

test('a bare key is written as the key tool writes it', () => {
  const key = loadPrivateKey(pkcs8)
  expect(formatBareKey(key, 'pkcs8')).toBe(barePkcs8)
  expect(formatBareKey(key, 'pkcs1')).toBe(barePkcs1)
  expect(formatBareKey(key, 'spki')).toBe(bareSpki)
  expect(formatBareKey(loadPublicKey(spki), 'spki')).toBe(bareSpki)
  expect(loadPublicKey(formatBareKey(loadPublicKey(spki), 'pkcs1')).type).toBe('public')
  expect(() => formatBareKey(loadPublicKey(spki), 'pkcs8')).toThrow(TypeError)
})

test('a new key pair has 2048 bits and is not the one before', () => {
  const [one, other] = [generateKeyPair(), generateKeyPair()]
  expect(one.privateKey.asymmetricKeyDetails).toMatchObject({ modulusLength: 2048 })
  expect(sameKey(one.privateKey, one.publicKey)).toBe(true)
  expect(sameKey(one.publicKey, other.publicKey)).toBe(false)
})

describeReference('keys-index', 'keys are loaded', (index) => {
  const entries = Object.entries(index as Record<string, { kind: string }>)
  test.each(entries.filter(([path]) => path.startsWith('keys/')))('%s', (path, { kind }) => {
    const load = kind === 'private' ? loadPrivateKey : loadPublicKey
    const signType = path.includes('rsa1024') ? 'RSA' : 'RSA2'
    const text = referenceText(path)
    const key = load(text, { signType })
    expect(key.type).toBe(kind)
    const bare = text.replaceAll(/-.*-|\s/g, '')
    expect(sameKey(load(bare, { signType }), key)).toBe(true)
  })
})

function failureOf(action: () => unknown): KeyInvalid {
  try {
    action()
  } catch (error) {
    expect(error).toBeInstanceOf(KeyInvalid)
    expect(String((error as Error).stack)).not.toMatch(/MII|[A-Za-z0-9+/]{40}/)
    return error as KeyInvalid
  }
  throw new Error('Nothing was thrown')
}

function pemOf(label: string, body: string): string {
  return `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`
}

function withoutLine(text: string, line: number): string {
  return text.split('\n').toSpliced(line, 1).join('\n')
}

function encrypted(encoding: 'pkcs8' | 'pkcs1'): string {
  return vectorText(`keys/application-private-key.encrypted.${encoding}.pem`)
}

function authority(): string {
  return vectorText('certificates/authority.pem')
}
