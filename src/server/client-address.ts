/**
 * Who asks, where a proxy stands in between. What a header says of it can be written by anybody, so
 * it is believed only from proxies that the operator has named, and no further back than they go.
 *
 * @module
 * @see https://www.rfc-editor.org/rfc/rfc7239
 */
import { isIP } from 'node:net'
import { isInRange, parseRange, type AddressRange } from '../webhooks/address.ts'

/** The proxies in front of the server. */
export class TrustedProxies {
  readonly #ranges: readonly AddressRange[]

  /**
   * @param proxies Addresses and ranges: `10.1.0.7`, `10.1.0.0/16`, `fd12::/32`.
   * @throws {RangeError} If one is neither.
   */
  constructor(proxies: readonly string[] = []) {
    this.#ranges = proxies.map(parseRange)
  }

  /**
   * The address of who asks: the nearest one that is no proxy's. Where two headers disagree, one of
   * them was passed on as it came, and neither is believed.
   *
   * @param peer The address that the connection comes from.
   * @param headers Of the request.
   */
  clientOf(peer: string | undefined, headers: Headers): string | undefined {
    const near = peer && plain(peer)
    if (near === undefined || !this.#isTrusted(near)) return near
    const lists = [
      headers.get('x-forwarded-for')?.split(','),
      headers.get('forwarded')?.split(',').map(forOf),
    ].filter((list) => list !== undefined)
    const found = new Set(lists.map((list) => this.#nearest(near, list)))
    const [client] = found
    return found.size === 1 ? client : near
  }

  /** From the nearest back: each is believed as long as a trusted one has written it. */
  #nearest(peer: string, forwarded: readonly string[]): string {
    let nearest = peer
    for (const entry of forwarded.toReversed()) {
      const address = addressOf(entry)
      if (address === undefined) return nearest
      nearest = address
      if (!this.#isTrusted(address)) return nearest
    }
    return nearest
  }

  #isTrusted(address: string): boolean {
    return this.#ranges.some((range) => isInRange(address, range))
  }
}

/** The `for` of one element of `Forwarded`: `for="[2001:db8::1]:4711";proto=https`. */
function forOf(element: string): string {
  return /(?:^|;)\s*for\s*=\s*"?([^";]*)/i.exec(element)?.[1] ?? ''
}

/** Without blanks, brackets and port; `undefined` for what is no address, such as `unknown`. */
function addressOf(entry: string): string | undefined {
  const text = entry.trim()
  const bare = /^\[([^\]]*)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text
  return isIP(bare) === 0 ? undefined : plain(bare)
}

/** An IPv4 address as such, also where a socket of IPv6 tells it. */
function plain(address: string): string {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address
}
