/**
 * What the watch finds, and that it is raised once.
 *
 * @module
 */

import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Credential } from '../../src/access/index.ts'
import type { Alarm } from '../../src/alarms/index.ts'
import {
  addMs,
  GatewayClock,
  MovableClock,
  toInstant,
  type Instant,
} from '../../src/alipay/index.ts'
import { createAlarmWatch, type AlarmWatchOptions } from '../../src/cli/alarm-watch.ts'
import { createSigns } from '../../src/cli/signs.ts'
import {
  StoreUnavailable,
  type ObservedCall,
  type PaymentCommit,
} from '../../src/payments/index.ts'
import { payment, refund } from '../payments/records.ts'

const now = toInstant(1_795_400_000_000)

const nothingToSee: AlarmWatchOptions['payments'] = {
  list: async () => [],
  listRefunds: async () => [],
  refundHold: async () => undefined,
}

function watchOf(change: Partial<AlarmWatchOptions>, raised: Alarm[] = []) {
  return createAlarmWatch({
    alarms: {
      raise: async (alarm: Alarm) => raised.push(alarm) > 0,
      shout: async (alarm: Alarm) => void raised.push(alarm),
    } as unknown as AlarmWatchOptions['alarms'],
    payments: nothingToSee,
    client: { measureClock: async () => ({ offsetMs: 0 }) },
    clock: new MovableClock(now),
    certificates: undefined,
    credentials: { list: async () => [] },
    signs: createSigns({ expectsNotifications: true }),
    onCertificate: () => {},
    onError: () => {},
    ...change,
  })
}

async function found(change: Partial<AlarmWatchOptions> = {}, unknownCalls = 0): Promise<Alarm[]> {
  const raised: Alarm[] = []
  const signs = change.signs ?? createSigns({ expectsNotifications: true })
  const watch = watchOf({ ...change, signs }, raised)
  for (let count = 0; count < unknownCalls; count++) {
    signs.noteCall(call({ outcome: 'unknown', code: 'ERR_ALIPAY_GATEWAY_UNREACHABLE' }))
  }
  await watch.look().catch(() => {})
  return raised
}

/** A call of the gateway that is over. */
function call(change: Partial<ObservedCall>): ObservedCall {
  return {
    method: 'alipay.trade.query',
    outcome: 'applied',
    code: '10000',
    isVerified: change.code?.startsWith('ERR_') !== true,
    durationMs: 5,
    ...change,
  }
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
    ...nothingToSee,
    list: async ({ inReview }) =>
      inReview === true
        ? [{ payment: payment({ id: 'pay_1', review: 'late' }), refunds: [] }]
        : [closing('pay_2', addMs(now, -300_001)), closing('pay_3', addMs(now, -299_999))],
    listRefunds: async ({ status, createdBefore }) =>
      status === 'requires_action'
        ? [refund({ id: 're_1', status })]
        : createdBefore === addMs(now, -900_000)
          ? [refund({ id: 're_2', status: 'processing' })]
          : [],
  }
  expect(kinds(await found({ payments }))).toEqual([
    'payment_review pay_1:late',
    'payment_stuck pay_2',
    'refund_stuck re_2',
    expect.stringMatching(/^refund_requires_action re_1:/),
  ])
})

test('refunds that a restored backup holds, until they are sent again', async () => {
  const hold = (liftedAt: Instant | null) => ({
    ...nothingToSee,
    refundHold: async () => ({ from: now, until: null, liftedAt, liftedBy: null }),
  })
  expect(kinds(await found({ payments: hold(null) }))).toEqual([
    expect.stringMatching(/^refund_hold 20\d\d-/),
  ])
  expect(await found({ payments: hold(now) })).toEqual([])
})

test('a gateway that does not answer, but not one that only was slow', async () => {
  const client = { measureClock: () => Promise.reject(new Error('no route')) }
  expect(kinds(await found({ client }, 3))).toEqual([expect.stringContaining('gateway_down 20')])
  expect(await found({ client }, 2)).toEqual([])
  expect(await found({}, 9)).toEqual([])
})

test('one that answers, but with nothing definite for ten calls', async () => {
  expect(kinds(await found({}, 10))).toEqual([expect.stringContaining('gateway_down 20')])
  const signs = createSigns({ expectsNotifications: true })
  signs.noteCall(call({}))
  expect(await found({ signs }, 10)).toEqual([])
})

