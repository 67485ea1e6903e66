/**
 * Alipay's side of the keys: who signs an answer, and what the merchant's requests are checked
 * with.
 *
 * @module
 */

import { type KeyObject, createPublicKey } from 'node:crypto'
import { certificateSerialNumber, rootCertificateSerialNumber } from '../alipay/certificate.ts'
import type { SignType } from '../alipay/keys.ts'
import { type Signer, createSigner } from '../alipay/signer.ts'
import {
  type Credentials,
  type KeyFile,
  addAlipayCertificate,
  loadKeyFile,
  readKey,
  saveKeyFile,
} from './credentials.ts'
import type { KeyMode } from './records.ts'

/** Who signs, and with what certificate. */
export interface AlipaySigner {
  readonly signer: Signer
  /** The serial number of the certificate, in certificate mode. */
  readonly certSn?: string | undefined
}

/** The keys of one emulator. */
export interface Keys {
  readonly credentials: Credentials
  readonly sellerEmail: string
  readonly appPublicKey: KeyObject
  readonly appCertSn: string
  readonly rootCertSn: string
  /** Who signs for Alipay now. */
  signerFor(mode: KeyMode, signType: SignType): AlipaySigner
  /** The PEM text of Alipay's certificate of that number, old ones too. */
  certificateOf(certSn: string): string | undefined
  /** Gives Alipay a new certificate with a new key, which signs in certificate mode from now on. */
  rollOver(): Promise<void>
}

/** @param folder Where the keys are kept; `undefined` keeps them in memory. */
export async function openKeys(folder: string | undefined): Promise<Keys> {
  let keyFile = await loadKeyFile(folder)
  const { merchant: credentials, seller_email: sellerEmail } = keyFile
  const alipayKey = readKey(keyFile.alipay_private_key)
  const byKey = signersOf(alipayKey)
  let byCertificate = newestCertificate(keyFile)
  return {
    credentials,
    sellerEmail,
    appPublicKey: createPublicKey(readKey(credentials.app_private_key)),
    appCertSn: certificateSerialNumber(credentials.certificates.app),
    rootCertSn: rootCertificateSerialNumber(credentials.certificates.root),
    signerFor: (mode, signType) =>
      mode === 'key'
        ? { signer: byKey[signType] }
        : { signer: byCertificate.signers[signType], certSn: byCertificate.certSn },
    certificateOf: (certSn) =>
      keyFile.alipay_certificates
        .map(({ certificate }) => certificate)
        .find((certificate) => certificateSerialNumber(certificate) === certSn),
    async rollOver() {
      keyFile = await addAlipayCertificate(keyFile)
      saveKeyFile(folder, keyFile)
      byCertificate = newestCertificate(keyFile)
    },
  }
}

type Signers = Readonly<Record<SignType, Signer>>

function signersOf(key: KeyObject): Signers {
  return { RSA2: createSigner(key, 'RSA2'), RSA: createSigner(key, 'RSA') }
}

function newestCertificate(keyFile: KeyFile): { signers: Signers; certSn: string } {
  const newest = keyFile.alipay_certificates.at(-1)
  if (newest === undefined) throw new Error('credentials.json holds no certificate of Alipay')
  return {
    signers: signersOf(readKey(newest.private_key)),
    certSn: certificateSerialNumber(newest.certificate),
  }
}
