/**
 * When a delivery is tried again, and when an endpoint is: pure functions of what has happened.
 *
 * @module
 */
import { assert, double, infiniteStream, property } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addMs, toInstant } from '../../src/alipay/index.ts'
import {
  afterFailure,
  ATTEMPTS_MAX,
  BREAKER_FAILURES,
  GIVE_UP_AGE_MIN_MS,
  hasRecovered,
  HEALTHY,
  IN_FLIGHT_MAX,
  inFlightMax,
  isGivenUp,
  JITTER,
  PAUSE_MAX_MS,
  PAUSE_MIN_MS,
  RETRY_DELAYS_MS,
  retryDelayMs,
  type EndpointHealth,
} from '../../src/webhooks/index.ts'

const now = toInstant(1_795_400_000_000)
const HOUR_MS = 3_600_000
const middle = () => 0.5

/** The ages at which a delivery is tried that always fails. */
function course(random: () => number): number[] {
  const ages = [0]
  for (;;) {
    const age = ages.at(-1) ?? 0
    const delay = retryDelayMs(ages.length, age, random)
    if (delay === null) return ages
    ages.push(age + delay)
  }
}

describe('a delivery', () => {
  test('is tried 13 times in about three days', () => {
    const seconds = course(middle).map((ms) => Math.round(ms / 1000))
    expect(seconds).toEqual([
      0, 5, 35, 155, 755, 2555, 6155, 13_355, 27_755, 56_555, 99_755, 171_755, 258_155,
    ])
    expect((seconds.at(-1) ?? 0) / 86_400).toBeCloseTo(2.99, 2)
  })

  test('is tried as often whatever the jitter, and each pause is within a tenth of its own', () => {
    const anyRandom = infiniteStream(double({ min: 0, max: 0.999, noNaN: true }))
    assert(
      property(anyRandom, (stream) => {
        const ages = course(() => stream.next().value as number)
        expect(ages).toHaveLength(ATTEMPTS_MAX)
        for (const [index, delay] of RETRY_DELAYS_MS.entries()) {
          const pause = (ages[index + 1] ?? 0) - (ages[index] ?? 0)
          expect(Math.abs(pause - delay)).toBeLessThanOrEqual(delay * JITTER + 1)
        }
      }),
    )
  })

  test('that was brought forward often is not given up early', () => {
    expect(retryDelayMs(99, GIVE_UP_AGE_MIN_MS - 1, middle)).toBe(24 * HOUR_MS)
    expect(retryDelayMs(99, GIVE_UP_AGE_MIN_MS, middle)).toBeNull()
  })

  test('that waited long for its first attempt has all its attempts all the same', () => {
    expect(retryDelayMs(1, 30 * 24 * HOUR_MS, middle)).toBe(5_000)
    expect(retryDelayMs(ATTEMPTS_MAX - 1, 30 * 24 * HOUR_MS, middle)).toBe(24 * HOUR_MS)
  })
})

describe('the breaker', () => {
  /** The health after so many failures in a row, each as soon as the breaker lets it. */
  function failing(count: number): { health: EndpointHealth; pauses: number[]; at: number } {
    let health = HEALTHY
    let at = 0
    const pauses: number[] = []
    for (let failure = 0; failure < count; failure++) {
      health = afterFailure({ ...health, pausedForMs: 0 }, addMs(now, at), middle)
      if (health.pausedForMs > 0) pauses.push(health.pausedForMs)
      at += health.pausedForMs
    }
    return { health, pauses, at }
  }

  test('stays closed below so many failures in a row, and then sends single probes', () => {
    const almost = failing(BREAKER_FAILURES - 1)
    expect(almost.pauses).toEqual([])
    expect(inFlightMax(almost.health)).toBe(IN_FLIGHT_MAX)
    const open = failing(BREAKER_FAILURES)
    expect(open.health).toEqual({ failures: 10, failingSince: now, pausedForMs: PAUSE_MIN_MS })
    expect(inFlightMax(open.health)).toBe(1)
  })

  test('pauses longer and longer, to a quarter of an hour', () => {
    const { pauses, at } = failing(60)
    expect(pauses.slice(0, 5)).toEqual([5_000, 5_000, 5_000, 7_500, 11_250])
    expect(pauses.toSorted((a, b) => a - b)).toEqual(pauses)
    expect(pauses.at(-1)).toBe(PAUSE_MAX_MS)
    // Half an hour of pauses until the longest; from then on four probes an hour.
    expect(pauses.filter((pause) => pause < PAUSE_MAX_MS)).toHaveLength(15)
    expect(at).toBeGreaterThan(8 * HOUR_MS)
  })

  test('does not pause longer for what was in flight when it opened', () => {
    const open = failing(BREAKER_FAILURES).health
    const after = afterFailure(open, addMs(now, 1), middle)
    expect(after).toEqual({ failures: 11, failingSince: now, pausedForMs: PAUSE_MIN_MS })
  })

  test('tells the end of an outage from the end of a stumble', () => {
    const stumble = { failures: 3, failingSince: now, pausedForMs: 0 }
    expect(hasRecovered(stumble, addMs(now, 599_999))).toBe(false)
    expect(hasRecovered(stumble, addMs(now, 600_000))).toBe(true)
    expect(hasRecovered(failing(BREAKER_FAILURES).health, now)).toBe(true)
    expect(hasRecovered(HEALTHY, now)).toBe(false)
  })

  test('gives an endpoint up after five days without one success', () => {
    const { health } = failing(1)
    expect(isGivenUp(health, addMs(now, 5 * 24 * HOUR_MS - 1))).toBe(false)
    expect(isGivenUp(health, addMs(now, 5 * 24 * HOUR_MS))).toBe(true)
    expect(isGivenUp(HEALTHY, now)).toBe(false)
  })
})
