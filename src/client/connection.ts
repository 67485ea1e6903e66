/**
 * Calls over HTTP: named, so that a repeat is harmless; repeated where that helps; bounded in time.
 *
 * @module
 */

import { mayPass, SaomaError, type ProblemJson } from './error.ts'

/** Where the server is, and how it is called. */
export interface SaomaOptions {
  /** The server's address, e.g. `http://127.0.0.1:6200`. */
  readonly url: string
  /** `sk_…` or `rk_…`. */
  readonly apiKey: string
  /** For an operator's key: the id of the application that is meant. Default: that of the key. */
  readonly app?: string
  /** Milliseconds for one attempt. Default 15,000: the server answers within 10 s. */
  readonly timeoutMs?: number
  /** Repeats after a failure that may pass, 0 or more. Default 2. */
  readonly retriesMax?: number
  /** Default: the runtime's. */
  readonly fetch?: typeof globalThis.fetch
  /** Waits between attempts, not beyond the signal. Default: a timer. */
  readonly sleep?: (ms: number, signal?: AbortSignal) => Promise<void>
  /** For jitter, 0 to below 1. Default: `Math.random`. */
  readonly random?: () => number
}

/** What may differ from call to call. */
export interface RequestOptions {
  /** Names the request: a repeat has the same answer. Default: a random one for each call. */
  readonly idempotencyKey?: string
}

/** Ways to the server. */
export interface Connection {
  readonly call: <Answer>(
    method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
    path: string,
    request?: { readonly body?: object; readonly query?: object } & RequestOptions,
  ) => Promise<Answer>
  /** Opens Server-Sent Events. */
  readonly stream: (
    path: string,
    query: object,
    signal: AbortSignal,
  ) => Promise<ReadableStream<Uint8Array>>
  /** Waits before the repeat of an attempt, counted from 0; longer each time. */
  readonly pause: (
    attempt: number,
    until?: { readonly atLeastMs?: number | null; readonly signal?: AbortSignal },
  ) => Promise<void>
}

const RETRIES_MAX = 2
const TIMEOUT_MS = 15_000
const FIRST_PAUSE_MS = 500
const PAUSE_MAX_MS = 8_000
/** Whoever is asked to wait longer than this is told so instead. */
const RETRY_AFTER_MAX_MS = 60_000

/** Prepares calls. */
export function connection(options: SaomaOptions): Connection {
  const { apiKey, timeoutMs = TIMEOUT_MS, retriesMax = RETRIES_MAX } = options
  const request = options.fetch ?? globalThis.fetch
  const sleep = options.sleep ?? timer
  const random = options.random ?? Math.random
  const { origin, base } = readAddress(options.url)
  if (!/^[\x21-\x7e]+$/.test(apiKey)) throw new TypeError('apiKey is sk_… or rk_…')
  const who = {
    authorization: `Bearer ${apiKey}`,
    ...(options.app !== undefined && { 'saoma-app': options.app }),
  }

  const pause: Connection['pause'] = (attempt, { atLeastMs, signal } = {}) => {
    const longestMs = Math.min(FIRST_PAUSE_MS * 2 ** attempt, PAUSE_MAX_MS)
    return sleep(Math.max(atLeastMs ?? 0, longestMs * (0.5 + random() / 2)), signal)
  }

  async function once<Answer>(
    address: string,
    init: RequestInit,
    idempotencyKey: string | null,
  ): Promise<Answer> {
    let response: Response
    let text: string
    try {
      response = await request(address, { ...init, signal: AbortSignal.timeout(timeoutMs) })
      // An answer may also break off in its middle.
      text = await response.text()
    } catch (cause) {
      throw unreachable(origin, init.method === 'GET', idempotencyKey, cause)
    }
    return read(response, text, idempotencyKey) as Answer
  }

  return {
    pause,
    async call<Answer>(
      method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
      path: string,
      { body, query, idempotencyKey }: Parameters<Connection['call']>[2] = {},
    ): Promise<Answer> {
      const address = `${base}${path}${toQuery(query)}`
      const isNamed = method === 'POST' || method === 'PATCH'
      // One name for all attempts of a call: that is what makes a repeat harmless.
      const name = isNamed ? (idempotencyKey ?? crypto.randomUUID()) : null
      const init: RequestInit = {
        method,
        headers: {
          ...who,
          ...(body && { 'content-type': 'application/json' }),
          ...(name !== null && { 'idempotency-key': name }),
        },
        ...(body && { body: JSON.stringify(body) }),
      }
      for (let attempt = 0; ; attempt++) {
        try {
          return await once<Answer>(address, init, name)
        } catch (error) {
          if (!(error instanceof SaomaError) || !mayPass(error) || attempt >= retriesMax)
            throw error
          if ((error.retryAfterMs ?? 0) > RETRY_AFTER_MAX_MS) throw error
          await pause(attempt, { atLeastMs: error.retryAfterMs })
        }
      }
    },
    async stream(path, query, signal) {
      const headers = { ...who, accept: 'text/event-stream' }
      const response = await request(`${base}${path}${toQuery(query)}`, { headers, signal })
      if (response.ok && response.body !== null) return response.body
      // An answer that is none of events: it throws what it says.
      return read(response, await response.text(), null) as never
    },
  }
}

function readAddress(url: string): { readonly origin: string; readonly base: string } {
  const { protocol, origin } = URL.canParse(url) ? new URL(url) : { protocol: '', origin: '' }
  if (protocol !== 'http:' && protocol !== 'https:') {
    throw new TypeError('url is the address of a saoma server, such as http://127.0.0.1:6200')
  }
  return { origin, base: `${url.replace(/\/+$/, '')}/v1` }
}

function read(response: Response, text: string, idempotencyKey: string | null): object {
  const { status } = response
  const body = parse(text) as { readonly error?: ProblemJson } | null | undefined
  if (response.ok && typeof body === 'object' && body !== null) return body
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
  throw new SaomaError(
    body?.error ?? {
      type: 'api_error',
      code: 'answer_unreadable',
      message: `Something that is not saoma answered with status ${status}. Is the address right?`,
      outcome: 'unknown',
    },
    { status, idempotencyKey, retryAfterMs: seconds > 0 ? seconds * 1000 : null },
  )
}

function unreachable(
  origin: string,
  isReading: boolean,
  idempotencyKey: string | null,
  cause: unknown,
): SaomaError {
  const again =
    idempotencyKey === null
      ? 'Send the same request again.'
      : 'Send the same request again, with the idempotencyKey of this error.'
  return new SaomaError(
    {
      type: 'connection_error',
      code: 'unreachable',
      message: `The server at ${origin} does not answer. ${again}`,
      outcome: isReading ? 'not_applied' : 'unknown',
    },
    { status: null, idempotencyKey, cause },
  )
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function toQuery(query: object = {}): string {
  const text = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (Array.isArray(value)) for (const one of value) text.append(`${name}[]`, String(one))
    else if (value !== undefined) text.set(name, String(value))
  }
  return text.size === 0 ? '' : `?${text.toString()}`
}

function timer(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timeout)
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const timeout = setTimeout(end, ms)
    signal?.addEventListener('abort', end)
    if (signal?.aborted) end()
  })
}
