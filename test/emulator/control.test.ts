import { describe, expect, test } from 'vitest'
import type { Emulator } from '../../src/emulator/index.ts'
import { emulatorAt, li, precreate, zhang } from './merchant.ts'

async function api(emulator: Emulator, method: string, path: string, body?: unknown) {
  const response = await emulator.fetch(
    new Request(`${emulator.baseUrl}/_emulator/${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    }),
  )
  return { status: response.status, json: (await response.json()) as Record<string, unknown> }
}

describe('the control API', () => {
  test('lists buyers and sets their balances in fen', async () => {
    const emulator = await emulatorAt()
    expect((await api(emulator, 'GET', 'buyers')).json).toEqual({
      buyers: [
        { id: zhang, name: '张三', logon_id: '138****1234', balance: 1_000_000 },
        { id: li, name: '李四', logon_id: 'lis***@example.com', balance: 50_000 },
      ],
    })
    const { json } = await api(emulator, 'PUT', `buyers/${li}`, { balance: 5 })
    expect(json).toMatchObject({ id: li, balance: 5 })
    expect((await api(emulator, 'PUT', 'buyers/1', { balance: 5 })).status).toBe(404)
    expect((await api(emulator, 'PUT', `buyers/${li}`, { balance: 0.5 })).status).toBe(400)
  })

  test('scans, refuses and pays for a buyer', async () => {
    const emulator = await emulatorAt()
    const code = await precreate(emulator, { body: '大杯' })
    const { json: scanned } = await api(emulator, 'POST', 'wallet/scan', { buyer: zhang, code })
    const { trade_no = '' } = emulator.trades.find('ORDER-1') ?? {}
    expect(scanned).toEqual({
      status: 'ready',
      trade: {
        trade_no,
        out_trade_no: 'ORDER-1',
        status: 'WAIT_BUYER_PAY',
        subject: '咖啡',
        body: '大杯',
        amount: 8888,
        seller_name: '扫码测试商店',
        buyer: zhang,
        created_at: '2026-11-23T02:00:00.000Z',
        expires_at: '2026-11-23T05:00:00.000Z',
        paid: 0,
        refunded: 0,
      },
    })
    const act = async (name: string, buyer: string) =>
      (await api(emulator, 'POST', `wallet/${name}`, { buyer, trade_no })).json
    expect(await act('refuse', zhang)).toMatchObject({ status: 'refused' })
    expect(await act('pay', li)).toEqual({
      status: 'other_buyer',
      message: 'Somebody else has scanned this code first.',
      message_zh: '该订单已由其他用户扫码，您无法支付',
    })
    expect(await act('pay', zhang)).toMatchObject({ status: 'paid', trade: { paid: 8888 } })
    expect(await act('confirm', zhang)).toMatchObject({ status: 'already_paid' })
    const { json: trades } = await api(emulator, 'GET', `wallet/trades?buyer=${zhang}`)
    expect(trades).toMatchObject({ trades: [{ trade_no, status: 'TRADE_SUCCESS' }] })
    const { json: ledger } = await api(emulator, 'GET', 'ledger')
    expect(ledger).toMatchObject({ entries: [{ out_trade_no: 'ORDER-1', paid: 8888, fee: 0 }] })
  })

  test('shows a payment code', async () => {
    const { json } = await api(await emulatorAt(), 'POST', 'wallet/payment-code', { buyer: zhang })
    expect(json).toMatchObject({ expires_at: '2026-11-23T02:01:00.000Z' })
  })

  test('lists faults, sets them, and ends them', async () => {
    const emulator = await emulatorAt()
    const { json } = await api(emulator, 'GET', 'faults')
    const catalogue = json['catalogue'] as Record<string, unknown>[]
    expect(catalogue.map(({ scope }) => scope)).toContain('notification')
    expect(catalogue.every(({ en, zh }) => Boolean(en) && Boolean(zh))).toBe(true)
    const fault = { name: 'delay', method: 'alipay.trade.query', delay_ms: 5 }
    const { status, json: added } = await api(emulator, 'POST', 'faults', fault)
    expect(status).toBe(201)
    expect(added).toEqual({ ...fault, id: 'fault_1', struck: 0 })
    expect((await api(emulator, 'GET', 'faults')).json['active']).toEqual([added])
    expect((await api(emulator, 'DELETE', 'faults/fault_1')).status).toBe(200)
    expect((await api(emulator, 'DELETE', 'faults/fault_1')).status).toBe(404)
    await api(emulator, 'POST', 'faults/random', { seed: 1, probability: 0.5 })
    expect(emulator.faults.random()).toEqual({ seed: 1, probability: 0.5 })
    await api(emulator, 'DELETE', 'faults')
    expect(emulator.faults.random()).toBeUndefined()
    expect((await api(emulator, 'POST', 'faults', { name: 'fire' })).status).toBe(400)
  })

  test('puts the clock forward, never back', async () => {
    const emulator = await emulatorAt()
    const { json } = await api(emulator, 'POST', 'clock', { advance_ms: 60_000 })
    expect(json).toEqual({ now: '2026-11-23T02:01:00.000Z', offset_ms: 60_000 })
    expect((await api(emulator, 'POST', 'clock', { advance_ms: -1 })).status).toBe(400)
  })

  test('changes settings that exist, to values that they have', async () => {
    const emulator = await emulatorAt()
    await api(emulator, 'PATCH', 'settings', { slash_escape: false })
    expect((await api(emulator, 'GET', 'settings')).json).toMatchObject({ slash_escape: false })
    for (const patch of [{ slash_escape: 'no' }, { color: 'red' }]) {
      expect((await api(emulator, 'PATCH', 'settings', patch)).status).toBe(400)
    }
  })

  test('shows requests and notifications, credentials, and begins anew', async () => {
    const emulator = await emulatorAt()
    await precreate(emulator)
    expect((await api(emulator, 'GET', 'requests')).json).toEqual({
      requests: [
        {
          time: '2026-11-23T02:00:00.000Z',
          method: 'alipay.trade.precreate',
          out_trade_no: 'ORDER-1',
          code: '10000',
        },
      ],
    })
    expect((await api(emulator, 'GET', 'notifications')).json).toEqual({ notifications: [] })
    const { json } = await api(emulator, 'GET', 'credentials')
    expect(json).toEqual({ ...emulator.credentials, gateway: 'http://127.0.0.1:6201/gateway.do' })
    await api(emulator, 'POST', 'reset', {})
    expect(emulator.requests()).toEqual([])
    expect((await api(emulator, 'POST', 'notifications/1/resend', {})).status).toBe(404)
    expect((await api(emulator, 'GET', 'nonsense')).status).toBe(404)
  })
})

describe('what a web page of another origin could try', () => {
  test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp'])(
    'a write with content-type %s is refused',
    async (type) => {
      const emulator = await emulatorAt()
      const request = new Request(`${emulator.baseUrl}/_emulator/clock`, {
        method: 'POST',
        body: '{"advance_ms":1}',
        headers: { 'content-type': type },
      })
      expect((await emulator.fetch(request)).status).toBe(415)
      expect(emulator.clock.offsetMs).toBe(0)
    },
  )

  test.each([
    ['http://evil.example:6201', 403],
    ['http://127.0.0.1.evil.example', 403],
    ['http://localhost:6201', 200],
    ['http://127.0.0.1:9999', 200],
  ])('a request to %s is answered %i', async (origin, status) => {
    const emulator = await emulatorAt()
    const response = await emulator.fetch(new Request(`${origin}/_emulator/clock`))
    expect(response.status).toBe(status)
  })
})
