/**
 * Whole paths of people by the keyboard alone: each step is reached by Tab and arrows, seen where
 * it is, and what had the focus before a dialog has it again after.
 *
 * @module
 */
import type { Page } from 'playwright-core'
import { expect, vi } from 'vitest'
import type { Dev, Payment } from '../saoma-program.ts'
import { inBrowser, shoot, test } from './in-browser.ts'
import { act, type Person } from './people.ts'

const ALL = process.env['SAOMA_TEST_ALL'] !== undefined

/** More steps than any page has from its beginning to its end. */
const STEPS_MAX = 90

inBrowser('by the keyboard alone', () => {
  test('a cashier signs in, finds a payment, gives it back by a dialog, and leaves', async ({
    dev,
    hire,
    open,
  }) => {
    const payment = await paid(dev, { amount: 1200, subject: '燕麦拿铁' })
    const page = await open()
    await page.goto(`${dev.server}/console`)
    await signIn(page, await hire('cashier'))

    // The first step of a page leads past the menu.
    await page.keyboard.press('Tab')
    expect(await isFocused(page, '.skip')).toBe(true)
    await shoot(page, 'keyboard-skip')
    await page.keyboard.press('Enter')
    expect(await isFocused(page, '#main')).toBe(true)
    await page.reload()
    await page.waitForSelector('main h1')

    await tabTo(page, 'nav a[href$="/payments"]')
    await page.keyboard.press('Enter')
    await page.waitForSelector('h1:has-text("交易订单")')
    await tabTo(page, '[role=search] .ant-input-search input')
    await page.keyboard.type(payment.alipay.trade_no?.slice(-6) ?? '')
    await page.keyboard.press('Enter')
    await page.waitForURL('**q=*')
    await page.waitForSelector(`a[href$="${payment.id}"]`)
    await tabTo(page, `a[href$="${payment.id}"]`)
    await page.keyboard.press('Enter')
    await page.waitForSelector('.payment-amount')

    await tabTo(page, 'button:has-text("发起退款")')
    await page.keyboard.press('Enter')
    await page.waitForSelector('#refund-reason')
    await page.keyboard.press('Escape')
    await page.waitForSelector('#refund-reason', { state: 'hidden' })
    await vi.waitFor(async () =>
      expect(await isFocused(page, 'button:has-text("发起退款")')).toBe(true),
    )
    await page.keyboard.press('Enter')
    await page.waitForSelector('#refund-reason')
    // Nothing behind an open dialog is reached.
    await tabTo(page, '#refund-reason', '.ant-modal')
    await page.keyboard.type('做错了')
    await shoot(page, 'keyboard-refund')
    await tabTo(page, '.ant-modal-footer .ant-btn-primary', '.ant-modal')
    await page.keyboard.press('Enter')
    await page.waitForSelector('text=支付宝确认已退款')
    expect((await dev.api('GET', `/payments/${payment.id}`)).amount_refunded).toBe(1200)
    await leave(page)
  })

  test.skipIf(!ALL)(
    'finance approves what somebody else asked for, looks at the day, and leaves',
    async ({ dev, owner, hire, open }) => {
      const payment = await paid(dev, { amount: 50_000, subject: '会员卡' })
      await change(dev, owner, { refund_approval_above: 10_000 })
      await act(dev, owner, '/refunds', { payment: payment.id, amount: 50_000, reason: '退卡' })
      await change(dev, owner, { refund_approval_above: null })
      const page = await open()
      await page.goto(`${dev.server}/console`)
      await signIn(page, await hire('finance'))
      await tabTo(page, 'nav a[href$="/refunds"]')
      await page.keyboard.press('Enter')
      await page.waitForSelector('h1:has-text("退款管理")')
      await tabTo(page, '[role=tab]')
      await page.keyboard.press('ArrowRight')
      await page.keyboard.press('Enter')
      await page.waitForSelector('.ant-tag:has-text("待审批")')
      await tabTo(page, 'main button:has-text("批准退款")')
      await page.keyboard.press('Enter')
      await page.waitForSelector('.ant-modal')
      await shoot(page, 'keyboard-approve')
      await tabTo(page, '.ant-modal .ant-btn-primary', '.ant-modal')
      await page.keyboard.press('Enter')
      await page.waitForSelector('.ant-tag:has-text("已批准")')
      expect((await dev.api('GET', `/payments/${payment.id}`)).amount_refunded).toBe(50_000)
      await tabTo(page, 'nav a[href$="/day-ends"]')
      await page.keyboard.press('Enter')
      await page.waitForSelector('h1:has-text("日终汇总")')
      await leave(page)
    },
  )
})

