/**
 * Time: milliseconds in the program, Beijing text without a zone on Alipay's wire, RFC 3339
 * everywhere else. The only file that knows Beijing's zone and that reads the machine's clock.
 *
 * @module
 */

declare const instant: unique symbol

/** A point in time: whole milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = number & { readonly [instant]: true }

/** Tells the time. Everything that needs it takes one of these, so that tests can move it. */
export interface Clock {
  now(): Instant
}

/** The machine's clock. */
export const systemClock: Clock = { now: () => Date.now() as Instant }

/** A clock that can be put forward: the machine's plus an offset, or one that stands still. */
export class MovableClock implements Clock {
  #base: Clock
  #offsetMs = 0

  /**
   * @param base What runs underneath: {@link systemClock}, or an instant at which the clock stands
   *   still.
   */
  constructor(base: Clock | Instant = systemClock) {
    this.#base = typeof base === 'number' ? { now: () => base } : base
  }

  now(): Instant {
    return toInstant(this.#base.now() + this.#offsetMs)
  }

  /** How far this clock is ahead of its base, in milliseconds. */
  get offsetMs(): number {
    return this.#offsetMs
  }

  /**
   * Puts the clock forward.
   *
   * @param ms Whole milliseconds, 0 or more: time does not run backwards.
   * @throws {RangeError} On anything else.
   */
  advance(ms: number): void {
    if (!Number.isSafeInteger(ms) || ms < 0) {
      throw new RangeError(`A clock is put forward by whole milliseconds, 0 or more, not ${ms}`)
    }
    this.#offsetMs += ms
  }

  /** Puts the clock forward to `time`; does nothing where it is later already. */
  advanceTo(time: Instant): void {
    this.advance(Math.max(0, time - this.now()))
  }
}

/**
 * Takes whole milliseconds since the epoch as an instant.
 *
 * @throws {RangeError} If it is not an integer between the years 1970 and 9999.
 */
export function toInstant(ms: number): Instant {
  if (!Number.isInteger(ms) || ms < 0 || ms > 253_402_300_799_999) {
    throw new RangeError(`An instant is whole milliseconds since 1970, not ${ms}`)
  }
  return ms as Instant
}

/** The instant `ms` milliseconds after `time` (before it where negative). */
export function addMs(time: Instant, ms: number): Instant {
  return toInstant(time + ms)
}

/** Beijing is UTC+8 all year: China has had no daylight saving time since 1991. */
const BEIJING_MS = 8 * 3_600_000

const BEIJING = /^(\d{4})-(\d{2})-(\d{2}) (\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,3}))?$/

/**
 * Writes an instant as Alipay does: `yyyy-MM-dd HH:mm:ss` in Beijing, whatever zone the machine is
 * in. Milliseconds are cut off.
 */
export function formatBeijingTime(time: Instant): string {
  return new Date(time + BEIJING_MS).toISOString().slice(0, 19).replace('T', ' ')
}

/**
 * Reads Alipay's `yyyy-MM-dd HH:mm:ss`, also with milliseconds (`gmt_refund` has them), as Beijing
 * time. The inverse of {@link formatBeijingTime}.
 *
 * @throws {RangeError} On another form, or a date that does not exist (30 February).
 */
export function parseBeijingTime(text: string): Instant {
  const match = BEIJING.exec(text)
  if (match !== null) {
    const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as Six
    const millis = Number((match[7] ?? '').padEnd(3, '0'))
    const local = Date.UTC(year, month - 1, day, hour, minute, second, millis)
    if (new Date(local).toISOString().startsWith(text.slice(0, 19).replace(' ', 'T'))) {
      return toInstant(local - BEIJING_MS)
    }
  }
  throw new RangeError(
    `Not a Beijing time of the form yyyy-MM-dd HH:mm:ss: ${JSON.stringify(text)}`,
  )
}

type Six = [number, number, number, number, number, number]

/** The day in Beijing, `yyyy-MM-dd`: what Alipay's bills are cut by. */
export function formatBeijingDate(time: Instant): string {
  return formatBeijingTime(time).slice(0, 10)
}

/**
 * Reads the `Date` header of HTTP: `Sun, 06 Nov 1994 08:49:37 GMT`.
 *
 * @returns `undefined` for any other form, and for a date that does not exist.
 * @see {@link https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7}
 */
export function readHttpDate(text: string): Instant | undefined {
  const ms = Date.parse(text)
  return ms >= 0 && new Date(ms).toUTCString() === text ? toInstant(ms) : undefined
}

/** Writes an instant as RFC 3339 in UTC: `2026-11-23T02:00:00.000Z`. */
export function formatRfc3339(time: Instant): string {
  return new Date(time).toISOString()
}
