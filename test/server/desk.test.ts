/**
 * Refunds that need somebody else's approval, settings and saved filters, over HTTP.
 *
 * @module
 */
import { beforeAll, describe, expect, test } from 'vitest'
import { systemClock, toFen } from '../../src/alipay/index.ts'
import type { Browser } from './back-office.ts'
import { signedIn } from './back-office.ts'
import { openDesk, openUsers, startServer } from './server-under-test.ts'

let under: ReturnType<typeof startServer>
let finance: Browser
let boss: Browser
let cashier: Browser

beforeAll(async () => {
  const users = await openUsers(systemClock)
  under = startServer({ users, desk: await openDesk(systemClock), clock: systemClock })
  finance = await signedIn(under.get, users, 'finance')
  boss = await signedIn(under.get, users, 'owner')
  cashier = await signedIn(under.get, users, 'cashier')
  await boss.ask('PATCH', '/v1/settings', { refund_approval_above: 5_000 })
})

async function paid(): Promise<string> {
  const { payment } = await under.order({ amount: 8_888 })
  under.payments.change(payment.id, { status: 'succeeded', refundedTotal: toFen(0) })
  return payment.id
}

async function refundsOf(id: string) {
  return (await under.payments.find(id))?.refunds.map(({ amount }) => amount)
}

