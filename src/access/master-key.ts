/**
 * The key that seals what must be read back: webhook secrets, private keys, notify tokens.
 * Databases, their logs and backups get copied; without this key the copies tell nothing.
 *
 * @module
 * @see NIST SP 800-38D: AES-GCM
 */

import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { inspect } from 'node:util'

/** Bytes of a master key. */
export const MASTER_KEY_BYTES = 32

const REDACTED = '[redacted]'
const VERSION = 'v1'
const IV_BYTES = 12
const TAG_BYTES = 16

/** A text is no master key, or what was sealed cannot be opened with those that are there. */
export class MasterKeyInvalid extends Error {
  readonly code = 'ERR_MASTER_KEY_INVALID'
  /** Nothing was changed. */
  readonly outcome = 'not_applied'

  constructor(message: string) {
    super(message)
    this.name = 'MasterKeyInvalid'
  }
}

/**
 * Master keys: the first one seals, all of them open. To change it, put the new one in front, seal
 * everything again (`saoma keys rewrap`), then take the old one away. Prints as `[redacted]`.
 */
export class MasterKey {
  readonly #keys: ReadonlyMap<string, Buffer>
  readonly #sealing: string

  private constructor(keys: readonly Buffer[]) {
    this.#keys = new Map(keys.map((key) => [idOf(key), key]))
    this.#sealing = idOf(keys[0] as Buffer)
  }

  /** A new one. */
  static create(): MasterKey {
    return new MasterKey([randomBytes(MASTER_KEY_BYTES)])
  }

  /**
   * Reads one or more, separated by commas: 32 bytes each, in base64 or hexadecimal digits, such as
   * `openssl rand -base64 32` writes.
   *
   * @throws {MasterKeyInvalid}
   */
  static parse(text: string): MasterKey {
    const keys = text.split(',').map((one) => {
      const trimmed = one.trim()
      const isHex = /^[0-9a-f]{64}$/i.test(trimmed)
      const key = Buffer.from(trimmed, isHex ? 'hex' : 'base64')
      if (key.length === MASTER_KEY_BYTES && (isHex || /^[\w+/-]+={0,2}$/.test(trimmed))) return key
      throw new MasterKeyInvalid(
        `A master key is ${MASTER_KEY_BYTES} bytes in base64. Make one with: openssl rand -base64 32`,
      )
    })
    return new MasterKey(keys)
  }

  /** The key that seals, in base64. For its owner's eyes alone. */
  reveal(): string {
    return (this.#keys.get(this.#sealing) as Buffer).toString('base64')
  }

  /** Names the key that seals; tells nothing of it. */
  get id(): string {
    return this.#sealing
  }

  /** Whether a text was sealed with the key that seals now. */
  isCurrent(sealed: string): boolean {
    return sealed.startsWith(`${VERSION}.${this.#sealing}.`)
  }

  /** Seals a text for a row: it opens for that row alone. */
  seal(secret: string, rowId: string): string {
    const iv = randomBytes(IV_BYTES)
    const cipher = createCipheriv('aes-256-gcm', this.#keys.get(this.#sealing) as Buffer, iv)
    cipher.setAAD(Buffer.from(rowId))
    const sealed = Buffer.concat([
      cipher.update(secret, 'utf8'),
      cipher.final(),
      cipher.getAuthTag(),
    ])
    return [VERSION, this.#sealing, iv.toString('base64url'), sealed.toString('base64url')].join(
      '.',
    )
  }

  /**
   * The inverse of {@link MasterKey.seal}.
   *
   * @throws {MasterKeyInvalid} If it was not sealed for this row with one of these keys.
   */
  open(sealed: string, rowId: string): string {
    const [version, keyId = '', iv = '', text = ''] = sealed.split('.')
    const key = this.#keys.get(keyId)
    const bytes = Buffer.from(text, 'base64url')
    if (version !== VERSION || key === undefined || bytes.length < TAG_BYTES) {
      throw new MasterKeyInvalid(
        'A secret in the database was sealed with another master key. Give that one too, after the new one.',
      )
    }
    try {
      const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(iv, 'base64url'))
      decipher.setAAD(Buffer.from(rowId))
      decipher.setAuthTag(bytes.subarray(-TAG_BYTES))
      return (
        decipher.update(bytes.subarray(0, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8')
      )
    } catch {
      throw new MasterKeyInvalid('A secret in the database was altered, or moved to another row.')
    }
  }

  /**
   * Seals a text again with the key that seals now; one that is sealed with it already stays as it
   * is.
   *
   * @throws {MasterKeyInvalid} If it cannot be opened.
   */
  reseal(sealed: string, rowId: string): string {
    return this.isCurrent(sealed) ? sealed : this.seal(this.open(sealed, rowId), rowId)
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

function idOf(key: Buffer): string {
  return createHash('sha256').update('saoma master key').update(key).digest('hex').slice(0, 8)
}
