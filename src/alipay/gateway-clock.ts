/**
 * The gateway's time. The machine's clock may be wrong and may be set while the program runs; what
 * is compared with Alipay, or must not come too early, goes by this one.
 *
 * @module
 */

import { systemClock, toInstant, type Clock, type Instant } from './time.ts'

/** The machine's clock is said to be wrong where it is further from the gateway's, in ms. */
export const CLOCK_SKEW_WARN_MS = 5_000

/** A machine whose clock is further from the gateway's, in ms, must not take real money. */
export const CLOCK_SKEW_MAX_MS = 300_000

/** An answer that took longer, in ms, does not tell the time: see {@link GatewayClock.observe}. */
export const CLOCK_ROUND_TRIP_MAX_MS = 5_000

/** What is wrong with the machine's clock. */
export type ClockAlarm =
  | {
      /** The machine's clock is more than {@link CLOCK_SKEW_WARN_MS} away from the gateway's. */
      readonly kind: 'skew'
      /** Gateway less machine, in ms: positive where the machine is behind. */
      readonly offsetMs: number
    }
  | {
      /**
       * The machine's clock was set by more than {@link CLOCK_SKEW_WARN_MS} while the program ran,
       * or the machine slept: then {@link GatewayClock.now} may have stood still meanwhile, and the
       * next answer of the gateway puts it right.
       */
      readonly kind: 'step'
      /** How far it jumped, in ms: positive where it was put forward. */
      readonly byMs: number
    }

/** An answer that had a date. */
export interface ClockObservation {
  /** The `Date` header: the gateway's time when it answered, in whole seconds. */
  readonly date: Instant
  /** {@link GatewayClock.monotonicMs} just before the request was sent. */
  readonly sentAtMs: number
  /** {@link GatewayClock.monotonicMs} when the head of the answer was there. */
  readonly receivedAtMs: number
}

/** What a look at the gateway's clock found. */
export interface ClockMeasurement {
  /**
   * Gateway less machine, in ms: positive where the machine is behind. Good to 2 s and the time
   * that the answer took, for HTTP tells whole seconds; 0 where the two may be the same.
   */
  readonly offsetMs: number
}

/** How a {@link GatewayClock} is made. */
export interface GatewayClockOptions {
  /** The machine's clock: where the time starts, and what is watched. Default `systemClock`. */
  readonly clock?: Clock
  /** Milliseconds since any moment, that nobody can set. Default `performance.now()`. */
  readonly monotonicMs?: () => number
  /** Told of each alarm, after the code that is running: it can neither delay nor break a call. */
  readonly onAlarm?: (alarm: ClockAlarm) => void
}

/**
 * Takes the machine's time once and goes on by the monotonic clock, so that nobody who sets the
 * machine's clock moves it. A client of the gateway puts it right by the answers that it gets.
 *
 * It runs forward, with one exception: where an answer proves it to be ahead by more than a second,
 * because the machine's clock was when it began, it is put back. Measure durations by
 * {@link GatewayClock.monotonicMs}.
 */
export class GatewayClock implements Clock {
  readonly #machine: Clock
  readonly #readMonotonicMs: () => number
  readonly #onAlarm: (alarm: ClockAlarm) => void
  /** Less the monotonic time: this clock, and the machine's when it was last looked at. */
  #ownLead: number
  #machineLead: number
  #isMeasured = false
  #isSkewed = false

  constructor(options: GatewayClockOptions = {}) {
    this.#machine = options.clock ?? systemClock
    this.#readMonotonicMs = options.monotonicMs ?? (() => performance.now())
    this.#onAlarm = options.onAlarm ?? (() => undefined)
    this.#machineLead = this.#machine.now() - this.#readMonotonicMs()
    this.#ownLead = this.#machineLead
  }

  /** The gateway's time, as far as it is known; and looks whether the machine's clock was set. */
  now(): Instant {
    const monotonicMs = this.#readMonotonicMs()
    const machineLead = this.#machine.now() - monotonicMs
    const byMs = machineLead - this.#machineLead
    this.#machineLead = machineLead
    if (Math.abs(byMs) > CLOCK_SKEW_WARN_MS) this.#alarm({ kind: 'step', byMs: Math.round(byMs) })
    return toInstant(Math.floor(monotonicMs + this.#ownLead))
  }

  /** Milliseconds that nobody can set, for durations and for {@link ClockObservation}. */
  monotonicMs(): number {
    return this.#readMonotonicMs()
  }

  /** This clock less the machine's, in ms: positive where the machine is behind. */
  get offsetMs(): number {
    return Math.round(this.#readMonotonicMs() + this.#ownLead - this.#machine.now())
  }

  /** Whether an answer of the gateway has told the time yet. */
  get isMeasured(): boolean {
    return this.#isMeasured
  }

  /**
   * Takes the time from an answer. The gateway's true time lay in the second of `date` at some
   * moment from `sentAtMs` to `receivedAtMs`; the clock moves only where it contradicts that, and
   * no further than needed. So one that is right never moves.
   *
   * @returns Whether it told the time: not where it took over {@link CLOCK_ROUND_TRIP_MAX_MS}.
   */
  observe({ date, sentAtMs, receivedAtMs }: ClockObservation): boolean {
    const roundTripMs = receivedAtMs - sentAtMs
    if (!(roundTripMs >= 0 && roundTripMs <= CLOCK_ROUND_TRIP_MAX_MS)) return false
    const least = date - receivedAtMs
    const most = date + DATE_PRECISION_MS - sentAtMs
    if (this.#ownLead < least) this.#ownLead = least
    // HTTP servers write a date once a second, and late under load: no reason to run backwards.
    if (this.#ownLead > most + DATE_PRECISION_MS) this.#ownLead = most
    this.#isMeasured = true
    this.#tellSkew()
    return true
  }

  #tellSkew(): void {
    const { offsetMs } = this
    const wasSkewed = this.#isSkewed
    // The way back is a second longer, or a clock that trembles at the limit is told each time.
    const limitMs = CLOCK_SKEW_WARN_MS - (wasSkewed ? DATE_PRECISION_MS : 0)
    this.#isSkewed = Math.abs(offsetMs) > limitMs
    if (this.#isSkewed && !wasSkewed) this.#alarm({ kind: 'skew', offsetMs })
  }

  #alarm(alarm: ClockAlarm): void {
    queueMicrotask(() => this.#onAlarm(alarm))
  }
}

/** HTTP writes times in whole seconds. */
const DATE_PRECISION_MS = 1_000