describe('a refund above the limit', () => {
  test('waits, whoever asks, and is made once somebody else approves it', async () => {
    const payment = await paid()
    for (const [asker, amount] of [
      [cashier, 5_001],
      [finance, undefined],
    ] as const) {
      const wish = { payment, ...(amount && { amount }) }
      const asked = await asker.ask('POST', '/v1/refunds', wish)
      expect(asked.status).toBe(202)
      expect(asked.json).toMatchObject({
        object: 'refund_request',
        status: 'pending',
        amount: amount ?? 8_888,
      })
    }
    expect(await refundsOf(payment)).toEqual([])

    const waiting = await boss.ask('GET', '/v1/refund_requests?status=pending')
    const [own, other] = waiting.json.data ?? []
    const seen = await cashier.ask('GET', '/v1/attention')
    const asked = seen.json.data?.filter(({ kind }) => kind === 'refund_request')
    expect(asked).toMatchObject([
      {
        kind: 'refund_request',
        payment,
        refund_request: own,
        options: [
          `POST /v1/refund_requests/${String(own?.['id'])}/approve`,
          `POST /v1/refund_requests/${String(own?.['id'])}/decline`,
        ],
      },
      { kind: 'refund_request', refund_request: other },
    ])
    const path = `/v1/refund_requests/${String(own?.['id'])}`
    expect(own).toMatchObject({ requested_by: { name: 'finance 小王' }, amount: 8_888 })
    expect((await finance.ask('POST', `${path}/approve`, {})).code).toBe('own_request')
    expect((await cashier.ask('POST', `${path}/approve`, {})).code).toBe('scope_missing')
    const byKey = await under.api('POST', `${path}/approve`, {})
    expect(byKey.status).toBe(403)
    expect(await refundsOf(payment)).toEqual([])

    const declined = `/v1/refund_requests/${String(other?.['id'])}/decline`
    expect((await finance.ask('POST', declined, {})).json).toMatchObject({ status: 'declined' })
    expect((await finance.ask('POST', declined, {})).code).toBe('refund_request_decided')

    const approved = await boss.ask('POST', `${path}/approve`, {})
    expect(approved).toMatchObject({ status: 200, json: { object: 'refund', amount: 8_888 } })
    expect(await refundsOf(payment)).toEqual([8_888])
    expect((await boss.ask('POST', `${path}/approve`, {})).code).toBe('refund_request_decided')
    expect(await refundsOf(payment)).toEqual([8_888])
    expect((await boss.ask('GET', path)).json).toMatchObject({
      status: 'approved',
      refund: approved.json['id'],
      decided_by: { name: 'owner 小王' },
    })
  })

  test('is not split into many small ones', async () => {
    const payment = await paid()
    expect((await cashier.ask('POST', '/v1/refunds', { payment, amount: 3_000 })).status).toBe(200)
    expect((await cashier.ask('POST', '/v1/refunds', { payment, amount: 2_000 })).status).toBe(200)
    const third = await cashier.ask('POST', '/v1/refunds', { payment, amount: 1 })
    expect(third.json).toMatchObject({ object: 'refund_request', amount: 1 })
    expect(await refundsOf(payment)).toEqual([3_000, 2_000])
  })

  test('is not split into many that come at once either', async () => {
    const payment = await paid()
    const answers = await Promise.all(
      Array.from({ length: 4 }, () =>
        cashier.ask('POST', '/v1/refunds', { payment, amount: 2_000 }),
      ),
    )
    const made = answers.map(({ json }) => json['object'])
    expect(made.filter((object) => object === 'refund')).toHaveLength(2)
    expect(made.filter((object) => object === 'refund_request')).toHaveLength(2)
    expect(await refundsOf(payment)).toEqual([2_000, 2_000])
  })

  test('that is asked for again by its name with another amount is refused', async () => {
    const payment = await paid()
    const wish = { payment, reference: 'R-9' }
    await cashier.ask('POST', '/v1/refunds', { ...wish, amount: 6_000 })
    const other = await cashier.ask('POST', '/v1/refunds', { ...wish, amount: 7_000 })
    expect(other.code).toBe('refund_exists_with_different_amount')
  })

  test('that is asked for twice by one name is one request', async () => {
    const payment = await paid()
    const wish = { payment, reference: '退货单 7' }
    const first = await cashier.ask('POST', '/v1/refunds', wish)
    const second = await cashier.ask('POST', '/v1/refunds', wish)
    expect(second.json['id']).toBe(first.json['id'])
    const key = { 'idempotency-key': 'once' }
    const third = await cashier.ask('POST', '/v1/refunds', { payment }, key)
    const fourth = await cashier.ask('POST', '/v1/refunds', { payment }, key)
    expect(fourth.json['id']).toBe(third.json['id'])
    expect(third.json['id']).not.toBe(first.json['id'])
  })

  test('that could not be made any more when it was approved says so', async () => {
    const payment = await paid()
    const { json } = await cashier.ask('POST', '/v1/refunds', { payment })
    const before = { ...under.payments }
    under.payments.refund = async () => ({ status: 'not_found' })
    const path = `/v1/refund_requests/${String(json['id'])}`
    const approved = await boss.ask('POST', `${path}/approve`, {})
    Object.assign(under.payments, before)
    expect(approved.code).toBe('payment_not_found')
    expect((await boss.ask('GET', path)).json).toMatchObject({
      status: 'failed',
      failure: 'payment_not_found',
    })
  })

  test('is not made by the way of a review either', async () => {
    const payment = await paid()
    under.payments.change(payment, { review: 'late' })
    const path = `/v1/payments/${payment}/resolve`
    expect((await finance.ask('POST', path, { action: 'refund' })).code).toBe('approval_required')
    expect(await refundsOf(payment)).toEqual([])
    const kept = await finance.ask('POST', path, { action: 'accept' })
    expect(kept.code).not.toBe('approval_required')
  })

  test('is made at once for a program, and where there is no limit', async () => {
    const payment = await paid()
    expect((await under.api('POST', '/v1/refunds', { payment })).status).toBe(200)
    await boss.ask('PATCH', '/v1/settings', { refund_approval_above: null })
    const wish = { payment: await paid() }
    expect((await cashier.ask('POST', '/v1/refunds', wish)).status).toBe(200)
    await boss.ask('PATCH', '/v1/settings', { refund_approval_above: 5_000 })
  })
})

test('the limit is changed by who may, and shown to who approves', async () => {
  const change = { refund_approval_above: null }
  expect((await finance.ask('PATCH', '/v1/settings', change)).code).toBe('scope_missing')
  expect((await finance.ask('GET', '/v1/settings')).json).toMatchObject({
    refund_approval_above: 5_000,
  })
  const wrong = await boss.ask('PATCH', '/v1/settings', { refund_approval_above: 0.5 })
  expect(wrong.code).toBe('parameter_invalid')
})

test('saved filters are their owner’s alone', async () => {
  const filter = { name: '待处理', list: 'payments', filters: { in_review: 'true' } }
  const { json } = await finance.ask('POST', '/v1/saved_filters', filter)
  expect(json).toMatchObject(filter)
  expect((await boss.ask('GET', '/v1/saved_filters')).json.data).toEqual([])
  const path = `/v1/saved_filters/${String(json['id'])}`
  expect((await boss.ask('DELETE', path)).code).toBe('saved_filter_not_found')
  expect((await finance.ask('GET', '/v1/saved_filters')).json.data).toEqual([json])
  expect((await finance.ask('DELETE', path)).status).toBe(200)
})
