/**
 * Ends the hold of refunds after a restored backup, and has those sent that waited.
 *
 * @module
 */

import { retryRefund } from './decide-refund.ts'
import type { Refund } from './payment.ts'
import { HELD_FAILURES } from './refund-hold.ts'
import type { Worker, WorkerContext } from './worker.ts'

/** Refunds that are looked through at once. */
const PAGE = 100

/**
 * Lifts the hold.
 *
 * @param by `bills`, or the id of who lifts it.
 * @returns How many refunds have waited for it; `undefined` if there is no hold. Where this process
 *   dies in between, the others go on by themselves within a quarter of an hour.
 */
export async function liftRefundHold(
  context: WorkerContext,
  worker: Worker,
  by: string,
): Promise<number | undefined> {
  const { store, clock } = context
  if (!(await store.liftRefundHold({ by, at: clock.now() }))) return undefined
  const held: Refund[] = []
  for (let before: string | undefined; ;) {
    const found = await store.listRefunds({ limit: PAGE, before, status: 'requires_action' })
    held.push(...found.filter(isWaiting))
    if (found.length < PAGE) break
    before = found.at(-1)?.id
  }
  for (const { id } of held) await retryRefund(context, worker, id)
  return held.length
}

/** What was given up meanwhile waits for nothing. */
function isWaiting({ failure, cancelRequestedAt }: Refund): boolean {
  return failure?.code === HELD_FAILURES.restored.code && cancelRequestedAt === null
}
