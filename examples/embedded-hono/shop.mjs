import { readFileSync } from 'node:fs'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { createAccess, createPayments, createWebhooks, openSqliteStore } from 'saoma'
import { createClient } from 'saoma/alipay'
import { createServer, oneApp } from 'saoma/server'

const { PORT = '3000', FOLDER = '.', SAOMA_API_KEY, SAOMA_NOTIFY_TOKEN } = process.env
const publicUrl = process.env.SAOMA_PUBLIC_URL ?? `http://127.0.0.1:${PORT}`

// The gateway, a database, the engine, and what is told to others.
const client = createClient({
  gateway: process.env.SAOMA_GATEWAY,
  appId: process.env.SAOMA_APP_ID,
  privateKey: readFileSync(process.env.SAOMA_APP_PRIVATE_KEY_FILE),
  alipayPublicKey: readFileSync(process.env.SAOMA_ALIPAY_PUBLIC_KEY_FILE),
})
const store = await openSqliteStore(`${FOLDER}/saoma.db`)
const notifyUrl = `${publicUrl}/alipay/notify/${SAOMA_NOTIFY_TOKEN}`
const payments = createPayments({ store: store.payments, gateway: client, notifyUrl, publicUrl })
const webhooks = createWebhooks({ store: store.webhooks, livemode: false })
payments.watchAll(() => webhooks.wake())

// Cashier page, notify address and API, as one function from a request to its answer.
const access = createAccess({ store: store.access })
const apps = oneApp({ mode: 'test', payments, webhooks, client, notifyToken: SAOMA_NOTIFY_TOKEN })
await access.adoptKey({ appId: 'app_default', key: SAOMA_API_KEY, name: 'mine' })
const saoma = createServer({ apps, access, publicUrl })

const app = new Hono()
app.post('/orders', async (c) => {
  const order = { amount: 8888, subject: '美式咖啡', reference: `ORDER-${Date.now()}` }
  const { record } = await payments.create(order)
  return c.redirect(`/c/${record.payment.checkoutToken}`, 303)
})
app.all('*', (c) => saoma.fetch(c.req.raw))

payments.start()
webhooks.start()
serve({ fetch: app.fetch, port: Number(PORT), hostname: '127.0.0.1' }, () =>
  console.log(`The shop is open at ${publicUrl}`),
)
