/**
 * Signatures: the known answer of the specification, and the specification's own library as the
 * receiver.
 *
 * @module
 */
import { Webhook } from 'standardwebhooks'
import { describe, expect, test } from 'vitest'
import { addMs, systemClock, toInstant } from '../../src/alipay/index.ts'
import { eventMessage, signWebhook, SigningSecret } from '../../src/webhooks/index.ts'

const secret = SigningSecret.create()
const message = eventMessage({
  id: 'evt_1',
  type: 'payment.succeeded',
  sequence: 3,
  createdAt: toInstant(1_795_400_000_123),
  data: '{"object":{"id":"pay_1","subject":"美式咖啡 ☕"},"previous":{"status":"pending"}}',
})

test('the known answer of the specification is met', () => {
  const headers = signWebhook(
    {
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      at: toInstant(1_614_265_330_000),
      body: '{"test": 2432232314}',
    },
    [SigningSecret.parse('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')],
  )
  expect(headers).toEqual({
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  })
})

describe('the library of Standard Webhooks', () => {
  const verify = (headers: Record<string, string>, by: SigningSecret = secret) =>
    new Webhook(by.reveal()).verify(message.body, headers)

  test('accepts what is signed here', () => {
    const headers = signWebhook({ ...message, at: systemClock.now() }, [secret])
    expect(verify({ ...headers })).toEqual(JSON.parse(message.body))
  })

  test('accepts it by either secret while two hold', () => {
    const other = SigningSecret.create()
    const headers = { ...signWebhook({ ...message, at: systemClock.now() }, [other, secret]) }
    expect(verify(headers)).toBeDefined()
    expect(verify(headers, other)).toBeDefined()
    expect(() => verify(headers, SigningSecret.create())).toThrow('No matching signature')
  })

  test('refuses what was signed ten minutes ago', () => {
    const headers = signWebhook({ ...message, at: addMs(systemClock.now(), -600_000) }, [secret])
    expect(() => verify({ ...headers })).toThrow('too old')
  })
})

test('nothing is signed with no secret', () => {
  expect(() => signWebhook({ ...message, at: systemClock.now() }, [])).toThrow(RangeError)
})

test('a message is the event in RFC 3339 with its data as it was stored', () => {
  const stored = '{"object":{"b":1.0,"a":"\\u00e9"},"previous":null}'
  const { body } = eventMessage({
    id: 'evt_2',
    type: 'refund.failed',
    sequence: 1,
    createdAt: toInstant(1_795_400_000_123),
    data: stored,
  })
  expect(body).toBe(
    `{"id":"evt_2","type":"refund.failed","timestamp":"2026-11-23T02:13:20.123Z","sequence":1,"data":${stored}}`,
  )
})
