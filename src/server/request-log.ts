/**
 * The last requests of the merchant API, for developers who ask what their program sends: the
 * newest are kept in memory, and can be followed.
 *
 * @module
 */
import type { Instant } from '../alipay/index.ts'

/** Requests that are kept. */
export const REQUESTS_KEPT = 1_000

/** A request that was answered. Neither its body nor its query is kept. */
export interface LoggedRequest {
  readonly id: string
  readonly appId: string
  readonly at: Instant
  readonly method: string
  /** Without its query. */
  readonly path: string
  readonly status: number
  readonly durationMs: number
  /** Of the API key. */
  readonly keyHint: string
}

/** The newest requests of this process. */
export class RequestLog {
  readonly #kept: LoggedRequest[] = []
  readonly #listeners = new Set<(request: LoggedRequest) => void>()

  add(request: LoggedRequest): void {
    this.#kept.push(request)
    if (this.#kept.length > REQUESTS_KEPT) this.#kept.shift()
    for (const listener of this.#listeners) listener(request)
  }

  /** Those of an application, oldest first. */
  list(appId: string): readonly LoggedRequest[] {
    return this.#kept.filter((request) => request.appId === appId)
  }

  /** Calls the listener with each from now on. Returns the way to stop. */
  watch(listener: (request: LoggedRequest) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }
}
