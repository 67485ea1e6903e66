import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { connect } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/alipay/index.ts'
import { createMetrics, listen, type Listening } from '../../src/server/index.ts'
import { openUsers, startServer } from './server-under-test.ts'

const open: Listening[] = []

afterEach(async () => {
  await Promise.all(open.splice(0).map((listening) => listening.close()))
})

async function started() {
  const tested = startServer()
  const listening = await listen(tested.server, { port: 0 })
  open.push(listening)
  return { ...tested, listening, url: listening.url }
}

describe('the server as a function', () => {
  test('tells how it is', async () => {
    expect(await (await startServer().get('/healthz')).json()).toEqual({ status: 'ok' })
    const ill = startServer({ health: () => ({ status: 'unavailable', store: 'locked' }) })
    const response = await ill.get('/healthz')
    expect(response.status).toBe(503)
    expect(await response.json()).toEqual({ status: 'unavailable', store: 'locked' })
  })

  test('answers what is not there with a page for people and JSON for programs', async () => {
    const { get, api } = startServer()
    const page = await get('/nothing', { headers: { accept: 'text/html,*/*' } })
    expect([page.status, page.headers.get('content-type')]).toMatchObject([404, /^text\/html/])
    for (const response of [
      await get('/nothing', { headers: { accept: 'application/json' } }),
      await api('GET', '/v1/nothing'),
      await api('DELETE', '/v1/payments/pay_1'),
    ]) {
      expect(response.status).toBe(404)
      expect(await response.json()).toMatchObject({ error: { code: 'route_not_found' } })
    }
  })

  test('answers HEAD as GET without a body, and watches nothing for it', async () => {
    const { get, order, payments } = startServer()
    await order()
    for (const path of ['/healthz', '/c/token1', '/c/token1/status', '/c/token1/events']) {
      const response = await get(path, { method: 'HEAD' })
      expect([response.status, await response.text()]).toEqual([200, ''])
    }
    expect(payments.watching()).toBe(0)
  })

  test('serves the page’s files, for ever under their content’s name', async () => {
    const { get, order } = startServer()
    await order()
    const page = await (await get('/c/token1')).text()
    const paths = [...page.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(
      ([, path = '']) => path,
    )
    expect(paths).toHaveLength(4)
    for (const path of paths) {
      const response = await get(path)
      expect(response.status).toBe(200)
      expect(response.headers.get('content-type')).toMatch(/css|javascript|svg/)
      expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
      const etag = response.headers.get('etag') ?? ''
      expect((await get(path, { headers: { 'if-none-match': etag } })).status).toBe(304)
      const other = await get(path.replace(/\?.*/, '?v=other'))
      expect(other.headers.get('cache-control')).toBe('no-cache')
    }
    for (const path of ['/assets/..%2Findex.ts', '/assets/toString', '/assets/']) {
      expect((await get(path)).status).toBe(404)
    }
  })

  test('counts by patterns: whoever asks for many addresses makes no new ones', async () => {
    const metrics = createMetrics()
    const { get } = startServer({ metrics, users: await openUsers(systemClock) })
    const folders = ['', '/console', '/console/api', '/v1', '/c', '/assets', '/counter', '/alipay']
    for (const folder of folders) {
      await get(`${folder}/made-up-1`)
      await get(`${folder}/made-up-2`, { method: 'POST' })
    }
    await get('/console/api/session')
    const text = await metrics.text()
    expect(text).toContain('route="/console/api/session"')
    expect(text).not.toContain('made-up')
  })

  test('keeps to the path of its public address', async () => {
    const { get, order, api } = startServer({ publicUrl: 'https://shop.example/pay/' })
    await order()
    expect(await (await get('/c/token1')).text()).toContain('href="/pay/assets/cashier.css?v=')
    expect(await (await api('GET', '/v1/payments/pay_1')).json()).toMatchObject({
      checkout_url: 'https://shop.example/pay/c/token1',
    })
  })

  test.each([
    ['an address without a host', { publicUrl: 'pay.example.com' }],
    ['an address with a query', { publicUrl: 'https://pay.example.com/?a=1' }],
    ['a notify token that can be guessed', { notifyToken: 'abc' }],
  ])('is not made with %s', (_, options) => {
    expect(() => startServer(options)).toThrow(TypeError)
  })
})

describe('the server on a port', () => {
  test('answers there until it is closed', async () => {
    const { url, listening } = await started()
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
    await listening.close()
    await expect(fetch(`${url}/healthz`)).rejects.toThrow()
    open.length = 0
  })

  test('ends live events when it closes', async () => {
    const { url, listening, order, payments } = await started()
    await order()
    const response = await fetch(`${url}/c/token1/events`)
    const reader = response.body?.getReader()
    await reader?.read()
    await listening.close()
    expect((await reader?.read())?.done).toBe(true)
    expect(payments.watching()).toBe(0)
    open.length = 0
  })

  test('answers what it has begun before it closes', async () => {
    const { url, listening, payments, order } = await started()
    const record = await order()
    let answer = () => {}
    const reached = new Promise<void>((resolve) => {
      payments.findByCheckoutToken = () => {
        resolve()
        return new Promise((done) => (answer = () => done(record)))
      }
    })
    const response = fetch(`${url}/c/token1/status`)
    await reached
    const closed = listening.close()
    answer()
    expect((await response).status).toBe(200)
    await closed
    open.length = 0
  })

  test('does not wait for connections that ask for nothing', async () => {
    const { url, listening } = await started()
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    await once(socket, 'connect')
    // The second connection is answered, so the first is known to the server by now.
    await (await fetch(`${url}/healthz`)).text()
    const closed = once(socket, 'close')
    await listening.close()
    await closed
    open.length = 0
  })

  test('stops watching when a browser disconnects', async () => {
    const { url, order, payments } = await started()
    await order()
    const watch = payments.watch.bind(payments)
    const unwatched = new Promise<void>((resolve) => {
      payments.watch = (id, listener) => {
        const stop = watch(id, listener)
        return () => {
          stop()
          resolve()
        }
      }
    })
    const browser = new AbortController()
    const response = await fetch(`${url}/c/token1/events`, { signal: browser.signal })
    await response.body?.getReader().read()
    browser.abort()
    await unwatched
    expect(payments.watching()).toBe(0)
  })

  test('says when the port is taken', async () => {
    const other = createHttpServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as { port: number }
    const { server } = startServer()
    await expect(listen(server, { port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
    await new Promise((resolve) => other.close(resolve))
  })
})
