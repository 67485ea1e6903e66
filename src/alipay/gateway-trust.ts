/**
 * Whose signature an answer needs: in key mode always the configured Alipay public key, in
 * certificate mode the key of the certificate that the answer names, fetched and proven where it is
 * new.
 *
 * @module
 */

import type { KeyObject } from 'node:crypto'
import type { AnswerEnvelope } from './answer-envelope.ts'
import {
  createCertificateTrust,
  type CertificateFiles,
  type CertificateTrust,
} from './certificate-trust.ts'
import { decodeText, type Charset } from './charset.ts'
import { CertificateInvalid, ConfigurationInvalid, SignatureInvalid } from './errors.ts'
import { assertNotOwnKey, loadPublicKey, type SignType } from './keys.ts'
import type { CommonAnswer, Method } from './method.ts'
import type { NotificationTrust } from './notification-trust.ts'
import type { Clock } from './time.ts'

/** The key part of a client's configuration. */
export interface GatewayTrustOptions {
  readonly alipayPublicKey?: string | Buffer | KeyObject | undefined
  readonly certificates?: CertificateFiles | undefined
  readonly applicationPublicKey: KeyObject | undefined
  readonly signType: SignType
  readonly charset: Charset
  readonly clock: Clock
}

/** Knows the keys that Alipay signs with. */
export interface GatewayTrust {
  /** Common parameters that certificate mode adds to each request; none in key mode. */
  readonly requestParams: Readonly<Record<string, string>>
  /**
   * The key that must have signed an answer, or the promise of one where a certificate has to be
   * fetched first.
   *
   * @param download Fetches a certificate by calling the gateway.
   * @throws {SignatureInvalid} `unknown_certificate`, if it cannot be fetched or its chain does not
   *   hold.
   */
  keyFor(
    envelope: AnswerEnvelope,
    method: string,
    download: Download,
  ): KeyObject | Promise<KeyObject>
  /** What notifications are checked against now. */
  forNotifications(): NotificationTrust
}

/** What the download of a certificate answers: its file, in base64. */
export type CertificateDownloadAnswer = CommonAnswer & { readonly alipay_cert_content?: string }

type Download = (serialNumber: string) => Promise<CertificateDownloadAnswer>

/** Fetches an Alipay certificate by its serial number. */
export const certificateDownload: Method<
  { readonly alipay_cert_sn: string },
  CertificateDownloadAnswer
> = { name: 'alipay.open.app.alipaycert.download' }

/**
 * Loads and checks the configured keys.
 *
 * @throws {KeyInvalid} If a key is not the one that is needed.
 * @throws {CertificateInvalid} If a certificate file is not the one that is needed.
 * @throws {ConfigurationInvalid} If it is not one of the two modes.
 */
export function createGatewayTrust(options: GatewayTrustOptions): GatewayTrust {
  if (options.certificates !== undefined && options.alipayPublicKey === undefined) {
    return certificateMode(options, options.certificates)
  }
  if (options.alipayPublicKey !== undefined && options.certificates === undefined) {
    return keyMode(options, options.alipayPublicKey)
  }
  throw new ConfigurationInvalid(
    'Give alipayPublicKey (key mode) or certificates (certificate mode): one of the two.',
  )
}

function keyMode(
  { applicationPublicKey, signType }: GatewayTrustOptions,
  alipayPublicKey: string | Buffer | KeyObject,
): GatewayTrust {
  const key = loadPublicKey(alipayPublicKey, { signType })
  if (applicationPublicKey !== undefined) assertNotOwnKey(key, applicationPublicKey)
  return {
    requestParams: {},
    keyFor: () => key,
    forNotifications: () => ({ alipayPublicKeys: [key], signType, applicationPublicKey }),
  }
}

function certificateMode(
  { applicationPublicKey, signType, charset, clock }: GatewayTrustOptions,
  files: CertificateFiles,
): GatewayTrust {
  const trust = createCertificateTrust({ ...files, applicationKey: applicationPublicKey, signType })
  const underway = new Map<string, Promise<KeyObject>>()

  const fetched = async (serialNumber: string, download: Download): Promise<KeyObject> => {
    try {
      const { alipay_cert_content: content } = await download(serialNumber)
      if (content === undefined) throw new Error('The gateway did not send it.')
      const pem = Buffer.from(content, 'base64')
      return trust.keyFor(serialNumber) ?? trust.admit(pem, serialNumber, clock.now())
    } catch (cause) {
      // What became of the download says nothing of the call whose answer needs it.
      throw unknownCertificate(cause as Error)
    } finally {
      underway.delete(serialNumber)
    }
  }

  return {
    requestParams: {
      app_cert_sn: trust.app_cert_sn,
      alipay_root_cert_sn: trust.alipay_root_cert_sn,
    },
    keyFor(envelope, method, download) {
      const serialNumber = envelope.alipayCertSn
      // Sandbox answers may name no certificate: then it has to be one that is known already.
      const known = serialNumber === undefined ? trust.keys()[0] : trust.keyFor(serialNumber)
      if (known !== undefined) return known
      if (serialNumber === undefined) throw unknownCertificate()
      if (method === certificateDownload.name) {
        return admitFrom(trust, envelope, serialNumber, charset, clock)
      }
      const running = underway.get(serialNumber) ?? fetched(serialNumber, download)
      underway.set(serialNumber, running)
      return running
    },
    forNotifications: () => ({ alipayPublicKeys: trust.keys(), signType, applicationPublicKey }),
  }
}

/**
 * The answer that brings a new certificate is signed with that certificate's key. So the
 * certificate is taken from the unverified text, proven by its own chain up to the configured root,
 * and only then used to verify the very answer that brought it.
 */
function admitFrom(
  trust: CertificateTrust,
  envelope: AnswerEnvelope,
  serialNumber: string,
  charset: Charset,
  clock: Clock,
): KeyObject {
  const text = decodeText(envelope.signedBytes, charset)
  const content = /"alipay_cert_content"\s*:\s*"([A-Za-z0-9+/=\\\s]{1,65536})"/.exec(text)?.[1]
  if (content === undefined) throw unknownCertificate()
  const pem = Buffer.from(
    content.replaceAll(/\\[nr/]/g, (escape) => (escape === '\\/' ? '/' : '')),
    'base64',
  )
  try {
    return trust.admit(pem, serialNumber, clock.now())
  } catch (cause) {
    if (cause instanceof CertificateInvalid) throw unknownCertificate(cause)
    throw cause
  }
}

function unknownCertificate(cause?: Error): SignatureInvalid {
  return new SignatureInvalid(
    'unknown_certificate',
    `The answer is signed with a certificate that is not known and could not be proven.${cause === undefined ? '' : ` ${cause.message}`}`,
    { cause },
  )
}
