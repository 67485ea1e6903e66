/**
 * What a call can reject with.
 *
 * @module
 */

import type { Payment, Refund } from './objects.ts'

/** The kinds of problems; the last one is the client's own, for no answer at all. */
export type ProblemType =
  | 'invalid_request_error'
  | 'authentication_error'
  | 'permission_error'
  | 'conflict_error'
  | 'rate_limit_error'
  | 'channel_error'
  | 'channel_unavailable'
  | 'api_error'
  | 'connection_error'

/** The problem as the API writes it. */
export interface ProblemJson {
  readonly type: ProblemType
  readonly code: string
  readonly message: string
  readonly param?: string | null
  readonly outcome: 'not_applied' | 'unknown' | 'applied'
  readonly alipay?: { readonly sub_code: string; readonly sub_msg: string } | null
  readonly request_id?: string | null
  readonly doc_url?: string | null
  readonly payment?: Payment
  readonly refund?: Refund
}

/** What the client adds to a problem. */
interface Circumstances extends ErrorOptions {
  readonly status: number | null
  readonly idempotencyKey: string | null
  readonly retryAfterMs?: number | null
}

/** The API said no, or nothing. `code` is stable; `outcome` says what may be concluded. */
export class SaomaError extends Error {
  readonly type: ProblemType
  /** E.g. `reference_already_paid`; `unreachable` where no answer came. */
  readonly code: string
  /** The field that is wrong. */
  readonly param: string | null
  /** What may be concluded about the money. After `unknown`: send the same request again. */
  readonly outcome: 'not_applied' | 'unknown' | 'applied'
  /** The HTTP status; `null` where no answer came. */
  readonly status: number | null
  readonly requestId: string | null
  /**
   * The name that the request had, given or made; `null` for one that only reads. Give it to a
   * repeat, which is then done once.
   */
  readonly idempotencyKey: string | null
  /** Milliseconds that the server asks to wait before a repeat; `null` where it does not. */
  readonly retryAfterMs: number | null
  /** Alipay's refusal. */
  readonly alipay: { readonly sub_code: string; readonly sub_msg: string } | null
  readonly docUrl: string | null
  /** The payment that it is about. */
  readonly payment: Payment | null
  /** The refund that it is about. */
  readonly refund: Refund | null

  constructor(
    problem: ProblemJson,
    { status, idempotencyKey, retryAfterMs = null, ...options }: Circumstances,
  ) {
    super(problem.message, options)
    this.name = 'SaomaError'
    this.type = problem.type
    this.code = problem.code
    this.param = problem.param ?? null
    this.outcome = problem.outcome
    this.status = status
    this.requestId = problem.request_id ?? null
    this.idempotencyKey = idempotencyKey
    this.retryAfterMs = retryAfterMs
    this.alipay = problem.alipay ?? null
    this.docUrl = problem.doc_url ?? null
    this.payment = problem.payment ?? null
    this.refund = problem.refund ?? null
  }
}

/** Whether the same request may be answered otherwise in a moment. */
export function mayPass({ status, code }: SaomaError): boolean {
  return status === null || status === 429 || status >= 500 || code === 'request_in_progress'
}
