import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createClient, type ClientOptions } from '../../src/alipay/client.ts'
import { GatewayUnreachable } from '../../src/alipay/errors.ts'
import {
  CLOCK_ROUND_TRIP_MAX_MS,
  CLOCK_SKEW_WARN_MS,
  type ClockAlarm,
  GatewayClock,
} from '../../src/alipay/gateway-clock.ts'
import { addMs, MovableClock, parseBeijingTime, toInstant } from '../../src/alipay/time.ts'
import { createEmulator, listen } from '../../src/emulator/index.ts'
import { alipayPublicKey, answerBody, applicationPrivateKey } from './alipay-side.ts'
import { type GatewayServer, gatewayServer, type Reply } from './gateway-server.ts'

const noon = parseBeijingTime('2026-11-23 12:00:00')

/** A clock on a machine whose two clocks are moved by hand; the monotonic one begins anywhere. */
function clockAt(machineStart = noon) {
  let machineMs: number = machineStart
  let monotonicMs = 12_345.678
  const alarms: ClockAlarm[] = []
  const clock = new GatewayClock({
    clock: { now: () => toInstant(Math.floor(machineMs)) },
    monotonicMs: () => monotonicMs,
    onAlarm: (alarm) => alarms.push(alarm),
  })
  return {
    clock,
    pass: (ms: number) => {
      machineMs += ms
      monotonicMs += ms
    },
    setMachine: (ms: number) => (machineMs += ms),
    /** The gateway answers at once: that it is this time, in whole seconds. */
    hears: (time: number, roundTripMs = 0) => {
      const date = toInstant(Math.floor(time / 1000) * 1000)
      return clock.observe({ date, sentAtMs: monotonicMs - roundTripMs, receivedAtMs: monotonicMs })
    },
    alarms: async () => {
      await Promise.resolve()
      return alarms.splice(0)
    },
  }
}

describe('the time', () => {
  test("begins with the machine's and goes on by the monotonic clock", () => {
    const { clock, pass } = clockAt()
    expect(clock.now()).toBe(noon)
    pass(1_500)
    expect(clock.now()).toBe(noon + 1_500)
    expect([clock.offsetMs, clock.isMeasured]).toEqual([0, false])
  })

  test('does not move when the machine’s clock is set, which is told with the distance', async () => {
    const { clock, setMachine, pass, alarms } = clockAt()
    setMachine(3_600_000)
    expect(clock.now()).toBe(noon)
    setMachine(-7_200_000)
    expect(clock.now()).toBe(noon)
    expect(await alarms()).toEqual([
      { kind: 'step', byMs: 3_600_000 },
      { kind: 'step', byMs: -7_200_000 },
    ])
    pass(60_000)
    expect(clock.now()).toBe(noon + 60_000)
    expect(clock.offsetMs).toBe(3_600_000)
    expect(await alarms()).toEqual([])
  })

  test('is watched for steps of more than 5 s: not for less, not for slow ones', async () => {
    const { clock, setMachine, alarms } = clockAt()
    for (let look = 0; look < 10; look++) {
      setMachine(CLOCK_SKEW_WARN_MS)
      clock.now()
    }
    expect(await alarms()).toEqual([])
    setMachine(CLOCK_SKEW_WARN_MS + 1)
    clock.now()
    expect(await alarms()).toEqual([{ kind: 'step', byMs: CLOCK_SKEW_WARN_MS + 1 }])
  })

  test('is whole milliseconds of the real clocks by default', () => {
    const clock = new GatewayClock()
    const before = Date.now()
    expect(Number.isInteger(clock.now())).toBe(true)
    expect(Math.abs(clock.now() - before)).toBeLessThan(1_000)
    expect(Math.abs(clock.monotonicMs() - performance.now())).toBeLessThan(1_000)
  })

  test('is told although the one who hears the alarm fails', async () => {
    const failures: unknown[] = []
    const listeners = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    process.once('uncaughtException', (error) => failures.push(error))
    let machineMs: number = noon
    const clock = new GatewayClock({
      clock: { now: () => toInstant(machineMs) },
      monotonicMs: () => 0,
      onAlarm: () => {
        throw new Error('The log is full')
      },
    })
    machineMs += 60_000
    expect(clock.now()).toBe(noon)
    await new Promise((resolve) => setImmediate(resolve))
    for (const listener of listeners) process.on('uncaughtException', listener)
    expect(failures).toEqual([new Error('The log is full')])
  })
})

