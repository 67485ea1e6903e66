/**
 * Every dialog of the back office, opened: axe finds nothing serious in it, it fits the window, and
 * Escape leads back to what opened it.
 *
 * @module
 */
import { expect, vi } from 'vitest'
import { en } from '../../web/src/language/en.ts'
import { zh } from '../../web/src/language/zh.ts'
import { seriousProblems } from './axe.ts'
import { go } from './go.ts'
import { fits, inBrowser, looksAt, nameOf, shoot, show, test } from './in-browser.ts'
import { act } from './people.ts'

const ALL = process.env['SAOMA_TEST_ALL'] !== undefined

type Words = (texts: typeof zh | typeof en) => string

/** Where a dialog is, and what is written on its opener. */
const DIALOGS: Readonly<Record<string, readonly [path: string, opener: Words]>> = {
  evidence: ['payments/:paid', (t) => t.payment.raw],
  refund: ['payments/:paid', (t) => t.refund.title],
  cancel: ['payments/:open', (t) => t.payment.cancel],
  webhook: ['webhooks', (t) => t.webhooks.add],
  'webhook-rotate': ['webhooks/:endpoint', (t) => t.webhooks.rotate],
  'webhook-recover': ['webhooks/:endpoint', (t) => t.webhooks.recover],
  'webhook-remove': ['webhooks/:endpoint', (t) => t.common.remove],
  key: ['keys', (t) => t.keys.add],
  'key-revoke': ['keys', (t) => t.keys.revoke],
  user: ['users', (t) => t.users.add],
  alarm: ['alarms', (t) => t.alarms.add],
  reconciliation: ['reconciliations', (t) => t.reconciliations.start],
  bill: ['reconciliations', (t) => t.reconciliations.upload],
}

inBrowser('a dialog', () => {
  test.skipIf(!ALL)(
    'has nothing that axe calls serious, fits, and gives the focus back',
    async ({ dev, owner, open }) => {
      const paid = await dev.api('POST', '/payments', { amount: 1800, subject: 'Americano' })
      await dev.pay(await dev.scan(paid))
      await dev.until(paid, 'succeeded')
      const unpaid = await dev.api('POST', '/payments', { amount: 2600, subject: '拿铁' })
      const url = `${dev.emulator}/hook`
      const endpoint = await act<{ id: string }>(dev, owner, '/webhook_endpoints', { url })
      const ids: Readonly<Record<string, string>> = {
        ':paid': paid.id,
        ':open': unpaid.id,
        ':endpoint': endpoint.id,
      }
      const pages = {
        'zh-CN': await open({ as: owner }),
        en: await open({ as: owner, locale: 'en-GB' }),
      }
      for (const page of Object.values(pages)) await page.goto(`${dev.server}/console/account`)
      for (const [index, [dialog, [path, opener]]] of Object.entries(DIALOGS).entries()) {
        for (const look of looksAt(index)) {
          const page = pages[look.locale]
          const name = nameOf(`dialog-${dialog}`, look)
          await show(page, look)
          await go(page, `/console/${path.replace(/:\w+/, (id) => ids[id] ?? '')}`)
          const words = opener(look.locale === 'en' ? en : zh)
          const button = page.locator('main button', { hasText: words }).first()
          await button.click()
          await page.locator('[role=dialog]:visible').waitFor()
          expect(await seriousProblems(page), name).toEqual([])
          expect(await fits(page), name).toBe(true)
          await shoot(page, name)
          await page.keyboard.press('Escape')
          await page.locator('[role=dialog]:visible').waitFor({ state: 'hidden' })
          await vi.waitFor(async () => {
            const hasFocus = await button.evaluate((one) => one === one.ownerDocument.activeElement)
            expect(hasFocus, name).toBe(true)
          })
        }
      }
    },
  )
})
