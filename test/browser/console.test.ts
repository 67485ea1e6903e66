/**
 * The back office in a browser, against `saoma dev`: what its people do there, in both languages,
 * on a desktop and on a phone. With SAOMA_SCREENSHOTS set to a folder, pictures are left there.
 *
 * @module
 */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { PATIENCE, root, startDev, type Dev, type Payment } from '../saoma-program.ts'
import { seriousProblems } from './axe.ts'

const executablePath = process.env['SAOMA_CHROMIUM'] ?? ''
const screenshots = process.env['SAOMA_SCREENSHOTS'] ?? ''

const PHONE = { width: 375, height: 812 }
const DESKTOP = { width: 1280, height: 800 }
const OWNER = { email: 'owner@example.com', name: '王掌柜', password: 'a long pass phrase 1' }

vi.setConfig({ testTimeout: 120_000 })

describe.skipIf(executablePath === '')('the back office in a browser', () => {
  let browser: Browser

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
  })
  afterAll(() => browser.close())

  test('an owner is made by the code of the terminal, signs out and in again', async () => {
    const dev = await startDev()
    const page = await open()
    await page.goto(`${dev.server}/console`)
    await page.waitForSelector('h1:has-text("创建第一位所有者")')
    await shoot(page, 'owner')
    await makeOwner(page, dev)
    expect(await page.textContent('h1')).toBe('今日概览')
    await page.click('header button:has-text("王掌柜")')
    await page.click('.ant-dropdown >> text=退出登录')
    await page.waitForSelector('h1:has-text("登录商户后台")')
    await shoot(page, 'sign-in')
    expect(await seriousProblems(page)).toEqual([])
    await page.fill('input[autocomplete=username]', OWNER.email)
    await page.fill('input[type=password]', 'not the pass phrase')
    await page.click('button[type=submit]')
    await page.waitForSelector('[role=alert]:has-text("邮箱或密码不正确")')
    await page.fill('input[type=password]', OWNER.password)
    await page.click('button[type=submit]')
    await page.waitForSelector('h1:has-text("今日概览")')
  })

  test('a payment is found by its last digits, its story told, and a part of it given back', async () => {
    const dev = await startDev()
    const payment = await paid(dev, { amount: 8888, subject: '手冲咖啡 × 2' })
    const page = await open()
    await signedIn(page, dev)
    await page.click('nav >> text=交易订单')
    await page.waitForSelector(`text=手冲咖啡 × 2`)
    const digits = payment.alipay.trade_no?.slice(-6) ?? ''
    await page.fill(
      '[role=search] input[type=search], [role=search] .ant-input-search input',
      digits,
    )
    await page.keyboard.press('Enter')
    await page.waitForURL(`**q=${digits}`)
    await page.click('a:has-text("手冲咖啡 × 2")')
    await page.waitForSelector('text=支付宝确认：买家已付款')
    expect(await page.textContent('.payment-amount')).toBe('¥88.88')
    await shoot(page, 'payment-paid')
    await page.click('button:has-text("查看原始报文") >> nth=0')
    await page.waitForSelector('.raw:has-text("trade_no")')
    await page.keyboard.press('Escape')
    await page.click('button:has-text("发起退款")')
    await page.click('.ant-segmented >> text=部分退款')
    await page.fill('#refund-amount', '99.00')
    expect(await page.isDisabled('.ant-modal-footer .ant-btn-primary')).toBe(true)
    await page.fill('#refund-amount', '8.80')
    await page.fill('#refund-reason', '价格有误')
    await page.keyboard.press('Tab')
    await shoot(page, 'refund')
    await page.click('.ant-modal-footer .ant-btn-primary')
    await page.waitForSelector('.ant-tag:has-text("部分退款")')
    await page.waitForSelector('text=支付宝确认已退款')
    await shoot(page, 'payment-refunded')
    const after = await dev.api('GET', `/payments/${payment.id}`)
    expect(after.amount_refunded).toBe(880)
  })

  test('an open payment is asked about, shown paid without a reload, or canceled', async () => {
    const dev = await startDev()
    const first = await dev.api('POST', '/payments', { amount: 1200, subject: 'Tea' })
    const second = await dev.api('POST', '/payments', { amount: 1300, subject: 'Cake' })
    const page = await open({ locale: 'en-GB' })
    await signedIn(page, dev)
    await page.goto(`${dev.server}/console/payments/${first.id}`)
    await page.click('button:has-text("Ask Alipay")')
    await page.waitForSelector('text=Alipay says: not paid yet')
    await page.evaluate(() => Object.assign(globalThis, { sameDocument: true }))
    await dev.pay(await dev.scan(first))
    await page.waitForSelector('text=Alipay confirmed: paid')
    expect(await page.evaluate(() => 'sameDocument' in globalThis)).toBe(true)
    await page.goto(`${dev.server}/console/payments/${second.id}`)
    await page.click('button:has-text("Cancel payment")')
    await page.click('.ant-modal button:has-text("Cancel payment")')
    await page.waitForSelector('text=Somebody asked to cancel')
    await dev.advance(400)
    await dev.until(second, 'canceled')
    await page.waitForSelector('.ant-tag:has-text("Canceled")')
  })

  test('what others wrote is shown as text, and turns nothing around', async () => {
    const dev = await startDev()
    const subject = `<img src=x onerror="document.title='owned'"> 😀 \u202Eright ${'长'.repeat(190)}`
    const payment = await dev.api('POST', '/payments', {
      amount: 100,
      subject,
      reference: '"><script>document.title="owned"</script>',
      metadata: { '<b>name</b>': '<svg onload=alert(1)> مرحبا' },
    })
    const page = await open({ viewport: PHONE })
    await signedIn(page, dev)
    await page.goto(`${dev.server}/console/payments`)
    await page.waitForSelector('.foreign:has-text("<img src=x")')
    await shoot(page, 'hostile-list')
    await page.goto(`${dev.server}/console/payments/${payment.id}`)
    await page.waitForSelector('.foreign:has-text("<svg onload=alert(1)>")')
    await page.waitForSelector('.foreign:has-text("<b>name</b>")')
    await shoot(page, 'hostile-payment')
    expect(await page.title()).not.toContain('owned')
    expect(await page.$('main img, main b, main script')).toBeNull()
    expect(await fits(page)).toBe(true)
  })

  test.each(['zh-CN', 'en-GB'])(
    'every page opens in %s, fits a phone, and axe finds nothing serious',
    async (locale) => {
      const dev = await startDev()
      const payment = await paid(dev, { amount: 1800, subject: 'Americano' })
      await dev.api('POST', '/payments', { amount: 2600, subject: '拿铁' })
      await dev.api('POST', '/refunds', { payment: payment.id, amount: 300, reason: 'cold' })
      const page = await open({ locale })
      await signedIn(page, dev)
      const found: Record<string, readonly string[]> = {}
      for (const path of PAGES) {
        await page.goto(`${dev.server}/console/${path.replace(':payment', payment.id)}`)
        await page.waitForSelector('main h1')
        await page.waitForLoadState('load')
        await page.waitForSelector('.ant-skeleton, .ant-spin-spinning', { state: 'detached' })
        if (locale.startsWith('en'))
          expect(await page.textContent('main h1'), path).not.toMatch(/\p{Script=Han}/u)
        found[path] = await seriousProblems(page)
        await shoot(page, `${path.replaceAll(/\W/g, '') || 'overview'}-${locale.slice(0, 2)}`)
        await page.setViewportSize(PHONE)
        expect(await fits(page), path).toBe(true)
        await page.setViewportSize(DESKTOP)
      }
      expect(found).toEqual(Object.fromEntries(PAGES.map((path) => [path, []])))
    },
  )

  test('a cashier sees what a cashier may do, and nothing else', async () => {
    const dev = await startDev()
    const owner = await open()
    await signedIn(owner, dev)
    const link = await invite(owner, dev, '收银员')
    const cashier = await open({ viewport: DESKTOP })
    await cashier.goto(link)
    await cashier.waitForSelector('h1:has-text("设置登录密码")')
    await cashier.fill('input[type=password]', 'cashier pass phrase 2')
    await cashier.click('button[type=submit]')
    await cashier.waitForSelector('h1:has-text("今日概览")')
    const menu = await cashier.locator('nav .ant-menu-item').allTextContents()
    expect(menu).toEqual(['今日概览', '交易订单', '退款管理', '待处理'])
    await cashier.goto(`${dev.server}/console/keys`)
    await cashier.waitForSelector('text=您的角色无权查看此页')
  })

  test('a large refund waits until somebody else approves it', async () => {
    const dev = await startDev()
    const payment = await paid(dev, { amount: 50_000, subject: '会员卡' })
    const owner = await open()
    await signedIn(owner, dev)
    await owner.goto(`${dev.server}/console/settings`)
    await owner.click('button[role=switch]')
    await owner.fill('input[aria-label="起始金额"]', '100')
    await owner.click('main button:has-text("保存")')
    await owner.waitForSelector('.ant-message:has-text("已保存")')
    await owner.goto(`${dev.server}/console/payments/${payment.id}`)
    await owner.click('button:has-text("发起退款")')
    await owner.waitForSelector('.ant-modal :text("超过 ¥100.00")')
    await owner.click('.ant-modal-footer .ant-btn-primary')
    await owner.waitForSelector('.ant-message:has-text("已提交审批")')
    await owner.goto(`${dev.server}/console/refunds`)
    await owner.click('[role=tab]:has-text("退款审批")')
    await owner.waitForSelector('.ant-tag:has-text("待审批")')
    expect(await owner.isDisabled('main button:has-text("批准退款")')).toBe(true)
    await shoot(owner, 'approval')
    const finance = await open({ locale: 'en-GB' })
    await finance.goto(await invite(owner, dev, '财务'))
    await finance.fill('input[type=password]', 'finance pass phrase 3')
    await finance.click('button[type=submit]')
    await finance.waitForSelector('main#main h1')
    await finance.goto(`${dev.server}/console/refunds`)
    await finance.click('[role=tab]:has-text("Approvals")')
    await finance.click('main button:has-text("Approve")')
    await finance.click('.ant-modal button:has-text("Approve")')
    await finance.waitForSelector('.ant-tag:has-text("Approved")')
    const after = await dev.api('GET', `/payments/${payment.id}`)
    expect(after.amount_refunded).toBe(50_000)
  })

  test('a day is compared with its bill, and its sums agree', async () => {
    const dev = await startDev()
    const payment = await paid(dev, { amount: 8888, subject: '手冲咖啡' })
    await dev.api('POST', '/refunds', { payment: payment.id, amount: 888 })
    await dev.advance(36 * 3600)
    const date = beijingDay(payment.created_at)
    await dev.api('POST', '/reconciliations', { date })
    const page = await open()
    await signedIn(page, dev)
    await page.click('nav >> text=资金对账')
    await page.waitForSelector('.ant-tag:has-text("账目相符")')
    await shoot(page, 'reconciliations')
    await page.click(`main a:has-text("${date}")`)
    await page.waitForSelector('text=账实相符')
    await page.waitForSelector('tr:has-text("交易额"):has-text("¥88.88")')
    await page.waitForSelector('text=没有差异')
    expect(await seriousProblems(page)).toEqual([])
    await shoot(page, 'reconciliation')
    const coming = page.waitForEvent('download')
    await page.click('a:has-text("下载差异表")')
    await coming
  })

  test('filters are kept, and payments are taken along as a file', async () => {
    const dev = await startDev()
    await dev.api('POST', '/payments', { amount: 2600, subject: '拿铁' })
    const page = await open()
    await signedIn(page, dev)
    await page.goto(`${dev.server}/console/payments?status=pending`)
    await page.click('button:has-text("常用筛选")')
    await page.click('.ant-dropdown >> text=保存筛选')
    await page.fill('input[aria-label="给这组条件起个名字"]', '待付款的')
    await page.keyboard.press('Enter')
    await page.waitForSelector('.ant-message:has-text("已保存")')
    await page.goto(`${dev.server}/console/payments`)
    await page.click('button:has-text("常用筛选")')
    await page.click('.ant-dropdown >> text=待付款的')
    await page.waitForURL('**status=pending')
    await page.goto(`${dev.server}/console/exports`)
    await page.click('text=CSV')
    const coming = page.waitForEvent('download')
    await page.click('main button[type=submit]')
    const file = readFileSync(await (await coming).path(), 'utf8')
    expect(file).toContain('拿铁')
    expect(file.charCodeAt(0)).toBe(0xfeff)
  })

  test('the first view is under 600 kB gzipped', async () => {
    const dev = await startDev()
    const page = await open()
    const loaded = new Set<string>()
    page.on('response', (response) => {
      const { pathname } = new URL(response.url())
      if (pathname.startsWith('/console/assets/')) loaded.add(pathname.slice('/console/'.length))
    })
    await signedIn(page, dev)
    const bytes = [...loaded].map(
      (path) => gzipSync(readFileSync(join(root, 'dist', 'web', path))).length,
    )
    expect(loaded.size).toBeGreaterThan(0)
    expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThan(600_000)
    const all = readdirSync(join(root, 'dist', 'web', 'assets'))
    expect(loaded.size).toBeLessThan(all.length)
  })

  /** A page of a person of their own, which is to meet no error and break no policy. */
  async function open(options: BrowserContextOptions = {}): Promise<Page> {
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
      expect(wrong.filter((text) => !/status of 4\d\d/.test(text))).toEqual([])
    })
    return page
  }
})

