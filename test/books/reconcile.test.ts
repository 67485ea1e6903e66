import { describe, expect, onTestFinished, test } from 'vitest'
import { formatYuan, toFen } from '../../src/alipay/index.ts'
import { createWebhooks } from '../../src/webhooks/index.ts'
import { startWebhookSink } from '../machines/webhook-sink.ts'
import { storeKinds } from '../store/opened-stores.ts'
import { billFile, type HandRow } from './bill-files.ts'
import { openBookShop, type BookShop } from './book-shop.ts'

const DAY = '2026-11-23'

describe.each(storeKinds)('on $kind', ({ kind }) => {
  test('a day of sales and refunds is balanced, and its sums are the bill’s', async () => {
    const shop = await openBookShop(kind)
    const sold = await shop.sell({ storeId: 'S1', operatorId: '小王' })
    await shop.sell({ amount: toFen(100), storeId: 'S2' })
    await shop.order()
    await shop.payments.refund({ paymentId: sold.payment.id, amount: toFen(88) })
    shop.at('2026-11-24 09:00:00')
    await shop.settle()
    expect(await shop.books.reconcile(DAY)).toMatchObject({
      status: 'balanced',
      runs: 1,
      result: { rows: 3, bill: { payments: 2, gross: 8988, refunds: 1, refunded: 88 } },
    })
    expect(await shop.differences()).toEqual([])
    expect(await shop.books.daySummary(DAY)).toMatchObject({
      books: { payments: 2, gross: 8988, refunds: 1, refunded: 88, received: 8900 },
      groups: [
        { storeId: 'S1', operatorId: '小王', gross: 8888, refunded: 88 },
        { storeId: 'S2', operatorId: '', gross: 100 },
      ],
      reasons: [],
      unexplained: 0,
    })
  })

  test('what came of a day is told by an event and its webhook, in the commit of the run', async () => {
    const shop = await openBookShop(kind)
    const sink = await startWebhookSink()
    const webhooks = createWebhooks({
      store: shop.webhookStore,
      livemode: false,
      clock: shop.clock,
      addresses: { allowPrivate: true },
    })
    onTestFinished(() => webhooks.stop())
    const types = ['reconciliation.differs', 'reconciliation.balanced'] as const
    await webhooks.endpoints.create({ url: sink.url, types })
    const sold = await shop.sell()
    shop.at('2026-11-24 09:00:00')
    await shop.settle()
    const { id } = await shop.books.reconcile(DAY)
    // A bill that was made by hand: the day differs from now on.
    const rows: HandRow[] = [{ outTradeNo: 'of_nobody', amount: 1, at: `${DAY} 11:00:00` }]
    const { seller_id: sellerId } = shop.emulator.credentials
    await shop.books.reconcileFile(billFile({ date: DAY, rows, sellerId }))
    const events = (await shop.payments.listEvents({ limit: 100, order: 'asc' })).filter(
      ({ type }) => type.startsWith('reconciliation.'),
    )
    expect(events.map((event) => [event.type, event.paymentId, event.sequence])).toEqual([
      ['reconciliation.balanced', id, 1],
      ['reconciliation.differs', id, 2],
    ])
    expect(JSON.parse(events[1]?.data ?? '')).toMatchObject({
      object: { id, object: 'reconciliation', date: DAY, status: 'differences' },
      previous: { status: 'balanced' },
    })
    // Readers who follow pass over none, and each is about its own.
    const [last] = await shop.payments.listEvents({ limit: 1 })
    expect(last?.position).toBe(events[1]?.position)
    expect(await shop.payments.listEvents({ limit: 9, paymentId: sold.payment.id })).not.toEqual([])
    await webhooks.runDue()
    const told = (await sink.delivered(2)).map(({ body }) => JSON.parse(body.toString()) as object)
    expect(told).toMatchObject([
      { type: 'reconciliation.balanced', data: { object: { differences: { open: 0 } } } },
      { type: 'reconciliation.differs', sequence: 2 },
    ])
  })

  test('a bill that is not there by the evening is told once, however often it is asked for', async () => {
    const shop = await openBookShop(kind)
    await shop.sell()
    shop.emulator.faults.add({ name: 'bill-late', times: 9 })
    shop.at('2026-11-24 19:00:00')
    await shop.settle()
    expect(await shop.books.reconcile(DAY)).toMatchObject({ failure: { code: 'bill_late' } })
    await shop.books.reconcile(DAY)
    const told = (await shop.payments.listEvents({ limit: 100 })).filter(({ type }) =>
      type.startsWith('reconciliation.'),
    )
    expect(told.map(({ type }) => type)).toEqual(['reconciliation.failed'])
  })

  test('what Alipay has and we have not is asked for, and booked', async () => {
    const shop = await openBookShop(kind)
    // Paid, and the engine has not asked yet.
    const open = await shop.order()
    shop.pay(open)
    // A refund in Alipay's console.
    const sold = await shop.sell()
    await consoleRefund(shop, sold.payment.outTradeNo, 300)
    // A sale of a process that died, whose row was lost.
    const lost = await lostSale(shop, 'sm01j9zzzzzzzzzzzzzzzzzzzzzz', 4200)
    shop.at('2026-11-24 09:00:00')
    expect(await shop.books.reconcile(DAY)).toMatchObject({ status: 'balanced' })
    expect(await shop.differences()).toEqual([
      'missing_local healed',
      'refund_missing_local healed',
      'status_local_open healed',
    ])
    expect(await shop.payments.findByOutTradeNo(lost)).toMatchObject({
      payment: { id: 'pay_01j9zzzzzzzzzzzzzzzzzzzzzz', status: 'succeeded', amount: 4200 },
    })
    await shop.expectLedger()
    expect((await shop.books.daySummary(DAY)).unexplained).toBe(0)
    // Once more finds nothing, and books nothing twice.
    expect(await shop.books.reconcile(DAY)).toMatchObject({ status: 'balanced', runs: 2 })
    await shop.expectLedger()
    expect(await shop.differences()).toHaveLength(3)
  })

  test('money that our cancel took back is told', async () => {
    const shop = await openBookShop(kind)
    const order = await shop.order()
    shop.pay(order)
    await shop.client.trade.cancel({ out_trade_no: order.payment.outTradeNo })
    await shop.payments.cancel(order.payment.id)
    shop.at('2026-11-24 09:00:00')
    await shop.settle()
    expect(await shop.books.reconcile(DAY)).toMatchObject({ status: 'balanced' })
    await shop.expectLedger()
    expect((await shop.books.daySummary(DAY)).unexplained).toBe(0)
  })

  test('a file by hand: each code is found, and nothing else', async () => {
    const shop = await openBookShop(kind, { rules: { feeRate: 6_000 } })
    const [right, other, missing, twice] = [
      await shop.sell({ amount: toFen(10_000) }),
      await shop.sell({ amount: toFen(200) }),
      await shop.sell({ amount: toFen(300) }),
      await shop.sell({ amount: toFen(400) }),
    ].map(({ payment }) => payment)
    const refunded = await shop.payments.refund({
      paymentId: right?.id ?? '',
      amount: toFen(5),
      reference: 'RF-1',
    })
    const file = billFile({
      sellerId: shop.sellerId,
      rows: [
        { outTradeNo: right?.outTradeNo ?? '', amount: 10_000, fee: -60 },
        { outTradeNo: other?.outTradeNo ?? '', amount: 201, fee: -1 },
        { outTradeNo: twice?.outTradeNo ?? '', amount: 400, fee: -3 },
        { outTradeNo: twice?.outTradeNo ?? '', amount: 400, fee: -3 },
        { outTradeNo: 'OTHER-SYSTEM', amount: 70 },
      ],
    })
    shop.at('2026-11-24 09:00:00')
    const run = await shop.books.reconcileFile(file)
    expect(run).toMatchObject({ status: 'differences', source: 'upload', date: DAY })
    expect(await shop.differences()).toEqual([
      'amount_mismatch open',
      'duplicate_row open',
      'fee_mismatch open',
      'missing_local open',
      'missing_remote waiting',
      'refund_missing_remote waiting',
    ])
    const differences = await shop.books.differences({ limit: 10, date: DAY })
    const of = (code: string) => differences.find((difference) => difference.code === code)
    expect(of('amount_mismatch')).toMatchObject({ billAmount: 201, localAmount: 200 })
    expect(of('fee_mismatch')).toMatchObject({ billAmount: 3, localAmount: 2 })
    expect(of('missing_remote')?.paymentId).toBe(missing?.id)
    expect(refunded.status).toBe('succeeded')
    expect((await shop.books.daySummary(DAY)).unexplained).toBe(0)

    // A person has looked at one of them: it stays so.
    await shop.books.resolve(of('missing_local')?.id ?? '', { by: 'key_1', note: '另一个系统' })
    await shop.books.reconcileFile(file)
    expect(await shop.differences()).toContain('missing_local resolved')
    // Then Alipay's own bill comes, made anew: nothing is left.
    const again = await shop.books.reconcile(DAY)
    expect(again).toMatchObject({ result: { reissued: true, repeated: false } })
    const open = (await shop.differences()).filter((line) => line.endsWith('open'))
    // The emulator takes no fee.
    expect(new Set(open)).toEqual(new Set(['fee_mismatch open']))
    expect((await shop.books.daySummary(DAY)).unexplained).toBe(0)
  })

  test('scenario 54: at midnight’s edge the next bill is waited for', async () => {
    const shop = await openBookShop(kind)
    shop.at('2026-11-23 23:59:30')
    const sold = await shop.sell()
    shop.at('2026-11-24 12:00:00')
    const next = await shop.sell({ amount: toFen(1) })
    const row = (record: typeof sold, at: string): HandRow => ({
      outTradeNo: record.payment.outTradeNo,
      amount: record.payment.amount,
      at,
    })
    const { sellerId } = shop
    await shop.books.reconcileFile(billFile({ sellerId, date: DAY, rows: [] }))
    expect(await shop.differences()).toEqual(['missing_remote waiting'])
    // It is too early to ask.
    const [waiting] = await shop.books.differences({ limit: 1, date: DAY })
    expect(waiting?.note).toMatch(/next bill/)
    expect(await shop.books.daySummary(DAY)).toMatchObject({
      reasons: [{ reason: 'missing_remote', net: -8888 }],
      unexplained: 0,
    })
    shop.at('2026-11-25 10:00:00')
    const rows = [row(sold, '2026-11-24 00:00:01'), row(next, '2026-11-24 12:00:00')]
    const date = '2026-11-24'
    const run = await shop.books.reconcileFile(billFile({ sellerId, date, rows }))
    expect(run).toMatchObject({ status: 'balanced' })
    expect(await shop.differences()).toEqual(['missing_remote healed'])
    for (const day of [DAY, date]) {
      expect((await shop.books.daySummary(day)).unexplained).toBe(0)
    }
    // The first day once more: it is known where its row is.
    await shop.books.reconcileFile(billFile({ sellerId, date: DAY, rows: [] }))
    expect(await shop.differences()).toEqual(['missing_remote healed'])
  })

  test('a row that the bill has a day before our books is no difference on either day', async () => {
    const shop = await openBookShop(kind)
    shop.at('2026-11-24 00:00:10')
    const { payment } = await shop.sell()
    const { sellerId } = shop
    const row = { outTradeNo: payment.outTradeNo, amount: 8888, at: '2026-11-23 23:59:59' }
    await shop.books.reconcileFile(billFile({ sellerId, date: DAY, rows: [row] }))
    shop.at('2026-11-25 09:00:00')
    await shop.books.reconcileFile(billFile({ sellerId, date: '2026-11-24', rows: [] }))
    for (const [date, net] of [
      [DAY, 8888],
      ['2026-11-24', -8888],
    ] as const) {
      expect(await shop.differences(date)).toEqual([])
      expect(await shop.books.daySummary(date)).toMatchObject({
        reasons: [{ reason: 'other_day', count: 1, net }],
        unexplained: 0,
      })
    }
  })

  test('scenario 54: what no bill has within three days is for a person', async () => {
    const shop = await openBookShop(kind)
    await shop.sell()
    const { sellerId } = shop
    shop.at('2026-11-24 09:00:00')
    await shop.books.reconcileFile(billFile({ sellerId, date: DAY, rows: [] }))
    expect(await shop.differences()).toEqual(['missing_remote waiting'])
    shop.at('2026-11-27 09:00:00')
    await shop.books.reconcileFile(billFile({ sellerId, date: '2026-11-26', rows: [] }))
    expect(await shop.differences()).toEqual(['missing_remote open'])
  })

  test('scenario 52: a bill that is late, wrong or of another account is told by its name', async () => {
    const shop = await openBookShop(kind)
    await shop.sell()
    const other = billFile({ sellerId: '2088000000000000', rows: [] })
    shop.emulator.settings.update({ bill_ready_hour: 20 })
    shop.at('2026-11-24 00:30:00')
    await expect(shop.books.reconcileFile(other)).rejects.toMatchObject({ fault: 'other_account' })
    expect(await shop.books.reconcile(DAY)).toMatchObject({
      status: 'awaiting_bill',
      failure: null,
    })
    shop.at('2026-11-24 18:00:00')
    expect(await shop.books.reconcile(DAY)).toMatchObject({
      status: 'awaiting_bill',
      failure: { code: 'bill_late' },
    })
    await expect(shop.books.reconcile('2026-11-24')).rejects.toThrow(RangeError)
  })
})

