/**
 * Errors of the merchant API: Stripe's envelope, with the outcome at Alipay added.
 *
 * @module
 * @see https://docs.stripe.com/api/errors
 */
import type { Context } from 'hono'
import type { Outcome } from '../alipay/index.ts'
import type { RouteEnvironment } from './options.ts'

/** What is wrong, in the words of the API. */
export interface Problem {
  readonly status: 400 | 401 | 402 | 404 | 409 | 413 | 415 | 500
  readonly type:
    | 'invalid_request_error'
    | 'authentication_error'
    | 'conflict_error'
    | 'channel_error'
    | 'api_error'
  /** Stable, for programs. */
  readonly code: string
  /** For people: what to do. Holds no key and no buyer data. */
  readonly message: string
  /** The field that is wrong. */
  readonly param?: string
  /** What may be concluded about the money. Default `not_applied`. */
  readonly outcome?: Outcome
  /** Alipay's refusal. */
  readonly alipay?: { readonly sub_code: string; readonly sub_msg: string }
  /** The objects that it is about, as the API writes them: `payment`, `refund`. */
  readonly objects?: Readonly<Record<string, object>>
}

/** Answers with the problem. */
export function sendProblem(c: Context<RouteEnvironment>, problem: Problem): Response {
  const { status, type, code, message, param = null, outcome = 'not_applied', alipay } = problem
  const error = {
    type,
    code,
    message,
    param,
    outcome,
    ...(alipay && { alipay }),
    request_id: c.get('requestId'),
    ...problem.objects,
  }
  return c.json({ error }, status)
}

/** No such object, or no such route. */
export function notFound(code: string, message: string, param?: string): Problem {
  return { status: 404, type: 'invalid_request_error', code, message, ...(param && { param }) }
}
