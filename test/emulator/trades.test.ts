import { describe, expect, test } from 'vitest'
import { toFen } from '../../src/alipay/money.ts'
import { addMs, formatBeijingTime } from '../../src/alipay/time.ts'
import type { Emulator } from '../../src/emulator/index.ts'
import { call, emulatorAt, li, precreate, scan, sell, zhang } from './merchant.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

async function ask(emulator: Emulator, name: string, biz: Record<string, unknown> = {}) {
  const body = { out_trade_no: 'ORDER-1', ...biz }
  const { node } = await call(emulator, `alipay.trade.${name}`, body)
  return node
}

async function reprecreate(emulator: Emulator, order: Record<string, unknown> = {}) {
  return ask(emulator, 'precreate', { total_amount: '88.88', subject: '咖啡', ...order })
}

describe('precreate', () => {
  test('makes no trade: before the scan a query answers ACQ.TRADE_NOT_EXIST with zero amounts', async () => {
    const emulator = await emulatorAt()
    await precreate(emulator)
    expect(await ask(emulator, 'query')).toEqual({
      code: '40004',
      msg: 'Business Failed',
      sub_code: 'ACQ.TRADE_NOT_EXIST',
      sub_msg: '交易不存在',
      buyer_pay_amount: '0.00',
      invoice_amount: '0.00',
      out_trade_no: 'ORDER-1',
      point_amount: '0.00',
      receipt_amount: '0.00',
    })
    expect(emulator.trades.list()).toEqual([])
  })

  test('the scan makes the trade and binds it to its buyer', async () => {
    const emulator = await emulatorAt()
    const qrCode = await precreate(emulator)
    const tradeNo = scan(emulator, qrCode)
    expect(tradeNo).toMatch(/^2026112322001\d{15}$/)
    expect(await ask(emulator, 'query')).toMatchObject({
      trade_no: tradeNo,
      trade_status: 'WAIT_BUYER_PAY',
      buyer_user_id: zhang,
      buyer_pay_amount: '0.00',
    })
    expect(emulator.wallet.scan(qrCode, li).status).toBe('other_buyer')
    expect(scan(emulator, qrCode)).toBe(tradeNo)
  })

  test.each([
    ['same parameters, not scanned', async () => {}, {}, undefined],
    ['other amount, not scanned', async () => {}, { total_amount: '9.99' }, undefined],
    ['same parameters, unpaid', scanned, { total_amount: 88.88 }, undefined],
    ['other amount, unpaid', scanned, { total_amount: '9.99' }, 'ACQ.CONTEXT_INCONSISTENT'],
    ['paid', paid, {}, 'ACQ.TRADE_HAS_SUCCESS'],
    ['closed', closed, {}, 'ACQ.TRADE_HAS_CLOSE'],
  ] as const)('repeated with %s', async (_, prepare, order, subCode) => {
    const emulator = await emulatorAt()
    const first = await precreate(emulator)
    await prepare(emulator, first)
    const node = await reprecreate(emulator, order)
    expect(node['sub_code']).toBe(subCode)
    if (subCode === undefined) expect(node['qr_code']).not.toBe(first)
  })

  test('what is not known of a repeated precreate is a switch', async () => {
    const emulator = await emulatorAt()
    emulator.settings.update({ repeated_precreate: 'same_code', changed_precreate: 'refused' })
    const first = await precreate(emulator)
    expect(await precreate(emulator)).toBe(first)
    expect(await reprecreate(emulator, { subject: '茶' })).toMatchObject({
      sub_code: 'ACQ.CONTEXT_INCONSISTENT',
      sub_msg: '交易信息被篡改',
    })
  })

  test.each([
    [{ total_amount: '0' }, 'ACQ.INVALID_PARAMETER'],
    [{ total_amount: '0.00' }, 'ACQ.INVALID_PARAMETER'],
    [{ total_amount: '1.234' }, 'ACQ.INVALID_PARAMETER'],
    [{ total_amount: '01.00' }, 'ACQ.INVALID_PARAMETER'],
    [{ total_amount: '1e2' }, 'ACQ.INVALID_PARAMETER'],
    [{ total_amount: '100000000.01' }, 'ACQ.TOTAL_FEE_EXCEED'],
    [{ out_trade_no: '' }, 'ACQ.INVALID_PARAMETER'],
    [{ out_trade_no: '订单' }, 'ACQ.INVALID_PARAMETER'],
    [{ out_trade_no: 'A'.repeat(65) }, 'ACQ.INVALID_PARAMETER'],
    [{ subject: '' }, 'ACQ.INVALID_PARAMETER'],
    [{ subject: 'a/b' }, 'ACQ.INVALID_PARAMETER'],
    [{ subject: '咖'.repeat(257) }, 'ACQ.INVALID_PARAMETER'],
    [{ timeout_express: '1.5h' }, 'ACQ.INVALID_PARAMETER'],
    [{ timeout_express: '16d' }, 'ACQ.INVALID_PARAMETER'],
    [{ time_expire: '2026-11-23T11:00:00' }, 'ACQ.INVALID_PARAMETER'],
    [{ time_expire: '2026-11-23 10:00:00' }, 'ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR'],
    [{ seller_id: '2088000000000000' }, 'ACQ.SELLER_NOT_EXIST'],
    [{ store_id: '门店' }, 'ACQ.INVALID_STORE_ID'],
    [{ product_code: 'QUICK_WAP_WAY' }, 'ACQ.INVALID_PARAMETER'],
    [{ goods_detail: [{ goods_id: '1' }] }, 'ACQ.INVALID_PARAMETER'],
    [{ goods_detail: Array.from({ length: 151 }, () => ({})) }, 'ACQ.SUB_GOODS_SIZE_MAX_COUNT'],
    [{ discountable_amount: '1.00', undiscountable_amount: '2.00' }, 'ACQ.INVALID_PARAMETER'],
    [{ enable_pay_channels: 'balance', disable_pay_channels: 'pcredit' }, 'ACQ.INVALID_PARAMETER'],
  ])('of %j is refused with %s', async (order, subCode) => {
    const emulator = await emulatorAt()
    expect(await reprecreate(emulator, order)).toMatchObject({ code: '40004', sub_code: subCode })
  })
})

