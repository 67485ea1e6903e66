import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Payment } from '../../src/payments/index.ts'
import { walletUrl } from '../../src/server/cashier/view.ts'
import { QR_CODE } from './fake-payments.ts'
import { startServer } from './server-under-test.ts'

type Started = ReturnType<typeof startServer>

afterEach(() => {
  vi.useRealTimers()
})

/** How a payment comes to each state of the page, with what the page then says. */
const states: [state: string, change: Partial<Payment>, zh: string, en: string][] = [
  ['preparing', { status: 'created', qrCode: null }, '正在生成付款码', 'Preparing your code'],
  ['waiting', {}, '请使用支付宝付款', 'Pay with Alipay'],
  ['scanned', { scannedAt: 1 as never }, '已扫码，请在手机上确认付款', 'Confirm on your phone'],
  ['confirming', { status: 'closing' }, '正在确认支付结果', 'Confirming your payment'],
  ['paid', { status: 'succeeded' }, '支付成功', 'Payment successful'],
  ['expired', { status: 'expired' }, '订单已过期，请勿支付', 'expired. Do not pay'],
  ['canceled', { status: 'canceled' }, '订单已取消，请勿支付', 'canceled. Do not pay'],
  ['failed', { status: 'failed', qrCode: null }, '暂时无法付款', 'cannot be paid'],
]

