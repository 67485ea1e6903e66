/**
 * Makes the application's key pair, and says which half goes where.
 *
 * @module
 */

import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { formatBareKey, generateKeyPair, keyFingerprint } from '../alipay/index.ts'
import { Failure } from './failure.ts'
import type { Style } from './output.ts'

/** How the pair is written. */
export interface GenerateOptions {
  /** Is made where it does not exist. */
  readonly folder: string
  /** `pkcs8` is what Alipay's key tool writes for Java, `pkcs1` for others; saoma reads both. */
  readonly format: 'pkcs8' | 'pkcs1'
}

/** A new pair, in the shape of `--json`. Holds the private key: print it only where asked to. */
export interface GeneratedKeys {
  readonly app_private_key: string
  readonly app_public_key: string
  readonly format: 'pkcs8' | 'pkcs1'
  readonly bits: number
  /** SHA-256 of the public half. */
  readonly fingerprint: string
  readonly files: { readonly private: string; readonly public: string }
}

/**
 * Makes a pair of 2048 bits and writes both halves, each one line of base64 as Alipay's key tool
 * writes it.
 *
 * @throws {Failure} If a file is there already, or cannot be written. Nothing is ever overwritten.
 */
export function generateKeys({ folder, format }: GenerateOptions): GeneratedKeys {
  const files = {
    private: join(folder, 'app-private-key.txt'),
    public: join(folder, 'app-public-key.txt'),
  }
  for (const file of Object.values(files)) {
    if (existsSync(file)) {
      throw new Failure(
        `${file} is there already and is not overwritten: it may be the only copy. Choose another folder with --out.`,
        1,
      )
    }
  }
  const { privateKey, publicKey } = generateKeyPair()
  const keys: GeneratedKeys = {
    app_private_key: formatBareKey(privateKey, format),
    app_public_key: formatBareKey(publicKey, 'spki'),
    format,
    bits: 2048,
    fingerprint: keyFingerprint(publicKey),
    files,
  }
  try {
    mkdirSync(folder, { recursive: true })
    writeFileSync(files.private, `${keys.app_private_key}\n`, { mode: 0o600, flag: 'wx' })
    writeFileSync(files.public, `${keys.app_public_key}\n`, { flag: 'wx' })
  } catch (cause) {
    throw new Failure(`The keys cannot be written: ${(cause as Error).message}`, 1)
  }
  return keys
}

/** What to do with the pair. The private key stays out of it. */
export function formatGeneratedKeys(keys: GeneratedKeys, style: Style): string {
  return `${style.bold('An RSA key pair of 2048 bits for RSA2')}
  private  ${keys.files.private}  (${keys.format === 'pkcs8' ? 'PKCS#8' : 'PKCS#1'}; give it to nobody, Alipay neither)
  public   ${keys.files.public}
  fingerprint  ${keys.fingerprint}

${style.bold('1. Upload this application public key (应用公钥)')}
${keys.app_public_key}

   at https://open.alipay.com: the application → 开发设置 → 接口加签方式（密钥/证书） → 设置 → 密钥.

${style.bold('2. Bring back the Alipay public key (支付宝公钥)')}
   The page shows it after the upload. It is another key than the one above, though both begin
   MIIBIjANBgkqhkiG9w0B. Save it as alipay-public-key.txt.

${style.bold('3. Tell saoma where they are')}
   SAOMA_APP_PRIVATE_KEY_FILE=${keys.files.private}
   SAOMA_ALIPAY_PUBLIC_KEY_FILE=alipay-public-key.txt

Then: saoma keys check
`
}
