/**
 * Writes what evidence changes. A write that meets a newer version reads again and applies the same
 * evidence to it: evidence is never dropped.
 *
 * @module
 */

import type { Clock, Instant } from '../alipay/index.ts'
import type { Evidence } from './evidence.ts'
import type { PaymentRecord } from './payment.ts'
import type { PaymentStore, TimelineEntry } from './payment-store.ts'
import type { PaymentWatchers } from './payment-watchers.ts'
import { transition } from './transitions.ts'

/** What committing needs. */
export interface CommitContext {
  readonly store: PaymentStore
  readonly clock: Clock
  readonly watchers: PaymentWatchers
}

/** Somebody else writes this often between our read and our write only if something is broken. */
const LOST_RACES_MAX = 50

/**
 * Applies evidence to a payment, commits the result with its events and its line in the timeline,
 * and then tells those who watch it.
 *
 * @returns The payment as committed, and whether the evidence changed more than its schedule.
 */
export async function commitEvidence(
  context: CommitContext,
  record: PaymentRecord,
  evidence: Evidence,
): Promise<{ readonly record: PaymentRecord; readonly changed: boolean }> {
  const { store, clock, watchers } = context
  let current = record
  for (let race = 0; race < LOST_RACES_MAX; race++) {
    const now = clock.now()
    const { record: next, events } = transition(current, evidence, now)
    const changed = events.length > 0 || isNews(current, next)
    const numbered: PaymentRecord = {
      ...next,
      payment: { ...next.payment, version: current.payment.version + 1 },
    }
    const timeline = changed ? [toTimeline(evidence, now)] : []
    if (await store.save({ record: numbered, events, timeline })) {
      watchers.tell(numbered)
      return { record: numbered, changed }
    }
    const read = await store.find({ id: record.payment.id })
    if (read === undefined) throw new Error(`Payment ${record.payment.id} is gone from the store`)
    current = read
  }
  throw new Error(`Payment ${record.payment.id} was changed by others ${LOST_RACES_MAX} times`)
}

/** Moves of the schedule and counters alone are no news. */
function isNews(before: PaymentRecord, after: PaymentRecord): boolean {
  const a = before.payment
  const b = after.payment
  return (
    a.status !== b.status ||
    a.tradeStatus !== b.tradeStatus ||
    a.tradeNo !== b.tradeNo ||
    a.outcome !== b.outcome ||
    a.qrCode !== b.qrCode ||
    a.cancelAttemptedAt !== b.cancelAttemptedAt ||
    a.cancelAnsweredAt !== b.cancelAnsweredAt ||
    after.refunds.some((refund, index) => refund.status !== before.refunds[index]?.status)
  )
}

/** The line for people: what was learned and from where, without the buyer. */
function toTimeline(evidence: Evidence, at: Instant): TimelineEntry {
  switch (evidence.kind) {
    case 'trade': {
      const { buyerLogonId: _, ...summary } = evidence.trade
      const source = evidence.source === 'query' ? 'gateway' : 'notification'
      return { at, kind: 'trade', source, summary }
    }
    case 'deadline_passed':
      return { at, kind: evidence.kind, source: 'clock', summary: {} }
    case 'cancel_requested':
      return { at, kind: evidence.kind, source: 'merchant', summary: {} }
    case 'cancel_attempted':
    case 'refund_sent': {
      const { kind, ...summary } = evidence
      return { at, kind, source: 'engine', summary }
    }
    default: {
      const { kind, ...summary } = evidence
      return { at, kind, source: 'gateway', summary }
    }
  }
}
