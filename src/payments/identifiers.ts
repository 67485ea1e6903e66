/**
 * Names of things: ids of ours, and the numbers that Alipay knows them by. The latter are derived
 * where the merchant gave a reference, so that a repeat after a restored backup meets Alipay's own
 * idempotency.
 *
 * @module
 */

import { hash, randomFillSync } from 'node:crypto'
import type { Instant } from '../alipay/index.ts'

/** Gives random bytes. */
export type RandomBytes = (size: number) => Uint8Array

/** Bytes that are drawn in one go: a draw for each id costs as much as the rest of a commit. */
const POOL_BYTES = 8_192

const pool = Buffer.alloc(POOL_BYTES)
let used = POOL_BYTES

/** The machine's secure source; no byte is given twice. */
export const secureRandom: RandomBytes = (size) => {
  if (size > POOL_BYTES) return randomFillSync(Buffer.alloc(size))
  if (used + size > POOL_BYTES) {
    randomFillSync(pool)
    used = 0
  }
  used += size
  const bytes = Uint8Array.from(pool.subarray(used - size, used))
  // What was given is a secret of its receiver.
  pool.fill(0, used - size, used)
  return bytes
}

/** A new payment id: `pay_` and 26 letters and digits, in the order of creation. */
export function newPaymentId(now: Instant, random: RandomBytes = secureRandom): string {
  return `pay_${orderedText(now, random)}`
}

/** A new refund id: `re_` and 26 letters and digits, in the order of creation. */
export function newRefundId(now: Instant, random: RandomBytes = secureRandom): string {
  return `re_${orderedText(now, random)}`
}

/** A new event id: `evt_` and 26 letters and digits, in the order of creation. */
export function newEventId(now: Instant, random: RandomBytes = secureRandom): string {
  return `evt_${orderedText(now, random)}`
}

/** A name for a lease that nobody else has, 26 letters and digits. */
export function newLeaseToken(random: RandomBytes = secureRandom): string {
  return spell(random(26))
}

/** The id of a refund that was not asked for here; the same message makes the same one. */
export function derivedRefundId(paymentId: string, outRequestNo: string): string {
  return `re_${digest('refund-id', paymentId, outRequestNo)}`
}

/** An unguessable name of a cashier page, 26 letters and digits. */
export function newCheckoutToken(random: RandomBytes = secureRandom): string {
  return spell(random(26))
}

/**
 * The `out_trade_no` of a payment: 28 letters and digits, within what Alipay documents (64 of
 * letters, digits, underscore).
 *
 * @param attempt Counts the payments of one reference, from 0.
 */
export function outTradeNoFor(
  appId: string,
  payment: { readonly id: string; readonly reference: string | null; readonly attempt: number },
): string {
  const { id, reference, attempt } = payment
  // Without a reference nobody can ask for it again: then it is in the order of creation, too.
  return reference === null
    ? `sm${id.slice('pay_'.length)}`
    : `sm${digest('trade', appId, 'reference', reference, String(attempt))}`
}

/** The `out_trade_no` of a payment that only its request has a name for. */
export function outTradeNoForRequest(appId: string, idempotencyKey: string): string {
  return `sm${digest('trade', appId, 'request', idempotencyKey)}`
}

/** The `out_request_no` of a refund: 28 letters and digits. */
export function outRequestNoFor(
  outTradeNo: string,
  refund: {
    readonly id: string
    readonly reference: string | null
    readonly idempotencyKey?: string | undefined
  },
): string {
  const { id, reference, idempotencyKey } = refund
  if (reference !== null) return `rf${digest('refund', outTradeNo, 'reference', reference)}`
  return idempotencyKey === undefined
    ? `rf${digest('refund', outTradeNo, id)}`
    : `rf${digest('refund', outTradeNo, 'request', idempotencyKey)}`
}

/** The `out_request_no` of the refund that the policy makes of late or doubled money. */
export function policyRequestNo(outTradeNo: string): string {
  return `rf${digest('refund', outTradeNo, 'policy')}`
}

/** Lower case without the letters that are mistaken for others (Crockford's base32). */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'

/**
 * The time in 10 characters, then 16 random ones (80 bits). What is made together lies together in
 * the indexes, so that few of their pages change with each commit.
 */
function orderedText(now: Instant, random: RandomBytes = secureRandom): string {
  let time = ''
  for (let rest: number = now; time.length < 10; rest = Math.floor(rest / 32)) {
    time = ALPHABET.charAt(rest % 32) + time
  }
  return time + spell(random(16))
}

function digest(...parts: readonly string[]): string {
  // A length before each part keeps ('ab', 'c') and ('a', 'bc') apart.
  const text = parts.map((part) => `${Buffer.byteLength(part)}:${part}`).join('')
  return spell(hash('sha256', text, 'buffer').subarray(0, 26))
}

function spell(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += ALPHABET.charAt(byte & 31)
  return text
}
