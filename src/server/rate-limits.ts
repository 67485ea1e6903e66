/**
 * How often a key may ask, and an address that sends none: a bucket of tokens for each, refilled
 * evenly. Told in the headers of each answer, so that programs can slow down before they are
 * refused.
 *
 * @module
 * @see https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
 */
import { performance } from 'node:perf_hooks'
import type { Context } from 'hono'
import type { RouteEnvironment } from './options.ts'
import type { Problem } from './problem.ts'

/** Askers whose buckets are kept; a full one need not be. */
const BUCKETS_MAX = 10_000

/** The buckets of this process. */
export class RateLimits {
  readonly #perSecond: number
  readonly #nowMs: () => number
  readonly #buckets = new Map<string, { tokens: number; atMs: number }>()

  /**
   * @param perSecond Requests per second of one asker, 1 or more; as many may come at once.
   * @param nowMs Milliseconds that never run backwards.
   */
  constructor(perSecond: number, nowMs: () => number = () => performance.now()) {
    this.#perSecond = perSecond
    this.#nowMs = nowMs
  }

  /** Counts a request and says in the answer's headers what is left; a problem where nothing is. */
  take(c: Context<RouteEnvironment>, asker: string): Problem | undefined {
    const perSecond = this.#perSecond
    const nowMs = this.#nowMs()
    const bucket = this.#buckets.get(asker) ?? { tokens: perSecond, atMs: nowMs }
    const refilled = bucket.tokens + ((nowMs - bucket.atMs) / 1000) * perSecond
    const tokens = Math.min(perSecond, refilled)
    const isAllowed = tokens >= 1
    const left = isAllowed ? tokens - 1 : tokens
    if (this.#buckets.size >= BUCKETS_MAX) this.#buckets.clear()
    this.#buckets.set(asker, { tokens: left, atMs: nowMs })
    c.header('ratelimit-limit', String(perSecond))
    c.header('ratelimit-remaining', String(Math.floor(left)))
    c.header('ratelimit-reset', String(Math.ceil((perSecond - left) / perSecond)))
    if (isAllowed) return undefined
    return {
      status: 429,
      type: 'rate_limit_error',
      code: 'too_many_requests',
      message: `There are more than ${perSecond} requests per second of this API key, or of this address without one. Wait as long as Retry-After says, then send the request again.`,
      retryAfter: Math.ceil((1 - left) / perSecond),
    }
  }
}