describe('an answer’s date', () => {
  test.each([
    ['behind', -600_000, noon],
    ['ahead', 600_000, noon + 1_000],
  ])('moves a clock that is %s to the nearest time that it allows', (_, error, expected) => {
    const { clock, hears } = clockAt(addMs(noon, error))
    hears(noon + 400)
    expect([clock.now(), clock.isMeasured]).toEqual([expected, true])
    expect(clock.offsetMs).toBe(expected - noon - error)
  })

  test.each([
    ['at the beginning of its second', 0],
    ['at its end', 1_000],
    ['ahead by what HTTP servers write late', 2_000],
  ])('does not move a clock that is %s', (_, error) => {
    const { clock, hears } = clockAt(addMs(noon, error))
    hears(noon)
    expect([clock.now(), clock.isMeasured]).toEqual([noon + error, true])
  })

  test('may be of any moment from sending to receiving', () => {
    for (const [error, moved] of [
      [-3_001, -3_000],
      [-3_000, -3_000],
      [2_000, 2_000],
      [2_001, 1_000],
    ] as const) {
      const { clock, hears } = clockAt(addMs(noon, error))
      // It was 11:59:57 there at a moment from 3 s ago until now.
      hears(noon - 3_000, 3_000)
      expect(clock.now()).toBe(noon + moved)
    }
  })

  test.each([
    ['took more than 5 s', CLOCK_ROUND_TRIP_MAX_MS + 0.001],
    ['came before it was asked for', -1],
    ['took no one knows how long', NaN],
  ])('of an answer that %s is passed over', (_, roundTripMs) => {
    const { clock, hears } = clockAt()
    expect(hears(noon + 600_000, roundTripMs)).toBe(false)
    expect([clock.now(), clock.isMeasured]).toEqual([noon, false])
    expect(hears(noon + 600_000, CLOCK_ROUND_TRIP_MAX_MS)).toBe(true)
    expect(clock.isMeasured).toBe(true)
  })

  /** How long until the next request, on the way there, and on the way back. */
  const exchanges = fc.array(
    fc.tuple(fc.nat(90_000), fc.nat(2_500), fc.nat(2_500)).map((all) => all.map((ms) => ms / 3)),
    { minLength: 1, maxLength: 30 },
  )

  test('never moves a clock that is right', () => {
    fc.assert(
      fc.property(fc.nat(999), exchanges, (millis, all) => {
        const start = addMs(noon, millis)
        const { clock, pass } = clockAt(start)
        let passed = 0
        for (const [wait = 0, there = 0, back = 0] of all) {
          pass(wait)
          const sentAtMs = clock.monotonicMs()
          pass(there)
          const date = toInstant(Math.floor((start + passed + wait + there) / 1000) * 1000)
          pass(back)
          passed += wait + there + back
          clock.observe({ date, sentAtMs, receivedAtMs: clock.monotonicMs() })
          expect(Math.abs(clock.now() - (start + passed))).toBeLessThanOrEqual(1)
        }
      }),
    )
  })

  test('brings any clock to within 2 s and the round trip, and it goes back by over 1 s or not', () => {
    fc.assert(
      fc.property(fc.integer({ min: -9e6, max: 9e6 }), exchanges, (error, all) => {
        const { clock, pass } = clockAt(addMs(noon, error))
        let truth: number = noon
        for (const [wait = 0, there = 0, back = 0] of all) {
          pass(wait)
          const sentAtMs = clock.monotonicMs()
          pass(there)
          const date = toInstant(Math.floor((truth + wait + there) / 1000) * 1000)
          pass(back)
          truth += wait + there + back
          const before = clock.now()
          clock.observe({ date, sentAtMs, receivedAtMs: clock.monotonicMs() })
          const moved = clock.now() - before
          expect(moved <= -1_000 || moved >= 0).toBe(true)
          expect(clock.now() - truth).toBeLessThan(2_001 + there + back)
          expect(truth - clock.now()).toBeLessThan(1_001 + there + back)
        }
      }),
    )
  })
})

