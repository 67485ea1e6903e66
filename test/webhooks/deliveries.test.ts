/**
 * Events reach the merchant: at least once, whatever receivers do and whoever dies, on both stores.
 *
 * @module
 */
import { describe, expect, test } from 'vitest'
import { addMs } from '../../src/alipay/index.ts'
import type { PaymentEventType } from '../../src/payments/payment-event.ts'
import {
  ATTEMPTS_MAX,
  deliveryIdFor,
  IN_FLIGHT_MAX,
  LEASE_MS,
  RETRY_DELAYS_MS,
  type WebhookCrashPoint,
} from '../../src/webhooks/index.ts'
import { storeKinds } from '../store/opened-stores.ts'
import {
  DAY_MS,
  HOUR_MS,
  idsOf,
  MINUTE_MS,
  openStand,
  SECOND_MS,
  silence,
  startReceiver,
  status,
  verifiedByLibrary,
} from './stand.ts'

describe.each(storeKinds)('on $kind', (kind) => {
  test('an event reaches every endpoint that wants its kind, signed for each', async () => {
    const { webhooks, emit, clock } = await openStand(kind)
    const [all, some, other] = await Promise.all([1, 2, 3].map(() => startReceiver()))
    const create = (url = '', types?: string[]) =>
      webhooks.endpoints.create({ url, ...(types && { types }) })
    const first = await create(all?.url)
    const second = await create(some?.url, ['refund.failed', 'payment.succeeded'])
    await create(other?.url, ['payment.succeeded_late'])
    const [created, paid] = await emit('payment.created', 'payment.succeeded')

    expect(await webhooks.runDue()).toBe(3)

    expect(new Set(all && idsOf(all))).toEqual(new Set([created?.id, paid?.id]))
    expect(some && idsOf(some)).toEqual([paid?.id])
    expect(other?.received).toEqual([])
    const [request] = some?.received ?? []
    if (request === undefined) throw new Error('Nothing came')
    expect(request).toMatchObject({
      method: 'POST',
      url: '/hooks',
      headers: { 'content-type': 'application/json', 'webhook-id': paid?.id },
    })
    expect(verifiedByLibrary(request, second.secret, clock.now())).toEqual({
      id: paid?.id,
      type: 'payment.succeeded',
      timestamp: new Date(clock.now()).toISOString(),
      sequence: 2,
      data: JSON.parse(paid?.data ?? ''),
    })
    expect(() => verifiedByLibrary(request, first.secret, clock.now())).toThrow('No matching')
    expect(await webhooks.runDue()).toBe(0)
  })

  test('scenario 42: an endpoint that fails for two days gets all in the end, and another is not disturbed', async () => {
    const { webhooks, emit, advance, clock } = await openStand(kind)
    const broken = await startReceiver(status(500))
    const healthy = await startReceiver()
    const { secret } = await webhooks.endpoints.create({ url: broken.url })
    await webhooks.endpoints.create({ url: healthy.url })
    const events: string[] = []
    for (let hour = 0; hour < 48; hour++) {
      if (hour % 2 === 0) events.push(...(await emit('payment.succeeded')).map(({ id }) => id))
      await webhooks.runDue()
      expect(idsOf(healthy)).toEqual(events)
      await advance(HOUR_MS)
    }
    // Without the breaker each of the 24 would have been tried about ten times.
    expect(events).toHaveLength(24)
    expect(broken.received.length).toBeGreaterThan(40)
    expect(broken.received.length).toBeLessThan(70)
    const before = broken.received.length

    broken.answer = status(200)
    await advance(15 * MINUTE_MS)
    await webhooks.runDue()

    const got = broken.received.slice(before)
    expect(got.map(({ id }) => id).toSorted()).toEqual(events.toSorted())
    for (const request of got) {
      expect(verifiedByLibrary(request, secret, clock.now())).toMatchObject({ id: request.id })
    }
    expect(await webhooks.runDue()).toBe(0)
    expect(healthy.received).toHaveLength(24)
  })

  test('a delivery that always fails is tried on its schedule, the same bytes each time, and is then visible as given up', async () => {
    const { webhooks, emit, advance, clock } = await openStand(kind)
    const receiver = await startReceiver(status(503))
    const { endpoint, secret } = await webhooks.endpoints.create({ url: receiver.url })
    const [event] = await emit('payment.succeeded')
    await webhooks.runDue()
    const sentAt = [clock.now()]
    // The clock of PostgreSQL goes on by itself, on a busy machine for seconds.
    const ahead = kind.kind === 'sqlite' ? 1 : 4_000
    for (const delay of RETRY_DELAYS_MS) {
      await advance(delay - ahead)
      expect(await webhooks.runDue()).toBe(0)
      await advance(ahead)
      // With ten failures in a row the breaker may hold it back a little longer.
      if ((await webhooks.runDue()) === 0) {
        await advance(15 * MINUTE_MS)
        expect(await webhooks.runDue()).toBe(1)
      }
      sentAt.push(clock.now())
    }
    expect(receiver.received).toHaveLength(ATTEMPTS_MAX)
    expect(new Set(receiver.received.map(({ body }) => body)).size).toBe(1)
    for (const [index, request] of receiver.received.entries()) {
      const at = sentAt[index] ?? clock.now()
      expect(request.headers['webhook-timestamp']).toBe(String(Math.floor(at / 1000)))
      expect(verifiedByLibrary(request, secret, at)).toMatchObject({ id: event?.id })
    }
    expect(await webhooks.deliveries(endpoint.id, { limit: 10 })).toMatchObject([
      {
        eventId: event?.id,
        type: 'payment.succeeded',
        status: 'failed',
        attempts: ATTEMPTS_MAX,
        dueInMs: null,
        finishedAt: clock.now(),
      },
    ])
    await advance(30 * DAY_MS)
    expect(await webhooks.runDue()).toBe(0)
  })

  test('scenario 45: a secret that is changed during the retries: both signatures until the old one ends', async () => {
    const { webhooks, emit, advance, clock } = await openStand(kind)
    const receiver = await startReceiver(status(500))
    const { endpoint, secret: old } = await webhooks.endpoints.create({ url: receiver.url })
    await emit('payment.succeeded')
    await webhooks.runDue()
    const changed = await webhooks.rotateSecret(endpoint.id)
    await advance(5 * SECOND_MS)
    await webhooks.runDue()
    await advance(DAY_MS)
    await webhooks.runDue()

    const [before, during, after] = receiver.received
    if (!before || !during || !after || !changed) throw new Error('Three attempts were to be made')
    const signatures = (headers: Readonly<Record<string, string>>) =>
      headers['webhook-signature']?.split(' ')
    expect(signatures(before.headers)).toHaveLength(1)
    expect(signatures(during.headers)).toHaveLength(2)
    expect(signatures(after.headers)).toHaveLength(1)
    const then = addMs(clock.now(), -DAY_MS)
    expect(verifiedByLibrary(during, old, then)).toEqual(
      verifiedByLibrary(during, changed.secret, then),
    )
    expect(verifiedByLibrary(after, changed.secret, clock.now())).toBeDefined()
    expect(() => verifiedByLibrary(after, old, clock.now())).toThrow('No matching')
  })

  describe('a process that dies', () => {
    const dying = (at: WebhookCrashPoint) => {
      let isAlive = false
      return (point: WebhookCrashPoint): void => {
        if (isAlive || point !== at) return
        isAlive = true
        throw new Error(`died at ${point}`)
      }
    }

    test.each<[WebhookCrashPoint, number]>([
      ['delivery-claimed', 1],
      ['delivery-sent', 2],
    ])('at %s: the event is received, %i time(s)', async (point, times) => {
      const { webhooks, emit, advance, errors, clock } = await openStand(kind, {
        crashPoint: dying(point),
      })
      const receiver = await startReceiver()
      const { endpoint, secret } = await webhooks.endpoints.create({ url: receiver.url })
      const [event] = await emit('payment.succeeded')
      await webhooks.runDue()
      expect(String(errors)).toContain(`died at ${point}`)
      await advance(LEASE_MS - 1_000)
      expect(await webhooks.runDue()).toBe(0)
      await advance(2_000)
      expect(await webhooks.runDue()).toBe(1)

      expect(idsOf(receiver)).toEqual(Array.from({ length: times }, () => event?.id))
      const last = receiver.received.at(-1)
      if (last === undefined) throw new Error('Nothing came')
      expect(verifiedByLibrary(last, secret, clock.now())).toMatchObject({ id: event?.id })
      expect(new Set(receiver.received.map(({ body }) => body)).size).toBe(1)
      const stamps = new Set(receiver.received.map(({ headers }) => headers['webhook-timestamp']))
      expect(stamps.size).toBe(times)
      expect(await webhooks.deliveries(endpoint.id, { limit: 2 })).toMatchObject([
        { status: 'succeeded', attempts: 1, log: [{ status: 204, error: null }] },
      ])
    })
  })

  test('an attempt that outlasts its lease: another node sends it too, and success stands', async () => {
    const { webhooks, another, emit, advance } = await openStand(kind)
    const answers: ((code: number) => void)[] = []
    const receiver = await startReceiver((response) => {
      answers.push((code) => void response.writeHead(code).end())
    })
    const { endpoint } = await webhooks.endpoints.create({ url: receiver.url })
    await emit('payment.created')
    const first = webhooks.runDue()
    await receiver.until(1)
    await advance(LEASE_MS)
    const second = another().runDue()
    await receiver.until(2)
    answers[0]?.(204)
    await first
    const state = async () => (await webhooks.deliveries(endpoint.id, { limit: 1 }))[0]
    expect(await state()).toMatchObject({ status: 'succeeded', dueInMs: null, attempts: 1 })
    answers[1]?.(500)
    await second
    expect(await state()).toMatchObject({
      status: 'succeeded',
      dueInMs: null,
      log: [{ status: 204 }, { status: 500 }],
    })
  })

  test('a failure whose lease was lost does not disturb who has it now', async () => {
    const { webhooks, another, emit, advance } = await openStand(kind)
    const answers: ((code: number) => void)[] = []
    const receiver = await startReceiver((response) => {
      answers.push((code) => void response.writeHead(code).end())
    })
    const { endpoint } = await webhooks.endpoints.create({ url: receiver.url })
    await emit('payment.created')
    const first = webhooks.runDue()
    await receiver.until(1)
    await advance(LEASE_MS)
    const second = another().runDue()
    await receiver.until(2)
    answers[0]?.(500)
    await first
    const [delivery] = await webhooks.deliveries(endpoint.id, { limit: 1 })
    expect(delivery).toMatchObject({ status: 'pending', attempts: 0 })
    expect(await webhooks.redeliver(delivery?.id ?? '')).toEqual({ status: 'in_flight' })
    answers[1]?.(204)
    await second
    expect(await webhooks.deliveries(endpoint.id, { limit: 1 })).toMatchObject([
      { status: 'succeeded', attempts: 1 },
    ])
    expect(await webhooks.endpoints.find(endpoint.id)).toMatchObject({ failures: 0 })
  })

  test('410 disables the endpoint and keeps what waits; recover sends all since then, once', async () => {
    const { webhooks, emit, advance, disabled, clock } = await openStand(kind)
    const receiver = await startReceiver()
    const other = await startReceiver()
    const { endpoint } = await webhooks.endpoints.create({ url: receiver.url })
    await webhooks.endpoints.create({ url: other.url })
    const [before] = await emit('payment.created')
    await webhooks.runDue()
    await advance(MINUTE_MS)
    const since = clock.now()
    receiver.answer = status(410)
    const [refused] = await emit('payment.pending')
    await webhooks.runDue()
    expect(disabled).toMatchObject([
      { id: endpoint.id, status: 'disabled', disabledReason: 'gone' },
    ])
    expect(await webhooks.endpoints.find(endpoint.id)).toMatchObject({ disabledReason: 'gone' })
    await advance(MINUTE_MS)
    const missed = await emit('payment.scanned', 'payment.succeeded')
    await advance(3 * DAY_MS)
    await webhooks.runDue()
    expect(idsOf(receiver)).toEqual([before?.id, refused?.id])

    expect(await webhooks.recover(endpoint.id, since)).toEqual({ status: 'endpoint_disabled' })
    receiver.answer = status(200)
    await webhooks.endpoints.enable(endpoint.id)
    expect(await webhooks.recover(endpoint.id, since)).toEqual({ status: 'due', count: 3 })
    expect(await webhooks.recover(endpoint.id, since)).toEqual({ status: 'due', count: 3 })
    await webhooks.runDue()
    expect(await webhooks.recover(endpoint.id, since)).toEqual({ status: 'due', count: 0 })
    await webhooks.runDue()

    const got = idsOf(receiver).slice(2)
    expect(got[0]).toBe(refused?.id)
    expect(new Set(got)).toEqual(new Set([refused, ...missed].map((event) => event?.id)))
    expect(got).toHaveLength(3)
    expect(other.received).toHaveLength(4)
    const deliveries = await webhooks.deliveries(endpoint.id, { limit: 10 })
    expect(deliveries.map(({ status: state }) => state)).toEqual(Array(4).fill('succeeded'))
    expect(deliveries.map(({ id }) => id)).toContain(
      deliveryIdFor(missed[0]?.id ?? '', endpoint.id),
    )
  })

  test('recover also sends what was given up, of the kinds that are wanted', async () => {
    const { webhooks, emit, advance, clock } = await openStand(kind)
    const receiver = await startReceiver(status(500))
    const types = ['payment.succeeded', 'payment.failed']
    const { endpoint } = await webhooks.endpoints.create({ url: receiver.url, types })
    const since = clock.now()
    const wanted = await emit('payment.succeeded', 'payment.failed')
    for (let tries = 0; tries < ATTEMPTS_MAX; tries++) {
      await webhooks.runDue()
      await advance(27 * HOUR_MS)
      // It answered somebody: the endpoint is to be given up no sooner than the deliveries.
      await webhooks.endpoints.enable(endpoint.id)
    }
    const all = { limit: 10, status: 'failed' } as const
    expect(await webhooks.deliveries(endpoint.id, all)).toHaveLength(2)
    await emit('payment.scanned')
    receiver.answer = status(200)
    expect(await webhooks.recover(endpoint.id, since)).toEqual({ status: 'due', count: 2 })
    const before = receiver.received.length
    await webhooks.runDue()
    expect(idsOf(receiver).slice(before).toSorted()).toEqual(wanted.map(({ id }) => id).toSorted())
  })

  test('recover takes more events than fit into one transaction, in their order', async () => {
    const { webhooks, emit, clock, query } = await openStand(kind)
    const receiver = await startReceiver()
    const { endpoint } = await webhooks.endpoints.create({ url: receiver.url })
    await webhooks.endpoints.disable(endpoint.id)
    const since = clock.now()
    const types = Array.from({ length: 1_100 }, (): PaymentEventType => 'payment.succeeded')
    await emit(...types)
    await webhooks.endpoints.enable(endpoint.id)
    expect(await webhooks.recover(endpoint.id, since)).toEqual({ status: 'due', count: 1_100 })
    const [counted] = await query(
      `select count(*) as count, count(distinct event_id) as events from webhook_deliveries
       where status = 'pending' and due_at is not null`,
    )
    expect(Number(counted?.['count'])).toBe(1_100)
    expect(Number(counted?.['events'])).toBe(1_100)
  })

  test('an endpoint without one success for five days is disabled, and its deliveries stay', async () => {
    const { webhooks, emit, advance, disabled } = await openStand(kind)
    const receiver = await startReceiver(status(500))
    const { endpoint } = await webhooks.endpoints.create({ url: receiver.url })
    for (let day = 0; day <= 5; day += 1 / 4) {
      expect(disabled).toEqual([])
      await emit('payment.created')
      await webhooks.runDue()
      await advance(DAY_MS / 4)
    }
    expect(disabled).toMatchObject([{ id: endpoint.id, disabledReason: 'failing' }])
    const before = receiver.received.length
    await advance(DAY_MS)
    expect(await webhooks.runDue()).toBe(0)
    expect(receiver.received).toHaveLength(before)
    const waiting = await webhooks.deliveries(endpoint.id, { limit: 500, status: 'pending' })
    expect(waiting).toHaveLength(21)
  })

  test('an endpoint whose row is poison harms itself alone', async () => {
    const { webhooks, emit, advance, errors, query } = await openStand(kind)
    const receivers = await Promise.all([1, 2, 3].map(() => startReceiver()))
    const [first, second, third] = await Promise.all(
      receivers.map(({ url }) => webhooks.endpoints.create({ url })),
    )
    await query(
      `update webhook_endpoints set secrets = '[{"sealed"' where id = '${first?.endpoint.id}' returning id`,
    )
    await query(
      `update webhook_endpoints set url = 'nonsense' where id = '${second?.endpoint.id}' returning id`,
    )
    const [event] = await emit('payment.succeeded')
    await webhooks.runDue()

    expect(receivers.map(idsOf)).toEqual([[], [], [event?.id]])
    expect(errors).toHaveLength(2)
    const poisoned = await webhooks.deliveries(first?.endpoint.id ?? '', { limit: 1 })
    expect(poisoned).toMatchObject([
      { status: 'pending', attempts: 1, log: [{ status: null, answer: null }] },
    ])
    expect(poisoned[0]?.log[0]?.error).toMatch(/^saoma could not send it: The secrets/)
    expect(await webhooks.endpoints.list()).toHaveLength(3)
    await webhooks.rotateSecret(first?.endpoint.id ?? '', { overlapMs: 0 })
    await advance(5 * SECOND_MS)
    await webhooks.runDue()
    expect(receivers.map(idsOf)).toEqual([[event?.id], [], [event?.id]])
    expect(third?.endpoint.status).toBe('enabled')
  })

  test('an event that is not kept any more is given up at once', async () => {
    const { webhooks, emit, query } = await openStand(kind)
    const receiver = await startReceiver()
    const { endpoint } = await webhooks.endpoints.create({ url: receiver.url })
    await emit('payment.created')
    await query('delete from events where 1 = 1 returning id')
    await webhooks.runDue()
    expect(await webhooks.deliveries(endpoint.id, { limit: 1 })).toMatchObject([
      { status: 'failed', type: null, log: [{ error: 'The event is not kept any more.' }] },
    ])
    expect(receiver.received).toEqual([])
  })

  test('a thousand deliveries for an endpoint that never answers do not delay ten for another', async () => {
    const { webhooks, emit } = await openStand(kind)
    const dead = await startReceiver(silence)
    const healthy = await startReceiver()
    await webhooks.endpoints.create({ url: dead.url, types: ['payment.created'] })
    await webhooks.endpoints.create({ url: healthy.url, types: ['payment.succeeded'] })
    const many = Array.from({ length: 1_000 }, (): PaymentEventType => 'payment.created')
    await emit(...many)
    webhooks.start()
    await dead.until(IN_FLIGHT_MAX)
    const ten = Array.from({ length: 10 }, (): PaymentEventType => 'payment.succeeded')
    await emit(...ten)
    webhooks.wake()
    await healthy.until(10)
    // None of the first eight has ended yet, and nothing was sent beside them.
    expect(dead.received).toHaveLength(IN_FLIGHT_MAX)
    dead.answer = status(200)
  })

  test('two nodes send nothing twice, and share the places of an endpoint', async () => {
    const { webhooks, another, emit } = await openStand(kind)
    const receiver = await startReceiver()
    let open = 0
    let most = 0
    receiver.answer = (response) => {
      most = Math.max(most, ++open)
      setImmediate(() => {
        open--
        response.writeHead(204).end()
      })
    }
    await webhooks.endpoints.create({ url: receiver.url })
    const types = Array.from({ length: 200 }, (): PaymentEventType => 'payment.created')
    const events = await emit(...types)
    const node = another()
    await Promise.all([webhooks.runDue(), node.runDue()])
    expect(idsOf(receiver).toSorted()).toEqual(events.map(({ id }) => id).toSorted())
    expect(most).toBeLessThanOrEqual(IN_FLIGHT_MAX)
  })

  test('an open breaker lets a single probe through, on all nodes together', async () => {
    const { webhooks, another, emit, advance } = await openStand(kind)
    const receiver = await startReceiver(status(500))
    const { endpoint } = await webhooks.endpoints.create({ url: receiver.url })
    const types = Array.from({ length: 50 }, (): PaymentEventType => 'payment.created')
    await emit(...types)
    await webhooks.runDue()
    const failures = receiver.received.length
    expect(failures).toBeGreaterThanOrEqual(10)
    expect(failures).toBeLessThan(10 + IN_FLIGHT_MAX)
    expect(await webhooks.endpoints.find(endpoint.id)).toMatchObject({ failures })
    expect(await webhooks.runDue()).toBe(0)
    await advance(5 * SECOND_MS)
    const node = another()
    const sent = await Promise.all([webhooks.runDue(), node.runDue()])
    expect(sent.toSorted()).toEqual([0, 1])
    receiver.answer = status(200)
    await advance(5 * SECOND_MS)
    await webhooks.runDue()
    expect(new Set(idsOf(receiver).slice(failures + 1)).size).toBe(50)
  })

  test('after an outage the oldest goes first, tried before or not', async () => {
    const { webhooks, emit, advance } = await openStand(kind)
    const receiver = await startReceiver(status(500))
    await webhooks.endpoints.create({ url: receiver.url })
    const events: string[] = []
    for (let minute = 0; minute < 20; minute++) {
      events.push(...(await emit('payment.created')).map(({ id }) => id))
      await webhooks.runDue()
      await advance(MINUTE_MS)
    }
    // Some had attempts and wait for their next one, others never had any.
    expect(new Set(idsOf(receiver)).size).toBeLessThan(20)
    await advance(15 * MINUTE_MS)
    const before = receiver.received.length
    receiver.answer = (response) => {
      receiver.answer = silence
      response.writeHead(200).end()
    }
    webhooks.start()
    await receiver.until(before + 1 + IN_FLIGHT_MAX)
    const [probe, ...others] = idsOf(receiver).slice(before)
    const oldest = events.filter((id) => id !== probe).slice(0, IN_FLIGHT_MAX)
    expect(new Set(others)).toEqual(new Set(oldest))
  })

  test('stop waits for what is in flight, and writes it down', async () => {
    const { webhooks, emit } = await openStand(kind)
    const receiver = await startReceiver(silence)
    let answer: () => void = () => {}
    receiver.answer = (response) => {
      answer = () => void response.writeHead(200).end('taken')
    }
    const { endpoint } = await webhooks.endpoints.create({ url: receiver.url })
    await emit('payment.created')
    webhooks.start()
    await receiver.until(1)
    let isStopped = false
    const stopped = webhooks.stop().then(() => (isStopped = true))
    await new Promise(setImmediate)
    expect(isStopped).toBe(false)
    answer()
    await stopped
    expect(await webhooks.deliveries(endpoint.id, { limit: 1 })).toMatchObject([
      { status: 'succeeded', log: [{ status: 200, answer: 'taken' }] },
    ])
    await emit('payment.succeeded')
    webhooks.wake()
    await new Promise(setImmediate)
    expect(receiver.received).toHaveLength(1)
  })

  test('a receiver that asks for time is given it, for all that waits', async () => {
    const { webhooks, emit, advance } = await openStand(kind)
    const receiver = await startReceiver(status(429, { 'retry-after': '600' }))
    await webhooks.endpoints.create({ url: receiver.url })
    await emit('payment.created')
    await webhooks.runDue()
    await emit('payment.pending')
    await advance(599 * SECOND_MS)
    expect(await webhooks.runDue()).toBe(0)
    receiver.answer = status(200)
    await advance(2 * SECOND_MS)
    expect(await webhooks.runDue()).toBe(2)
  })

  test('a delivery is sent again on demand, before all that waits, and past a pause', async () => {
    const { webhooks, emit, advance } = await openStand(kind)
    const receiver = await startReceiver()
    const { endpoint } = await webhooks.endpoints.create({ url: receiver.url })
    const [event] = await emit('payment.created')
    await webhooks.runDue()
    const [delivery] = await webhooks.deliveries(endpoint.id, { limit: 1 })
    receiver.answer = status(500)
    const types = Array.from({ length: 30 }, (): PaymentEventType => 'payment.succeeded')
    await emit(...types)
    await webhooks.runDue()
    expect((await webhooks.endpoints.find(endpoint.id))?.pausedForMs).toBeGreaterThan(0)
    const before = receiver.received.length
    await advance(SECOND_MS)

    receiver.answer = silence
    expect(await webhooks.redeliver(delivery?.id ?? '')).toEqual({ status: 'due' })
    webhooks.start()
    await receiver.until(before + 1)
    expect(receiver.received[before]?.id).toBe(event?.id)
    expect(receiver.received[before]?.body).toBe(receiver.received[0]?.body)
    expect(await webhooks.redeliver(delivery?.id ?? '')).toEqual({ status: 'in_flight' })
    await webhooks.endpoints.disable(endpoint.id)
    const [waiting] = await webhooks.deliveries(endpoint.id, { limit: 1, status: 'pending' })
    expect(await webhooks.redeliver(waiting?.id ?? '')).toEqual({ status: 'endpoint_disabled' })
    expect(await webhooks.redeliver('whd_none')).toEqual({ status: 'not_found' })
  })

  test('an event is sent again to all that want it, also to those that had no delivery of it', async () => {
    const { webhooks, emit } = await openStand(kind)
    const [first, second, third] = await Promise.all([1, 2, 3].map(() => startReceiver()))
    await webhooks.endpoints.create({ url: first?.url ?? '' })
    const [event] = await emit('payment.created')
    await webhooks.runDue()
    await webhooks.endpoints.create({ url: second?.url ?? '' })
    await webhooks.endpoints.create({ url: third?.url ?? '', types: ['refund.failed'] })
    expect(await webhooks.resend(event?.id ?? '')).toEqual({ status: 'due', count: 2 })
    await webhooks.runDue()
    expect([first, second, third].map((receiver) => receiver?.received.length)).toEqual([2, 1, 0])
    expect(await webhooks.resend('evt_none')).toEqual({ status: 'not_found' })
  })

  test('deliveries are listed by pages, newest first, with their attempts', async () => {
    const { webhooks, emit, advance } = await openStand(kind)
    const receiver = await startReceiver((response) => {
      response.writeHead(500).end('\0 没有 '.repeat(400))
    })
    const { endpoint } = await webhooks.endpoints.create({ url: receiver.url })
    const ids: string[] = []
    for (let number = 0; number < 5; number++) {
      ids.unshift(...(await emit('payment.created')).map(({ id }) => id))
      await advance(SECOND_MS)
    }
    await webhooks.runDue()
    const pages = [await webhooks.deliveries(endpoint.id, { limit: 2 })]
    for (;;) {
      const before = pages.at(-1)?.at(-1)?.id
      const page = await webhooks.deliveries(endpoint.id, { limit: 2, before })
      if (page.length === 0) break
      pages.push(page)
    }
    expect(pages.map((page) => page.length)).toEqual([2, 2, 1])
    expect(pages.flat().map(({ eventId }) => eventId)).toEqual(ids)
    expect(pages.flat()[0]).toMatchObject({
      attempts: 1,
      dueInMs: expect.any(Number),
      log: [{ status: 500, error: 'Answered 500.' }],
    })
    const answer = pages.flat()[0]?.log[0]?.answer ?? ''
    expect(answer.startsWith('\uFFFD 没有 ')).toBe(true)
    expect(Buffer.byteLength(answer)).toBeLessThan(1_024 * 1.5)
    const succeeded = { limit: 9, status: 'succeeded' } as const
    expect(await webhooks.deliveries(endpoint.id, succeeded)).toEqual([])
  })

  test('what a former URL answers does not disable the new one', async () => {
    const { webhooks, emit, advance } = await openStand(kind)
    const old = await startReceiver(silence)
    const next = await startReceiver()
    let answer: () => void = () => {}
    old.answer = (response) => {
      answer = () => void response.writeHead(410).end()
    }
    const { endpoint } = await webhooks.endpoints.create({ url: old.url })
    const [event] = await emit('payment.created')
    webhooks.start()
    await old.until(1)
    await webhooks.endpoints.update(endpoint.id, { url: next.url })
    answer()
    await webhooks.stop()
    expect(await webhooks.endpoints.find(endpoint.id)).toMatchObject({ status: 'enabled' })
    await advance(1)
    await webhooks.runDue()
    expect(idsOf(next)).toEqual([event?.id])
  })
})
