import { describe, expect, test } from 'vitest'
import type { Emulator } from '../../src/emulator/index.ts'
import { call, emulatorAt, precreate, scan, sell, zhang } from './merchant.ts'

async function refund(emulator: Emulator, biz: Record<string, unknown>) {
  const body = { out_trade_no: 'ORDER-1', ...biz }
  return (await call(emulator, 'alipay.trade.refund', body)).node
}

async function refundQuery(emulator: Emulator, biz: Record<string, unknown>) {
  const method = 'alipay.trade.fastpay.refund.query'
  return (await call(emulator, method, { out_trade_no: 'ORDER-1', ...biz })).node
}

describe('refund', () => {
  test('in parts: refund_fee is the sum, and the last part closes the trade', async () => {
    const emulator = await emulatorAt()
    await sell(emulator)
    expect(await refund(emulator, { refund_amount: '80.00', out_request_no: 'R-1' })).toMatchObject(
      {
        fund_change: 'Y',
        refund_fee: '80.00',
        send_back_fee: '80.00',
        gmt_refund_pay: '2026-11-23 10:00:00',
      },
    )
    expect(emulator.trades.find('ORDER-1')?.status).toBe('TRADE_SUCCESS')
    expect(await refund(emulator, { refund_amount: '8.88', out_request_no: 'R-2' })).toMatchObject({
      fund_change: 'Y',
      refund_fee: '88.88',
      send_back_fee: '8.88',
    })
    expect(emulator.trades.find('ORDER-1')).toMatchObject({
      status: 'TRADE_CLOSED',
      ended_by: 'refund',
      refunded: 8888,
    })
    expect(emulator.wallet.buyers()[0]?.balance).toBe(1_000_000)
  })

  test('repeated with its number moves no money, also after the trade is closed', async () => {
    const emulator = await emulatorAt()
    await sell(emulator)
    await refund(emulator, { refund_amount: '88.88', out_request_no: 'R-1' })
    expect(await refund(emulator, { refund_amount: '88.88', out_request_no: 'R-1' })).toMatchObject(
      {
        code: '10000',
        fund_change: 'N',
        refund_fee: '88.88',
        send_back_fee: '0.00',
      },
    )
    expect(emulator.ledger()[0]?.refunded).toBe(8888)
  })

  test.each([
    [
      'the number of another amount',
      { refund_amount: '2.00', out_request_no: 'R-1' },
      'ACQ.DISCORDANT_REPEAT_REQUEST',
    ],
    [
      'no number, and not the whole amount',
      { refund_amount: '2.00' },
      'ACQ.REFUND_AMT_NOT_EQUAL_TOTAL',
    ],
    [
      'more than is left',
      { refund_amount: '88.00', out_request_no: 'R-2' },
      'ACQ.REASON_TRADE_REFUND_FEE_ERR',
    ],
    ['an unknown order', { out_trade_no: 'X', refund_amount: '1.00' }, 'ACQ.TRADE_NOT_EXIST'],
    ['no amount', {}, 'ACQ.INVALID_PARAMETER'],
  ])('with %s is refused', async (_, biz, subCode) => {
    const emulator = await emulatorAt()
    await sell(emulator)
    await refund(emulator, { refund_amount: '1.00', out_request_no: 'R-1' })
    const node = await refund(emulator, biz)
    expect(node).toMatchObject({ code: '40004', sub_code: subCode })
    if (subCode !== 'ACQ.INVALID_PARAMETER') {
      expect(node).toMatchObject({ refund_fee: '0.00', send_back_fee: '0.00' })
    }
    expect(emulator.ledger()[0]?.refunded).toBe(100)
  })

  test('of what was never paid, of what is all given back, and by a seller who is short is refused', async () => {
    const emulator = await emulatorAt()
    scan(emulator, await precreate(emulator))
    const whole = { refund_amount: '88.88', out_request_no: 'R-9' }
    expect(await refund(emulator, whole)).toMatchObject({ sub_code: 'ACQ.TRADE_STATUS_ERROR' })
    await call(emulator, 'alipay.trade.close', { out_trade_no: 'ORDER-1' })
    expect(await refund(emulator, whole)).toMatchObject({ sub_code: 'ACQ.TRADE_STATUS_ERROR' })
    await sell(emulator, { out_trade_no: 'ORDER-2' })
    const second = { ...whole, out_trade_no: 'ORDER-2' }
    emulator.settings.update({ seller_balance: 'short' })
    expect(await refund(emulator, second)).toMatchObject({
      sub_code: 'ACQ.SELLER_BALANCE_NOT_ENOUGH',
      sub_msg: '卖家余额不足',
    })
    emulator.settings.update({ seller_balance: 'enough' })
    expect(await refund(emulator, second)).toMatchObject({ fund_change: 'Y' })
    expect(await refund(emulator, { ...second, out_request_no: 'R-10' })).toMatchObject({
      sub_code: 'ACQ.TRADE_HAS_CLOSE',
    })
  })

  test('trade_no wins over out_trade_no', async () => {
    const emulator = await emulatorAt()
    const tradeNo = await sell(emulator)
    await sell(emulator, { out_trade_no: 'ORDER-2' })
    const biz = { trade_no: tradeNo, out_trade_no: 'ORDER-2', refund_amount: '88.88' }
    expect(await refund(emulator, biz)).toMatchObject({ out_trade_no: 'ORDER-1' })
  })
})