describe('the distance to the machine’s clock', () => {
  test('is told once it is over 5 s, and again only after it was back within', async () => {
    const { clock, hears, pass, setMachine, alarms } = clockAt(addMs(noon, -60_000))
    expect(await alarms()).toEqual([])
    hears(noon)
    expect(clock.offsetMs).toBe(60_000)
    for (let minute = 1; minute <= 5; minute++) {
      pass(60_000)
      hears(clock.now())
    }
    expect(await alarms()).toEqual([{ kind: 'skew', offsetMs: 60_000 }])

    setMachine(60_000)
    hears(clock.now())
    setMachine(7_000)
    hears(clock.now())
    expect(await alarms()).toEqual([
      { kind: 'step', byMs: 60_000 },
      { kind: 'step', byMs: 7_000 },
      { kind: 'skew', offsetMs: -7_000 },
    ])
  })

  test.each([
    ['5 s', 5_000, 0],
    ['more', 5_001, 1],
  ])('of %s is the limit', async (_, distanceMs, told) => {
    const { hears, alarms } = clockAt(addMs(noon, -distanceMs))
    hears(noon)
    expect(await alarms()).toHaveLength(told)
  })

  test('that trembles at the limit is told once', async () => {
    const { hears, pass, setMachine, alarms } = clockAt(addMs(noon, -5_001))
    for (let look = 0; look < 10; look++) {
      hears(noon + look * 1_000)
      setMachine(look % 2 === 0 ? 2 : -2)
      pass(1_000)
    }
    expect(await alarms()).toEqual([{ kind: 'skew', offsetMs: 5_001 }])
  })
})

