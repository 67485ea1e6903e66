/**
 * Tests in Chromium: one browser and one `saoma dev` for all tests of a file, made when the first
 * asks for them; pages that are to meet no error; how pages are looked at. With SAOMA_SCREENSHOTS
 * set to a folder, as `npm test` does, pictures are left there.
 *
 * @module
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { test as base, describe, expect, onTestFinished, vi } from 'vitest'
import { startDev } from '../saoma-program.ts'
import { executablePath, launchChromium } from './chromium.ts'
import { becomeOwner, hire, type Person, type Role } from './people.ts'

const screenshots = process.env['SAOMA_SCREENSHOTS'] ?? ''

/** What a busy machine takes to load a page. */
const LOADING_MAX_MS = 40_000

/** A browser that does not close is left to the end of the process, which ends it. */
const CLOSING_MAX_MS = 5_000

// The first test of a file starts browser and server, too.
vi.setConfig({ testTimeout: 180_000 })

/** A group of tests that is left out where there is no browser. */
export const inBrowser = describe.skipIf(executablePath === '')

/** The sizes of what pages are looked at with. */
export const SIZES = {
  phone: { width: 375, height: 812 },
  desktop: { width: 1280, height: 800 },
} as const
export const { phone: PHONE, desktop: DESKTOP } = SIZES

/** How somebody looks at a page. */
export interface Look {
  readonly locale: 'zh-CN' | 'en'
  readonly device: keyof typeof SIZES
  readonly colorScheme: 'light' | 'dark'
}

/** Two neighbours have all that there is of each. */
const NEIGHBOURS: readonly Look[] = [
  { locale: 'zh-CN', device: 'phone', colorScheme: 'light' },
  { locale: 'en', device: 'desktop', colorScheme: 'dark' },
  { locale: 'zh-CN', device: 'desktop', colorScheme: 'dark' },
  { locale: 'en', device: 'phone', colorScheme: 'light' },
]
const OTHERS = NEIGHBOURS.map((look): Look => ({
  ...look,
  colorScheme: look.colorScheme === 'dark' ? 'light' : 'dark',
}))

/** How the page with this number in a walk is looked at: in one way, with SAOMA_TEST_ALL in all. */
export function looksAt(index: number): readonly Look[] {
  if (process.env['SAOMA_TEST_ALL']) return [...NEIGHBOURS, ...OTHERS]
  return NEIGHBOURS.slice(index % NEIGHBOURS.length).slice(0, 1)
}

/** The name of a picture. */
export function nameOf(page: string, { locale, device, colorScheme }: Look): string {
  return `${page}-${locale.slice(0, 2)}-${device}-${colorScheme}`
}

/** What a page is opened with. */
export interface OpenOptions extends BrowserContextOptions {
  /** Who is signed in. */
  readonly as?: Person
  /** Errors that the browser reports by itself and that are part of the test. */
  readonly expected?: readonly RegExp[]
}

/** Tests with a browser, and with a `saoma dev` where they ask for it. */
export const test = base
  // oxlint-disable-next-line no-empty-pattern -- it is read for what the fixture needs
  .extend('browser', { scope: 'file' }, async ({}, { onCleanup }) => {
    const browser = await launchChromium()
    onCleanup(() => soon(browser.close()))
    return browser
  })
  // oxlint-disable-next-line no-empty-pattern -- it is read for what the fixture needs
  .extend('dev', { scope: 'file' }, async ({}, { onCleanup }) => {
    const ends: (() => void | Promise<void>)[] = []
    onCleanup(async () => {
      for (const end of ends.toReversed()) await end()
    })
    return startDev(undefined, (end) => ends.push(end))
  })
  .extend('owner', { scope: 'file' }, ({ dev }) => becomeOwner(dev))
  .extend('hire', { scope: 'file' }, ({ dev, owner }) => {
    const staff = new Map<Role, Promise<Person>>()
    return (role: Role): Promise<Person> => {
      const one = staff.get(role) ?? hire(dev, owner, role)
      staff.set(role, one)
      return one
    }
  })
  .extend(
    'open',
    ({ browser }) =>
      (options: OpenOptions = {}) =>
        openPage(browser, options),
  )

/** A page of a person of their own, which is to meet no error and break no policy. */
async function openPage(
  browser: Browser,
  { as, expected = [], ...options }: OpenOptions,
): Promise<Page> {
  const context = await browser.newContext({
    locale: 'zh-CN',
    viewport: DESKTOP,
    reducedMotion: 'reduce',
    ...(as && { storageState: as.state }),
    ...options,
  })
  const page = await context.newPage()
  page.setDefaultTimeout(LOADING_MAX_MS)
  const wrong: string[] = []
  // A broken policy is an error of the console, too.
  page.on('console', (message) => {
    if (message.type() !== 'error' && message.type() !== 'warning') return
    wrong.push(`${message.text()} (${message.location().url})`)
  })
  page.on('pageerror', (error) => wrong.push(String(error)))
  page.on('dialog', (dialog) => {
    wrong.push(`A dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  onTestFinished(async () => {
    await soon(context.close())
    // The browser itself reports that somebody is not signed in yet.
    const known = [/status of 401/, ...expected]
    expect(wrong.filter((text) => !known.some((pattern) => pattern.test(text)))).toEqual([])
  })
  return page
}

/** Whether nothing reaches out of the window; the page may take a moment to get its size. */
export async function fits(page: Page): Promise<boolean> {
  const isWithin = async (): Promise<boolean> =>
    (await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')) <= 0
  return vi.waitUntil(isWithin, { timeout: CLOSING_MAX_MS }).catch(() => false)
}

/** Shows a page as somebody looks at it. */
export async function show(page: Page, { device, colorScheme }: Look): Promise<void> {
  await page.emulateMedia({ colorScheme })
  await page.setViewportSize(SIZES[device])
}

/** Leaves a picture of a page where pictures were asked for. */
export async function shoot(page: Page, name: string): Promise<void> {
  if (screenshots === '') return
  mkdirSync(screenshots, { recursive: true })
  await page.screenshot({ path: join(screenshots, `${name}.png`), animations: 'disabled' })
}

/** Waits for what ought to end at once, but not for ever. */
async function soon(work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const enough = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, CLOSING_MAX_MS)
  })
  await Promise.race([work, enough])
  clearTimeout(timer)
}
