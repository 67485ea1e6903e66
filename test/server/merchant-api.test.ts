import { describe, expect, test } from 'vitest'
import type { Failure, PaymentRecord, Refund } from '../../src/payments/index.ts'
import { toFen } from '../../src/alipay/index.ts'
import { QR_CODE } from './fake-payments.ts'
import { API_KEY, startServer } from './server-under-test.ts'

const failure: Failure = {
  code: 'ACQ.TOTAL_FEE_EXCEED',
  message: 'The amount is over the limit of the contract.',
  alipayMessage: '订单总金额超过限额',
}

describe('the key', () => {
  test.each([
    ['is missing', undefined, 'api_key_missing'],
    ['is another', 'Bearer sk_test_other', 'api_key_invalid'],
    ['is sent as Basic', `Basic ${btoa(`${API_KEY}:`)}`, 'api_key_missing'],
    ['is empty', 'Bearer ', 'api_key_missing'],
  ])('that %s opens nothing', async (_, authorization, code) => {
    const { get, payments } = startServer()
    const headers = authorization === undefined ? {} : { authorization }
    const response = await get('/v1/payments', { method: 'POST', headers, body: '{}' })
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer realm="saoma"/)
    expect(await response.json()).toMatchObject({
      error: { type: 'authentication_error', code, outcome: 'not_applied' },
    })
    expect(await payments.list({ limit: 1 })).toEqual([])
  })

  test('is asked for before anything is said about a route or a body', async () => {
    const { get } = startServer()
    expect((await get('/v1/nothing')).status).toBe(401)
    expect((await get('/v1/payments/pay_1')).status).toBe(401)
  })

  test('is taken whatever the case of the scheme', async () => {
    const { get } = startServer()
    const headers = { authorization: `bearer ${API_KEY}` }
    expect((await get('/v1/payments', { headers })).status).toBe(200)
  })
})

