/**
 * Some seeds of the simulation, and that it is worth believing: a seed is one history, and what is
 * spoilt on purpose is found. `npm run simulate -- --seeds 2000` looks for what nobody has met.
 *
 * @module
 */

import { describe, expect, test } from 'vitest'
import { parseBeijingTime } from '../../src/alipay/index.ts'
import { CallLog } from './call-log.ts'
import { Draw } from './draw.ts'
import type { CalledMethod } from './faulty-gateway.ts'
import { History } from './history.ts'
import { Process } from './process.ts'
import { Violations } from './violations.ts'
import { VirtualTime } from './virtual-time.ts'
import { runSeed, type SeedResult, type SpoiledParts } from './run-seed.ts'

const SEEDS = process.env['SAOMA_TEST_ALL'] === undefined ? 20 : 40

/** As one replays it. */
function told(result: SeedResult): string[] {
  const { seed, violations } = result
  if (violations.length === 0) return []
  return [
    `Replay: npm run simulate -- --seeds 1 --from ${seed}`,
    ...violations.map(({ invariant, about, text }) => `${invariant} ${about ?? 'the run'} ${text}`),
    ...result.history(violations[0]?.about).slice(-40),
  ]
}

describe('whatever breaks, and once it is healed', () => {
  test.each([0, 10, 20, 30])(
    'the books are right and nothing is left open: seeds from %i on',
    async (first) => {
      for (let seed = first + 1; seed <= first + SEEDS / 4; seed++) {
        expect(told(await runSeed(seed))).toEqual([])
      }
    },
    60_000,
  )
})

describe('a seed', () => {
  test('is the same history at each run, and another than its neighbour', async () => {
    const [first, again, other] = [await runSeed(7), await runSeed(7), await runSeed(8)]
    expect(again.digest).toBe(first.digest)
    expect(again.totals).toEqual(first.totals)
    expect(other.digest).not.toBe(first.digest)
  })

  test('has enough in it', async () => {
    const { totals } = await runSeed(9)
    expect(totals.payments).toBeGreaterThanOrEqual(20)
    expect(totals.refunds).toBeGreaterThanOrEqual(10)
    expect(totals.crashes).toBeGreaterThanOrEqual(2)
    expect(totals.nodes).toBeGreaterThanOrEqual(2)
  })
})

describe('of calls it is found', () => {
  const begin = () => {
    const time = new VirtualTime(parseBeijingTime('2026-11-23 10:00:00'))
    const violations = new Violations(() => time.elapsedMs)
    const log = new CallLog(time, new History(() => time.elapsedMs), violations)
    const process = new Process('node0.1', 0, time, new Draw(1, 'process'))
    return {
      send: (method: CalledMethod, request: object = {}): void => {
        const call = log.begin(process, method, { out_trade_no: 'A', ...request })
        log.sent(call, true)
      },
      found: () => violations.all.map(({ invariant, text }) => `${invariant} ${text}`),
    }
  }

  test('that a cancel follows no fresh answer, and that there are two of them', () => {
    const { send, found } = begin()
    send('cancel')
    expect(found()).toEqual(['I3 a cancel without an answer of the last 2 s'])
    send('cancel')
    expect(found()).toContain('I3 a cancel beside that of node0.1')
  })

  test('that refunds of one trade overlap', () => {
    const { send, found } = begin()
    send('refund', { out_request_no: 'R-1' })
    expect(found()).toEqual([])
    send('refund', { out_request_no: 'R-2' })
    expect(found()).toEqual(['I6 a refund beside that of node0.1'])
  })

  test('that one number is precreated with two contents', () => {
    const { send, found } = begin()
    send('precreate', { total_amount: '1.00' })
    send('precreate', { total_amount: '1.00' })
    expect(found()).toEqual([])
    send('precreate', { total_amount: '2.00' })
    expect(found().join()).toContain('I7 precreated as')
  })
})

describe('found is', () => {
  const plants: Record<string, { finds: string; spoil: (parts: SpoiledParts) => void }> = {
    'money that is only said to be there': {
      finds: 'I2 succeeded though nobody has paid',
      spoil({ alipay }) {
        const { arrive } = alipay
        alipay.arrive = (...call) => {
          const arrival = arrive(...call)
          if (arrival.answer?.fields['trade_status'] !== 'WAIT_BUYER_PAY') return arrival
          const fields = { ...arrival.answer.fields, trade_status: 'TRADE_SUCCESS' }
          return { ...arrival, answer: { ...arrival.answer, fields } }
        }
      },
    },
    'a refund under another number than was booked': {
      finds: 'I6 nobody knows the refund',
      spoil({ alipay }) {
        const { arrive } = alipay
        alipay.arrive = (method, request, notifyUrl) => {
          const other = { ...request, out_request_no: 'another' }
          return arrive(method, method === 'alipay.trade.refund' ? other : request, notifyUrl)
        }
      },
    },
    'an end without its proof': {
      finds: 'I5 ended by deadline_passed',
      spoil({ store }) {
        const { save } = store
        store.save = (commit) => {
          const timeline = commit.timeline.map((entry) =>
            entry.to === 'expired' ? { ...entry, kind: 'deadline_passed' } : entry,
          )
          return save(Object.assign(commit, { timeline }))
        }
      },
    },
    'a commit that was acknowledged and is lost': {
      finds: 'I4 was saved as version',
      spoil({ store }) {
        const { save } = store
        let count = 0
        store.save = async (commit) => (++count === 30 ? 'saved' : save(commit))
      },
    },
    'an event that was not stored': {
      finds: 'I9',
      spoil({ store }) {
        const { save } = store
        store.save = (commit) =>
          save({
            ...commit,
            events: commit.events.filter(({ type }) => type !== 'payment.expired'),
          })
      },
    },
    'a schedule that nobody looks at': {
      finds: 'I11 is still open',
      spoil({ store }) {
        store.claimDue = async () => []
      },
    },
  }

  test.each(Object.entries(plants))('%s', async (_, { finds, spoil }) => {
    const { violations } = await runSeed(11, { spoil })
    expect(violations.map(({ invariant, text }) => `${invariant} ${text}`)).toEqual(
      expect.arrayContaining([expect.stringContaining(finds)]),
    )
  })
})
