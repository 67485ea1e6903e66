/**
 * Makes the connections that webhooks go over. A host's name is looked up once, every address of
 * the answer is checked, and the socket goes to one of exactly those: a second lookup, which could
 * say something else (DNS rebinding), never happens. Host header and SNI stay those of the URL.
 *
 * @module
 */

import { lookup as lookupInSystem } from 'node:dns'
import { isIP, type LookupFunction, type Socket } from 'node:net'
import { callbackify } from 'node:util'
import { Agent, buildConnector, type Dispatcher } from 'undici'
import type { AddressRules } from './address-rules.ts'
import { AddressRefused } from './errors.ts'

/** An address that a name stands for. */
export interface ResolvedAddress {
  readonly address: string
  readonly family: number
}

/** Looks a host's name up: all its addresses, at least one. */
export type Lookup = (host: string) => Promise<readonly ResolvedAddress[]>

/** The resolver of the system. */
export const systemLookup: Lookup = (host) =>
  new Promise((resolve, reject) => {
    lookupInSystem(host, { all: true }, (error, addresses) => {
      if (error === null) resolve(addresses)
      else reject(error)
    })
  })

/** Milliseconds for making a connection, TLS included. */
export const CONNECT_TIMEOUT_MS = 10_000

/** Milliseconds that an unused connection is kept for the next message. */
export const KEEP_ALIVE_MS = 4_000

/**
 * Makes a pool of connections that go to allowed addresses alone. Redirects are not followed. Any
 * number of connections may be open to a host, so that no endpoint waits for another at the same
 * one.
 */
export function createPinnedDispatcher(rules: AddressRules, lookup: Lookup): Dispatcher {
  const connect = buildConnector({
    timeout: CONNECT_TIMEOUT_MS,
    lookup: checkedLookup(rules, lookup),
  })
  return new Agent({
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
    // The whole exchange has a timer of its own; these would only add a second opinion.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect(options, callback) {
      const { hostname } = options
      try {
        // An address is not looked up, so it is checked here.
        rules.checkLiteral(hostname)
      } catch (error) {
        callback(error as Error, null)
        return
      }
      connect(options, (...[error, socket]) => {
        if (error !== null) {
          callback(error, null)
          return
        }
        try {
          assertPeer(rules, hostname, socket)
          callback(null, socket)
        } catch (refusal) {
          socket.destroy()
          callback(refusal as Error, null)
        }
      })
    },
  })
}

/** What Node asks in place of a resolver, once a connection: it connects to nothing else. */
function checkedLookup(rules: AddressRules, lookup: Lookup): LookupFunction {
  const resolve = async (host: string): Promise<readonly ResolvedAddress[]> => {
    const addresses = await lookup(host)
    // One that is refused refuses all: a name that means both is made to pass for the other.
    for (const { address } of addresses) rules.check(host, address)
    return addresses
  }
  const answerAll = callbackify(resolve)
  return (host, { all }, callback) => {
    answerAll(host, (error, addresses) => {
      const first = error === null ? addresses[0] : undefined
      if (first === undefined) callback(error ?? new Error(`${host} has no address`), '')
      else if (all === true) callback(null, [...addresses])
      else callback(null, first.address, first.family)
    })
  }
}

/** Whatever was resolved how: this is where the bytes would go. */
function assertPeer(rules: AddressRules, hostname: string, socket: Socket): void {
  const { remoteAddress = '' } = socket
  // A socket for both families writes IPv4 as `::ffff:192.0.2.1`.
  const address = remoteAddress.replace(/^::ffff:(?=[\d.]+$)/, '')
  if (isIP(address) === 0) throw new AddressRefused(hostname, 'unknown', 'not an address')
  rules.check(isIP(hostname) === 0 ? hostname : address, address)
}
