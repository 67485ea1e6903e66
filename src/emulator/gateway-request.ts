/**
 * Reading a request to `gateway.do`: parameters may be in the query, in a form, or in a multipart
 * body, and in UTF-8 or GBK.
 *
 * @module
 */

import { type Charset, toCharset } from '../alipay/charset.ts'
import { decodeByteString, parseForm, type FormPair } from '../alipay/form.ts'

/** The parameters of a request, decoded and merged: the body wins over the query. */
export interface GatewayRequest {
  readonly params: Readonly<Record<string, string>>
  /** What the parameters were decoded by: UTF-8 where no charset, or an unknown one, is named. */
  readonly charset: Charset
}

/** Alipay's requests are small; more than this is not one of them. */
const BODY_MAX = 2 * 1024 * 1024

/** @throws {RangeError} If the body has more than 2 MiB. */
export async function readGatewayRequest(request: Request): Promise<GatewayRequest> {
  const query = parseForm(new URL(request.url).search.slice(1))
  const pairs = [...query, ...(await readBody(request))]
  const named = pairs.findLast(([name]) => name === 'charset')?.[1] ?? 'utf-8'
  const charset = toCharset(named) ?? 'utf-8'
  const decoded = pairs.map(
    ([name, value]) => [decodeByteString(name, charset), decodeByteString(value, charset)] as const,
  )
  return { params: Object.fromEntries(decoded), charset }
}

async function readBody(request: Request): Promise<FormPair[]> {
  if (request.method !== 'POST') return []
  const body = Buffer.from(await request.arrayBuffer())
  if (body.length > BODY_MAX) throw new RangeError('The request is larger than 2 MiB')
  const type = request.headers.get('content-type') ?? ''
  const boundary = /^multipart\/form-data;.*boundary="?([^";]+)"?/i.exec(type)?.[1]
  return boundary === undefined ? parseForm(body) : parseMultipart(body, boundary)
}

/** The text fields; files take no part in anything. Names and values are byte strings. */
function parseMultipart(body: Buffer, boundary: string): FormPair[] {
  const pairs: FormPair[] = []
  for (const part of `\r\n${body.toString('latin1')}`.split(`\r\n--${boundary}`).slice(1)) {
    const headerEnd = part.indexOf('\r\n\r\n')
    if (headerEnd === -1) continue
    const header = part.slice(0, headerEnd)
    const name = /[ ;]name="([^"]*)"/i.exec(header)?.[1]
    if (name === undefined || /[ ;]filename="/i.test(header)) continue
    pairs.push([name, part.slice(headerEnd + 4)])
  }
  return pairs
}