describe('the page', () => {
  test.each(states)('shows %s, in Chinese and English', async (state, change, zh, en) => {
    const { get, order, payments } = startServer()
    await order()
    payments.change('pay_1', change)
    for (const [language, title] of [
      ['zh', zh],
      ['en', en],
    ] as const) {
      const page = await (await get(`/c/token1?lang=${language}`)).text()
      expect(page).toContain(`data-state="${state}"`)
      expect(page).toContain(title)
      expect(page).toContain('88.88')
      expect(page).toContain('清晨咖啡')
      expect(page).toContain('美式咖啡')
      expect(page).toMatch(/<title>.+ · 清晨咖啡<\/title>/)
    }
  })

  test('shows a payment that was given back in full as refunded', async () => {
    const { get, order, payments } = startServer()
    await order()
    payments.change('pay_1', { status: 'succeeded' })
    await payments.refund({ paymentId: 'pay_1' })
    const page = await (await get('/c/token1')).text()
    expect(page).toContain('data-state="refunded"')
    expect(page).toContain('¥88.88</b>')
  })

  test.each(states.filter(([state]) => state !== 'waiting' && state !== 'scanned'))(
    'holds no code when it is %s',
    async (_, change) => {
      const { get, order, payments } = startServer()
      await order()
      payments.change('pay_1', change)
      const text = await (await get('/c/token1')).text()
      const status = await (await get('/c/token1/status')).text()
      expect(text + status).not.toMatch(/qr\.alipay\.com|id="code"|startapp/)
    },
  )

  test('never shows paid before the commit', async () => {
    const { get, order, payments, clock } = startServer()
    await order()
    const shown = async () => {
      const page = await (await get('/c/token1')).text()
      return /data-state="(\w+)"/.exec(page)?.[1]
    }
    // Seen, but not committed as paid.
    payments.change('pay_1', { tradeStatus: 'TRADE_SUCCESS', scannedAt: clock.now() })
    expect(await shown()).toBe('scanned')
    clock.advance(300_000)
    expect(await shown()).toBe('confirming')
    payments.change('pay_1', { status: 'succeeded' })
    expect(await shown()).toBe('paid')
  })

  test('escapes what the merchant and the buyer wrote', async () => {
    const evil = `<script>alert("1")</script>&'`
    const { get, payments, order } = startServer({ merchantName: evil })
    await order({ subject: evil, returnUrl: 'https://shop.example/?a="><script>' })
    payments.change('pay_1', { status: 'expired' })
    const page = await (await get('/c/token1')).text()
    const { html } = (await (await get('/c/token1/status')).json()) as { html: string }
    for (const text of [page, html]) {
      expect(text).not.toContain('<script>')
      expect(text).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;')
      expect(text).toContain('href="https://shop.example/?a=&quot;&gt;&lt;script&gt;"')
    }
  })

  test('links back to the shop only when it is over', async () => {
    const { get, order, payments } = startServer()
    await order({ returnUrl: 'https://shop.example/thanks' })
    expect(await (await get('/c/token1')).text()).not.toContain('shop.example')
    payments.change('pay_1', { status: 'closing' })
    expect(await (await get('/c/token1')).text()).not.toContain('shop.example')
    payments.change('pay_1', { status: 'succeeded' })
    expect(await (await get('/c/token1')).text()).toContain('href="https://shop.example/thanks"')
  })

  test('loads itself again without JavaScript until it is over', async () => {
    const { get, order, payments } = startServer()
    await order()
    const refresh =
      /<noscript\s*><meta http-equiv="refresh" content="5;url=\?lang=zh"\s*\/><\/noscript>/
    expect(await (await get('/c/token1')).text()).toMatch(refresh)
    payments.change('pay_1', { status: 'succeeded' })
    expect(await (await get('/c/token1')).text()).not.toContain('http-equiv')
  })

  test('says how much time is left, rounded up', async () => {
    const { get, order, clock } = startServer()
    await order()
    clock.advance(1)
    expect(await (await get('/c/token1')).text()).toContain('id="countdown">05:00</b>')
    clock.advance(238_999)
    expect(await (await get('/c/token1')).text()).toContain('id="countdown">01:01</b>')
  })

  test.each([
    [1, '0.01'],
    [100_000, '1,000.00'],
    [10_000_000_000, '100,000,000.00'],
  ])('writes %i fen as %s', async (amount, text) => {
    const { get, order } = startServer()
    await order({ amount })
    expect(await (await get('/c/token1')).text()).toContain(`<span>¥</span>${text}</p>`)
  })

  test('says that it is a test, unless it is not', async () => {
    for (const mode of ['test', 'live'] as const) {
      const { get, order } = startServer({ mode })
      await order()
      const page = await (await get('/c/token1')).text()
      expect(page.includes('测试环境')).toBe(mode === 'test')
    }
  })

  test('is under 20 kB as it is sent, with all that it loads', async () => {
    const { get, order, payments } = startServer({ look: { accent: '#7a1fa2', corner: 4 } })
    await order({ subject: '咖'.repeat(256), returnUrl: 'https://shop.example/' })
    payments.change('pay_1', { scannedAt: 1 as never })
    const headers = { 'accept-encoding': 'gzip' }
    const sent = async (path: string) =>
      (await (await get(path, { headers })).arrayBuffer()).byteLength
    const page = await (await get('/c/token1')).text()
    const files = [...page.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(
      ([, path = '']) => path,
    )
    expect(files).toHaveLength(5)
    const sizes = await Promise.all(['/c/token1', ...files].map(sent))
    expect(sizes.reduce((sum, size) => sum + size)).toBeLessThan(20_000)
  })

  test('holds no inline script or style, and allows none', async () => {
    const { get, order } = startServer()
    await order()
    const response = await get('/c/token1')
    const page = await response.text()
    expect(page).not.toMatch(/<style|\sstyle=|\son\w+=|javascript:/)
    expect([...page.matchAll(/<script\b([^>]*)>([^]*?)<\/script>/g)]).toMatchObject([
      { 1: expect.stringContaining('src="/assets/cashier.js?v='), 2: '' },
    ])
    expect(response.headers.get('content-security-policy')).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'",
    )
  })

  test('is kept by nobody, and tells nobody where it is', async () => {
    const { get, order } = startServer()
    await order()
    const { headers } = await get('/c/token1')
    expect(Object.fromEntries(headers)).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'content-type': 'text/html; charset=UTF-8',
    })
  })
})

