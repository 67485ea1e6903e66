/**
 * How many calls an application may make: a bucket of tokens that fills with time. Alipay saying
 * that there are too many halves the rate; it recovers while nothing is said.
 *
 * @module
 */

/** How a budget is made. */
export interface RateBudgetOptions {
  /** Calls per second; `Infinity` for as many as Alipay takes. */
  readonly callsPerSecond: number
  /** Milliseconds that never run backwards; only differences count. */
  readonly monotonicMs: () => number
}

/** Of the rate that was reached when Alipay refused, this much is tried again after it. */
const BACK_OFF = 0.5

/** The rate grows by this much of itself per second while Alipay does not refuse. */
const RECOVERY_PER_SECOND = 0.1

/** The rate never falls below this, or nothing would ever be found out. */
const CALLS_PER_SECOND_MIN = 1

/**
 * This much of the rate is left to what is claimed, however many calls others make: payments that
 * are polled, closed and refunded must not wait for as long as new ones are sold too fast.
 */
const CLAIMS_SHARE = 0.2

/** Refusals that come this close together are one: they answer calls of the same moment. */
const ONE_REFUSAL_MS = 1_000

/** A budget of calls. */
export class RateBudget {
  readonly #limit: number
  readonly #monotonicMs: () => number
  #rate: number
  #tokens: number
  /** The same for what is claimed alone, of which others take nothing. */
  #claimTokens = 0
  #filledAtMs: number
  #throttledAtMs = Number.NEGATIVE_INFINITY
  /** Calls of the present second and of the one before, to know the rate where none is set. */
  #second = 0
  #calls = 0
  #callsBefore = 0

  constructor({ callsPerSecond, monotonicMs }: RateBudgetOptions) {
    if (!(callsPerSecond >= CALLS_PER_SECOND_MIN)) {
      throw new RangeError('callsPerSecond is 1 or more')
    }
    this.#limit = callsPerSecond
    this.#rate = callsPerSecond
    this.#tokens = callsPerSecond
    this.#monotonicMs = monotonicMs
    this.#filledAtMs = monotonicMs()
  }

  /** Calls per second that are tried now. */
  get callsPerSecond(): number {
    this.#fill()
    return this.#rate
  }

  /** How many may be claimed now: whole, 0 or more, `Infinity` where there is no limit. */
  available(): number {
    this.#fill()
    return Math.max(0, Math.floor(this.#tokens), Math.floor(this.#claimTokens))
  }

  /** So many were claimed, of what was available. Their calls are counted by {@link spend}, too. */
  claimed(count: number): void {
    this.#fill()
    if (this.#rate === Number.POSITIVE_INFINITY) return
    this.#claimTokens = Math.max(-this.#rate, this.#claimTokens - count)
  }

  /**
   * Counts a call. Never waits: what is in hand under a lease is finished, and what it takes too
   * much is missing for the next claim.
   */
  spend(): void {
    this.#fill()
    this.#tokens -= 1
    this.#calls += 1
  }

  /** Alipay has said that there were too many calls. */
  throttled(): void {
    this.#fill()
    const nowMs = this.#monotonicMs()
    if (nowMs - this.#throttledAtMs < ONE_REFUSAL_MS) return
    this.#throttledAtMs = nowMs
    const reached = Math.min(this.#rate, Math.max(this.#calls, this.#callsBefore))
    this.#rate = Math.max(CALLS_PER_SECOND_MIN, reached * BACK_OFF)
    this.#tokens = Math.min(this.#tokens, 0)
    this.#claimTokens = Math.min(this.#claimTokens, 0)
  }

  #fill(): void {
    const nowMs = this.#monotonicMs()
    const second = Math.floor(nowMs / 1_000)
    if (second !== this.#second) {
      this.#callsBefore = second === this.#second + 1 ? this.#calls : 0
      this.#calls = 0
      this.#second = second
    }
    const elapsed = Math.max(0, nowMs - this.#filledAtMs) / 1_000
    this.#filledAtMs = nowMs
    if (this.#rate < this.#limit) {
      // Without a limit of its own the rate ends where a second brings no refusal for long.
      this.#rate = Math.min(this.#limit, this.#rate * (1 + RECOVERY_PER_SECOND) ** elapsed)
      if (this.#rate > UNLIMITED_FROM) this.#rate = this.#limit
    }
    if (this.#rate === Number.POSITIVE_INFINITY) {
      this.#tokens = Number.POSITIVE_INFINITY
      return
    }
    this.#tokens = Math.min(this.#rate, this.#tokens + elapsed * this.#rate)
    const share = Math.max(1, this.#rate * CLAIMS_SHARE)
    this.#claimTokens = Math.min(share, this.#claimTokens + elapsed * this.#rate * CLAIMS_SHARE)
  }
}

/** No signature is made this often: from here on there is no limit but a given one. */
const UNLIMITED_FROM = 20_000
