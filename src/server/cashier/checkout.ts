/**
 * What a buyer is told about a payment: one object, from which the page is drawn, the status is
 * answered and the live events are sent.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { formatRfc3339 } from '../../alipay/index.ts'
import { checkoutView, type CheckoutView, type PaymentRecord } from '../../payments/index.ts'
import type { AppContext } from '../options.ts'
import type { PageOptions } from './page-options.ts'
import { texts } from './texts.ts'
import { isFinal, renderCheckout } from './view.ts'

/** What the buyer may know, as JSON, and the page's inner HTML that shows it. */
export interface Checkout {
  readonly object: 'checkout'
  /** Counts the commits: of two answers the one with more is the newer. */
  readonly version: number
  readonly livemode: boolean
  readonly state: CheckoutView['state']
  /** Whether nothing more will come. */
  readonly final: boolean
  /** Fen. */
  readonly amount: number
  readonly amount_refunded: number
  readonly currency: 'cny'
  readonly subject: string
  /** `null` as soon as it must not be shown. */
  readonly qr_code: string | null
  readonly expires_at: string
  /** Milliseconds until then, by the server's clock: the buyer's may be wrong. */
  readonly expires_in_ms: number
  readonly paid_at: string | null
  readonly return_url: string | null
  /** Where to ask for a new code, by POST, once this one is over; `null` where it may not be. */
  readonly retry_url: string | null
  /** Names this content; another content has another. What is left of the time does not count. */
  readonly tag: string
  /** The state in one line, read out when it changes. */
  readonly title: string
  /** What stands inside the page's `<main>`. */
  readonly html: string
}

/** Says what the buyer may know about a payment now. */
export function checkoutOf(
  record: PaymentRecord,
  options: PageOptions,
  context: AppContext,
): Checkout {
  const now = context.clock.now()
  const view = checkoutView(record, now)
  const expiresInMs = Math.max(0, view.expiresAt - now)
  const content = {
    object: 'checkout',
    livemode: context.mode === 'live',
    state: view.state,
    // What is over for the buyer may still be paid while the proof of its end is being fetched.
    final: isFinal(view.state) && record.payment.status !== 'closing',
    amount: view.amount,
    amount_refunded: view.amountRefunded,
    currency: 'cny',
    subject: view.subject,
    qr_code: view.qrCode,
    expires_at: formatRfc3339(view.expiresAt),
    paid_at: view.paidAt === null ? null : formatRfc3339(view.paidAt),
    return_url: view.returnUrl,
    retry_url: formsOf(record, context).retryUrl,
    title: texts[options.language].states[view.state][0],
  } as const
  const hash = createHash('sha256').update(JSON.stringify(content)).digest('base64url')
  return {
    ...content,
    version: record.payment.version,
    expires_in_ms: expiresInMs,
    tag: hash.slice(0, 16),
    html: renderCheckout(view, { expiresInMs, ...formsOf(record, context) }, options, context),
  }
}

/** Where the page's forms are sent; `null` for one that it has not. */
function formsOf(record: PaymentRecord, { basePath }: AppContext) {
  const { checkoutToken, status } = record.payment
  const url = `${basePath}/c/${checkoutToken}`
  return {
    retryUrl: canRetry(record) ? `${url}/retry` : null,
    checkUrl: status === 'pending' || status === 'closing' ? `${url}/check` : null,
  }
}

/**
 * Whether the buyer may ask for a new code: the merchant allows it, the old one is over, and the
 * merchant has not given up the sale.
 */
export function canRetry({ payment }: PaymentRecord): boolean {
  const isOver = payment.status === 'expired' || payment.status === 'canceled'
  const isGivenUp = payment.cancellationReason === 'requested'
  return payment.retryAllowed && payment.reference !== null && isOver && !isGivenUp
}
