/**
 * A back office of several applications in a browser: one is added with its keys, another one
 * shown, a link sent; who is given one sees no other.
 *
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect } from 'vitest'
import { createClient, systemClock } from '../../src/alipay/index.ts'
import { readServeConfiguration } from '../../src/cli/configuration.ts'
import { openStore, startMerchantServer } from '../../src/cli/merchant-server.ts'
import { openAlipay } from '../machines/alipay-of-many.ts'
import type { Dev } from '../saoma-program.ts'
import { seriousProblems } from './axe.ts'
import { fits, inBrowser, PHONE, shoot, test } from './in-browser.ts'
import { becomeOwner, enterByInvitation, type Person } from './people.ts'

const API_KEY = 'sk_test_first'

inBrowser('a back office of several applications', () => {
  let alipay: Awaited<ReturnType<typeof openAlipay>>
  let server: Awaited<ReturnType<typeof startMerchantServer>>
  let folder: string
  let url: string
  let owner: Person
  let shop: Dev

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'saoma-apps-'))
    alipay = await openAlipay(folder, ['first', 'second', 'third'])
    const { app_id, app_private_key, alipay_public_key } = credentialsOf('first')
    url = `http://127.0.0.1:${await freePort()}`
    const configuration = readServeConfiguration({
      SAOMA_APP_ID: app_id,
      SAOMA_APP_PRIVATE_KEY: app_private_key,
      SAOMA_ALIPAY_PUBLIC_KEY: alipay_public_key,
      SAOMA_API_KEY: API_KEY,
      SAOMA_MERCHANT_NAME: '总店',
      SAOMA_GATEWAY: alipay.gateway,
      SAOMA_PUBLIC_URL: url,
      SAOMA_PORT: new URL(url).port,
      SAOMA_FOLDER: folder,
    })
    const { gateway } = configuration
    const identity = `${gateway.mode} ${gateway.client.appId}`
    const common = { ...configuration, identity, clock: systemClock, log: () => {} }
    const store = await openStore(common)
    const client = createClient({ ...gateway.client, clock: systemClock })
    server = await startMerchantServer({ ...common, client, store })
    const told = `code 一次性开通码: ${server.ownerCode}`
    shop = { server: url, stdout: () => told, stderr: () => '' } as Dev
    owner = await becomeOwner(shop)
  }, 120_000)
  afterAll(async () => {
    await server?.close()
    await alipay?.close()
    rmSync(folder, { recursive: true })
  })

  const credentialsOf = (name: string) => {
    const emulator = alipay.emulators[name]
    if (emulator === undefined) throw new Error(`Alipay has no ${name}`)
    return emulator.credentials
  }

  /** Gives the application that is shown its keys, by the steps of the dialog. */
  async function giveKeys(page: Page, name: string, buttons: readonly string[]): Promise<void> {
    const [own, save, next, verify, activate, done] = buttons
    const { app_private_key, alipay_public_key } = credentialsOf(name)
    const press = (text = '') => page.click(`.ant-modal-footer button:has-text("${text}")`)
    await page.click(`.ant-modal .ant-segmented >> text=${own}`)
    await page.fill('#private-key', app_private_key)
    await press(save)
    await page.waitForSelector('.ant-modal >> text=MIIBIj')
    await press(next)
    await page.fill('#alipay-key', alipay_public_key)
    await press(next)
    await press(verify)
    await press(activate)
    await press(done)
  }

  test('an application is added with its keys, and shown in the place of the other', async ({
    open,
  }) => {
    const made = await fetch(`${url}/v1/payments`, {
      method: 'POST',
      headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ amount: 1200, subject: '总店的茶' }),
    })
    expect(made.status).toBeLessThan(300)
    const page = await open({ as: owner })
    await page.goto(`${url}/console`)
    await page.waitForSelector('a:has-text("总店的茶")')
    expect(new URL(page.url()).pathname).toBe('/console')
    expect(await page.locator('button[aria-label^="切换应用"]').count()).toBe(0)

    await page.click('nav >> text=全部应用')
    await page.click('button:has-text("添加应用")')
    await page.fill('#app_id', credentialsOf('second').app_id)
    await page.fill('#name', '二店')
    await page.click('.ant-modal-footer .ant-btn-primary')
    await page.waitForURL(/\/console\/app_\w+\/credentials/)
    await page.waitForSelector('text=此应用还没有配置密钥')
    await page.waitForSelector('.ant-modal')
    await shoot(page, 'console-app-keys')
    await giveKeys(page, 'second', [
      '使用已有私钥',
      '保存并继续',
      '下一步',
      '校验密钥',
      '启用新密钥',
      '完成',
    ])
    await page.waitForSelector('text=此应用还没有配置密钥', { state: 'detached' })

    const [, second = ''] = /\/console\/(app_\w+)\//.exec(page.url()) ?? []
    await page.click('nav >> text=交易订单')
    await page.waitForURL(`**/console/${second}/payments`)
    await page.waitForSelector('text=还没有')
    expect(await page.locator('text=总店的茶').count()).toBe(0)
    await page.click('button[aria-label="切换应用: 二店"]')
    await page.waitForSelector('.ant-dropdown >> text=查看全部应用')
    await shoot(page, 'console-app-switch')
    await page.click('.ant-dropdown >> text=总店')
    await page.waitForSelector('a:has-text("总店的茶")')
    await page.click('a:has-text("总店的茶")')
    await page.waitForSelector('.payment-amount')
    const link = page.url()
    expect(link).toMatch(/\/console\/app_\w+\/payments\/pay_/)
    expect(link).not.toContain(second)
    // An address without one shows what this browser showed last.
    await page.goto(`${url}/console/payments`)
    await page.waitForSelector('button[aria-label="切换应用: 总店"]')
    await page.click('nav >> text=全部应用')
    await page.waitForSelector('[data-app] >> nth=1')
    await page.waitForSelector('.ant-statistic >> text=¥0.00')
    await shoot(page, 'console-apps')
    expect(await seriousProblems(page)).toEqual([])

    const invited = await page.evaluate(
      async ({ apps, csrf }) => {
        const answer = await fetch('/v1/users', {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'x-csrf-token': csrf },
          body: JSON.stringify({ email: 'li@example.com', name: '小李', role: 'cashier', apps }),
        })
        return (await answer.json()) as { invitation: string }
      },
      { apps: [second], csrf: owner.csrf },
    )
    const cashier = await enterByInvitation(shop, invited.invitation)
    const other = await open({ as: cashier })
    await other.goto(`${url}/console/payments`)
    await other.waitForSelector('header >> text=二店')
    expect(await other.locator('button[aria-label^="切换应用"]').count()).toBe(0)
    expect(await other.locator('text=总店的茶').count()).toBe(0)
    await other.goto(link)
    await other.waitForSelector('text=您没有这个应用的权限')
    await other.goto(`${url}/counter`)
    await other.waitForSelector('#till:visible')
    expect(await other.textContent('#shop')).toBe('二店')
    const till = await open({ as: owner })
    await till.goto(`${url}/counter`)
    await till.waitForSelector('text=这台收银机为哪家门店收款')
    await shoot(till, 'counter-shops')
    await till.click('#shop-list button:has-text("总店")')
    await till.waitForSelector('#orders >> text=总店的茶')
    await till.click('#other-shop')
    await till.click('#shop-list button:has-text("二店")')
    await till.waitForSelector('#no-orders:visible')
  })

  test('the same in English, on a phone', async ({ open }) => {
    const page = await open({ as: owner, locale: 'en-GB', viewport: PHONE })
    await page.goto(`${url}/console/apps`)
    await page.click('button:has-text("Add an application")')
    await page.fill('#app_id', '2088000000000000')
    await page.click('.ant-modal-footer .ant-btn-primary')
    await page.waitForSelector('text=An APPID is 16 digits')
    await page.fill('#app_id', credentialsOf('third').app_id)
    await page.fill('#name', 'Third shop')
    await shoot(page, 'console-app-add-en-phone')
    await page.click('.ant-modal-footer .ant-btn-primary')
    await page.waitForSelector('text=This application has no keys yet')
    await page.waitForSelector('.ant-modal')
    await giveKeys(page, 'third', [
      'One of your own',
      'Save and go on',
      'Next',
      'Verify',
      'Activate',
      'Done',
    ])
    await page.waitForSelector('text=This application has no keys yet', { state: 'detached' })
    await page.click('button[aria-label="Switch application: Third shop"]')
    await page.click('.ant-dropdown >> text=See all applications')
    await page.waitForSelector('[data-app] >> text=Third shop')
    await shoot(page, 'console-apps-en-phone')
    expect(await fits(page)).toBe(true)
    await page.click('[data-app]:has-text("Third shop") >> button:has-text("Retire")')
    await page.click('.ant-modal-confirm button:has-text("Retire")')
    await page.waitForSelector('text=This application is retired')
  })
})

async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const { port } = probe.address() as AddressInfo
  await new Promise((resolve) => probe.close(resolve))
  return port
}