/** Fills in the sign-in as it comes, without a mouse. */
async function signIn(page: Page, { email, password }: Person): Promise<void> {
  await page.waitForSelector('input[autocomplete=username]')
  await tabTo(page, 'input[autocomplete=username]')
  await page.keyboard.type(email)
  await tabTo(page, 'input[type=password]')
  await page.keyboard.type(password)
  await page.keyboard.press('Enter')
  await page.waitForSelector('main h1')
  await page.waitForSelector('.figures')
}

async function leave(page: Page): Promise<void> {
  await tabTo(page, 'header button:has-text("小李")')
  await page.keyboard.press('Enter')
  await page.waitForSelector('[role=menuitem]:focus')
  // The menu has the focus, and arrows go through it.
  for (let step = 0; !(await isFocused(page, '[role=menuitem]:has-text("退出登录")')); step += 1) {
    expect(step).toBeLessThan(10)
    await page.keyboard.press('ArrowDown')
    await page.waitForSelector('[role=menuitem]:focus')
  }
  await page.keyboard.press('Enter')
  await page.waitForSelector('h1:has-text("登录商户后台")')
}

function isFocused(page: Page, selector: string): Promise<boolean> {
  return page
    .locator(selector)
    .evaluateAll((all) => all.some((one) => one === one.ownerDocument.activeElement))
}

/**
 * Presses Tab until it is there; each place on the way is to be seen, and within `inside` where the
 * rest of the page is out of reach.
 */
async function tabTo(page: Page, selector: string, inside = 'body'): Promise<void> {
  const target = await page.waitForSelector(selector)
  for (let step = 1, arrived = false; !arrived; step += 1) {
    expect(step, `steps to ${selector}`).toBeLessThan(STEPS_MAX)
    await page.keyboard.press('Tab')
    const focus = await target.evaluate(lookAtFocus, inside)
    expect(focus.trouble, `step ${step} to ${selector}`).toBe('')
    arrived = focus.arrived
  }
}

interface Focusable {
  readonly parentElement: Focusable | null
  readonly outerHTML: string
  closest(selector: string): Focusable | null
}

/** In the page: whether the focus is at an element, and what is wrong with where it is. */
function lookAtFocus(target: unknown, inside: string): { arrived: boolean; trouble: string } {
  const { document, getComputedStyle } = globalThis as unknown as {
    document: { activeElement: Focusable | null; body: Focusable }
    getComputedStyle: (element: Focusable) => {
      outlineStyle: string
      outlineWidth: string
      boxShadow: string
    }
  }
  const { activeElement: focused, body } = document
  const arrived = focused === target
  // Past its end the focus is in the browser's own bar.
  if (focused === null || focused === body) return { arrived, trouble: '' }
  const tag = focused.outerHTML.slice(0, 160)
  if (focused.closest(inside) === null) return { arrived, trouble: `It is behind: ${tag}` }
  for (let one: Focusable | null = focused; one !== null && one !== body; one = one.parentElement) {
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(one)
    if (outlineStyle !== 'none' && outlineWidth !== '0px') return { arrived, trouble: '' }
    if (boxShadow !== 'none') return { arrived, trouble: '' }
  }
  return { arrived, trouble: `It is not to be seen: ${tag}` }
}

async function change(dev: Dev, { state, csrf }: Person, body: object): Promise<void> {
  const cookie = state.cookies.map(({ name, value }) => `${name}=${value}`).join('; ')
  const response = await fetch(`${dev.server}/v1/settings`, {
    method: 'PATCH',
    headers: {
      cookie,
      'content-type': 'application/json',
      'x-csrf-token': csrf,
      origin: dev.server,
    },
    body: JSON.stringify(body),
  })
  if (!response.ok) throw new Error(await response.text())
}

async function paid(dev: Dev, body: object): Promise<Payment> {
  const payment = await dev.api('POST', '/payments', body)
  await dev.pay(await dev.scan(payment))
  return dev.until(payment, 'succeeded')
}
