/**
 * The store, watched: every commit is a span, and is told to who counts once it is durable.
 *
 * @module
 */

import type { PaymentCommit, PaymentStore } from './payment-store.ts'
import { traced } from './tracing.ts'

/** Is told of each commit that this process has made; does not throw. */
export type CommitObserver = (commit: PaymentCommit) => void

/** Watches the commits of a store. */
export function observeStore(store: PaymentStore, onCommit: CommitObserver): PaymentStore {
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
