import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { openSqliteStore } from 'saoma'
import { MovableClock, startEmulator } from 'saoma/testing'
import { openShop } from './shop.mjs'

let alipay, store, clock, shop

beforeEach(async () => {
  clock = new MovableClock()
  alipay = await startEmulator({ clock }) // one clock for both sides
  store = await openSqliteStore(':memory:', { clock })
  shop = openShop({ clientOptions: alipay.clientOptions, store, clock })
})

afterEach(async () => {
  await shop.close()
  await store.close()
  await alipay.close()
})

/** Lets a second pass with each look, until the order has a status. */
async function until(reference, status) {
  while ((await shop.statusOf(reference)) !== status) {
    clock.advance(1_000)
    await setTimeout(10)
  }
}

test('an order whose code is scanned and paid is paid', async () => {
  const { record } = await shop.order('ORDER-1')
  const { wallet } = alipay.emulator
  const [buyer] = wallet.buyers()
  const { trade } = wallet.scan(record.payment.qrCode, buyer.id)
  wallet.pay(trade.trade_no, buyer.id)
  await until('ORDER-1', 'succeeded')
})

test('an order that nobody pays expires after five minutes, at once', async () => {
  await shop.order('ORDER-2')
  clock.advance(300_000)
  await until('ORDER-2', 'expired')
})

test('Alipay’s word counts, a forger’s does not', async () => {
  const { record } = await shop.order('ORDER-3')
  const told = { out_trade_no: record.payment.outTradeNo, total_amount: '88.88' }
  const body = await alipay.emulator.signNotification(told)
  assert.equal(await shop.notified(body.replace('88.88', '0.01')), 'fail')
  assert.equal(await shop.statusOf('ORDER-3'), 'pending')
  assert.equal(await shop.notified(body), 'success')
  assert.equal(await shop.statusOf('ORDER-3'), 'succeeded')
})

test('a lost answer of Alipay’s is asked for again', async () => {
  alipay.emulator.faults.add({ name: 'answer-lost', method: 'alipay.trade.precreate', times: 1 })
  await shop.order('ORDER-4')
  await until('ORDER-4', 'pending')
})
