/**
 * A shop's payments of some years in the back office: scrolled, looked for, and told live, in the
 * browser, by `saoma serve`. With SAOMA_TEST_ALL there are a hundred thousand, on both stores.
 *
 * @module
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, vi } from 'vitest'
import { openDatabase } from '../../src/store/database-sync.ts'
import { openPostgresStore, openSqliteStore } from '../../src/store/index.ts'
import { query as queryPostgres, sharedPostgres } from '../machines/postgres.ts'
import { fixedPort } from '../machines/fixed-port.ts'
import { startSaoma, temporaryFolder, untilSaid, type AtEnd } from '../saoma-program.ts'
import { putMany, type Wanted } from '../store/many-payments.ts'
import { storeKinds } from '../store/opened-stores.ts'
import { inBrowser, shoot, test } from './in-browser.ts'
import { becomeOwner, type Person } from './people.ts'

const ALL = process.env['SAOMA_TEST_ALL'] !== undefined
const COUNT = ALL ? 100_000 : 3_000
/** So many rows are scrolled through. */
const SCROLLED = ALL ? 3_000 : 120
/** Rows that exist at once, however long the list is: those in sight, and some at either end. */
const ROWS_MAX = 60
/** Less than what is in sight. */
const WHEEL_PX = 350
/** New payments come after so many turns of the wheel. */
const NEWS_AFTER = 10

const DAY_MS = 86_400_000
const MINUTE_MS = 60_000
const BEIJING_MS = 8 * 3_600_000
const API_KEY = 'sk_test_0123456789abcdef0123456789abcdef01234567'
const ROW = '.ant-table-row'
const SEARCH = '[role=search] .ant-input-search input'

interface Shop {
  readonly server: string
  readonly owner: Person
  readonly wanted: Wanted
  create(): Promise<{ readonly id: string }>
}

const kinds = storeKinds.map(({ kind }) => kind).filter((kind) => ALL || kind === 'sqlite')

inBrowser.each(kinds)(`${COUNT} payments on %s`, (kind) => {
  let shop: Shop
  const ends: (() => void | Promise<void>)[] = []
  beforeAll(async () => {
    shop = await openShop(kind, (end) => ends.push(end))
  }, 300_000)
  afterAll(async () => {
    for (const end of ends.toReversed()) await end()
  })

  test('none is left out or shown twice as they are scrolled and others come, and few exist at once', async ({
    open,
  }) => {
    const page = await open({ as: shop.owner })
    await page.goto(`${shop.server}/console/payments`)
    await page.waitForSelector(ROW)
    const box = await page.locator('.ant-table').boundingBox()
    await page.mouse.move((box?.x ?? 0) + 300, (box?.y ?? 0) + 200)

    const rows = await idsOf(page)
    const news: string[] = []
    for (let turn = 1; rows.length < SCROLLED; turn += 1) {
      const before = await topOf(page)
      await page.mouse.wheel(0, WHEEL_PX)
      await vi.waitFor(async () => expect(await topOf(page)).not.toBe(before))
      append(rows, await idsOf(page))
      expect(await page.locator(ROW).count()).toBeLessThan(ROWS_MAX)
      if (turn === NEWS_AFTER) news.push((await shop.create()).id, (await shop.create()).id)
    }
    expect(rows).toEqual(
      rows.map((_, index) => (index === 0 ? 'pay_open' : `pay_${COUNT - index + 1}`)),
    )

    while ((await topOf(page)) !== news[1]) await page.mouse.wheel(0, -100_000)
    expect((await idsOf(page)).slice(0, 4)).toEqual([
      ...news.toReversed(),
      'pay_open',
      `pay_${COUNT}`,
    ])
    await shoot(page, `console-many-${kind}`)
  })

  test('one that comes while the next page is under way is not forgotten', async ({ open }) => {
    const page = await open({ as: shop.owner })
    let release = (): void => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    await page.route('**/v1/payments?*starting_after=*', async (route) => {
      await held
      await route.continue()
    })
    const following = page.waitForResponse('**/v1/events/stream?*')
    await page.goto(`${shop.server}/console/payments`)
    await page.waitForSelector(ROW)
    await following
    const next = page.waitForRequest('**/v1/payments?*starting_after=*')
    await page.locator('.ant-table').hover()
    while ((await Promise.race([next, page.mouse.wheel(0, 2_000)])) === undefined);
    const { id } = await shop.create()
    const told = await page.waitForResponse(`**/v1/payments/${id}`)
    await told.finished()
    const came = page.waitForResponse('**/v1/payments?*starting_after=*')
    release()
    await (await came).finished()
    await vi.waitFor(async () => {
      await page.mouse.wheel(0, -100_000)
      expect(await topOf(page)).toBe(id)
    })
  })

  test('each is found by all that people know of it', async ({ open }) => {
    const page = await open({ as: shop.owner })
    const { id, outTradeNo, reference, tradeNo, amount, buyerLogonId, createdAt } = shop.wanted
    await page.goto(`${shop.server}/console/payments`)
    await page.waitForSelector(ROW)
    const found = (): Promise<void> =>
      vi.waitFor(async () => expect(await idsOf(page)).toEqual([id]))
    // The fields are made anew, too: what is typed before that is lost.
    const reset = async (): Promise<void> => {
      await page.click('button:has-text("清空")')
      await vi.waitFor(async () => expect((await idsOf(page)).length).toBeGreaterThan(1))
    }
    for (const text of [outTradeNo, reference, tradeNo, tradeNo.slice(-6), buyerLogonId, id]) {
      await page.fill(SEARCH, text)
      await page.press(SEARCH, 'Enter')
      await found()
      await reset()
    }
    await page.fill('[role=search] .ant-input-number-input', String(amount / 100))
    await page.keyboard.press('Enter')
    await found()
    expect(await page.textContent(ROW)).toContain(`¥${(amount / 100).toFixed(2)}`)
    await reset()
    // One day, as it is typed into the calendar: the last payment of it comes first.
    const day = new Date(createdAt + BEIJING_MS).toISOString().slice(0, 10)
    const [from, to] = await page.locator('.ant-picker input').all()
    await from?.fill(day)
    await page.keyboard.press('Enter')
    await to?.fill(day)
    await page.keyboard.press('Enter')
    await page.waitForURL('**created_from=*')
    const midnight = Date.parse(`${day}T00:00:00+08:00`) + DAY_MS
    const last = Number(id.slice('pay_'.length)) + Math.ceil((midnight - createdAt) / MINUTE_MS) - 1
    await vi.waitFor(async () => expect(await topOf(page)).toBe(`pay_${last}`))
    await shoot(page, `console-many-day-${kind}`)
  })
})

