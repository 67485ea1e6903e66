/**
 * What people see: shop, cashier page, wallet and panel in a browser, against `saoma dev`.
 *
 * @module
 */
import type { Page } from 'playwright-core'
import { PNG } from 'pngjs'
import { decodeQR } from 'qr/decode.js'
import { expect, vi } from 'vitest'
import { PATIENCE, type Dev, type Payment } from '../saoma-program.ts'
import { inBrowser, PHONE, shoot, test } from './in-browser.ts'

inBrowser('in a browser', () => {
  test('an order is placed, its code scanned with a phone and paid, and the cashier page says so by itself', async ({
    dev,
    open,
  }) => {
    const cashier = await open()
    // Nothing but the live events is to tell it.
    await cashier.route('**/status?*', (route) => route.fulfill({ status: 304 }))
    await cashier.goto(`${dev.emulator}/shop`)
    await shoot(cashier, 'shop')
    await order(cashier)
    expect(await cashier.textContent('.amount')).toBe('¥18.00')
    expect(await cashier.textContent('#countdown')).toMatch(/^0[45]:\d\d$/)
    await shoot(cashier, 'cashier-waiting')
    const code = await readCode(cashier)
    expect(code).toMatch(new RegExp(`^${dev.emulator}/qr/\\w+$`))
    await cashier.evaluate(() => Object.assign(globalThis, { sameDocument: true }))

    const phone = await open({ viewport: PHONE, isMobile: true, hasTouch: true })
    await phone.goto(code)
    expect(await phone.textContent('.sheet-amount')).toBe('¥18.00')
    await shoot(phone, 'wallet-pay')
    await phone.click('.sheet-buttons .button:not(.primary)')
    await phone.waitForSelector('.outcome-neutral')
    await shoot(phone, 'wallet-refused')
    await dev.advance(5)
    await state(cashier, 'scanned')
    await shoot(cashier, 'cashier-scanned')

    const stranger = await open({ viewport: PHONE })
    await stranger.goto(`${dev.emulator}/wallet`)
    const second = await stranger.getAttribute('#buyer option:nth-child(2)', 'value')
    await stranger.goto(`${dev.emulator}/wallet?code=${encodeURIComponent(code)}&buyer=${second}`)
    await stranger.waitForSelector('.outcome-warning')
    expect(await stranger.textContent('#trade-title')).toBe('已被其他买家扫描')
    await shoot(stranger, 'wallet-other-buyer')
    expect(await cashier.getAttribute('#checkout', 'data-state')).toBe('scanned')

    await phone.goto(code)
    await phone.click('.sheet-buttons .primary')
    await phone.waitForSelector('.outcome-success')
    await state(cashier, 'paid')
    expect(await cashier.evaluate(() => 'sameDocument' in globalThis)).toBe(true)
    expect(await cashier.textContent('h1')).toBe('支付成功')
    expect(await cashier.title()).toContain('支付成功')
    await shoot(phone, 'wallet-paid')
    await shoot(cashier, 'cashier-paid')

    const panel = await open()
    await panel.goto(`${dev.emulator}/panel`)
    await panel.waitForSelector('#requests :text("precreate")')
    await shoot(panel, 'panel')
    await panel.goto(dev.emulator)
    await shoot(panel, 'start')
  })

  test('an order that is left alone is queried and canceled, and its code is taken from the page', async ({
    dev,
    open,
  }) => {
    const cashier = await open()
    await cashier.goto(`${dev.emulator}/shop`)
    await order(cashier)
    const payment = await newest(dev)
    await dev.advance(301)
    await state(cashier, 'expired')
    expect(await cashier.textContent('h1')).toBe('订单已过期，请勿支付')
    expect(await cashier.$('.code')).toBeNull()
    expect((await dev.calls(payment)).slice(-2)).toEqual([
      'alipay.trade.query',
      'alipay.trade.cancel',
    ])
    await shoot(cashier, 'cashier-expired')

    const phone = await open({ viewport: PHONE })
    await phone.goto(payment.next_action?.qr_code ?? '')
    await phone.waitForSelector('.outcome')
    expect(await phone.textContent('#trade-title')).not.toBe('')
    expect(await phone.$('.sheet-buttons')).not.toBeNull()
    await shoot(phone, 'wallet-closed')
  })

  test('where live events do not get through, the cashier page asks for the status', async ({
    dev,
    open,
  }) => {
    // The browser reports the blocked stream itself.
    const cashier = await open({ expected: [/net::ERR_FAILED/] })
    await cashier.route('**/events?*', (route) => route.abort())
    await cashier.goto(`${dev.emulator}/shop`)
    await order(cashier)
    await dev.pay(await dev.scan(await newest(dev)))
    await state(cashier, 'paid')
  })

  test('?lang=en speaks English from the shop to the wallet', async ({ dev, open }) => {
    const page = await open({ viewport: PHONE })
    for (const [path, words] of [
      ['', 'h1'],
      ['/shop', 'button[value=americano]'],
      ['/wallet', 'h1'],
      ['/panel', 'h1'],
    ] as const) {
      await page.goto(`${dev.emulator}${path}?lang=en`)
      expect(await page.getAttribute('html', 'lang')).toBe('en')
      expect(await page.textContent(words), path).not.toMatch(/\p{Script=Han}/u)
    }
    const payment = await dev.api('POST', '/payments', { amount: 1800, subject: 'Americano' })
    await page.goto(`${payment.checkout_url}?lang=en`)
    expect(await page.textContent('h1')).toBe('Pay with Alipay')
    await shoot(page, 'cashier-waiting-en')
    await dev.pay(await dev.scan(payment))
    await state(page, 'paid')
    expect(await page.textContent('h1')).toBe('Payment successful')
  })
})

/** Buys a coffee in the shop that the page shows, and waits for its code. */
async function order(page: Page): Promise<void> {
  await page.click('button[value=americano]')
  await page.waitForURL('**/c/*')
  await page.waitForSelector('.code svg')
}

async function state(cashier: Page, wanted: string): Promise<void> {
  await cashier.waitForSelector(`#checkout[data-state=${wanted}]`)
}

async function readCode(cashier: Page): Promise<string> {
  const { width, height, data } = PNG.sync.read(await cashier.locator('.code').screenshot())
  return decodeQR({ width, height, data })
}

async function newest(dev: Dev): Promise<Payment> {
  return vi.waitFor(async () => {
    const { data } = await dev.api<{ data: Payment[] }>('GET', '/payments')
    if (data[0] === undefined) throw new Error('There is no payment yet')
    return data[0]
  }, PATIENCE)
}