describe('the receipt', () => {
  test('names the order by the number that Alipay shows the buyer, and Alipay’s own once it is paid', async () => {
    const { get, order, payments } = startServer()
    await order()
    payments.change('pay_1', { tradeNo: '2026112322001' })
    const before = await (await get('/c/token1')).text()
    expect(before).toContain('out_1')
    expect(before).not.toContain('2026112322001')
    payments.change('pay_1', { status: 'succeeded', paidAt: 1_795_400_060_000 as never })
    const after = await (await get('/c/token1?lang=en')).text()
    expect(after).toContain('2026112322001')
    expect(after).toContain('id="print"')
  })
})

describe('"I have paid"', () => {
  const post = ({ get }: Started, headers: Record<string, string> = {}) =>
    get('/c/token1/check?lang=en&display=counter', { method: 'POST', headers })

  test('asks Alipay, and shows what is committed then', async () => {
    const started = startServer()
    const { payments } = started
    await started.order()
    payments.sync = async (id) => payments.change(id, { status: 'succeeded' })
    const answer = await post(started, { accept: 'application/json' })
    expect(await answer.json()).toMatchObject({ state: 'paid', title: 'Payment successful' })
  })

  test('leads a form without a script back to the page, which says that nothing was found', async () => {
    const started = startServer()
    await started.order()
    const answer = await post(started)
    expect(answer.status).toBe(303)
    const location = answer.headers.get('location') ?? ''
    expect(location).toBe('/c/token1?lang=en&display=counter&checked')
    expect(await (await started.get(location)).text()).toContain('No payment found yet')
    expect(await (await started.get('/c/token1?lang=en')).text()).not.toMatch(
      /role="status"[^>]*>\s*No payment found yet/,
    )
  })

  test('asks once in three seconds, however often it is pressed', async () => {
    const started = startServer()
    let asked = 0
    started.payments.sync = async (id) => {
      asked++
      return started.payments.find(id)
    }
    await started.order()
    for (let press = 0; press < 5; press++) await post(started)
    expect(asked).toBe(1)
    started.clock.advance(2_999)
    await post(started)
    expect(asked).toBe(1)
    started.clock.advance(1)
    await post(started)
    expect(asked).toBe(2)
  })

  test('asks nothing once it is over, nor for another site', async () => {
    const started = startServer()
    const sync = vi.spyOn(started.payments, 'sync')
    await started.order()
    const foreign = await post(started, { 'sec-fetch-site': 'cross-site' })
    expect(foreign.status).toBe(409)
    started.payments.change('pay_1', { status: 'expired' })
    expect((await post(started)).status).toBe(303)
    expect(sync).not.toHaveBeenCalled()
    expect(await (await started.get('/c/token1')).text()).not.toContain('id="check"')
  })

  test('shows what is known where Alipay cannot be asked', async () => {
    const started = startServer()
    await started.order()
    started.payments.sync = async () => {
      throw new Error('There is no way to Alipay')
    }
    const answer = await post(started, { accept: 'application/json' })
    expect(await answer.json()).toMatchObject({ state: 'waiting' })
    expect(started.logged).toMatchObject([{ event: 'recheck.failed' }])
  })
})

