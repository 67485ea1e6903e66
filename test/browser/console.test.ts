/**
 * The back office in a browser, against `saoma dev`: what its people do there, in both languages,
 * on a desktop and on a phone.
 *
 * @module
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { root, startDev, type Dev, type Payment } from '../saoma-program.ts'
import { seriousProblems } from './axe.ts'
import { go } from './go.ts'
import { fits, inBrowser, looksAt, nameOf, PHONE, shoot, show, test } from './in-browser.ts'
import { becomeOwner, OWNER, ownerCode } from './people.ts'
import { watchTransfer, wireBytes } from './transfer.ts'

inBrowser('the back office in a browser', () => {
  test('an owner is made by the code of the terminal, signs out and in again', async ({
    dev,
    open,
  }) => {
    const page = await open()
    await page.goto(`${dev.server}/console`)
    await page.waitForSelector('h1:has-text("创建第一位所有者")')
    await shoot(page, 'console-owner')
    await makeOwner(page, dev)
    expect(await page.textContent('h1')).toBe('今日概览')
    await page.click('header button:has-text("王掌柜")')
    await page.click('.ant-dropdown >> text=退出登录')
    await page.waitForSelector('h1:has-text("登录商户后台")')
    await shoot(page, 'console-sign-in')
    expect(await seriousProblems(page)).toEqual([])
    await page.fill('input[autocomplete=username]', OWNER.email)
    await page.fill('input[type=password]', 'not the pass phrase')
    await page.click('button[type=submit]')
    await page.waitForSelector('[role=alert]:has-text("邮箱或密码不正确")')
    await signIn(page)
  })

  test('a payment is found by its last digits, its story told, and a part of it given back', async ({
    dev,
    owner,
    open,
  }) => {
    const payment = await paid(dev, { amount: 8888, subject: '手冲咖啡 × 2' })
    const page = await open({ as: owner })
    await page.goto(`${dev.server}/console`)
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
    await page.waitForSelector('text=支付宝确认：买家已支付')
    expect(await page.textContent('.payment-amount')).toBe('¥88.88')
    await shoot(page, 'console-payment-paid')
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
    await shoot(page, 'console-refund')
    await page.click('.ant-modal-footer .ant-btn-primary')
    await page.waitForSelector('.ant-tag:has-text("部分退款")')
    await page.waitForSelector('text=支付宝确认已退款')
    await shoot(page, 'console-payment-refunded')
    const after = await dev.api('GET', `/payments/${payment.id}`)
    expect(after.amount_refunded).toBe(880)
  })

  test('an open payment is asked about, shown paid without a reload, or canceled', async ({
    dev,
    owner,
    open,
  }) => {
    const first = await dev.api('POST', '/payments', { amount: 1200, subject: 'Tea' })
    const second = await dev.api('POST', '/payments', { amount: 1300, subject: 'Cake' })
    const page = await open({ as: owner, locale: 'en-GB' })
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

  test('of a long list, the row that changed is asked for and no other, by a cashier too', async ({
    dev,
    hire,
    open,
  }) => {
    const payment = await dev.api('POST', '/payments', { amount: 1700, subject: '燕麦拿铁' })
    const page = await open({ as: await hire('cashier'), expected: [/status of 403/] })
    const following = page.waitForResponse('**/v1/events/stream?*')
    await page.goto(`${dev.server}/console/payments`)
    const row = page.locator('.ant-table-row', { hasText: '燕麦拿铁' })
    await row.locator('.ant-tag-processing').waitFor()
    await following
    const asked: string[] = []
    page.on('request', (request) => asked.push(new URL(request.url()).pathname))
    await dev.pay(await dev.scan(payment))
    await row.locator('.ant-tag-success').waitFor()
    expect(asked).toContain(`/v1/payments/${payment.id}`)
    expect(asked).not.toContain('/v1/payments')
  })

  test('what others wrote is shown as text, and turns nothing around', async ({
    dev,
    owner,
    open,
  }) => {
    const subject = `<img src=x onerror="document.title='owned'"> 😀 \u202Eright ${'长'.repeat(190)}`
    const payment = await dev.api('POST', '/payments', {
      amount: 100,
      subject,
      reference: '"><script>document.title="owned"</script>',
      metadata: { '<b>name</b>': '<svg onload=alert(1)> مرحبا' },
    })
    const page = await open({ as: owner, viewport: PHONE })
    await page.goto(`${dev.server}/console/payments`)
    await page.waitForSelector('.foreign:has-text("<img src=x")')
    await shoot(page, 'console-hostile-list')
    await page.goto(`${dev.server}/console/payments/${payment.id}`)
    await page.waitForSelector('.foreign:has-text("<svg onload=alert(1)>")')
    await page.waitForSelector('.foreign:has-text("<b>name</b>")')
    await shoot(page, 'console-hostile-payment')
    expect(await page.title()).not.toContain('owned')
    expect(await page.$('main img, main b, main script')).toBeNull()
    expect(await fits(page)).toBe(true)
  })

  test('every page opens in both languages, light and dark, fits a phone, and axe finds nothing serious', async ({
    dev,
    owner,
    open,
  }) => {
    const payment = await paid(dev, { amount: 1800, subject: 'Americano' })
    await dev.api('POST', '/payments', { amount: 2600, subject: '拿铁' })
    await dev.api('POST', '/refunds', { payment: payment.id, amount: 300, reason: 'cold' })
    const pages = {
      'zh-CN': await open({ as: owner }),
      en: await open({ as: owner, locale: 'en-GB' }),
    }
    for (const page of Object.values(pages)) {
      await page.goto(`${dev.server}/console/account`)
      await page.waitForSelector('main h1')
    }
    const found: Record<string, readonly string[]> = {}
    for (const [index, path] of PAGES.entries()) {
      for (const look of looksAt(index)) {
        const page = pages[look.locale]
        await show(page, look)
        await go(page, `/console/${path.replace(':payment', payment.id)}`)
        const name = nameOf(path.replaceAll(/\W/g, '') || 'overview', look)
        if (look.locale === 'en')
          expect(await page.textContent('main h1'), name).not.toMatch(/\p{Script=Han}/u)
        found[name] = await seriousProblems(page)
        await shoot(page, `console-${name}`)
        expect(await fits(page), name).toBe(true)
      }
    }
    expect(Object.entries(found).filter(([, problems]) => problems.length > 0)).toEqual([])
  })

  test('a cashier is invited, and sees what a cashier may do and nothing else', async ({
    dev,
    owner,
    open,
  }) => {
    const manager = await open({ as: owner })
    const link = await invite(manager, dev, '收银员')
    const page = await open({ expected: [/status of 403/] })
    await page.goto(link)
    await page.waitForSelector('h1:has-text("设置登录密码")')
    await page.fill('input[type=password]', 'cashier pass phrase 2')
    await page.click('button[type=submit]')
    await page.waitForSelector('h1:has-text("今日概览")')
    const menu = await page.locator('nav .ant-menu-item').allTextContents()
    expect(menu).toEqual(['今日概览', '交易订单', '退款管理', '待处理'])
    await page.goto(`${dev.server}/console/keys`)
    await page.waitForSelector('text=您的角色无权查看此页')
  })

  test('a large refund waits until somebody else approves it', async ({
    dev,
    owner,
    hire,
    open,
  }) => {
    const payment = await paid(dev, { amount: 50_000, subject: '会员卡' })
    const requester = await open({ as: owner })
    await requester.goto(`${dev.server}/console/settings`)
    await requester.click('button[role=switch]')
    await requester.fill('input[aria-label="起始金额"]', '100')
    await requester.click('main button:has-text("保存")')
    await requester.waitForSelector('.ant-message:has-text("已保存")')
    await requester.goto(`${dev.server}/console/payments/${payment.id}`)
    await requester.click('button:has-text("发起退款")')
    await requester.waitForSelector('.ant-modal :text("超过 ¥100.00")')
    await requester.click('.ant-modal-footer .ant-btn-primary')
    await requester.waitForSelector('.ant-message:has-text("已提交审批")')
    await requester.goto(`${dev.server}/console/refunds`)
    await requester.click('[role=tab]:has-text("退款审批")')
    await requester.waitForSelector('.ant-tag:has-text("待审批")')
    expect(await requester.isDisabled('main button:has-text("批准退款")')).toBe(true)
    await shoot(requester, 'console-approval')
    const finance = await open({ as: await hire('finance'), locale: 'en-GB' })
    await finance.goto(`${dev.server}/console/refunds`)
    await finance.click('[role=tab]:has-text("Approvals")')
    await finance.click('main button:has-text("Approve")')
    await finance.click('.ant-modal button:has-text("Approve")')
    await finance.waitForSelector('.ant-tag:has-text("Approved")')
    const after = await dev.api('GET', `/payments/${payment.id}`)
    expect(after.amount_refunded).toBe(50_000)
  })

  test('filters are kept, and payments are taken along as a file', async ({ dev, owner, open }) => {
    await dev.api('POST', '/payments', { amount: 2600, subject: '拿铁' })
    const page = await open({ as: owner })
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

  test('until today’s figures stand there, less than 600 kB come over the wire', async ({
    dev,
    owner,
    open,
  }) => {
    const page = await open({ as: owner })
    const transfer = await watchTransfer(page)
    await page.goto(`${dev.server}/console`)
    await page.waitForSelector(FIGURES)
    const loaded = transfer().filter(({ path }) => path.startsWith('/console/assets/'))
    expect(loaded.length).toBeGreaterThan(0)
    expect(wireBytes(transfer())).toBeLessThan(600_000)
    // The other pages come when they are gone to.
    const all = readdirSync(join(root, 'dist', 'web', 'assets'))
    expect(loaded.length).toBeLessThan(all.length)
    // What has not changed does not come again.
    const kept = await watchTransfer(page)
    await page.reload()
    await page.waitForSelector(FIGURES)
    expect(wireBytes(kept().filter(({ path }) => path.startsWith('/console/assets/')))).toBe(0)
  })

  test('a day is compared with its bill, and its sums agree', async ({ open }) => {
    // A shop of its own: the others are no part of its sums, and its clock takes no session away.
    const dev = await startDev()
    const payment = await paid(dev, { amount: 8888, subject: '手冲咖啡' })
    await dev.api('POST', '/refunds', { payment: payment.id, amount: 888 })
    await dev.advance(36 * 3600)
    const date = beijingDay(payment.created_at)
    await dev.api('POST', '/reconciliations', { date })
    const page = await open({ as: await becomeOwner(dev) })
    await page.goto(`${dev.server}/console`)
    await page.click('nav >> text=资金对账')
    await page.waitForSelector('.ant-tag:has-text("账目相符")')
    await shoot(page, 'console-reconciliations')
    await page.click(`main a:has-text("${date}")`)
    await page.waitForSelector('text=账实相符')
    await page.waitForSelector('tr:has-text("交易额"):has-text("¥88.88")')
    await page.waitForSelector('text=没有差异')
    expect(await seriousProblems(page)).toEqual([])
    await shoot(page, 'console-reconciliation')
    await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: '下载差异表' }).click(),
    ])
  })
})

/** The last of today's five figures, when it stands there. */
const FIGURES = '.figures .ant-card:nth-child(5) .figure-value:not(:has(.ant-skeleton))'

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

async function makeOwner(page: Page, dev: Dev): Promise<void> {
  await page.fill('#code', ownerCode(dev))
  await page.fill('#name', OWNER.name)
  await page.fill('#email', OWNER.email)
  await page.fill('#password', OWNER.password)
  await page.click('button[type=submit]')
  await page.waitForSelector('main#main h1')
}

async function signIn(page: Page): Promise<void> {
  await page.fill('input[autocomplete=username]', OWNER.email)
  await page.fill('input[type=password]', OWNER.password)
  await page.click('button[type=submit]')
  await page.waitForSelector('h1:has-text("今日概览")')
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
