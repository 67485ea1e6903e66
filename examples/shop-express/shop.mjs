import express from 'express'
import { verifyWebhook } from 'saoma'
import { createSaoma, fen } from 'saoma/client'

const { SAOMA_URL = 'http://127.0.0.1:6200', SAOMA_API_KEY, PORT = '3000' } = process.env
const saoma = createSaoma({ url: SAOMA_URL, apiKey: SAOMA_API_KEY })
const home = `http://127.0.0.1:${PORT}`
const orders = new Map() // your database
const shop = express()

// 1. The customer orders: make a payment, and send him to its cashier page.
shop.post('/orders', async (request, response) => {
  const order = { id: `ORDER-${Date.now()}`, status: 'waiting' }
  orders.set(order.id, order)
  const payment = await saoma.payments.create({
    amount: fen('88.88'),
    subject: '美式咖啡',
    reference: order.id, // one order is paid once, however often this runs
    return_url: `${home}/orders/${order.id}`,
  })
  response.redirect(303, payment.checkout_url)
})

// 2. saoma tells that he has paid. Verify the raw body, before any parser touches it.
shop.post('/webhooks', express.raw({ type: '*/*' }), (request, response) => {
  const event = verifyWebhook(request.body, request.headers, secret)
  if (event.type === 'payment.succeeded') {
    const order = orders.get(event.data.object.reference)
    if (order) order.status = 'paid'
  }
  response.sendStatus(204)
})

// 3. The customer comes back.
shop.get('/orders/:id', (request, response) => {
  response.send(`${request.params.id}: ${orders.get(request.params.id)?.status ?? 'unknown'}\n`)
})

shop.get('/', (request, response) => {
  response.send('<form method="post" action="/orders"><button>美式咖啡 ¥88.88</button></form>')
})

// Once: where webhooks go. Keep the secret, it is told this once; here it lives as long as the shop.
const { secret } = await saoma.webhookEndpoints.create({ url: `${home}/webhooks` })

shop.listen(Number(PORT), '127.0.0.1', () => console.log(`The shop is open at ${home}`))
