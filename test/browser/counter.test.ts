/**
 * The counter in a browser, against `saoma dev`: an amount by keys and by touch, a code that fills
 * the screen, the buyer's code by a barcode gun, what is heard, the last orders, refunds. With
 * SAOMA_SCREENSHOTS set to a folder, pictures are left there.
 *
 * @module
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { PATIENCE, startDev, type Dev, type Payment } from '../saoma-program.ts'
import { seriousProblems } from './axe.ts'
import { listenForSounds } from './sounds.ts'

const executablePath = process.env['SAOMA_CHROMIUM'] ?? ''
const screenshots = process.env['SAOMA_SCREENSHOTS'] ?? ''

const PHONE = { width: 375, height: 812 }
const DESKTOP = { width: 1280, height: 800 }
const OWNER = { email: 'owner@example.com', name: '王掌柜', password: 'a long pass phrase 1' }

vi.setConfig({ testTimeout: 120_000 })

describe.skipIf(executablePath === '')('the counter in a browser', () => {
  let browser: Browser

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
  })
  afterAll(() => browser.close())

  test('an amount is typed, its code fills the screen, and the payment is seen and heard without a reload', async () => {
    const dev = await startDev()
    const page = await open()
    await listenForSounds(page)
    await makeOwner(page, dev)
    await page.goto(`${dev.server}/counter`)
    await page.waitForSelector('#till')
    await page.evaluate(() => Object.assign(globalThis, { sameDocument: true }))
    await page.keyboard.type('1018.5', { delay: 80 })
    expect(await page.textContent('#amount b')).toBe('1,018.5')
    await shoot(page, 'counter-amount')
    await page.keyboard.press('Enter')
    await page.waitForSelector('#charge[data-state=waiting] img')
    await shoot(page, 'counter-code')
    const payment = await newest(dev)
    expect(payment.amount).toBe(101_850)
    await dev.pay(await dev.scan(payment))
    await page.waitForSelector('#charge[data-state=paid]')
    expect(await page.textContent('#charge-title')).toBe('支付宝到账')
    expect(await page.evaluate('heard')).toEqual(['note 784', 'note 1175', '支付宝到账1018.5元'])
    await shoot(page, 'counter-paid')
    await page.keyboard.press('Enter')
    await page.waitForSelector('#orders .succeeded')
    expect(await page.isVisible('#charge')).toBe(false)
    expect(await page.textContent('#amount b')).toBe('0')
    expect(await page.evaluate('sameDocument')).toBe(true)
  })

  test('with live events blocked, the counter asks', async () => {
    const dev = await startDev()
    const page = await open({}, [/net::ERR_FAILED/])
    await page.route('**/events?*', (route) => route.abort())
    await makeOwner(page, dev)
    await page.goto(`${dev.server}/counter`)
    await page.waitForSelector('#till')
    await page.click('[data-key="5"]')
    await page.click('[data-key="Enter"]')
    await page.waitForSelector('#charge[data-state=waiting]')
    await dev.pay(await dev.scan(await newest(dev)))
    await page.waitForSelector('#charge[data-state=paid]')
  })

  test('a gun reads the buyer’s code; its digits are not taken for an amount', async () => {
    const dev = await startDev()
    const page = await open()
    await listenForSounds(page)
    await makeOwner(page, dev)
    await page.goto(`${dev.server}/counter`)
    await page.waitForSelector('#till')
    const scan = async () => {
      const { payment_code: code } = await dev.control<{ payment_code: string }>(
        'POST',
        '/wallet/payment-code',
        { buyer: '2088102100000016' },
      )
      await page.evaluate(
        (keys) => {
          // Quicker than a test can press keys one by one.
          const scope = globalThis as unknown as {
            KeyboardEvent: new (type: string, init: object) => Event
            document: { body: { dispatchEvent(event: Event): void } }
          }
          for (const key of keys) {
            const init = { key, bubbles: true, cancelable: true }
            scope.document.body.dispatchEvent(new scope.KeyboardEvent('keydown', init))
          }
        },
        [...(code.match(/\d/g) ?? []), 'Enter'],
      )
    }
    await scan()
    await page.waitForSelector('#failure:has-text("请先输入金额")')
    expect(await page.textContent('#amount b')).toBe('0')
    await page.keyboard.type('6.89')
    await page.keyboard.press('Backspace')
    await scan()
    await page.waitForSelector('#charge[data-state=paid]')
    expect(await page.textContent('#charge-amount')).toBe('¥6.80')
    expect(await page.evaluate('heard')).toContain('支付宝到账6.8元')
    const payment = await newest(dev)
    expect(payment).toMatchObject({ amount: 680, method: 'barcode', status: 'succeeded' })
  })

  test('a cashier signs in with a phone, charges by touch, and gives a part back', async () => {
    const dev = await startDev()
    const owner = await open()
    await makeOwner(owner, dev)
    const cashier = await hire(owner, dev, 'cashier')
    const phone = await open({ viewport: PHONE, isMobile: true, hasTouch: true })
    await phone.goto(`${dev.server}/counter`)
    await phone.fill('[name=email]', cashier.email)
    await phone.fill('[name=password]', 'wrong password 123')
    await phone.tap('#sign-in .primary')
    await phone.waitForSelector('#sign-in-failure:has-text("邮箱或密码不正确")')
    await shoot(phone, 'counter-sign-in')
    await phone.fill('[name=password]', cashier.password)
    await phone.tap('#sign-in .primary')
    await phone.waitForSelector('#till')
    for (const key of ['8', '8', '.', '8', '8', '9']) await phone.tap(`[data-key="${key}"]`)
    expect(await phone.textContent('#amount b')).toBe('88.88')
    await shoot(phone, 'counter-phone')
    await phone.tap('[data-key="Enter"]')
    await phone.waitForSelector('#charge[data-state=waiting]')
    expect(await phone.isVisible('#cancel-sale')).toBe(false)
    await shoot(phone, 'counter-code-phone')
    const payment = await newest(dev)
    await dev.pay(await dev.scan(payment))
    await phone.waitForSelector('#charge[data-state=paid]')
    await shoot(phone, 'counter-paid-phone')
    await phone.tap('#next')
    await phone.tap('#orders button')
    await phone.fill('#refund [name=amount]', '8.88')
    await shoot(phone, 'counter-refund-phone')
    await phone.tap('#refund .primary')
    await phone.waitForSelector('#refund-result:has-text("退款成功")')
    // A second press would be a second refund.
    expect(await phone.isVisible('#refund .primary')).toBe(false)
    await phone.tap('#close-refund')
    await phone.waitForSelector('#orders .partly_refunded')
    expect((await newest(dev)).amount_refunded).toBe(888)
    await shoot(phone, 'counter-orders-phone')
  })

  test('who may not take payments is told so, and who is not signed in sees nothing', async () => {
    const dev = await startDev()
    const stranger = await open()
    await stranger.goto(`${dev.server}/counter`)
    await stranger.waitForSelector('#needs-owner')
    expect(await stranger.isVisible('#till')).toBe(false)
    const owner = await open()
    await makeOwner(owner, dev)
    const support = await hire(owner, dev, 'support')
    await dev.pay(await dev.scan(await dev.api('POST', '/payments', { amount: 100, subject: 'A' })))
    await stranger.reload()
    await stranger.fill('[name=email]', support.email)
    await stranger.fill('[name=password]', support.password)
    await stranger.press('[name=password]', 'Enter')
    await stranger.waitForSelector('#failure:has-text("不能收款")')
    await stranger.waitForSelector('#orders .succeeded')
    expect(await stranger.locator('#orders button').count()).toBe(0)
  })

  test.each(['zh-CN', 'en'])(
    'has nothing that axe calls serious in %s, light and dark, on phone and desktop, and takes hostile names as text',
    async (locale) => {
      const dev = await startDev()
      const owner = await open({ locale })
      await makeOwner(owner, dev)
      const evil = `<img src=x onerror=alert(1)>‮${'😀'.repeat(30)}"'</li>`
      const paid = await dev.api('POST', '/payments', { amount: 100, subject: evil })
      await dev.pay(await dev.scan(paid))
      await dev.until(paid, 'succeeded')
      await dev.api('POST', '/payments', { amount: 1_234_567, subject: evil })
      owner.on('dialog', () => expect.unreachable('It ran what was written'))
      await owner.goto(`${dev.server}/counter`)
      await owner.waitForSelector('#orders li:nth-child(2)')
      expect(await owner.textContent('#orders .what')).toContain(evil)
      expect(await owner.locator('#orders img').count()).toBe(0)
      // The amounts stand outside of what turns the line around.
      expect(await owner.textContent('#orders .what bdi')).toBe(evil)
      const look = async (name: string) => {
        for (const colorScheme of ['light', 'dark'] as const) {
          for (const [device, size] of [
            ['phone', PHONE],
            ['desktop', DESKTOP],
          ] as const) {
            await owner.emulateMedia({ colorScheme })
            await owner.setViewportSize(size)
            expect(await seriousProblems(owner), `${name} ${colorScheme} ${device}`).toEqual([])
            const widest = await owner.evaluate<number>('document.documentElement.scrollWidth')
            expect(widest).toBe(size.width)
            await shoot(owner, `counter-${name}-${locale}-${device}-${colorScheme}`)
          }
        }
      }
      await look('till')
      await owner.click('#orders li:nth-child(2) button')
      await owner.waitForSelector('#refund[open]')
      expect(await owner.textContent('#refund-of bdi')).toBe(evil)
      await look('refund')
      await owner.keyboard.press('Escape')
      await owner.click('#orders li:nth-child(1) button')
      await owner.waitForSelector('#charge[data-state=waiting]')
      await look('charge')
      await owner.click('#cancel-sale')
      await owner.waitForSelector('#charge[data-state=canceled]')
      await look('canceled')
      await owner.context().clearCookies()
      await owner.goto(`${dev.server}/counter`)
      await owner.waitForSelector('#sign-in')
      await look('sign-in')
    },
  )

  /** A page of a person of their own, which is to meet no error and break no policy. */
  async function open(
    options: BrowserContextOptions = {},
    expected: readonly RegExp[] = [],
  ): Promise<Page> {
    const context = await browser.newContext({ locale: 'zh-CN', viewport: DESKTOP, ...options })
    const page = await context.newPage()
    page.setDefaultTimeout(PATIENCE.timeout)
    const wrong: string[] = []
    page.on('console', (message) => {
      if (message.type() !== 'error' && message.type() !== 'warning') return
      wrong.push(`${message.text()} (${message.location().url})`)
    })
    page.on('pageerror', (error) => wrong.push(String(error)))
    onTestFinished(async () => {
      await context.close()
      // The browser itself reports answers such as 401 to whoever is not signed in yet.
      const patterns = [/status of 401/, ...expected]
      expect(wrong.filter((text) => !patterns.some((pattern) => pattern.test(text)))).toEqual([])
    })
    return page
  }
})

