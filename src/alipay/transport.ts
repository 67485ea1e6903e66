/**
 * Carries a request to the gateway and brings the bytes of the answer back. Knows HTTP, and nothing
 * of Alipay.
 *
 * @module
 */

import type { IncomingHttpHeaders } from 'node:http'
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
    send: (request) =>
      new Promise((resolve, reject) => {
        const { path, contentType, body } = request
        const exchange = new Exchange(request, options.answerBytesMax, resolve, reject)
        const headers = ['content-type', contentType]
        dispatcher.dispatch(
          { origin: options.origin, path, method: 'POST', headers, body },
          exchange,
        )
      }),
    close: () => dispatcher.close(),
  }
}

/**
 * One request and its answer. Below undici's streams, which cost as much as all the rest of a call
 * but the signature; and here it is known whether the request was ever begun.
 */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #request: TransportRequest
  readonly #bytesMax: number
  readonly #resolve: (answer: TransportAnswer) => void
  readonly #reject: (error: Error) => void
  readonly #timer: NodeJS.Timeout
  readonly #onAbort = (): void =>
    this.#giveUp(new GatewayUnreachable(this.#stage('aborted'), ABORTED))
  readonly #chunks: Buffer[] = []
  #controller: Dispatcher.DispatchController | undefined
  #failure: Error | undefined
  #length = 0
  #status = 0
  #headers: IncomingHttpHeaders = {}

  constructor(
    request: TransportRequest,
    bytesMax: number,
    resolve: (answer: TransportAnswer) => void,
    reject: (error: Error) => void,
  ) {
    this.#request = request
    this.#bytesMax = bytesMax
    this.#resolve = resolve
    this.#reject = reject
    const { signal, timeoutMs } = request
    this.#timer = setTimeout(() => {
      const stage = this.#stage('timeout')
      const what = stage === 'connect' ? 'No connection to the gateway' : 'No answer'
      this.#giveUp(new GatewayUnreachable(stage, `${what} within ${timeoutMs} ms.`))
    }, timeoutMs)
    signal?.addEventListener('abort', this.#onAbort)
    if (signal?.aborted === true) this.#onAbort()
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#failure !== undefined) controller.abort(this.#failure)
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    this.#status = status
    this.#headers = headers
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#length += chunk.length
    if (this.#length > this.#bytesMax) {
      const message = `The answer is larger than ${this.#bytesMax} bytes and was not read.`
      this.#giveUp(new MessageMalformed(message))
      return
    }
    this.#chunks.push(chunk)
  }

  onResponseEnd(): void {
    this.#settle()
    const [first] = this.#chunks
    if (this.#status !== 200) {
      const message = `HTTP status ${this.#status} instead of an answer of the gateway, which always says 200.`
      this.#reject(new GatewayUnreachable('http_status', message, { status: this.#status }))
      return
    }
    this.#resolve({
      body: this.#chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.#chunks),
      traceId: single(this.#headers['trace_id']),
    })
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#settle()
    this.#reject(this.#failure ?? toUnreachable(error, this.#controller !== undefined))
  }

  /** What was never begun was never sent. */
  #stage(begun: 'timeout' | 'aborted'): 'timeout' | 'aborted' | 'connect' {
    return this.#controller === undefined ? 'connect' : begun
  }

  #giveUp(failure: Error): void {
    if (this.#failure !== undefined) return
    this.#failure = failure
    this.#settle()
    this.#reject(failure)
    this.#controller?.abort(failure)
  }

  #settle(): void {
    clearTimeout(this.#timer)
    this.#request.signal?.removeEventListener('abort', this.#onAbort)
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
  const { proxy } = options
  if (!URL.canParse(proxy) || !/^https?:$/.test(new URL(proxy).protocol)) {
    throw new ConfigurationInvalid('proxy is not a URL of the form http://host:port.')
  }
  return new ProxyAgent({ uri: proxy, ...settings, proxyTls: settings.connect })
}

const ABORTED = 'The caller gave the call up.'

function toUnreachable(cause: Error, isBegun: boolean): GatewayUnreachable {
  const { code } = cause as NodeJS.ErrnoException
  const known = code === undefined ? '' : ` (${code})`
  return isBegun
    ? new GatewayUnreachable(
        'interrupted',
        `The connection broke before the answer was read${known}.`,
        { cause },
      )
    : new GatewayUnreachable(
        'connect',
        `No connection to the gateway${known}. Nothing was sent. Check its address, DNS, the firewall and the proxy.`,
        { cause },
      )
}

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header
}