describe('expiry', () => {
  test.each([
    ['2 hours, whatever the time-out', { timeout_express: '1d' }, 2 * HOUR_MS],
    ['timeout_express', { timeout_express: '5m' }, 5 * MINUTE_MS],
    ['qr_code_timeout_express', { qr_code_timeout_express: '10m' }, 10 * MINUTE_MS],
    [
      'time_expire, which wins',
      { timeout_express: '5m', time_expire: '2026-11-23 10:30:00' },
      30 * MINUTE_MS,
    ],
  ])('a code that nobody scans dies after %s, and leaves no trade', async (_, order, life) => {
    const emulator = await emulatorAt()
    const qrCode = await precreate(emulator, order)
    emulator.clock.advance(life - 1)
    const other = await emulatorAt()
    const otherCode = await precreate(other, order)
    other.clock.advance(life - 1)
    expect(other.wallet.scan(otherCode, zhang).status).toBe('ready')
    emulator.clock.advance(1)
    expect(emulator.wallet.scan(qrCode, zhang).status).toBe('expired')
    expect(await ask(emulator, 'query')).toMatchObject({ sub_code: 'ACQ.TRADE_NOT_EXIST' })
  })

  test('an unpaid trade is closed when its time-out passes, and can be paid no more', async () => {
    const emulator = await emulatorAt()
    const tradeNo = scan(emulator, await precreate(emulator, { timeout_express: '5m' }))
    emulator.clock.advance(5 * MINUTE_MS)
    expect(emulator.wallet.pay(tradeNo, zhang).status).toBe('closed')
    expect(await ask(emulator, 'query')).toMatchObject({ trade_status: 'TRADE_CLOSED' })
    expect(emulator.trades.find('ORDER-1')).toMatchObject({ ended_by: 'expiry', paid: 0 })
  })

  test('timeout_express counts from the precreate, or from the scan where the switch says so', async () => {
    for (const [from, status] of [
      ['precreate', 'closed'],
      ['scan', 'paid'],
    ] as const) {
      const emulator = await emulatorAt()
      emulator.settings.update({ timeout_express_from: from })
      const qrCode = await precreate(emulator, { timeout_express: '5m' })
      emulator.clock.advance(3 * MINUTE_MS)
      const tradeNo = scan(emulator, qrCode)
      emulator.clock.advance(3 * MINUTE_MS)
      expect(emulator.wallet.pay(tradeNo, zhang).status).toBe(status)
    }
  })

  test('1c ends at midnight in Beijing', async () => {
    const emulator = await emulatorAt('2026-11-23 23:30:00')
    const tradeNo = scan(emulator, await precreate(emulator, { timeout_express: '1c' }))
    emulator.clock.advance(30 * MINUTE_MS)
    expect(emulator.wallet.pay(tradeNo, zhang).status).toBe('closed')
  })

  test('a paid trade is finished when its refund window ends', async () => {
    const emulator = await emulatorAt()
    await sell(emulator)
    emulator.clock.advance(365 * DAY_MS)
    expect(await ask(emulator, 'query')).toMatchObject({ trade_status: 'TRADE_FINISHED' })
    expect(await ask(emulator, 'refund', { refund_amount: '88.88' })).toMatchObject({
      sub_code: 'ACQ.TRADE_HAS_FINISHED',
    })
    expect(await ask(emulator, 'cancel')).toMatchObject({ sub_code: 'ACQ.TRADE_HAS_FINISHED' })
  })
})

