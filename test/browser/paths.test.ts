/**
 * The main paths of the back office beyond payments, in a browser against `saoma dev`: alarms,
 * webhooks, keys, the second step, money that came late or twice, the books, the team. Each is
 * walked in one of both languages, on a phone or a desktop; with SAOMA_TEST_ALL in all four.
 *
 * @module
 */
import { once } from 'node:events'
import { cpSync, readFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Locator, Page } from 'playwright-core'
import { expect, onTestFinished, vi } from 'vitest'
import { totpCode } from '../../src/access/totp.ts'
import { yuan } from '../../src/client/money.ts'
import { en } from '../../web/src/language/en.ts'
import { zh } from '../../web/src/language/zh.ts'
import { billFile, fileOf } from '../books/bill-files.ts'
import {
  PATIENCE,
  saoma,
  startDev,
  temporaryFolder,
  type Dev,
  type Payment,
} from '../saoma-program.ts'
import { fits, inBrowser, shoot, SIZES, test, type Look, type OpenOptions } from './in-browser.ts'
import { act, becomeOwner, hire, type Person } from './people.ts'

type Texts = typeof en

const ALL = Boolean(process.env['SAOMA_TEST_ALL'])

/** The stream of who is signed out ends. */
const CUT_OFF = /net::ERR_INCOMPLETE_CHUNKED_ENCODING/

/** How a path is walked. */
interface Way extends Pick<Look, 'locale' | 'device'> {
  readonly texts: Texts
  /** The name of a picture, and of what is made on the way. */
  readonly name: string
}

const WAYS: readonly Way[] = (
  [
    ['zh-CN', 'desktop'],
    ['en', 'phone'],
    ['en', 'desktop'],
    ['zh-CN', 'phone'],
  ] as const
).map(([locale, device]) => {
  const language = locale === 'en' ? 'en' : 'zh'
  const texts: Texts = { en, zh }[language]
  return { locale, device, texts, name: `${language}-${device}` }
})

/** The ways of the path with this number: neighbours differ in language and device. */
function waysOf(index: number): readonly Way[] {
  return ALL ? WAYS : WAYS.slice(index % 4).slice(0, 1)
}

