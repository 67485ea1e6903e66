import { createCipheriv } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { decryptContent, encryptContent, type EncryptType } from '../../src/alipay/encryption.ts'
import { ConfigurationInvalid, MessageMalformed } from '../../src/alipay/errors.ts'
import { describeReference } from '../reference-vectors.ts'
import { vectors } from '../vectors.ts'

interface Encrypted {
  type: EncryptType
  key: string
  plaintext: string
  ciphertext: string
}

const answers = vectors('encryption') as Encrypted[]
const { key, ciphertext } = answers[0]!
const otherKey = Buffer.alloc(16, 7).toString('base64')

describe('openssl makes the same ciphertext and it is read:', () => {
  test.each(answers)('$type of "$plaintext"', ({ type, key, plaintext, ciphertext }) => {
    expect(decryptContent(ciphertext, key, type)).toBe(plaintext)
    if (type === 'AES') expect(encryptContent(plaintext, key)).toBe(ciphertext)
  })
})

test('any text comes back as it was', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(16, 24, 32),
      fc.constantFrom<EncryptType>('AES', 'AES_V2'),
      (text, keyBytes, type) => {
        const key = Buffer.alloc(keyBytes, 1).toString('base64')
        expect(decryptContent(encryptContent(text, key, type), key, type)).toBe(text)
      },
    ),
  )
})

test('AES says the same text alike each time, AES_V2 never', () => {
  expect(encryptContent('扫码', key)).toBe(encryptContent('扫码', key))
  expect(encryptContent('扫码', key, 'AES_V2')).not.toBe(encryptContent('扫码', key, 'AES_V2'))
})

test('a byte order mark within the content stays', () => {
  expect(decryptContent(encryptContent('\u{FEFF}{}', key), key)).toBe('\u{FEFF}{}')
})

describe('a key is refused that', () => {
  test.each([
    ['is empty', ''],
    ['has 15 bytes', Buffer.alloc(15).toString('base64')],
    ['has 33 bytes', Buffer.alloc(33).toString('base64')],
    ['is hexadecimal of 16 bytes', '000102030405060708090a0b0c0d0e0f'.slice(0, 30)],
    ['is no base64', 'not a key at all'],
  ])('%s', (_, bad) => {
    expect(() => encryptContent('text', bad)).toThrow(ConfigurationInvalid)
    expect(() => decryptContent(ciphertext, bad)).toThrow(ConfigurationInvalid)
    expect(() => decryptContent(ciphertext, bad)).toThrow(/接口内容加密密钥/)
  })
})

describe('a ciphertext is refused that', () => {
  test.each<[string, string, string, EncryptType]>([
    ['is empty', '', key, 'AES'],
    ['is empty, AES_V2', '', key, 'AES_V2'],
    ['is the IV alone', Buffer.alloc(16).toString('base64'), key, 'AES_V2'],
    ['is shorter than the IV', Buffer.alloc(9).toString('base64'), key, 'AES_V2'],
    ['is no base64', `${ciphertext}\n`, key, 'AES'],
    ['is cut off within a block', Buffer.alloc(17).toString('base64'), key, 'AES'],
    ['lost its last block', loseBlock(ciphertext), key, 'AES'],
    ['was made with another key', ciphertext, otherKey, 'AES'],
    ['holds no UTF-8', encryptBytes(Buffer.of(0xff)), key, 'AES'],
  ])('%s', (_, text, key, type) => {
    expect(() => decryptContent(text, key, type)).toThrow(MessageMalformed)
  })
})

interface ReferenceEncrypted {
  id: string
  keyBase64: string
  mode: string
  plaintext: string
  cipherBase64: string
  deterministic: boolean
}

describeReference('aes', 'encryption', (vectors) => {
  test.each(vectors as ReferenceEncrypted[])('$id', (vector) => {
    const { keyBase64, mode, plaintext, cipherBase64, deterministic } = vector
    const type = mode.startsWith('AES_V2') ? 'AES_V2' : 'AES'
    expect(decryptContent(cipherBase64, keyBase64, type)).toBe(plaintext)
    if (deterministic) expect(encryptContent(plaintext, keyBase64, type)).toBe(cipherBase64)
  })
})

function encryptBytes(bytes: Buffer): string {
  const cipher = createCipheriv('aes-128-cbc', Buffer.from(key, 'base64'), Buffer.alloc(16))
  return Buffer.concat([cipher.update(bytes), cipher.final()]).toString('base64')
}

function loseBlock(text: string): string {
  return Buffer.from(text, 'base64').subarray(0, -16).toString('base64')
}
