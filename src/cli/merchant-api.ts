/**
 * The commands' way to a running server: its own HTTP API. Nothing goes around it, or a refund
 * could pass the reservation.
 *
 * @module
 */

import { request } from 'undici'
import { createSaoma, SaomaError, type Saoma } from '../client/index.ts'
import { Failure } from './failure.ts'
import { findRunning } from './folder.ts'

/** A payment as the API writes it; the fields that the commands show. */
export interface ApiPayment {
  readonly id: string
  readonly amount: number
  readonly amount_refunded: number
  readonly amount_refundable: number
  readonly subject: string
  readonly reference: string | null
  readonly status: string
  readonly outcome: string
  readonly next_action: { readonly qr_code: string; readonly qr_image_url: string } | null
  readonly checkout_url: string
  readonly expires_at: string
  readonly paid_at: string | null
  readonly scanned_at: string | null
  readonly failure: { readonly message: string } | null
  readonly alipay: {
    readonly out_trade_no: string
    readonly trade_no: string | null
    readonly trade_status: string | null
  }
}

/** A refund as the API writes it. */
export interface ApiRefund {
  readonly id: string
  readonly payment: string
  readonly amount: number
  readonly status: string
  readonly outcome: string
  readonly failure: { readonly message: string } | null
  readonly alipay: { readonly out_request_no: string }
}

/** A running server. */
export interface MerchantApi {
  /**
   * Calls a route below `/v1`.
   *
   * @throws {Failure} With the API's own message where it says no.
   */
  call<Answer>(
    method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
    path: string,
    body?: object,
  ): Promise<Answer>
}

/**
 * Finds the server: by `SAOMA_URL` and `SAOMA_API_KEY`, else the one that runs on the folder.
 *
 * @throws {Failure} If there is none.
 */
export function connect(
  env: Readonly<Record<string, string | undefined>>,
  folder: string,
): MerchantApi {
  return caller(findServer(env, folder))
}

/**
 * The same server, as its operator: in the application that is named, by default the server's own.
 *
 * @throws {Failure} If there is none.
 */
export function connectOperator(
  env: Readonly<Record<string, string | undefined>>,
  folder: string,
): (app?: string) => MerchantApi {
  const { SAOMA_APP: _, ...rest } = env
  const { operator_key: operatorKey, ...server } = findServer(rest, folder)
  return (app) => caller({ ...server, api_key: operatorKey ?? server.api_key, app })
}

function caller(server: FoundServer): MerchantApi {
  const { url, api_key: apiKey, app } = server
  return {
    async call<Answer>(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: object) {
      const response = await request(new URL(`/v1${path}`, url), {
        method,
        headers: {
          authorization: `Bearer ${apiKey}`,
          ...(app !== undefined && { 'saoma-app': app }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }).catch((cause: unknown) => {
        const failure = new Failure(`The server at ${url} does not answer. Is it running?`, 1)
        failure.cause = cause
        throw failure
      })
      const answer = (await response.body.json()) as Answer & {
        readonly error?: { readonly code: string; readonly message: string }
      }
      if (response.statusCode < 400 || answer.error === undefined) return answer
      throw new ApiRefusal(response.statusCode, answer.error.code, answer.error.message)
    },
  }
}

/**
 * The same server, by the typed client.
 *
 * @throws {Failure} If there is none.
 */
export function connectClient(
  env: Readonly<Record<string, string | undefined>>,
  folder: string,
): Saoma {
  const { url, api_key: apiKey, app } = findServer(env, folder)
  return createSaoma({ url, apiKey, ...(app !== undefined && { app }) })
}

/** What a command says of a problem: the API's own words. */
export function toFailure(error: unknown): unknown {
  if (!(error instanceof SaomaError)) return error
  return new Failure(`${error.message} (${error.code})`, 1)
}

/** A server, and what opens it. */
export interface FoundServer {
  readonly url: string
  readonly api_key: string
  /** Reaches all its applications, where the folder tells it. */
  readonly operator_key?: string
  /** The application that is meant; `undefined` for that of the key. */
  readonly app?: string | undefined
}

/**
 * Where the server is, and the key that opens it: the operator's, where `SAOMA_APP` names one of
 * its applications.
 *
 * @throws {Failure} If there is none.
 */
export function findServer(
  { SAOMA_URL: url, SAOMA_API_KEY: apiKey, ...env }: Readonly<Record<string, string | undefined>>,
  folder: string,
): FoundServer {
  const app = env['SAOMA_APP'] || undefined
  if (url && apiKey) return { url, api_key: apiKey, app }
  const running = findRunning(folder)
  if (running !== undefined && app === undefined) return running
  if (running !== undefined) return { ...running, api_key: running.operator_key, app }
  throw new Failure(
    `No saoma server runs on ${folder}/. Start one with \`saoma dev\` or \`saoma serve\`, or set SAOMA_URL and SAOMA_API_KEY.`,
  )
}

/** The server said no. */
export class ApiRefusal extends Failure {
  readonly status: number
  /** The API's own code. */
  readonly code: string

  constructor(status: number, code: string, message: string) {
    super(`${message} (${code})`, 1)
    this.status = status
    this.code = code
  }
}

/**
 * Finds a payment by its id or by the merchant's reference.
 *
 * @throws {Failure} If there is none.
 */
export async function findPayment(api: MerchantApi, name: string): Promise<ApiPayment> {
  if (name.startsWith('pay_')) return api.call('GET', `/payments/${encodeURIComponent(name)}`)
  const list = await api.call<{ readonly data: readonly ApiPayment[] }>(
    'GET',
    `/payments?reference=${encodeURIComponent(name)}`,
  )
  // A paid one matters more than a newer one that is not.
  const payment = list.data.find(({ status }) => status === 'succeeded') ?? list.data[0]
  if (payment === undefined) throw new Failure(`There is no payment with the reference ${name}.`, 1)
  return payment
}
