/**
 * What the watch finds, and that it is raised once.
 *
 * @module
 */

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Alarm } from '../../src/alarms/index.ts'
import {
  addMs,
  GatewayClock,
  MovableClock,
  toInstant,
  type Instant,
} from '../../src/alipay/index.ts'
import { createAlarmWatch, type AlarmWatchOptions } from '../../src/cli/alarm-watch.ts'
import { StoreUnavailable } from '../../src/payments/index.ts'
import { payment, refund } from '../payments/records.ts'

const now = toInstant(1_795_400_000_000)

async function found(change: Partial<AlarmWatchOptions> = {}, unknownCalls = 0): Promise<Alarm[]> {
  const raised: Alarm[] = []
  const watch = createAlarmWatch({
    alarms: {
      raise: async (alarm: Alarm) => raised.push(alarm) > 0,
      shout: async (alarm: Alarm) => void raised.push(alarm),
    } as unknown as AlarmWatchOptions['alarms'],
    payments: { list: async () => [], listRefunds: async () => [] },
    client: { measureClock: async () => ({ offsetMs: 0 }) },
    clock: new MovableClock(now),
    certificates: undefined,
    onError: () => {},
    ...change,
  })
  for (let call = 0; call < unknownCalls; call++) watch.noteUnknown()
  await watch.look().catch(() => {})
  return raised
}

const kinds = (alarms: readonly Alarm[]) => alarms.map(({ kind, about }) => `${kind} ${about}`)

test('nothing is raised while all is well', async () => {
  expect(await found()).toEqual([])
})

test('reviews, refunds that wait, and payments stuck 5 minutes after their deadline', async () => {
  const closing = (id: string, expiresAt: Instant) => ({
    payment: payment({ id, status: 'closing', expiresAt }),
    refunds: [],
  })
  const payments: AlarmWatchOptions['payments'] = {
    list: async ({ inReview }) =>
      inReview === true
        ? [{ payment: payment({ id: 'pay_1', review: 'late' }), refunds: [] }]
        : [closing('pay_2', addMs(now, -300_001)), closing('pay_3', addMs(now, -299_999))],
    listRefunds: async () => [refund({ id: 're_1', status: 'requires_action' })],
  }
  expect(kinds(await found({ payments }))).toEqual([
    'payment_review pay_1:late',
    'payment_stuck pay_2',
    expect.stringMatching(/^refund_requires_action re_1:/),
  ])
})

test('a gateway that does not answer, but not one that only was slow', async () => {
  const client = { measureClock: () => Promise.reject(new Error('no route')) }
  expect(kinds(await found({ client }, 3))).toEqual([expect.stringContaining('gateway_down 20')])
  expect(await found({ client }, 2)).toEqual([])
  expect(await found({}, 100)).toEqual([])
})

test('a clock that is more than 5 s off', async () => {
  const machine = new MovableClock(now)
  const clock = new GatewayClock({ clock: machine, monotonicMs: () => 0 })
  const observe = (offsetMs: number) =>
    clock.observe({ date: addMs(now, offsetMs), sentAtMs: 0, receivedAtMs: 0 })
  expect(await found({ clock })).toEqual([])
  observe(4_000)
  expect(await found({ clock })).toEqual([])
  observe(90_000)
  expect((await found({ clock }))[0]).toMatchObject({
    kind: 'clock_off',
    text: expect.stringContaining('behind by 90 s'),
  })
})

test('a certificate 30, 14, 7, 3 and 1 days before its end, each once', async () => {
  const file = readFileSync(
    new URL('../vectors/certificates/application.pem', import.meta.url),
    'utf8',
  )
  const { X509Certificate } = await import('node:crypto')
  const end = Date.parse(new X509Certificate(file).validTo)
  const certificates = { app: file, alipay: file, root: file }
  const at = async (days: number) => {
    const clock = new MovableClock(toInstant(end - days * 86_400_000))
    return (await found({ certificates, clock })).map(({ about }) => about.split(':')[1])
  }
  expect(await at(31)).toEqual([])
  expect(await at(29)).toEqual(['30', '30'])
  expect(await at(14)).toEqual(['14', '14'])
  expect(await at(2)).toEqual(['3', '3'])
  expect(await at(-5)).toEqual(['0', '0'])
})

test('a database that is away is shouted about, past it', async () => {
  const payments: AlarmWatchOptions['payments'] = {
    list: () => Promise.reject(new StoreUnavailable('away', 'not_applied')),
    listRefunds: async () => [],
  }
  expect(kinds(await found({ payments }))).toEqual([expect.stringContaining('store_failing')])
})
