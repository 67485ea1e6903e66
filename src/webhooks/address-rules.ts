/**
 * To which addresses something may be sent. A merchant, or whoever has the merchant's key, names
 * the URLs, and the server that calls them stands inside a network: without these rules an endpoint
 * would be a way in (SSRF).
 *
 * @module
 */

import { isIP } from 'node:net'
import { addressKind, isInRange, parseRange, type AddressRange } from './address.ts'
import { AddressRefused } from './errors.ts'

/** What an operator allows beyond public addresses. */
export interface AddressOptions {
  /**
   * Hosts (`hooks.internal`: wherever it points, but for metadata services) and ranges
   * (`10.1.0.0/16`). Default: none.
   */
  readonly allow?: readonly string[]
  /** For development: every address but those of metadata services. Default: no. */
  readonly allowPrivate?: boolean
}

/**
 * Checks options before they are used.
 *
 * @throws {RangeError} If an entry of `allow` is neither a host nor a range.
 */
export function checkAddresses(options: AddressOptions): AddressRules {
  return new AddressRules(options)
}

/** The rules. */
export class AddressRules {
  readonly #hosts: ReadonlySet<string>
  readonly #ranges: readonly AddressRange[]
  readonly #allowPrivate: boolean

  /** @throws {RangeError} If an entry of `allow` is neither a host nor a range. */
  constructor({ allow = [], allowPrivate = false }: AddressOptions = {}) {
    const isRange = (entry: string): boolean => entry.includes('/') || isIP(entry) !== 0
    this.#ranges = allow.filter(isRange).map(parseRange)
    this.#hosts = new Set(allow.filter((entry) => !isRange(entry)).map(toHost))
    this.#allowPrivate = allowPrivate
  }

  /**
   * Whether something may be sent to an address that a host's name stands for.
   *
   * @throws {AddressRefused} If not.
   */
  check(host: string, address: string): void {
    if (this.#ranges.some((range) => isInRange(address, range))) return
    const kind = addressKind(address)
    if (kind === 'public') return
    const isTrusted = this.#allowPrivate || this.#hosts.has(host.toLowerCase().replace(/\.$/, ''))
    if (isTrusted && kind !== 'a cloud’s metadata service') return
    throw new AddressRefused(host, address, kind)
  }

  /**
   * The same for the host of a URL, where that is an address itself.
   *
   * @param hostname As `URL` gives it, which has all spellings of an address become one.
   * @throws {AddressRefused} If not.
   */
  checkLiteral(hostname: string): void {
    const address = hostname.replace(/^\[(.*)\]$/, '$1')
    if (isIP(address) !== 0) this.check(address, address)
  }
}

/** As `URL` writes it, without the dot at the end. */
function toHost(text: string): string {
  const url = `http://${text}/`
  const host = URL.canParse(url) ? new URL(url).host : ''
  if (host === '' || !/^[\p{L}\p{N}._-]+$/u.test(text)) {
    throw new RangeError(
      `Neither a host nor a range of addresses, such as 10.1.0.0/16: ${JSON.stringify(text)}`,
    )
  }
  return host.replace(/\.$/, '')
}
