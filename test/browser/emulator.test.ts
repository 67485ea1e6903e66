/**
 * The emulator's pages in a browser: the wallet as a phone, the panel of faults, the shop.
 *
 * @module
 */
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { seriousProblems } from './axe.ts'
import { fits, inBrowser, looksAt, nameOf, shoot, show, test } from './in-browser.ts'

inBrowser('the emulator in a browser', () => {
  test('a fault is a switch: on, it strikes each call; off, none', async ({ dev, open }) => {
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

  test('has nothing that axe calls serious in both languages, light and dark, on phone and desktop, and takes hostile names as text', async ({
    dev,
    open,
  }) => {
    await dev.control('DELETE', '/faults')
    await dev.control('POST', '/faults', { name: 'delay', probability: 1, delay_ms: 1 })
    const subject = `<img src=x onerror=alert(1)>‮${'😀'.repeat(30)}"'</li>`
    const payment = await dev.api('POST', '/payments', { amount: 1800, subject })
    await dev.scan(payment)
    const pages = { 'zh-CN': await open(), en: await open({ locale: 'en' }) }
    let index = 0
    const walk = async (name: string, path: string, reach?: (page: Page) => Promise<unknown>) => {
      for (const look of looksAt(index++)) {
        const page = pages[look.locale]
        await show(page, look)
        await page.goto(dev.emulator + path)
        await reach?.(page)
        const picture = nameOf(name, look)
        expect(await seriousProblems(page), picture).toEqual([])
        expect(await fits(page), picture).toBe(true)
        await shoot(page, picture)
      }
    }
    await walk('start', '/')
    await walk('shop', '/shop')
    await walk('panel', '/panel', async (page) => {
      await page.waitForSelector('#requests tr')
      expect(await page.locator('main img').count()).toBe(0)
    })
    await walk('wallet', '/wallet', async (page) => {
      await page.waitForSelector('#trades li')
      expect(await page.textContent('#trades .trade-subject')).toContain('<img src')
      expect(await page.locator('#trades img').count()).toBe(0)
    })
    await walk('wallet-scan', '/wallet', (page) => page.click('#open-scan'))
    await walk('wallet-code', '/wallet', async (page) => {
      await page.click('#open-code')
      await page.waitForSelector('#code-digits:not(:empty)')
    })
    await walk('wallet-top-up', '/wallet', (page) => page.click('#open-top-up'))
    await walk('wallet-pay', '/wallet', (page) => page.click('#trades button'))
  })
})
