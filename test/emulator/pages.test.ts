import { describe, expect, test } from 'vitest'
import { formatYuan, parseYuan, toFen, type Fen } from '../../src/alipay/money.ts'
import { createPages, type PagesOptions } from '../../src/emulator/pages/index.ts'

const ORIGIN = 'http://127.0.0.1:6201'
const CHECKOUT = 'http://127.0.0.1:6200/checkout/pay_1'

const pagePaths = ['/', '/wallet', '/panel', '/control-api', '/shop']

function shopPages(options: Partial<PagesOptions> = {}) {
  const orders: { subject: string; amount: Fen }[] = []
  const app = createPages({
    placeOrder: (order) => {
      orders.push(order)
      return Promise.resolve({ checkoutUrl: CHECKOUT })
    },
    ...options,
  })
  return { app, orders }
}

function order(form: Record<string, string>, headers: Record<string, string> = {}): Request {
  return new Request(`${ORIGIN}/shop/orders`, {
    method: 'POST',
    body: new URLSearchParams(form),
    headers: { origin: ORIGIN, ...headers },
  })
}

describe('addresses', () => {
  test('a scanned code leads to the wallet with that code', async () => {
    const response = await createPages().request('/qr/bax0123')
    expect(response.status).toBe(302)
    expect(response.headers.get('location')).toBe('/wallet?code=bax0123')
  })

  test('a code cannot add parameters or lead to another site', async () => {
    const response = await createPages().request('/qr/%2F%2Fevil.example%3F&buyer=x%0d%0a')
    expect(response.headers.get('location')).toBe(
      '/wallet?code=%2F%2Fevil.example%3F%26buyer%3Dx%0D%0A',
    )
  })

  test('without a merchant there is no shop, nor a link to one', async () => {
    const app = createPages()
    expect((await app.request('/shop')).status).toBe(404)
    expect((await app.request(order({ product: 'latte' }))).status).toBe(404)
    expect(await (await app.request('/')).text()).not.toContain('"/shop"')
  })

  test('all scripts and styles that the pages name are served, with all that they import', async () => {
    const { app } = shopPages()
    const seen = new Set<string>()
    const visit = async (path: string): Promise<void> => {
      if (seen.has(path)) return
      seen.add(path)
      const response = await app.request(path)
      expect(response.status, path).toBe(200)
      const text = await response.text()
      const imports = path.endsWith('.js') ? text.matchAll(/^import .*?from '(\.[^']+)'/gms) : []
      for (const [, name = ''] of imports) await visit(new URL(name, ORIGIN + path).pathname)
    }
    for (const path of pagePaths) {
      const text = await (await app.request(path)).text()
      for (const [, asset = ''] of text.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g))
        await visit(asset)
    }
    expect(seen).toContain('/assets/emulator/qr/decode.js')
    expect(seen).toContain('/assets/emulator/pages.css')
  })

  test('nothing else is served from the folder of assets', async () => {
    const app = createPages()
    for (const name of [
      'tsconfig.json',
      '../index.ts',
      '..%2Findex.ts',
      'qr/package.json',
      'x.js',
    ]) {
      expect((await app.request(`/assets/emulator/${name}`)).status, name).toBe(404)
    }
  })

  test('an asset that has not changed is not sent again', async () => {
    const app = createPages()
    const etag = (await app.request('/assets/emulator/wallet.js')).headers.get('etag') ?? ''
    const headers = { 'if-none-match': etag }
    expect((await app.request('/assets/emulator/wallet.js', { headers })).status).toBe(304)
  })
})

describe('headers', () => {
  test('every page allows the emulator’s own files alone', async () => {
    const { app } = shopPages()
    for (const path of pagePaths) {
      const { headers } = await app.request(path)
      const policy = headers.get('content-security-policy') ?? ''
      expect(policy, path).toContain("default-src 'none'; script-src 'self'; style-src 'self'")
      expect(policy, path).toContain("frame-ancestors 'none'")
      expect(policy, path).not.toContain('unsafe')
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('referrer-policy')).toBe('same-origin')
    }
  })

  test('no page holds script or style of its own, or anything from elsewhere', async () => {
    const { app } = shopPages()
    for (const path of pagePaths) {
      const text = await (await app.request(path)).text()
      expect(text, path).not.toMatch(/<script(?![^>]* src=)|<style|\sstyle=|\son\w+=/i)
      expect(text, path).not.toMatch(/(?:src|href)="(?:https?:)?\/\//)
    }
  })

  test('the shop’s form may be redirected to other ports of this machine and of its own host', async () => {
    const { app } = shopPages()
    const policy = async (host: string) =>
      (await app.request(`http://${host}/shop`)).headers.get('content-security-policy')
    expect(await policy('192.168.1.5:6201')).toContain(
      "form-action 'self' http://127.0.0.1:* https://127.0.0.1:* http://localhost:* https://localhost:* http://192.168.1.5:* https://192.168.1.5:*;",
    )
    expect(await policy("a;script-src'")).not.toContain('http://a;')
  })
})