inBrowser('the paths of the back office', () => {
  test.for(waysOf(0))(
    'alarms: each way to people is added, tried, changed, removed: $name',
    async ({ locale, device, texts: { alarms, common }, name }, { dev, owner, open }) => {
      const robots = await listen((path) =>
        path === '/full'
          ? { errcode: 93_000, errmsg: 'invalid webhook url' }
          : { errcode: 0, code: 0 },
      )
      const page = await openAs(open, owner, { locale, device })
      await page.goto(`${dev.server}/console/alarms`)
      const said = {
        dingtalk: ['/ding', alarms.testOk],
        wecom: ['/full', alarms.errors.refused('93000', alarms.errors.codes['wecom 93000'] ?? '')],
        feishu: ['/fei', alarms.testOk],
        webhook: ['/500', alarms.errors.answered('500')],
        email: ['', alarms.errors.unreachable('ESOCKET')],
      } as const
      const kinds = ALL ? Object.entries(said) : Object.entries(said).slice(0, 2)
      for (const [type, [path, told]] of kinds) {
        const called = `${type} ${name}`
        await button(page, alarms.add).click()
        const dialog = page.getByRole('dialog')
        if (type !== 'dingtalk')
          await choose(page, dialog, alarms.type, alarms.types[type as 'email'])
        if (type === 'email') {
          await dialog.getByLabel(alarms.host).fill('127.0.0.1')
          await dialog.getByLabel(alarms.port).fill('9')
          await dialog.getByLabel(alarms.from).fill('shop@example.com')
          await dialog.getByLabel(alarms.to).fill('duty@example.com')
          await page.keyboard.press('Enter')
        } else {
          await dialog.getByLabel(alarms.url).fill(`${robots}${path}`)
        }
        await dialog.getByLabel(alarms.name, { exact: true }).fill(called)
        await button(dialog, common.create).click()
        const card = cardOf(page, called)
        await button(card, alarms.test).click()
        await card.getByRole('alert').filter({ hasText: told }).waitFor()
      }
      expect(await fits(page)).toBe(true)
      await shoot(page, `paths-alarms-${name}`)
      const card = cardOf(page, `dingtalk ${name}`)
      await button(card, common.edit).click()
      await page.getByRole('dialog').getByLabel(alarms.name, { exact: true }).fill(`night ${name}`)
      await button(page.getByRole('dialog'), common.save).click()
      const night = cardOf(page, `night ${name}`)
      await button(night, alarms.disable).click()
      await night.getByText(alarms.status.disabled, { exact: true }).waitFor()
      for (const type of ['night', ...kinds.slice(1).map(([kind]) => kind)])
        await removeBy(page, cardOf(page, `${type} ${name}`), common.remove, alarms.remove)
    },
  )

  test.for(waysOf(1))(
    'webhooks: a secret is told once, what came is seen, what failed is sent again: $name',
    async ({ locale, device, texts: { webhooks, common, menu }, name }, { dev, owner, open }) => {
      let answer = 200
      const heard: IncomingMessage[] = []
      const shop = await listen((_, request) => {
        heard.push(request)
        return answer
      })
      const page = await openAs(open, owner, { locale, device })
      await page.goto(`${dev.server}/console/webhooks`)
      await button(page, webhooks.add).click()
      await page.getByRole('dialog').getByLabel(webhooks.url).fill(`${shop}/${name}`)
      await button(page.getByRole('dialog'), common.create).click()
      const first = await onceShown(page, common)
      expect(first).toMatch(/^whsec_/)
      await page.getByRole('link', { name: `${shop}/${name}` }).click()
      expect(await page.content()).not.toContain(first)
      await button(page, webhooks.test).click()
      await page
        .getByText(/\d+ (毫秒|ms)/)
        .first()
        .waitFor()

      const payment = await paid(dev, `webhook ${name}`)
      const delivery = page.locator('.ant-table-row', { hasText: 'payment.succeeded' })
      await vi.waitFor(() => expect(heard.length).toBeGreaterThanOrEqual(3), PATIENCE)
      await page.reload()
      await delivery.getByText(webhooks.delivery.succeeded).waitFor()
      await button(delivery, 'payment.succeeded').click()
      const drawer = page.getByRole('dialog')
      await drawer.getByText('200', { exact: true }).waitFor()
      await shoot(page, `paths-webhook-${name}`)
      await page.keyboard.press('Escape')
      await drawer.waitFor({ state: 'hidden' })
      const before = heard.length
      await button(delivery, webhooks.resend).click()
      await vi.waitFor(() => expect(heard.length).toBeGreaterThan(before), PATIENCE)

      await button(page, webhooks.rotate).click()
      await button(page.getByRole('dialog'), webhooks.rotate).click()
      const second = await onceShown(page, common)
      expect(second).not.toBe(first)
      // The receiver says that it is gone for good.
      answer = 410
      await dev.api('POST', '/refunds', { payment: payment.id, amount: 1 })
      await vi.waitFor(async () => {
        const path = `/webhook_endpoints/${page.url().split('/').at(-1)}`
        expect((await dev.api('GET', path)).status).toBe('disabled')
      }, PATIENCE)
      await page.reload()
      await page.getByText(webhooks.disabledReason.gone).waitFor()
      expect(await fits(page)).toBe(true)
      answer = 200
      await button(page, webhooks.enable).click()
      await page.getByText(webhooks.status.enabled, { exact: true }).waitFor()
      await button(page, common.remove).click()
      await button(page.getByRole('dialog'), webhooks.remove).click()
      await page.getByRole('heading', { name: menu.webhooks }).waitFor()
    },
  )

  test.for(waysOf(2))(
    'API keys: a key may what it is given, is told once, and is revoked: $name',
    async ({ locale, device, texts: { keys, common }, name }, { dev, owner, open }) => {
      const page = await openAs(open, owner, { locale, device })
      await page.goto(`${dev.server}/console/keys`)
      await button(page, keys.add).click()
      const dialog = page.getByRole('dialog')
      await dialog.getByLabel(common.name).fill(`reader ${name}`)
      await dialog.getByLabel('payments:read', { exact: true }).check()
      await shoot(page, `paths-keys-${name}`)
      await button(dialog, common.create).click()
      const key = await onceShown(page, common)
      const as = async (method: string, path: string): Promise<number> =>
        (
          await fetch(`${dev.server}/v1${path}`, {
            method,
            headers: { authorization: `Bearer ${key}` },
          })
        ).status
      expect([await as('GET', '/payments'), await as('GET', '/users')]).toEqual([200, 403])
      await page.reload()
      const card = cardOf(page, `reader ${name}`)
      await card.getByText(keys.active, { exact: true }).waitFor()
      expect(await page.content()).not.toContain(key)
      await button(card, keys.revoke).click()
      await button(page.getByRole('dialog'), keys.revoke).click()
      await card.getByText(keys.revoked, { exact: true }).waitFor()
      await vi.waitFor(async () => expect(await as('GET', '/payments')).toBe(401), PATIENCE)
    },
  )

  test.for(waysOf(3))(
    'credentials: a swapped key is found out, keys that Alipay does not know stay out of use, proven ones sign: $name',
    async (
      { locale, device, texts: { credentials, common, problems }, name },
      { dev, owner, open },
    ) => {
      const page = await openAs(open, owner, {
        locale,
        device,
        expected: [/status of 400/, /status of 402/],
      })
      const given = await dev.control<{ alipay_public_key: string; app_private_key: string }>(
        'GET',
        '/credentials',
      )
      await page.goto(`${dev.server}/console/credentials`)
      await button(page, credentials.start).click()
      const guide = page.getByRole('dialog')
      await button(guide, credentials.generate).click()
      const own = await guide.locator('bdi.mono').first().textContent()
      await button(guide, common.next).click()
      await guide.getByLabel(credentials.paste).fill(own ?? '')
      await button(guide, common.next).click()
      await page.getByText(problems['key_refused'] ?? /own application public key/).waitFor()
      await shoot(page, `paths-credentials-${name}`)
      await guide.getByLabel(credentials.paste).fill(given.alipay_public_key)
      await button(guide, common.next).click()
      // It was never uploaded.
      await button(guide, credentials.verify).click()
      await page
        .getByText(problems['alipay_refused'] ?? /signature/i)
        .first()
        .waitFor()
      await page.keyboard.press('Escape')

      const known = {
        private_key: given.app_private_key,
        alipay_public_key: given.alipay_public_key,
      }
      await act(dev, owner, '/credentials', known)
      await page.reload()
      await button(page, credentials.continue).first().click()
      await button(guide, credentials.verify).click()
      await button(guide, credentials.activate).click()
      await button(guide, common.done).click()
      await page.getByText(credentials.status.active, { exact: true }).first().waitFor()
      expect(await fits(page)).toBe(true)
      await paid(dev, `credentials ${name}`)
    },
  )
  test.for(waysOf(4))(
    'the team: somebody is invited, gets another role, is locked out, let in, reset, removed: $name',
    async ({ locale, device, texts, name }, { dev, owner, open }) => {
      const { users, common, signIn, menu, roles } = texts
      const email = `${name}@example.com`
      const page = await openAs(open, owner, { locale, device })
      await page.goto(`${dev.server}/console/users`)
      await button(page, users.add).click()
      const dialog = page.getByRole('dialog')
      await dialog.getByLabel(users.email).fill(email)
      await dialog.getByLabel(users.name).fill(name)
      await choose(page, dialog, users.role, `${roles['cashier']} ·`)
      await button(dialog, users.add).click()
      const worker = await open({
        locale,
        viewport: SIZES[device],
        expected: [/status of 403/, CUT_OFF],
      })
      await chooseSecret(worker, await onceShown(page, common), texts)
      await worker.goto(`${dev.server}/console/reconciliations`)
      await worker.getByText(common.forbidden).waitFor()

      const card = cardOf(page, email)
      await button(card, common.edit).click()
      await choose(page, dialog, users.role, `${roles['finance']} ·`)
      await button(dialog, common.save).click()
      await card.getByText(roles['finance'] ?? '', { exact: true }).waitFor()
      await worker.reload()
      await worker.getByRole('heading', { name: menu.reconciliations }).waitFor()

      await button(card, users.disable).click()
      await button(card, users.enable).waitFor()
      await worker.reload()
      await worker.getByRole('heading', { name: signIn.title }).waitFor()
      await button(card, users.enable).click()
      await button(card, users.disable).waitFor()
      await button(card, users.reset).click()
      await button(
        page.getByRole('dialog').filter({ hasText: users.resetText }),
        users.reset,
      ).click()
      await chooseSecret(worker, await onceShown(page, common), texts)
      await worker.getByRole('heading', { name: menu.overview }).waitFor()
      expect(await fits(page)).toBe(true)
      await shoot(page, `paths-users-${name}`)
      await removeBy(page, card, common.remove, users.remove)
      await worker.reload()
      await worker.getByRole('heading', { name: signIn.title }).waitFor()
    },
  )

  test.for(waysOf(5))(
    'the second step: turned on by its code, asked for at the door, taken away by a reset: $name',
    async ({ locale, device, texts, name }, { dev, owner, open }) => {
      const { account, signIn, menu, common, problems, users } = texts
      const person = await hire(dev, owner, 'support', `totp-${name}@example.com`)
      const page = await openAs(open, person, { locale, device, expected: [CUT_OFF] })
      await page.goto(`${dev.server}/console/account`)
      await button(page, account.totpStart).click()
      await page.locator('main .ant-qrcode svg').waitFor()
      const secret = (await page.locator('main bdi.mono').textContent()) ?? ''
      const code = page.getByLabel(account.totpConfirm)
      await code.fill('000000')
      await button(page, common.confirm).click()
      await page.getByText(problems['code_wrong'] ?? '').waitFor()
      await shoot(page, `paths-totp-${name}`)
      const step = Math.floor((await serverTime(dev)) / 30_000)
      await code.fill(totpCode(secret, step))
      await button(page, common.confirm).click()
      await page.getByText(account.totpOn, { exact: true }).waitFor()

      await page.locator('header').getByRole('button').last().click()
      await page.getByText(menu.signOut, { exact: true }).click()
      await page.getByLabel(signIn.email).fill(person.email)
      await page.getByLabel(signIn.password, { exact: true }).fill(person.password)
      await page.getByRole('button', { name: signIn.submit, exact: true }).click()
      await page.getByLabel(signIn.code).fill('000000')
      await page.getByRole('button', { name: signIn.submit, exact: true }).click()
      await page
        .getByRole('alert')
        .filter({ hasText: problems['totp_wrong'] ?? '' })
        .waitFor()
      // A code holds once.
      await page.getByLabel(signIn.code).fill(totpCode(secret, step + 1))
      await page.getByRole('button', { name: signIn.submit, exact: true }).click()
      await page.getByText(account.totpOn, { exact: true }).waitFor()

      const manager = await openAs(open, owner, { locale, device })
      await manager.goto(`${dev.server}/console/users`)
      const card = cardOf(manager, person.email)
      await card.getByText(`${users.totp}: ${users.on}`).waitFor()
      await button(card, users.reset).click()
      await button(manager.getByRole('dialog'), users.reset).click()
      await chooseSecret(page, await onceShown(manager, common), texts)
      await page.goto(`${dev.server}/console/account`)
      await button(page, account.totpStart).waitFor()
    },
  )

  test.for(waysOf(1))(
    'who signs out everywhere else stays signed in here alone: $name',
    async ({ locale, device, texts: { account, signIn, menu }, name }, { dev, owner, open }) => {
      const person = await hire(dev, owner, 'support', `left-${name}@example.com`)
      const left = await openAs(open, person, { locale, device, expected: [CUT_OFF] })
      await left.goto(`${dev.server}/console/account`)
      await left.getByRole('heading', { name: account.title }).waitFor()
      const page = await open({ locale, viewport: SIZES[device] })
      await page.goto(`${dev.server}/console/account`)
      await page.getByLabel(signIn.email).fill(person.email)
      await page.getByLabel(signIn.password, { exact: true }).fill(person.password)
      await page.getByRole('button', { name: signIn.submit, exact: true }).click()
      await button(page, account.signOutElsewhere).click()
      await page.getByText(account.signedOutElsewhere).first().waitFor()
      await left.reload()
      await left.getByRole('heading', { name: signIn.title }).waitFor()
      await page.goto(`${dev.server}/console`)
      await page.getByRole('heading', { name: menu.overview }).waitFor()
    },
  )

  test.for(waysOf(6))(
    'a list of refunds shows a new one without being asked for again: $name',
    async ({ locale, device, name }, { dev, owner, open }) => {
      const payment = await paid(dev, `given back ${name}`)
      const amount = 321 + WAYS.findIndex((way) => way.name === name)
      const page = await openAs(open, owner, { locale, device })
      const following = page.waitForResponse('**/v1/events/stream?*')
      await page.goto(`${dev.server}/console/refunds`)
      await page.locator('.ant-table').waitFor()
      await following
      const asked: string[] = []
      page.on('request', (request) => asked.push(new URL(request.url()).pathname))
      const refund = await dev.api('POST', '/refunds', { payment: payment.id, amount })
      const row = page.locator('.ant-table-row', { hasText: `¥${yuan(amount)}` })
      await row.locator('.ant-tag-success').first().waitFor()
      expect(asked).toContain(`/v1/refunds/${refund.id}`)
      expect(asked).not.toContain('/v1/refunds')
    },
  )

  test.for(waysOf(7))(
    'exports: refunds as a workbook and a CSV with headers in the language: $name',
    async ({ locale, device, texts: { exports }, name }, { dev, owner, open }) => {
      const payment = await paid(dev, `exported ${name}`)
      await dev.api('POST', '/refunds', { payment: payment.id, amount: 1, reason: '价格有误' })
      const page = await openAs(open, owner, { locale, device })
      await page.goto(`${dev.server}/console/exports`)
      await page.getByLabel(exports.refunds).check()
      const take = async (): Promise<Buffer> => {
        const coming = page.waitForEvent('download')
        await button(page, exports.start).click()
        return readFileSync(await (await coming).path())
      }
      expect((await take()).subarray(0, 2).toString()).toBe('PK')
      await page.getByLabel(exports.csv).check()
      const [header = '', row = ''] = (await take()).toString('utf8').split('\r\n')
      const inEnglish = ['Created (Beijing)', 'Refunded']
      const [first, state] = locale === 'en' ? inEnglish : ['申请时间', '已退款']
      expect(header.startsWith(`\uFEFF${first}`)).toBe(true)
      expect(row).toContain(`价格有误,${state},`)
      expect(await fits(page)).toBe(true)
    },
  )

  test.for(waysOf(8))(
    '“I have paid”: support finds late and doubled money, and finance decides: $name',
    async ({ locale, device, texts, name }, { dev, hire: staff, open }) => {
      const { payment: words, review, menu } = texts
      await dev.control('PATCH', '/settings', {
        unscanned_cancel: 'no_effect',
        late_scan: 'accepted',
      })
      onTestFinished(async () => {
        await dev.control('PATCH', '/settings', {
          unscanned_cancel: 'tombstone',
          late_scan: 'refused',
        })
      })
      const order = { amount: 2600, subject: `double ${name}`, reference: `order-${name}` }
      const late = await dev.api('POST', '/payments', { amount: 1200, subject: `late ${name}` })
      const first = await dev.api('POST', '/payments', order)
      await dev.advance(400)
      await Promise.all([dev.until(late, 'expired'), dev.until(first, 'expired')])
      // Too late to be kept without a person.
      await dev.advance(1_000)
      const second = await dev.api('POST', '/payments', order)
      await dev.pay(await dev.scan(second))
      await dev.until(second, 'succeeded')
      for (const one of [late, first]) {
        await dev.pay(await dev.scan(one))
        await dev.until(one, 'succeeded')
      }

      const support = await openAs(open, await staff('support'), {
        locale,
        device,
        expected: [/status of 403/],
      })
      await support.goto(`${dev.server}/console/payments`)
      const search = support.getByRole('searchbox', { name: words.searchTitle })
      await search.fill('nowhere')
      await search.press('Enter')
      await support.getByText(words.noneFoundHints[0] ?? '').waitFor()
      await shoot(support, `paths-support-none-${name}`)
      const { alipay } = await dev.api('GET', `/payments/${first.id}`)
      // As it is read out from a phone, in groups.
      await search.fill((alipay.trade_no ?? '').replaceAll(/(\d{4})/g, '$1 '))
      await search.press('Enter')
      await support.getByRole('link', { name: order.subject }).click()
      await support.getByText(words.answers.duplicate).waitFor()
      await support.getByText(words.byFinance).waitFor()
      expect(await button(support, review.refund).count()).toBe(0)
      expect(await fits(support)).toBe(true)
      await shoot(support, `paths-support-${name}`)

      const finance = await openAs(open, await staff('finance'), { locale, device })
      await finance.goto(`${dev.server}/console/attention`)
      await finance.getByRole('heading', { name: menu.attention }).waitFor()
      await button(cardOf(finance, `late ${name}`), review.accept).click()
      await button(finance.getByRole('dialog'), review.accept).click()
      await cardOf(finance, `late ${name}`).waitFor({ state: 'detached' })
      await button(cardOf(finance, order.subject), review.refund).click()
      await button(finance.getByRole('dialog'), review.refund).click()
      await cardOf(finance, order.subject).waitFor({ state: 'detached' })
      await support.getByText(words.answers.refunded('¥26.00')).waitFor()
      const after = await Promise.all(
        [late, first].map(({ id }) => dev.api('GET', `/payments/${id}`)),
      )
      expect(after.map((one) => one.amount_refunded)).toEqual([0, 2600])
    },
  )

  test.for(waysOf(9))(
    'a day’s end: a difference is found and settled, a bill uploaded, the day taken along: $name',
    async (
      { locale, device, texts: { reconciliations: words, common, dayEnds, problems }, name },
      { open },
    ) => {
      // A shop of its own: the others are no part of its sums, and its clock takes no session away.
      const dev = await startDev()
      const payment = await paid(dev, `day ${name}`)
      await dev.api('POST', '/refunds', { payment: payment.id, amount: 800, reason: '价格有误' })
      await dev.advance(36 * 3600)
      const date = new Date(Date.parse(payment.created_at) + 8 * 3_600_000)
        .toISOString()
        .slice(0, 10)
      await dev.control('POST', '/faults', { name: 'bill-row-foreign' })
      const page = await openAs(open, await becomeOwner(dev), {
        locale,
        device,
        expected: [/status of 400/],
      })
      await page.goto(`${dev.server}/console/reconciliations?date=${date}`)
      await button(page, words.start).click()
      await button(page.getByRole('dialog'), words.start).click()
      const row = page.locator('.ant-table-row', { hasText: words.codes.missing_local })
      await button(row, words.resolve).click()
      await page.getByRole('dialog').getByLabel(words.note).fill(`looked at ${name}`)
      await button(page.getByRole('dialog'), common.save).click()
      await row.getByText(words.resolved, { exact: true }).waitFor()
      // That a difference is named does not make the sums the same.
      await page.getByText(words.explained('¥18.00')).waitFor()
      expect(await fits(page)).toBe(true)
      await shoot(page, `paths-day-${name}`)

      await page.getByRole('link', { name: words.title }).last().click()
      await button(page, words.upload).click()
      const file = page.getByRole('dialog').locator('input[type=file]')
      await file.setInputFiles(fileOf(Buffer.from('<html>')))
      await page.getByText(problems['bill_not_a_zip'] ?? /neither a ZIP/).waitFor()
      const { seller_id: sellerId } = await dev.control<{ seller_id: string }>(
        'GET',
        '/credentials',
      )
      const rows = [
        { outTradeNo: payment.alipay.out_trade_no, amount: 1800, at: `${date} 12:00:00` },
      ]
      await file.setInputFiles(billFile({ sellerId, date, rows }))
      await page.getByText(words.source.upload).waitFor()

      await page.goto(`${dev.server}/console/day-ends?date=${date}`)
      const coming = page.waitForEvent('download')
      await button(page, dayEnds.export).click()
      const csv = readFileSync(await (await coming).path(), 'utf8')
      expect(csv.charCodeAt(0)).toBe(0xfeff)
      expect(csv).toContain(dayEnds.gross)
      expect(csv).toContain('18.00')
      await shoot(page, `paths-day-end-${name}`)
    },
  )
  test.skipIf(!ALL)(
    'refunds that are held after a restored backup go on once an owner says why',
    async ({ open }) => {
      const before = await startDev()
      const payment = await paid(before, 'before the backup')
      const copy = join(temporaryFolder(), 'copy.db')
      await saoma(['backup', copy, `--folder=${before.options.folder}`])
      await before.kill('SIGKILL')
      const folder = temporaryFolder()
      await saoma(['restore', copy, `--folder=${folder}`])
      cpSync(join(before.options.folder, 'emulator'), join(folder, 'emulator'), { recursive: true })
      const dev = await startDev({ ...before.options, folder })
      const refund = await dev.api('POST', '/refunds', { payment: payment.id, amount: 100 })
      expect(refund.status).toBe('requires_action')
      const page = await open({ as: await becomeOwner(dev) })
      await page.goto(`${dev.server}/console/attention`)
      await page.getByText(zh.review.refund_hold).waitFor()
      await page.getByText(zh.review.uncovered).first().waitFor()
      await shoot(page, 'paths-hold')
      await button(page, zh.review.lift).click()
      const dialog = page.getByRole('dialog')
      expect(await button(dialog, zh.review.lift).isDisabled()).toBe(true)
      await dialog.getByLabel(zh.review.liftReason).fill('已与支付宝后台核对')
      await button(dialog, zh.review.lift).click()
      await page.getByText(zh.review.none, { exact: true }).waitFor()
      await vi.waitFor(async () => {
        expect((await dev.api('GET', `/refunds/${refund.id}`)).status).toBe('succeeded')
      }, PATIENCE)
    },
  )
})

