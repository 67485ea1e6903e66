/**
 * Calls to the server that this page came from: with the session's cookie, named so that a repeat
 * is harmless, and with problems as errors.
 *
 * @module
 */
import { SaomaError, type ProblemJson } from '../../../src/client/error.ts'
import { BASE } from './base.ts'

export { SaomaError }

/** Methods of the API. */
export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE'

/** What goes with a call. */
export interface Asked {
  readonly body?: object
  readonly query?: object
  /** Names the intent: the same name again never does it twice. */
  readonly idempotencyKey?: string
  readonly signal?: AbortSignal
  /** Another application than the one that is shown: its id. */
  readonly app?: string
}

/** The server answers within 10 s, or says that it does not know yet. */
const TIMEOUT_MS = 20_000

let csrf: string | null = null
let appId: string | null = null
let onSignedOut = (): void => {}

/** Keeps what the server wants to see with every change. */
export function keepCsrf(token: string | null): void {
  csrf = token
}

/** Names the application that all calls mean; `null` where there is one alone. */
export function keepApp(id: string | null): void {
  appId = id
}

/** Has somebody told when the server does not know the session any more. */
export function whenSignedOut(tell: () => void): void {
  onSignedOut = tell
}

/** A name for an intent, made once for a dialog and kept for its repeats. */
export function newIntent(): string {
  // `randomUUID` is only there in secure contexts; a shop's network may be plain http.
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join(
    '-',
  )
}

/**
 * Calls the API.
 *
 * @throws {SaomaError} With the problem that the server names; `unreachable` where it gave no
 *   answer.
 */
export async function request<Answer>(
  method: Method,
  path: string,
  asked: Asked = {},
): Promise<Answer> {
  const response = await send(method, path, asked)
  const text = await response.text()
  const body = parse(text) as { readonly error?: ProblemJson } | undefined
  if (response.ok) return body as Answer
  throw problem(response, body)
}

/** Calls the API for a file. */
export async function requestFile(method: Method, path: string, body?: object): Promise<Blob> {
  const response = await send(method, path, { ...(body && { body }) })
  if (response.ok) return response.blob()
  throw problem(response, parse(await response.text()))
}

/**
 * Sends a file, of any size.
 *
 * @param onSent Is told how much of it is sent, 0 to 1.
 * @throws {SaomaError} As {@link request}.
 */
export function sendFile<Answer>(
  path: string,
  file: File,
  onSent: (part: number) => void,
): Promise<Answer> {
  // `fetch` does not tell how much of a body is sent.
  const sending = new XMLHttpRequest()
  return new Promise((resolve, reject) => {
    sending.upload.addEventListener('progress', ({ loaded, total }) => onSent(loaded / total))
    sending.upload.addEventListener('load', () => onSent(1))
    sending.addEventListener('error', () => reject(unreachable('POST', null)))
    sending.addEventListener('load', () => {
      const { status, responseText } = sending
      const body = parse(responseText)
      if (status >= 200 && status < 300) resolve(body as Answer)
      else reject(problem({ status }, body))
    })
    sending.open('POST', `${BASE}${path}`)
    if (csrf !== null) sending.setRequestHeader('x-csrf-token', csrf)
    for (const [name, value] of Object.entries(appHeader())) sending.setRequestHeader(name, value)
    sending.send(file)
  })
}

/** Opens Server-Sent Events. */
export async function requestStream(
  path: string,
  query: object,
  signal: AbortSignal | undefined,
): Promise<ReadableStream<Uint8Array>> {
  const response = await fetch(`${BASE}${path}${toQuery(query)}`, {
    headers: { accept: 'text/event-stream', ...appHeader() },
    ...(signal && { signal }),
  })
  if (response.ok && response.body !== null) return response.body
  throw problem(response, parse(await response.text()))
}

async function send(method: Method, path: string, asked: Asked): Promise<Response> {
  const { body, query, idempotencyKey, signal } = asked
  const limit = AbortSignal.timeout(TIMEOUT_MS)
  try {
    return await fetch(`${BASE}${path}${toQuery(query)}`, {
      method,
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
      headers: {
        ...appHeader(asked.app),
        ...(body && { 'content-type': 'application/json' }),
        ...(method !== 'GET' && csrf !== null && { 'x-csrf-token': csrf }),
        ...((method === 'POST' || method === 'PATCH') &&
          path.startsWith('/v1') && { 'idempotency-key': idempotencyKey ?? newIntent() }),
      },
      ...(body && { body: JSON.stringify(body) }),
    })
  } catch (cause) {
    throw unreachable(method, asked.idempotencyKey ?? null, cause)
  }
}

function appHeader(id = appId): Readonly<Record<string, string>> {
  return id === null ? {} : { 'saoma-app': id }
}

function unreachable(method: Method, idempotencyKey: string | null, cause?: unknown): SaomaError {
  return new SaomaError(
    {
      type: 'connection_error',
      code: 'unreachable',
      message: 'The server does not answer.',
      outcome: method === 'GET' ? 'not_applied' : 'unknown',
    },
    { status: null, idempotencyKey, cause },
  )
}

function problem(response: { readonly status: number }, body: unknown): SaomaError {
  const told = (body as { readonly error?: ProblemJson } | undefined)?.error
  const error = new SaomaError(
    told ?? {
      type: 'api_error',
      code: 'answer_unreadable',
      message: `The answer with status ${response.status} is not from saoma.`,
      outcome: 'unknown',
    },
    { status: response.status, idempotencyKey: null },
  )
  if (response.status === 401 && error.code === 'not_signed_in') onSignedOut()
  return error
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** What is not given is not sent. */
function toQuery(query: object = {}): string {
  const text = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '') text.set(name, String(value))
  }
  return text.size === 0 ? '' : `?${text.toString()}`
}
