// The same in every framework: gateway, database, engine, and the pages as one function from a
// request to its answer. The process may be killed at any moment: what is due stands in the database.
import { readFileSync } from 'node:fs'
import { createAccess, createPayments, createWebhooks, openSqliteStore } from 'saoma'
import { createClient } from 'saoma/alipay'
import { createServer, oneApp } from 'saoma/server'

const { FOLDER = '.', SAOMA_API_KEY, SAOMA_NOTIFY_TOKEN } = process.env
export const port = Number(process.env.PORT ?? 3000)
export const home = process.env.SHOP_URL ?? `http://127.0.0.1:${port}`
const publicUrl = `${home}/pay` // everything of saoma's is below it

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

const access = createAccess({ store: store.access })
await access.adoptKey({ appId: 'app_default', key: SAOMA_API_KEY, name: 'mine' })
const apps = oneApp({ mode: 'test', payments, webhooks, client, notifyToken: SAOMA_NOTIFY_TOKEN })

/** The cashier page, Alipay's notify address and the API. */
export const saoma = createServer({ apps, access, publicUrl })

/** Takes a payment for an order; the address of its cashier page. One order is paid once. */
export async function checkout(reference) {
  const order = { amount: 8888, subject: '美式咖啡', reference }
  const { record } = await payments.create({ ...order, returnUrl: `${home}/orders/${reference}` })
  return `${publicUrl}/c/${record.payment.checkoutToken}`
}

/** Whether an order is paid, by the database: no message can be missed. */
export async function isPaid(reference) {
  const records = await payments.listByReference(reference)
  return records.some(({ payment }) => payment.status === 'succeeded')
}

payments.start()
webhooks.start()
