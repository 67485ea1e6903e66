/**
 * The emulator's pages for people: the buyer's wallet, the demo shop, the fault panel. They act
 * through the emulator's control API from the browser and hold nothing themselves.
 *
 * @module
 */
import { Hono } from 'hono'
import type { Fen } from '../../alipay/money.ts'
import { apiPage } from './api-page.ts'
import { createAssets } from './assets.ts'
import { requestLanguage } from './language.ts'
import { sendPage } from './page.ts'
import { panelPage } from './panel-page.ts'
import { paymentCodeImage } from './payment-code-image.ts'
import { createShop } from './shop.ts'
import { startPage } from './start-page.ts'
import { walletPage } from './wallet-page.ts'

/** How the pages are joined to what surrounds them. */
export interface PagesOptions {
  /**
   * Places an order of the demo shop with the merchant's server and tells where its cashier page
   * is. Without it there is no shop.
   */
  readonly placeOrder?: (order: {
    readonly subject: string
    readonly amount: Fen
  }) => Promise<{ readonly checkoutUrl: string }>
  /** The shop's name over its shelf. Default: "Demo shop" in the page's language. */
  readonly sellerName?: string
}

/**
 * Makes the pages: `/`, `/wallet`, `/qr/:code`, `/panel`, `/control-api`, `/shop` (where there is
 * `placeOrder`) and `/assets/emulator/*`. To be mounted at the root of the emulator's origin, next
 * to `/_emulator/`.
 */
export function createPages(options: PagesOptions = {}): Hono {
  const { placeOrder, sellerName } = options
  const shop = placeOrder !== undefined
  const app = new Hono()

  app.get('/', (c) => sendPage(c, startPage(c, requestLanguage(c), shop)))
  app.get('/wallet', (c) => sendPage(c, walletPage(requestLanguage(c), shop)))
  app.get('/panel', (c) => sendPage(c, panelPage(requestLanguage(c), shop)))
  app.get('/control-api', (c) =>
    sendPage(c, apiPage(requestLanguage(c), shop, new URL(c.req.url).origin)),
  )
  app.get('/qr/:code', (c) => {
    const code = encodeURIComponent(c.req.param('code'))
    return c.redirect(`/wallet?code=${code}`, 302)
  })
  app.get('/wallet/payment-code.svg', paymentCodeImage)
  app.route('/', createAssets())
  if (placeOrder !== undefined) app.route('/', createShop(placeOrder, sellerName))
  return app
}