function button(within: Page | Locator, name: string): Locator {
  return within.getByRole('button', { name })
}

/** The card of something with that name. */
function cardOf(page: Page, name: string): Locator {
  return page.locator('main .ant-card', { hasText: name })
}

async function openAs(
  open: (options?: OpenOptions) => Promise<Page>,
  as: Person,
  { device, ...options }: Pick<Way, 'locale' | 'device'> & OpenOptions,
): Promise<Page> {
  return open({ as, viewport: SIZES[device], ...options })
}

/** Chooses in a list that opens below a field. */
async function choose(page: Page, within: Locator, field: string, option: string): Promise<void> {
  await within.getByLabel(field, { exact: true }).click()
  await page.locator('.ant-select-item-option', { hasText: option }).click()
}

/** Reads a secret that is shown once, and puts it away. */
async function onceShown(page: Page, { shownOnce, done }: Texts['common']): Promise<string> {
  const dialog = page.getByRole('dialog').filter({ hasText: shownOnce })
  const secret = (await dialog.locator('bdi.mono').textContent()) ?? ''
  await button(dialog, done).click()
  await dialog.waitFor({ state: 'hidden' })
  return secret
}

async function removeBy(page: Page, card: Locator, ask: string, agree: string): Promise<void> {
  await button(card, ask).click()
  await button(page.getByRole('dialog'), agree).click()
  await card.waitFor({ state: 'detached' })
}