/** Makes the first owner, who is then signed in. */
async function makeOwner(page: Page, dev: Dev): Promise<void> {
  const code = /code 一次性开通码: (\S+)/.exec(dev.stdout() + dev.stderr())?.[1] ?? ''
  await ask(page, dev, '/console/api/owner', { ...OWNER, code })
}

/** Takes somebody on, who chooses his password. */
async function hire(owner: Page, dev: Dev, role: string) {
  const email = `${role}@example.com`
  const password = 'another long phrase 2'
  const session = await owner.request.get(`${dev.server}/console/api/session`)
  const { csrf } = (await session.json()) as { csrf: string }
  const user = { email, name: '小李', role }
  const { invitation } = await ask(owner, dev, '/v1/users', user, csrf)
  const token = /[\w-]{20,}$/.exec(invitation ?? '')?.[0]
  const answer = await fetch(`${dev.server}/console/api/invitation`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token, password }),
  })
  expect(answer.status).toBe(200)
  return { email, password }
}

async function ask(page: Page, dev: Dev, path: string, data: object, csrf = '') {
  const headers = { 'x-csrf-token': csrf, origin: dev.server }
  const answer = await page.request.post(dev.server + path, { data, headers })
  expect(answer.ok(), await answer.text()).toBe(true)
  return (await answer.json()) as { readonly invitation?: string }
}

async function newest(dev: Dev): Promise<Payment> {
  const { data } = await dev.api<{ data: Payment[] }>('GET', '/payments')
  if (data[0] === undefined) throw new Error('There is no payment yet')
  return data[0]
}

async function shoot(page: Page, name: string): Promise<void> {
  if (screenshots === '') return
  mkdirSync(screenshots, { recursive: true })
  await page.screenshot({ path: join(screenshots, `${name}.png`), animations: 'disabled' })
}
