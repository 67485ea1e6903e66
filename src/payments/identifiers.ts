/**
 * Names of things: ids of ours, and the numbers that Alipay knows them by. The latter are derived
 * where the merchant gave a reference, so that a repeat after a restored backup meets Alipay's own
 * idempotency.
 *
 * @module
 */

import { createHash, randomBytes } from 'node:crypto'

/** A new payment id: `pay_` and 26 letters and digits (130 random bits). */
export function newPaymentId(): string {
  return `pay_${randomText(26)}`
}

/** A new refund id: `re_` and 26 letters and digits. */
export function newRefundId(): string {
  return `re_${randomText(26)}`
}

/** The id of a refund that was not asked for here; the same message makes the same one. */
export function derivedRefundId(paymentId: string, outRequestNo: string): string {
  return `re_${digest('refund-id', paymentId, outRequestNo)}`
}

/** An unguessable name of a cashier page, 26 letters and digits. */
export function newCheckoutToken(): string {
  return randomText(26)
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
  return reference === null
    ? `sm${digest('trade', appId, id)}`
    : `sm${digest('trade', appId, 'reference', reference, String(attempt))}`
}

/** The `out_request_no` of a refund: 28 letters and digits. */
export function outRequestNoFor(
  outTradeNo: string,
  refund: { readonly id: string; readonly reference: string | null },
): string {
  return refund.reference === null
    ? `rf${digest('refund', outTradeNo, refund.id)}`
    : `rf${digest('refund', outTradeNo, 'reference', refund.reference)}`
}

/** Lower case without the letters that are mistaken for others (Crockford's base32). */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'

function randomText(length: number): string {
  return spell(randomBytes(length))
}

function digest(...parts: readonly string[]): string {
  // A length before each part keeps ('ab', 'c') and ('a', 'bc') apart.
  const text = parts.map((part) => `${Buffer.byteLength(part)}:${part}`).join('')
  return spell(createHash('sha256').update(text).digest().subarray(0, 26))
}

function spell(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => ALPHABET.charAt(byte & 31)).join('')
}