describe('a client', () => {
  let gateway: GatewayServer
  const closings: (() => Promise<unknown>)[] = []

  beforeEach(async () => {
    gateway = await gatewayServer()
  })
  afterEach(async () => {
    vi.useRealTimers()
    await gateway.close()
    await Promise.all(closings.splice(0).map((close) => close()))
  })

  function clientWith(overrides: Partial<ClientOptions> = {}) {
    const client = createClient({
      appId: '9021000000000001',
      gateway: gateway.address,
      privateKey: applicationPrivateKey,
      alipayPublicKey,
      ...overrides,
    } as ClientOptions)
    closings.push(() => client.close())
    return client
  }

  const query = { out_trade_no: 'ORDER-1' }
  const node = '{"code":"10000","msg":"Success","out_trade_no":"ORDER-1"}'
  const late = toInstant(Date.parse('2040-01-01T00:00:00Z'))
  const lateDate = 'Sun, 01 Jan 2040 00:00:00 GMT'

  /** What the reply answers, with this date. */
  const dated =
    (reply: Reply, date = lateDate): Reply =>
    (received, outgoing) => {
      outgoing.setHeader('date', date)
      return reply(received, outgoing)
    }
  const answered: Reply = ({ params }) => answerBody(params.get('method') ?? '', node)

  test('without a clock has one of its own, which the answers put right', async () => {
    gateway.answer(dated(answered))
    const client = clientWith()
    expect(client.clock).toBeInstanceOf(GatewayClock)
    expect((client.clock as GatewayClock).isMeasured).toBe(false)
    await client.trade.query(query)
    expect(client.clock.now() - late).toBeLessThan(10_000)
    expect(client.clock.now()).toBeGreaterThanOrEqual(late - 10_000)
    await client.trade.query(query)
    expect(gateway.received[1]?.params.get('timestamp')).toMatch(/^2040-01-01 0[78]:/)
  })

  test.each<[string, Reply]>([
    ['with an error status', (_, outgoing) => void outgoing.writeHead(502).end('Bad Gateway')],
    ['that is unsigned', () => '{"alipay_trade_query_response":{}}'],
    [
      'that is cut off',
      (_, outgoing) => {
        outgoing.writeHead(200, { 'content-length': '99' }).write('{')
        setImmediate(() => outgoing.destroy())
      },
    ],
  ])('takes the time also from an answer %s', async (_, reply) => {
    gateway.answer(dated(reply))
    const clock = new GatewayClock()
    const client = clientWith({ clock })
    expect(client.clock).toBe(clock)
    await expect(client.trade.query(query)).rejects.toThrow()
    expect(clock.isMeasured).toBe(true)
    expect(Math.abs(clock.now() - late)).toBeLessThan(10_000)
  })

  test.each<[string, Reply]>([
    ['has no date', (_, outgoing) => void (outgoing.sendDate = false)],
    ['has a date that is none', dated(() => undefined, 'yesterday')],
    ['has a date of another form', dated(() => undefined, '2040-01-01T00:00:00Z')],
    ['comes from a cache', dated((_, outgoing) => void outgoing.setHeader('age', '7'))],
  ])('takes no time from an answer that %s', async (_, head) => {
    gateway.answer((received, outgoing) => {
      void head(received, outgoing)
      return answered(received, outgoing)
    })
    const clock = new GatewayClock()
    const client = clientWith({ clock })
    await client.trade.query(query)
    expect(clock.isMeasured).toBe(false)
    const error: unknown = await client.measureClock().catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(GatewayUnreachable)
    expect(error).toMatchObject({ stage: 'http_status', status: 200 })
  })

  test('measures by one GET that tells nobody anything, whatever is answered', async () => {
    for (const status of [200, 302, 404, 502]) {
      const big = Buffer.alloc(5_000, 'x')
      gateway.answer(dated((_, outgoing) => void outgoing.writeHead(status).end(big)))
      const clock = new GatewayClock()
      const client = clientWith({ clock, answerBytesMax: 4_096 })
      const before = Date.now()
      const { offsetMs } = await client.measureClock()
      expect(Math.abs(offsetMs - (late - before))).toBeLessThan(10_000)
      expect(clock.offsetMs - offsetMs).toBeLessThan(2)
      expect(Math.abs(clock.now() - late)).toBeLessThan(10_000)
    }
    expect(gateway.received).toHaveLength(4)
    for (const { url, body, headers } of gateway.received) {
      expect([url, body.length, headers['content-type']]).toEqual(['/gateway.do', 0, undefined])
    }
  })

  test('does not measure by an answer that took too long', async () => {
    let monotonicMs = 0
    const clock = new GatewayClock({ monotonicMs: () => (monotonicMs += 5_001) })
    gateway.answer(dated(answered))
    const error: unknown = await clientWith({ clock })
      .measureClock()
      .catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(GatewayUnreachable)
    expect((error as Error).message).toContain('took too long')
    expect(clock.isMeasured).toBe(false)
  })

  test('waits for 5 s, whatever the time-out of calls', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    gateway.answer(() => undefined)
    const measuring = clientWith({ timeoutMs: 120_000 }).measureClock()
    measuring.catch(() => undefined)
    while (gateway.received.length === 0) await new Promise((resolve) => setImmediate(resolve))
    vi.advanceTimersByTime(CLOCK_ROUND_TRIP_MAX_MS)
    await expect(measuring).rejects.toMatchObject({
      stage: 'timeout',
      message: 'No answer within 5000 ms.',
    })
  })

  test('that cannot reach the gateway cannot measure', async () => {
    const client = clientWith()
    await gateway.close()
    await expect(client.measureClock()).rejects.toMatchObject({
      code: 'ERR_ALIPAY_GATEWAY_UNREACHABLE',
      stage: 'connect',
    })
  })

  test('uses any other clock as it is, and measures how far it is away', async () => {
    gateway.answer(dated(answered))
    const clock = new MovableClock(noon)
    const client = clientWith({ clock })
    await client.trade.query(query)
    await client.trade.query(query)
    expect(client.clock).toBe(clock)
    expect(clock.now()).toBe(noon)
    expect(gateway.received[1]?.params.get('timestamp')).toBe('2026-11-23 12:00:00')
    const { offsetMs } = await client.measureClock()
    expect(Math.abs(offsetMs - (late - noon))).toBeLessThan(10_000)
    expect(clock.now()).toBe(noon)
  })

  test('measures the emulator’s clock', async () => {
    const clock = new MovableClock()
    const emulator = await createEmulator({ baseUrl: 'http://127.0.0.1', clock })
    const server = await listen(emulator, { port: 0 })
    closings.push(
      () => server.close(),
      () => emulator.stop(),
    )
    const client = clientWith({ gateway: `http://127.0.0.1:${server.port}/gateway.do` })
    expect(Math.abs((await client.measureClock()).offsetMs)).toBeLessThan(3_000)
    emulator.advanceClock(86_400_000)
    expect(Math.abs((await client.measureClock()).offsetMs - 86_400_000)).toBeLessThan(3_000)
  })
})
