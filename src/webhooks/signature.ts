/**
 * The signature of a webhook by the Standard Webhooks specification: HMAC-SHA256 of
 * `id.timestamp.body`, one for each secret that holds.
 *
 * @module
 * @see {@link https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md}
 */

import type { Instant } from '../alipay/index.ts'
import type { SigningSecret } from './secret.ts'

/** The three headers. */
export interface SignatureHeaders {
  /** The event's id: the same at each attempt, so that receivers know a repeat. */
  readonly 'webhook-id': string
  /** Seconds since 1970, of this attempt. */
  readonly 'webhook-timestamp': string
  /** `v1,<base64>`, separated by spaces. */
  readonly 'webhook-signature': string
}

/**
 * Signs one attempt.
 *
 * @param attempt `at`: the present; a receiver refuses what is minutes old.
 * @param secrets Those that hold, the newest first, at least one.
 * @throws {RangeError} If there is no secret.
 */
export function signWebhook(
  attempt: { readonly id: string; readonly at: Instant; readonly body: string },
  secrets: readonly SigningSecret[],
): SignatureHeaders {
  if (secrets.length === 0) throw new RangeError('Nothing to sign with: no secret holds')
  const { id, at, body } = attempt
  const timestamp = String(Math.floor(at / 1000))
  const signatures = secrets.map(
    (secret) => `v1,${secret.digest(`${id}.${timestamp}.`, body).toString('base64')}`,
  )
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.join(' '),
  }
}
