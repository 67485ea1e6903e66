/**
 * Strict base64. Node's own decoder skips what it does not know, so that many texts would mean the
 * same bytes.
 *
 * @module
 */

/**
 * Decodes standard base64: the alphabet with `+` and `/`, padded, no blanks, no spare bits.
 *
 * @returns The bytes; `undefined` if the text is not how these bytes are written.
 * @see RFC 4648, section 4
 */
export function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : undefined
}
