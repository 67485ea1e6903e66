/**
 * What docs/concepts/webhooks.md says is what the program does.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  ANSWER_BYTES_KEPT,
  ANSWER_BYTES_MAX,
  ATTEMPT_TIMEOUT_MS,
  ATTEMPTS_MAX,
  BREAKER_FAILURES,
  CONNECT_TIMEOUT_MS,
  DESCRIPTION_CHARACTERS_MAX,
  DISABLE_AFTER_MS,
  ENDPOINTS_MAX,
  EVENT_TYPES,
  IN_FLIGHT_MAX,
  PAUSE_MAX_MS,
  PAUSE_MIN_MS,
  RETRY_DELAYS_MS,
  SECRET_OVERLAP_MAX_MS,
  SECRET_OVERLAP_MS,
  SECRETS_MAX,
  TIMESTAMP_TOLERANCE_MS,
  URL_CHARACTERS_MAX,
} from '../../src/webhooks/index.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from './stand.ts'

const file = join(import.meta.dirname, '../../docs/concepts/webhooks.md')
const page = readFileSync(file, 'utf8').replace(/\s+/g, ' ')

test('the page names every kind of events, and none besides', () => {
  const rows = [...page.matchAll(/\| `((?:payment|refund|reconciliation)\.[a-z_]+)` /g)].map(
    ([, type = '']) => type,
  )
  expect(rows.toSorted()).toEqual(EVENT_TYPES.toSorted())
})

test('the page names the pauses between the attempts', () => {
  const words = RETRY_DELAYS_MS.map((ms) =>
    ms < MINUTE_MS
      ? `${ms / SECOND_MS} s`
      : ms < HOUR_MS
        ? `${ms / MINUTE_MS} min`
        : `${ms / HOUR_MS} h`,
  )
  expect(page).toContain(`${words.slice(0, -1).join(', ')} and ${words.at(-1)}, each up to a tenth`)
  expect(page).toContain(`tried ${ATTEMPTS_MAX} times in three days`)
})

test.each([
  ['endpoints of an application', [ENDPOINTS_MAX], '100'],
  ['deliveries in flight, of one endpoint', [IN_FLIGHT_MAX], '8 on all nodes'],
  [
    'one attempt',
    [ATTEMPT_TIMEOUT_MS / SECOND_MS, CONNECT_TIMEOUT_MS / SECOND_MS],
    '15 s; connecting 10 s',
  ],
  [
    'answer that is read; that is kept',
    [ANSWER_BYTES_MAX / 1024, ANSWER_BYTES_KEPT / 1024],
    '64 KiB; 1 KiB',
  ],
  ['secrets of one endpoint that hold together', [SECRETS_MAX], '4'],
  [
    'overlap of a change of secrets',
    [SECRET_OVERLAP_MS / HOUR_MS, SECRET_OVERLAP_MAX_MS / DAY_MS],
    '24 h, at most 7 days',
  ],
  ['URL; description', [URL_CHARACTERS_MAX, DESCRIPTION_CHARACTERS_MAX], '2,048; 500'],
  ['timestamp, against the receiver', [TIMESTAMP_TOLERANCE_MS / MINUTE_MS], '5 minutes'],
  ['its breaker opens', [BREAKER_FAILURES], 'After 10 failures in a row'],
  [
    'and of a quarter of an hour in the end',
    [PAUSE_MIN_MS / SECOND_MS, 60 / (PAUSE_MAX_MS / MINUTE_MS)],
    '5 seconds at first',
  ],
  ['without one success the endpoint is disabled', [DISABLE_AFTER_MS / DAY_MS], 'five days'],
])('the page says how it is: %s', (what, values, words) => {
  expect(page).toContain(what)
  expect(page).toContain(words)
  const numbers = words
    .replace(/,(?=\d)/g, '')
    .replace('five', '5')
    .match(/\d+/g)
    ?.map(Number)
  expect(values.slice(0, numbers?.length)).toEqual(numbers)
})
