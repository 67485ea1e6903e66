import { readFileSync } from 'node:fs'
import express from 'express'
import { createClient, NotificationInvalid } from 'saoma/alipay'

const { PORT = '3000' } = process.env
const client = createClient({
  gateway: process.env.SAOMA_GATEWAY,
  appId: process.env.SAOMA_APP_ID,
  privateKey: readFileSync(process.env.SAOMA_APP_PRIVATE_KEY_FILE),
  alipayPublicKey: readFileSync(process.env.SAOMA_ALIPAY_PUBLIC_KEY_FILE),
})
const notifyUrl = `${process.env.SAOMA_PUBLIC_URL ?? `http://127.0.0.1:${PORT}`}/alipay/notify`
const orders = new Map() // your database
const shop = express()

shop.post('/orders', async (request, response) => {
  const out_trade_no = `ORDER_${Date.now()}`
  orders.set(out_trade_no, { amount: '88.88', status: 'waiting' })
  const order = { out_trade_no, total_amount: '88.88', subject: '美式咖啡' }
  const { qr_code } = await client.trade.precreate(order, { notifyUrl })
  response.json({ out_trade_no, qr_code })
})

// The raw body: a parser in front would destroy what is signed.
shop.post('/alipay/notify', express.raw({ type: '*/*' }), (request, response) => {
  try {
    const { params } = client.verifyNotification(request.body)
    const order = orders.get(params.out_trade_no)
    const isPaid = /^TRADE_(SUCCESS|FINISHED)$/.test(params.trade_status)
    if (isPaid && order?.amount === params.total_amount) order.status = 'paid'
    response.send('success') // only now, when it is kept
  } catch (error) {
    if (!(error instanceof NotificationInvalid)) throw error
    response.status(400).send('fail')
  }
})

shop.get('/orders/:id', (request, response) => {
  response.send(`${request.params.id}: ${orders.get(request.params.id)?.status ?? 'unknown'}\n`)
})

shop.listen(Number(PORT), '127.0.0.1', () => console.log(`The shop is open at :${PORT}`))
