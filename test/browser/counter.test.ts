/**
 * The counter in a browser, against `saoma dev`: an amount by keys and by touch, a code that fills
 * the screen, the buyer's code by a barcode gun, what is heard, the last orders, refunds.
 *
 * @module
 */
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import type { Dev, Payment } from '../saoma-program.ts'
import { seriousProblems } from './axe.ts'
import { fits, inBrowser, looksAt, nameOf, PHONE, shoot, show, test } from './in-browser.ts'
import { listenForSounds } from './sounds.ts'
import { watchTransfer, wireBytes } from './transfer.ts'

inBrowser('the counter in a browser', () => {
  test('who is not signed in sees nothing', async ({ dev, open }) => {
    const page = await open()
    await page.goto(`${dev.server}/counter`)
    await page.waitForSelector('#needs-owner')
    expect(await page.isVisible('#till')).toBe(false)
  })

  test('is under 60 kB as it comes over the wire, last orders and all', async ({
    dev,
    owner,
    open,
  }) => {
    const page = await open({ as: owner })
    const transfer = await watchTransfer(page)
    await page.goto(`${dev.server}/counter`)
    await page.waitForSelector('#orders li, #no-orders:not([hidden])')
    expect(wireBytes(transfer())).toBeGreaterThan(10_000)
    expect(wireBytes(transfer())).toBeLessThan(60_000)
  })

  test('an amount is typed, its code fills the screen, and the payment is seen and heard without a reload', async ({
    dev,
    owner,
    open,
  }) => {
    const page = await open({ as: owner })
    await listenForSounds(page)
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

  test('with live events blocked, the counter asks', async ({ dev, owner, open }) => {
    const page = await open({ as: owner, expected: [/net::ERR_FAILED/] })
    await page.route('**/events?*', (route) => route.abort())
    await page.goto(`${dev.server}/counter`)
    await page.waitForSelector('#till')
    await page.click('[data-key="5"]')
    await page.click('[data-key="Enter"]')
    await page.waitForSelector('#charge[data-state=waiting]')
    await dev.pay(await dev.scan(await newest(dev)))
    await page.waitForSelector('#charge[data-state=paid]')
  })

  test('a gun reads the buyer’s code; its digits are not taken for an amount', async ({
    dev,
    owner,
    open,
  }) => {
    const page = await open({ as: owner })
    await listenForSounds(page)
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
          const events = keys.map((key) => {
            const init = { key, bubbles: true, cancelable: true }
            return new scope.KeyboardEvent('keydown', init)
          })
          for (const event of events) scope.document.body.dispatchEvent(event)
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

  test('a cashier signs in with a phone, charges by touch, and gives a part back', async ({
    dev,
    hire,
    open,
  }) => {
    const cashier = await hire('cashier')
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
    expect(await phone.isVisible('#cancel-sale')).toBe(true)
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

  test('who may not take payments is told so, and may look at them', async ({
    dev,
    hire,
    open,
  }) => {
    const page = await open({ as: await hire('support') })
    await dev.pay(await dev.scan(await dev.api('POST', '/payments', { amount: 100, subject: 'A' })))
    await page.goto(`${dev.server}/counter`)
    await page.waitForSelector('#failure:has-text("不能收款")')
    await page.waitForSelector('#orders .succeeded')
    expect(await page.locator('#orders button').count()).toBe(0)
  })

  test('has nothing that axe calls serious in both languages, light and dark, on phone and desktop, and takes hostile names as text', async ({
    dev,
    owner,
    open,
  }) => {
    const evil = `<img src=x onerror=alert(1)>‮${'😀'.repeat(30)}"'</li>`
    const paid = await dev.api('POST', '/payments', { amount: 100, subject: evil })
    await dev.pay(await dev.scan(paid))
    await dev.until(paid, 'succeeded')
    const pages = {
      'zh-CN': await open({ as: owner }),
      en: await open({ as: owner, locale: 'en' }),
    }
    let index = 0
    const walk = async (name: string, reach?: (page: Page) => Promise<unknown>) => {
      for (const look of looksAt(index++)) {
        const page = pages[look.locale]
        await show(page, look)
        await page.goto(`${dev.server}/counter`)
        await reach?.(page)
        const picture = nameOf(`counter-${name}`, look)
        expect(await seriousProblems(page), picture).toEqual([])
        expect(await fits(page), picture).toBe(true)
        await shoot(page, picture)
      }
    }
    await walk('till', async (page) => {
      // The amounts stand outside of what turns the line around.
      await page.waitForSelector('#orders .what bdi')
      expect(await page.textContent('#orders .what bdi')).toBe(evil)
      expect(await page.locator('#orders img').count()).toBe(0)
    })
    await walk('refund', async (page) => {
      await page.click('#orders li:nth-child(1) button')
      await page.waitForSelector('#refund[open]')
      expect(await page.textContent('#refund-of bdi')).toBe(evil)
    })
    await walk('charge', async (page) => {
      await page.waitForSelector('#till')
      await page.keyboard.type('12345.67')
      await page.keyboard.press('Enter')
      await page.waitForSelector('#charge[data-state=waiting]')
    })
    await walk('canceled', async (page) => {
      await page.click('#orders li:has(.pending) button >> nth=0')
      await page.waitForSelector('#charge[data-state=waiting]')
      await page.click('#cancel-sale')
      await page.waitForSelector('#charge[data-state=canceled]')
    })
    for (const page of Object.values(pages)) await page.context().clearCookies()
    await walk('sign-in', (page) => page.waitForSelector('#sign-in'))
  })
})

async function newest(dev: Dev): Promise<Payment> {
  const { data } = await dev.api<{ data: Payment[] }>('GET', '/payments')
  if (data[0] === undefined) throw new Error('There is no payment yet')
  return data[0]
}
