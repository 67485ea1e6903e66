/**
 * What the server is made from, and what its routes share.
 *
 * @module
 */
import { systemClock, type AlipayClient, type Clock } from '../alipay/index.ts'
import type { Payments, Presentation } from '../payments/index.ts'

/** What {@link createServer} needs. */
export interface ServerOptions {
  readonly payments: Payments
  /** Verifies Alipay's notifications. */
  readonly client: Pick<AlipayClient, 'verifyNotification'>
  /**
   * Where buyers and Alipay reach this server, e.g. `https://pay.example.com`. A path is allowed
   * where a proxy in front takes it away again.
   */
  readonly publicUrl: string
  /**
   * SHA-256 of the merchant's API key (`sk_test_…`), 64 hexadecimal digits. The key itself is not
   * kept.
   */
  readonly apiKeyHash: string
  /** The unguessable part of `/alipay/notify/<token>`, at least 16 characters. */
  readonly notifyToken: string
  /** Default: the machine's clock. */
  readonly clock?: Clock
  /** The shop's name over the cashier page. */
  readonly merchantName?: string
  /** `test`: no real money; objects say `livemode: false`, and the cashier page says it too. */
  readonly mode: 'live' | 'test'
  /** What `GET /healthz` answers: 200 for `ok`, 503 for `unavailable`. Default: always `ok`. */
  readonly health?: () => Health | Promise<Health>
  /**
   * Takes what is worth telling an operator. Entries hold no key and no buyer data. Default:
   * nothing.
   */
  readonly log?: (entry: LogEntry) => void
}

/** How the server is; further fields are shown as they are. */
export interface Health {
  readonly status: 'ok' | 'unavailable'
  readonly [detail: string]: unknown
}

/** One line for the operator's log. */
export interface LogEntry {
  readonly level: 'info' | 'warn' | 'error'
  /** What happened, e.g. `notification.refused`; stable. */
  readonly event: string
  /** The `Request-Id` of the answer, where a request caused it. */
  readonly request_id?: string
  readonly [detail: string]: unknown
}

/** The server as a function. */
export interface Server {
  /** Answers a request. Never rejects. */
  fetch(request: Request): Promise<Response>
  /**
   * Ends the live connections of open cashier pages, which then ask for the status instead. For
   * stopping.
   */
  endEvents(): void
}

/** What all routes are given. */
export interface ServerContext extends ServerOptions {
  readonly clock: Clock
  /** {@link ServerOptions.publicUrl} without a slash at its end. */
  readonly baseUrl: string
  /** The path of {@link baseUrl}: empty, or with a slash at its beginning only. */
  readonly basePath: string
  readonly presentation: Presentation
  readonly log: (entry: LogEntry) => void
  /** Aborted when the server stops: live connections end. */
  readonly stopping: AbortSignal
}

/** What Hono carries along with each request. */
export interface RouteEnvironment {
  Variables: { requestId: string }
}

/**
 * Checks the options.
 *
 * @throws {TypeError} On an address, a hash or a token that cannot be right.
 */
export function toServerContext(options: ServerOptions, stopping: AbortSignal): ServerContext {
  const url = URL.canParse(options.publicUrl) ? new URL(options.publicUrl) : undefined
  if (
    url === undefined ||
    !/^https?:$/.test(url.protocol) ||
    url.search !== '' ||
    url.hash !== ''
  ) {
    throw new TypeError('publicUrl is an http or https address without ? and #')
  }
  if (!/^[0-9a-f]{64}$/i.test(options.apiKeyHash)) {
    throw new TypeError('apiKeyHash is the SHA-256 of the API key in 64 hexadecimal digits')
  }
  if (!/^[\w-]{16,}$/.test(options.notifyToken)) {
    throw new TypeError('notifyToken has at least 16 characters, all of them A-Z a-z 0-9 _ or -')
  }
  const basePath = url.pathname.replace(/\/+$/, '')
  const log = options.log ?? (() => {})
  const clock = options.clock ?? systemClock
  const baseUrl = url.origin + basePath
  const presentation = { livemode: options.mode === 'live', publicUrl: baseUrl }
  return { ...options, log, clock, baseUrl, basePath, presentation, stopping }
}

/** What may be logged of an error: its class, its stable code and where it came from. */
export function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { error: typeof error }
  const code = 'code' in error ? { error_code: error.code } : {}
  return { error: error.name, ...code, stack: error.stack }
}
