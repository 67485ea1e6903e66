/**
 * The merchant's and Alipay's keys and certificates. They are made for each folder, kept in it
 * readable by its owner alone, and worth nothing anywhere else.
 *
 * @module
 */

import {
  type KeyObject,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  randomBytes,
  randomInt,
} from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { formatBareKey } from '../alipay/keys.ts'
import { type DistinguishedName, issueCertificate } from './certificate-authority.ts'

/**
 * What a merchant takes from the console of the open platform, in the forms in which it is found
 * there.
 */
export interface Credentials {
  /** 16 digits that begin with 9021. */
  readonly app_id: string
  /** 16 digits that begin with 2088. */
  readonly seller_id: string
  /** 应用私钥, one line of base64, PKCS#8. */
  readonly app_private_key: string
  /** The same key, PKCS#1. */
  readonly app_private_key_pkcs1: string
  /** 支付宝公钥, one line of base64. */
  readonly alipay_public_key: string
  /** AES 密钥, base64 of 16 bytes. */
  readonly encrypt_key: string
  /** PEM texts: 应用公钥证书, 支付宝公钥证书, 支付宝根证书. */
  readonly certificates: { readonly app: string; readonly alipay: string; readonly root: string }
}

/** A certificate of Alipay's with the private key that belongs to it (PKCS#8 in base64). */
export interface AlipayCertificate {
  readonly certificate: string
  readonly private_key: string
}

/** All that is kept in `credentials.json`: what the merchant gets, and Alipay's own half. */
export interface KeyFile {
  readonly merchant: Credentials
  readonly seller_email: string
  readonly alipay_private_key: string
  readonly authority_private_key: string
  /** Oldest first; the last one signs. */
  readonly alipay_certificates: readonly AlipayCertificate[]
}

/** Reads the keys of `folder`, or makes them. Without one they are made once in each process. */
export async function loadKeyFile(folder: string | undefined): Promise<KeyFile> {
  if (folder === undefined) return (processKeyFile ??= createKeyFile())
  const path = join(folder, 'credentials.json')
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as KeyFile
  const keyFile = await createKeyFile()
  saveKeyFile(folder, keyFile)
  return keyFile
}

let processKeyFile: Promise<KeyFile> | undefined

/**
 * Writes the keys to `folder`, in one step, readable by its owner alone. Without a folder it does
 * nothing.
 */
export function saveKeyFile(folder: string | undefined, keyFile: KeyFile): void {
  if (folder === undefined) return
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const path = join(folder, 'credentials.json')
  writeFileSync(`${path}.new`, `${JSON.stringify(keyFile, null, 2)}\n`, { mode: 0o600 })
  renameSync(`${path}.new`, path)
}

/** Issues one more certificate for Alipay, with a key of its own, which signs from now on. */
export async function addAlipayCertificate(keyFile: KeyFile): Promise<KeyFile> {
  const key = await generateKey()
  const authorityKey = readKey(keyFile.authority_private_key)
  const added = issueAlipayCertificate(key, authorityKey, keyFile.merchant.seller_id)
  return { ...keyFile, alipay_certificates: [...keyFile.alipay_certificates, added] }
}

async function createKeyFile(): Promise<KeyFile> {
  const [app, alipay, authority] = await Promise.all([generateKey(), generateKey(), generateKey()])
  const app_id = `9021000${digits(9)}`
  const seller_id = `2088${digits(12)}`
  const root = issueCertificate(
    {
      serialNumber: serialNumber(8),
      issuer: AUTHORITY,
      subject: AUTHORITY,
      subjectKey: authority,
      isAuthority: true,
    },
    authority,
  )
  const subject = subjectName(`${seller_id}-${app_id}`)
  const appCertificate = issueCertificate(
    {
      serialNumber: serialNumber(16),
      issuer: AUTHORITY,
      subject,
      subjectKey: app,
      isAuthority: false,
    },
    authority,
  )
  const alipayCertificate = issueAlipayCertificate(alipay, authority, seller_id)
  return {
    merchant: {
      app_id,
      seller_id,
      app_private_key: formatBareKey(app, 'pkcs8'),
      app_private_key_pkcs1: formatBareKey(app, 'pkcs1'),
      alipay_public_key: formatBareKey(createPublicKey(alipay), 'spki'),
      encrypt_key: randomBytes(16).toString('base64'),
      certificates: { app: appCertificate, alipay: alipayCertificate.certificate, root },
    },
    seller_email: `merchant-${app_id.slice(-6)}@example.com`,
    alipay_private_key: formatBareKey(alipay, 'pkcs8'),
    authority_private_key: formatBareKey(authority, 'pkcs8'),
    alipay_certificates: [alipayCertificate],
  }
}

const AUTHORITY: DistinguishedName = {
  C: 'CN',
  O: 'Saoma Emulator',
  OU: 'Certification Authority',
  CN: 'Saoma Emulator Certification Authority Class 2 R1',
}

function subjectName(CN: string): DistinguishedName {
  return { C: 'CN', O: '扫码商户（测试）', OU: 'Alipay', CN }
}

function issueAlipayCertificate(
  key: KeyObject,
  authority: KeyObject,
  sellerId: string,
): AlipayCertificate {
  const subject = subjectName(`支付宝模拟器-${sellerId}`)
  const content = { serialNumber: serialNumber(16), issuer: AUTHORITY, subject, subjectKey: key }
  return {
    certificate: issueCertificate({ ...content, isAuthority: false }, authority),
    private_key: formatBareKey(key, 'pkcs8'),
  }
}

/** Reads a private key as {@link KeyFile} keeps it. */
export function readKey(base64: string): KeyObject {
  return createPrivateKey({ key: Buffer.from(base64, 'base64'), format: 'der', type: 'pkcs8' })
}

const generate = promisify(generateKeyPair)

/** On the thread pool, so that several are made at once. RSA2 asks for 2048 bits. */
async function generateKey(): Promise<KeyObject> {
  const { privateKey } = await generate('rsa', { modulusLength: 2048 })
  return privateKey
}

/** Positive and of full length, as RFC 5280 asks. */
function serialNumber(length: number): bigint {
  const bytes = randomBytes(length)
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40
  return BigInt(`0x${bytes.toString('hex')}`)
}

function digits(length: number): string {
  return Array.from({ length }, () => String(randomInt(10))).join('')
}
