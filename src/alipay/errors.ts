/**
 * Every way in which the gateway part can fail. The class says how far the call got, `code` is
 * stable for programs, `outcome` says what may be concluded about the money. Misuse by the
 * programmer is a plain `TypeError` or `RangeError` and not one of these.
 *
 * @module
 */

import { rawText } from './raw-text.ts'

/**
 * What may be concluded from a call.
 *
 * - `applied`: the gateway did it.
 * - `not_applied`: the gateway did not do it; asking again is a new request.
 * - `unknown`: it may or may not have been done. Find out before you assume either.
 */
export type Outcome = 'applied' | 'not_applied' | 'unknown'

/** The codes of all errors of `saoma/alipay`. A code never changes its meaning. */
export type AlipayErrorCode =
  | 'ERR_ALIPAY_CONFIGURATION_INVALID'
  | 'ERR_ALIPAY_KEY_INVALID'
  | 'ERR_ALIPAY_CERTIFICATE_INVALID'
  | 'ERR_ALIPAY_GATEWAY_UNREACHABLE'
  | 'ERR_ALIPAY_SIGNATURE_INVALID'
  | 'ERR_ALIPAY_MESSAGE_MALFORMED'
  | 'ERR_ALIPAY_REQUEST_REFUSED'
  | 'ERR_ALIPAY_NOTIFICATION_INVALID'

/** What all errors of `saoma/alipay` have in common. Narrow by class, or by `code`. */
export abstract class AlipayError extends Error {
  abstract readonly code: AlipayErrorCode
  /** What may be concluded about the call that failed. */
  readonly outcome: Outcome

  constructor(message: string, outcome: Outcome, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
    this.outcome = outcome
  }
}

/** A setting of the client is missing or cannot be. Nothing was sent. */
export class ConfigurationInvalid extends AlipayError {
  readonly code = 'ERR_ALIPAY_CONFIGURATION_INVALID'

  constructor(message: string, options?: ErrorOptions) {
    super(message, 'not_applied', options)
  }
}

/** Why a text is not the key that is needed. */
export type KeyProblem =
  | 'empty'
  | 'truncated'
  | 'unreadable'
  | 'encrypted'
  | 'public_key_given_as_private'
  | 'private_key_given_as_public'
  | 'certificate_given_as_private'
  | 'own_application_key_given_as_alipay'
  | 'not_rsa'
  | 'too_short_for_rsa2'

/**
 * A text is not the key that is needed; `problem` says why and the message what to do. Never holds
 * the key.
 */
export class KeyInvalid extends AlipayError {
  readonly code = 'ERR_ALIPAY_KEY_INVALID'
  readonly problem: KeyProblem

  constructor(problem: KeyProblem, message: string, options?: ErrorOptions) {
    super(message, 'not_applied', options)
    this.problem = problem
  }
}

/** Why a certificate cannot be used. */
export type CertificateProblem =
  | 'unreadable'
  | 'wrong_file'
  | 'key_mismatch'
  | 'expired'
  | 'not_yet_valid'
  | 'chain_broken'
  | 'serial_number_mismatch'

/**
 * A certificate file is not the one that is needed, or its chain does not lead to the configured
 * root.
 */
export class CertificateInvalid extends AlipayError {
  readonly code = 'ERR_ALIPAY_CERTIFICATE_INVALID'
  readonly problem: CertificateProblem

  constructor(
    problem: CertificateProblem,
    message: string,
    options?: ErrorOptions & { readonly outcome?: Outcome },
  ) {
    super(message, options?.outcome ?? 'not_applied', options)
    this.problem = problem
  }
}

/**
 * How far a call got that brought no answer. At `connect` and `withdrawn` nothing of it was sent;
 * `withdrawn` is the caller's own `isStillWanted`.
 */
export type UnreachableStage =
  'connect' | 'withdrawn' | 'timeout' | 'aborted' | 'interrupted' | 'http_status'

/**
 * No answer of the gateway was read: no connection, a time-out, a broken connection, or an HTTP
 * status other than 200 from something in between. `unknown`, unless nothing was sent.
 */
export class GatewayUnreachable extends AlipayError {
  readonly code = 'ERR_ALIPAY_GATEWAY_UNREACHABLE'
  readonly stage: UnreachableStage
  /** The HTTP status, where there was one. */
  readonly status: number | undefined

