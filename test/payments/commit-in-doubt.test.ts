/**
 * A commit of which nobody knows whether it was made: what it may have done is not counted on.
 *
 * @module
 */

import { expect, test } from 'vitest'
import { commitEvidence, type CommitContext } from '../../src/payments/commit.ts'
import { secureRandom } from '../../src/payments/identifiers.ts'
import {
  DEFAULT_RULES,
  StoreUnavailable,
  type Lease,
  type PaymentCommit,
  type PaymentRecord,
  type PaymentStore,
} from '../../src/payments/index.ts'
import { PaymentWatchers } from '../../src/payments/payment-watchers.ts'
import { at, paidTrade, record, refund } from './records.ts'

const lease: Lease = { token: 'ours', ms: 90_000 }

test('a lease that such a commit may have given back is not worked under any more', async () => {
  const commits: PaymentCommit[] = []
  // While it was written the merchant asked for a refund: now there would be something to do.
  const read = record({ status: 'pending', version: 9 }, [refund()])
  const result = await commitEvidence(
    contextOf({
      async save(commit) {
        commits.push(commit)
        if (commits.length === 1) throw new StoreUnavailable('No answer.', 'unknown')
        return 'saved'
      },
      find: async () => read,
    }),
    record({ status: 'pending' }),
    { kind: 'trade', source: 'query', trade: paidTrade() },
    { release: ({ refunds }: PaymentRecord) => (refunds.length === 0 ? lease : null) },
  )
  expect(commits.map(({ release }) => release)).toEqual([lease, lease])
  expect(result).toMatchObject({ released: true, changed: true })
})

function contextOf(store: Partial<PaymentStore>): CommitContext {
  return {
    store: store as PaymentStore,
    clock: { now: () => at(20) },
    watchers: new PaymentWatchers((error) => {
      throw error
    }),
    rules: DEFAULT_RULES,
    presentation: { livemode: false, publicUrl: null },
    random: secureRandom,
    sleep: async () => {},
  }
}