test('each morning from nine the bills of the days before are compared, hourly until they are there', async () => {
  const shop = await openBookShop()
  await shop.sell()
  shop.at('2026-11-24 08:59:00')
  expect(await shop.books.runDue()).toEqual([])
  shop.emulator.settings.update({ bill_ready_hour: 10 })
  shop.at('2026-11-24 09:00:00')
  expect(await shop.books.runDue()).toMatchObject([{ date: DAY, status: 'awaiting_bill' }])
  shop.at('2026-11-24 09:59:00')
  expect(await shop.books.runDue()).toEqual([])
  shop.at('2026-11-24 10:01:00')
  expect(await shop.books.runDue()).toMatchObject([{ date: DAY, status: 'balanced' }])
  expect(await shop.books.runDue()).toEqual([])
  // After days without power all of them are caught up with.
  shop.at('2026-11-27 11:00:00')
  expect((await shop.books.runDue()).map(({ date }) => date)).toEqual([
    '2026-11-24',
    '2026-11-25',
    '2026-11-26',
  ])
})

test('a sale that Alipay would not tell of is asked about until it does, also where it has no ear for the bill meanwhile', async () => {
  const shop = await openBookShop()
  await lostSale(shop, 'sm01j9zzzzzzzzzzzzzzzzzzzzzz', 4200)
  await shop.sell()
  const failing = (method: string) => {
    shop.emulator.faults.add({ name: 'system-error-before', method, times: 10 })
  }
  failing('alipay.trade.query')
  shop.at('2026-11-24 09:00:00')
  expect(await shop.books.runDue()).toMatchObject([{ status: 'differences', failure: null }])
  shop.emulator.faults.clear()
  failing('alipay.data.dataservice.bill.downloadurl.query')
  shop.at('2026-11-24 10:00:00')
  expect(await shop.books.runDue()).toMatchObject([{ status: 'differences', failure: {} }])
  shop.emulator.faults.clear()
  shop.at('2026-11-24 11:00:00')
  expect(await shop.books.runDue()).toMatchObject([{ status: 'balanced', failure: null }])
  expect(await shop.books.runDue()).toEqual([])
})

