/**
 * Carries a request to the gateway and brings the bytes of the answer back. Knows HTTP, and nothing
 * of Alipay.
 *
 * @module
 */

import type { IncomingHttpHeaders } from 'node:http'
import { Pool, ProxyAgent, type Dispatcher } from 'undici'
import { ConfigurationInvalid, GatewayUnreachable, MessageMalformed } from './errors.ts'
import type { GatewayClock } from './gateway-clock.ts'
import { readHttpDate } from './time.ts'

/** One exchange with the gateway. */
export interface TransportRequest {
  /** Path and query. */
  readonly path: string
  /** What is posted. Without it, it is a GET, of whose answer the body is not kept. */
  readonly content?: { readonly type: string; readonly body: string }
  /** Milliseconds from sending to the last byte of the answer. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
  /** Asked once, when there is a connection and the first byte would be written to it. */
  readonly isStillWanted?: (() => boolean) | undefined
}

/** What came back, whatever its status. */
export interface TransportAnswer {
  readonly status: number
  readonly body: Uint8Array
  readonly traceId: string | undefined
  /** Whether it told the time. */
  readonly isDated: boolean
}

/** Sends requests over connections that are kept open. */
export interface Transport {
  /**
   * @throws {GatewayUnreachable} If no whole answer came in time, or it was not wanted any more.
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
  /** Told of the date of each answer, as soon as its head is there. */
  readonly clock: Pick<GatewayClock, 'monotonicMs' | 'observe'>
}

/** Makes a transport with a keep-alive pool of its own. */
export function createTransport(options: TransportOptions): Transport {
  const dispatcher = createDispatcher(options)
  return {
    send: (request) =>
      new Promise((resolve, reject) => {
        const { path, content } = request
        const exchange = new Exchange(request, options, resolve, reject)
        dispatcher.dispatch(
          content === undefined
            ? { origin: options.origin, path, method: 'GET' }
            : {
                origin: options.origin,
                path,
                method: 'POST',
                headers: ['content-type', content.type],
                body: content.body,
              },
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
  readonly #clock: TransportOptions['clock']
  readonly #resolve: (answer: TransportAnswer) => void
  readonly #reject: (error: Error) => void
  readonly #timer: NodeJS.Timeout
  readonly #onAbort = (): void =>
    this.#giveUp(new GatewayUnreachable(this.#stage('aborted'), ABORTED))
  readonly #chunks: Buffer[] = []
  #controller: Dispatcher.DispatchController | undefined
  #failure: Error | undefined
  #sentAtMs = 0
  #length = 0
  #status = 0
  #isDated = false
  #headers: IncomingHttpHeaders = {}

  constructor(
    request: TransportRequest,
    { answerBytesMax, clock }: TransportOptions,
    resolve: (answer: TransportAnswer) => void,
    reject: (error: Error) => void,
  ) {
    this.#request = request
    this.#bytesMax = answerBytesMax
    this.#clock = clock
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

  /**
   * The last moment: there is a connection, and nothing has been written. To throw here takes the
   * request back and keeps the connection, which `controller.abort` would close.
   */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#failure ??= this.#withdrawal()
    if (this.#failure !== undefined) throw this.#failure
    this.#controller = controller
    this.#sentAtMs = this.#clock.monotonicMs()
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    this.#status = status
    this.#headers = headers
    const date = readHttpDate(single(headers['date']) ?? '')
    // A cache answers with the date on which it was filled.
    if (date === undefined || Number(single(headers['age'])) > 0) return
    const receivedAtMs = this.#clock.monotonicMs()
    this.#isDated = this.#clock.observe({ date, sentAtMs: this.#sentAtMs, receivedAtMs })
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#request.content === undefined) return
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
    this.#resolve({
      status: this.#status,
      isDated: this.#isDated,
      body: this.#chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.#chunks),
      traceId: single(this.#headers['trace_id']),
    })
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#settle()
    this.#reject(this.#failure ?? toUnreachable(error, this.#controller !== undefined))
  }

  #withdrawal(): Error | undefined {
    try {
      const isWanted = this.#request.isStillWanted?.() ?? true
      return isWanted ? undefined : new GatewayUnreachable('withdrawn', WITHDRAWN)
    } catch (cause) {
      return new GatewayUnreachable('withdrawn', WITHDRAWN, { cause })
    }
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
const WITHDRAWN =
  'The caller did not want the call any more when it was to be sent. Nothing was sent.'

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
