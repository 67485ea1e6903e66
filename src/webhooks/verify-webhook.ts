/**
 * The receiver's side: whether a webhook is genuine, and if not, why. For merchants whose backend
 * runs on Node; others take the library of Standard Webhooks for their language.
 *
 * @module
 */

import { timingSafeEqual } from 'node:crypto'
import { systemClock, toInstant, type Clock, type Instant } from '../alipay/index.ts'
import { WebhookInvalid } from './errors.ts'
import { SigningSecret } from './secret.ts'

/** A webhook's timestamp may be this far from the present, in both directions. */
export const TIMESTAMP_TOLERANCE_MS = 300_000

/** Signatures of one message that are looked at. */
export const SIGNATURES_MAX = 16

/** A body longer than this is not examined for what was done to it. */
const DIAGNOSED_CHARACTERS_MAX = 1_048_576

/** The headers of a request: of `fetch`, of Node, of a framework. */
export type WebhookHeaders =
  | { get(name: string): string | null }
  | Readonly<Record<string, string | readonly string[] | undefined>>

/** How a webhook is verified. */
export interface VerifyWebhookOptions {
  /** Default {@link TIMESTAMP_TOLERANCE_MS}. */
  readonly toleranceMs?: number
  /** Default: the machine's clock. */
  readonly clock?: Clock
}

/** A webhook that is genuine. */
export interface VerifiedWebhook {
  /** The event's id, `evt_…`. Remember it: a webhook may come more than once. */
  readonly id: string
  /** Such as `payment.succeeded`. */
  readonly type: string
  /** RFC 3339, when it happened. */
  readonly timestamp: string
  /** Counts the events of one payment, or of one refund: what is not higher is outdated. */
  readonly sequence: number
  readonly data: {
    /** The payment or the refund as it was then. */
    readonly object: Readonly<Record<string, unknown>>
    /** Those of its fields that changed, as they were before. */
    readonly previous: Readonly<Record<string, unknown>> | null
  }
}

/**
 * Verifies a webhook.
 *
 * @param rawBody The body as it came, before any parser: Express `express.raw({ type:
 *   'application/json' })`, Hono `await c.req.text()`, Next `await request.text()`, Nest `rawBody:
 *   true`.
 * @param secret `whsec_…`; several while one takes the place of another.
 * @throws {WebhookInvalid} If it must not be believed; `problem` says why.
 * @throws {SecretInvalid} If the secret is none.
 */
export function verifyWebhook(
  rawBody: string | Uint8Array,
  headers: WebhookHeaders,
  secret: string | readonly string[],
  options: VerifyWebhookOptions = {},
): VerifiedWebhook {
  const secrets = (typeof secret === 'string' ? [secret] : secret).map((text) =>
    SigningSecret.parse(text),
  )
  if (secrets.length === 0) throw new TypeError('Give at least one secret')
  if (typeof rawBody !== 'string' && !(rawBody instanceof Uint8Array)) {
    throw invalid('body_parsed')
  }
  const id = required(headers, 'webhook-id')
  const timestamp = required(headers, 'webhook-timestamp')
  const signatures = readSignatures(required(headers, 'webhook-signature'))
  const now = (options.clock ?? systemClock).now()
  checkTimestamp(timestamp, now, options.toleranceMs ?? TIMESTAMP_TOLERANCE_MS)

  const isSigned = (body: string | Uint8Array): boolean =>
    matches(secrets, signatures, [`${id}.${timestamp}.`, body])
  if (!isSigned(rawBody)) throw explain(rawBody, id, isSigned)
  return parse(rawBody) as VerifiedWebhook
}

function required(headers: WebhookHeaders, name: string): string {
  const value = read(headers, name)
  if (value === undefined || value === '') {
    throw new WebhookInvalid('header_missing', missing(name))
  }
  return value
}

function read(headers: WebhookHeaders, name: string): string | undefined {
  if (typeof headers.get === 'function') return headers.get(name) ?? undefined
  for (const [key, value] of Object.entries(headers)) {
    if (key.toLowerCase() === name) return typeof value === 'string' ? value : value?.[0]
  }
  return undefined
}

/** Those of a version that is known here, as bytes. */
function readSignatures(header: string): Buffer[] {
  const signatures = header
    .split(' ')
    .slice(0, SIGNATURES_MAX)
    .map((part) => /^v1,([A-Za-z0-9+/]{43}=)$/.exec(part)?.[1])
    .filter((base64) => base64 !== undefined)
    .map((base64) => Buffer.from(base64, 'base64'))
  if (signatures.length === 0) throw malformed('webhook-signature', 'v1,<base64 of 32 bytes>')
  return signatures
}

