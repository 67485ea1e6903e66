/**
 * The emulator's pages in a browser: the wallet as a phone, the panel of faults, the shop. With
 * SAOMA_SCREENSHOTS set to a folder, pictures are left there.
 *
 * @module
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { PATIENCE, startDev } from '../saoma-program.ts'
import { seriousProblems } from './axe.ts'

const executablePath = process.env['SAOMA_CHROMIUM'] ?? ''
const screenshots = process.env['SAOMA_SCREENSHOTS'] ?? ''

const PHONE = { width: 375, height: 812 }
const DESKTOP = { width: 1280, height: 800 }

vi.setConfig({ testTimeout: 120_000 })

describe.skipIf(executablePath === '')('the emulator in a browser', () => {
  let browser: Browser

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
  })
  afterAll(() => browser.close())

  test.each(['zh-CN', 'en'])(
    'has nothing that axe calls serious in %s, light and dark, on phone and desktop, and takes hostile names as text',
    async (locale) => {
      const dev = await startDev()
      const page = await open({ locale })
      page.on('dialog', () => expect.unreachable('It ran what was written'))
      const subject = `<img src=x onerror=alert(1)>‮${'😀'.repeat(30)}"'</li>`
      const payment = await dev.api('POST', '/payments', { amount: 1800, subject })
      await dev.scan(payment)
      await dev.control('POST', '/faults', { name: 'delay', probability: 1, delay_ms: 1 })
      const look = async (name: string) => {
        for (const colorScheme of ['light', 'dark'] as const) {
          for (const [device, size] of [
            ['phone', PHONE],
            ['desktop', DESKTOP],
          ] as const) {
            await page.emulateMedia({ colorScheme })
            await page.setViewportSize(size)
            expect(await seriousProblems(page), `${name} ${colorScheme} ${device}`).toEqual([])
            const widest = await page.evaluate<number>('document.documentElement.scrollWidth')
            expect(widest, `${name} ${device}`).toBeLessThanOrEqual(size.width)
            await shoot(page, `${name}-${locale}-${device}-${colorScheme}`)
          }
        }
      }
      await page.goto(dev.emulator)
      await look('start')
      await page.goto(`${dev.emulator}/shop`)
      await look('shop')
      await page.goto(`${dev.emulator}/panel`)
      await page.waitForSelector('#requests tr')
      expect(await page.locator('main img').count()).toBe(0)
      await look('panel')
      await page.goto(`${dev.emulator}/wallet`)
      await page.waitForSelector('#trades li')
      expect(await page.textContent('#trades .trade-subject')).toContain('<img src')
      expect(await page.locator('#trades img').count()).toBe(0)
      await look('wallet')
      await page.click('#open-scan')
      await look('wallet-scan')
      await page.keyboard.press('Escape')
      await page.click('#open-code')
      await page.waitForSelector('#code-digits:not(:empty)')
      await look('wallet-code')
      await page.keyboard.press('Escape')
      await page.click('#open-top-up')
      await look('wallet-top-up')
      await page.keyboard.press('Escape')
      await page.click('#trades button')
      await look('wallet-pay')
    },
  )

  test('a fault is a switch: on, it strikes each call; off, none', async () => {
    const dev = await startDev()
    const page = await open()
    await page.goto(`${dev.emulator}/panel`)
    const always = page.locator('[data-fault="unknown-error-before"]')
    await always.focus()
    await page.keyboard.press('Space')
    await page.waitForSelector('#active code:has-text("unknown-error-before")')
    const payment = await dev.api('POST', '/payments', { amount: 100, subject: 'A' })
    expect(payment.status).toBe('created')
    await dev.control('POST', '/faults', { name: 'unknown-error-before', times: 7 })
    await always.uncheck()
    await page.waitForSelector('#no-active:not([hidden])')
    expect(await dev.control('GET', '/faults')).toMatchObject({ active: [] })
    await dev.advance(10)
    await dev.until(payment, 'pending')
    // Switched from elsewhere, it is seen here.
    await dev.control('POST', '/faults', { name: 'delay', probability: 1, delay_ms: 1 })
    await page.waitForSelector('[data-fault="delay"]:checked')
  })

  /** A page of a person of their own, which is to meet no error and break no policy. */
  async function open(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await browser.newContext({
      viewport: DESKTOP,
      reducedMotion: 'reduce',
      ...options,
    })
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
      expect(wrong).toEqual([])
    })
    return page
  }
})

async function shoot(page: Page, name: string): Promise<void> {
  if (screenshots === '') return
  mkdirSync(screenshots, { recursive: true })
  await page.screenshot({ path: join(screenshots, `${name}.png`), animations: 'disabled' })
}
