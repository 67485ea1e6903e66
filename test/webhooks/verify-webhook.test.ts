/**
 * The receiver's check: it takes what is genuine, and names the cause of everything else.
 *
 * @module
 */
import { Webhook } from 'standardwebhooks'
import { describe, expect, test } from 'vitest'
import { addMs, MovableClock, systemClock, toInstant } from '../../src/alipay/index.ts'
import {
  eventMessage,
  SecretInvalid,
  signWebhook,
  SigningSecret,
  verifyWebhook,
  WebhookInvalid,
  type WebhookHeaders,
  type WebhookProblem,
} from '../../src/webhooks/index.ts'

const now = toInstant(1_795_400_000_000)
const clock = new MovableClock(now)
const secret = SigningSecret.create()
const { id, body } = eventMessage({
  id: 'evt_1',
  type: 'payment.succeeded',
  sequence: 3,
  createdAt: now,
  data: '{"object":{"subject":"美式咖啡"},"previous":null}',
})
const headers = { ...signWebhook({ id, at: now, body }, [secret]) }

const verify = (rawBody: string | Uint8Array = body, given: WebhookHeaders = headers) =>
  verifyWebhook(rawBody, given, secret.reveal(), { clock })

describe('a genuine webhook is taken', () => {
  test.each<[string, string | Uint8Array, WebhookHeaders]>([
    ['as text', body, headers],
    ['as bytes', Buffer.from(body), headers],
    ['with headers of fetch', body, new Headers(headers)],
    ['with headers in capitals', body, { 'Webhook-Id': id, ...capitals(headers) }],
    ['with headers in lists', body, lists(headers)],
  ])('%s', (_how, rawBody, given) => {
    expect(verify(rawBody, given)).toMatchObject({
      id: 'evt_1',
      type: 'payment.succeeded',
      sequence: 3,
      data: { object: { subject: '美式咖啡' } },
    })
  })

  test('with one of several secrets', () => {
    const secrets = [SigningSecret.create().reveal(), secret.reveal()]
    expect(verifyWebhook(body, headers, secrets, { clock }).id).toBe('evt_1')
  })

  test('within five minutes, in both directions, and no longer', () => {
    for (const ms of [-300_000, 300_000]) {
      const given = { ...signWebhook({ id, at: addMs(now, ms), body }, [secret]) }
      expect(verify(body, given).id).toBe('evt_1')
      const later = { ...signWebhook({ id, at: addMs(now, ms * 1.01), body }, [secret]) }
      expect(problemOf(() => verify(body, later))).toMatch(/^timestamp_too_/)
    }
  })

  test('that the library of Standard Webhooks has signed', () => {
    const at = systemClock.now()
    const signature = new Webhook(secret.reveal()).sign(id, new Date(at), body)
    const given = {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at / 1000)),
      'webhook-signature': signature,
    }
    expect(verifyWebhook(body, given, secret.reveal()).id).toBe('evt_1')
  })
})

