/**
 * `saoma/client`: what it sends, repeats and tells, against a real `saoma dev` and against answers
 * made up.
 *
 * @module
 */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createSaoma, fen, SaomaError, yuan, type SaomaOptions } from '../../src/client/index.ts'
import { startDev } from '../saoma-program.ts'

async function connected() {
  const dev = await startDev()
  const apiKey = readFileSync(`${dev.options.folder}/api-key-test`, 'utf8').trim()
  return { dev, apiKey, saoma: createSaoma({ url: dev.server, apiKey }) }
}

describe('against a server', () => {
  test('takes a payment, gives it back, and reads it all in events, timeline and lists', async () => {
    const { dev, saoma } = await connected()
    const made = await saoma.payments.create({
      amount: fen('88.88'),
      subject: '美式咖啡',
      reference: 'ORDER-1',
      metadata: { table: '7' },
    })
    expect(made).toMatchObject({ status: 'pending', amount: 8888, metadata: { table: '7' } })
    await dev.pay(await dev.scan(made as never))
    const paid = await saoma.payments.sync(made.id)
    expect(paid.status).toBe('succeeded')
    const refund = await saoma.refunds.create({ payment: made.id, amount: fen('8.88') })
    expect(refund).toMatchObject({ object: 'refund', amount: 888 })

    const types: string[] = []
    for await (const event of saoma.events.follow({ after: 'start' })) {
      types.push(event.type)
      if (event.type === 'refund.succeeded') break
    }
    // It may still have been under way when it was answered.
    expect(await saoma.refunds.get(refund.id)).toMatchObject({ status: 'succeeded' })
    expect(types[0]).toBe('payment.created')
    expect(types).toContain('payment.succeeded')
    expect((await saoma.payments.timeline(made.id)).map(({ to }) => to)).toContain('succeeded')
    expect((await saoma.refunds.list({ payment: made.id })).data).toMatchObject([{ id: refund.id }])
    expect((await saoma.payments.list({ q: 'ORDER-1' })).data).toMatchObject([{ id: made.id }])
  })

  test('gives a payment up, and says that nothing is to be refunded, resolved or tried again', async () => {
    const { saoma } = await connected()
    const { id } = await saoma.payments.create({ amount: 1, subject: 'x' })
    const canceled = await saoma.payments.cancel(id)
    expect(['closing', 'canceled']).toContain(canceled.status)
    expect((await saoma.payments.get(id)).cancellation_reason).toBe('requested')
    await expect(saoma.refunds.create({ payment: id })).rejects.toMatchObject({ status: 409 })
    await expect(saoma.payments.resolve(id, 'accept')).rejects.toMatchObject({ status: 409 })
    for (const again of [saoma.refunds.retry('ref_none'), saoma.refunds.cancel('ref_none')]) {
      await expect(again).rejects.toMatchObject({ status: 404, code: 'refund_not_found' })
    }
  })

  test('does a request of one name once', async () => {
    const { saoma } = await connected()
    const named = { idempotencyKey: 'table-7' }
    const first = await saoma.payments.create({ amount: 1, subject: 'x' }, named)
    const again = await saoma.payments.create({ amount: 1, subject: 'x' }, named)
    expect(again).toEqual(first)
    await expect(saoma.payments.create({ amount: 2, subject: 'x' }, named)).rejects.toMatchObject({
      code: 'idempotency_key_reused',
      idempotencyKey: 'table-7',
    })
  })

  test('has events sent to an endpoint, and looks after it', async () => {
    const { saoma } = await connected()
    const receiver = await receiving()
    const made = await saoma.webhookEndpoints.create({
      url: receiver.url,
      types: ['payment.created'],
    })
    expect(made.secret).toMatch(/^whsec_/)
    const kept = await saoma.webhookEndpoints.get(made.id)
    expect(kept).not.toHaveProperty('secret')
    expect((await saoma.webhookEndpoints.list()).data).toEqual([kept])
    expect(await saoma.webhookEndpoints.test(made.id)).toBe(true)
    const rotated = await saoma.webhookEndpoints.rotateSecret(made.id, { overlap: 60 })
    expect(rotated.secret).not.toBe(made.secret)
    expect(rotated.secrets).toHaveLength(2)

    const payment = await saoma.payments.create({ amount: 1, subject: 'x' })
    const types = ['payment.created']
    const { data } = await saoma.events.list({ payment: payment.id, types, order: 'asc' })
    const [event] = data
    expect(event).toMatchObject({ type: 'payment.created', data: { object: { id: payment.id } } })
    const id = event?.id ?? ''
    expect(await saoma.events.get(id)).toEqual(event)
    await receiver.until(id)
    expect(await saoma.events.resend(id)).toBe(1)
    const deliveries = await saoma.webhookEndpoints.deliveries(made.id)
    expect(deliveries.data.map((one) => one.event)).toContain(id)
    expect(await saoma.webhookEndpoints.recover(made.id, payment.created_at)).toBe(0)

    const disabled = await saoma.webhookEndpoints.update(made.id, { status: 'disabled' })
    expect(disabled).toMatchObject({ status: 'disabled', disabled_reason: 'merchant' })
    await saoma.webhookEndpoints.delete(made.id)
    expect((await saoma.webhookEndpoints.list()).data).toEqual([])
  })

  test('goes through all pages', async () => {
    const { saoma } = await connected()
    const ids: string[] = []
    for (let count = 0; count < 5; count++) {
      ids.unshift((await saoma.payments.create({ amount: 1, subject: 'x' })).id)
    }
    const found: string[] = []
    for await (const { id } of await saoma.payments.list({ limit: 2 })) found.push(id)
    expect(found).toEqual(ids)
  })

  test('follows events over a restart of the server, and misses none', async () => {
    const { dev, saoma } = await connected()
    const before = await saoma.payments.create({ amount: 1, subject: 'before' })
    const events = saoma.events.follow({ after: 'start' })[Symbol.asyncIterator]()
    expect((await events.next()).value).toMatchObject({ type: 'payment.created' })
    await dev.kill('SIGTERM')
    await startDev(dev.options)
    const after = await saoma.payments.create({ amount: 1, subject: 'after' })
    const seen = new Map<string, string[]>()
    while (!seen.get(after.id)?.includes('payment.pending')) {
      const { value } = await events.next()
      if (value === undefined) break
      seen.set(value.payment, [...(seen.get(value.payment) ?? []), value.type])
    }
    await events.return?.()
    expect(seen.get(before.id)).toEqual(['payment.pending'])
    expect(seen.get(after.id)).toEqual(['payment.created', 'payment.pending'])
  })

  test('says a problem in the words of the API, and keeps the key to itself', async () => {
    const { saoma, dev, apiKey } = await connected()
    const problem = await saoma.refunds.create({ payment: 'pay_none' }).catch((error) => error)
    expect(problem).toBeInstanceOf(SaomaError)
    expect(problem).toMatchObject({
      type: 'invalid_request_error',
      code: 'payment_not_found',
      param: 'payment',
      outcome: 'not_applied',
      status: 404,
    })
    expect((problem as SaomaError).requestId).toMatch(/^req_/)
    expect(inspect([saoma, problem], { depth: 9 })).not.toContain(apiKey)
    const stranger = createSaoma({ url: dev.server, apiKey: 'sk_test_wrong' })
    await expect(stranger.payments.get('pay_1')).rejects.toMatchObject({ code: 'api_key_invalid' })
    await expect(stranger.events.follow()[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      status: 401,
    })
  })
})

