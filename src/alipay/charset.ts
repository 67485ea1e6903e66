/**
 * UTF-8 and GBK, both ways. Node can read GBK but not write it, so the table for writing is made
 * from the reader.
 *
 * @module
 */

/** The charsets that the gateway speaks. */
export type Charset = 'utf-8' | 'gbk'

/**
 * Reads the name of a charset as Alipay and its SDKs spell it, in any case. GB2312 is a subset of
 * GBK; GB18030 reads as GBK, of which it is a superset that the gateway does not use.
 *
 * @returns `undefined` for a name that is none of them.
 */
export function toCharset(name: string): Charset | undefined {
  switch (name.toLowerCase()) {
    case 'utf-8':
    case 'utf8':
      return 'utf-8'
    case 'gbk':
    case 'gb2312':
    case 'gb18030':
      return 'gbk'
    default:
      return undefined
  }
}

const decoders = {
  'utf-8': new TextDecoder('utf-8', { ignoreBOM: true }),
  gbk: new TextDecoder('gbk', { ignoreBOM: true }),
}

/** Decodes bytes; what the charset does not know becomes U+FFFD. Never throws. */
export function decodeText(bytes: Uint8Array, charset: Charset): string {
  return decoders[charset].decode(bytes)
}

/**
 * Encodes text. A character that GBK does not have becomes `?`, as Alipay itself does in its
 * messages.
 */
export function encodeText(text: string, charset: Charset): Buffer {
  return charset === 'utf-8' ? Buffer.from(text, 'utf8') : encodeGbk(text)
}

function encodeGbk(text: string): Buffer {
  const bytes = Buffer.alloc(text.length * 2)
  let length = 0
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0
    const pair = code < 0x80 ? code : (gbkTable().get(code) ?? 0x3f)
    if (pair > 0xff) bytes[length++] = pair >> 8
    bytes[length++] = pair & 0xff
  }
  return bytes.subarray(0, length)
}

let table: Map<number, number> | undefined

/** Code point to lead and trail byte, for the 23,940 pairs of GBK. */
function gbkTable(): Map<number, number> {
  if (table !== undefined) return table
  table = new Map()
  for (let lead = 0x81; lead <= 0xfe; lead++) {
    for (let trail = 0x40; trail <= 0xfe; trail++) {
      const character = decoders.gbk.decode(Uint8Array.of(lead, trail))
      const code = character.codePointAt(0) ?? 0xfffd
      const isOneCharacter = character.length === 1 && code !== 0xfffd
      if (isOneCharacter && !table.has(code)) table.set(code, (lead << 8) | trail)
    }
  }
  return table
}
