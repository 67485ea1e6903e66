/**
 * Writes ZIP archives as Alipay's bills are: names are bytes in GBK, and no flag says so.
 *
 * @module
 * @see {@link https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT}
 */

import { crc32, deflateRawSync } from 'node:zlib'

/** A file in an archive. */
export interface ZipEntry {
  /** The bytes of its name, in whatever charset. */
  readonly name: Uint8Array
  readonly content: Uint8Array
}

/** Puts files into an archive, deflated. Less than 4 GiB in all. */
export function writeZip(entries: readonly ZipEntry[]): Buffer {
  const files: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const { name, content } of entries) {
    const deflated = deflateRawSync(content)
    const sizes = describe(name, content, deflated)
    const file = Buffer.concat([LOCAL, sizes, name, deflated])
    directory.push(Buffer.concat([CENTRAL, sizes, Buffer.alloc(10), uint32(offset), name]))
    files.push(file)
    offset += file.length
  }
  const size = directory.reduce((total, { length }) => total + length, 0)
  const count = uint16(entries.length)
  const end = Buffer.concat([END, count, count, uint32(size), uint32(offset), uint16(0)])
  return Buffer.concat([...files, ...directory, end])
}

/** Signature, version 2.0; in the directory the version of the writer comes first. */
const LOCAL = Buffer.from('504b03041400', 'hex')
const CENTRAL = Buffer.from('504b010214001400', 'hex')
const END = Buffer.from('504b050600000000', 'hex')

/**
 * What both headers say: no flags, method 8 (deflate), 1 January 1980, CRC, sizes, length of the
 * name.
 */
function describe(name: Uint8Array, content: Uint8Array, deflated: Uint8Array): Buffer {
  return Buffer.concat([
    uint16(0),
    uint16(8),
    uint16(0),
    uint16(0x21),
    uint32(crc32(content)),
    uint32(deflated.length),
    uint32(content.length),
    uint16(name.length),
    uint16(0),
  ])
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16LE(value)
  return bytes
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}