/** All pages that an owner sees. */
const PAGES = [
  '',
  'payments',
  'payments/:payment',
  'refunds',
  'attention',
  'webhooks',
  'keys',
  'credentials',
  'reconciliations',
  'exports',
  'users',
  'audit',
  'settings',
  'account',
]

/** Goes in as the owner, who is made for it. */
async function signedIn(page: Page, dev: Dev): Promise<void> {
  await page.goto(`${dev.server}/console`)
  await makeOwner(page, dev)
}

async function makeOwner(page: Page, dev: Dev): Promise<void> {
  const code = /code 一次性开通码: (\S+)/.exec(dev.stdout() + dev.stderr())?.[1] ?? ''
  await page.fill('#code', code)
  await page.fill('#name', OWNER.name)
  await page.fill('#email', OWNER.email)
  await page.fill('#password', OWNER.password)
  await page.click('button[type=submit]')
  await page.waitForSelector('main#main h1')
}

/** Lets somebody in by the page of the team; resolves with the link that he gets. */
async function invite(owner: Page, dev: Dev, role: string): Promise<string> {
  await owner.goto(`${dev.server}/console/users`)
  await owner.click('button:has-text("邀请员工")')
  await owner.fill('.ant-modal input[inputmode=email]', 'xiao@example.com')
  await owner.fill('.ant-modal #name', '小李')
  await owner.click('.ant-modal .ant-select')
  await owner.click(`.ant-select-item-option:has-text("${role} ·")`)
  await owner.click('.ant-modal-footer .ant-btn-primary')
  return (await owner.textContent('.ant-modal .mono')) ?? ''
}

