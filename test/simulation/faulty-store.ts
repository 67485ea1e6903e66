/**
 * The store as one node sees it: the real one, behind a network that may be slow, cut, or cut in
 * the moment between the commit and its answer. What happens in the real one is told to the
 * observer.
 *
 * @module
 */

import {
  StoreUnavailable,
  type Lease,
  type PaymentCommit,
  type PaymentRecord,
  type PaymentStore,
  type ScheduleMove,
} from '../../src/payments/index.ts'
import type { Coverage } from './coverage.ts'
import type { Draw } from './draw.ts'
import type { History } from './history.ts'
import type { Process } from './process.ts'
import type { Weather } from './weather.ts'

/** Is told what was committed, in the order of commits. */
export interface StoreObserver {
  inserted(commit: PaymentCommit, lease: Lease, by: Process): void
  saved(commit: PaymentCommit, by: Process): void
  rescheduled(move: ScheduleMove, by: Process): void
  claimed(records: readonly PaymentRecord[], lease: Lease, by: Process): void
  released(dueInMs: number | null): void
}

/** What one node's view of the store is made of. */
export interface FaultyStoreOptions {
  readonly store: PaymentStore
  readonly process: Process
  readonly weather: Weather
  readonly draw: Draw
  readonly observer: StoreObserver
  readonly history: History
  readonly coverage: Coverage
}

/** Wraps the store for one process. */
export function createFaultyStore(options: FaultyStoreOptions): PaymentStore {
  const { store, process, weather, draw, observer, history, coverage } = options

  const meet = (fault: string, name: string): void => {
    coverage.hit('store', fault)
    history.note(process.name, undefined, `store: ${name} ${fault}`)
  }

  const reach = async <T>(name: string, run: () => Promise<T>): Promise<T> => {
    const state = weather.storeOf(process.node)
    if (state === 'slow') coverage.hit('store', 'slow')
    await process.pass(state === 'slow' ? draw.ms(20, 5_000) : draw.int(0, 3))
    if (state === 'down') {
      meet('refused', name)
      throw new StoreUnavailable('The simulated store cannot be reached.', 'not_applied')
    }
    const isFailing = state === 'failing' && draw.chance(0.3)
    const fault = isFailing ? draw.pick(['refused', 'lost before', 'lost after'] as const) : null
    if (fault === 'refused' || fault === 'lost before') {
      meet(fault, name)
      if (fault === 'lost before') await process.pass(draw.ms(5, 5_000))
      throw new StoreUnavailable(
        'The simulated store failed.',
        fault === 'refused' ? 'not_applied' : 'unknown',
      )
    }
    const result = await run()
    if (fault === 'lost after') {
      meet(fault, name)
      await process.pass(draw.ms(5, 5_000))
      throw new StoreUnavailable('The simulated store broke off.', 'unknown')
    }
    await process.pass(state === 'slow' ? draw.ms(20, 5_000) : draw.int(0, 3))
    return result
  }

  return {
    isShared: true,
    insert: (commit, lease) =>
      reach('insert', async () => {
        const result = await store.insert(commit, lease)
        if (result === 'inserted') observer.inserted(commit, lease, process)
        return result
      }),
    save: (commit) =>
      reach('save', async () => {
        const result = await store.save(commit)
        if (result === 'saved') observer.saved(commit, process)
        return result
      }),
    reschedule: (move) =>
      reach('reschedule', async () => {
        const isMoved = await store.reschedule(move)
        if (isMoved) observer.rescheduled(move, process)
        return isMoved
      }),
    claimDue: (limit, lease) =>
      reach('claimDue', async () => {
        const records = await store.claimDue(limit, lease)
        observer.claimed(records, lease, process)
        return records
      }),
    claim: (paymentId, lease) =>
      reach('claim', async () => {
        const record = await store.claim(paymentId, lease)
        if (record !== undefined) observer.claimed([record], lease, process)
        return record
      }),
    release: (lease, paymentId, dueInMs) =>
      reach('release', async () => {
        await store.release(lease, paymentId, dueInMs)
        observer.released(dueInMs === undefined ? 0 : dueInMs)
      }),
    find: (by) => reach('find', () => store.find(by)),
    list: (range) => reach('list', () => store.list(range)),
    listByReference: (reference) =>
      reach('listByReference', () => store.listByReference(reference)),
    listRefunds: (range) => reach('listRefunds', () => store.listRefunds(range)),
    listEvents: (range) => reach('listEvents', () => store.listEvents(range)),
    findEvent: (id) => reach('findEvent', () => store.findEvent(id)),
    timeline: (paymentId) => reach('timeline', () => store.timeline(paymentId)),
    eventsAfter: (position, limit) =>
      reach('eventsAfter', () => store.eventsAfter(position, limit)),
    lastEventPosition: () => reach('lastEventPosition', () => store.lastEventPosition()),
    nextDueInMs: () => reach('nextDueInMs', () => store.nextDueInMs()),
    storeOrphan: (orphan) => reach('storeOrphan', () => store.storeOrphan(orphan)),
    quarantine: (notification) => reach('quarantine', () => store.quarantine(notification)),
    quarantined: () => reach('quarantined', () => store.quarantined()),
    unquarantine: (id) => reach('unquarantine', () => store.unquarantine(id)),
    refundHold: () => reach('refundHold', () => store.refundHold()),
    holdRefunds: (from) => reach('holdRefunds', () => store.holdRefunds(from)),
    closeGap: (until) => reach('closeGap', () => store.closeGap(until)),
    liftRefundHold: (lift) => reach('liftRefundHold', () => store.liftRefundHold(lift)),
    hear: () => () => {},
  }
}