describe('the look', () => {
  const svg = { type: 'image/svg+xml', content: Buffer.from('<svg/>') } as const

  test('is the merchant’s: picture, colour with text that is legible on it, corners', async () => {
    const { get, order } = startServer({ look: { logo: svg, accent: '#ffd400', corner: 0 } })
    await order()
    const page = await (await get('/c/token1')).text()
    const style = /href="(\/assets\/look\/[^"]+style\.css[^"]+)"/.exec(page)?.[1] ?? ''
    const sheet = await get(style)
    expect(await sheet.text()).toBe(
      ':root:root { --accent: #ffd400; --on-accent: #000000; --corner: 0px }\n',
    )
    expect(sheet.headers.get('cache-control')).toContain('immutable')
    const logo = /<img src="([^"]+)" alt=""/.exec(page)?.[1] ?? ''
    const picture = await get(logo)
    expect(picture.headers.get('content-type')).toBe('image/svg+xml')
    expect(await picture.text()).toBe('<svg/>')
    expect(picture.headers.get('content-security-policy')).toContain("default-src 'none'")
  })

  test('is saoma’s own where nothing is said', async () => {
    const { get, order } = startServer()
    await order()
    expect(await (await get('/c/token1')).text()).not.toMatch(/assets\/look|<img/)
    expect((await get('/assets/look/app_default/style.css')).status).toBe(404)
    expect((await get('/assets/look/app_unknown/logo')).status).toBe(404)
  })

  test('lets the sites frame the page that it names, and no other page', async () => {
    const { get, order } = startServer({
      look: { embeddedBy: ['https://shop.example', 'http://127.0.0.1:8080'] },
    })
    await order()
    const policy = async (path: string) =>
      (await get(path)).headers.get('content-security-policy') ?? ''
    expect(await policy('/c/token1')).toMatch(
      /frame-ancestors 'self' https:\/\/shop\.example http:\/\/127\.0\.0\.1:8080$/,
    )
    expect(await policy('/reference')).toMatch(/frame-ancestors 'self'$/)
  })

  test.each([
    [{ accent: 'red' }, '#rrggbb'],
    [{ accent: '#fff;} body{' }, '#rrggbb'],
    [{ corner: 99 }, '0 to 32'],
    [{ embeddedBy: ['https://shop.example/pay'] }, 'without a path'],
    [{ embeddedBy: ['*'] }, 'without a path'],
    [{ embeddedBy: ['https://shop.example; script-src *'] }, 'without a path'],
  ])('%j is refused at start', (look, message) => {
    expect(() => startServer({ look })).toThrow(message)
  })
})

describe('the page’s colours and screen', () => {
  test('?theme= takes the one that is asked for', async () => {
    const { get, order } = startServer()
    await order()
    const page = async (query: string) => (await get(`/c/token1${query}`)).text()
    const dark = /cashier-dark\.css[^>]+media="([^"]+)"/
    expect(dark.exec(await page(''))?.[1]).toBe('screen and (prefers-color-scheme: dark)')
    expect(dark.exec(await page('?theme=dark'))?.[1]).toBe('screen')
    expect(await page('?theme=light')).not.toContain('cashier-dark.css')
    expect(await page('?theme="><script>')).not.toContain('"><script>')
  })

  test('?display=counter stays with the page when the language changes', async () => {
    const { get, order } = startServer()
    await order()
    const page = await (await get('/c/token1?display=counter')).text()
    expect(page).toContain('display.js')
    expect(page).toContain('href="?lang=en&amp;display=counter"')
    expect(await (await get('/c/token1')).text()).not.toContain('display.js')
  })
})

test('/embed.js is there for every shop', async () => {
  const { get } = startServer()
  const { headers, status } = await get('/embed.js')
  expect(status).toBe(200)
  expect(headers.get('content-type')).toMatch(/^text\/javascript/)
  expect(headers.get('cross-origin-resource-policy')).toBe('cross-origin')
})

test.each([
  [undefined, '', 'zh-CN'],
  ['en-GB,en;q=0.9', '', 'en'],
  ['zh-TW,zh;q=0.9,en;q=0.8', '', 'zh-CN'],
  ['en;q=0.5,zh;q=0.6', '', 'zh-CN'],
  ['fr-FR,fr;q=0.9,en;q=0.8', '', 'en'],
  ['fr', '', 'zh-CN'],
  ['en', '?lang=zh', 'zh-CN'],
  ['zh', '?lang=en', 'en'],
  ['en', '?lang=de', 'en'],
])('Accept-Language %s and "%s" read %s', async (accepted, query, tag) => {
  const { get, order } = startServer()
  await order()
  const headers = accepted === undefined ? {} : { 'accept-language': accepted }
  const response = await get(`/c/token1${query}`, { headers })
  expect(response.headers.get('content-language')).toBe(tag)
  expect(response.headers.get('vary')).toBe('Accept-Encoding, Accept-Language')
  expect(await response.text()).toContain(`<html lang="${tag}"`)
})

