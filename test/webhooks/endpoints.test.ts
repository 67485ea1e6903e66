/**
 * Endpoints: made, changed, switched off and removed, on both stores.
 *
 * @module
 */
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import type { PaymentEventType } from '../../src/payments/payment-event.ts'
import {
  createWebhooks,
  EndpointInvalid,
  ENDPOINTS_MAX,
  EVENT_TYPES,
  type SecretVault,
  type WebhookStore,
} from '../../src/webhooks/index.ts'
import { storeKinds } from '../store/opened-stores.ts'
import { DAY_MS, idsOf, MINUTE_MS, openStand, startReceiver, status } from './stand.ts'

describe('an endpoint cannot be made', () => {
  const create = async (
    options: { readonly url?: string; readonly types?: string[]; readonly description?: string },
    livemode = true,
  ) => {
    const webhooks = createWebhooks({ store: {} as WebhookStore, livemode })
    const url = 'https://example.com/hooks'
    return webhooks.endpoints.create({ url, ...options }).catch((error: unknown) => error)
  }

  test.each([
    [{ url: 'example.com/hooks' }, 'url_malformed', 'url', 'Give an absolute URL'],
    [{ url: '' }, 'url_malformed', 'url', 'Give an absolute URL'],
    [{ url: 'ftp://example.com' }, 'url_malformed', 'url', 'Give an absolute URL'],
    [{ url: `https://example.com/${'a'.repeat(2_048)}` }, 'url_malformed', 'url', '2048'],
    [{ url: 'http://example.com' }, 'url_not_https', 'url', 'https://'],
    [{ url: 'https://user:pa55@example.com' }, 'url_has_credentials', 'url', 'signature'],
    [{ url: 'https://127.1/' }, 'address_refused', 'url', 'a loopback address'],
    [{ types: [] }, 'types_empty', 'types', '"*" for all'],
    [{ types: ['payment.suceeded'] }, 'types_unknown', 'types', '"payment.suceeded"'],
    [{ description: 'a\nb' }, 'description_malformed', 'description', 'one line'],
    [{ description: 'a'.repeat(501) }, 'description_malformed', 'description', '500'],
  ] as const)('of %j: %s', async (options, problem, param, words) => {
    const error = await create(options as Parameters<typeof create>[0])
    expect(error).toBeInstanceOf(EndpointInvalid)
    expect(error).toMatchObject({
      code: 'ERR_WEBHOOK_ENDPOINT_INVALID',
      outcome: 'not_applied',
      problem,
      param,
    })
    expect((error as Error).message).toContain(words)
    expect((error as Error).message).not.toContain('pa55')
  })

  test('over http in live mode only', async () => {
    const error = await create({ url: 'http://example.com', types: [] }, false)
    expect(error).toMatchObject({ problem: 'types_empty' })
  })
})

