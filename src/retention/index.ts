/**
 * Prunes what is old and nobody needs: each night, in batches, by one node of many; a walk that
 * breaks off goes on where it was. What is open, waits for a person or differs from a bill is left
 * alone, however old it is.
 *
 * @module
 */

import { randomUUID } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { addMs, systemClock, type Clock, type Instant } from '../alipay/index.ts'
import { DueLoop } from '../payments/due-loop.ts'
import {
  lastNight,
  prunedBefore,
  RETENTION_KIND_NAMES,
  toRetentionRules,
  type RetentionKind,
  type RetentionRules,
} from './retention-rules.ts'
import type { RetentionLease, RetentionState, RetentionStore } from './retention-store.ts'

/** What retention is made of. */
export interface RetentionOptions {
  readonly store: RetentionStore
  /** Days that each kind is kept. Default: those of `RETENTION_KINDS`. */
  readonly rules?: Partial<RetentionRules>
  /** Default: the machine's. */
  readonly clock?: Clock
  /** Rests between two batches. Default: a timer. */
  readonly rest?: (ms: number) => Promise<void>
  /** Is told of each walk that has pruned something. Default: nobody is. */
  readonly onPruned?: (walk: PrunedWalk) => void | Promise<void>
  /** Is told of failures. Default: writes them to stderr. */
  readonly onError?: (error: unknown) => void
}

/** What a walk has pruned. */
export interface PrunedWalk {
  readonly kind: RetentionKind
  readonly rows: number
  /** All of them were older. */
  readonly before: Instant
}

/** The retention of one application. */
export interface Retention {
  readonly rules: RetentionRules
  /** How it stands. */
  states(): Promise<RetentionState[]>
  /**
   * Prunes all kinds now, or counts what would be pruned.
   *
   * @returns `counts` grow until `done` resolves. A kind that another process prunes is left out.
   */
  run(options: { readonly isTrial: boolean }): RetentionRun
  /** Prunes what is due since the last night, and waits for it. */
  runDue(): Promise<void>
  /** Begins to look every ten minutes for what is due. */
  start(): void
  /** Stops after the batch in hand. */
  stop(): Promise<void>
}

/** A run that somebody has asked for. */
export interface RetentionRun {
  /** Rows so far, by kind. */
  readonly counts: ReadonlyMap<RetentionKind, number>
  readonly done: Promise<void>
}

const LOOK_MS = 600_000

/** Rows that are looked at in one transaction: a few milliseconds. */
const BATCH_ROWS = 200

/** A process that dies within a walk leaves it to others after this. */
const LEASE_MS = 60_000

/** A walk rests this many times as long as its last batch took, so that sales go first. */
const REST_SHARE = 4

const REST_MIN_MS = 20
const REST_MAX_MS = 1_000

/** What was open when a walk came by is found when it begins at the beginning again. */
const TURN_MS = 30 * 86_400_000

/**
 * Makes it. Nothing runs in the background until `start()`.
 *
 * @throws {RangeError} If the rules keep something for too short a time.
 */
export function createRetention(options: RetentionOptions): Retention {
  const { store, clock = systemClock, onPruned = () => {} } = options
  const { rest = (ms) => sleep(ms) } = options
  const onError = options.onError ?? ((error) => console.error(error))
  const rules = toRetentionRules(options.rules)
  let stopping = new AbortController()
  const inHand = new Set<Promise<void>>()

  /** Batch after batch, until the end or until it is stopped. */
  const walk = async (
    kind: RetentionKind,
    from: string,
    isTrial: boolean,
    onBatch: (batch: {
      readonly pruned: number
      readonly walkedTo: string
      readonly isEnd: boolean
    }) => Promise<boolean>,
  ): Promise<void> => {
    const before = prunedBefore(rules[kind], clock.now())
    if (before === null) return
    for (let after = from; !stopping.signal.aborted;) {
      const beganMs = performance.now()
      const batch = await store.prune(kind, { before, after, limit: BATCH_ROWS, isTrial })
      if (!(await onBatch(batch)) || batch.isEnd) return
      after = batch.walkedTo
      const tookMs = performance.now() - beganMs
      await rest(Math.min(REST_MAX_MS, Math.max(REST_MIN_MS, tookMs * REST_SHARE)))
    }
  }

  const prune = async (
    kind: RetentionKind,
    dueSince: Instant,
    isFromStart: boolean,
    onRows: (rows: number) => void,
  ): Promise<void> => {
    const before = prunedBefore(rules[kind], clock.now())
    if (before === null) return
    const lease: RetentionLease = { token: randomUUID(), ms: LEASE_MS }
    const state = await store.claim(kind, lease, dueSince)
    if (state === undefined) return
    const now = clock.now()
    const turns = isFromStart || addMs(state.turnedAt, TURN_MS) <= now
    const turnedAt = turns ? now : state.turnedAt
    let rows = 0
    await walk(kind, turns ? '' : state.walkedTo, false, async ({ pruned, walkedTo, isEnd }) => {
      rows += pruned
      onRows(pruned)
      const finishedAt = isEnd ? clock.now() : null
      return store.save(kind, lease, { walkedTo, turnedAt, pruned, finishedAt })
    })
    if (rows > 0) await onPruned({ kind, rows, before })
  }

  const runDue = async (): Promise<void> => {
    const dueSince = lastNight(clock.now())
    for (const kind of RETENTION_KIND_NAMES) {
      if (!stopping.signal.aborted) await prune(kind, dueSince, false, () => {})
    }
  }
  const loop = new DueLoop({
    async look() {
      await runDue()
      return LOOK_MS
    },
    idleMs: LOOK_MS,
    onError,
  })

  return {
    rules,
    states: () => store.states(),
    run({ isTrial }) {
      const counts = new Map<RetentionKind, number>()
      const work = async (): Promise<void> => {
        for (const kind of RETENTION_KIND_NAMES) {
          if (rules[kind] === null) continue
          const add = (rows: number): void => void counts.set(kind, (counts.get(kind) ?? 0) + rows)
          if (isTrial) {
            await walk(kind, '', true, async ({ pruned }) => {
              add(pruned)
              return true
            })
          } else {
            // Whenever a walk was last over.
            await prune(kind, addMs(clock.now(), 1), true, add)
          }
        }
      }
      const done = work()
      const forget = (): void => void inHand.delete(done)
      inHand.add(done)
      done.then(forget, forget)
      return { counts, done }
    },
    runDue,
    start() {
      stopping = new AbortController()
      loop.start()
    },
    async stop() {
      stopping.abort()
      await loop.stop()
      await Promise.allSettled(inHand)
    },
  }
}

export * from './retention-rules.ts'
export type * from './retention-store.ts'
