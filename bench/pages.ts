/**
 * What people wait for when they open a page: the buyer's cashier page, the back office, the
 * counter; in Chromium, from a `saoma dev` that runs as a process of its own.
 *
 *     npm run bench -- pages [--rounds 9] [--json]
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { launchChromium } from '../test/browser/chromium.ts'
import { becomeOwner } from '../test/browser/people.ts'
import { watchTransfer, wireBytes, type Loaded } from '../test/browser/transfer.ts'
import { fixedPort } from '../test/machines/fixed-port.ts'
import { startGuarded } from '../test/machines/guarded-process.ts'
import { machineFolder } from '../test/machines/machine-folder.ts'

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '9' }, json: { type: 'boolean', default: false } },
})
const rounds = Number(values.rounds)
if (!(rounds >= 1)) throw new RangeError('--rounds is how often each page is opened, at least 1')

const root = new URL('..', import.meta.url).pathname

/** Bytes over the wire, and milliseconds in the median. The counter has no target. */
const BUDGETS = {
  cashier: { bytes: 20_000, ms: 300 },
  console: { bytes: 600_000, ms: 2_000 },
} as const

/** Of what a page loads, so many are listed by name. */
const LISTED_MAX = 12

/** What was seen when a page was opened once. */
interface Opening {
  /** Milliseconds from the first request to each moment. */
  readonly moments: Readonly<Record<string, number>>
  readonly loaded: readonly Loaded[]
}

/** When the page is ready for the one in front of it, as an expression in the page. */
const READY = {
  cashier: `document.querySelector('.code svg') !== null && document.getElementById('countdown')?.textContent !== ''`,
  console: `document.querySelectorAll('.figure-value').length === 5 && document.querySelector('.figure-value .ant-skeleton') === null`,
  counter: `document.querySelector('#orders li') !== null`,
} as const
type PageName = keyof typeof READY

const load = (loadavg()[0] ?? 0).toFixed(1)
const shop = await openShop()
const browser = await launchChromium()
try {
  // Compilers of the server get warm, and the browser's own processes start.
  await measure('cashier', 2)
  const results = {
    cashier: await measure('cashier', rounds),
    console: await measure('console', rounds),
    'console, again': await measure('console', rounds, true),
    counter: await measure('counter', rounds),
  }
  report(results)
} finally {
  await browser.close()
  await shop.close()
}

/** A shop with some payments today, one of which waits for its buyer. */
async function openShop() {
  const folder = machineFolder('bench-pages')
  const [port, emulatorPort] = [await fixedPort(), await fixedPort()]
  const process_ = startGuarded(
    process.execPath,
    [
      join(root, 'dist', 'cli', 'saoma.js'),
      'dev',
      `--port=${port}`,
      `--emulator-port=${emulatorPort}`,
      `--folder=${folder.path}`,
    ],
    { cwd: folder.path, env: process.env },
  )
  await process_.line('Stop with Ctrl+C')
  const server = `http://127.0.0.1:${port}`
  const key = readFileSync(join(folder.path, 'api-key-test'), 'utf8').trim()
  const order = async (amount: number): Promise<string> => {
    const response = await fetch(`${server}/v1/payments`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ amount, subject: '美式咖啡 × 2' }),
    })
    const { checkout_url: url } = (await response.json()) as { checkout_url: string }
    return url
  }
  for (let count = 1; count < 20; count += 1) await order(1_000 + count)
  const owner = await becomeOwner({ ...process_, server })
  return {
    server,
    owner,
    checkoutUrl: await order(8888),
    async close() {
      await process_.kill('SIGTERM')
      folder.remove()
    },
  }
}

/** Opens a page so many times: each in a profile of its own, or again where it was open before. */
async function measure(name: PageName, times: number, isAgain = false): Promise<Opening[]> {
  const openings: Opening[] = []
  for (let round = 0; round < times; round += 1) {
    const context = await newContext(browser, name)
    if (isAgain) await openOnce(context, name)
    openings.push(await openOnce(context, name))
    await context.close()
  }
  return openings
}

async function newContext(from: Browser, name: PageName): Promise<BrowserContext> {
  const context = await from.newContext({
    locale: 'zh-CN',
    viewport: name === 'cashier' ? { width: 375, height: 812 } : { width: 1280, height: 800 },
    ...(name !== 'cashier' && { storageState: shop.owner.state }),
  })
  await context.addInitScript(noteMoments(READY[name]))
  return context
}

async function openOnce(context: BrowserContext, name: PageName): Promise<Opening> {
  const page = await context.newPage()
  const transfer = await watchTransfer(page)
  const url = name === 'cashier' ? shop.checkoutUrl : `${shop.server}/${name}`
  await page.goto(url, { waitUntil: 'load' })
  await page.evaluate('Promise.all(awaited)')
  const moments = await readMoments(page)
  const loaded = transfer()
  await page.close()
  return { moments, loaded }
}

