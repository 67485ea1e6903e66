/**
 * `application/x-www-form-urlencoded`, over bytes: what a signature covers are the bytes that
 * arrived, whatever charset they are in.
 *
 * @module
 * @see {@link https://url.spec.whatwg.org/#application/x-www-form-urlencoded}
 */

import { type Charset, decodeText, encodeText } from './charset.ts'

/**
 * A name and its value as _byte strings_: each character is one byte (`latin1`), percent-decoded
 * once and not yet decoded by a charset.
 */
export type FormPair = readonly [name: string, value: string]

/**
 * Splits a form into its pairs, in the order in which they came, repeated names included. `+` is a
 * blank and `%2B` a plus; a `%` that begins no escape stays as it is. Never throws.
 */
export function parseForm(body: Uint8Array | string): FormPair[] {
  const bytes = typeof body === 'string' ? Buffer.from(body, 'utf8') : Buffer.from(body)
  const text = bytes.toString('latin1')
  const pairs: FormPair[] = []
  for (const part of text.split('&')) {
    if (part === '') continue
    const equals = part.indexOf('=')
    const name = equals === -1 ? part : part.slice(0, equals)
    const value = equals === -1 ? '' : part.slice(equals + 1)
    pairs.push([percentDecode(name), percentDecode(value)])
  }
  return pairs
}

/**
 * Reads a form as text in `charset`, UTF-8 by default. Of a name that is given twice the last one
 * counts.
 */
export function decodeForm(
  body: Uint8Array | string,
  charset: Charset = 'utf-8',
): Map<string, string> {
  return new Map(
    parseForm(body).map(([name, value]) => [
      decodeByteString(name, charset),
      decodeByteString(value, charset),
    ]),
  )
}

/** Writes a form with its values in `charset`, UTF-8 by default. */
export function encodeForm(
  params: Iterable<readonly [name: string, value: string]>,
  charset: Charset = 'utf-8',
): string {
  let form = ''
  for (const [name, value] of params) {
    form += `${form === '' ? '' : '&'}${percentEncode(name, charset)}=${percentEncode(value, charset)}`
  }
  return form
}

/** Decodes a byte string (see {@link FormPair}) by its charset. */
export function decodeByteString(bytes: string, charset: Charset): string {
  return NOT_ASCII.test(bytes) ? decodeText(Buffer.from(bytes, 'latin1'), charset) : bytes
}

const NOT_ASCII = /[\x80-\xff]/

/** Decodes `%XX` and `+` to a byte string (see {@link FormPair}); leaves all else as it is. */
export function percentDecode(text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text
  return text
    .replaceAll('+', ' ')
    .replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    )
}

function percentEncode(text: string, charset: Charset): string {
  if (charset === 'utf-8') return percentEncodeUtf8(text)
  let encoded = ''
  for (const byte of encodeText(text, charset)) {
    const character = String.fromCharCode(byte)
    encoded += /[A-Za-z0-9._~-]/.test(character)
      ? character
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return encoded
}

function percentEncodeUtf8(text: string): string {
  try {
    return encodeURIComponent(text)
  } catch {
    // Half a surrogate pair has no bytes: it is written as what the signed bytes have for it, too.
    return encodeURIComponent(text.replaceAll(/\p{Surrogate}/gu, '\u{FFFD}'))
  }
}