describe('POST /v1/payments', () => {
  test('answers 201 with what is to be shown', async () => {
    const { api } = startServer()
    const response = await api('POST', '/v1/payments', {
      amount: 8888,
      subject: '美式咖啡',
      reference: 'A-1',
      expires_in: 120,
      return_url: 'https://shop.example/orders/1',
    })
    expect(response.status).toBe(201)
    expect(await response.json()).toEqual({
      id: 'pay_1',
      object: 'payment',
      livemode: false,
      amount: 8888,
      currency: 'cny',
      amount_received: null,
      amount_refunded: 0,
      amount_refundable: 0,
      subject: '美式咖啡',
      reference: 'A-1',
      retry_of: null,
      method: 'qr',
      metadata: {},
      store_id: null,
      operator_id: null,
      terminal_id: null,
      retry_allowed: false,
      status: 'pending',
      outcome: 'applied',
      next_action: {
        type: 'show_qr',
        qr_code: QR_CODE,
        checkout_url: 'https://pay.example.com/c/token1',
        qr_image_url: 'https://pay.example.com/c/token1/qr.png',
      },
      checkout_url: 'https://pay.example.com/c/token1',
      return_url: 'https://shop.example/orders/1',
      expires_at: '2026-11-23T02:15:20.000Z',
      scanned_at: null,
      paid_at: null,
      ended_at: null,
      late: false,
      duplicate_of: null,
      settlement: null,
      review: null,
      cancellation_reason: null,
      failure: null,
      alipay: { out_trade_no: 'out_1', trade_no: null, trade_status: null },
      created_at: '2026-11-23T02:13:20.000Z',
      updated_at: '2026-11-23T02:13:20.000Z',
    })
  })

  test.each([
    ['exists', 200],
    ['pending', 202],
  ] as const)('answers a result %s with %i and the payment', async (status, code) => {
    const { api, payments, order } = startServer()
    const record = await order()
    payments.create = async () => ({ status, record })
    const response = await api('POST', '/v1/payments', { amount: 8888, subject: '美式咖啡' })
    expect(response.status).toBe(code)
    expect(await response.json()).toMatchObject({ id: 'pay_1', object: 'payment' })
  })

  test('answers 402 with Alipay’s words where Alipay refuses', async () => {
    const { api, payments, order } = startServer()
    const { payment } = await order()
    const record = payments.change(payment.id, {
      status: 'failed',
      outcome: 'not_applied',
      qrCode: null,
      failure,
    })
    payments.create = async () => ({ status: 'refused', record })
    const response = await api('POST', '/v1/payments', { amount: 8888, subject: '美式咖啡' })
    expect(response.status).toBe(402)
    expect(await response.json()).toMatchObject({
      error: {
        type: 'channel_error',
        code: 'payment_refused',
        message: failure.message,
        param: null,
        outcome: 'not_applied',
        alipay: { sub_code: failure.code, sub_msg: failure.alipayMessage },
        payment: { id: 'pay_1', status: 'failed', next_action: null },
      },
    })
  })

  test.each([
    ['exists_with_different_content', 'reference_exists_with_different_content'],
    ['reference_already_paid', 'reference_already_paid'],
  ] as const)('answers 409 for %s, with the payment that is there', async (status, code) => {
    const { api, payments, order } = startServer()
    const record = await order()
    payments.create = async () => ({ status, record })
    const response = await api('POST', '/v1/payments', {
      amount: 1,
      subject: 'x',
      reference: 'A-1',
    })
    expect(response.status).toBe(409)
    expect(await response.json()).toMatchObject({
      error: { type: 'conflict_error', code, param: 'reference', payment: { id: 'pay_1' } },
    })
  })

  const fen = 'amount is a whole number of fen (1 yuan = 100), from 1 to 10000000000.'
  const subject = 'subject is text of 1 to 256 characters, not blank, without control characters.'
  const seconds = 'expires_in is a whole number of seconds, from 60 to 6600.'
  const address = 'return_url is an http or https address of at most 2048 characters.'

  test.each([
    [{ amount: undefined }, 'parameter_missing', 'amount', fen],
    [{ amount: '88.88' }, 'parameter_invalid', 'amount', fen],
    [{ amount: 88.88 }, 'parameter_invalid', 'amount', fen],
    [{ amount: 0 }, 'parameter_invalid', 'amount', fen],
    [{ amount: -1 }, 'parameter_invalid', 'amount', fen],
    [{ amount: 10_000_000_001 }, 'parameter_invalid', 'amount', fen],
    [{ amount: null }, 'parameter_invalid', 'amount', fen],
    [{ subject: undefined }, 'parameter_missing', 'subject', subject],
    [{ subject: ' ' }, 'parameter_invalid', 'subject', subject],
    [{ subject: 'x'.repeat(257) }, 'parameter_invalid', 'subject', subject],
    [{ subject: 'a\u0000b' }, 'parameter_invalid', 'subject', subject],
    [{ subject: '\ud83d' }, 'parameter_invalid', 'subject', subject],
    [{ expires_in: 59 }, 'parameter_invalid', 'expires_in', seconds],
    [{ expires_in: 6601 }, 'parameter_invalid', 'expires_in', seconds],
    [{ return_url: 'javascript:alert(1)' }, 'parameter_invalid', 'return_url', address],
    [{ return_url: 'shop.example' }, 'parameter_invalid', 'return_url', address],
    [{ total: 1 }, 'parameter_unknown', 'total', 'There is no field "total".'],
  ])('refuses %j as %s', async (change, code, param, message) => {
    const { api, payments } = startServer()
    const response = await api('POST', '/v1/payments', { amount: 1, subject: '咖啡', ...change })
    expect(response.status).toBe(400)
    const { error } = (await response.json()) as { error: object }
    expect(error).toMatchObject({ type: 'invalid_request_error', code, param, message })
    expect(await payments.list({ limit: 1 })).toEqual([])
  })

  test('takes a subject of 256 characters and the longest and shortest times', async () => {
    const { api } = startServer()
    for (const expires_in of [60, 6600]) {
      const body = { amount: 10_000_000_000, subject: '咖'.repeat(256), expires_in }
      expect((await api('POST', '/v1/payments', body)).status).toBe(201)
    }
  })

  test('refuses what is not JSON, not said to be JSON, or too long', async () => {
    const { api, get } = startServer()
    const authorization = `Bearer ${API_KEY}`
    const post = (body: string | Uint8Array, type = 'application/json') =>
      get('/v1/payments', {
        method: 'POST',
        headers: { authorization, 'content-type': type },
        body,
      })
    const answers = [
      await post('{"amount":1'),
      await post('[]'),
      await post(new Uint8Array([0x22, 0xff, 0x22])),
      await post('{"amount":1}', 'text/plain'),
      await api('POST', '/v1/payments', { amount: 1, subject: 'x'.repeat(65_536) }),
    ]
    const told = answers.map(async (response) => {
      const { error } = (await response.json()) as { error: { code: string } }
      return [response.status, error.code]
    })
    expect(await Promise.all(told)).toEqual([
      [400, 'json_invalid'],
      [400, 'json_invalid'],
      [400, 'json_invalid'],
      [415, 'content_type_unsupported'],
      [413, 'body_too_large'],
    ])
  })

  test('stops reading a body that is too long and does not say so', async () => {
    const { get } = startServer()
    let pulled = 0
    const body = new ReadableStream({
      pull(controller) {
        pulled += 1
        controller.enqueue(new Uint8Array(16_384))
      },
    })
    const headers = { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' }
    const init = { method: 'POST', headers, body, duplex: 'half' }
    expect((await get('/v1/payments', init as RequestInit)).status).toBe(413)
    expect(pulled).toBeLessThan(10)
  })

  test('tells of a failure of ours neither stack nor message, and logs it', async () => {
    const { api, payments, logged } = startServer()
    payments.create = () => Promise.reject(new Error('the disk is full'))
    const response = await api('POST', '/v1/payments', { amount: 1, subject: '咖啡' })
    expect(response.status).toBe(500)
    const text = await response.text()
    expect(JSON.parse(text)).toMatchObject({
      error: { type: 'api_error', code: 'internal_error', outcome: 'unknown' },
    })
    expect(text).not.toContain('disk')
    expect(text).not.toContain('.ts')
    expect(logged).toMatchObject([
      {
        level: 'error',
        event: 'request.failed',
        route: 'POST /v1/payments',
        request_id: response.headers.get('request-id'),
      },
    ])
    expect(JSON.stringify(logged)).toContain('the disk is full')
    expect(JSON.stringify(logged)).not.toContain(API_KEY)
  })
})

describe('a payment', () => {
  test('is read by its id', async () => {
    const { api, order } = startServer()
    await order()
    expect(await (await api('GET', '/v1/payments/pay_1')).json()).toMatchObject({ id: 'pay_1' })
  })

  test('that does not exist is 404 on every route', async () => {
    const { api } = startServer()
    const answers = await Promise.all([
      api('GET', '/v1/payments/pay_9'),
      api('POST', '/v1/payments/pay_9/cancel'),
      api('POST', '/v1/payments/pay_9/sync'),
      api('GET', '/v1/payments/pay_9/timeline'),
      api('POST', '/v1/refunds', { payment: 'pay_9' }),
    ])
    for (const response of answers) {
      expect(response.status).toBe(404)
      expect(await response.json()).toMatchObject({ error: { code: 'payment_not_found' } })
    }
  })

  test('has no code to show once its time is over', async () => {
    const { api, order, clock } = startServer()
    await order()
    clock.advance(300_000)
    const response = await api('GET', '/v1/payments/pay_1')
    expect(await response.json()).toMatchObject({ status: 'pending', next_action: null })
  })

  test('says what was and can be refunded', async () => {
    const { api, order, payments, clock } = startServer()
    await order()
    payments.change('pay_1', {
      status: 'succeeded',
      paidAt: clock.now(),
      buyerLogonId: '159****5620',
    })
    await api('POST', '/v1/refunds', { payment: 'pay_1', amount: 1000 })
    const text = await (await api('GET', '/v1/payments/pay_1')).text()
    expect(JSON.parse(text)).toMatchObject({ amount_refunded: 1000, amount_refundable: 7888 })
    expect(text).not.toContain('5620')
  })

  test('is asked about at Alipay by sync', async () => {
    const { api, order, payments } = startServer()
    await order()
    payments.sync = async (id) => payments.change(id, { status: 'succeeded' })
    const response = await api('POST', '/v1/payments/pay_1/sync')
    expect([response.status, await response.json()]).toMatchObject([200, { status: 'succeeded' }])
  })

  test('has a timeline', async () => {
    const { api, order } = startServer()
    await order()
    expect(await (await api('GET', '/v1/payments/pay_1/timeline')).json()).toEqual({
      object: 'list',
      data: [
        {
          object: 'timeline_entry',
          at: '2026-11-23T02:13:20.000Z',
          kind: 'created',
          source: 'merchant',
          summary: { amount: 8888 },
          version: 1,
          from: null,
          to: 'created',
          raw: null,
        },
      ],
      has_more: false,
    })
  })
})

describe('a list of payments', () => {
  const ids = async (response: Response) => {
    const { data, has_more } = (await response.json()) as {
      data: { id: string }[]
      has_more: boolean
    }
    return [data.map(({ id }) => id).join(), has_more]
  }

  test('is newest first and goes on after the last one seen', async () => {
    const { api, order } = startServer()
    for (let count = 0; count < 3; count += 1) await order()
    expect(await ids(await api('GET', '/v1/payments?limit=2'))).toEqual(['pay_3,pay_2', true])
    const rest = await api('GET', '/v1/payments?limit=2&starting_after=pay_2')
    expect(await ids(rest)).toEqual(['pay_1', false])
  })

  test('by reference holds the newest of that reference', async () => {
    const { api, payments } = startServer()
    await payments.create({ amount: toFen(1), subject: 'x', reference: 'A-1' })
    expect(await ids(await api('GET', '/v1/payments?reference=A-1'))).toEqual(['pay_1', false])
    expect(await ids(await api('GET', '/v1/payments?reference=A-2'))).toEqual(['', false])
  })

  test.each(['limit=0', 'limit=101', 'limit=x', 'status=paid'])('refuses ?%s', async (query) => {
    const { api } = startServer()
    expect((await api('GET', `/v1/payments?${query}`)).status).toBe(400)
  })
})

describe('POST /v1/payments/:id/cancel', () => {
  test.each([
    ['canceled', 200],
    ['closing', 202],
    ['ended', 200],
  ] as const)('answers %s with %i', async (status, code) => {
    const { api, order, payments } = startServer()
    const record = await order()
    payments.cancel = async () => ({ status, record })
    expect((await api('POST', '/v1/payments/pay_1/cancel', {})).status).toBe(code)
  })

  test('answers 409 for a payment that is paid, and says how to give the money back', async () => {
    const { api, order, payments } = startServer()
    const record = await order()
    payments.cancel = async () => ({ status: 'already_paid', record })
    const response = await api('POST', '/v1/payments/pay_1/cancel')
    expect(response.status).toBe(409)
    expect(await response.json()).toMatchObject({
      error: {
        code: 'payment_already_succeeded',
        message: 'The buyer has paid. To give the money back, make a refund with POST /v1/refunds.',
        payment: { id: 'pay_1' },
      },
    })
  })

  test('takes no fields', async () => {
    const { api, order } = startServer()
    await order()
    const response = await api('POST', '/v1/payments/pay_1/cancel', { reason: 'x' })
    expect(response.status).toBe(400)
  })
})

describe('refunds', () => {
  async function refundable() {
    const started = startServer()
    const { payment } = await started.order()
    const record = started.payments.change(payment.id, { status: 'succeeded' })
    const body = { payment: payment.id, amount: 500, reference: 'RF-1', reason: '少了一杯' }
    const result = await started.payments.refund({ paymentId: payment.id, amount: toFen(500) })
    if (result.status !== 'succeeded') throw new Error(result.status)
    return { ...started, record, refund: result.refund, body }
  }
  type Start = Awaited<ReturnType<typeof refundable>>
  const answer = (start: Start, result: Awaited<ReturnType<Start['payments']['refund']>>) => {
    start.payments.refund = async () => result
    return start.api('POST', '/v1/refunds', start.body)
  }

  test('come with their payment where they are asked for', async () => {
    const start = await refundable()
    const plain = (await (await start.api('GET', '/v1/payments/pay_1')).json()) as object
    expect(plain).not.toHaveProperty('refunds')
    const read = await start.api('GET', `/v1/refunds/${start.refund.id}`)
    const expanded = await start.api('GET', '/v1/payments/pay_1?expand[]=refunds')
    expect(await expanded.json()).toEqual({ ...plain, refunds: [await read.json()] })
    const listed = await start.api('GET', '/v1/payments?expand[]=refunds')
    expect(await listed.json()).toMatchObject({ data: [{ ...plain, refunds: [{ id: 're_1' }] }] })
  })

  test('and events have their objects in the place of ids, where they are asked for', async () => {
    const start = await refundable()
    const event = {
      id: 'evt_1',
      position: 1,
      sequence: 1,
      type: 'refund.succeeded' as const,
      paymentId: 'pay_1',
      refundId: 're_1',
      createdAt: start.clock.now(),
      data: '{"object":{},"previous":null}',
    }
    start.payments.listEvents = async () => [event]
    start.payments.findEvent = async () => event
    const get = async (path: string) => (await start.api('GET', path)).json() as Promise<object>
    const payment = await get('/v1/payments/pay_1')
    const plain = (await get('/v1/refunds/re_1')) as { payment: string }
    expect(plain.payment).toBe('pay_1')
    expect(await get('/v1/refunds/re_1?expand[]=payment')).toEqual({ ...plain, payment })
    expect(await get('/v1/refunds?expand[]=payment')).toMatchObject({ data: [{ payment }] })
    const both = 'expand[]=payment&expand[]=refund'
    expect(await get(`/v1/events/evt_1?${both}`)).toMatchObject({ payment, refund: plain })
    expect(await get(`/v1/events?${both}`)).toMatchObject({ data: [{ payment, refund: plain }] })
    expect(await get('/v1/events')).toMatchObject({ data: [{ payment: 'pay_1', refund: 're_1' }] })
  })

  test.each([
    ['/v1/payments/pay_1', 'refunds'],
    ['/v1/payments', 'refunds'],
    ['/v1/refunds/re_1', 'payment'],
    ['/v1/refunds', 'payment'],
    ['/v1/events', 'payment or refund'],
  ])('of %s that cannot be expanded are refused with what can be', async (path, known) => {
    const start = await refundable()
    const wrong = await start.api('GET', `${path}?expand[]=${known.split(' ')[0]}&expand[]=buyer`)
    expect(wrong.status).toBe(400)
    expect(await wrong.json()).toMatchObject({
      error: { code: 'parameter_invalid', param: 'expand[]', message: `expand[] is ${known}.` },
    })
  })

  test('that succeed are answered 200 and can be read', async () => {
    const start = await refundable()
    const response = await start.api('POST', '/v1/refunds', start.body)
    expect(response.status).toBe(200)
    const refund = (await response.json()) as { id: string }
    expect(refund).toEqual({
      id: 're_2',
      object: 'refund',
      livemode: false,
      payment: 'pay_1',
      amount: 500,
      currency: 'cny',
      reference: 'RF-1',
      reason: '少了一杯',
      metadata: {},
      status: 'succeeded',
      outcome: 'applied',
      source: 'api',
      failure: null,
      alipay: { out_request_no: 'out_re_2' },
      succeeded_at: '2026-11-23T02:13:20.000Z',
      created_at: '2026-11-23T02:13:20.000Z',
      updated_at: '2026-11-23T02:13:20.000Z',
    })
    expect(await (await start.api('GET', '/v1/refunds/re_2')).json()).toEqual(refund)
    expect((await start.api('GET', '/v1/refunds/re_9')).status).toBe(404)
  })

  test.each(['processing', 'requires_action'] as const)('that are %s are 202', async (status) => {
    const start = await refundable()
    const refund: Refund = { ...start.refund, status }
    const response = await answer(start, { status, refund, record: start.record })
    expect([response.status, await response.json()]).toMatchObject([202, { status }])
  })

  const told: [string, (record: PaymentRecord, refund: Refund) => object, number, object][] = [
    [
      'failed',
      (record, refund) => ({ refund: { ...refund, status: 'failed', failure }, record }),
      402,
      { code: 'refund_refused', alipay: { sub_code: failure.code }, refund: { status: 'failed' } },
    ],
    [
      'exists_with_different_amount',
      (record, refund) => ({ refund, record }),
      409,
      { code: 'refund_exists_with_different_amount', param: 'reference', refund: { id: 're_1' } },
    ],
    ['not_paid', (record) => ({ record }), 409, { code: 'payment_not_paid', param: 'payment' }],
    [
      'amount_too_large',
      (record) => ({ record, refundable: toFen(8388) }),
      409,
      {
        code: 'amount_too_large',
        param: 'amount',
        message: 'At most 8388 fen of this payment can still be refunded.',
      },
    ],
  ]
  test.each(told)('that are %s are told so', async (status, rest, code, error) => {
    const start = await refundable()
    const result = { status, ...rest(start.record, start.refund) }
    const response = await answer(start, result as Parameters<typeof answer>[1])
    expect([response.status, await response.json()]).toMatchObject([code, { error }])
  })
})

test('every answer has a Request-Id of its own, and errors repeat it', async () => {
  const { get, api } = startServer()
  const paths = ['/healthz', '/c/none', '/nothing', '/v1/payments']
  const answers = await Promise.all(paths.map((path) => get(path)))
  const ids = answers.map(({ headers }) => headers.get('request-id'))
  expect(new Set(ids).size).toBe(paths.length)
  for (const id of ids) expect(id).toMatch(/^req_[0-9a-f]{32}$/)
  const response = await api('GET', '/v1/payments/pay_9')
  const { error } = (await response.json()) as { error: { request_id: string } }
  expect(error.request_id).toBe(response.headers.get('request-id'))
})

test('a sale that is late in being made is not taken for the one before it, which has ended', async () => {
  const { api, payments, order } = startServer({ answerWithinMs: 100 })
  await order()
  payments.change('pay_1', { status: 'expired', reference: 'A-1' })
  payments.create = () => new Promise(() => {})
  const answer = await api('POST', '/v1/payments', { amount: 1, subject: 'x', reference: 'A-1' })
  expect(answer.status).toBe(504)
  expect(await answer.json()).toMatchObject({ error: { code: 'answer_pending' } })
})
