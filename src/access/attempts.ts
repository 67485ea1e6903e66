/**
 * How often somebody may try to sign in. Attempts are counted before they are made, in the
 * database, so that neither many at once nor many nodes nor a restart give more of them.
 *
 * @module
 * @see NIST SP 800-63B, section 5.2.2
 */

import { hashOf } from './api-key.ts'
import type { Instant } from '../alipay/index.ts'
import type { UserStore } from './user-store.ts'

/** Attempts are counted this long, in milliseconds, from the first. */
export const ATTEMPTS_WINDOW_MS = 15 * 60_000

/** Attempts at one account in that time. */
export const ATTEMPTS_PER_ACCOUNT = 10

/** Attempts from one address in that time: people of one shop share theirs. */
export const ATTEMPTS_PER_ADDRESS = 100

/** Who tries what. */
export interface Attempt {
  /** What is tried: an account, or a one-time code; nothing secret. */
  readonly account: string
  /** The network address that it comes from; `undefined` where that is not known. */
  readonly address: string | undefined
}

/** Milliseconds until the next attempt is let through; 0 where this one is. */
export async function countAttempt(
  store: UserStore,
  attempt: Attempt,
  now: Instant,
): Promise<number> {
  let waitMs = 0
  for (const { key, max } of keysOf(attempt)) {
    const { count, since } = await store.countAttempt(key, now, ATTEMPTS_WINDOW_MS)
    if (count > max) waitMs = Math.max(waitMs, since + ATTEMPTS_WINDOW_MS - now)
  }
  return waitMs
}

/** It succeeded, or its account was reset: what was tried at it counts no more. */
export function forgetAttempts(store: UserStore, { account }: Pick<Attempt, 'account'>) {
  return store.forgetAttempts([accountKey(account)])
}

function keysOf({ account, address }: Attempt) {
  return [
    { key: accountKey(account), max: ATTEMPTS_PER_ACCOUNT },
    ...(address === undefined
      ? []
      : [{ key: `address ${hashOf(networkOf(address))}`, max: ATTEMPTS_PER_ADDRESS }]),
  ]
}

/** Hashed: what people mistype as an address is often their password. */
function accountKey(account: string): string {
  return `account ${hashOf(account)}`
}

/**
 * Whose an address is: itself, or its network. A household or a machine of IPv6 has a /64, and
 * chooses freely in it.
 */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped !== undefined || !address.includes(':')) return mapped ?? address
  const [head = '', tail = ''] = address.split('%')[0]?.split('::') ?? []
  const before = head.split(':').filter(Boolean)
  const after = tail.split(':').filter(Boolean)
  const zeros = Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => '0')
  return [...before, ...zeros, ...after].slice(0, 4).join(':')
}
