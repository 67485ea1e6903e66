import { afterEach, describe, expect, test, vi } from 'vitest'
import {
  addMs,
  formatBeijingDate,
  formatBeijingTime,
  formatRfc3339,
  MovableClock,
  parseBeijingTime,
  readHttpDate,
  systemClock,
  toInstant,
} from '../../src/alipay/time.ts'

afterEach(() => vi.unstubAllEnvs())

test('Beijing is eight hours ahead of UTC', () => {
  const time = toInstant(Date.UTC(2026, 10, 23, 2, 0, 0))
  expect(formatBeijingTime(time)).toBe('2026-11-23 10:00:00')
  expect(formatRfc3339(time)).toBe('2026-11-23T02:00:00.000Z')
  expect(parseBeijingTime('2026-11-23 10:00:00')).toBe(time)
})

test('what is written is read again, each hour of two years with a leap day', () => {
  const start = Date.UTC(2027, 11, 31, 12, 34, 56)
  for (let hour = 0; hour < 2 * 366 * 24; hour++) {
    const time = toInstant(start + hour * 3_600_000)
    expect(parseBeijingTime(formatBeijingTime(time))).toBe(time)
  }
})

describe("the machine's zone does not matter:", () => {
  // New York, Lord Howe and Shanghai have, or had, daylight saving time; Kiritimati has another day.
  test.each([
    ['UTC', 0],
    ['America/New_York', 300],
    ['Australia/Lord_Howe', -660],
    ['Pacific/Kiritimati', -840],
    ['Asia/Shanghai', -480],
  ])('%s', (zone, offset) => {
    vi.stubEnv('TZ', zone)
    expect(new Date(Date.UTC(2026, 10, 23)).getTimezoneOffset()).toBe(offset)
    for (const [text, utc] of [
      ['2026-11-23 00:00:00', '2026-11-22T16:00:00.000Z'],
      ['2026-03-08 02:30:00', '2026-03-07T18:30:00.000Z'],
      ['2026-11-01 01:30:00', '2026-10-31T17:30:00.000Z'],
      ['1990-04-15 00:30:00', '1990-04-14T16:30:00.000Z'],
      ['2028-02-29 23:59:59', '2028-02-29T15:59:59.000Z'],
    ] as const) {
      const time = parseBeijingTime(text)
      expect(formatRfc3339(time)).toBe(utc)
      expect(formatBeijingTime(time)).toBe(text)
      expect(formatBeijingDate(time)).toBe(text.slice(0, 10))
    }
  })
})

test.each([
  ['Sun, 06 Nov 1994 08:49:37 GMT', '1994-11-06T08:49:37.000Z'],
  ['Thu, 01 Jan 1970 00:00:00 GMT', '1970-01-01T00:00:00.000Z'],
  ['Tue, 29 Feb 2028 23:59:59 GMT', '2028-02-29T23:59:59.000Z'],
  ['Wed, 31 Dec 1969 23:59:59 GMT', undefined],
  ['Mon, 06 Nov 1994 08:49:37 GMT', undefined],
  ['Wed, 30 Feb 2028 23:59:59 GMT', undefined],
  ['Sun, 06 Nov 1994 08:49:60 GMT', undefined],
  ['Sun, 06 Nov 1994 08:49:37 +0800', undefined],
  ['Sunday, 06-Nov-94 08:49:37 GMT', undefined],
  ['1994-11-06T08:49:37Z', undefined],
  ['784111777000', undefined],
  ['', undefined],
])('the date of HTTP %j is %s', (text, expected) => {
  const time = readHttpDate(text)
  expect(time === undefined ? time : formatRfc3339(time)).toBe(expected)
})

test('milliseconds, as gmt_refund has them, are read and not written', () => {
  const time = parseBeijingTime('2026-11-23 10:00:00.123')
  expect(time - parseBeijingTime('2026-11-23 10:00:00')).toBe(123)
  expect(parseBeijingTime('2026-11-23 10:00:00.5') % 1000).toBe(500)
  expect(parseBeijingTime('2026-11-23 10:00:00.05') % 1000).toBe(50)
  expect(formatBeijingTime(time)).toBe('2026-11-23 10:00:00')
})

test('the day changes at midnight in Beijing, where bills are cut', () => {
  const midnight = toInstant(Date.UTC(2026, 10, 22, 16))
  expect(formatBeijingDate(midnight)).toBe('2026-11-23')
  expect(formatBeijingDate(addMs(midnight, -1))).toBe('2026-11-22')
})

describe('no Beijing time is', () => {
  test.each([
    '',
    '2026-02-30 00:00:00',
    '2027-02-29 00:00:00',
    '2026-13-01 00:00:00',
    '2026-00-10 00:00:00',
    '2026-11-00 00:00:00',
    '2026-11-31 00:00:00',
    '2026-11-23 24:00:00',
    '2026-11-23 10:60:00',
    '2026-11-23 10:00:60',
    '2026-11-23',
    '2026-11-23 10:00',
    '2026-11-23T10:00:00',
    '2026-11-23 10:00:00Z',
    '2026-11-23 10:00:00+08:00',
    '2026-11-23 10:00:00.',
    '2026-11-23 10:00:00.1234',
    ' 2026-11-23 10:00:00',
    '2026-11-23 10:00:00\n',
    '2026-1-3 1:00:00',
    '２０２６-11-23 10:00:00',
    '0099-01-01 00:00:00',
    '1970-01-01 07:59:59',
    '1795399200000',
  ])('"%s"', (text) => {
    expect(() => parseBeijingTime(text)).toThrow(RangeError)
  })

  test('and the message repeats what was given', () => {
    expect(() => parseBeijingTime('2026-02-30 00:00:00')).toThrow(
      'Not a Beijing time of the form yyyy-MM-dd HH:mm:ss: "2026-02-30 00:00:00"',
    )
  })
})

test('an instant is whole milliseconds from 1970 to 9999', () => {
  for (const ms of [-1, 0.5, NaN, Infinity, 253_402_300_800_000]) {
    expect(() => toInstant(ms)).toThrow(RangeError)
  }
  expect(() => addMs(toInstant(5), -6)).toThrow(RangeError)
  expect(formatRfc3339(toInstant(253_402_300_799_999))).toBe('9999-12-31T23:59:59.999Z')
})

describe('a movable clock', () => {
  test('stands still at an instant until it is put forward', () => {
    const clock = new MovableClock(toInstant(1_000))
    expect([clock.now(), clock.now()]).toEqual([1_000, 1_000])
    clock.advance(500)
    expect([clock.now(), clock.offsetMs]).toEqual([1_500, 500])
  })

  test('is not put back', () => {
    const clock = new MovableClock(toInstant(1_000))
    for (const ms of [-1, 0.5, NaN]) expect(() => clock.advance(ms)).toThrow(RangeError)
    clock.advanceTo(toInstant(2_000))
    clock.advanceTo(toInstant(1_500))
    expect(clock.now()).toBe(2_000)
  })

  test("runs on the machine's clock by default", () => {
    const before = systemClock.now()
    const now = new MovableClock().now()
    expect(now).toBeGreaterThanOrEqual(before)
    expect(now).toBeLessThanOrEqual(systemClock.now())
  })
})
