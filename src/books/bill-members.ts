/**
 * Opens a bill as Alipay gives it: a ZIP of CSV files in GBK. A single CSV file is taken too. What
 * is read is passed on line by line, so that a file of any size takes the same memory.
 *
 * @module
 * @see Alipay: 查询对账单下载地址
 */

import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import type { Readable } from 'node:stream'
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
 * @throws {BillInvalid} `not_a_zip` if it is neither an archive nor text.
 */
export async function* billMembers(file: string): AsyncGenerator<BillMember> {
  const head = await firstBytes(file)
  if (head.subarray(0, 4).equals(ZIP)) {
    yield* zipMembers(file)
  } else if (head[0] === NUMBER_SIGN) {
    yield { lines: () => lines(createReadStream(file, { highWaterMark: CHUNK_BYTES })) }
  } else {
    throw new BillInvalid(
      'not_a_zip',
      'This is no bill: neither a ZIP archive nor a CSV file that begins with #. Download it again; a link holds for 30 seconds.',
    )
  }
}

/** PK\3\4, or PK\5\6 where the archive is empty. */
const ZIP = Buffer.from('504b0304', 'hex')
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

async function* zipMembers(file: string): AsyncGenerator<BillMember> {
  let archive: ZipFile
  try {
    // Names are bytes in GBK; what a member is stands in its first line.
    archive = await openPromise(file, { decodeStrings: false, autoClose: false })
  } catch (error) {
    throw damaged(error)
  }
  try {
    for await (const entry of archive.eachEntry()) yield { lines: () => entryLines(archive, entry) }
  } catch (error) {
    throw error instanceof BillInvalid ? error : damaged(error)
  } finally {
    archive.close()
  }
}

async function* entryLines(archive: ZipFile, entry: Entry): AsyncGenerator<readonly string[]> {
  try {
    yield* lines(await archive.openReadStreamPromise(entry))
  } catch (error) {
    throw error instanceof BillInvalid ? error : damaged(error)
  }
}

function damaged(cause: unknown): BillInvalid {
  return new BillInvalid(
    'not_a_zip',
    'The ZIP archive is damaged or incomplete. Download the bill again.',
    { cause },
  )
}

async function* lines(stream: Readable): AsyncGenerator<readonly string[]> {
  const decoder = new TextDecoder('gb18030')
  let rest = ''
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    const complete = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = complete.pop() ?? ''
    if (complete.length > 0) yield complete.map(withoutReturn)
  }
  rest += decoder.decode()
  if (rest !== '') yield [withoutReturn(rest)]
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line
}
