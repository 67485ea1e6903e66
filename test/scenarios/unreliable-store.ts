/**
 * A store that is away for some of its calls, and sometimes does not say whether it wrote.
 *
 * @module
 */

import { StoreUnavailable, type PaymentStore } from '../../src/payments/index.ts'
import { call, mapCalls } from '../payments/shop.ts'

/** How a call goes wrong. */
export const STORE_FAULTS = [
  'nothing is done',
  'nothing is done, and nobody knows',
  'it is done, and nobody knows',
] as const

/** One of {@link STORE_FAULTS}. */
export type StoreFault = (typeof STORE_FAULTS)[number]

/** More calls than any history of a test makes. */
const CALLS_MAX = 5_000

/** What a test can tell about the calls of a store, and have go wrong. */
export class StoreTrouble {
  /** The names of all calls so far. */
  readonly calls: string[] = []
  #fault: StoreFault | undefined
  #isStruck: (name: string, number: number) => boolean = () => false

  /** Has the calls go wrong that are told here, counted from 0. */
  strike(fault: StoreFault, isStruck: (name: string, number: number) => boolean): void {
    this.#fault = fault
    this.#isStruck = isStruck
  }

  /** Ends it. */
  end(): void {
    this.#isStruck = () => false
  }

  /** Puts itself between the engine and its store. */
  readonly wrap = (store: PaymentStore): PaymentStore =>
    mapCalls(store, (name) => (...args) => {
      if (name === 'hear') return call(store, name, args)
      return this.#call(store, name, args)
    })

  #latest(): string {
    return this.calls.slice(-6).join(', ')
  }

  async #call(store: PaymentStore, name: string, args: readonly unknown[]): Promise<unknown> {
    const number = this.calls.push(name) - 1
    if (number === CALLS_MAX) throw new Error(`The store is called for ever: ${this.#latest()}`)
    if (!this.#isStruck(name, number)) return call(store, name, args)
    switch (this.#fault) {
      case undefined:
      case 'nothing is done':
        throw new StoreUnavailable('The connection is refused.', 'not_applied')
      case 'nothing is done, and nobody knows':
        throw new StoreUnavailable('The connection broke.', 'unknown')
      case 'it is done, and nobody knows':
        await call(store, name, args)
        throw new StoreUnavailable('The connection broke.', 'unknown')
    }
  }
}
