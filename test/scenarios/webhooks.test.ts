/**
 * Scenarios of events on their way to the merchant, from the payment to the receiver. What the
 * receiver may do wrong is in `test/webhooks`.
 *
 * @module
 */

import { expect, onTestFinished, test } from 'vitest'
import type { Shop } from '../payments/shop.ts'
import { createWebhooks, verifyWebhook, type Webhooks } from '../../src/webhooks/index.ts'
import { startWebhookSink } from '../machines/webhook-sink.ts'
import { openScene } from './scene.ts'

function startWebhooks(shop: Shop): Webhooks {
  const webhooks = createWebhooks({
    store: shop.webhookStore,
    livemode: false,
    clock: shop.clock,
    addresses: { allowPrivate: true },
  })
  onTestFinished(() => webhooks.stop())
  return webhooks
}

test('scenario 22: killed after the commit of succeeded and before its webhook, the next process sends it', async () => {
  const shop = await openScene({ notify: true, file: true })
  const sink = await startWebhookSink()
  const { secret } = await startWebhooks(shop).endpoints.create({
    url: `${sink.url}/hooks`,
    types: ['payment.succeeded'],
  })
  const sold = await shop.sell()
  shop.pay(sold)
  const process = shop.dieAtPoint('notification-committed')
  await shop.emulator.notifications.deliverDue()
  expect(process.isDead).toBe(true)
  expect(sink.deliveries).toEqual([])

  await shop.startNext()
  const next = startWebhooks(shop)
  expect(await next.runDue()).toBe(1)
  const [delivery] = sink.deliveries
  if (delivery === undefined) throw new Error('Nothing was delivered')
  const told = verifyWebhook(delivery.body, delivery.headers, secret.reveal(), {
    clock: shop.clock,
  })
  expect(told).toMatchObject({
    type: 'payment.succeeded',
    data: { object: { id: sold.payment.id, status: 'succeeded', amount: 8888 } },
  })
  // Alipay sends its notification again; the merchant hears of the payment no second time.
  await shop.elapse(240_000, { stepMs: 240_000 })
  expect(await next.runDue()).toBe(0)
  expect(sink.deliveries).toHaveLength(1)
})

test('what happens to a payment is told to the merchant in its order, each event once', async () => {
  const shop = await openScene({ notify: true })
  const sink = await startWebhookSink()
  const webhooks = startWebhooks(shop)
  await webhooks.endpoints.create({ url: `${sink.url}/hooks` })
  const sold = await shop.sellPaid()
  await shop.payments.refund({ paymentId: sold.payment.id })
  await shop.settle()
  while ((await webhooks.runDue()) > 0);
  const bodies = sink.deliveries.map(({ body }) => JSON.parse(body.toString()) as Told)
  expect(bodies.map(({ type }) => type).toSorted()).toEqual(shop.events(sold).toSorted())
  // They may overtake each other on the way: the sequence of each object puts them right.
  const ofPayment = bodies
    .filter(({ type }) => type.startsWith('payment.'))
    .toSorted((a, b) => a.sequence - b.sequence)
  expect(ofPayment.map(({ sequence }) => sequence)).toEqual([1, 2, 3])
  expect(ofPayment.map(({ data }) => data.object.status)).toEqual([
    'created',
    'pending',
    'succeeded',
  ])
})

interface Told {
  readonly type: string
  readonly sequence: number
  readonly data: { readonly object: { readonly status: string } }
}
