/**
 * The demo shop: a few goods, a free amount, and the way to the cashier page.
 *
 * @module
 */
import { Hono, type Context } from 'hono'
import { html } from 'hono/html'
import { formatYuan, parseYuan, toFen, type Fen } from '../../alipay/money.ts'
import { icons } from './icons.ts'
import type { PagesOptions } from './index.ts'
import { fill, keepLanguage, requestLanguage, texts } from './language.ts'
import { sendPage } from './page.ts'
import { isSameOrigin } from './same-origin.ts'
import type { Texts } from './texts/zh.ts'

/** What is on the shelf. */
const PRODUCTS = [
  { id: 'americano', amount: parseYuan('18.00') },
  { id: 'latte', amount: parseYuan('22.00') },
  { id: 'croissant', amount: parseYuan('12.50') },
  { id: 'cent', amount: parseYuan('0.01') },
] as const

/** Alipay's limits of `total_amount`, in fen. */
const MIN_AMOUNT = toFen(1)
const MAX_AMOUNT = toFen(10_000_000_000)

/** Alipay's limit of `subject`, in characters. */
const MAX_SUBJECT_LENGTH = 256

/**
 * Makes `GET /shop` and `POST /shop/orders`. An order is a form: `product=<id>`, or `amount` in
 * yuan and `subject`. The answer is 303 to the cashier page, or JSON `{checkout_url}` / `{message}`
 * for a script that accepts JSON.
 */
export function createShop(
  placeOrder: NonNullable<PagesOptions['placeOrder']>,
  sellerName: string | undefined,
): Hono {
  const app = new Hono()
  app.get('/shop', (c) => sendShop(c, sellerName))
  app.post('/shop/orders', async (c) => {
    const { shop } = texts[requestLanguage(c)]
    const json = c.req.header('accept')?.includes('application/json') === true
    const refuse = (
      status: 400 | 403 | 502,
      message: string,
      form?: Entries,
    ): Response | Promise<Response> =>
      json ? c.json({ message }, status) : sendShop(c, sellerName, { status, message, form })

    if (!isSameOrigin(c)) return refuse(403, shop.crossSite)
    const form = await readForm(c)
    const order = readOrder(form, shop)
    if (order.status === 'invalid') return refuse(400, order.message, form)
    let checkoutUrl: string
    try {
      checkoutUrl = (await placeOrder({ subject: order.subject, amount: order.amount })).checkoutUrl
    } catch {
      // What went wrong is for the server's log: its message may name hosts and keys.
      return refuse(502, shop.orderFailed, form)
    }
    return json ? c.json({ checkout_url: checkoutUrl }) : c.redirect(checkoutUrl, 303)
  })
  return app
}

type Entries = Readonly<Record<string, string>>

async function readForm(c: Context): Promise<Entries> {
  const body = await c.req.parseBody()
  return Object.fromEntries(
    Object.entries(body).flatMap(([name, value]) =>
      typeof value === 'string' ? [[name, value]] : [],
    ),
  )
}

type Order =
  | { readonly status: 'valid'; readonly subject: string; readonly amount: Fen }
  | { readonly status: 'invalid'; readonly message: string }

function readOrder(form: Entries, shop: Texts['shop']): Order {
  if (form['product'] !== undefined) {
    const product = PRODUCTS.find(({ id }) => id === form['product'])
    return product === undefined
      ? { status: 'invalid', message: shop.unknownProduct }
      : { status: 'valid', subject: shop.products[product.id], amount: product.amount }
  }
  let amount: Fen
  try {
    amount = parseYuan((form['amount'] ?? '').trim())
  } catch {
    return { status: 'invalid', message: shop.invalidAmount }
  }
  if (amount < MIN_AMOUNT) return { status: 'invalid', message: shop.amountTooSmall }
  if (amount > MAX_AMOUNT) return { status: 'invalid', message: shop.amountTooLarge }
  const subject = (form['subject'] ?? '').trim() || shop.subjectDefault
  return subject.length > MAX_SUBJECT_LENGTH
    ? { status: 'invalid', message: shop.subjectTooLong }
    : { status: 'valid', subject, amount }
}

interface Failure {
  readonly status: 400 | 403 | 502
  readonly message: string
  readonly form: Entries | undefined
}

function sendShop(
  c: Context,
  sellerName: string | undefined,
  failure?: Failure,
): Response | Promise<Response> {
  const language = requestLanguage(c)
  const { shop } = texts[language]
  const action = keepLanguage(c, '/shop/orders')
  const main = html`<div class="intro">
      <h1>${sellerName ?? shop.title}</h1>
      <p class="lead">${shop.lead}</p>
    </div>
    <p class="error" id="order-error" role="alert" ${failure === undefined ? html`hidden` : ''}>
      ${failure?.message ?? ''}
    </p>
    <form method="post" action="${action}" class="shelf">
      ${PRODUCTS.map(
        ({ id, amount }) =>
          html`<div class="card product">
            <span class="product-icon product-${id}">${icons[id]}</span>
            <h2>${shop.products[id]}</h2>
            <p class="price"><span class="currency">¥</span>${formatYuan(amount)}</p>
            <button
              class="button"
              name="product"
              value="${id}"
              aria-label="${fill(shop.buyNamed, { name: shop.products[id] })}"
            >
              ${shop.buy}
            </button>
          </div>`,
      )}
    </form>
    <form method="post" action="${action}" class="card free" novalidate>
      <div>
        <h2>${shop.freeTitle}</h2>
        <p class="muted">${shop.freeText}</p>
      </div>
      <label class="field">
        <span>${shop.subject}</span>
        <input
          name="subject"
          maxlength="${MAX_SUBJECT_LENGTH}"
          placeholder="${shop.subjectDefault}"
          autocomplete="off"
          value="${failure?.form?.['subject'] ?? ''}"
        />
      </label>
      <label class="field">
        <span>${shop.amount}</span>
        <input
          name="amount"
          inputmode="decimal"
          placeholder="0.00"
          autocomplete="off"
          aria-describedby="order-error"
          value="${failure?.form?.['amount'] ?? ''}"
        />
      </label>
      <button class="button primary">${shop.pay}</button>
    </form>`
  return sendPage(
    c,
    {
      language,
      shop: true,
      title: sellerName ?? shop.title,
      current: 'shop',
      main,
      script: 'shop',
      data: { busy: shop.busy, orderFailed: shop.orderFailed },
      formAction: checkoutSources(c),
    },
    failure?.status,
  )
}

/**
 * Where the form may end up after its redirect, which browsers hold to `form-action` too: any port
 * of this machine or of the host under which the shop was opened. With scripts the page navigates
 * by itself and needs none of it.
 */
function checkoutSources(c: Context): string[] {
  const { hostname } = new URL(c.req.url)
  const hosts = new Set(['127.0.0.1', 'localhost'])
  // A host can hold characters that would end the directive.
  if (/^[a-z0-9.-]+$/.test(hostname)) hosts.add(hostname)
  return [...hosts].flatMap((host) => [`http://${host}:*`, `https://${host}:*`])
}
