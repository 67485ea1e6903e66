/**
 * The cashier page in a browser: every state of it in both languages, light and dark, on a phone, a
 * desktop and a counter's screen, inside a shop's page, printed, and without JavaScript.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { expect, onTestFinished, vi } from 'vitest'
import type { Payment } from '../../src/payments/index.ts'
import { listen, type CashierLook } from '../../src/server/index.ts'
import { root } from '../saoma-program.ts'
import { startServer } from '../server/server-under-test.ts'
import { seriousProblems } from './axe.ts'
import { fits, inBrowser, looksAt, nameOf, PHONE, shoot, SIZES, test } from './in-browser.ts'
import { listenForSounds } from './sounds.ts'
import { watchTransfer, wireBytes } from './transfer.ts'

/** How a payment comes to each state of the page. */
const STATES: Readonly<Record<string, Partial<Payment>>> = {
  preparing: { status: 'created', qrCode: null },
  waiting: {},
  scanned: { scannedAt: 1 as never },
  confirming: { status: 'closing' },
  paid: {
    status: 'succeeded',
    paidAt: 1_795_400_060_000 as never,
    tradeNo: '2026112322001476120511112233',
    returnUrl: 'https://shop.example/',
  },
  expired: { status: 'expired', reference: 'order-1', retryAllowed: true },
  canceled: { status: 'canceled', returnUrl: 'https://shop.example/' },
  failed: { status: 'failed', qrCode: null },
}

const LOGO = {
  type: 'image/svg+xml',
  content: Buffer.from(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40"><rect width="40" height="40" fill="#6b3e1f"/><path d="M11 14h15v9a7 7 0 0 1-15 0zm15 2h2a3 3 0 0 1 0 7h-2" fill="none" stroke="#fff" stroke-width="2.5"/></svg>',
  ),
} as const

