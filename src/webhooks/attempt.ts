/**
 * One attempt: a message signed, posted once, and what came back.
 *
 * @module
 */

import type { IncomingHttpHeaders } from 'node:http'
import { context, propagation } from '@opentelemetry/api'
import type { Dispatcher } from 'undici'
import { readHttpDate, type Clock, type Instant } from '../alipay/index.ts'
import type { WebhookEndpoint } from './endpoint.ts'
import { AddressRefused } from './errors.ts'
import type { WebhookMessage } from './message.ts'
import type { SecretVault } from './secret.ts'
import { signWebhook } from './signature.ts'

/** Milliseconds of an attempt: looking the host up, connecting, sending, reading the answer. */
export const ATTEMPT_TIMEOUT_MS = 15_000

/** Bytes of an answer that are read. What comes after them is not waited for. */
export const ANSWER_BYTES_MAX = 65_536

/** Bytes of an answer that are kept, for people to look at. */
export const ANSWER_BYTES_KEPT = 1_024

/** What an attempt has come to. */
export interface AttemptResult {
  /** When it was begun. */
  readonly at: Instant
  readonly durationMs: number
  /**
   * - `delivered`: a status of 2xx, and its answer ended or had its first 64 KiB read in time.
   * - `gone`: status 410, by which a receiver unsubscribes.
   * - `unsendable`: there is nothing to send any more.
   * - `failed`: everything else. It may have been received all the same.
   */
  readonly verdict: 'delivered' | 'failed' | 'gone' | 'unsendable'
  /** The HTTP status; `null` where there was none. */
  readonly status: number | null
  /** Why it was not delivered, for people; `null` where it was. */
  readonly error: string | null
  /** The beginning of the answer's body; `null` where there was none. */
  readonly answer: string | null
  /** What the receiver asked for, with 429 or 503; `null` where it asked for nothing. */
  readonly retryAfterMs: number | null
}

/** What an attempt is made with. */
export interface AttemptContext {
  readonly dispatcher: Dispatcher
  readonly vault: SecretVault
  readonly clock: Clock
  readonly monotonicMs: () => number
  /** Default {@link ATTEMPT_TIMEOUT_MS}. */
  readonly timeoutMs?: number | undefined
}

/**
 * Sends a message once, signed afresh with every secret that holds. Does not reject for anything
 * that the receiver or the network does.
 *
 * @throws {SecretInvalid} If the endpoint's secrets cannot be read.
 */
export async function attemptDelivery(
  attempt: AttemptContext,
  endpoint: Pick<WebhookEndpoint, 'id' | 'url' | 'secrets'>,
  message: WebhookMessage,
): Promise<AttemptResult> {
  const { dispatcher, vault, clock, monotonicMs, timeoutMs = ATTEMPT_TIMEOUT_MS } = attempt
  const at = clock.now()
  const secrets = endpoint.secrets.inForce(endpoint.id, vault, at)
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'saoma-webhooks',
    ...signWebhook({ ...message, at }, secrets),
  }
  // The receiver's spans join ours, where somebody looks at them.
  propagation.inject(context.active(), headers)
  const { origin, pathname, search } = new URL(endpoint.url)
  const begun = monotonicMs()
  const exchange = await new Promise<Exchange>((resolve) => {
    const request = { origin, path: pathname + search, method: 'POST', headers } as const
    dispatcher.dispatch({ ...request, body: message.body }, new ExchangeHandler(timeoutMs, resolve))
  })
  return {
    at,
    durationMs: Math.max(0, Math.round(monotonicMs() - begun)),
    ...judge(exchange, timeoutMs),
    status: exchange.status,
    answer: exchange.answer === null ? null : beginningOf(exchange.answer),
    retryAfterMs: readRetryAfter(exchange, clock.now()),
  }
}

/** An attempt that never left, for a reason that is not the receiver's. */
export function unsent(
  at: Instant,
  verdict: 'failed' | 'unsendable',
  error: string,
): AttemptResult {
  return { at, durationMs: 0, verdict, status: null, error, answer: null, retryAfterMs: null }
}

/** What was sent back, as far as it came. */
interface Exchange {
  /** `null` where no status came. */
  readonly status: number | null
  readonly headers: IncomingHttpHeaders
  /** `null` where no status came. */
  readonly answer: Buffer | null
  readonly end: 'complete' | 'timeout' | 'broken'
  /** Why it broke. */
  readonly cause: Error | undefined
}

