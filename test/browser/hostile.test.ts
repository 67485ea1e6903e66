/**
 * What others wrote, on every page that shows it: it is text, it stays within its own line, and
 * turns nothing around that stands beside it.
 *
 * @module
 */
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import type { Dev, Payment } from '../saoma-program.ts'
import { go } from './go.ts'
import { fits, inBrowser, PHONE, shoot, SIZES, test } from './in-browser.ts'
import { act, type Person } from './people.ts'

/** By default each page is looked at in one size. */
const ALL = process.env['SAOMA_TEST_ALL'] !== undefined

/** By this a text is known again: from here on everything is written from the right. */
const OVERRIDE = '\u202E'

/** Markup, quotes, joined emoji, marks upon marks, another direction, and a word without end. */
const EVIL = `</script><img src=x onerror=alert(1)>"'\${1}👩‍👩‍👧‍👦 Z̡͖̜̈́ مرحبا ${OVERRIDE}00.1¥`

/** The same, filled to a length. */
function evil(length: number): string {
  return EVIL.padEnd(length, 'W').slice(0, length)
}

/** What a spreadsheet would carry out. */
const FORMULAS = ['=1+1', '+1+1', '-1+1', '@SUM(1)', '＝1+1', ' =1+1']

type Walk = readonly [path: string, reach?: (page: Page) => Promise<unknown>]

inBrowser('what others wrote', () => {
  test('is text on every page of the back office and in its dialogs, and turns nothing around', async ({
    dev,
    owner,
    open,
  }) => {
    const { payment, endpoint } = await fill(dev, owner)
    const page = await open({ as: owner, viewport: PHONE })
    await page.route('**/console/api/session', async (route) => {
      const response = await route.fetch()
      const session = (await response.json()) as { app: object; user: object }
      const app = { ...session.app, name: evil(100) }
      await route.fulfill({
        response,
        json: {
          ...session,
          app,
          apps: [app],
          user: { ...session.user, name: evil(100) },
        },
      })
    })
    const walks: Readonly<Record<string, Walk>> = {
      overview: [''],
      payments: ['payments'],
      filters: ['payments', (to) => to.click('button:has-text("常用筛选")')],
      'filter removed': [
        'payments',
        async (to) => {
          await to.click('button:has-text("常用筛选")')
          await to.click('.ant-dropdown button')
          await to.waitForSelector('.ant-modal-confirm')
        },
      ],
      payment: [`payments/${payment.id}`],
      evidence: [
        `payments/${payment.id}`,
        async (to) => {
          await to.click('button:has-text("查看原始报文") >> nth=0')
          await to.waitForSelector('.raw')
        },
      ],
      refund: [`payments/${payment.id}`, (to) => to.click('button:has-text("发起退款")')],
      refunds: ['refunds'],
      attention: ['attention'],
      webhooks: ['webhooks'],
      webhook: [`webhooks/${endpoint.id}`],
      keys: ['keys'],
      'key revoked': ['keys', (to) => to.click('main button:has-text("停用") >> nth=0')],
      users: ['users'],
      alarms: ['alarms'],
      audit: ['audit'],
      'day ends': ['day-ends'],
      exports: ['exports'],
      account: ['account'],
    }
    await page.goto(`${dev.server}/console/account`)
    await page.waitForSelector('main h1')
    for (const [index, [name, [path, reach]]] of Object.entries(walks).entries()) {
      const sizes = Object.entries(SIZES).filter((_, which) => ALL || index % 2 === which)
      for (const [size, viewport] of sizes) {
        await page.setViewportSize(viewport)
        await go(page, `/console/${path}`)
        await reach?.(page)
        expect(await turnedAround(page), `${name} ${size}`).toEqual([])
        expect(await fits(page), `${name} ${size}`).toBe(true)
        await shoot(page, `hostile-${name.replace(' ', '-')}-${size}`)
        // A dialog is gone with the page that it is of.
        if (reach) await page.reload()
      }
    }
  })

  test('is text on the counter, the cashier page, the receipt, the wallet and the panel', async ({
    dev,
    owner,
    open,
  }) => {
    const { payment } = await fill(dev, owner)
    const unpaid = await dev.api('POST', '/payments', { amount: 100, subject: evil(256) })
    await dev.scan(unpaid)
    const page = await open({ as: owner, viewport: PHONE })
    const walks: Readonly<Record<string, Walk>> = {
      counter: [`${dev.server}/counter`, (to) => to.waitForSelector('#orders .what')],
      'counter refund': [
        `${dev.server}/counter`,
        (to) => to.click('#orders li:has(.succeeded, .partly_refunded) button'),
      ],
      cashier: [unpaid.checkout_url],
      receipt: [payment.checkout_url],
      wallet: [`${dev.emulator}/wallet`, (to) => to.waitForSelector('#trades li')],
      'wallet pay': [`${dev.emulator}/wallet`, (to) => to.click('#trades button')],
      panel: [`${dev.emulator}/panel`, (to) => to.waitForSelector('#requests tr')],
    }
    for (const [name, [address, reach]] of Object.entries(walks)) {
      await page.goto(address)
      await reach?.(page)
      expect(await turnedAround(page), name).toEqual([])
      expect(await fits(page), name).toBe(true)
      await shoot(page, `hostile-${name.replace(' ', '-')}`)
    }
  })

  test('is no formula in a file', async ({ dev, owner }) => {
    for (const subject of FORMULAS) await dev.api('POST', '/payments', { amount: 100, subject })
    const cookie = owner.state.cookies.map(({ name, value }) => `${name}=${value}`).join('; ')
    const response = await fetch(`${dev.server}/v1/exports`, {
      method: 'POST',
      headers: {
        cookie,
        'content-type': 'application/json',
        'x-csrf-token': owner.csrf,
        origin: dev.server,
      },
      body: JSON.stringify({
        kind: 'payments',
        format: 'csv',
        from: '2020-01-01T00:00:00Z',
        to: '2100-01-01T00:00:00Z',
      }),
    })
    const text = await response.text()
    expect(response.status, text).toBe(200)
    for (const subject of FORMULAS) {
      expect(text).toContain(`"'${subject}"`)
      expect(text).not.toContain(`,${subject},`)
    }
  })
})

