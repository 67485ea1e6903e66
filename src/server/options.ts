/**
 * What the server is made from, and what its routes share.
 *
 * @module
 */
import type { Readable } from 'node:stream'
import type { Access, Credentials, Desk, Users } from '../access/index.ts'
import type { Alarm, Alarms } from '../alarms/index.ts'
import { systemClock, type AlipayClient, type Clock, type Instant } from '../alipay/index.ts'
import type { Books } from '../books/index.ts'
import type { FigureStore, Payments, Presentation } from '../payments/index.ts'
import type { Retention } from '../retention/index.ts'
import type { Webhooks } from '../webhooks/index.ts'
import { checkLook, type CashierLook } from './cashier/look.ts'
import { TrustedProxies } from './client-address.ts'
import type { Metrics } from './metrics.ts'
import type { RequestLog } from './request-log.ts'

/** What {@link createServer} needs. */
export interface ServerOptions {
  /** The applications that are served; for a single one {@link oneApp}. */
  readonly apps: AppDirectory
  /** Who may ask. */
  readonly access: Access
  /** Who signs in to the back office. Default: nobody, and there is no `/console`. */
  readonly users?: Users
  /** What the back office keeps. Default: nothing is kept, and no refund needs approval. */
  readonly desk?: Desk
  /** Of this program, shown in the back office. */
  readonly version?: string
  /**
   * Where buyers and Alipay reach this server, e.g. `https://pay.example.com`. A path is allowed
   * where a proxy in front takes it away again.
   */
  readonly publicUrl: string
  /**
   * Proxies in front of the server, by address or range (`10.1.0.0/16`): from them alone
   * `X-Forwarded-For` and `Forwarded` are believed. Default: none.
   */
  readonly trustedProxies?: readonly string[]
  /** Default: the machine's clock. */
  readonly clock?: Clock
  /**
   * Requests per second that a key may make of this process, and an address without one, 1 or more.
   * Default 1,000.
   */
  readonly requestsPerSecond?: number
  /**
   * Milliseconds after which a request is answered in any case, 100 or more. Default 9,000: what is
   * not known by then is said to be unknown.
   */
  readonly answerWithinMs?: number
  /** What is counted. Default: begins with the server. */
  readonly metrics?: Metrics
  /** What `GET /healthz` answers: 200 for `ok`, 503 for `unavailable`. Default: always `ok`. */
  readonly health?: () => Health | Promise<Health>
  /** What `GET /readyz` answers, likewise. Default: {@link ServerOptions.health}. */
  readonly readiness?: () => Health | Promise<Health>
  /**
   * Takes what is worth telling an operator. Entries hold no key and no buyer data. Default:
   * nothing.
   */
  readonly log?: (entry: LogEntry) => void
}

/** The applications that are served. They may come and go. */
export interface AppDirectory {
  /** The first is the operator's: its owners reach the others, too. */
  list(): readonly ServedApp[]
  find(id: string): ServedApp | undefined
  /** Adds and changes them. Default: they are what they are. */
  readonly registry?: AppRegistry
}

/** Adds applications to a server that runs, and changes those that were added. */
export interface AppRegistry {
  /** Serves one more, from now on; keys come later. */
  add(app: NewApp): Promise<ServedApp | 'exists'>
  /**
   * Changes one.
   *
   * @param change `isRetired`: whether it takes new payments; what it took goes on all the same.
   */
  change(
    id: string,
    change: {
      readonly name?: string | null
      readonly productCode?: string
      readonly isRetired?: boolean
    },
  ): Promise<ServedApp | 'configured' | undefined>
  /** Serves one no more that was retired. What it took stays in the database. */
  remove(id: string): Promise<'removed' | 'configured' | undefined>
}

/** An application to be added. */
export interface NewApp {
  /** APPID: 16 digits. */
  readonly appId: string
  /** The shop's name; `null` for none. */
  readonly name: string | null
  readonly productCode: string
  /** The receiving account (PID); `null` for that of the contract. */
  readonly sellerId: string | null
}

/** An application that is served. */
export interface ServedApp {
  /** `app_…`; API keys belong to it. */
  readonly id: string
  /** `test`: no real money; objects say `livemode: false`, and the cashier page says it too. */
  readonly mode: 'live' | 'test'
  /** The shop's name over the cashier page; `null` for none. */
  readonly merchantName: string | null
  /** How the cashier page looks. Default: saoma's own look, framed by nobody. */
  readonly look?: CashierLook
  readonly payments: Payments
  /** `null` where events are not sent anywhere. */
  readonly webhooks: Webhooks | null
  /** Counts for the back office; `null` where nothing is counted. */
  readonly figures: FigureStore | null
  /** `null` where nobody is alarmed. */
  readonly alarms: Alarms | null
  /** `null` where no books are kept. */
  readonly books: Books | null
  /** Prunes what is old. Default: nothing is pruned. */
  readonly retention?: Retention
  /** What stands wrong now, beside payments and refunds, as its watch has found it. */
  readonly standing: () => readonly Alarm[]
  /** Verifies Alipay's notifications. */
  readonly client: Pick<AlipayClient, 'verifyNotification'> & Partial<Pick<AlipayClient, 'appId'>>
  /** Changes of keys; `null` where the keys are in the configuration alone. */
  readonly credentials: Credentials | null
  /**
   * The unguessable part of `/alipay/notify/<token>`, at least 16 characters. Where several have
   * the same, a notification is of the one that it names.
   */
  readonly notifyToken: string
  /** As the contract says. Default `FACE_TO_FACE_PAYMENT`. */
  readonly productCode?: string
  /** The receiving account (PID). Default: that of the contract. */
  readonly sellerId?: string | null
  /** When it was added by the API. Default `null`: it stands in the configuration. */
  readonly addedAt?: Instant | null
  /** Since when it takes no new payments. Default `null`: it does. */
  readonly retiredAt?: Instant | null
  /** Whether there are keys to ask Alipay with. Default: yes. */
  readonly isReady?: () => boolean
}