function judge(
  { status, headers, end, cause }: Exchange,
  timeoutMs: number,
): Pick<AttemptResult, 'verdict' | 'error'> {
  const failed = (error: string) => ({ verdict: 'failed' as const, error: plain(error) })
  if (status === null) {
    return failed(end === 'timeout' ? `No answer within ${timeoutMs} ms.` : explain(cause))
  }
  if (status === 410) {
    return { verdict: 'gone', error: 'Answered 410: it takes no more webhooks.' }
  }
  if (status >= 300 && status < 400) {
    const location = locationOf(headers)
    return failed(
      `Answered ${status}${location}: redirects are not followed. Give the endpoint the URL that answers itself.`,
    )
  }
  if (status < 200 || status >= 300) return failed(`Answered ${status}.`)
  switch (end) {
    case 'complete':
      return { verdict: 'delivered', error: null }
    case 'timeout':
      return failed(`Answered ${status}, but the answer did not end within ${timeoutMs} ms.`)
    case 'broken':
      return failed(
        `Answered ${status}, but the connection broke before the answer ended${codeOf(cause)}.`,
      )
  }
}

/** Why there was no answer. */
function explain(cause: Error | undefined): string {
  if (cause instanceof AddressRefused) return cause.message
  const code = codeOf(cause)
  if (/ENOTFOUND|EAI_/.test(code)) return `The host is not known to the DNS${code}.`
  if (
    /CERT|SSL|TLS|ISSUER|EPROTO|INVALID_CA|INVALID_PURPOSE|UNABLE_TO|HOSTNAME_MISMATCH/.test(code)
  ) {
    return `The TLS connection was refused${code}. Check the certificate and its chain.`
  }
  if (/ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|CONNECT_TIMEOUT|ETIMEDOUT/.test(code)) {
    return `No connection${code}.`
  }
  return `The connection broke before an answer came${code}.`
}

function codeOf(cause: Error | undefined): string {
  const { code } = (cause ?? {}) as NodeJS.ErrnoException
  return typeof code === 'string' ? ` (${code})` : ''
}

/** Where a redirect leads, without what may be secret in it. */
function locationOf({ location }: IncomingHttpHeaders): string {
  if (location === undefined || !URL.canParse(location)) return ''
  const { origin, pathname } = new URL(location)
  return ` to ${(origin + pathname).slice(0, 200)}`
}

function readRetryAfter({ status, headers }: Exchange, now: Instant): number | null {
  const text = headers['retry-after']
  if ((status !== 429 && status !== 503) || text === undefined) return null
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000
  const until = readHttpDate(text)
  return until === undefined ? null : Math.max(0, until - now)
}

/** The beginning of an answer as text; half a character at its end is left out. */
function beginningOf(answer: Buffer): string {
  const beginning = answer.subarray(0, ANSWER_BYTES_KEPT)
  return plain(new TextDecoder().decode(beginning, { stream: true }))
}

/** PostgreSQL takes no NUL. */
function plain(text: string): string {
  return text.replaceAll('\0', '\uFFFD')
}

/** One request and its answer, below undici's streams. Settles once, whatever comes after. */
class ExchangeHandler implements Dispatcher.DispatchHandler {
  readonly #resolve: (exchange: Exchange) => void
  readonly #timer: NodeJS.Timeout
  readonly #chunks: Buffer[] = []
  #controller: Dispatcher.DispatchController | undefined
  #isSettled = false
  #length = 0
  #status: number | null = null
  #headers: IncomingHttpHeaders = {}

  constructor(timeoutMs: number, resolve: (exchange: Exchange) => void) {
    this.#resolve = resolve
    this.#timer = setTimeout(() => this.#cutOff('timeout'), timeoutMs)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    // The connection was made too late: nothing is sent any more.
    if (this.#isSettled) controller.abort(CUT_OFF)
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    if (status < 200) return
    this.#status = status
    this.#headers = headers
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#length < ANSWER_BYTES_KEPT) this.#chunks.push(chunk)
    this.#length += chunk.length
    if (this.#length >= ANSWER_BYTES_MAX) this.#cutOff('complete')
  }

  onResponseEnd(): void {
    this.#settle('complete')
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#settle('broken', error)
  }

  #cutOff(end: 'complete' | 'timeout'): void {
    this.#settle(end)
    this.#controller?.abort(CUT_OFF)
  }

  #settle(end: Exchange['end'], cause?: Error): void {
    if (this.#isSettled) return
    this.#isSettled = true
    clearTimeout(this.#timer)
    const status = this.#status
    const answer = status === null ? null : Buffer.concat(this.#chunks)
    this.#resolve({ status, headers: this.#headers, answer, end, cause })
  }
}

const CUT_OFF = new Error('No more of this is needed')