describe('cancel', () => {
  test('of a number that nobody knows is answered 10000 without action', async () => {
    const emulator = await emulatorAt()
    const expected = { code: '10000', msg: 'Success', out_trade_no: 'ORDER-1', retry_flag: 'N' }
    expect(await ask(emulator, 'cancel')).toEqual(expected)
    const { node } = await call(emulator, 'alipay.trade.cancel', { trade_no: '2026' })
    expect(node).toMatchObject({ code: '40004', sub_code: 'ACQ.TRADE_NOT_EXIST', retry_flag: 'N' })
  })

  test.each([
    ['tombstone', 'closed'],
    ['no_effect', 'ready'],
  ] as const)(
    'of an unscanned code, with the switch %s: a scan finds it %s',
    async (effect, status) => {
      const emulator = await emulatorAt()
      emulator.settings.update({ unscanned_cancel: effect })
      const qrCode = await precreate(emulator)
      expect(await ask(emulator, 'cancel')).not.toHaveProperty('action')
      expect(emulator.wallet.scan(qrCode, zhang).status).toBe(status)
    },
  )

  test('of an unpaid trade closes it; repeated it says the same', async () => {
    const emulator = await emulatorAt()
    const tradeNo = scan(emulator, await precreate(emulator))
    for (const _ of [1, 2]) {
      expect(await ask(emulator, 'cancel')).toMatchObject({
        code: '10000',
        action: 'close',
        retry_flag: 'N',
        trade_no: tradeNo,
      })
    }
    expect(emulator.wallet.pay(tradeNo, zhang).status).toBe('closed')
  })

  test('of a paid trade gives the money back, once', async () => {
    const emulator = await emulatorAt()
    await sell(emulator)
    for (const _ of [1, 2]) {
      expect(await ask(emulator, 'cancel')).toMatchObject({ code: '10000', action: 'refund' })
    }
    expect(await ask(emulator, 'query')).toMatchObject({ trade_status: 'TRADE_CLOSED' })
    expect(emulator.ledger()).toMatchObject([{ paid: 8888, refunded: 8888 }])
    expect(emulator.wallet.buyers()[0]?.balance).toBe(1_000_000)
  })

  test('is refused after 24 hours, after a partial refund, and where the seller is short', async () => {
    const late = await emulatorAt()
    await sell(late)
    late.clock.advance(DAY_MS)
    expect(await ask(late, 'cancel')).toMatchObject({ sub_code: 'ACQ.TRADE_CANCEL_TIME_OUT' })
    const refunded = await emulatorAt()
    await sell(refunded)
    await ask(refunded, 'refund', { refund_amount: '0.01', out_request_no: 'R-1' })
    expect(await ask(refunded, 'cancel')).toMatchObject({
      sub_code: 'ACQ.REASON_TRADE_REFUND_FEE_ERR',
      retry_flag: 'N',
    })
    const short = await emulatorAt()
    await sell(short)
    short.settings.update({ seller_balance: 'short' })
    expect(await ask(short, 'cancel')).toMatchObject({ sub_code: 'ACQ.SELLER_BALANCE_NOT_ENOUGH' })
  })

  test('same_day ends the time for it at midnight in Beijing', async () => {
    const emulator = await emulatorAt('2026-11-23 23:59:00')
    emulator.settings.update({ cancel_window: 'same_day' })
    await sell(emulator)
    emulator.clock.advance(MINUTE_MS)
    expect(await ask(emulator, 'cancel')).toMatchObject({ sub_code: 'ACQ.TRADE_CANCEL_TIME_OUT' })
  })
})