describe('keys that do not fit', () => {
  const unverified = { code: 'ERR_ALIPAY_SIGNATURE_INVALID', outcome: 'unknown' } as const
  const refused = { code: 'isv.invalid-signature', outcome: 'not_applied' } as const

  test.each([
    ['no answer can be verified', unverified, 'keys_wrong answers:20', '应用公钥'],
    ['no request is taken', refused, 'keys_wrong requests:20', '应用私钥'],
  ])('%s, three times in a row, until one is', async (_, sign, kind, text) => {
    const signs = createSigns({ expectsNotifications: true })
    const [first, second] = [call(sign), call(sign)]
    signs.noteCall(first)
    signs.noteCall(second)
    expect(await found({ signs })).toEqual([])
    signs.noteCall(call(sign))
    const [alarm, ...others] = await found({ signs })
    expect(others).toEqual([])
    expect(`${alarm?.kind} ${alarm?.about}`).toContain(kind)
    expect(alarm?.text).toContain(text)
    signs.noteCall(call({ code: 'ACQ.TRADE_NOT_EXIST', outcome: 'not_applied' }))
    expect(await found({ signs })).toEqual([])
  })
})

test('an account that may take no payments, until one is taken', async () => {
  const signs = createSigns({ expectsNotifications: true })
  const method = 'alipay.trade.precreate'
  signs.noteCall(call({ method, code: 'ACQ.SELLER_BEEN_BLOCKED', outcome: 'not_applied' }))
  signs.noteCall(call({}))
  expect(kinds(await found({ signs }))).toEqual([
    expect.stringContaining('account_restricted ACQ.SELLER_BEEN_BLOCKED'),
  ])
  signs.noteCall(call({ method, code: 'ACQ.TOTAL_FEE_EXCEED', outcome: 'not_applied' }))
  expect(await found({ signs })).toHaveLength(1)
  signs.noteCall(call({ method }))
  expect(await found({ signs })).toEqual([])
})

test('twenty payments in a row that nobody was notified of, but not in the sandbox', async () => {
  const paid = (source: string) =>
    ({
      events: [{ type: 'payment.succeeded' }],
      timeline: [{ kind: 'trade', source }],
    }) as unknown as PaymentCommit
  const after = async (sources: readonly string[], expectsNotifications = true) => {
    const signs = createSigns({ expectsNotifications })
    for (const source of sources) signs.noteCommit(paid(source))
    return kinds(await found({ signs }))
  }
  const asked = Array.from({ length: 20 }, () => 'gateway')
  expect(await after(asked.slice(1))).toEqual([])
  expect(await after(asked)).toEqual([expect.stringContaining('notifications_missing')])
  expect(await after([...asked, 'notification'])).toEqual([])
  expect(await after(asked, false)).toEqual([])
})

test('what stands is there to be shown until it is over', async () => {
  const signs = createSigns({ expectsNotifications: true })
  const watch = watchOf({ signs })
  expect(watch.standing()).toEqual([])
  for (let count = 0; count < 3; count++) {
    signs.noteCall(call({ code: 'ERR_ALIPAY_SIGNATURE_INVALID', outcome: 'unknown' }))
  }
  await watch.look()
  expect(kinds(watch.standing())).toEqual([expect.stringContaining('keys_wrong')])
  signs.noteCall(call({}))
  await watch.look()
  expect(watch.standing()).toEqual([])
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

test('of further keys, too, before they are used, but not once they are retired', async () => {
  const file = readFileSync(
    new URL('../vectors/certificates/application.pem', import.meta.url),
    'utf8',
  )
  const clock = new MovableClock(toInstant(Date.parse(new X509Certificate(file).validTo) - 1))
  const kept = (status: Credential['status']): Credential => ({
    id: `cred_${status}`,
    appId: 'app_1',
    status,
    signType: 'RSA2',
    applicationPublicKey: '',
    alipay: { certificates: { app: file, alipay: file, root: file } },
    isEncrypted: false,
    createdAt: now,
    verifiedAt: null,
    activatedAt: null,
    retiredAt: null,
  })
  const ends: string[] = []
  const alarms = await found({
    clock,
    credentials: { list: async () => [kept('staged'), kept('retired')] },
    onCertificate: ({ name, of }) => ends.push(`${of} ${name.split(' ').at(-1)}`),
  })
  expect(alarms.map(({ kind, text }) => `${kind} ${text.includes('cred_staged')}`)).toEqual([
    'key_expiring true',
    'key_expiring true',
  ])
  expect(ends).toEqual(['application (cred_staged)', 'alipay (cred_staged)'])
})

test('a database that is away is shouted about, past it', async () => {
  const payments: AlarmWatchOptions['payments'] = {
    ...nothingToSee,
    list: () => Promise.reject(new StoreUnavailable('away', 'not_applied')),
  }
  expect(kinds(await found({ payments }))).toEqual([expect.stringContaining('store_failing')])
})
