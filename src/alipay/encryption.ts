/**
 * Alipay's content encryption (接口内容加密): `biz_content` and the node of an answer as AES-CBC in
 * base64. It hides content; it does not prove who wrote it, so verify the signature first, then
 * decrypt.
 *
 * @module
 */

import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

import { decodeBase64 } from './base64.ts'
import { ConfigurationInvalid, MessageMalformed } from './errors.ts'

/**
 * Alipay's `encrypt_type`: `AES` has an IV of 16 zero bytes, `AES_V2` a random one in front of the
 * ciphertext.
 */
export type EncryptType = 'AES' | 'AES_V2'

/**
 * Encrypts a text as UTF-8 by AES-CBC with PKCS#7 padding; the result is standard base64. The
 * inverse of {@link decryptContent}.
 *
 * @param key The AES key of the console: base64 of 16, 24 or 32 bytes.
 * @throws {ConfigurationInvalid} If the key is none.
 */
export function encryptContent(text: string, key: string, type: EncryptType = 'AES'): string {
  const keyBytes = decodeKey(key)
  const iv = type === 'AES' ? ZERO_IV : randomBytes(BLOCK_BYTES)
  const cipher = createCipheriv(algorithmFor(keyBytes), keyBytes, iv)
  const blocks = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  return (type === 'AES' ? blocks : Buffer.concat([iv, blocks])).toString('base64')
}

/**
 * Decrypts what {@link encryptContent}, or Alipay, encrypted.
 *
 * @param ciphertext Standard base64.
 * @param key The AES key of the console: base64 of 16, 24 or 32 bytes.
 * @throws {ConfigurationInvalid} If the key is none.
 * @throws {MessageMalformed} If the text was not made with this key and type.
 */
export function decryptContent(ciphertext: string, key: string, type: EncryptType = 'AES'): string {
  const keyBytes = decodeKey(key)
  const bytes = decodeBase64(ciphertext)
  if (bytes === undefined) throw new MessageMalformed('Encrypted content is not base64')
  const iv = type === 'AES' ? ZERO_IV : bytes.subarray(0, BLOCK_BYTES)
  const blocks = type === 'AES' ? bytes : bytes.subarray(BLOCK_BYTES)
  try {
    const decipher = createDecipheriv(algorithmFor(keyBytes), keyBytes, iv)
    return UTF8.decode(Buffer.concat([decipher.update(blocks), decipher.final()]))
  } catch (cause) {
    throw new MessageMalformed(
      'Encrypted content does not decrypt: compare the AES key with the one in the console of the open platform',
      { cause },
    )
  }
}

const BLOCK_BYTES = 16
const ZERO_IV = Buffer.alloc(BLOCK_BYTES)
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function decodeKey(key: string): Buffer {
  const bytes = decodeBase64(key.trim())
  if (bytes === undefined || ![16, 24, 32].includes(bytes.length)) {
    throw new ConfigurationInvalid(
      'The AES key (接口内容加密密钥) is not base64 of 16, 24 or 32 bytes: copy it from the console of the open platform',
    )
  }
  return bytes
}

function algorithmFor(key: Buffer): string {
  return `aes-${key.length * 8}-cbc`
}
