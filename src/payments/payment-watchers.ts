/**
 * Tells live pages of this process about commits. A hint and no more: what counts is what is
 * stored.
 *
 * @module
 */

import type { PaymentRecord } from './payment.ts'

/** Is called with a payment as it was just committed. */
export type PaymentListener = (record: PaymentRecord) => void

/** Those who watch payments in this process. */
export class PaymentWatchers {
  readonly #byPayment = new Map<string, Set<PaymentListener>>()
  readonly #all = new Set<PaymentListener>()
  readonly #onError: (error: unknown) => void

  /** @param onError Is told of a listener that throws; the commit stands all the same. */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError
  }

  /** Whether nobody watches anything. */
  get isEmpty(): boolean {
    return this.#byPayment.size === 0
  }

  /** Whether somebody watches this payment. */
  isWatched(paymentId: string): boolean {
    return this.#byPayment.has(paymentId)
  }

  /** Calls `listener` after each commit of the payment, until the returned function is called. */
  watch(paymentId: string, listener: PaymentListener): () => void {
    const listeners = this.#byPayment.get(paymentId) ?? new Set()
    this.#byPayment.set(paymentId, listeners)
    listeners.add(listener)
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0) this.#byPayment.delete(paymentId)
    }
  }

  /** The payments that somebody watches. */
  watched(): string[] {
    return [...this.#byPayment.keys()]
  }

  /** Calls `listener` after each commit of this process, until the returned function is called. */
  watchAll(listener: PaymentListener): () => void {
    this.#all.add(listener)
    return () => void this.#all.delete(listener)
  }

  /** Tells the watchers of a payment that it was committed. */
  tell(record: PaymentRecord): void {
    for (const listener of [...this.#all, ...(this.#byPayment.get(record.payment.id) ?? [])]) {
      try {
        listener(record)
      } catch (error) {
        this.#onError(error)
      }
    }
  }
}