inBrowser('the cashier page in a browser', () => {
  test('has nothing that axe calls serious in any state, in both languages, light and dark, phone and desktop', async ({
    open,
  }) => {
    const { url, payments } = await start({ logo: LOGO })
    const pages = new Map<string, Page>()
    for (const [index, [state, change]] of Object.entries(STATES).entries()) {
      payments.change('pay_1', { ...BEFORE, ...change })
      for (const look of looksAt(index)) {
        const { locale, device, colorScheme } = look
        const isPhone = device === 'phone'
        const viewport = SIZES[device]
        const name = nameOf(`cashier-${state}`, look)
        const options = { locale, viewport, colorScheme, isMobile: isPhone, hasTouch: isPhone }
        const page = pages.get(JSON.stringify(look)) ?? (await open(options))
        pages.set(JSON.stringify(look), page)
        await page.goto(url)
        expect(await page.getAttribute('#checkout', 'data-state')).toBe(state)
        expect(await seriousProblems(page), name).toEqual([])
        expect(await fits(page), name).toBe(true)
        await shoot(page, name)
      }
    }
  })

  test('takes what others wrote as text, however hostile', async ({ open }) => {
    const evil = `<img src=x onerror=alert(1)>‮${'😀'.repeat(40)}"'</bdi></main>`
    const { url, payments } = await start({}, { merchantName: evil, subject: evil })
    const page = await open()
    await page.goto(url)
    expect(await page.textContent('.subject bdi')).toBe(evil)
    // The same when it is drawn by the script.
    payments.change('pay_1', { status: 'expired' })
    await state(page, 'expired')
    expect(await page.textContent('.subject bdi')).toBe(evil)
    expect(await page.locator('main img').count()).toBe(0)
    expect(await fits(page)).toBe(true)
    await shoot(page, 'cashier-hostile')
  })

  test('"I have paid" is reached by keyboard, and tells who does not see it what was found', async ({
    open,
  }) => {
    const { url, payments } = await start()
    const page = await open()
    await page.goto(url)
    expect(await page.isVisible('#announcement')).toBe(false)
    await page.focus('#check button')
    await page.keyboard.press('Enter')
    await page.waitForSelector('#announcement:has-text("暂未查到付款")')
    await shoot(page, 'cashier-not-paid-yet')
    expect(await page.getAttribute('#announcement', 'aria-live')).toBe('polite')
    payments.change('pay_1', { status: 'succeeded', paidAt: 1 as never })
    await state(page, 'paid')
    expect(await page.textContent('#announcement')).toBe('支付成功')
    // The button is gone; the focus is at the news and not at the top.
    expect(await page.evaluate('document.activeElement.tagName')).toBe('H1')
  })

  test('works without JavaScript: it is checked, comes again by itself, and tries again', async ({
    open,
  }) => {
    const { url, payments } = await start()
    const page = await open({ javaScriptEnabled: false })
    await page.goto(url)
    await page.click('#check button')
    await page.waitForURL('**&checked')
    expect(await page.textContent('#announcement')).toContain('暂未查到付款')
    payments.change('pay_1', { status: 'expired', reference: 'order-1', retryAllowed: true })
    // Nobody touches it: the refresh of the page does it.
    await page.waitForSelector('#retry')
    await page.click('#retry button')
    await page.waitForURL('**/c/token2?lang=zh')
    expect(await page.getAttribute('#checkout', 'data-state')).toBe('waiting')
  })

  test('opens Alipay on a phone by one button, which a desktop has not', async ({ open }) => {
    const { url } = await start()
    const phone = await open({ viewport: PHONE, isMobile: true, hasTouch: true })
    await phone.goto(url)
    expect(await phone.isVisible('.pay')).toBe(true)
    expect(await phone.getAttribute('.pay', 'href')).toMatch(/^alipays:\/\/platformapi\/startapp/)
    const desktop = await open()
    await desktop.goto(url)
    expect(await desktop.isVisible('.pay')).toBe(false)
  })

  test('is under 20 kB as it comes over the wire, with all that it loads and its live events', async ({
    open,
  }) => {
    const { url } = await start({ accent: '#6b3e1f' })
    const page = await open()
    const transfer = await watchTransfer(page)
    await page.goto(url, { waitUntil: 'load' })
    await vi.waitFor(() => expect(transfer()).toContainEqual(told))
    expect(wireBytes(transfer())).toBeLessThan(20_000)
  })

  test('on a counter’s screen everything is done by keys, and a payment is heard', async ({
    open,
  }) => {
    const { url, payments } = await start({ logo: LOGO })
    const page = await open({ expected: [/AudioContext was not allowed/] })
    await listenForSounds(page)
    await page.goto(`${url}?display=counter`)
    await shoot(page, 'display-waiting')
    await page.keyboard.press('Enter')
    await page.waitForSelector('#announcement:has-text("暂未查到付款")')
    await page.keyboard.press('l')
    await page.waitForURL('**?lang=en&display=counter')
    // Any key lets the page make sounds.
    await page.keyboard.press('m')
    await page.waitForSelector('#sound', { state: 'hidden' })
    payments.change('pay_1', { status: 'succeeded', paidAt: 1 as never })
    await state(page, 'paid')
    expect(await page.evaluate('heard')).toEqual([
      'note 784',
      'note 1175',
      'Alipay payment received: 88.88 yuan',
    ])
    await shoot(page, 'display-paid')
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      expect(await seriousProblems(page)).toEqual([])
    }
  })

  test('inside a shop’s page it tells the shop what happens, and takes the height that it needs', async ({
    open,
  }) => {
    const shop = await startShop()
    const { origin, url, payments } = await start({ embeddedBy: [shop.origin] })
    shop.show(`<div data-saoma-checkout="${url}" data-theme="light"></div>
      <script src="${origin}/embed.js"></script>
      <script>
        globalThis.told = []
        for (const name of ['saoma:change', 'saoma:paid'])
          addEventListener(name, ({ type, detail }) => told.push([type, detail.state, detail.final]))
      </script>`)
    const page = await open()
    await page.goto(shop.origin)
    const frame = page.frameLocator('iframe')
    await frame.locator('.code').waitFor()
    await page.waitForFunction('told.length === 1')
    await page.waitForFunction('document.querySelector("iframe").style.height !== "640px"')
    await shoot(page, 'embedded')
    payments.change('pay_1', { status: 'succeeded', paidAt: 1 as never })
    await page.waitForFunction('told.length === 3')
    expect(await page.evaluate('told')).toEqual([
      ['saoma:change', 'waiting', false],
      ['saoma:change', 'paid', true],
      ['saoma:paid', 'paid', true],
    ])
  })

  test('is put into a page as the guide shows, which is told when it is paid', async ({ open }) => {
    const guide = readFileSync(join(root, 'docs/guides/cashier-page.md'), 'utf8')
    const [, example = ''] = /```html\n([^]+?)```/.exec(guide) ?? []
    const shop = await startShop()
    const { origin, url, payments } = await start({ embeddedBy: [shop.origin] })
    shop.show(
      example
        .replaceAll('https://pay.example.com/c/…', url)
        .replaceAll('https://pay.example.com', origin),
    )
    const page = await open()
    await page.goto(shop.origin)
    await page.frameLocator('iframe').locator('.code').waitFor()
    payments.change('pay_1', { status: 'succeeded', paidAt: 1 as never })
    await page.waitForURL('**/thanks')
  })

  test('is not shown inside the page of a site that is not named', async ({ open }) => {
    const shop = await startShop()
    const { url } = await start({ embeddedBy: ['https://another.example'] })
    shop.show(`<iframe src="${url}"></iframe>`)
    const page = await open({ expected: [/frame-ancestors/] })
    await page.goto(shop.origin)
    await expect(
      page.frameLocator('iframe').locator('main').waitFor({ timeout: 1_000 }),
    ).rejects.toThrow(/Timeout/)
  })

  test('is printed as a receipt alone', async ({ open }) => {
    const { url, payments } = await start({ logo: LOGO })
    payments.change('pay_1', STATES['paid'] ?? {})
    const page = await open()
    await page.goto(url)
    expect(await page.isVisible('#print')).toBe(true)
    await page.emulateMedia({ media: 'print' })
    expect(await page.isVisible('.receipt')).toBe(true)
    expect(await page.isVisible('.state')).toBe(false)
    expect(await page.isVisible('footer')).toBe(false)
    expect(await page.textContent('.order')).toContain('2026112322001476120511112233')
    await shoot(page, 'receipt')
  })
})

