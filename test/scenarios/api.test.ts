/**
 * Scenarios of the merchant's API and the buyer's page: repeats, broken connections, load, two
 * applications, and text of every kind.
 *
 * @module
 */

import { request as httpRequest } from 'node:http'
import { describe, expect, test } from 'vitest'
import { decodeForm, toFen } from '../../src/alipay/index.ts'
import { API_KEY, type Shop } from '../payments/shop.ts'
import { openScene } from './scene.ts'

describe('scenario 49, in part: one order sent 100 times at once', () => {
  test.each([
    ['reference', { reference: 'ORDER-1001' }],
    ['out_trade_no', { out_trade_no: 'ORDER_1001' }],
  ])('with one %s, is one payment and one order at Alipay, and answered alike', async (_, name) => {
    const shop = await openScene()
    const body = { amount: 8888, subject: '美式咖啡', ...name }
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => shop.api('POST', '/payments', body)),
    )
    expect(new Set(answers.map(({ body: { id } }) => id)).size).toBe(1)
    const statuses = answers.map(({ status }) => status)
    // 202: the first one still waits for the code.
    expect(statuses.every((status) => status >= 200 && status <= 202)).toBe(true)
    expect(statuses.filter((status) => status === 201)).toHaveLength(1)
    expect(shop.precreated).toHaveLength(1)
    expect(await shop.records()).toHaveLength(1)
    // Whoever is told that it exists is told the code too, or gets it with the next look.
    const [record] = await shop.records()
    const again = await shop.api('POST', '/payments', body)
    expect(again.body['next_action']).toMatchObject({ qr_code: record?.payment.qrCode })

    for (const change of [{ amount: 8889 }, { subject: '拿铁' }]) {
      const other = await shop.api('POST', '/payments', { ...body, ...change })
      expect(other).toMatchObject({ status: 409, body: { error: { type: 'conflict_error' } } })
    }
    expect(shop.precreated).toHaveLength(1)
  })

  test('and sent again after the process died in the middle of it, is the same payment', async () => {
    for (const point of ['intent-stored', 'precreate-answered'] as const) {
      const shop = await openScene({ file: true })
      const body = { amount: 8888, subject: '美式咖啡', reference: 'ORDER-1001' }
      shop.dieAtPoint(point)
      expect((await shop.api('POST', '/payments', body)).status).toBe(500)
      await shop.startNext()
      const again = await shop.api('POST', '/payments', body)
      expect(again.status).toBe(202)
      await shop.settle()
      const [record, ...others] = await shop.records()
      expect(others).toEqual([])
      expect(record?.payment).toMatchObject({ id: again.body.id, status: 'pending' })
      expect(new Set(shop.precreated).size).toBe(1)
    }
  })

  test('so are refunds: one reference is one refund', async () => {
    const shop = await openScene()
    const sold = await shop.sellPaid()
    const body = { payment: sold.payment.id, amount: 3000, reference: 'R-1' }
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => shop.api('POST', '/refunds', body)),
    )
    expect(new Set(answers.map(({ body: { id } }) => id)).size).toBe(1)
    await shop.elapse(15_000)
    expect(shop.emulator.ledger()).toMatchObject([{ refunded: 3000, refunds: [{}] }])
    const other = await shop.api('POST', '/refunds', { ...body, amount: 1 })
    expect(other.body.error?.code).toBe('refund_exists_with_different_amount')
  })
})

