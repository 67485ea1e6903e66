/**
 * What a person has to look at, found in one place: the list shows it and the metrics count it.
 *
 * @module
 */
import type { RefundRequest } from '../access/index.ts'
import type { Alarm } from '../alarms/index.ts'
import { addMs } from '../alipay/index.ts'
import type { Difference, Reconciliation } from '../books/index.ts'
import type { PaymentRecord, Refund } from '../payments/index.ts'
import type { WebhookEndpoint } from '../webhooks/index.ts'
import type { ServedApp, ServerContext } from './options.ts'

/** All of it for one application, newest first. */
export interface NeedsAttention {
  /** Late, duplicate or otherwise strange money. */
  readonly reviews: readonly PaymentRecord[]
  /** No result {@link STUCK_MS} after the deadline. */
  readonly stuck: readonly PaymentRecord[]
  /** Refunds that wait for the merchant. */
  readonly waiting: readonly Refund[]
  /** Refunds without a result {@link REFUND_STUCK_MS} after they were made. */
  readonly stuckRefunds: readonly Refund[]
  /** Refunds that somebody else has to approve. */
  readonly requests: readonly RefundRequest[]
  readonly differences: readonly Difference[]
  /** Days of business without a bill in the evening. */
  readonly lateBills: readonly Reconciliation[]
  readonly disabledEndpoints: readonly WebhookEndpoint[]
  /** What stands wrong with keys, clock, account, gateway or notifications. */
  readonly standing: readonly Alarm[]
}

/** A payment without a result is looked at this long after its deadline, in milliseconds. */
export const STUCK_MS = 300_000

/** A refund without a result is looked at this long after it was made, in milliseconds. */
export const REFUND_STUCK_MS = 900_000

/** Reconciliations that are looked at: those of more than a month, of both types of bills. */
const RECONCILIATIONS = 70

/** Finds at most `limit` of each kind. */
export async function needingAttention(
  { desk, clock }: Pick<ServerContext, 'desk' | 'clock'>,
  { id, payments, webhooks, books, standing }: ServedApp,
  limit: number,
): Promise<NeedsAttention> {
  const now = clock.now()
  const createdBefore = addMs(now, -REFUND_STUCK_MS)
  const [reviews, closing, waiting, stuckRefunds, requests, differences, runs, endpoints] =
    await Promise.all([
      payments.list({ limit, inReview: true }),
      payments.list({ limit, status: 'closing' }),
      payments.listRefunds({ limit, status: 'requires_action' }),
      payments.listRefunds({ limit, status: 'processing', createdBefore }),
      desk?.listRefundRequests(id, { limit, status: 'pending' }) ?? [],
      books?.differences({ limit, statuses: ['open'] }) ?? [],
      books?.list({ limit: RECONCILIATIONS }) ?? [],
      webhooks?.endpoints.list() ?? [],
    ])
  return {
    reviews,
    stuck: closing.filter(({ payment }) => addMs(payment.expiresAt, STUCK_MS) < now),
    waiting,
    stuckRefunds,
    requests,
    differences,
    lateBills: runs.filter(({ failure }) => failure?.code === 'bill_late').slice(0, limit),
    disabledEndpoints: endpoints.filter(({ status }) => status === 'disabled'),
    standing: standing(),
  }
}
