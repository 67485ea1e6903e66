/**
 * What retention asks of a store. It holds the rows of one application and mode.
 *
 * @module
 */

import type { Instant } from '../alipay/index.ts'
import type { RetentionKind } from './retention-rules.ts'

/** Prunes. */
export interface RetentionStore {
  /**
   * Takes the walk over a kind in hand; `undefined` while another process has it, or where one has
   * come to its end since `dueSince`.
   */
  claim(
    kind: RetentionKind,
    lease: RetentionLease,
    dueSince: Instant,
  ): Promise<RetentionState | undefined>
  /** Goes on by one batch: a short transaction, which holds no lock for long. */
  prune(kind: RetentionKind, batch: RetentionBatch): Promise<PrunedBatch>
  /** Writes how far the walk is and keeps its lease. `false` if somebody else has it now. */
  save(
    kind: RetentionKind,
    lease: RetentionLease,
    walk: Pick<RetentionState, 'walkedTo' | 'turnedAt'> & {
      /** Rows that were pruned since the last time. */
      readonly pruned: number
      /** When the walk came to its end, which gives the lease back; `null`: it has not. */
      readonly finishedAt: Instant | null
    },
  ): Promise<boolean>
  /** How it stands; kinds that were never walked over are left out. */
  states(): Promise<RetentionState[]>
}

/** How it stands with a kind. */
export interface RetentionState {
  readonly kind: RetentionKind
  /** Where the next batch begins; empty: at the beginning. */
  readonly walkedTo: string
  /** When a walk last began at the beginning. */
  readonly turnedAt: Instant
  /** Rows that were pruned so far. */
  readonly pruned: number
  /** When a walk last came to its end; `null` for never. */
  readonly finishedAt: Instant | null
}

/** The right to walk over a kind; it ends by itself. */
export interface RetentionLease {
  readonly token: string
  readonly ms: number
}

/** A few rows. */
export interface RetentionBatch {
  /** Only what is older. */
  readonly before: Instant
  /** Where it begins. */
  readonly after: string
  /** Rows that are looked at. */
  readonly limit: number
  /** Nothing is pruned, only counted. */
  readonly isTrial: boolean
}

/** What became of them. */
export interface PrunedBatch {
  readonly pruned: number
  /** Where the next one begins. */
  readonly walkedTo: string
  /** Whether all that is old enough was looked at. */
  readonly isEnd: boolean
}