/** Puts such texts wherever there is room for them. */
async function fill(
  dev: Dev,
  owner: Person,
): Promise<{ payment: Payment; endpoint: { id: string } }> {
  const order = await dev.api('POST', '/payments', {
    amount: 8888,
    subject: evil(256),
    reference: `${evil(100)}${crypto.randomUUID()}`.slice(-128),
    metadata: { [evil(40)]: evil(500) },
    store_id: 'store',
    operator_id: 'operator',
    terminal_id: 'terminal',
  })
  await dev.pay(await dev.scan(order))
  const payment = await dev.until(order, 'succeeded')
  await dev.api('POST', '/refunds', { payment: payment.id, amount: 100, reason: evil(256) })
  await act(dev, owner, '/api_keys', { name: evil(100), scopes: '*' })
  await act(dev, owner, '/saved_filters', { name: evil(100), list: 'payments', filters: {} })
  await act(dev, owner, '/alarm_channels', {
    name: evil(100),
    type: 'feishu',
    url: `${dev.emulator}/hook`,
    kinds: '*',
  })
  await act(dev, owner, '/users', {
    email: `${crypto.randomUUID()}@example.com`,
    name: evil(100),
    role: 'support',
  })
  const endpoint = await act<{ id: string }>(dev, owner, '/webhook_endpoints', {
    url: `${dev.emulator}/${OVERRIDE}"'<img>${'w'.repeat(200)}`,
    description: evil(200),
  })
  return { payment, endpoint }
}

/**
 * Where such a text is more than text, or shares a line with others that it could turn around: what
 * it stands in is neither isolated nor its own.
 */
async function turnedAround(page: Page): Promise<readonly string[]> {
  return page.evaluate((override) => {
    interface Element_ {
      readonly parentElement: Element_ | null
      readonly textContent: string
      readonly outerHTML: string
    }
    const scope = globalThis as unknown as {
      document: {
        body: Element_
        querySelectorAll(selector: string): Iterable<Element_>
        createTreeWalker(
          root: Element_,
          what: number,
        ): { nextNode(): { textContent: string; parentElement: Element_ } | null }
      }
      getComputedStyle: (element: Element_) => { unicodeBidi: string; display: string }
    }
    const { document, getComputedStyle } = scope
    const wrong = [...document.querySelectorAll('[onerror], [onload], img[src="x"]')].map(
      ({ outerHTML }) => outerHTML,
    )
    const walker = document.createTreeWalker(document.body, 4)
    let count = 0
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const text = node.textContent.trim()
      if (!text.includes(override)) continue
      count += 1
      let element: Element_ | null = node.parentElement
      for (; element !== null; element = element.parentElement) {
        const { unicodeBidi, display } = getComputedStyle(element)
        if (unicodeBidi.includes('isolate') || unicodeBidi === 'plaintext') break
        if (display === 'inline' || display === 'contents') continue
        // A line of its own, or one that others stand in, too.
        if (element.textContent.trim() !== text) wrong.push(element.outerHTML.slice(0, 300))
        break
      }
    }
    return count === 0 ? ['no such text is to be seen'] : wrong
  }, OVERRIDE)
}