/** The stream of events, when something has come. */
const told: unknown = expect.objectContaining({
  isStream: true,
  plain: expect.toSatisfy((bytes: number) => bytes > 0),
})

/** What a payment is before it comes to a state. */
const BEFORE: Partial<Payment> = {
  status: 'pending',
  qrCode: 'https://qr.alipay.com/bax03351fhe8kqr4rtt30063',
  scannedAt: null,
  paidAt: null,
  tradeNo: null,
  returnUrl: null,
  reference: null,
}

/** A server on a port, with one payment that waits for its buyer. */
async function start(
  look: CashierLook = {},
  { merchantName = '清晨咖啡 Morning Coffee', subject = '美式咖啡 × 2，可颂 × 1' } = {},
) {
  const started = startServer({ look, merchantName })
  await started.order({ subject })
  const listening = await listen(started.server, { port: 0 })
  onTestFinished(() => listening.close())
  return { ...started, origin: listening.url, url: `${listening.url}/c/token1` }
}

/** A page of a shop on another origin. */
async function startShop() {
  let body = ''
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'text/html; charset=utf-8')
    response.end(
      `<!doctype html><html lang="zh"><title>Shop</title><link rel="icon" href="data:," /><h1>清晨咖啡</h1>${body}`,
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  // Another site, so that nothing is allowed for being the same.
  return { origin: `http://localhost:${port}`, show: (html: string) => void (body = html) }
}

async function state(page: Page, wanted: string): Promise<void> {
  await page.waitForSelector(`#checkout[data-state=${wanted}]`)
}