test('scenario 50, in part: a client that hangs up in the middle, and sends its order again, has one payment', async () => {
  const shop = await openScene()
  const body = { amount: 8888, subject: '美式咖啡', reference: 'ORDER-1001' }
  let hangUp = () => {}
  const reached = new Promise<void>((resolve) => {
    shop.gate('before precreate', async () => {
      hangUp()
      await new Promise((next) => setImmediate(next))
      resolve()
    })
  })
  const failed = new Promise<void>((resolve) => {
    const text = JSON.stringify(body)
    const sending = httpRequest(`${shop.url}/v1/payments`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${API_KEY}`,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(text),
      },
    })
    sending.on('error', () => resolve())
    hangUp = () => sending.destroy()
    sending.end(text)
  })
  await Promise.all([reached, failed])
  const again = await shop.api('POST', '/payments', body)
  expect([200, 202]).toContain(again.status)
  // What was begun for the client that is gone is carried on.
  const [record, ...others] = await shop.records()
  if (record === undefined) throw new Error('There is no payment')
  expect([record.payment.id, others]).toEqual([again.body.id, []])
  while ((await shop.status(record)) === 'created') {
    await new Promise((next) => setImmediate(next))
  }
  expect((await shop.api('POST', '/payments', body)).body['next_action']).not.toBeNull()
  expect(new Set(shop.precreated).size).toBe(1)
})

describe('scenario 51, in part: the buyer’s page', () => {
  /** Opens the page's live connection, and reads what it says. */
  async function listen(shop: Shop, token: string) {
    const hangUp = new AbortController()
    const response = await fetch(`${shop.url}/c/${token}/events`, { signal: hangUp.signal })
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    return {
      status: response.status,
      hangUp: () => hangUp.abort(),
      /** Waits until a state is told. */
      async until(state: string): Promise<void> {
        while (!text.includes(`"state":"${state}"`)) {
          const { value, done } = (await reader?.read()) ?? { value: '', done: true }
          if (done) throw new Error(`The connection ended without ${state}: ${text}`)
          text += value
        }
      },
      states: () => [...text.matchAll(/"state":"(\w+)"/g)].map(([, state]) => state),
    }
  }

  test('closed before the buyer pays: the engine needs no page', async () => {
    const shop = await openScene()
    const sold = await shop.sell()
    const page = await listen(shop, sold.payment.checkoutToken)
    await page.until('waiting')
    page.hangUp()
    shop.pay(sold)
    await shop.elapse(5_000)
    expect(await shop.status(sold)).toBe('succeeded')
  })

  test('whose connection was dropped is told the present state when it comes back', async () => {
    const shop = await openScene()
    const sold = await shop.sell()
    const first = await listen(shop, sold.payment.checkoutToken)
    await first.until('waiting')
    first.hangUp()
    shop.pay(sold)
    await shop.elapse(5_000)
    const second = await listen(shop, sold.payment.checkoutToken)
    await second.until('paid')
    expect(second.states()).toEqual(['paid'])
  })

  test('that sees no events, behind a proxy that keeps them back, learns it from the status', async () => {
    const shop = await openScene({ notify: true })
    const sold = await shop.sell()
    const status = () => fetch(`${shop.url}/c/${sold.payment.checkoutToken}/status`)
    expect(await (await status()).json()).toMatchObject({ state: 'waiting' })
    shop.pay(sold)
    await shop.emulator.notifications.deliverDue()
    expect(await (await status()).json()).toMatchObject({ state: 'paid', final: true })
  })

  test('never says paid before the commit, and says it after it', async () => {
    const shop = await openScene({ notify: true })
    const sold = await shop.sell()
    const page = await listen(shop, sold.payment.checkoutToken)
    await page.until('waiting')
    shop.pay(sold)
    let before: unknown
    shop.gate('before commit of trade', async () => {
      before = await (await fetch(`${shop.url}/c/${sold.payment.checkoutToken}/status`)).json()
    })
    await shop.emulator.notifications.deliverDue()
    expect(before).toMatchObject({ state: 'waiting' })
    await page.until('paid')
    expect(page.states()).toEqual(['waiting', 'paid'])
  })

  test('is told of what another node has committed only by reading: its status is right at once', async () => {
    const shop = await openScene()
    const sold = await shop.sell()
    shop.pay(sold)
    const other = shop.engine()
    await other.sync(sold.payment.id)
    const response = await fetch(`${shop.url}/c/${sold.payment.checkoutToken}/status`)
    expect(await response.json()).toMatchObject({ state: 'paid' })
  })
})

describe('scenario 58, in part: ten times the load', () => {
  test('no notification is turned away, and no more payments are in hand than are allowed', async () => {
    const shop = await openScene({ notify: true, engine: { concurrencyMax: 16 } })
    let inHand = 0
    let most = 0
    const { trade } = shop.gateway
    const counted: typeof trade.query = async (request, options) => {
      most = Math.max(most, ++inHand)
      try {
        return await trade.query(request, options)
      } finally {
        inHand -= 1
      }
    }
    shop.run(shop.engine({ gateway: { ...shop.gateway, trade: { ...trade, query: counted } } }))
    const sales = await Promise.all(Array.from({ length: 160 }, () => shop.sell()))
    for (const sold of sales.slice(0, 80)) shop.pay(sold)
    shop.clock.advance(5_000)
    const polling = (async () => {
      while ((await shop.payments.runDue()) > 0);
    })()
    const orders = Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        shop.api('POST', '/payments', { amount: 1, subject: `${index}` }),
      ),
    )
    await shop.emulator.notifications.deliverDue()
    await Promise.all([polling, orders])
    expect(most).toBe(16)
    const notes = shop.emulator.notifications.list()
    expect(notes).toHaveLength(80)
    expect(new Set(notes.map(({ status }) => status))).toEqual(new Set(['delivered']))
    for (const sold of sales.slice(0, 80)) expect(await shop.status(sold)).toBe('succeeded')
    for (const { status } of await orders) expect(status).toBe(201)
  })
})

describe('scenario 59: two applications', () => {
  test('with equal references have different numbers, and each its own books', async () => {
    const [ours, theirs] = await Promise.all([
      openScene({ notify: true }),
      openScene({ notify: true, ownKeys: true }),
    ])
    const order = { amount: toFen(8888), subject: '美式咖啡', reference: 'ORDER-1001' }
    const a = await ours.sell(order)
    const b = await theirs.sell(order)
    expect(a.payment.outTradeNo).not.toBe(b.payment.outTradeNo)
    ours.pay(a)
    await ours.elapse(5_000)
    await theirs.elapse(5_000)
    expect([await ours.status(a), await theirs.status(b)]).toEqual(['succeeded', 'pending'])
  })

  test('whose notify addresses were crossed: neither believes the other’s notifications', async () => {
    const [ours, theirs] = await Promise.all([
      openScene({ notify: true }),
      openScene({ notify: true, ownKeys: true }),
    ])
    const sold = await ours.sell({ reference: 'ORDER-1001' })
    const other = await theirs.sell({ reference: 'ORDER-1001' })
    theirs.pay(other)
    await theirs.emulator.notifications.deliverDue()
    const body = theirs.notified[0] ?? Buffer.alloc(0)
    expect(decodeForm(body).get('trade_status')).toBe('TRADE_SUCCESS')
    const { length } = ours.commits
    expect(await ours.replay(body)).toBe('fail')
    expect(ours.commits).toHaveLength(length)
    expect(await ours.status(sold)).toBe('pending')
  })

  test('the key of one merchant opens nothing of the other', async () => {
    const [ours, theirs] = await Promise.all([openScene(), openScene({ ownKeys: true })])
    const sold = await ours.sell()
    expect((await theirs.api('GET', `/payments/${sold.payment.id}`)).status).toBe(404)
    const response = await fetch(`${ours.url}/v1/payments`, {
      headers: { authorization: 'Bearer sk_test_of_another' },
    })
    expect(response.status).toBe(401)
  })
})

describe('scenario 60: hostile text', () => {
  const subjects = [
    '☕️ 咖啡 👨‍👩‍👧‍👦',
    'a=b&c=d&amount=1',
    '"quoted" and \'quoted\'',
    '<script>alert(1)</script><img src=x onerror=alert(1)>',
    '\u202eright to left\u202c مرحبا',
    '%3Cscript%3E %00 %26amount%3D1',
    '{"total_amount":"0.01"}',
    '+ 1 + 1 =2',
    "'; drop table payments; --",
    '咖'.repeat(256),
    '\\u0022},"trade_status":"TRADE_SUCCESS"',
  ]

  test.each(subjects)('%j is signed, paid and shown as it was written', async (subject) => {
    const shop = await openScene({ notify: true })
    const reference = subject.slice(0, 128)
    const { status, body } = await shop.api('POST', '/payments', { amount: 1, subject, reference })
    expect(status).toBe(201)
    expect(body).toMatchObject({ subject, reference, status: 'pending' })
    const sold = (await shop.records())[0]
    if (sold === undefined) throw new Error('There is no payment')
    shop.pay(sold)
    await shop.emulator.notifications.deliverDue()
    await shop.elapse(1_000)
    // The notification carries the subject, so its signature covers it.
    expect(shop.emulator.notifications.list()).toMatchObject([{ status: 'delivered' }])
    expect(await shop.status(sold)).toBe('succeeded')
    // Only what Alipay forbids was changed, and only on the wire.
    const atAlipay = shop.emulator.trades.find(sold.payment.outTradeNo)?.subject ?? ''
    expect(atAlipay.normalize('NFKC').length).toBe(subject.normalize('NFKC').length)

    const list = await shop.api('GET', `/payments?reference=${encodeURIComponent(reference)}`)
    expect(list.body['data']).toMatchObject([{ id: sold.payment.id, subject }])
    const page = await (await fetch(`${shop.url}/c/${sold.payment.checkoutToken}`)).text()
    expect(page).not.toMatch(/<script>alert|<img src=x/)
    expect(
      await (await fetch(`${shop.url}/c/${sold.payment.checkoutToken}/status`)).json(),
    ).toMatchObject({ subject })
  })
})
