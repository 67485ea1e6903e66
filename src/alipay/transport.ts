/**
 * Carries a request to the gateway and brings the bytes of the answer back. Knows HTTP, and nothing
 * of Alipay.
 *
 * @module
 */

import { Pool, ProxyAgent, type Dispatcher } from 'undici'
import { ConfigurationInvalid, GatewayUnreachable, MessageMalformed } from './errors.ts'

/** One exchange with the gateway. */
export interface TransportRequest {
  /** Path and query. */
  readonly path: string
  readonly contentType: string
  readonly body: string
  /** Milliseconds from sending to the last byte of the answer. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

/** The bytes that came back with HTTP status 200. */
export interface TransportAnswer {
  readonly body: Uint8Array
  readonly traceId: string | undefined
  /** The gateway's clock, from its `Date` header. */
  readonly date: string | undefined
}

/** Sends requests over connections that are kept open. */
export interface Transport {
  /**
   * @throws {GatewayUnreachable} If no whole answer with status 200 came in time.
   * @throws {MessageMalformed} If the answer is larger than the limit.
   */
  send(request: TransportRequest): Promise<TransportAnswer>
  close(): Promise<void>
}

/** How a transport is made. */
export interface TransportOptions {
  /** Scheme, host and port of the gateway. */
  readonly origin: string
  /** `http://user:password@host:port` of a proxy that speaks CONNECT. */
  readonly proxy?: string | undefined
  /** Connections at a time. */
  readonly connectionsMax: number
  /** Milliseconds for making a connection. */
  readonly connectTimeoutMs: number
  /** Bytes of an answer that are read at the most. */
  readonly answerBytesMax: number
}

/** Makes a transport with a keep-alive pool of its own. */
export function createTransport(options: TransportOptions): Transport {
  const dispatcher = createDispatcher(options)
  return {
    async send(request) {
      const timer = new AbortController()
      const timeout = setTimeout(() => timer.abort(), request.timeoutMs)
      const cancel = (): void => timer.abort()
      request.signal?.addEventListener('abort', cancel)
      try {
        if (request.signal?.aborted === true) throw new GatewayUnreachable('connect', ABORTED)
        const response = await dispatcher.request({
          origin: options.origin,
          path: request.path,
          method: 'POST',
          headers: { 'content-type': request.contentType },
          body: request.body,
          signal: timer.signal,
        })
        const body = await readBody(response.body, options.answerBytesMax)
        if (response.statusCode !== 200) {
          throw new GatewayUnreachable(
            'http_status',
            `HTTP status ${response.statusCode} instead of an answer of the gateway, which always says 200.`,
            { status: response.statusCode },
          )
        }
        return {
          body,
          traceId: single(response.headers['trace_id']),
          date: single(response.headers['date']),
        }
      } catch (cause) {
        throw toUnreachable(cause, request)
      } finally {
        clearTimeout(timeout)
        request.signal?.removeEventListener('abort', cancel)
      }
    },
    close: () => dispatcher.close(),
  }
}

function createDispatcher(options: TransportOptions): Dispatcher {
  const settings = {
    connections: options.connectionsMax,
    connect: { timeout: options.connectTimeoutMs },
    // The whole exchange has a timer of its own; these would only add a second opinion.
    headersTimeout: 0,
    bodyTimeout: 0,
  }
  if (options.proxy === undefined) return new Pool(options.origin, settings)
  try {
    return new ProxyAgent({ uri: options.proxy, ...settings })
  } catch (cause) {
    throw new ConfigurationInvalid('proxy is not a URL of the form http://host:port.', { cause })
  }
}

async function readBody(
  body: Dispatcher.ResponseData['body'],
  bytesMax: number,
): Promise<Uint8Array> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of body as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > bytesMax) {
      throw new MessageMalformed(`The answer is larger than ${bytesMax} bytes and was not read.`)
    }
    chunks.push(chunk)
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)
}

const ABORTED = 'The caller gave the call up.'

/** Failures that come before the first byte is sent: nothing reached the gateway. */
const BEFORE_SENDING: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
])

function toUnreachable(cause: unknown, { signal, timeoutMs }: TransportRequest): Error {
  if (cause instanceof GatewayUnreachable || cause instanceof MessageMalformed) return cause
  if (signal?.aborted === true) return new GatewayUnreachable('aborted', ABORTED, { cause })
  const { name, code } = cause as { readonly name?: unknown; readonly code?: unknown }
  if (typeof code === 'string' && BEFORE_SENDING.has(code)) {
    return new GatewayUnreachable(
      'connect',
      `No connection to the gateway (${code}). Nothing was sent. Check its address, DNS, the firewall and the proxy.`,
      { cause },
    )
  }
  if (name === 'AbortError') {
    return new GatewayUnreachable('timeout', `No answer within ${timeoutMs} ms.`, { cause })
  }
  return new GatewayUnreachable(
    'interrupted',
    `The connection broke before the answer was read${typeof code === 'string' ? ` (${code})` : ''}.`,
    { cause },
  )
}

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header
}
