/**
 * `saoma/client`: what it sends, repeats and tells, against a real `saoma dev` and against answers
 * made up.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
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

  test('is given up after two repeats, and says what may be concluded', async () => {
    const { saoma, asked } = answering(...Array.from({ length: 9 }, () => new Error('reset')))
    await expect(saoma.payments.create({ amount: 1, subject: 'x' })).rejects.toMatchObject({
      code: 'unreachable',
      outcome: 'unknown',
      status: null,
    })
    expect(asked).toHaveLength(3)
  })

  test.each([400, 401, 402, 404, 409])('with %i is not made again', async (status) => {
    const { saoma, asked } = answering(busy(status, 'parameter_invalid'))
    await expect(saoma.payments.get('pay_1')).rejects.toMatchObject({ status })
    expect(asked).toHaveLength(1)
  })

  test('because something else answers says so', async () => {
    const page = () => new Response('<html>', { status: 200 })
    const { saoma } = answering(page(), page(), page())
    await expect(saoma.payments.get('pay_1')).rejects.toMatchObject({ code: 'answer_unreadable' })
  })
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