describe('the cause is named', () => {
  const resigned = (text: string): Record<string, string> => ({
    ...signWebhook({ id, at: now, body: text }, [secret]),
  })
  const other = eventMessage({
    id: 'evt_2',
    type: 'payment.failed',
    sequence: 1,
    createdAt: now,
    data: '{}',
  })
  const cases: readonly [string, WebhookProblem, string, () => unknown][] = [
    ['no id', 'header_missing', 'webhook-id', () => verify(body, without('webhook-id'))],
    [
      'no timestamp',
      'header_missing',
      'webhook-timestamp',
      () => verify(body, without('webhook-timestamp')),
    ],
    [
      'no signature',
      'header_missing',
      'webhook-signature',
      () => verify(body, without('webhook-signature')),
    ],
    [
      'a timestamp in words',
      'header_malformed',
      'webhook-timestamp',
      () => verify(body, { ...headers, 'webhook-timestamp': 'now' }),
    ],
    [
      'a signature of another scheme',
      'header_malformed',
      'webhook-signature',
      () => verify(body, { ...headers, 'webhook-signature': 'v1a,abc sha256=abc' }),
    ],
    [
      'an old message',
      'timestamp_too_old',
      '301 s ago',
      () => verify(body, { ...signWebhook({ id, at: addMs(now, -301_000), body }, [secret]) }),
    ],
    [
      'one from the future',
      'timestamp_too_new',
      '301 s ahead',
      () => verify(body, { ...signWebhook({ id, at: addMs(now, 301_000), body }, [secret]) }),
    ],
    [
      'the secret of another endpoint',
      'secret_wrong',
      'another endpoint',
      () => verifyWebhook(body, headers, SigningSecret.create().reveal(), { clock }),
    ],
    ['a parsed body', 'body_parsed', 'express.raw', () => verify(JSON.parse(body) as string)],
    [
      'a body written again with spaces',
      'body_altered',
      'written as JSON again',
      () => verify(JSON.stringify(JSON.parse(body), null, 2)),
    ],
    [
      'a body written again in ASCII',
      'body_altered',
      'written as JSON again',
      () => verify(body.replace(/[^\0-\x7f]/g, (c) => `\\u${c.charCodeAt(0).toString(16)}`)),
    ],
    [
      'a body with a line end',
      'body_altered',
      'before or after',
      () => verify(`${reordered()}\n`, resigned(reordered())),
    ],
    [
      'a body read as Latin-1',
      'body_altered',
      'Latin-1',
      () => verify(Buffer.from(reordered()).toString('latin1'), resigned(reordered())),
    ],
    [
      'a body in base64',
      'body_altered',
      'base64',
      () => verify(Buffer.from(body).toString('base64')),
    ],
    ['a body that was cut off', 'body_altered', 'cut off', () => verify(body.slice(0, -9))],
    ['the body of another event', 'body_altered', 'another event', () => verify(other.body)],
    [
      'a body in which a value was changed',
      'secret_wrong',
      'altered the message',
      () => verify(body.replace('"sequence":3', '"sequence":4')),
    ],
    [
      'a body that is no object',
      'body_altered',
      'not sent by saoma',
      () => verify('"x"', resigned('"x"')),
    ],
  ]

  test.each(cases)('of %s: %s', (_what, problem, words, act) => {
    const error = errorOf(act)
    expect(error).toMatchObject({ code: 'ERR_WEBHOOK_INVALID', problem, outcome: 'not_applied' })
    expect(error.message).toContain(words)
    expect(error.message).not.toContain(secret.reveal())
  })
})

test.each(['', 'whsec_', 'whsec_c2hvcnQ=', 'whsec_!!!', `whsec_${'A'.repeat(200)}`])(
  'the text %j is no secret',
  (text) => {
    const act = () => verifyWebhook(body, headers, text, { clock })
    expect(act).toThrow(SecretInvalid)
    expect(act).toThrow('24 to 64 bytes')
  },
)

test('no secret at all is the programmer’s mistake', () => {
  expect(() => verifyWebhook(body, headers, [], { clock })).toThrow(TypeError)
})

/** Valid JSON that `JSON.stringify` would write otherwise, so that only its bytes will do. */
function reordered(): string {
  return `{ "id": "${id}", "subject": "美式咖啡" }`
}

function without(name: string): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([key]) => key !== name))
}

function capitals(given: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(given).map(([key, value]) => [key.toUpperCase(), value]))
}

function lists(given: Record<string, string>): Record<string, readonly string[]> {
  return Object.fromEntries(Object.entries(given).map(([key, value]) => [key, [value]]))
}

function errorOf(act: () => unknown): WebhookInvalid {
  try {
    act()
  } catch (error) {
    if (error instanceof WebhookInvalid) return error
    throw error
  }
  throw new Error('It was taken')
}

function problemOf(act: () => unknown): WebhookProblem {
  return errorOf(act).problem
}
