/**
 * Writes what a running server knows, kind after kind, and checks such files.
 *
 * @module
 */

import { createReadStream, existsSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { request } from 'undici'
import { formatRfc3339, systemClock } from '../alipay/index.ts'
import { ExportSums, type ExportEnd } from './export-sums.ts'
import { Failure } from './failure.ts'
import { ApiRefusal, findServer } from './merchant-api.ts'
import type { ObjectOptions } from './objects.ts'
import { columns } from './output.ts'

/** What is exported, and where to. */
export interface ExportOptions extends ObjectOptions {
  readonly kinds: readonly string[]
  /** RFC 3339. */
  readonly from: string
  /** Default: now. */
  readonly to?: string
  /** Default: stdout. */
  readonly output?: string
}

/**
 * Exports. A file has its name once it is whole.
 *
 * @throws {Failure} If the server says no, or what comes is not whole.
 */
export async function writeExport(options: ExportOptions): Promise<void> {
  const { output, json } = options
  if (output === undefined) {
    await copyAll(options, async (bytes) => {
      if (!process.stdout.write(bytes)) {
        await new Promise((resolve) => process.stdout.once('drain', resolve))
      }
    })
    return
  }
  if (existsSync(output)) throw new Failure(`${output} exists. Nothing is overwritten.`)
  const partial = `${output}.partial`
  const file = await open(partial, 'w', 0o600)
  try {
    const ends = await copyAll(options, async (bytes) => void (await file.write(bytes)))
    await file.sync()
    await rename(partial, output)
    print(ends, output, json)
  } finally {
    await file.close()
    await rm(partial, { force: true })
  }
}

/**
 * Says whether a file is whole.
 *
 * @throws {Failure} If it is not.
 */
export async function checkExport(file: string, json: boolean): Promise<void> {
  if (!existsSync(file)) throw new Failure(`There is no ${file}.`)
  const sums = new ExportSums()
  for await (const bytes of createReadStream(file)) sums.add(bytes as Buffer)
  print(sums.end(), file, json)
}

async function copyAll(
  { kinds, from, to = formatRfc3339(systemClock.now()), folder }: ExportOptions,
  write: (bytes: Uint8Array) => Promise<void>,
): Promise<readonly ExportEnd[]> {
  const server = findServer(process.env, folder)
  const sums = new ExportSums()
  for (const kind of kinds) {
    const { statusCode, body } = await request(new URL('/v1/exports', server.url), {
      method: 'POST',
      headers: {
        authorization: `Bearer ${server.api_key}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ kind, format: 'jsonl', from, to }),
    })
    if (statusCode !== 200) {
      const { error } = (await body.json()) as { error: { code: string; message: string } }
      throw new ApiRefusal(statusCode, error.code, error.message)
    }
    for await (const bytes of body) {
      sums.add(bytes as Buffer)
      await write(bytes as Buffer)
    }
    sums.end()
  }
  return sums.ends
}

function print(ends: readonly ExportEnd[], file: string, json: boolean): void {
  const rows = ends.map(({ kind, count }) => [kind, String(count)] as const)
  process.stdout.write(
    json ? `${JSON.stringify({ file, kinds: ends })}\n` : `${file} is whole:\n${columns(rows)}\n`,
  )
}