describe('refund query', () => {
  test('tells of a refund that was made', async () => {
    const emulator = await emulatorAt()
    const trade_no = await sell(emulator)
    await refund(emulator, { refund_amount: '2.00', out_request_no: 'R-1', refund_reason: '退货' })
    const query_options = ['gmt_refund_pay', 'refund_detail_item_list']
    expect(await refundQuery(emulator, { out_request_no: 'R-1', query_options })).toEqual({
      code: '10000',
      msg: 'Success',
      gmt_refund_pay: '2026-11-23 10:00:00',
      out_request_no: 'R-1',
      out_trade_no: 'ORDER-1',
      refund_amount: '2.00',
      refund_detail_item_list: [{ amount: '2.00', fund_channel: 'ALIPAYACCOUNT' }],
      refund_reason: '退货',
      refund_status: 'REFUND_SUCCESS',
      send_back_fee: '2.00',
      total_amount: '88.88',
      trade_no,
    })
  })

  test('of a number that was never used answers 10000 and nothing else', async () => {
    const emulator = await emulatorAt()
    await sell(emulator)
    const node = await refundQuery(emulator, { out_request_no: 'R-1' })
    expect(node).toEqual({ code: '10000', msg: 'Success' })
  })

  test('knows nothing of a refund for refund_query_after_ms', async () => {
    const emulator = await emulatorAt()
    emulator.settings.update({ refund_query_after_ms: 60_000 })
    await sell(emulator)
    await refund(emulator, { refund_amount: '2.00', out_request_no: 'R-1' })
    emulator.advanceClock(59_999)
    expect(await refundQuery(emulator, { out_request_no: 'R-1' })).toEqual({
      code: '10000',
      msg: 'Success',
    })
    emulator.advanceClock(1)
    expect(await refundQuery(emulator, { out_request_no: 'R-1' })).toMatchObject({
      refund_status: 'REFUND_SUCCESS',
      refund_amount: '2.00',
    })
  })

  test('a refund without a number, and a cancel that gave money back, go by the out_trade_no', async () => {
    const emulator = await emulatorAt()
    await sell(emulator)
    await refund(emulator, { refund_amount: '88.88' })
    expect(await refundQuery(emulator, { out_request_no: 'ORDER-1' })).toMatchObject({
      refund_status: 'REFUND_SUCCESS',
    })
    await sell(emulator, { out_trade_no: 'ORDER-2' })
    await call(emulator, 'alipay.trade.cancel', { out_trade_no: 'ORDER-2' })
    const query = { out_trade_no: 'ORDER-2', out_request_no: 'ORDER-2' }
    expect(await refundQuery(emulator, query)).toMatchObject({ refund_amount: '88.88' })
  })
})

describe('barcode payment', () => {
  async function pay(emulator: Emulator, biz: Record<string, unknown>) {
    const order = {
      out_trade_no: 'BAR-1',
      total_amount: '10.00',
      subject: '面包',
      scene: 'bar_code',
    }
    return (await call(emulator, 'alipay.trade.pay', { ...order, ...biz })).node
  }

  test('of a small amount is paid at once, and the payment code is used up', async () => {
    const emulator = await emulatorAt()
    const auth_code = emulator.wallet.paymentCode(zhang)?.payment_code
    expect(auth_code).toMatch(/^28\d{16}$/)
    expect(await pay(emulator, { auth_code })).toMatchObject({
      code: '10000',
      total_amount: '10.00',
      receipt_amount: '10.00',
      gmt_payment: '2026-11-23 10:00:00',
      fund_bill_list: [{ amount: '10.00', fund_channel: 'ALIPAYACCOUNT' }],
    })
    expect(await pay(emulator, { auth_code, out_trade_no: 'BAR-2' })).toMatchObject({
      sub_code: 'ACQ.PAYMENT_AUTH_CODE_INVALID',
    })
    expect(await pay(emulator, { auth_code })).toMatchObject({ sub_code: 'ACQ.TRADE_HAS_SUCCESS' })
  })

  test('above the limit waits for the password: 10003, then the buyer confirms', async () => {
    const emulator = await emulatorAt()
    const auth_code = emulator.wallet.paymentCode(zhang)?.payment_code
    const node = await pay(emulator, { auth_code, total_amount: '1000.01' })
    expect(node).toMatchObject({
      code: '10003',
      msg: ' order success pay inprocess',
      receipt_amount: '0.00',
    })
    expect(node).not.toHaveProperty('sub_code')
    expect(emulator.trades.find('BAR-1')?.status).toBe('WAIT_BUYER_PAY')
    expect(emulator.wallet.pay(node['trade_no'] ?? '', zhang).status).toBe('paid')
  })

  test('with an unknown or old code, or too little money, makes no trade', async () => {
    const emulator = await emulatorAt()
    expect(await pay(emulator, { auth_code: '281234567890123456' })).toMatchObject({
      sub_code: 'ACQ.PAYMENT_AUTH_CODE_INVALID',
    })
    const auth_code = emulator.wallet.paymentCode(zhang)?.payment_code
    emulator.clock.advance(60_000)
    expect(await pay(emulator, { auth_code })).toMatchObject({
      sub_code: 'ACQ.PAYMENT_AUTH_CODE_INVALID',
    })
    emulator.settings.update({ password_above: 10_000_000 })
    const fresh = emulator.wallet.paymentCode(zhang)?.payment_code
    expect(await pay(emulator, { auth_code: fresh, total_amount: '10000.01' })).toMatchObject({
      sub_code: 'ACQ.BUYER_BALANCE_NOT_ENOUGH',
    })
    expect(emulator.trades.list()).toEqual([])
  })
})