  constructor(
    stage: UnreachableStage,
    message: string,
    options?: ErrorOptions & { readonly status?: number },
  ) {
    super(message, UNSENT.includes(stage) ? 'not_applied' : 'unknown', options)
    this.stage = stage
    this.status = options?.status
  }
}

const UNSENT: readonly UnreachableStage[] = ['connect', 'withdrawn']

/** Why a signature proves nothing. */
export type SignatureProblem =
  | 'no_signature'
  | 'bad_base64'
  | 'wrong_key'
  | 'own_public_key_configured'
  | 'unknown_certificate'
  | 'looks_like_gbk'
  | 'looks_decoded_twice'
  | 'wrong_sign_type'

/**
 * An answer that nobody may believe: it has no signature, or one that Alipay did not make over
 * these bytes. Always `unknown`: the request was sent.
 */
export class SignatureInvalid extends AlipayError {
  readonly code = 'ERR_ALIPAY_SIGNATURE_INVALID'
  readonly problem: SignatureProblem

  constructor(problem: SignatureProblem, message: string, options?: ErrorOptions) {
    super(message, 'unknown', options)
    this.problem = problem
  }
}

/**
 * An answer that is not of the documented form: HTML, cut off, too large, two nodes of one name.
 * `unknown`.
 */
export class MessageMalformed extends AlipayError {
  readonly code = 'ERR_ALIPAY_MESSAGE_MALFORMED'

  constructor(message: string, options?: ErrorOptions) {
    super(message, 'unknown', options)
  }
}

/**
 * The gateway answered, and the answer is verified, and it is no. `outcome` comes from the table of
 * sub codes; a code that the table does not know is `unknown`.
 */
export class RequestRefused extends AlipayError {
  readonly code = 'ERR_ALIPAY_REQUEST_REFUSED'
  /** The method that was called, e.g. `alipay.trade.refund`. */
  readonly method: string
  /** Alipay's `code`, e.g. `40004`. */
  readonly alipayCode: string
  /** Alipay's `sub_code`, e.g. `ACQ.TRADE_NOT_EXIST`; empty where there was none. */
  readonly subCode: string
  /** Alipay's `sub_msg`, in Chinese, for people. */
  readonly subMsg: string
  /** The `trace_id` header of the answer, which Alipay's support asks for. */
  readonly traceId: string | undefined
  readonly #node: Readonly<Record<string, unknown>>

  constructor(refusal: {
    readonly method: string
    readonly alipayCode: string
    readonly subCode: string
    readonly subMsg: string
    readonly traceId: string | undefined
    readonly node: Readonly<Record<string, unknown>>
    readonly outcome: Outcome
    readonly advice: string
  }) {
    const { method, alipayCode, subCode } = refusal
    // The gateway's own codes may repeat the whole request; those of the business are plain words.
    const words = subCode.startsWith('ACQ.') ? ` (${refusal.subMsg.slice(0, 200)})` : ''
    super(`${method} answered ${alipayCode} ${subCode}${words}: ${refusal.advice}`, refusal.outcome)
    this.method = method
    this.alipayCode = alipayCode
    this.subCode = subCode
    this.subMsg = refusal.subMsg
    this.traceId = refusal.traceId
    this.#node = refusal.node
  }

  /**
   * The whole verified node: failures carry business fields too, such as `retry_flag`. Not printed
   * with the error, for it may hold buyer data.
   */
  get node(): Readonly<Record<string, unknown>> {
    return this.#node
  }

  /** The text of the node, over which it was verified: see `rawText`. Not printed either. */
  get rawText(): string | undefined {
    return rawText(this.#node)
  }
}

/**
 * A message that claims to be from Alipay and is not proven to be. Nothing may change because of
 * it.
 */
export class NotificationInvalid extends AlipayError {
  readonly code = 'ERR_ALIPAY_NOTIFICATION_INVALID'
  readonly problem: SignatureProblem | 'malformed' | 'too_large'
  readonly #signingContent: string | undefined

  constructor(
    problem: SignatureProblem | 'malformed' | 'too_large',
    message: string,
    options?: ErrorOptions & { readonly signingContent?: string },
  ) {
    super(message, 'not_applied', options)
    this.problem = problem
    this.#signingContent = options?.signingContent
  }

  /**
   * The text that the signature was checked against. Not printed with the error: it holds buyer
   * data.
   */
  get signingContent(): string | undefined {
    return this.#signingContent
  }
}
