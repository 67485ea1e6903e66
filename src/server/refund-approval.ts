/**
 * Refunds that somebody else has to approve: those of people, above what the application allows.
 *
 * @module
 */
import type { Fen } from '../alipay/index.ts'
import { amountRefundable, type PaymentRecord } from '../payments/index.ts'
import type { Actor } from './authentication.ts'
import type { AppContext } from './options.ts'

/**
 * Whether a refund of so much needs approval. All that goes back of a payment counts: many small
 * refunds are one large one. Programs are not held up.
 */
export async function needsApproval(
  { desk }: Pick<AppContext, 'desk'>,
  { appId, session }: Pick<Actor, 'appId' | 'session'>,
  record: PaymentRecord,
  asked: Fen,
): Promise<boolean> {
  if (desk === undefined || session === null) return false
  const { refundApprovalAbove: limit } = await desk.settings(appId)
  const refundable = amountRefundable(record)
  return limit !== null && record.payment.amount - refundable + asked > limit
}
