import { afterEach, describe, expect, test } from 'vitest'
import type { Emulator } from '../../src/emulator/index.ts'
import {
  type Received,
  call,
  emulatorAt,
  isGenuineNotification,
  notifyAddress,
  precreate,
  scan,
  sell,
  zhang,
} from './merchant.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()))
})

async function merchantThatSays(...args: Parameters<typeof notifyAddress>) {
  const merchant = await notifyAddress(...args)
  open.push(merchant)
  return merchant
}

const success = () => ({ text: 'success' })

async function refund(emulator: Emulator, amount: string, number: string) {
  const biz = { out_trade_no: 'ORDER-1', refund_amount: amount, out_request_no: number }
  return call(emulator, 'alipay.trade.refund', biz)
}

function statuses(received: readonly Received[]) {
  return received.map(({ params }) => params.get('trade_status'))
}

describe('content', () => {
  test('of a payment: every documented field, signed by V1, and nothing empty', async () => {
    const merchant = await merchantThatSays(success)
    const emulator = await emulatorAt()
    const order = { body: '大杯', passback_params: 'a%3d1' }
    const trade_no = await sell(emulator, order, { notifyUrl: `${merchant.url}?a=1` })
    emulator.clock.advance(1000)
    await emulator.notifications.deliverDue()
    const [received] = merchant.received
    const { app_id, seller_id } = emulator.credentials
    const { sign, notify_id, seller_email, ...params } = Object.fromEntries(received?.params ?? [])
    expect(params).toEqual({
      app_id,
      auth_app_id: app_id,
      body: '大杯',
      buyer_id: zhang,
      buyer_logon_id: '138****1234',
      buyer_pay_amount: '88.88',
      charset: 'utf-8',
      fund_bill_list: '[{"amount":"88.88","fundChannel":"ALIPAYACCOUNT"}]',
      gmt_create: '2026-11-23 10:00:00',
      gmt_payment: '2026-11-23 10:00:00',
      invoice_amount: '88.88',
      notify_time: '2026-11-23 10:00:01',
      notify_type: 'trade_status_sync',
      out_trade_no: 'ORDER-1',
      passback_params: 'a%3d1',
      point_amount: '0.00',
      receipt_amount: '88.88',
      seller_id,
      sign_type: 'RSA2',
      subject: '咖啡',
      total_amount: '88.88',
      trade_no,
      trade_status: 'TRADE_SUCCESS',
      version: '1.0',
    })
    expect(notify_id).toMatch(/^2026112300222100000\d{15}$/)
    expect(seller_email).toMatch(/@example\.com$/)
    expect(sign).toHaveLength(344)
    expect(isGenuineNotification(emulator, received as Received)).toBe(true)
  })

  test('in GBK, signed with SHA-1, for an order that came so', async () => {
    const merchant = await merchantThatSays(success, 'gbk')
    const emulator = await emulatorAt()
    const params = { sign_type: 'RSA' }
    await sell(emulator, {}, { notifyUrl: merchant.url, charset: 'gbk', params })
    await emulator.notifications.deliverDue()
    const received = merchant.received[0] as Received
    expect(received.contentType).toContain('charset=gbk')
    expect(received.params.get('subject')).toBe('咖啡')
    expect(received.params.get('sign_type')).toBe('RSA')
    expect(isGenuineNotification(emulator, received, 'gbk')).toBe(true)
  })

  test('of refunds: the sum, the number of this one, and the trade closed by the last', async () => {
    const merchant = await merchantThatSays(success)
    const emulator = await emulatorAt()
    await sell(emulator, {}, { notifyUrl: merchant.url })
    await emulator.notifications.deliverDue()
    await refund(emulator, '80.00', 'R-1')
    await refund(emulator, '8.88', 'R-2')
    expect(await emulator.notifications.deliverDue()).toBe(2)
    const told = merchant.received.map(({ params }) => Object.fromEntries(params))
    // Sent at once: the later one may come first.
    const [first, second] = ['R-1', 'R-2'].map((no) => told.find((one) => one.out_biz_no === no))
    expect(first).toMatchObject({
      trade_status: 'TRADE_SUCCESS',
      out_biz_no: 'R-1',
      refund_fee: '80.00',
      gmt_refund: '2026-11-23 10:00:00.000',
    })
    expect(second).toMatchObject({
      trade_status: 'TRADE_CLOSED',
      out_biz_no: 'R-2',
      refund_fee: '88.88',
      gmt_close: '2026-11-23 10:00:00',
    })
    for (const name of ['fund_bill_list', 'receipt_amount', 'buyer_pay_amount', 'point_amount']) {
      expect(first).not.toHaveProperty(name)
    }
  })

  test('of a scan and of a close only where the switches say so, of an order without address never', async () => {
    const merchant = await merchantThatSays(success)
    const emulator = await emulatorAt()
    scan(emulator, await precreate(emulator, {}, { notifyUrl: merchant.url }))
    await call(emulator, 'alipay.trade.close', { out_trade_no: 'ORDER-1' })
    await sell(emulator, { out_trade_no: 'ORDER-2' })
    expect(await emulator.notifications.deliverDue()).toBe(0)
    emulator.settings.update({ notify_scan: true, notify_close: true })
    const order = { out_trade_no: 'ORDER-3', timeout_express: '5m' }
    scan(emulator, await precreate(emulator, order, { notifyUrl: merchant.url }))
    await emulator.notifications.deliverDue()
    emulator.advanceClock(5 * MINUTE_MS)
    expect(emulator.trades.find('ORDER-3')?.status).toBe('TRADE_CLOSED')
    await emulator.notifications.deliverDue()
    expect(statuses(merchant.received)).toEqual(['WAIT_BUYER_PAY', 'TRADE_CLOSED'])
  })
})

