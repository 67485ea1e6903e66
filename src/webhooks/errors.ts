/**
 * Every way in which webhooks can fail that is not an answer of a receiver. `code` is stable for
 * programs. Misuse by the programmer is a plain `TypeError` or `RangeError` and not one of these.
 *
 * @module
 */

import type { Outcome } from '../alipay/index.ts'

/** The codes of all errors of webhooks. A code never changes its meaning. */
export type WebhookErrorCode =
  | 'ERR_WEBHOOK_INVALID'
  | 'ERR_WEBHOOK_ENDPOINT_INVALID'
  | 'ERR_WEBHOOK_SECRET_INVALID'
  | 'ERR_WEBHOOK_ADDRESS_REFUSED'

/** What all errors of webhooks have in common. Narrow by class, or by `code`. */
export abstract class WebhookError extends Error {
  abstract readonly code: WebhookErrorCode
  /** Nothing was changed, nothing was sent. */
  readonly outcome: Outcome = 'not_applied'

  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
  }
}

/** Why a receiver may not believe a webhook. */
export type WebhookProblem =
  | 'body_parsed'
  | 'header_missing'
  | 'header_malformed'
  | 'timestamp_too_old'
  | 'timestamp_too_new'
  | 'body_altered'
  | 'secret_wrong'

/** A webhook that nobody may believe; `problem` says why, the message what to do. */
export class WebhookInvalid extends WebhookError {
  readonly code = 'ERR_WEBHOOK_INVALID'
  readonly problem: WebhookProblem

  constructor(problem: WebhookProblem, message: string, options?: ErrorOptions) {
    super(message, options)
    this.problem = problem
  }
}

/** Why an endpoint cannot be as it was asked for. */
export type EndpointProblem =
  | 'url_malformed'
  | 'url_not_https'
  | 'url_has_credentials'
  | 'address_refused'
  | 'types_empty'
  | 'types_unknown'
  | 'description_malformed'
  | 'too_many_endpoints'
  | 'too_many_secrets'

/** An endpoint cannot be as it was asked for; `param` names the field. */
export class EndpointInvalid extends WebhookError {
  readonly code = 'ERR_WEBHOOK_ENDPOINT_INVALID'
  readonly problem: EndpointProblem
  /** The field that is wrong; `null` where it is none. */
  readonly param: 'url' | 'types' | 'description' | null

  constructor(problem: EndpointProblem, param: EndpointInvalid['param'], message: string) {
    super(message)
    this.problem = problem
    this.param = param
  }
}

/** A text is no signing secret, or a stored one cannot be read. Never holds the secret. */
export class SecretInvalid extends WebhookError {
  readonly code = 'ERR_WEBHOOK_SECRET_INVALID'
}

/** An address that no webhook is sent to, for it may belong to the inside of a network. */
export class AddressRefused extends WebhookError {
  readonly code = 'ERR_WEBHOOK_ADDRESS_REFUSED'
  /** The host of the endpoint's URL. */
  readonly host: string
  /** What it stands for. */
  readonly address: string

  constructor(host: string, address: string, kind: string) {
    const which = host === address ? address : `${host} is ${address}, which`
    super(
      `${which} is ${kind}: nothing was sent. Give the endpoint a public address, or have the operator list it in the allowed addresses.`,
    )
    this.host = host
    this.address = address
  }
}
