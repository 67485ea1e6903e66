import { request } from 'undici'
import { expect, test, vi } from 'vitest'
import { PATIENCE } from '../saoma-program.ts'
import { startWebhookSink } from './webhook-sink.ts'

const post = (url: string, body: string | Buffer = '', options: object = {}) =>
  request(`${url}/hook?a=1`, {
    method: 'POST',
    body,
    headers: { 'webhook-id': 'msg_1' },
    ...options,
  })

test('a delivery is kept byte by byte, and answered 200', async () => {
  const sink = await startWebhookSink()
  const before = Date.now()
  const body = Buffer.from([0x7b, 0xff, 0x00, 0x7d])
  expect((await post(sink.url, body)).statusCode).toBe(200)
  const [delivery] = await sink.delivered(1)
  expect(delivery).toMatchObject({ method: 'POST', path: '/hook?a=1', body })
  expect(delivery?.headers).toMatchObject({ 'webhook-id': 'msg_1' })
  expect(delivery?.receivedAtMs).toBeGreaterThanOrEqual(before)
})

test('answers are given in the order in which they were told', async () => {
  const sink = await startWebhookSink()
  sink.answerAlways({ kind: 'answer', status: 204 })
  sink.answerNext(
    { kind: 'answer', status: 503, headers: { 'retry-after': '60' }, body: 'busy', delayMs: 20 },
    { kind: 'redirect', to: 'http://169.254.169.254/', status: 307 },
  )
  const busy = await post(sink.url)
  expect([busy.statusCode, busy.headers['retry-after'], await busy.body.text()]).toEqual([
    503,
    '60',
    'busy',
  ])
  const moved = await post(sink.url)
  expect([moved.statusCode, moved.headers.location]).toEqual([307, 'http://169.254.169.254/'])
  expect((await post(sink.url)).statusCode).toBe(204)
  expect(sink.deliveries).toHaveLength(3)
})

test('a huge body comes in pieces without an announced length', async () => {
  const sink = await startWebhookSink()
  sink.answerNext({ kind: 'huge', bytes: 5_000_000 })
  const { headers, body } = await post(sink.url)
  expect(headers['content-length']).toBeUndefined()
  expect((await body.arrayBuffer()).byteLength).toBe(5_000_000)
})

test('a delivery may be cut off, or never answered', async () => {
  const sink = await startWebhookSink()
  sink.answerNext({ kind: 'cut' }, { kind: 'never' })
  await expect(post(sink.url)).rejects.toThrow(/other side closed|ECONNRESET/)
  const controller = new AbortController()
  const silent = post(sink.url, '', { signal: controller.signal })
  await sink.delivered(2)
  controller.abort(new Error('given up'))
  await expect(silent).rejects.toThrow('given up')
  await vi.waitFor(async () => expect((await post(sink.url)).statusCode).toBe(200), PATIENCE)
})
