/**
 * Notifications that Alipay did not send so.
 *
 * @module
 */

import { createSign, type KeyObject } from 'node:crypto'
import { encodeForm, parseForm } from '../../src/alipay/index.ts'

/** The same message with some parameters changed, under the old signature. */
export function altered(body: Buffer, change: Record<string, string>): Buffer {
  const pairs = parseForm(body).map(([name, value]) => [name, change[name] ?? value] as const)
  return Buffer.from(encodeForm(pairs))
}

/** The same message with some parameters changed, signed by whoever has this key. */
export function signedBy(
  privateKey: KeyObject,
  body: Buffer,
  change: Record<string, string> = {},
): Buffer {
  const params = new Map(parseForm(body))
  for (const [name, value] of Object.entries(change)) params.set(name, value)
  params.delete('sign')
  const content = [...params]
    .filter(([name]) => name !== 'sign_type')
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
  // What parseForm gives is a character a byte.
  const sign = createSign('RSA-SHA256').update(content, 'latin1').sign(privateKey, 'base64')
  const bytes = [...params, ['sign', sign] as const].map(([name, value]) => [
    escaped(name),
    escaped(value),
  ])
  return Buffer.from(bytes.map((pair) => pair.join('=')).join('&'))
}

function escaped(text: string): string {
  const escapes = Array.from(Buffer.from(text, 'latin1'), (byte) =>
    byte.toString(16).padStart(2, '0').toUpperCase(),
  )
  return escapes.map((hex) => `%${hex}`).join('')
}
