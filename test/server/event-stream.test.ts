/**
 * Streams of events whose reader is slower than what there is to tell.
 *
 * @module
 */
import { expect, test } from 'vitest'
import { toInstant } from '../../src/alipay/index.ts'
import type { StoredEvent } from '../../src/payments/index.ts'
import { startServer } from './server-under-test.ts'

const HISTORY = 5_000

function event(position: number): StoredEvent {
  return {
    id: `evt_${position}`,
    type: 'payment.created',
    paymentId: 'pay_1',
    sequence: 1,
    createdAt: toInstant(1_795_400_000_000),
    position,
    data: '{}',
  }
}

test('a slow reader of all events is not read ahead of, and misses none', async () => {
  const { api, payments } = startServer()
  let furthest = 0
  payments.eventsAfter = async (position, limit) => {
    const length = Math.min(limit, HISTORY - position)
    furthest = Math.max(furthest, position + length)
    return Array.from({ length }, (_, index) => event(position + index + 1))
  }
  const answer = await api('GET', '/v1/events/stream?after=start')
  const reader = (answer.body as ReadableStream<Uint8Array>).getReader()
  await reader.read()
  await new Promise(setImmediate)
  expect(furthest).toBeLessThan(500)

  const decoder = new TextDecoder()
  const ids: string[] = []
  while (ids.length < HISTORY) {
    const { value } = await reader.read()
    const told = decoder.decode(value).matchAll(/^id: (.*)$/gm)
    ids.push(...Array.from(told, ([, id = '']) => id))
  }
  expect(ids).toEqual(Array.from({ length: HISTORY }, (_, index) => `evt_${index + 1}`))
  await reader.cancel()
})

test('a slow reader of the request log is told that it is not whole', async () => {
  const { api } = startServer()
  const answer = await api('GET', '/v1/logs/stream')
  const reader = (answer.body as ReadableStream<Uint8Array>).getReader()
  for (let count = 0; count < 500; count++) await api('GET', '/v1/payments')
  await expect(
    (async () => {
      while (!(await reader.read()).done);
    })(),
  ).rejects.toThrow('keep up')
})
