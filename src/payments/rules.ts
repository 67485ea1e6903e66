/**
 * What may be chosen about an application's payments.
 *
 * @module
 */

/** The choices of one application. */
export interface PaymentRules {
  /**
   * How an unpaid payment is ended. `cancel` (default): `alipay.trade.cancel`, as Alipay
   * prescribes; it sends the money back if the buyer has paid in that instant. `close`:
   * `alipay.trade.close`, which never moves money, but does nothing to a code that nobody scanned.
   */
  readonly fence: 'cancel' | 'close'
  /** Milliseconds from showing the code to the first query. Default 5,000, at least 1,000. */
  readonly firstQueryAfterMs: number
  /** Milliseconds between queries. Default 5,000, at least 1,000. */
  readonly pollIntervalMs: number
  /**
   * Money that comes after the end, where nothing else has paid its reference. `default`: accepted
   * within 15 minutes of the end, else held for a person; `accept`, `refund` and `hold`: always
   * so.
   */
  readonly latePayments: 'default' | 'accept' | 'refund' | 'hold'
  /** Money for a reference that was paid before. Default `hold`: a person decides. */
  readonly duplicatePayments: 'refund' | 'hold'
  /**
   * Milliseconds between two refunds of one trade, 3,000 or more. Default 3,000, as Alipay asks
   * for; 6,000 where other processes write to the store, whose clocks may be apart.
   */
  readonly refundSpacingMs: number
}

/** What holds where nothing is chosen. */
export const DEFAULT_RULES: PaymentRules = {
  fence: 'cancel',
  firstQueryAfterMs: 5_000,
  pollIntervalMs: 5_000,
  latePayments: 'default',
  duplicatePayments: 'hold',
  refundSpacingMs: 3_000,
}

/** Alipay wants refunds of one trade at least this far apart. Alipay: 退款, 注意事项. */
export const REFUND_SPACING_MIN_MS = 3_000

/** Two clocks that go by the gateway's dates, which have whole seconds, are this close together. */
const CLOCKS_APART_MS = 3_000

/** Late money is accepted by default where it was paid at most this long after the end. */
export const LATE_ACCEPTED_MS = 900_000

/** Queries of one payment are never closer than this. */
export const POLL_INTERVAL_MIN_MS = 1_000

/**
 * Fills in what was not chosen.
 *
 * @param store `isShared`: whether other processes write to the store.
 * @throws {RangeError} If an interval is too short, or longer than an hour.
 */
export function toRules(
  chosen: Partial<PaymentRules> = {},
  { isShared = false }: { readonly isShared?: boolean } = {},
): PaymentRules {
  const refundSpacingMs = DEFAULT_RULES.refundSpacingMs + (isShared ? CLOCKS_APART_MS : 0)
  const rules = { ...DEFAULT_RULES, refundSpacingMs, ...chosen }
  if (!(rules.refundSpacingMs >= REFUND_SPACING_MIN_MS)) {
    throw new RangeError('refundSpacingMs is 3,000 or more')
  }
  for (const name of ['firstQueryAfterMs', 'pollIntervalMs'] as const) {
    const ms = rules[name]
    if (!Number.isInteger(ms) || ms < POLL_INTERVAL_MIN_MS || ms > 3_600_000) {
      throw new RangeError(`${name} is whole milliseconds from 1,000 to 3,600,000`)
    }
  }
  return rules
}
