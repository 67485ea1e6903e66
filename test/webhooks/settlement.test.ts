/**
 * What follows from an attempt: a table of verdicts and states.
 *
 * @module
 */
import { describe, expect, test } from 'vitest'
import { addMs, toInstant } from '../../src/alipay/index.ts'
import {
  KeptSecrets,
  settle,
  type AttemptResult,
  type WebhookEndpoint,
} from '../../src/webhooks/index.ts'

const now = toInstant(1_795_400_000_000)
const URL_NOW = 'https://example.com/hooks'

const endpointOf = (change: Partial<WebhookEndpoint> = {}): WebhookEndpoint => ({
  id: 'whe_1',
  url: URL_NOW,
  description: '',
  types: '*',
  status: 'enabled',
  disabledReason: null,
  secrets: new KeptSecrets('[]'),
  failures: 0,
  failingSince: null,
  pausedForMs: 0,
  createdAt: now,
  updatedAt: now,
  ...change,
})

const resultOf = (change: Partial<AttemptResult> = {}): AttemptResult => ({
  at: now,
  durationMs: 20,
  verdict: 'failed',
  status: 500,
  error: 'Answered 500.',
  answer: '',
  retryAfterMs: null,
  ...change,
})

const after = (
  endpoint: Partial<WebhookEndpoint>,
  result: Partial<AttemptResult>,
  { attempts = 0, url = URL_NOW } = {},
) =>
  settle(endpointOf(endpoint), { attempts, createdAt: now, url }, resultOf(result), {
    now,
    random: () => 0.5,
  })

const delivered = { verdict: 'delivered', status: 200, error: null } as const

describe('delivered', () => {
  test('by a healthy endpoint changes only the delivery', () => {
    expect(after({}, delivered)).toEqual({
      delivery: { status: 'succeeded', dueInMs: null },
      endpoint: null,
      wakesWaiting: false,
    })
  })

  test('after a stumble clears the record', () => {
    const { endpoint, wakesWaiting } = after({ failures: 2, failingSince: now }, delivered)
    expect(endpoint).toMatchObject({ failures: 0, failingSince: null, pausedForMs: 0 })
    expect(wakesWaiting).toBe(false)
  })

  test('after an outage makes everything that waits due', () => {
    const state = { failures: 10, failingSince: now, pausedForMs: 0 }
    expect(after(state, delivered)).toMatchObject({
      endpoint: { status: 'enabled', failures: 0 },
      wakesWaiting: true,
    })
  })
})

describe('failed', () => {
  test('is tried again after 5 s, and counted', () => {
    expect(after({}, {})).toEqual({
      delivery: { status: 'pending', dueInMs: 5_000 },
      endpoint: {
        status: 'enabled',
        disabledReason: null,
        failures: 1,
        failingSince: now,
        pausedForMs: 0,
      },
      wakesWaiting: false,
    })
  })

  test('for the last time is given up', () => {
    const old = { attempts: 12, createdAt: addMs(now, -72 * 3_600_000), url: URL_NOW }
    const settlement = settle(endpointOf(), old, resultOf(), { now, random: () => 0.5 })
    expect(settlement.delivery).toEqual({ status: 'failed', dueInMs: null })
  })

  test.each([
    [30_000, 30_000, 30_000],
    [1_000, 5_000, 1_000],
    [7_200_000, 3_600_000, 3_600_000],
  ])(
    'with Retry-After of %i ms waits %i ms, and all of the endpoint %i ms',
    (asked, due, paused) => {
      const settlement = after({}, { status: 429, retryAfterMs: asked })
      expect(settlement.delivery.dueInMs).toBe(due)
      expect(settlement.endpoint?.pausedForMs).toBe(paused)
    },
  )

  test('for five days disables the endpoint, and keeps the delivery', () => {
    const state = { failures: 400, failingSince: addMs(now, -5 * 86_400_000) }
    expect(after(state, {})).toMatchObject({
      delivery: { status: 'pending' },
      endpoint: { status: 'disabled', disabledReason: 'failing' },
    })
  })
})

describe('gone', () => {
  const gone = { verdict: 'gone', status: 410 } as const

  test('disables the endpoint, and keeps the delivery', () => {
    expect(after({}, gone)).toMatchObject({
      delivery: { status: 'pending', dueInMs: 0 },
      endpoint: { status: 'disabled', disabledReason: 'gone' },
    })
  })

  test('leaves one alone that the merchant has disabled', () => {
    const state = { status: 'disabled', disabledReason: 'merchant' } as const
    expect(after(state, gone).endpoint).toMatchObject(state)
  })

  test('said by a former URL says nothing about the present one', () => {
    const settlement = after({}, gone, { url: 'https://example.com/old' })
    expect(settlement).toEqual({
      delivery: { status: 'pending', dueInMs: 0 },
      endpoint: null,
      wakesWaiting: false,
    })
  })
})

test('what cannot be sent is given up, and is not the endpoint’s fault', () => {
  expect(after({ failures: 2 }, { verdict: 'unsendable', status: null })).toEqual({
    delivery: { status: 'failed', dueInMs: null },
    endpoint: null,
    wakesWaiting: false,
  })
})