/** A merchant who takes every webhook. */
async function receiving() {
  const taken = new Set<unknown>()
  const arrived = new EventTarget()
  const server = createServer((request, response) => {
    taken.add(request.headers['webhook-id'])
    arrived.dispatchEvent(new Event('webhook'))
    request.resume()
    response.writeHead(204).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks`,
    async until(id: string) {
      while (!taken.has(id)) await once(arrived, 'webhook')
    },
  }
}

describe('a call that fails', () => {
  /** A server of made-up answers, and what it was asked. */
  function answering(...answers: (Response | Error)[]) {
    const asked: Request[] = []
    const waits: number[] = []
    const options: SaomaOptions = {
      url: 'http://saoma.example',
      apiKey: 'sk_test_1',
      random: () => 0.999_999,
      sleep: async (ms) => void waits.push(Math.round(ms)),
      fetch: async (input, init) => {
        asked.push(new Request(input, init))
        const answer = answers.shift()
        if (answer instanceof Error) throw answer
        return answer ?? Response.json({ id: 'pay_1' })
      },
    }
    return { saoma: createSaoma(options), asked, waits }
  }

  const busy = (status: number, code: string, headers = {}) =>
    Response.json(
      { error: { type: 'api_error', code, message: 'x', outcome: 'unknown' } },
      { status, headers },
    )

  test('is made again with the same name, later each time', async () => {
    const { saoma, asked, waits } = answering(new Error('reset'), busy(503, 'store_unavailable'))
    await saoma.payments.create({ amount: 1, subject: 'x' })
    const names = asked.map(({ headers }) => headers.get('idempotency-key'))
    expect(names).toHaveLength(3)
    expect(new Set(names).size).toBe(1)
    expect(waits).toEqual([500, 1000])
  })

  test('waits as long as it is asked to', async () => {
    const { saoma, waits } = answering(busy(429, 'too_many_requests', { 'retry-after': '7' }))
    await saoma.payments.get('pay_1')
    expect(waits).toEqual([7000])
  })

  test('says it instead where it is asked to wait for more than a minute', async () => {
    const { saoma, asked } = answering(busy(503, 'store_unavailable', { 'retry-after': '61' }))
    await expect(saoma.payments.get('pay_1')).rejects.toMatchObject({ retryAfterMs: 61_000 })
    expect(asked).toHaveLength(1)
  })

  test.each([
    [429, 'too_many_requests'],
    [500, 'internal_error'],
    [503, 'store_unavailable'],
    [504, 'answer_pending'],
    [409, 'request_in_progress'],
  ])('with %i %s is made again', async (status, code) => {
    const { saoma, asked } = answering(busy(status, code))
    await saoma.payments.cancel('pay_1')
    expect(asked).toHaveLength(2)
  })

  test('because the answer breaks off is made again', async () => {
    const half = new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode('{"id":')),
      pull: (controller) => controller.error(new TypeError('terminated')),
    })
    const { saoma, asked } = answering(new Response(half))
    expect(await saoma.payments.get('pay_1')).toEqual({ id: 'pay_1' })
    expect(asked).toHaveLength(2)
  })

  test('is given up after two repeats, and says what may be concluded', async () => {
    const { saoma, asked } = answering(...Array.from({ length: 9 }, () => new Error('reset')))
    await expect(saoma.payments.create({ amount: 1, subject: 'x' })).rejects.toMatchObject({
      code: 'unreachable',
      outcome: 'unknown',
      status: null,
      idempotencyKey: asked[0]?.headers.get('idempotency-key'),
    })
    expect(asked).toHaveLength(3)
  })

  test('names what it changes, as it is told to or by itself, and not what it reads', async () => {
    const { saoma, asked } = answering()
    await saoma.refunds.create({ payment: 'pay_1' }, { idempotencyKey: 'mine' })
    await saoma.refunds.retry('ref_1')
    await saoma.refunds.retry('ref_1')
    await saoma.payments.get('pay_1')
    const [mine, one, another, none] = asked.map(({ headers }) => headers.get('idempotency-key'))
    expect(mine).toBe('mine')
    expect(one).toMatch(/^[0-9a-f-]{36}$/)
    expect(another).not.toBe(one)
    expect(none).toBeNull()
  })

  test.each([400, 401, 402, 404, 409])('with %i is not made again', async (status) => {
    const { saoma, asked } = answering(busy(status, 'parameter_invalid'))
    await expect(saoma.payments.get('pay_1')).rejects.toMatchObject({ status })
    expect(asked).toHaveLength(1)
  })

  test('because something else answers says so', async () => {
    for (const body of ['<html>', '', 'null', '1']) {
      const { saoma } = answering(new Response(body, { status: 200 }))
      await expect(saoma.payments.get('pay_1')).rejects.toMatchObject({ code: 'answer_unreadable' })
    }
  })
})

test.each([
  ['localhost:6200', 'sk_test_1'],
  ['/v1', 'sk_test_1'],
  ['http://127.0.0.1:6200', ''],
  ['http://127.0.0.1:6200', 'sk_test_1\n'],
])('%j with the key %j is refused at once, without telling the key', (url, apiKey) => {
  expect(() => createSaoma({ url, apiKey })).toThrow(/^(?:url|apiKey) is /)
})

describe('amounts', () => {
  test.each([
    ['0.01', 1],
    ['88.88', 8888],
    ['1', 100],
    ['1.5', 150],
    ['999999999.99', 99_999_999_999],
  ])('%s yuan are %i fen', (text, amount) => {
    expect(fen(text)).toBe(amount)
    expect(fen(yuan(amount))).toBe(amount)
  })

  test.each(['', '1.234', '-1', '1e3', '１', ' 1'])('%j is no amount', (text) => {
    expect(() => fen(text)).toThrow(RangeError)
  })
})