function checkTimestamp(text: string, now: Instant, toleranceMs: number): void {
  if (!/^\d{1,11}$/.test(text)) throw malformed('webhook-timestamp', 'seconds since 1970')
  const at = toInstant(Number(text) * 1000)
  const age = Math.round(Math.abs(now - at) / 1000)
  const advice = 'Compare the clock of this machine; do not verify a message that was kept.'
  if (now - at > toleranceMs) {
    const message = `The webhook was sent ${age} s ago, by its timestamp and this clock. ${advice}`
    throw new WebhookInvalid('timestamp_too_old', message)
  }
  if (at - now > toleranceMs) {
    const message = `The webhook is from ${age} s ahead, by its timestamp and this clock. ${advice}`
    throw new WebhookInvalid('timestamp_too_new', message)
  }
}

/** Takes the same time whichever signature matches, and whether one does. */
function matches(
  secrets: readonly SigningSecret[],
  signatures: readonly Buffer[],
  content: readonly (string | Uint8Array)[],
): boolean {
  let found = false
  for (const secret of secrets) {
    const expected = secret.digest(...content)
    for (const signature of signatures) {
      found = timingSafeEqual(expected, signature) || found
    }
  }
  return found
}

type BodyCheck = (body: string | Uint8Array) => boolean

/**
 * Why no signature matches. What is usually done to a body is undone and checked again: a match
 * then does not make the message believed, it tells what to repair.
 */
function explain(rawBody: string | Uint8Array, id: string, isSigned: BodyCheck): WebhookInvalid {
  const text = typeof rawBody === 'string' ? rawBody : Buffer.from(rawBody).toString('utf8')
  if (text.length > DIAGNOSED_CHARACTERS_MAX) return invalid('secret_wrong')
  const parsed = tryParse(text)
  for (const [what, undo] of ALTERATIONS) {
    const original = undo(text, parsed)
    if (original !== undefined && isSigned(original)) return altered(what)
  }
  if (parsed === undefined) return altered('it is not JSON any more, cut off perhaps')
  if (idOf(parsed) !== id) return altered('it is of another event')
  return invalid('secret_wrong')
}

type Undo = (text: string, parsed: unknown) => string | Uint8Array | undefined

const ALTERATIONS: readonly (readonly [what: string, undo: Undo])[] = [
  [
    'it was parsed and written as JSON again',
    (_text, parsed) => (parsed === undefined ? undefined : JSON.stringify(parsed)),
  ],
  ['something was put before or after it', (text) => text.replace(/^\uFEFF/, '').trim()],
  ['its UTF-8 was read as Latin-1', (text) => Buffer.from(text, 'latin1')],
  ['it is still base64', (text) => Buffer.from(text, 'base64')],
]

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function idOf(parsed: unknown): unknown {
  return typeof parsed === 'object' && parsed !== null && 'id' in parsed ? parsed.id : undefined
}

function parse(rawBody: string | Uint8Array): unknown {
  const text = typeof rawBody === 'string' ? rawBody : Buffer.from(rawBody).toString('utf8')
  const parsed = tryParse(text)
  if (typeof parsed !== 'object' || parsed === null) {
    throw new WebhookInvalid(
      'body_altered',
      'The signature holds, but the body is no JSON object: it was not sent by saoma.',
    )
  }
  return parsed
}

function invalid(problem: 'body_parsed' | 'secret_wrong'): WebhookInvalid {
  return new WebhookInvalid(problem, MESSAGES[problem])
}

const MESSAGES = {
  body_parsed:
    'The body was parsed already, and the signature is over its exact bytes. Take it before any JSON parser: express.raw(), await request.text(), rawBody.',
  secret_wrong:
    'No signature was made with this secret. It is the secret of another endpoint, or was changed, or something on the way altered the message.',
} as const

function missing(name: string): string {
  return `The header ${name} is missing. Is this a webhook of saoma? A proxy in between must pass all headers that begin with webhook-.`
}

function malformed(name: string, form: string): WebhookInvalid {
  return new WebhookInvalid('header_malformed', `The header ${name} is not of the form ${form}.`)
}

function altered(what: string): WebhookInvalid {
  const message = `The body is not as it was sent: ${what}. Give its exact bytes, from before any parser or proxy touched them.`
  return new WebhookInvalid('body_altered', message)
}