test.each([
  [QR_CODE, `alipays://platformapi/startapp?saId=10000007&qrcode=${encodeURIComponent(QR_CODE)}`],
  ['http://127.0.0.1:6201/qr/abc', 'http://127.0.0.1:6201/qr/abc'],
  ['http://qr.alipay.com.evil.example/x', 'http://qr.alipay.com.evil.example/x'],
  ['javascript:alert(1)', null],
  ['alipays://platformapi', null],
  ['bax03351', null],
])('the code %s opens %s on the phone', (qrCode, url) => {
  expect(walletUrl(qrCode)).toBe(url)
})

describe('an unknown token', () => {
  test('has a friendly page in both languages', async () => {
    const { get } = startServer()
    for (const [language, text] of [
      ['zh', '没有找到这笔订单'],
      ['en', 'We cannot find this order'],
    ]) {
      const response = await get(`/c/unknown?lang=${language}`)
      expect(response.status).toBe(404)
      expect(await response.text()).toContain(text)
    }
  })

  test('has neither status nor events', async () => {
    const { get, payments } = startServer()
    for (const path of ['/c/unknown/status', '/c/unknown/events']) {
      const response = await get(path)
      expect(response.status).toBe(404)
      expect(await response.json()).toMatchObject({ error: { code: 'checkout_not_found' } })
    }
    expect(payments.watching()).toBe(0)
  })
})

describe('the status', () => {
  test('says what the buyer may know, and how long it lasts by our clock', async () => {
    const { get, order, clock } = startServer()
    await order()
    clock.advance(1000)
    const { html, tag, ...rest } = (await (await get('/c/token1/status')).json()) as {
      html: string
      tag: string
    }
    expect(html).toContain('id="code"')
    expect(tag).toMatch(/^[\w-]{16}$/)
    expect(rest).toEqual({
      object: 'checkout',
      version: 1,
      livemode: false,
      state: 'waiting',
      final: false,
      amount: 8888,
      amount_refunded: 0,
      currency: 'cny',
      subject: '美式咖啡',
      qr_code: QR_CODE,
      expires_at: '2026-11-23T02:18:20.000Z',
      expires_in_ms: 299_000,
      paid_at: null,
      return_url: null,
      retry_url: null,
      title: '请使用支付宝付款',
    })
  })

  test('offers a new code after the deadline, and none for a sale that the merchant gave up', async () => {
    const { get, order, payments } = startServer()
    await order()
    const retry = { reference: 'A-1', retryAllowed: true }
    const offered = async () =>
      ((await (await get('/c/token1/status')).json()) as { retry_url: string | null }).retry_url
    const asked = async () => (await get('/c/token1/retry', { method: 'POST' })).status
    payments.change('pay_1', { ...retry, status: 'canceled', cancellationReason: 'requested' })
    expect([await offered(), await asked()]).toEqual([null, 409])
    payments.change('pay_1', { ...retry, status: 'expired', cancellationReason: 'expired' })
    expect([await offered(), await asked()]).toEqual(['/c/token1/retry', 303])
  })

  test('is 304 until something changes, however much time passes', async () => {
    const { get, order, payments, clock } = startServer()
    await order()
    const etag = (await get('/c/token1/status')).headers.get('etag') ?? ''
    const again = () => get('/c/token1/status', { headers: { 'if-none-match': etag } })
    clock.advance(60_000)
    expect([(await again()).status, await (await again()).text()]).toEqual([304, ''])
    payments.change('pay_1', { status: 'succeeded' })
    expect(await (await again()).json()).toMatchObject({ state: 'paid', final: true })
  })

  test('holds no more than the page shows', async () => {
    const { get, order, payments } = startServer()
    await order()
    payments.change('pay_1', {
      status: 'succeeded',
      reference: 'SECRET-1',
      buyerLogonId: '159****5620',
      tradeNo: '2026112322001',
    })
    const text = await (await get('/c/token1/status')).text()
    expect(text).not.toMatch(/SECRET|5620|pay_1/)
  })
})