/** The rows that exist, from the top. */
function idsOf(page: Page): Promise<string[]> {
  return page
    .locator(ROW)
    .evaluateAll((rows) => rows.map((row) => row.getAttribute('data-row-key') ?? ''))
}

async function topOf(page: Page): Promise<string | undefined> {
  return (await idsOf(page))[0]
}

/** Adds what comes after what was seen; both have rows in common, or something was left out. */
function append(seen: string[], inSight: readonly string[]): void {
  const at = seen.indexOf(inSight[0] ?? '')
  expect(at).toBeGreaterThanOrEqual(0)
  expect(inSight.slice(0, seen.length - at)).toEqual(seen.slice(at, at + inSight.length))
  seen.push(...inSight.slice(seen.length - at))
}

/** A shop with many payments, the newest a minute old. */
async function openShop(kind: (typeof kinds)[number], atEnd: AtEnd): Promise<Shop> {
  const folder = temporaryFolder(atEnd)
  const database = kind === 'postgresql' ? await (await sharedPostgres()).createDatabase() : null
  const emulator = await startSaoma(
    ['emulator', '--json', `--port=${await fixedPort()}`],
    {},
    atEnd,
  )
  await untilSaid(emulator, '{')
  await vi.waitFor(() => JSON.parse(emulator.stdout()) as unknown)
  const alipay = JSON.parse(emulator.stdout()) as Record<string, string>
  const wanted = await fill(folder, database, `test ${alipay['app_id']}`)
  const port = await fixedPort()
  const server = `http://127.0.0.1:${port}`
  const serve = await startSaoma(
    ['serve'],
    {
      SAOMA_GATEWAY: alipay['gateway'] ?? '',
      SAOMA_APP_ID: alipay['app_id'] ?? '',
      SAOMA_APP_PRIVATE_KEY: alipay['app_private_key'] ?? '',
      SAOMA_ALIPAY_PUBLIC_KEY: alipay['alipay_public_key'] ?? '',
      SAOMA_PUBLIC_URL: server,
      SAOMA_PORT: String(port),
      SAOMA_FOLDER: folder,
      SAOMA_API_KEY: API_KEY,
      ...(database !== null && { SAOMA_DATABASE_URL: database }),
    },
    atEnd,
  )
  await untilSaid(serve, 'Stop with Ctrl+C')
  return {
    server,
    owner: await becomeOwner({ ...serve, server }),
    wanted,
    async create() {
      const response = await fetch(`${server}/v1/payments`, {
        method: 'POST',
        headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
        body: JSON.stringify({ amount: 1200, subject: '燕麦拿铁' }),
      })
      return (await response.json()) as { id: string }
    },
  }
}

async function fill(folder: string, database: string | null, identity: string): Promise<Wanted> {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'saoma.db')
  const store =
    database === null
      ? await openSqliteStore(file, { identity })
      : await openPostgresStore({ url: database, identity })
  const query = async (statement: string): Promise<Record<string, unknown>[]> => {
    if (database !== null) return queryPostgres(database, statement)
    const beside = await openDatabase(file)
    try {
      return beside.prepare(statement).all() as Record<string, unknown>[]
    } finally {
      beside.close()
    }
  }
  const wanted = await putMany({ store, payments: store.payments, query }, COUNT)
  // The newest was made a minute ago; nobody asks about it any more.
  const [newest] = await query(`select created_at as at from payments where id = 'pay_open'`)
  const shift =
    Math.floor((Date.now() - Number(newest?.['at'])) / MINUTE_MS) * MINUTE_MS - MINUTE_MS
  await query(
    `update payments set created_at = created_at + ${shift}, paid_at = paid_at + ${shift}`,
  )
  await query('delete from due_payments')
  await store.close()
  return { ...wanted, createdAt: wanted.createdAt + shift }
}
