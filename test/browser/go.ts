/**
 * The way from page to page of the back office.
 *
 * @module
 */
import type { Page } from 'playwright-core'

/** Goes to another page as its links do, without loading all anew, and waits for what it shows. */
export async function go(page: Page, path: string): Promise<void> {
  await page.waitForSelector('main h1')
  if (new URL(page.url()).pathname === path) return
  await page.evaluate((to) => {
    const scope = globalThis as unknown as {
      document: { querySelector(selector: string): { id: string } }
      history: { pushState(state: unknown, unused: string, url: string): void }
      dispatchEvent(event: Event): void
    }
    scope.document.querySelector('main h1').id = 'left'
    scope.history.pushState(null, '', to)
    scope.dispatchEvent(new Event('popstate'))
  }, path)
  await page.waitForSelector('main h1:not(#left)')
  await page.waitForSelector('.ant-skeleton, .ant-spin-spinning', { state: 'detached' })
}
