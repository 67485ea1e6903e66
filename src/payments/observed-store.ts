/**
 * The store, watched: every commit is a span, and is told to who counts once it is durable.
 *
 * @module
 */

import type { OrphanNotification, PaymentCommit, PaymentStore } from './payment-store.ts'
import { traced } from './tracing.ts'

/** Is told of each commit that this process has made; does not throw. */
export type CommitObserver = (commit: PaymentCommit) => void

/** Is told of each notification of an order that is not known; does not throw. */
export type OrphanObserver = (orphan: OrphanNotification) => void

/** Watches what is written to a store. */
export function observeStore(
  store: PaymentStore,
  onCommit: CommitObserver,
  onOrphan: OrphanObserver,
): PaymentStore {
  const observed = <Result extends string>(
    commit: PaymentCommit,
    write: () => Promise<Result>,
  ): Promise<Result> =>
    traced('commit', { attributes: attributesOf(commit) }, async (span) => {
      const result = await write()
      span.setAttribute('saoma.commit.result', result)
      if (result === 'saved' || result === 'inserted') onCommit(commit)
      return result
    })
  return {
    ...store,
    insert: (commit, lease) => observed(commit, () => store.insert(commit, lease)),
    save: (commit) => observed(commit, () => store.save(commit)),
    async storeOrphan(orphan) {
      await store.storeOrphan(orphan)
      onOrphan(orphan)
    },
  }
}

function attributesOf({ record, events, timeline }: PaymentCommit) {
  return {
    'saoma.payment.id': record.payment.id,
    'saoma.payment.status': record.payment.status,
    'saoma.evidence': timeline.map(({ kind }) => kind),
    'saoma.events': events.map(({ type }) => type),
  }
}
