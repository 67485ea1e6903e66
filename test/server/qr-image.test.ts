import { PNG } from 'pngjs'
import { decodeQR } from 'qr/decode.js'
import { describe, expect, test } from 'vitest'
import { QR_CODE } from './fake-payments.ts'
import { startServer } from './server-under-test.ts'

type Started = ReturnType<typeof startServer>

async function png(get: Started['get'], query = ''): Promise<PNG> {
  const response = await get(`/c/token1/qr.png${query}`)
  expect(response.headers.get('content-type')).toBe('image/png')
  return PNG.sync.read(Buffer.from(await response.arrayBuffer()))
}

async function svg(get: Started['get'], query = ''): Promise<string> {
  const response = await get(`/c/token1/qr.svg${query}`)
  expect(response.headers.get('content-type')).toBe('image/svg+xml')
  return response.text()
}

/** Draws the SVG's rectangles, `scale` pixels to a module: all that our SVG is made of. */
function rasterize(
  text: string,
  scale: number,
): { width: number; height: number; data: Uint8Array } {
  const side = Number(/viewBox="0 0 (\d+) /.exec(text)?.[1]) * scale
  const data = new Uint8Array(side * side * 4).fill(255)
  for (const [, x, y, width] of text.matchAll(/M(\d+) (\d+)h(\d+)v1h/g)) {
    for (let row = Number(y) * scale; row < (Number(y) + 1) * scale; row++) {
      const from = row * side + Number(x) * scale
      data.fill(0, from * 4, (from + Number(width) * scale) * 4)
    }
  }
  return { width: side, height: side, data }
}

test('the pictures of a code are read as its text', async () => {
  const { get, order } = startServer()
  await order()
  for (const size of [64, 150, 300, 333, 1024]) {
    const picture = await png(get, `?size=${size}`)
    expect(picture.width).toBe(size)
    expect(decodeQR(picture)).toBe(QR_CODE)
  }
  expect(decodeQR(rasterize(await svg(get), 4))).toBe(QR_CODE)
})

test('the page’s own code is read as its text', async () => {
  const { get, order } = startServer()
  await order()
  const page = await (await get('/c/token1')).text()
  expect(decodeQR(rasterize(/<svg xmlns[^]*?<\/svg>/.exec(page)?.[0] ?? '', 4))).toBe(QR_CODE)
})

test('a module is whole pixels of black or white, with four of white around', async () => {
  const { get, order } = startServer()
  await order()
  const { width, height, data } = await png(get, '?size=300')
  const colors = new Set<number>()
  let margin = width
  for (let at = 0; at < width * height; at++) {
    const color = data.readUIntBE(at * 4, 3)
    colors.add(color)
    const [x, y] = [at % width, Math.floor(at / width)]
    if (color === 0) margin = Math.min(margin, x, y, width - 1 - x, height - 1 - y)
  }
  expect([...colors].toSorted((a, b) => a - b)).toEqual([0, 0xffffff])
  // 46 characters at level M make version 4: 33 modules, 41 with the quiet zone, 7 pixels each.
  expect(await svg(get)).toContain('viewBox="0 0 41 41"')
  expect(margin).toBeGreaterThanOrEqual(4 * 7)
})

test('the size is 300 unless it is said, and a size that cannot be is refused', async () => {
  const { get, order } = startServer()
  await order()
  expect((await png(get)).width).toBe(300)
  expect(await svg(get, '?size=128')).toContain('width="128" height="128"')
  for (const size of ['63', '1025', 'x', '', '1e3', '100.5', '99999999']) {
    for (const kind of ['png', 'svg']) {
      const response = await get(`/c/token1/qr.${kind}?size=${size}`)
      expect(response.status).toBe(400)
      expect(await response.json()).toMatchObject({
        error: { param: 'size', message: 'size is a whole number of pixels, from 64 to 1024.' },
      })
    }
  }
})

test('no picture is kept by anyone', async () => {
  const { get, order } = startServer()
  await order()
  for (const kind of ['png', 'svg']) {
    const response = await get(`/c/token1/qr.${kind}`)
    expect(response.headers.get('cache-control')).toBe('no-store')
  }
})

describe('the closed picture', () => {
  test.each([
    ['created', 'while the code is made'],
    ['closing', 'once the payment is given up'],
    ['succeeded', 'once it is paid'],
    ['expired', 'once it has expired'],
  ] as const)('stands for a payment that is %s: %s', async (status, _when) => {
    const { get, order, payments } = startServer()
    await order()
    const [before, beforeSvg] = [await png(get), await svg(get)]
    payments.change('pay_1', { status })
    const picture = await png(get)
    expect(picture.data.equals(before.data)).toBe(false)
    expect(() => decodeQR(picture)).toThrow()
    const drawn = await svg(get)
    expect(drawn).not.toBe(beforeSvg)
    expect(drawn).toContain('aria-label="二维码已关闭"')
    expect(() => decodeQR(rasterize(drawn, 4))).toThrow()
  })

  test('stands from the deadline on, before anything is committed', async () => {
    const { get, order, clock } = startServer()
    await order()
    clock.advance(299_999)
    expect(decodeQR(await png(get))).toBe(QR_CODE)
    clock.advance(1)
    const picture = await png(get)
    expect(() => decodeQR(picture)).toThrow()
  })
})

test('nothing is drawn for a token that nobody was given', async () => {
  const { get } = startServer()
  for (const kind of ['png', 'svg']) {
    const response = await get(`/c/unknown/qr.${kind}`)
    expect(response.status).toBe(404)
    expect(response.headers.get('content-type')).not.toMatch(/^image\//)
  }
})