/** What the page runs before its own scripts: notes when what happens, in `moments`. */
function noteMoments(ready: string): string {
  return `
    globalThis.moments = {}
    const note = (moment, done) => {
      moments[moment] = performance.now()
      done()
    }
    globalThis.awaited = [
      new Promise((done) => {
        new PerformanceObserver((seen) => {
          if (seen.getEntriesByName('first-contentful-paint').length > 0) done()
        }).observe({ type: 'paint', buffered: true })
      }),
      new Promise((done) => {
        requestAnimationFrame(function look() {
          if (document.body !== null && ${ready}) note('ready', done)
          else requestAnimationFrame(look)
        })
      }),
    ]
    globalThis.EventSource = class extends EventSource {
      constructor(...args) {
        super(...args)
        awaited.push(
          new Promise((done) => {
            this.addEventListener('open', () => note('events open', done), { once: true })
          }),
        )
      }
    }`
}

async function readMoments(page: Page): Promise<Record<string, number>> {
  return page.evaluate(() => {
    const { moments } = globalThis as unknown as { moments: Record<string, number> }
    const browser = performance as unknown as {
      getEntriesByType(
        type: 'navigation',
      ): [{ responseStart: number; domContentLoadedEventEnd: number }]
    }
    const [navigation] = browser.getEntriesByType('navigation')
    const paint = performance.getEntriesByName('first-contentful-paint')[0]
    return {
      'first byte': navigation.responseStart,
      'DOM and scripts': navigation.domContentLoadedEventEnd,
      'first paint': paint?.startTime ?? Number.NaN,
      ...moments,
    }
  })
}

/** The whole: a buyer can act once it is drawn, its script runs and news can come. */
function interactiveMs({ moments }: Opening): number {
  return Math.max(...Object.values(moments))
}

function bytesOf({ loaded }: Opening): number {
  return wireBytes(loaded)
}

function report(results: Readonly<Record<string, readonly Opening[]>>): void {
  const rows = Object.entries(results).map(([name, openings]) => {
    const budget = BUDGETS[name.split(',')[0] as keyof typeof BUDGETS] as
      (typeof BUDGETS)[keyof typeof BUDGETS] | undefined
    const bytes = Math.max(...openings.map(bytesOf))
    const times = openings.map(interactiveMs).toSorted((a, b) => a - b)
    const ms = median(times)
    return {
      name,
      bytes,
      plain_bytes: Math.max(
        ...openings.map(({ loaded }) => loaded.reduce((sum, { plain }) => sum + plain, 0)),
      ),
      ms: Math.round(ms),
      slowest_ms: Math.round(times.at(-1) ?? Number.NaN),
      moments: momentsOf(openings),
      loaded: openings.at(-1)?.loaded ?? [],
      budget,
      ok: budget === undefined || (bytes < budget.bytes && ms < budget.ms),
    }
  })
  process.exitCode = rows.every(({ ok }) => ok) ? 0 : 1
  if (values.json) {
    console.log(JSON.stringify({ pages: rows }))
    return
  }
  const version = browser.version()
  console.log(
    `Chromium ${version}, Node ${process.version}, ${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), load ${load} before.`,
  )
  for (const { name, bytes, plain_bytes: plain, ms, slowest_ms: slowest, ...row } of rows) {
    const { budget, moments, loaded } = row
    const verdict = (value: number, limit: number | undefined): string =>
      limit === undefined ? '' : `, under ${whole(limit)}: ${value < limit ? 'met' : 'MISSED'}`
    console.log(
      [
        '',
        name.toUpperCase(),
        `  over the wire  ${whole(bytes)} bytes${verdict(bytes, budget?.bytes)}; ${whole(plain)} unpacked`,
        `  ready          ${ms} ms, slowest ${slowest}${verdict(ms, budget?.ms)}`,
        `  moments, ms    ${Object.entries(moments)
          .map(([moment, at]) => `${moment} ${at}`)
          .join(', ')}`,
        ...heaviest(loaded).map(
          ({ path, wire, plain: size }) =>
            `  ${whole(wire).padStart(9)}${whole(size).padStart(11)}  ${path}`,
        ),
      ].join('\n'),
    )
  }
  console.log(`
${rounds} times each, medians. A profile of its own each time, so nothing is in a cache; "again" is the second
time in one profile. Bytes are Chromium's own count, headers and packed bodies, over HTTP/1.1 on one
machine without a network between. Ready: the DOM is there, scripts have run, something is painted and,
on the cashier page, the code is drawn, the countdown goes and the stream of events is open; in the back
office today's five figures stand there; on the counter the last orders do.`)
}

/** The largest of what was loaded; the rest as one. */
function heaviest(loaded: readonly Loaded[]): readonly Loaded[] {
  const sorted = loaded.toSorted((a, b) => b.wire - a.wire || b.plain - a.plain)
  const rest = sorted.slice(LISTED_MAX)
  if (rest.length === 0) return sorted
  const sum = (of: 'wire' | 'plain'): number => rest.reduce((total, one) => total + one[of], 0)
  return [
    ...sorted.slice(0, LISTED_MAX),
    { path: `${rest.length} more`, wire: sum('wire'), plain: sum('plain'), isStream: false },
  ]
}

function momentsOf(openings: readonly Opening[]): Record<string, number> {
  const names = Object.keys(openings[0]?.moments ?? {})
  return Object.fromEntries(
    names.map((name) => {
      const times = openings.map(({ moments }) => moments[name] ?? Number.NaN)
      return [name, Math.round(median(times.toSorted((a, b) => a - b)))] as const
    }),
  )
}

function median(sorted: readonly number[]): number {
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en')
}
