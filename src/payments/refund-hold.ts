/**
 * After a restored backup no refund is sent, until it is known what went back since: a refund that
 * Alipay has made must not be made again under another number.
 *
 * @module
 */

import type { Instant } from '../alipay/index.ts'
import type { Failure, PaymentRecord, Refund } from './payment.ts'

/** What is known of the last restored backup. */
export interface RefundHold {
  /** What happened from then on is not in the backup. */
  readonly from: Instant
  /** When a server first ran on it; what was sold later is not held. `null`: none has yet. */
  readonly until: Instant | null
  /** Since when refunds are sent again; `null` while they are held. */
  readonly liftedAt: Instant | null
  /** `bills`, or the id of who has lifted it. */
  readonly liftedBy: string | null
}

/**
 * Why a refund is not sent.
 *
 * - `restored`: what went back between the backup and its restoring is not known yet.
 * - `refunded_meanwhile`: it is known now, and some did go back of this payment: a person decides
 *   whether this refund is that one, made again.
 */
export type HeldReason = 'restored' | 'refunded_meanwhile'

/** How long a held refund rests until it is looked at again, unless somebody lifts the hold. */
export const HELD_LOOK_MS = 900_000

/** What a held refund says of itself; the codes are ours and not Alipay's. */
export const HELD_FAILURES: Readonly<Record<HeldReason, Failure>> = {
  restored: {
    code: 'SAOMA.RESTORED',
    message:
      'The books were restored from a backup, and refunds of what was sold before wait until Alipay’s bills tell what went back since: nothing to do. An owner may lift the hold earlier.',
    alipayMessage: '',
  },
  refunded_meanwhile: {
    code: 'SAOMA.REFUNDED_MEANWHILE',
    message:
      'Money of this payment went back while the books were away, so this refund may have been made under another number. Compare them: retry this one to send it all the same, or cancel it.',
    alipayMessage: '',
  },
}

/** Whether it is a restored backup that keeps a refund from being sent. */
export function isHeld({ failure }: Refund): boolean {
  return Object.values(HELD_FAILURES).some(({ code }) => code === failure?.code)
}

/** Decides whether a refund may be sent; `null` if it may. */
export function heldBecause(
  hold: RefundHold | undefined,
  { payment, refunds }: PaymentRecord,
  refund: Refund,
): HeldReason | null {
  if (hold === undefined) return null
  const { until, liftedAt } = hold
  // Nobody can have refunded what was not sold yet.
  if (until !== null && payment.createdAt >= until) return null
  if (liftedAt === null || until === null) return 'restored'
  const isUndecided = refund.failure?.code === HELD_FAILURES.restored.code
  const isOfBackup = refund.updatedAt < until
  const isRefunded = refunds.some(
    ({ source, createdAt }) => source === 'external' && createdAt >= until,
  )
  return (isUndecided || isOfBackup) && isRefunded ? 'refunded_meanwhile' : null
}
