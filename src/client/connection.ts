/**
 * Calls over HTTP: named, so that a repeat is harmless; repeated where that helps; bounded in time.
 *
 * @module
 */

import { SaomaError, type ProblemJson } from './error.ts'

/** Where the server is, and how it is called. */
export interface SaomaOptions {
  /** The server's address, e.g. `http://127.0.0.1:6200`. */
  readonly url: string
  /** `sk_…` or `rk_…`. */
  readonly apiKey: string
  /** Milliseconds for one attempt. Default 15,000: the server answers within 10 s. */
  readonly timeoutMs?: number
  /** Repeats after a failure that may pass, 0 or more. Default 2. */
  readonly retriesMax?: number
  /** Default: the runtime's. */
  readonly fetch?: typeof globalThis.fetch
  /** Waits between attempts. Default: a timer. */
  readonly sleep?: (ms: number) => Promise<void>
  /** For jitter and names of requests, 0 to below 1. Default: `Math.random`. */
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
    signal: AbortSignal | undefined,
  ) => Promise<ReadableStream<Uint8Array>>
  readonly sleep: (ms: number) => Promise<void>
}

const RETRIES_MAX = 2
const TIMEOUT_MS = 15_000
const FIRST_PAUSE_MS = 500
const PAUSE_MAX_MS = 8_000

/** Prepares calls. */
export function connection(options: SaomaOptions): Connection {
  const { apiKey, timeoutMs = TIMEOUT_MS, retriesMax = RETRIES_MAX } = options
  const request = options.fetch ?? globalThis.fetch
  const sleep = options.sleep ?? pause
  const random = options.random ?? Math.random
  if (!URL.canParse(options.url)) throw new TypeError('url is the address of a saoma server')
  if (!/^[\x21-\x7e]+$/.test(apiKey)) throw new TypeError('apiKey is sk_… or rk_…')
  const base = `${options.url.replace(/\/+$/, '')}/v1`
  const authorization = `Bearer ${apiKey}`

  const once = async (address: string, init: RequestInit): Promise<Response> => {
    try {
      return await request(address, { ...init, signal: AbortSignal.timeout(timeoutMs) })
    } catch (cause) {
      throw new SaomaError(
        {
          type: 'connection_error',
          code: 'unreachable',
          message: `The server at ${options.url} does not answer. Send the same request again, with the same idempotencyKey.`,
          outcome: init.method === 'GET' ? 'not_applied' : 'unknown',
        },
        null,
        { cause },
      )
    }
  }

  return {
    sleep,
    async call<Answer>(
      method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
      path: string,
      { body, query, idempotencyKey }: Parameters<Connection['call']>[2] = {},
    ): Promise<Answer> {
      const address = `${base}${path}${toQuery(query)}`
      const isNamed = method === 'POST' || method === 'PATCH'
      // One name for all attempts of a call: that is what makes a repeat harmless.
      const name = idempotencyKey ?? newName(random)
      const init: RequestInit = {
        method,
        headers: {
          authorization,
          ...(body && { 'content-type': 'application/json' }),
          ...(isNamed && { 'idempotency-key': name }),
        },
        ...(body && { body: JSON.stringify(body) }),
      }
      for (let attempt = 0; ; attempt++) {
        try {
          return await read<Answer>(await once(address, init))
        } catch (error) {
          if (!(error instanceof SaomaError) || !mayPass(error) || attempt >= retriesMax)
            throw error
          const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** attempt, PAUSE_MAX_MS)
          await sleep(Math.max(retryAfterMs.get(error) ?? 0, pauseMs * (0.5 + random() / 2)))
        }
      }
    },
    async stream(path, query, signal) {
      const headers = { authorization, accept: 'text/event-stream' }
      const response = await request(`${base}${path}${toQuery(query)}`, {
        headers,
        ...(signal && { signal }),
      })
      if (!response.ok || response.body === null) await read(response)
      return response.body as ReadableStream<Uint8Array>
    },
  }
}

/** How long the server asked to wait, beside the error that says so. */
const retryAfterMs = new WeakMap<SaomaError, number>()

async function read<Answer>(response: Response): Promise<Answer> {
  const text = await response.text()
  const body = parse(text) as { readonly error?: ProblemJson } | undefined
  if (response.ok && body !== undefined) return body as Answer
  const problem: ProblemJson = body?.error ?? {
    type: 'api_error',
    code: 'answer_unreadable',
    message: `Something that is not saoma answered with status ${response.status}. Is the address right?`,
    outcome: 'unknown',
  }
  const error = new SaomaError(problem, response.status)
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
  if (seconds > 0) retryAfterMs.set(error, seconds * 1000)
  throw error
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Whether the same request may be answered otherwise in a moment. */
function mayPass({ status, code }: SaomaError): boolean {
  return status === null || status === 429 || status >= 500 || code === 'request_in_progress'
}

function toQuery(query: object = {}): string {
  const text = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) text.set(name, String(value))
  }
  return text.size === 0 ? '' : `?${text.toString()}`
}

/** 128 random bits where the runtime has a secure source. */
function newName(random: () => number): string {
  return globalThis.crypto?.randomUUID?.() ?? `${random()}${random()}`.replaceAll('0.', '')
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