describe('delivery', () => {
  test.each([
    ['success', 200, 'delivered'],
    ['success\n', 200, 'pending'],
    ['SUCCESS', 200, 'pending'],
    ['"success"', 200, 'pending'],
    ['fail', 200, 'pending'],
    ['success', 201, 'pending'],
    ['success', 500, 'pending'],
  ])('the reply %j with status %i leaves it %3$s', async (text, status, expected) => {
    const merchant = await merchantThatSays(() => ({ text, status }))
    const emulator = await emulatorAt()
    await sell(emulator, {}, { notifyUrl: merchant.url })
    await emulator.notifications.deliverDue()
    expect(emulator.notifications.list()[0]?.status).toBe(expected)
  })

  test('a redirect is not followed', async () => {
    const target = await merchantThatSays(success)
    const merchant = await merchantThatSays(() => ({
      text: '',
      status: 302,
      headers: { location: target.url },
    }))
    const emulator = await emulatorAt()
    await sell(emulator, {}, { notifyUrl: merchant.url })
    await emulator.notifications.deliverDue()
    expect(target.received).toEqual([])
  })

  test('follows the schedule of 8 sends with one notify_id and new times and signatures, then gives up', async () => {
    const merchant = await merchantThatSays(() => ({ text: 'fail' }))
    const emulator = await emulatorAt()
    await sell(emulator, {}, { notifyUrl: merchant.url })
    expect(await emulator.notifications.deliverDue()).toBe(1)
    const pauses = [4, 10, 10, 60, 120, 360, 900].map((minutes) => minutes * MINUTE_MS)
    for (const pause of pauses) {
      emulator.clock.advance(pause - 1)
      expect(await emulator.notifications.deliverDue()).toBe(0)
      emulator.clock.advance(1)
      expect(await emulator.notifications.deliverDue()).toBe(1)
    }
    emulator.clock.advance(48 * HOUR_MS)
    expect(await emulator.notifications.deliverDue()).toBe(0)
    expect(emulator.notifications.list()[0]).toMatchObject({ status: 'given_up' })
    const values = (name: string) =>
      new Set(merchant.received.map(({ params }) => params.get(name)))
    expect(values('notify_id').size).toBe(1)
    expect(values('notify_time').size).toBe(8)
    expect(values('sign').size).toBe(8)
    expect(merchant.received.every((each) => isGenuineNotification(emulator, each))).toBe(true)
  })

  test('ends at the first success, and may be asked for once more', async () => {
    const merchant = await merchantThatSays((_, count) => ({
      text: count === 1 ? 'no' : 'success',
    }))
    const emulator = await emulatorAt()
    await sell(emulator, {}, { notifyUrl: merchant.url })
    await emulator.notifications.deliverDue()
    emulator.clock.advance(4 * MINUTE_MS)
    await emulator.notifications.deliverDue()
    const [record] = emulator.notifications.list()
    expect(record?.attempts.map(({ result }) => result)).toEqual(['refused', 'success'])
    const again = await emulator.notifications.resend(record?.notify_id ?? '')
    expect(again).toMatchObject({ status: 'delivered' })
    expect(merchant.received).toHaveLength(3)
  })

  test('three more sends follow a failure at once where the switch says so', async () => {
    const merchant = await merchantThatSays(() => ({ text: 'fail' }))
    const emulator = await emulatorAt()
    emulator.settings.update({ immediate_resends: true })
    await sell(emulator, {}, { notifyUrl: merchant.url })
    expect(await emulator.notifications.deliverDue()).toBe(4)
  })

  test('a merchant that does not answer holds nobody else up', async () => {
    const dead = await merchantThatSays(success)
    await dead.close()
    const silent = await silentAddress()
    const merchant = await merchantThatSays(success)
    const emulator = await emulatorAt()
    await sell(emulator, {}, { notifyUrl: silent.url })
    await sell(emulator, { out_trade_no: 'ORDER-2' }, { notifyUrl: dead.url })
    emulator.start()
    await silent.connected
    await sell(emulator, { out_trade_no: 'ORDER-3' }, { notifyUrl: merchant.url })
    await expect.poll(() => emulator.trades.find('ORDER-3') && merchant.received.length).toBe(1)
    const results = emulator.notifications.list().map(({ attempts }) => attempts[0]?.result)
    expect(results.slice(0, 2)).toEqual([undefined, 'unreachable'])
    await emulator.stop()
  })
})

/** An address that takes connections and never says a word. */
async function silentAddress() {
  const { createServer } = await import('node:net')
  const sockets: { destroy(): void }[] = []
  let connect = () => {}
  const connected = new Promise<void>((resolve) => (connect = resolve))
  const server = createServer((socket) => {
    socket.on('error', () => {})
    sockets.push(socket)
    connect()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  open.push({
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  })
  const { port } = server.address() as { port: number }
  return { url: `http://127.0.0.1:${port}/`, connected }
}
