/**
 * What a merchant's program is told of a reconciliation that is over.
 *
 * @module
 */

import { randomBytes } from 'node:crypto'
import { formatRfc3339, type Instant } from '../alipay/index.ts'
import { newEventId } from '../payments/identifiers.ts'
import type { ReconciliationEventType } from '../payments/payment-event.ts'
import type { DifferenceStatus } from './difference.ts'
import type { Reconciliation } from './reconciliation.ts'

/** An event of a reconciliation, stored in the commit that ends its run. */
export interface ReconciliationEvent {
  /** `evt_…`. */
  readonly id: string
  readonly type: ReconciliationEventType
  readonly reconciliationId: string
  readonly createdAt: Instant
  /** JSON of `{ object, previous }`: the reconciliation as it was committed. */
  readonly data: string
}

/** How many differences there are of a bill, by status. */
export type DifferenceCounts = Readonly<Record<DifferenceStatus, number>>

/** The event of a run that has ended; `null` for one that says nothing new. */
export function reconciliationEvent(
  before: Reconciliation,
  after: Reconciliation,
  differences: DifferenceCounts,
): ReconciliationEvent | null {
  const type = typeOf(before, after)
  if (type === null) return null
  const { id: reconciliationId, updatedAt: createdAt, status } = after
  const previous = before.status === status ? {} : { status: before.status }
  const data = JSON.stringify({ object: reconciliationJson(after, differences), previous })
  return { id: newEventId(createdAt, randomBytes), type, reconciliationId, createdAt, data }
}

/** A reconciliation for programs; without its sums, which may be long. */
export function reconciliationJson(one: Reconciliation, differences: DifferenceCounts) {
  return {
    id: one.id,
    object: 'reconciliation',
    date: one.date,
    bill_type: one.billType,
    status: one.status,
    source: one.source,
    runs: one.runs,
    rows: one.result?.rows ?? null,
    differences,
    failure: one.failure,
    created_at: formatRfc3339(one.createdAt),
    updated_at: formatRfc3339(one.updatedAt),
    finished_at: one.finishedAt === null ? null : formatRfc3339(one.finishedAt),
    next_try_at: one.nextTryAt === null ? null : formatRfc3339(one.nextTryAt),
  }
}

/** A bill is asked for each hour: that it is still not there, or still wrong, is told once. */
function typeOf(before: Reconciliation, after: Reconciliation): ReconciliationEventType | null {
  const { status, failure } = after
  if (failure !== null) {
    return failure.code === before.failure?.code ? null : 'reconciliation.failed'
  }
  if (status === 'balanced') return 'reconciliation.balanced'
  return status === 'differences' ? 'reconciliation.differs' : null
}