describe('languages', () => {
  test.each([
    [undefined, undefined, 'zh-CN'],
    [undefined, 'en-US,en;q=0.9,zh-CN;q=0.8', 'en'],
    [undefined, 'fr, zh-TW;q=0.5, en;q=0.4', 'zh-CN'],
    [undefined, 'fr', 'zh-CN'],
    ['en', 'zh-CN', 'en'],
    ['zh', 'en', 'zh-CN'],
    ['<script>', undefined, 'zh-CN'],
  ])('?lang=%s and Accept-Language %s give %s', async (lang, accept, expected) => {
    const query = lang === undefined ? '' : `?lang=${encodeURIComponent(lang)}`
    const response = await createPages().request(`/wallet${query}`, {
      headers: accept === undefined ? {} : { 'accept-language': accept },
    })
    expect(response.headers.get('content-language')).toBe(expected)
    expect(await response.text()).toContain(`<html lang="${expected}">`)
  })

  test('the switch keeps the rest of the address, and a choice stays in the links', async () => {
    const text = await (await createPages().request('/wallet?code=bax1&lang=en')).text()
    expect(text).toContain('href="/wallet?code=bax1&amp;lang=zh"')
    expect(text).toContain('href="/panel?lang=en"')
  })
})

describe('the shop', () => {
  test('an order leads to the cashier page', async () => {
    const { app, orders } = shopPages()
    const response = await app.request(order({ product: 'latte' }))
    expect(response.status).toBe(303)
    expect(response.headers.get('location')).toBe(CHECKOUT)
    expect(orders).toEqual([{ subject: '拿铁', amount: 2200 }])
  })

  test('a script gets the address as JSON', async () => {
    const { app } = shopPages()
    const response = await app.request(
      order({ amount: ' 0.1 ', subject: '' }, { accept: 'application/json' }),
    )
    expect(await response.json()).toEqual({ checkout_url: CHECKOUT })
  })

  test.each([
    ['', '请输入正确的金额'],
    ['abc', '请输入正确的金额'],
    ['18.999', '请输入正确的金额'],
    ['1e3', '请输入正确的金额'],
    ['１８', '请输入正确的金额'],
    ['1,000', '请输入正确的金额'],
    ['0', '金额至少为 0.01 元'],
    ['-5', '金额至少为 0.01 元'],
    ['100000000.01', '金额不能超过 100000000.00 元'],
  ])('the amount %j is refused in words, and the input is kept', async (amount, message) => {
    const { app, orders } = shopPages()
    const response = await app.request(order({ amount, subject: '蛋糕' }))
    const text = await response.text()
    expect(response.status).toBe(400)
    expect(text).toContain(message)
    expect(text).toContain(`value="${amount}"`)
    expect(text).toContain('value="蛋糕"')
    expect(orders).toEqual([])
  })

  test('a price cannot be chosen for a product, and an unknown product is refused', async () => {
    const { app, orders } = shopPages()
    await app.request(order({ product: 'latte', amount: '0.01' }))
    expect(orders[0]?.amount).toBe(2200)
    expect((await app.request(order({ product: 'yacht' }))).status).toBe(400)
  })

  test('what a visitor or a merchant writes cannot become markup', async () => {
    const evil = '"><script>alert(1)</script>'
    const { app } = shopPages({ sellerName: evil })
    const text = await (await app.request(order({ amount: evil, subject: evil }))).text()
    expect(text).not.toContain('<script>alert')
    expect(text).toContain('value="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"')
    expect(text).toContain('<h1>&quot;&gt;&lt;script&gt;')
  })

  test.each([
    [{ origin: 'https://evil.example' }],
    [{ origin: 'http://127.0.0.1:6200' }],
    [{ origin: 'null' }],
    [{ 'sec-fetch-site': 'cross-site' }],
    [{ 'sec-fetch-site': 'same-site' }],
  ])('an order from another site (%j) is refused', async (headers) => {
    const { app, orders } = shopPages()
    const response = await app.request(order({ product: 'latte' }, headers))
    expect(response.status).toBe(403)
    expect(await response.text()).toContain('这个请求来自别的网站')
    expect(orders).toEqual([])
  })

  test('an order that the merchant does not take is answered without its reason', async () => {
    const { app } = shopPages({ placeOrder: () => Promise.reject(new Error('secret host')) })
    const response = await app.request(order({ product: 'latte' }))
    const text = await response.text()
    expect(response.status).toBe(502)
    expect(text).toContain('下单没有成功')
    expect(text).not.toContain('secret host')
  })
})

describe('the payment code', () => {
  test('is drawn as a QR code, and other text is not', async () => {
    const app = createPages()
    const good = await app.request('/wallet/payment-code.svg?code=284512345678901234')
    expect(good.headers.get('content-type')).toBe('image/svg+xml')
    expect(await good.text()).toMatch(/^<svg /)
    const bad = await app.request('/wallet/payment-code.svg?code=%3Cscript%3E')
    expect(bad.status).toBe(400)
  })
})

test('the browser reads and writes money by the rules of the gateway part', async () => {
  const url = new URL('../../src/emulator/pages/assets/money.js', import.meta.url)
  const browser = (await import(url.href)) as {
    formatYuan(amount: number): string
    parseYuan(text: string): number | undefined
  }
  for (let amount = -150; amount < 20_000; amount += 1) {
    expect(browser.formatYuan(amount)).toBe(formatYuan(toFen(amount)))
    if (amount >= 0) expect(browser.parseYuan(formatYuan(toFen(amount)))).toBe(amount)
  }
  for (const text of ['', '1e3', '01', '1.', '.5', '1.999', '１', '1,000', '+1']) {
    expect(browser.parseYuan(text), text).toBeUndefined()
    expect(() => parseYuan(text)).toThrow(RangeError)
  }
})
