/**
 * Tells the pages of this process what other nodes have committed. A node that can be heard tells
 * at once; the events, which are read again and again as long as somebody watches, tell in any
 * case.
 *
 * @module
 */

import type { PaymentStore } from './payment-store.ts'
import type { PaymentWatchers } from './payment-watchers.ts'

/** What following needs. */
export interface CommitFollowerContext {
  readonly store: PaymentStore
  readonly watchers: PaymentWatchers
  readonly onError: (error: unknown) => void
  /** Is called when another node has committed something: it may be due here. */
  readonly onCommit: () => void
}

/** New events are looked for this often. */
export const FOLLOW_INTERVAL_MS = 250

/** Events that are read in one go. */
const EVENTS_MAX = 500

/** Follows the other nodes of a shared store. */
export class CommitFollower {
  readonly #context: CommitFollowerContext
  #unhear: () => void = () => {}
  #timer: NodeJS.Timeout | undefined
  #position: number | undefined
  #reading = false

  constructor(context: CommitFollowerContext) {
    this.#context = context
  }

  /** Begins to follow; does nothing where no other process can write to the store. */
  start(): void {
    const { store, onError, onCommit } = this.#context
    if (!store.isShared || this.#timer !== undefined) return
    this.#unhear = store.hear((paymentIds) => {
      onCommit()
      this.#tell(paymentIds).catch(onError)
    })
    this.#timer = setInterval(() => void this.look().catch(onError), FOLLOW_INTERVAL_MS)
  }

  /** Ends it. */
  stop(): void {
    this.#unhear()
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  /** Reads what is new since the last look, if anybody watches. */
  async look(): Promise<void> {
    const { store, watchers } = this.#context
    if (this.#reading) return
    if (watchers.isEmpty) {
      this.#position = undefined
      return
    }
    this.#reading = true
    try {
      if (this.#position === undefined) {
        this.#position = await store.lastEventPosition()
        // Since the first of them began to watch, something may have been committed already.
        await this.#tell(watchers.watched())
      }
      const events = await store.eventsAfter(this.#position, EVENTS_MAX)
      await this.#tell(events.map(({ paymentId }) => paymentId))
      this.#position = events.at(-1)?.position ?? this.#position
    } finally {
      this.#reading = false
    }
  }

  async #tell(paymentIds: readonly string[]): Promise<void> {
    const { store, watchers } = this.#context
    for (const id of new Set(paymentIds)) {
      if (!watchers.isWatched(id)) continue
      const record = await store.find({ id })
      if (record !== undefined) watchers.tell(record)
    }
  }
}