describe('close', () => {
  test('closes an unpaid trade and never a paid one', async () => {
    const emulator = await emulatorAt()
    await sell(emulator)
    expect(await ask(emulator, 'close')).toMatchObject({ sub_code: 'ACQ.TRADE_STATUS_ERROR' })
    scan(emulator, await precreate(emulator, { out_trade_no: 'ORDER-2' }))
    expect(await ask(emulator, 'close', { out_trade_no: 'ORDER-2' })).toMatchObject({
      code: '10000',
    })
    expect(await ask(emulator, 'close', { out_trade_no: 'ORDER-2' })).toMatchObject({
      sub_code: 'ACQ.TRADE_STATUS_ERROR',
      sub_msg: '交易状态不合法',
    })
  })

  test.each([
    ['tombstone', 'closed'],
    ['no_effect', 'ready'],
  ] as const)(
    'of an unscanned code answers TRADE_NOT_EXIST; with %s a scan finds it %s',
    async (effect, status) => {
      const emulator = await emulatorAt()
      emulator.settings.update({ unscanned_close: effect })
      const qrCode = await precreate(emulator)
      expect(await ask(emulator, 'close')).toMatchObject({ sub_code: 'ACQ.TRADE_NOT_EXIST' })
      expect(emulator.wallet.scan(qrCode, zhang).status).toBe(status)
      const again = await precreate(emulator)
      expect(emulator.wallet.scan(again, zhang).status).toBe(status)
    },
  )
})

describe('after time_expire', () => {
  test.each([
    ['refused', 'expired'],
    ['accepted', 'ready'],
  ] as const)('a code that nobody scanned is %s: a scan finds it %s', async (late_scan, status) => {
    const emulator = await emulatorAt()
    emulator.settings.update({ late_scan })
    const time_expire = formatBeijingTime(addMs(emulator.clock.now(), 60_000))
    const qrCode = await precreate(emulator, { time_expire })
    emulator.advanceClock(60_000)
    const result = emulator.wallet.scan(qrCode, zhang)
    expect(result.status).toBe(status)
    if (result.status !== 'ready') return
    expect(emulator.wallet.pay(result.trade.trade_no, zhang).status).toBe('paid')
  })

  test('a trade that was scanned before it is closed, whatever late scans may do', async () => {
    const emulator = await emulatorAt()
    emulator.settings.update({ late_scan: 'accepted' })
    const time_expire = formatBeijingTime(addMs(emulator.clock.now(), 60_000))
    const tradeNo = scan(emulator, await precreate(emulator, { time_expire }))
    emulator.advanceClock(60_000)
    expect(emulator.wallet.pay(tradeNo, zhang).status).toBe('closed')
  })
})

describe('wallet', () => {
  test('what stands between a buyer and paying is told by status', async () => {
    const emulator = await emulatorAt()
    expect(emulator.wallet.scan('bax0', zhang).status).toBe('not_found')
    expect(emulator.wallet.pay('1', zhang).status).toBe('not_found')
    const qrCode = await precreate(emulator)
    const tradeNo = scan(emulator, qrCode)
    expect(emulator.wallet.pay(tradeNo, li).status).toBe('other_buyer')
    expect(emulator.wallet.refuse(tradeNo, zhang).status).toBe('refused')
    expect(await ask(emulator, 'query')).toMatchObject({ trade_status: 'WAIT_BUYER_PAY' })
    emulator.wallet.setBalance(zhang, toFen(8887))
    expect(emulator.wallet.pay(tradeNo, zhang).status).toBe('insufficient_funds')
    emulator.wallet.setBalance(zhang, toFen(8888))
    expect(emulator.wallet.pay(tradeNo, zhang)).toMatchObject({
      status: 'paid',
      trade: { amount: 8888 },
    })
    expect(emulator.wallet.buyers()[0]?.balance).toBe(0)
    expect(emulator.wallet.pay(tradeNo, zhang).status).toBe('already_paid')
    expect(emulator.wallet.scan(qrCode, li).status).toBe('already_paid')
  })

  test('a code is scanned by its text, by its address with a query, or by its last part', async () => {
    const emulator = await emulatorAt()
    const qrCode = await precreate(emulator)
    for (const text of [
      qrCode,
      `${qrCode}?from=camera`,
      qrCode.slice(qrCode.lastIndexOf('/') + 1),
    ]) {
      expect(emulator.wallet.scan(text, zhang).status).toBe('ready')
    }
  })
})

async function scanned(emulator: Emulator, qrCode: string) {
  scan(emulator, qrCode)
}

async function paid(emulator: Emulator, qrCode: string) {
  emulator.wallet.pay(scan(emulator, qrCode), zhang)
}

async function closed(emulator: Emulator, qrCode: string) {
  scan(emulator, qrCode)
  await ask(emulator, 'close')
}