describe.each(storeKinds)('on $kind', (kind) => {
  test('an endpoint is made, found, listed, changed, and prints without its secrets', async () => {
    const { webhooks, clock, advance } = await openStand(kind)
    const { endpoint, secret } = await webhooks.endpoints.create({
      url: 'http://example.com:80/hooks#top',
      types: ['payment.succeeded', 'refund.failed', 'payment.succeeded'],
      description: '收银台',
    })
    expect(endpoint).toMatchObject({
      id: expect.stringMatching(/^whe_[0-9a-z]{26}$/) as unknown,
      url: 'http://example.com/hooks',
      types: ['payment.succeeded', 'refund.failed'],
      description: '收银台',
      status: 'enabled',
      createdAt: clock.now(),
    })
    const found = await webhooks.endpoints.find(endpoint.id)
    expect(found).toEqual(endpoint)
    expect(inspect({ found }, { depth: 9 }) + JSON.stringify({ found })).not.toContain(
      secret.reveal().slice(6),
    )
    await advance(MINUTE_MS)
    const second = await webhooks.endpoints.create({ url: 'http://example.com/b' })
    const updated = await webhooks.endpoints.update(endpoint.id, { types: '*', description: '' })
    expect(updated).toEqual({ ...found, types: '*', description: '', updatedAt: clock.now() })
    const listed = await webhooks.endpoints.list()
    expect(listed.map(({ id }) => id)).toEqual([endpoint.id, second.endpoint.id])
    expect(second.endpoint.types).toBe('*')
  })

  test('what there is not is not found', async () => {
    const { webhooks, clock } = await openStand(kind)
    const id = 'whe_none'
    expect(await webhooks.endpoints.find(id)).toBeUndefined()
    expect(await webhooks.endpoints.update(id, { types: '*' })).toBeUndefined()
    expect(await webhooks.endpoints.enable(id)).toBeUndefined()
    expect(await webhooks.endpoints.disable(id)).toBeUndefined()
    expect(await webhooks.endpoints.delete(id)).toBe(false)
    expect(await webhooks.rotateSecret(id)).toBeUndefined()
    expect(await webhooks.test(id)).toBeUndefined()
    expect(await webhooks.deliveries(id, { limit: 1 })).toEqual([])
    expect(await webhooks.recover(id, clock.now())).toEqual({ status: 'not_found' })
  })

  test('a change that cannot be changes nothing', async () => {
    const { webhooks } = await openStand(kind)
    const { endpoint } = await webhooks.endpoints.create({ url: 'http://example.com/' })
    const change = { description: 'new', types: ['nonsense'] }
    await expect(webhooks.endpoints.update(endpoint.id, change)).rejects.toThrow(EndpointInvalid)
    expect(await webhooks.endpoints.find(endpoint.id)).toEqual(endpoint)
  })

  test('a new URL begins with a clean record, and so does one that is enabled', async () => {
    const { webhooks, emit } = await openStand(kind)
    const broken = await startReceiver(status(500))
    const { endpoint } = await webhooks.endpoints.create({ url: broken.url })
    const types = Array.from({ length: 20 }, (): PaymentEventType => 'payment.created')
    await emit(...types)
    await webhooks.runDue()
    const failing = await webhooks.endpoints.find(endpoint.id)
    expect(failing?.failures).toBeGreaterThanOrEqual(10)
    expect(failing?.pausedForMs).toBeGreaterThan(0)
    const same = await webhooks.endpoints.update(endpoint.id, { url: broken.url })
    expect(same?.failures).toBe(failing?.failures)
    const healthy = { failures: 0, failingSince: null, pausedForMs: 0 }
    const url = 'http://example.com/'
    expect(await webhooks.endpoints.update(endpoint.id, { url })).toMatchObject(healthy)
    await webhooks.endpoints.disable(endpoint.id)
    expect(await webhooks.endpoints.enable(endpoint.id)).toMatchObject({
      ...healthy,
      status: 'enabled',
      disabledReason: null,
    })
  })

  test('nothing is sent to a disabled one; what waited goes when it is enabled', async () => {
    const { webhooks, emit, advance } = await openStand(kind)
    const receiver = await startReceiver()
    const { endpoint } = await webhooks.endpoints.create({ url: receiver.url })
    const [waiting] = await emit('payment.created')
    expect(await webhooks.endpoints.disable(endpoint.id)).toMatchObject({
      status: 'disabled',
      disabledReason: 'merchant',
    })
    await emit('payment.pending')
    await advance(DAY_MS)
    expect(await webhooks.runDue()).toBe(0)
    await webhooks.endpoints.enable(endpoint.id)
    await webhooks.runDue()
    expect(idsOf(receiver)).toEqual([waiting?.id])
    expect(await webhooks.test(endpoint.id)).toMatchObject({ verdict: 'delivered' })
  })

  test('a deleted one goes with its deliveries, and no other does', async () => {
    const { webhooks, emit, query, errors } = await openStand(kind)
    const receiver = await startReceiver(status(500))
    const { endpoint } = await webhooks.endpoints.create({ url: receiver.url })
    const kept = await webhooks.endpoints.create({ url: receiver.url })
    const types = Array.from({ length: 600 }, (): PaymentEventType => 'payment.created')
    await emit(...types)
    await webhooks.runDue()
    expect(await webhooks.endpoints.delete(endpoint.id)).toBe(true)
    expect(await webhooks.endpoints.list()).toHaveLength(1)
    const [deliveries] = await query(
      `select count(*) as count, count(distinct endpoint_id) as endpoints,
        max(endpoint_id) as endpoint from webhook_deliveries`,
    )
    expect(Number(deliveries?.['count'])).toBe(600)
    expect(deliveries?.['endpoint']).toBe(kept.endpoint.id)
    const orphans = await query(
      `select * from webhook_attempts
       where delivery_id not in (select id from webhook_deliveries)`,
    )
    expect(orphans).toEqual([])
    expect(errors).toEqual([])
  })

  test('one that is deleted while something is sent to it leaves nothing behind', async () => {
    const { webhooks, emit, query, errors } = await openStand(kind)
    let answer: () => void = () => {}
    const receiver = await startReceiver((response) => {
      answer = () => void response.writeHead(500).end()
    })
    const { endpoint } = await webhooks.endpoints.create({ url: receiver.url })
    await emit('payment.created')
    webhooks.start()
    await receiver.until(1)
    await webhooks.endpoints.delete(endpoint.id)
    answer()
    await webhooks.stop()
    expect(await query('select * from webhook_attempts')).toEqual([])
    expect(errors).toEqual([])
  })

  test(`there are ${ENDPOINTS_MAX} at the most`, async () => {
    const { webhooks } = await openStand(kind)
    const create = () => webhooks.endpoints.create({ url: 'http://example.com/' })
    for (let count = 0; count < ENDPOINTS_MAX; count++) await create()
    await expect(create()).rejects.toMatchObject({ problem: 'too_many_endpoints', param: null })
    expect(await webhooks.endpoints.list()).toHaveLength(ENDPOINTS_MAX)
  })

  test('each kind of events can be asked for alone, and comes alone', async () => {
    const { webhooks, emit } = await openStand(kind)
    const ofPayments = EVENT_TYPES.filter(
      (type): type is PaymentEventType => !type.startsWith('reconciliation.'),
    )
    const receivers = new Map<string, Awaited<ReturnType<typeof startReceiver>>>()
    for (const type of ofPayments) {
      const receiver = await startReceiver()
      receivers.set(type, receiver)
      await webhooks.endpoints.create({ url: receiver.url, types: [type] })
    }
    const events = await emit(...ofPayments)
    await webhooks.runDue()
    for (const { id, type } of events) {
      expect([type, receivers.get(type)?.received.map((received) => received.id)]).toEqual([
        type,
        [id],
      ])
    }
  })

  test('two changes of a secret at once both hold', async () => {
    const { webhooks } = await openStand(kind)
    const { endpoint } = await webhooks.endpoints.create({ url: 'http://example.com/' })
    const changes = await Promise.all([1, 2].map(() => webhooks.rotateSecret(endpoint.id)))
    expect(changes).toHaveLength(2)
    const found = await webhooks.endpoints.find(endpoint.id)
    expect(found?.secrets.terms()).toHaveLength(3)
    await expect(webhooks.rotateSecret(endpoint.id, { overlapMs: -1 })).rejects.toThrow(RangeError)
  })

  test('secrets are sealed in the database', async () => {
    const vault: SecretVault = {
      seal: (text, rowId) => Buffer.from(`${rowId} ${text}`).toString('hex'),
      open: (sealed, rowId) =>
        Buffer.from(sealed, 'hex')
          .toString()
          .slice(rowId.length + 1),
    }
    const { webhooks, query } = await openStand(kind, { vault })
    const receiver = await startReceiver()
    const { endpoint, secret } = await webhooks.endpoints.create({ url: receiver.url })
    const [row] = await query('select secrets from webhook_endpoints')
    expect(row?.['secrets']).not.toContain(secret.reveal())
    expect(await webhooks.test(endpoint.id)).toMatchObject({ verdict: 'delivered' })
  })
})