/** A server on this machine that answers with a status, or 200 and JSON; `/500` with that. */
async function listen(
  answer: (path: string, request: IncomingMessage) => number | object,
): Promise<string> {
  const server = createServer((request, response) => {
    const path = request.url ?? ''
    const told = path === '/500' ? 500 : answer(path, request)
    request.resume().on('end', () => {
      response.statusCode = typeof told === 'number' ? told : 200
      response.end(typeof told === 'number' ? '' : JSON.stringify(told))
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function paid(dev: Dev, subject: string, more: object = {}): Promise<Payment> {
  const payment = await dev.api('POST', '/payments', { amount: 1800, subject, ...more })
  await dev.pay(await dev.scan(payment))
  return dev.until(payment, 'succeeded')
}

/** Opens an invitation and chooses a password. */
async function chooseSecret(page: Page, link: string, { signIn, menu }: Texts): Promise<void> {
  await page.goto(link)
  await page.getByLabel(signIn.password, { exact: true }).fill('a third long phrase 3')
  await button(page, signIn.invitationSubmit).click()
  await page.getByRole('heading', { name: menu.overview }).waitFor()
}

/** The clock of the shop. */
async function serverTime(dev: Dev): Promise<number> {
  return Date.parse((await dev.control<{ now: string }>('GET', '/clock')).now)
}
