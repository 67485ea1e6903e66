/**
 * The objects of the API, as it writes them, and what is asked for.
 *
 * @module
 */

import type { PaymentJson, RefundJson } from '../payments/index.ts'

/** A payment. Amounts are whole fen. */
export type Payment = Plain<PaymentJson> & {
  /** Its refunds, where `expand` asked for them. */
  readonly refunds?: readonly Refund[] | undefined
}

/** A refund. */
export type Refund = Plain<RefundJson>

/** As JSON has it: an amount is a number and nothing more. */
type Plain<Value> = Value extends number
  ? number
  : Value extends readonly (infer Item)[]
    ? readonly Plain<Item>[]
    : Value extends object
      ? { readonly [Name in keyof Value]: Plain<Value[Name]> }
      : Value

/** What is to come as objects. */
export interface Expand<Names extends string> {
  /** By the names of their fields. Default: none. */
  readonly expand?: readonly Names[]
}

/** An object in which some objects, as they are now, stand in the place of their ids. */
export type WithObjects<Of, Names extends 'payment' | 'refund'> = [Names] extends [never]
  ? Of
  : Of extends unknown
    ? Omit<Of, Names> & Pick<{ readonly payment: Payment; readonly refund: Refund | null }, Names>
    : never

/** What a payment is made of. */
export interface CreatePayment {
  /** Whole fen; `fen('88.88')` makes them from yuan. */
  readonly amount: number
  /** What the buyer sees, 1 to 256 characters. */
  readonly subject: string
  /** Your name for the sale: one reference is paid once. */
  readonly reference?: string
  /** The number that Alipay shall know it by. */
  readonly out_trade_no?: string
  /**
   * The payment code that the buyer shows (付款码), as the till scanned it: 16 to 24 digits. The
   * payment is then taken from it, without a QR code of ours.
   */
  readonly auth_code?: string
  /** Seconds that the buyer is given, 60 to 6600. Default 300; with `auth_code` always 60. */
  readonly expires_in?: number
  /** Where the cashier page leads when it is over. */
  readonly return_url?: string
  readonly metadata?: Readonly<Record<string, string>>
  readonly store_id?: string
  readonly operator_id?: string
  readonly terminal_id?: string
  /** Whether the cashier page may offer a new code after the end. */
  readonly retry_allowed?: boolean
  /**
   * The open payment of the same reference that this one takes the place of, because the buyer pays
   * in another way: it is canceled first, and this one is made only if nobody has paid it.
   */
  readonly instead_of?: string
}

/** What a refund is made of. */
export interface CreateRefund {
  /** The payment's id. */
  readonly payment: string
  /** Whole fen; by default all that is left. */
  readonly amount?: number
  /** Your name for the refund: a repeat is the same refund. */
  readonly reference?: string
  readonly reason?: string
  readonly metadata?: Readonly<Record<string, string>>
}

/** Which page of a list. */
export interface PageOptions {
  /** 1 to 100. Default 10. */
  readonly limit?: number
  /** The last id of the page before. */
  readonly starting_after?: string
}

/** Which payments. */
export interface ListPayments extends PageOptions {
  readonly reference?: string
  readonly status?: Payment['status']
  readonly amount?: number
  /** RFC 3339. */
  readonly created_from?: string
  /** RFC 3339. */
  readonly created_before?: string
  readonly in_review?: boolean
  /** What a customer or a bill calls it. */
  readonly q?: string
}

/** Which refunds. */
export interface ListRefunds extends PageOptions {
  readonly payment?: string
  readonly status?: Refund['status']
}

/** Which events. */
export interface ListEvents extends PageOptions {
  readonly types?: readonly string[]
  readonly payment?: string
  readonly delivered?: boolean
  readonly order?: 'asc' | 'desc'
}

/** Which deliveries. */
export interface ListDeliveries extends PageOptions {
  readonly status?: Delivery['status']
}

/** What a webhook endpoint is made of. */
export interface CreateEndpoint {
  /** Https; in test mode http too. */
  readonly url: string
  /** Kinds of events. Default `*`: all, also those that are yet to come. */
  readonly types?: '*' | readonly string[]
  readonly description?: string
}

/** What is to be different about a webhook endpoint. */
export interface UpdateEndpoint extends Partial<CreateEndpoint> {
  readonly status?: 'enabled' | 'disabled'
}

/** A page of a list. */
export interface List<Item> {
  readonly object: 'list'
  readonly data: readonly Item[]
  readonly has_more: boolean
}

/** A line of a timeline. */
export interface TimelineEntry {
  readonly object: 'timeline_entry'
  readonly at: string
  readonly kind: string
  readonly source: string
  readonly summary: Readonly<Record<string, unknown>>
  readonly version: number
  readonly from: Payment['status'] | null
  readonly to: Payment['status']
  readonly raw: string | null
}

/** A webhook endpoint. */
export interface WebhookEndpoint {
  readonly id: string
  readonly object: 'webhook_endpoint'
  readonly livemode: boolean
  readonly url: string
  readonly description: string
  readonly types: '*' | readonly string[]
  readonly status: 'enabled' | 'disabled'
  readonly disabled_reason: 'merchant' | 'gone' | 'failing' | null
  readonly failures: number
  readonly failing_since: string | null
  readonly secrets: readonly { readonly created_at: string; readonly holds_until: string | null }[]
  readonly created_at: string
  readonly updated_at: string
}

/** A webhook endpoint whose secret is told, this once. */
export interface EndpointWithSecret extends WebhookEndpoint {
  /** `whsec_…` */
  readonly secret: string
}

/** What is sent to an endpoint. */
export interface Delivery {
  readonly id: string
  readonly object: 'webhook_delivery'
  readonly endpoint: string
  readonly event: string
  readonly type: string | null
  readonly status: 'pending' | 'succeeded' | 'failed'
  readonly attempts: number
  readonly due_in_ms: number | null
  readonly log: readonly {
    readonly at: string
    readonly duration_ms: number
    readonly status: number | null
    readonly error: string | null
    readonly answer: string | null
  }[]
  readonly created_at: string
  readonly finished_at: string | null
}
