/**
 * Secrets that webhooks are signed with, written `whsec_<base64>`. An endpoint has one, and for a
 * while after a change its former ones too. They are kept sealed, and never print.
 *
 * @module
 * @see {@link https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md}
 */

import { createHmac, randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { addMs, toInstant, type Instant } from '../alipay/index.ts'
import type { RandomBytes } from '../payments/identifiers.ts'
import { EndpointInvalid, SecretInvalid } from './errors.ts'

/** Random bytes of a new secret. */
export const SECRET_BYTES = 32

/** Random bytes that a secret may have. */
export const SECRET_BYTES_MIN = 24

/** Random bytes that a secret may have. */
export const SECRET_BYTES_MAX = 64

/** An old secret holds this long after a change, if nothing else is asked for. */
export const SECRET_OVERLAP_MS = 86_400_000

/** An old secret holds at most this long after a change. */
export const SECRET_OVERLAP_MAX_MS = 7 * 86_400_000

/** Secrets of one endpoint that hold at the same time: each adds a signature to every message. */
export const SECRETS_MAX = 4

const PREFIX = 'whsec_'
const REDACTED = '[redacted]'

/** A secret. Prints as `[redacted]`; only {@link SigningSecret.reveal} tells it. */
export class SigningSecret {
  readonly #key: Buffer

  private constructor(key: Buffer) {
    this.#key = key
  }

  /** A new one of {@link SECRET_BYTES} random bytes. */
  static create(random: RandomBytes = randomBytes): SigningSecret {
    return new SigningSecret(Buffer.from(random(SECRET_BYTES)))
  }

  /**
   * Reads `whsec_<base64>`, also without its prefix.
   *
   * @throws {SecretInvalid} If it is not base64 of 24 to 64 bytes.
   */
  static parse(text: string): SigningSecret {
    const base64 = text.trim().replace(/^whsec_/, '')
    const key = Buffer.from(base64, 'base64')
    const isWhole = /^[A-Za-z0-9+/]+={0,2}$/.test(base64)
    if (!isWhole || key.length < SECRET_BYTES_MIN || key.length > SECRET_BYTES_MAX) {
      throw new SecretInvalid(
        `This is not a signing secret: whsec_ and base64 of ${SECRET_BYTES_MIN} to ${SECRET_BYTES_MAX} bytes. Copy it again from where the endpoint was created.`,
      )
    }
    return new SigningSecret(key)
  }

  /** The secret as the receiver needs it: `whsec_<base64>`. For its owner's eyes alone. */
  reveal(): string {
    return PREFIX + this.#key.toString('base64')
  }

  /** HMAC-SHA256 over the parts, one after the other. */
  digest(...parts: readonly (string | Uint8Array)[]): Buffer {
    const hmac = createHmac('sha256', this.#key)
    for (const part of parts) hmac.update(part)
    return hmac.digest()
  }

  toString(): string {
    return REDACTED
  }

  toJSON(): string {
    return REDACTED
  }

  [inspect.custom](): string {
    return REDACTED
  }
}

/** Seals secrets for the store, whose files and backups get copied. */
export interface SecretVault {
  /** @param rowId The endpoint's id, which the sealed text is bound to. */
  seal(secret: string, rowId: string): string
  /** The inverse of `seal`. Throws for what it has not sealed for this row. */
  open(sealed: string, rowId: string): string
}

/** Seals nothing: for tests, and for a laptop. */
export const plainVault: SecretVault = { seal: (secret) => secret, open: (sealed) => sealed }

/** When a secret holds. */
export interface SecretTerm {
  readonly createdAt: Instant
  /** From then on it is not used any more; `null`: until it is changed. */
  readonly holdsUntil: Instant | null
}

interface KeptSecret extends SecretTerm {
  readonly sealed: string
}

/** The secrets of an endpoint as they are kept. Prints as `[redacted]`. */
export class KeptSecrets {
  readonly #text: string

  /** @param text As it was kept. It is not looked at until it is needed. */
  constructor(text: string) {
    this.#text = text
  }

  /** Those of a new endpoint. */
  static of(
    secret: SigningSecret,
    endpointId: string,
    { vault, now }: { readonly vault: SecretVault; readonly now: Instant },
  ): KeptSecrets {
    const sealed = vault.seal(secret.reveal(), endpointId)
    return keep([{ sealed, createdAt: now, holdsUntil: null }])
  }

  /** The text for the store: sealed secrets and their terms. */
  get kept(): string {
    return this.#text
  }

  /**
   * When each holds, the newest first.
   *
   * @throws {SecretInvalid} If what was kept cannot be read.
   */
  terms(): SecretTerm[] {
    return this.#read().map(({ createdAt, holdsUntil }) => ({ createdAt, holdsUntil }))
  }

  /**
   * Those that hold, the newest first.
   *
   * @throws {SecretInvalid} If what was kept cannot be read.
   */
  inForce(endpointId: string, vault: SecretVault, now: Instant): SigningSecret[] {
    return this.#read()
      .filter((secret) => holds(secret, now))
      .map(({ sealed }) => SigningSecret.parse(open(vault, sealed, endpointId)))
  }

  /**
   * A new one takes the place of the present one, which holds a while longer.
   *
   * @param change `overlapMs`: how long former secrets hold at most, 0 to have them end at once.
   * @throws {EndpointInvalid} `too_many_secrets`
   * @throws {SecretInvalid} If what was kept cannot be read, and should hold on.
   */
  rotate(
    secret: SigningSecret,
    endpointId: string,
    change: { readonly vault: SecretVault; readonly now: Instant; readonly overlapMs: number },
  ): KeptSecrets {
    const { vault, now, overlapMs } = change
    const newest = KeptSecrets.of(secret, endpointId, { vault, now })
    if (overlapMs === 0) return newest
    const end = addMs(now, overlapMs)
    const former = this.#read()
      .filter((kept) => holds(kept, now))
      .map((kept) => ({ ...kept, holdsUntil: earlier(kept.holdsUntil, end) }))
    if (former.length >= SECRETS_MAX) {
      throw new EndpointInvalid(
        'too_many_secrets',
        null,
        `${SECRETS_MAX} secrets of this endpoint hold already. Wait until the oldest ends, or have the old ones end at once.`,
      )
    }
    return keep([...newest.#read(), ...former])
  }

  toString(): string {
    return REDACTED
  }

  toJSON(): string {
    return REDACTED
  }

  [inspect.custom](): string {
    return REDACTED
  }

  #read(): KeptSecret[] {
    try {
      const rows = JSON.parse(this.#text) as readonly KeptSecret[]
      return rows.map(({ sealed, createdAt, holdsUntil }) => ({
        sealed,
        createdAt: toInstant(createdAt),
        holdsUntil: holdsUntil === null ? null : toInstant(holdsUntil),
      }))
    } catch {
      // Not as a cause: a parser's message may repeat what it read.
      throw new SecretInvalid(UNREADABLE)
    }
  }
}

const UNREADABLE =
  'The secrets of this endpoint cannot be read from the store. Check the master key; if it is lost, rotate the secret with no overlap.'

function open(vault: SecretVault, sealed: string, endpointId: string): string {
  try {
    return vault.open(sealed, endpointId)
  } catch {
    throw new SecretInvalid(UNREADABLE)
  }
}

function keep(secrets: readonly KeptSecret[]): KeptSecrets {
  return new KeptSecrets(JSON.stringify(secrets))
}

function holds({ holdsUntil }: SecretTerm, now: Instant): boolean {
  return holdsUntil === null || now < holdsUntil
}

function earlier(a: Instant | null, b: Instant): Instant {
  return a === null || b < a ? b : a
}
