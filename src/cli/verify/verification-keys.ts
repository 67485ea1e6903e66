/**
 * The keys that a message is checked by, from options and from the environment.
 *
 * @module
 */

import { createPublicKey, type KeyObject } from 'node:crypto'
import {
  AlipayError,
  certificateSerialNumber,
  keyFingerprint,
  KeyInvalid,
  loadPrivateKey,
  loadPublicKey,
  type SignType,
} from '../../alipay/index.ts'
import type { Environment } from '../configuration.ts'
import { Failure } from '../failure.ts'
import { readOption, readVariable, type Source } from '../key-sources.ts'

/** A public key and where it came from. */
export interface VerificationKey {
  readonly key: KeyObject
  readonly origin: string
  readonly bits: number
  readonly fingerprint: string
  /** Alipay's serial number, where it came in a certificate. */
  readonly serialNumber: string | undefined
}

/** Where keys are looked for. */
export interface KeyOptions {
  readonly alipayPublicKey?: string
  readonly appPrivateKey?: string
  readonly appPublicKey?: string
  /** Alipay's certificate for what Alipay signed, the application's for a request. */
  readonly certificate?: string
}

/** What a message is checked by. */
export interface VerificationKeys {
  /** Those that must have signed; none if none is configured. */
  readonly expected: readonly VerificationKey[]
  /** The other side's key, to recognise a mix-up. */
  readonly other: VerificationKey | undefined
}

/**
 * The keys for what Alipay signed: answers and messages.
 *
 * @throws {Failure} If one of Alipay's is not a key.
 */
export function alipayKeys(options: KeyOptions, env: Environment): VerificationKeys {
  const given = present(
    readOption('--alipay-public-key', options.alipayPublicKey),
    readOption('--certificate', options.certificate),
  )
  const configured = (): Source[] =>
    present(
      readVariable('SAOMA_ALIPAY_PUBLIC_KEY', env),
      readVariable('SAOMA_ALIPAY_CERT_FILE', env),
    )
  const sources = given.length > 0 ? given : configured()
  return {
    expected: sources.map((source) => load(source, loadPublicKey)),
    other: attempt(() => applicationSources(options, env).map(loadApplicationKey)[0]),
  }
}

/**
 * The keys for what the application signed: requests.
 *
 * @throws {Failure} If one of the application's is not a key.
 */
export function applicationKeys(options: KeyOptions, env: Environment): VerificationKeys {
  const certificate = readOption('--certificate', options.certificate)
  const sources = present(certificate, ...applicationSources(options, env))
  return {
    expected: sources.slice(0, 1).map(loadApplicationKey),
    other: attempt(
      () =>
        alipayKeys(
          { ...(options.alipayPublicKey && { alipayPublicKey: options.alipayPublicKey }) },
          env,
        ).expected[0],
    ),
  }
}

function applicationSources(options: KeyOptions, env: Environment): Source[] {
  const given = present(
    readOption('--app-public-key', options.appPublicKey),
    readOption('--app-private-key', options.appPrivateKey),
  )
  return given.length > 0
    ? given
    : present(readVariable('SAOMA_APP_PRIVATE_KEY', env), readVariable('SAOMA_APP_CERT_FILE', env))
}

/** Either half will do. */
function loadApplicationKey(source: Source): VerificationKey {
  return load(source, (content, options) => {
    try {
      return createPublicKey(loadPrivateKey(content, options))
    } catch (error) {
      if (error instanceof KeyInvalid && error.problem.endsWith('_given_as_private')) {
        return loadPublicKey(content, options)
      }
      throw error
    }
  })
}

type Load = (content: string | Buffer, options: { readonly signType: SignType }) => KeyObject

function load({ content, origin }: Source, loadKey: Load): VerificationKey {
  try {
    // A short key is loaded too: that it is too short is a finding.
    const key = loadKey(content, { signType: 'RSA' })
    return {
      key,
      origin,
      bits: key.asymmetricKeyDetails?.modulusLength ?? 0,
      fingerprint: keyFingerprint(key),
      serialNumber: attempt(() => certificateSerialNumber(content)),
    }
  } catch (error) {
    if (error instanceof AlipayError) throw new Failure(`${origin}: ${error.message}`)
    throw error
  }
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

function present(...sources: readonly (Source | undefined)[]): Source[] {
  return sources.filter((source) => source !== undefined)
}
