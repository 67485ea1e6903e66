/**
 * Opens a bill as Alipay gives it: a ZIP of CSV files in GBK. A single CSV file is taken too. What
 * is read is passed on line by line, so that a file of any size takes the same memory.
 *
 * @module
 * @see Alipay: 查询对账单下载地址
 */

import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { openPromise, type Entry, type ZipFile } from 'yauzl'
import { BillInvalid } from './bill-invalid.ts'

/** A file within a bill. */
export interface BillMember {
  /** Its lines without their ends, some hundreds at a time. */
  lines(): AsyncIterable<readonly string[]>
}

/**
 * Opens a bill and gives its members, one after the other; each is read before the next is asked
 * for.
 *
 * @param file A path.
 * @throws {BillInvalid} `not_a_zip` if it is neither an archive nor text, `too_large` if it unpacks
 *   into more than a bill can be.
 */
export async function* billMembers(file: string): AsyncGenerator<BillMember> {
  const head = await firstBytes(file)
  const allowance = new Allowance()
  if (head.equals(ZIP)) {
    yield* zipMembers(file, allowance)
  } else if (head[0] === NUMBER_SIGN || head.equals(MARKED)) {
    const stream = createReadStream(file, { highWaterMark: CHUNK_BYTES })
    yield { lines: () => lines(stream, allowance) }
  } else {
    throw new BillInvalid(
      'not_a_zip',
      'This is no bill: neither a ZIP archive nor a CSV file that begins with #. Download it again; a link holds for 30 seconds.',
    )
  }
}

/** PK\3\4. */
const ZIP = Buffer.from('504b0304', 'hex')
/** UTF-8's mark and a #: somebody has saved the table again. */
const MARKED = Buffer.from('efbbbf23', 'hex')
const NUMBER_SIGN = 0x23
const CHUNK_BYTES = 65_536

async function firstBytes(file: string): Promise<Buffer> {
  const handle = await open(file, 'r')
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4), 0, 4, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}

/** Files in an archive. Alipay's have two. */
const MEMBERS_MAX = 100

/** A table of some thirty million rows; a small archive may unpack into anything. */
const UNPACKED_BYTES_MAX = 8 * 1_024 ** 3

/** Characters of a line. */
const LINE_MAX = 65_536

/** How much a bill may unpack into. */
class Allowance {
  #bytes = UNPACKED_BYTES_MAX
  #members = MEMBERS_MAX

  take(bytes: number): void {
    this.#bytes -= bytes
    if (this.#bytes < 0) throw tooLarge(`more than ${UNPACKED_BYTES_MAX / 1_024 ** 3} GiB`)
  }

  takeMember(): void {
    this.#members -= 1
    if (this.#members < 0) throw tooLarge(`more than ${MEMBERS_MAX} files`)
  }
}

/** No bill of Alipay's: what it unpacks into is not read to its end. */
export function tooLarge(what: string): BillInvalid {
  return new BillInvalid(
    'too_large',
    `This unpacks into ${what}, which no bill has. Download it again from Alipay.`,
  )
}

async function* zipMembers(file: string, allowance: Allowance): AsyncGenerator<BillMember> {
  let archive: ZipFile
  try {
    // Names are bytes in GBK; what a member is stands in its first line.
    archive = await openPromise(file, { decodeStrings: false, autoClose: false })
  } catch (error) {
    throw damaged(error)
  }
  try {
    for await (const entry of archive.eachEntry()) {
      allowance.takeMember()
      if (isBeside(entry)) continue
      yield { lines: () => entryLines(archive, entry, allowance) }
    }
  } catch (error) {
    throw error instanceof BillInvalid ? error : damaged(error)
  } finally {
    archive.close()
  }
}

/** Folders, and what a Mac puts beside the files when somebody has packed them again. */
function isBeside({ fileNameRaw }: Entry): boolean {
  const name = fileNameRaw.toString('latin1')
  return name.endsWith('/') || name.startsWith('__MACOSX/')
}

async function* entryLines(
  archive: ZipFile,
  entry: Entry,
  allowance: Allowance,
): AsyncGenerator<readonly string[]> {
  try {
    yield* lines(whole(await archive.openReadStreamPromise(entry), entry.crc32), allowance)
  } catch (error) {
    throw error instanceof BillInvalid ? error : damaged(error)
  }
}

/** The library does not compare the sum that stands in the archive. */
async function* whole(content: AsyncIterable<Buffer>, expected: number): AsyncGenerator<Buffer> {
  let sum = 0
  for await (const chunk of content) {
    sum = crc32(chunk, sum)
    yield chunk
  }
  if (sum !== expected) throw damaged(new Error('Its sum (CRC-32) is another.'))
}

function damaged(cause: unknown): BillInvalid {
  return new BillInvalid(
    'not_a_zip',
    'The ZIP archive is damaged or incomplete. Download the bill again.',
    { cause },
  )
}

async function* lines(
  stream: AsyncIterable<Buffer>,
  allowance: Allowance,
): AsyncGenerator<readonly string[]> {
  let decoder: InstanceType<typeof TextDecoder> | undefined
  let rest = ''
  for await (const chunk of stream) {
    allowance.take(chunk.length)
    decoder ??= new TextDecoder(charsetOf(chunk))
    const complete = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = complete.pop() ?? ''
    if (rest.length > LINE_MAX) throw tooLarge('a line without end')
    if (complete.length > 0) yield complete.map(withoutReturn)
  }
  rest += decoder?.decode() ?? ''
  if (rest !== '') yield [withoutReturn(rest)]
}

/** Alipay writes GBK; spreadsheets save UTF-8, with a mark or without. */
function charsetOf(beginning: Buffer): string {
  const isUtf8 = beginning.subarray(0, 200).includes(Buffer.from('支付宝'))
  return isUtf8 ? 'utf-8' : 'gb18030'
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line
}