/** Whose keys are taken where there is a single application. */
export const ONE_APP_ID = 'app_default'

/** A directory of a single application, for those who embed the server. */
export function oneApp(
  app: Pick<ServedApp, 'mode' | 'payments' | 'client' | 'notifyToken'> & Partial<ServedApp>,
): AppDirectory {
  const served: ServedApp = {
    id: ONE_APP_ID,
    merchantName: null,
    webhooks: null,
    alarms: null,
    credentials: null,
    figures: null,
    books: null,
    standing: () => [],
    ...app,
  }
  return {
    list: () => [served],
    find: (id) => (id === served.id ? served : undefined),
  }
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
  /**
   * Answers a request. Never rejects.
   *
   * @param from `incoming`: the connection that the body can be read from, on Node; `address`: the
   *   network address that it comes from, by which attempts to sign in are counted, unless it is a
   *   trusted proxy's.
   */
  fetch(request: Request, from?: RouteEnvironment['Bindings']): Promise<Response>
  /** Ends the live connections of open pages and of those who follow events. For stopping. */
  endEvents(): void
}

/** What all routes are given. */
export interface ServerContext extends ServerOptions {
  readonly clock: Clock
  /** {@link ServerOptions.publicUrl} without a slash at its end. */
  readonly baseUrl: string
  /** The path of {@link baseUrl}: empty, or with a slash at its beginning only. */
  readonly basePath: string
  readonly requestsPerSecond: number
  readonly answerWithinMs: number
  readonly log: (entry: LogEntry) => void
  readonly requests: RequestLog
  readonly metrics: Metrics
  readonly proxies: TrustedProxies
  /** Aborted when the server stops: live connections end. */
  readonly stopping: AbortSignal
  /** What {@link contextOf} has made: so many fields are not put together for each request. */
  readonly ofApps: WeakMap<ServedApp, AppContext>
}

/** What the routes of one application are given. */
export interface AppContext extends ServerContext, ServedApp {
  readonly presentation: Presentation
}

/** The context of an application. */
export function contextOf(context: ServerContext, app: ServedApp): AppContext {
  const known = context.ofApps.get(app)
  if (known !== undefined) return known
  const presentation = { livemode: app.mode === 'live', publicUrl: context.baseUrl }
  const made = { ...context, ...app, presentation }
  context.ofApps.set(app, made)
  return made
}

/** What Hono carries along with each request. */
export interface RouteEnvironment {
  Bindings: { readonly incoming?: Readable; readonly address?: string }
  Variables: {
    requestId: string
    /** {@link ServerContext.baseUrl}. */
    baseUrl: string
    /** The pattern of the operation, e.g. `/v1/payments/{id}`. */
    route?: string
    /** Of the API key that was sent, where it is one. */
    keyHint?: string
    appId?: string
  }
}

const REQUESTS_PER_SECOND = 1_000
const ANSWER_WITHIN_MS = 9_000

/**
 * Checks the options.
 *
 * @throws {TypeError} On an address, a token or a number that cannot be right.
 * @throws {RangeError} On a proxy that is no address.
 */
export function toServerContext(
  options: ServerOptions,
  parts: Pick<ServerContext, 'stopping' | 'requests' | 'metrics'>,
): ServerContext {
  const url = URL.canParse(options.publicUrl) ? new URL(options.publicUrl) : undefined
  if (
    url === undefined ||
    !/^https?:$/.test(url.protocol) ||
    url.search !== '' ||
    url.hash !== ''
  ) {
    throw new TypeError('publicUrl is an http or https address without ? and #')
  }
  for (const { notifyToken, look } of options.apps.list()) {
    if (look) checkLook(look)
    if (!/^[\w-]{16,}$/.test(notifyToken)) {
      throw new TypeError('notifyToken has at least 16 characters, all of them A-Z a-z 0-9 _ or -')
    }
  }
  const { requestsPerSecond = REQUESTS_PER_SECOND, answerWithinMs = ANSWER_WITHIN_MS } = options
  if (!(requestsPerSecond >= 1)) throw new TypeError('requestsPerSecond is 1 or more')
  if (!(answerWithinMs >= 100)) throw new TypeError('answerWithinMs is 100 or more')
  const basePath = url.pathname.replace(/\/+$/, '')
  return {
    ...options,
    log: options.log ?? (() => {}),
    clock: options.clock ?? systemClock,
    baseUrl: url.origin + basePath,
    basePath,
    requestsPerSecond,
    answerWithinMs,
    proxies: new TrustedProxies(options.trustedProxies),
    ofApps: new WeakMap(),
    ...parts,
  }
}

/** What may be logged of an error: its class, its stable code and where it came from. */
export function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { error: typeof error }
  const code = 'code' in error ? { error_code: error.code } : {}
  return { error: error.name, ...code, stack: error.stack }
}