describe('the events', () => {
  async function open({ get }: Started, init: RequestInit = {}) {
    const response = await get('/c/token1/events', init)
    if (response.body === null) throw new Error('There is no stream')
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
    return {
      response,
      /** The next message, or the end. */
      async next() {
        const { value = 'end' } = await reader.read()
        return value
      },
      async nextState() {
        const data = /^data: (.+)$/m.exec((await reader.read()).value ?? '')?.[1]
        return data === undefined ? 'end' : (JSON.parse(data) as { state: string }).state
      },
      cancel: () => reader.cancel(),
    }
  }

  test('begin with the present state, tell each commit, and end with the last', async () => {
    const started = startServer()
    await started.order()
    const stream = await open(started)
    expect(stream.response.headers.get('content-type')).toMatch(/^text\/event-stream/)
    expect(stream.response.headers.get('cache-control')).toBe('no-store')
    expect(await stream.nextState()).toBe('waiting')
    started.payments.change('pay_1', { scannedAt: started.clock.now() })
    started.payments.change('pay_1', { status: 'closing' })
    started.payments.change('pay_1', { status: 'succeeded' })
    expect(await stream.nextState()).toBe('scanned')
    expect(await stream.nextState()).toBe('confirming')
    expect(await stream.nextState()).toBe('paid')
    expect(await stream.next()).toBe('end')
    expect(started.payments.watching()).toBe(0)
  })

  test('say nothing of a commit that changes nothing for the buyer', async () => {
    const started = startServer()
    await started.order()
    const stream = await open(started)
    expect(await stream.nextState()).toBe('waiting')
    started.payments.change('pay_1', { unknownCalls: 1 })
    started.payments.change('pay_1', { scannedAt: started.clock.now() })
    expect(await stream.nextState()).toBe('scanned')
    await stream.cancel()
  })

  test('lose no commit that falls between the first look and the last', async () => {
    const started = startServer()
    await started.order()
    const { payments } = started
    const find = payments.find.bind(payments)
    payments.find = async (id) => {
      const record = await find(id)
      // Committed after the record was read and before it was used.
      payments.change('pay_1', { status: 'succeeded' })
      return record
    }
    const stream = await open(started)
    expect(await stream.nextState()).toBe('paid')
    expect(await stream.next()).toBe('end')
  })

  test('stop watching when the reader goes away', async () => {
    const started = startServer()
    await started.order()
    const stream = await open(started)
    await stream.nextState()
    expect(started.payments.watching()).toBe(1)
    await stream.cancel()
    expect(started.payments.watching()).toBe(0)
  })

  test('end when the server stops', async () => {
    const started = startServer()
    await started.order()
    const stream = await open(started)
    await stream.nextState()
    started.server.endEvents()
    expect(await stream.next()).toBe('end')
    expect(started.payments.watching()).toBe(0)
    expect(await (await open(started)).next()).toBe('end')
  })

  test('say something every 15 seconds', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const started = startServer()
    await started.order()
    const stream = await open(started)
    await stream.nextState()
    vi.advanceTimersByTime(30_000)
    expect(await stream.next()).toBe(':\n\n')
    expect(await stream.next()).toBe(':\n\n')
    await stream.cancel()
    expect(vi.getTimerCount()).toBe(0)
  })

  test('are 204 for a browser that has seen the end', async () => {
    const started = startServer()
    await started.order()
    started.payments.change('pay_1', { status: 'succeeded' })
    const id = /^id: (.+)$/m.exec(await (await open(started)).next())?.[1] ?? ''
    const headers = { 'last-event-id': id }
    expect((await started.get('/c/token1/events', { headers })).status).toBe(204)
  })
})
