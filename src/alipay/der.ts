/**
 * From what people paste to DER bytes, whatever dress they come in; and as much reading of DER as
 * keys and certificates need. Knows nothing of what the bytes mean.
 *
 * @module
 */

/** One key or certificate: its DER bytes, and the label of its PEM armour where it had one. */
export type DerBlock = { readonly bytes: Buffer; readonly label?: string }

/** What {@link readDer} found. */
export type DerReading =
  | { readonly status: 'read'; readonly blocks: readonly [DerBlock, ...DerBlock[]] }
  | { readonly status: 'empty' | 'truncated' | 'unreadable' | 'encrypted' }

/**
 * Reads PEM (one block or several, text between them ignored), bare base64 as Alipay's key tool
 * writes it, or DER bytes. Line breaks, blanks, a byte order mark, surrounding quotes and a literal
 * `\n` (as in environment files) do not matter.
 */
export function readDer(input: string | Buffer): DerReading {
  if (Buffer.isBuffer(input) && isBinary(input)) return toReading([checkLength({ bytes: input })])
  const text = clean(input.toString())
  if (text === '') return { status: 'empty' }
  const blocks = [...text.matchAll(PEM_BLOCK)]
  if (blocks.length > 0) return toReading(blocks.map(([, label, body]) => readBlock(body!, label)))
  return text.includes('-----END') ? { status: 'truncated' } : toReading([readBlock(text)])
}

/**
 * A block without its end runs to the next one, or to the end of the text, so that it is seen to be
 * cut off.
 */
const PEM_BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----(.*?)(?=-----BEGIN |-----END |$)/gs

/** DER of more than 127 bytes begins with 30 8x, which no text in UTF-8 does. */
function isBinary(bytes: Buffer): boolean {
  return bytes[0] === SEQUENCE && (bytes[1]! & 0x80) !== 0
}

const SEQUENCE = 0x30

function clean(text: string): string {
  return text
    .replaceAll('\u{FEFF}', '')
    .replaceAll(/\\r|\\n/g, '\n')
    .replaceAll(/^[\s"'“”‘’`]+|[\s"'“”‘’`]+$/g, '')
}

type BlockReading = DerBlock | Exclude<DerReading['status'], 'read'>

function readBlock(body: string, label?: string): BlockReading {
  if (/Proc-Type:.*ENCRYPTED/.test(body)) return 'encrypted'
  const base64 = body.replaceAll(/\s/g, '')
  if (base64 === '') return 'empty'
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return 'unreadable'
  const bytes = Buffer.from(base64, 'base64')
  return checkLength(label === undefined ? { bytes } : { bytes, label })
}

/**
 * DER tells its length in its first bytes, which shows a lost tail even where PEM's last line is
 * there.
 */
function checkLength(block: DerBlock): BlockReading {
  const { bytes } = block
  if (bytes[0] !== SEQUENCE) return isObjectIdentifier(bytes) ? block : 'unreadable'
  const { end } = derElement(bytes)
  if (end > bytes.length) return 'truncated'
  return end === bytes.length ? block : 'unreadable'
}

/** OpenSSL writes the name of the curve, as a block of its own, before an EC key. */
function isObjectIdentifier(bytes: Buffer): boolean {
  return bytes[0] === 0x06 && derElement(bytes).end === bytes.length
}

function toReading(readings: readonly BlockReading[]): DerReading {
  const blocks: DerBlock[] = []
  for (const reading of readings) {
    if (typeof reading === 'string') return { status: reading }
    blocks.push(reading)
  }
  return { status: 'read', blocks: blocks as [DerBlock, ...DerBlock[]] }
}

/**
 * Where the content of the DER element at `offset` begins and ends. `end` is what the element
 * claims: beyond the bytes where they are cut off, `Infinity` where they stop within the length
 * itself.
 *
 * @see ITU-T X.690, section 8.1.3
 */
export function derElement(bytes: Uint8Array, offset = 0): { start: number; end: number } {
  const first = bytes[offset + 1] ?? 0xff
  const start = offset + 2 + (first & 0x80 ? first & 0x7f : 0)
  if (start > bytes.length) return { start, end: Infinity }
  const length = first & 0x80 ? bytes.subarray(offset + 2, start).reduce(shiftIn, 0) : first
  return { start, end: start + length }
}

const shiftIn = (value: number, byte: number): number => value * 256 + byte
