/**
 * What was found out about API keys a moment ago, so that not every request asks the database. That
 * a key is unknown is remembered too: guessing does not reach the database.
 *
 * @module
 */

import type { ApiKey } from './api-key.ts'

/** Keys that are remembered; with more, all are forgotten at once. */
export const BELIEVED_KEYS_MAX = 10_000

/** Keys by their hash, for a short while. */
export class BelievedKeys {
  readonly #believedMs: number
  readonly #nowMs: () => number
  readonly #keys = new Map<string, { readonly key: ApiKey | null; readonly untilMs: number }>()

  /**
   * @param believedMs Milliseconds that something is believed.
   * @param nowMs Milliseconds that never run backwards.
   */
  constructor(believedMs: number, nowMs: () => number) {
    this.#believedMs = believedMs
    this.#nowMs = nowMs
  }

  /** `null` where there is no such key, `undefined` where that is not known. */
  get(hash: string): ApiKey | null | undefined {
    const known = this.#keys.get(hash)
    return known !== undefined && this.#nowMs() < known.untilMs ? known.key : undefined
  }

  set(hash: string, key: ApiKey | null): void {
    if (this.#keys.size >= BELIEVED_KEYS_MAX) this.#keys.clear()
    this.#keys.set(hash, { key, untilMs: this.#nowMs() + this.#believedMs })
  }

  forget(hash: string): void {
    this.#keys.delete(hash)
  }
}