/** The day in Beijing, `yyyy-MM-dd`. */
function beijingDay(at: string): string {
  return new Date(Date.parse(at) + 8 * 3_600_000).toISOString().slice(0, 10)
}

async function paid(dev: Dev, body: object): Promise<Payment> {
  const payment = await dev.api('POST', '/payments', body)
  await dev.pay(await dev.scan(payment))
  return dev.until(payment, 'succeeded')
}

/** Whether nothing reaches out of the window, once the page has taken its size. */
async function fits(page: Page): Promise<boolean> {
  const widest = () => page.evaluate<number>('document.documentElement.scrollWidth')
  return vi
    .waitUntil(async () => (await widest()) <= PHONE.width, { timeout: 5_000 })
    .catch(() => false)
}

/** Leaves pictures of a page, as a phone and as a desktop show it, where they were asked for. */
async function shoot(page: Page, name: string): Promise<void> {
  if (screenshots === '') return
  mkdirSync(screenshots, { recursive: true })
  const before = page.viewportSize()
  for (const [device, size] of [
    ['phone', PHONE],
    ['desktop', DESKTOP],
  ] as const) {
    await page.setViewportSize(size)
    await page.screenshot({
      path: join(screenshots, `console-${name}-${device}.png`),
      animations: 'disabled',
    })
  }
  if (before !== null) await page.setViewportSize(before)
}
