/**
 * How business goes: what was sold, how much of it was paid, how soon, and what went back.
 *
 * @module
 */

import { addMs, toInstant, type Instant } from '../alipay/index.ts'

/** How long one point of a series lasts. */
export type Interval = 'hour' | 'day'

/** Which payments and refunds are counted: those that were created in the range. */
export interface FigureRange {
  readonly from: Instant
  /** Not itself in it. */
  readonly before: Instant
  readonly interval: Interval
}

/** What is counted, in whole fen and milliseconds. */
export interface Figures {
  readonly totals: {
    /** Payments that were created. */
    readonly count: number
    /** Those of them that were paid. */
    readonly succeeded: number
    /** Those of them that ended without being paid. */
    readonly unpaid: number
    /** What was paid. */
    readonly amount: number
    /** Refunds that were created, and went back. */
    readonly refunds: number
    readonly refundedAmount: number
    /** From the code being shown to the money; `null` where nothing was paid. */
    readonly medianMsToPay: number | null
  }
  /** Each hour or day of Beijing's in which anything happened, in their order. */
  readonly series: readonly FigurePoint[]
}

/** What was counted of an hour or a day. */
export interface FigurePoint {
  /** When it began. */
  readonly at: Instant
  readonly count: number
  readonly succeeded: number
  readonly amount: number
  readonly refundedAmount: number
}

/** Counts in the database. */
export interface FigureStore {
  figures(range: FigureRange): Promise<Figures>
}

/** How long they last, in milliseconds; China has had no summer time since 1991. */
export const INTERVAL_MS: Readonly<Record<Interval, number>> = { hour: 3_600_000, day: 86_400_000 }

/** Beijing is so far ahead of UTC, in milliseconds. */
export const BEIJING_OFFSET_MS = 8 * 3_600_000

/** When the hour or the day of Beijing's began in which an instant lies. */
export function startOf(interval: Interval, at: Instant): Instant {
  const lengthMs = INTERVAL_MS[interval]
  return toInstant(
    Math.max(0, Math.floor((at + BEIJING_OFFSET_MS) / lengthMs) * lengthMs - BEIJING_OFFSET_MS),
  )
}

/** Every hour or day of a range, also those in which nothing happened. */
export function fillSeries(
  series: readonly FigurePoint[],
  { from, before, interval }: FigureRange,
): FigurePoint[] {
  const known = new Map<number, FigurePoint>(series.map((point) => [point.at, point]))
  const all: FigurePoint[] = []
  for (let at = startOf(interval, from); at < before; at = addMs(at, INTERVAL_MS[interval])) {
    const nothing = { at, count: 0, succeeded: 0, amount: 0, refundedAmount: 0 }
    all.push(known.get(at) ?? nothing)
  }
  return all
}
