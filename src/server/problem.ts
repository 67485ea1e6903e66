/**
 * Errors of the merchant API: Stripe's envelope, with the outcome at Alipay added.
 *
 * @module
 * @see https://docs.stripe.com/api/errors
 */
import type { Context } from 'hono'
import type { Outcome } from '../alipay/index.ts'
import type { RouteEnvironment } from './options.ts'
import { subCodePath } from './sub-code-page/page.ts'

/** The kinds of problems, and the HTTP statuses that each of them has. */
export const PROBLEM_TYPES = {
  invalid_request_error: [400, 404, 413, 415],
  authentication_error: [401],
  permission_error: [403],
  conflict_error: [409],
  rate_limit_error: [429],
  channel_error: [402],
  channel_unavailable: [503, 504],
  api_error: [500],
} as const

/** What is wrong, in the words of the API. */
export interface Problem {
  readonly status: 400 | 401 | 402 | 403 | 404 | 409 | 413 | 415 | 429 | 500 | 503 | 504
  readonly type: keyof typeof PROBLEM_TYPES
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
  /** Seconds after which the same request may be sent again. */
  readonly retryAfter?: number
}

/** Answers with the problem. */
export function sendProblem(c: Context<RouteEnvironment>, problem: Problem): Response {
  if (problem.retryAfter !== undefined) c.header('retry-after', String(problem.retryAfter))
  return c.json(problemJson(problem, c.get('requestId'), c.get('baseUrl')), problem.status)
}

/** The envelope. */
export function problemJson(problem: Problem, requestId: string, baseUrl: string) {
  const { type, code, message, param = null, outcome = 'not_applied', alipay = null } = problem
  return {
    error: {
      type,
      code,
      message,
      param,
      outcome,
      alipay,
      request_id: requestId,
      doc_url: baseUrl + ((alipay && subCodePath(alipay.sub_code)) ?? `/reference#${code}`),
      ...problem.objects,
    },
  }
}

/** No such object, or no such route. */
export function notFound(code: string, message: string, param?: string): Problem {
  return { status: 404, type: 'invalid_request_error', code, message, ...(param && { param }) }
}

/** What was asked for does not go with what there is. */
export function conflict(
  code: string,
  message: string,
  more: Pick<Problem, 'param' | 'objects'> = {},
): Problem {
  return { status: 409, type: 'conflict_error', code, message, ...more }
}