test('scenario 38: a database of yesterday: after one reconciliation the books equal the ledger', async () => {
  const shop = await openBookShop()
  await shop.sell({ reference: 'BEFORE' })
  const before = await shop.sell()
  await shop.backUp()
  shop.clock.advance(60_000)
  const sale = await shop.sell({ reference: 'ORDER-1', storeId: 'S1' })
  await shop.sell({ reference: 'ORDER-2', amount: toFen(5) })
  await shop.payments.refund({
    paymentId: sale.payment.id,
    amount: toFen(8),
    reference: 'RF-1',
  })
  await shop.payments.refund({ paymentId: before.payment.id, reference: 'RF-2' })
  await shop.restore()
  shop.at('2026-11-24 09:00:00')
  await shop.settle()
  expect(await shop.books.runDue()).toMatchObject([{ status: 'balanced' }])
  await shop.expectLedger()
  const summary = await shop.books.daySummary(DAY)
  expect(summary).toMatchObject({ unexplained: 0, books: summary.bill })
  // The merchant repeats what was lost: nothing is paid twice, and nothing goes back twice.
  const again = await shop.payments.create({
    amount: toFen(8888),
    subject: '咖啡',
    reference: 'ORDER-1',
  })
  expect(again.status).toBe('reference_already_paid')
  const repeated = await shop.payments.refund({
    paymentId: again.record.payment.id,
    amount: toFen(8),
    reference: 'RF-1',
  })
  expect(repeated.status).toBe('succeeded')
  await shop.expectLedger()
})

/** A refund that somebody makes in Alipay's console. */
async function consoleRefund(shop: BookShop, outTradeNo: string, amount: number): Promise<void> {
  await shop.client.trade.refund({
    out_trade_no: outTradeNo,
    refund_amount: formatYuan(toFen(amount)),
    out_request_no: `console-${amount}`,
  })
}

/** A sale at Alipay of which there is no row here. */
async function lostSale(shop: BookShop, outTradeNo: string, amount: number): Promise<string> {
  const { qr_code: code } = await shop.client.trade.precreate({
    out_trade_no: outTradeNo,
    total_amount: formatYuan(toFen(amount)),
    subject: '茶',
  })
  const scanned = shop.emulator.wallet.scan(code, shop.buyer)
  if (scanned.status !== 'ready') throw new Error(scanned.status)
  shop.emulator.wallet.pay(scanned.trade.trade_no, shop.buyer)
  return outTradeNo
}
