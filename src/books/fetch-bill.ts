/**
 * Fetches a bill: asks for its address, and downloads it within the 30 seconds that it holds.
 *
 * @module
 * @see Alipay: 查询对账单下载地址
 */

import { createWriteStream } from 'node:fs'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { request } from 'undici'
import { AlipayError, billDownloadUrl, RequestRefused, type AlipayClient } from '../alipay/index.ts'
import { observeCall, type CallObserver } from '../payments/index.ts'
import type { BillType } from './bill-row.ts'

/** The part of the client that the books use. */
export type BillGateway = Pick<AlipayClient, 'bill'>

/** What became of the wish. */
export type FetchedBill =
  | { readonly status: 'fetched' }
  /** Alipay has not made it yet, or never will where there was no business. */
  | { readonly status: 'not_there' }
  | {
      readonly status: 'failed'
      readonly code: 'gateway' | 'download_failed'
      readonly message: string
    }

/** The address holds as long: by then the download has begun, and it never stands still so long. */
const ADDRESS_MS = 30_000

/** Of a large bill through a slow line. */
const DOWNLOAD_MS = 10 * 60_000

/** Some thirty million rows. */
const BILL_BYTES_MAX = 1_073_741_824

/**
 * Fetches a day's bill.
 *
 * @param file Where it is put.
 * @param onCall Is told of the call for its address. Default: nobody is.
 */
export async function fetchBill(
  gateway: BillGateway,
  { billType, date }: { readonly billType: BillType; readonly date: string },
  file: string,
  onCall: CallObserver = () => {},
): Promise<FetchedBill> {
  let url: string | undefined
  try {
    const answer = await observeCall(billDownloadUrl.name, onCall, () =>
      gateway.bill.downloadUrl({ bill_type: billType, bill_date: date }),
    )
    url = answer.bill_download_url
  } catch (error) {
    if (!(error instanceof AlipayError)) throw error
    if (error instanceof RequestRefused && NOT_THERE.test(error.subCode)) {
      return { status: 'not_there' }
    }
    return { status: 'failed', code: 'gateway', message: error.message }
  }
  if (url === undefined || url === '') return { status: 'not_there' }
  try {
    const { statusCode, body } = await request(url, {
      signal: AbortSignal.timeout(DOWNLOAD_MS),
      headersTimeout: ADDRESS_MS,
      bodyTimeout: ADDRESS_MS,
    })
    if (statusCode !== 200) {
      await body.dump()
      const message = `The address of the bill answered ${statusCode}. It is asked for again.`
      return { status: 'failed', code: 'download_failed', message }
    }
    await pipeline(body, atMost(BILL_BYTES_MAX), createWriteStream(file, { mode: 0o600 }))
    return { status: 'fetched' }
  } catch (error) {
    // What is wrong with the connection, without the address: whoever has it has the bill.
    const why = error instanceof Error ? error.name : 'unknown'
    const message = `The bill could not be downloaded (${why}). It is asked for again.`
    return { status: 'failed', code: 'download_failed', message }
  }
}

/** Cuts off what would fill the disk. */
function atMost(bytes: number): Transform {
  let left = bytes
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      left -= chunk.length
      if (left < 0) done(new RangeError(`More than ${bytes} bytes`))
      else done(null, chunk)
    },
  })
}

/** Alipay's documents and its answers spell it differently. */
const NOT_THERE = /bill_not_exist|no_bill_data|bill_date_before_registration/i
