/**
 * A sale as OpenTelemetry sees it: one trace from the request to Alipay, later ones linked to it,
 * and nothing in them that is secret or the buyer's.
 *
 * @module
 */

import { propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  SimpleSpanProcessor,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace-node'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { createWebhooks } from '../../src/webhooks/index.ts'
import { startWebhookSink } from '../machines/webhook-sink.ts'
import { API_KEY, openShop, type Shop } from './shop.ts'

const exporter = new InMemorySpanExporter()
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
const CALLER = 'a'.repeat(32)

let shop: Shop

beforeAll(async () => {
  provider.register()
  shop = await openShop({ notify: true })
})
afterEach(() => exporter.reset())
afterAll(async () => {
  await shop.destroy()
  await provider.shutdown()
  trace.disable()
  propagation.disable()
})

const spans = () => exporter.getFinishedSpans()
const named = (name: string) => spans().filter((span) => span.name === name)
const only = (name: string) => {
  const [span, ...others] = named(name)
  if (span === undefined || others.length > 0) throw new Error(`${1 + others.length} of ${name}`)
  return span
}

const isAbout = (span: ReadableSpan, id: string) => span.attributes['saoma.payment.id'] === id

/** The names from a span up to the root of its trace. */
function wayUp(name: string): string[] {
  const way: string[] = []
  for (let span = named(name)[0]; span !== undefined;) {
    way.push(span.name)
    const { parentSpanContext: parent }: typeof span = span
    span = spans().find((other) => other.spanContext().spanId === parent?.spanId)
  }
  return way
}

async function order(subject: string): Promise<{ id: string; next_action: { qr_code: string } }> {
  const response = await shop.fetch('/v1/payments', {
    method: 'POST',
    headers: {
      authorization: `Bearer ${API_KEY}`,
      'content-type': 'application/json',
      traceparent: `00-${CALLER}-${'b'.repeat(16)}-01`,
    },
    body: JSON.stringify({ amount: 8888, subject }),
  })
  return (await response.json()) as Awaited<ReturnType<typeof order>>
}

test('one trace leads from the caller over the request and the step to Alipay', async () => {
  const { id } = await order('咖啡')
  expect(wayUp('alipay.trade.precreate')).toEqual([
    'alipay.trade.precreate',
    'step precreate',
    'POST /v1/payments',
  ])
  const request = only('POST /v1/payments')
  expect(request.kind).toBe(SpanKind.SERVER)
  expect(request.attributes).toMatchObject({
    'http.route': '/v1/payments',
    'http.response.status_code': 201,
  })
  expect(new Set(spans().map((span) => span.spanContext().traceId))).toEqual(new Set([CALLER]))
  const call = only('alipay.trade.precreate')
  expect(call.kind).toBe(SpanKind.CLIENT)
  expect(call.attributes).toEqual({ 'alipay.code': '10000', 'saoma.outcome': 'applied' })
  // The intent is committed before the call, what it proved after it.
  const commits = named('commit')
  expect(commits.map(({ attributes }) => attributes['saoma.evidence'])).toEqual([
    ['created'],
    ['precreated'],
  ])
  expect(commits[0]?.attributes).toMatchObject({
    'saoma.payment.id': id,
    'saoma.events': ['payment.created'],
    'saoma.commit.result': 'inserted',
  })
})

test('what is done later is linked to what created it, also by another process', async () => {
  const sold = await order('茶')
  const created = only('POST /v1/payments').spanContext()
  const step = only('step precreate').spanContext()
  exporter.reset()
  await shop.startNext()
  shop.clock.advance(5_000)
  await shop.settle()
  const [query] = named('step query').filter((span) => isAbout(span, sold.id))
  if (query === undefined) throw new Error('Nobody asked')
  expect(query.parentSpanContext).toBeUndefined()
  expect(query.spanContext().traceId).not.toBe(created.traceId)
  expect(query.links.map(({ context }) => context.traceId)).toEqual([CALLER])
  expect(query.links[0]?.context.spanId).toBe(created.spanId)
  expect(step.traceId).toBe(created.traceId)

  const record = await shop.payments.find(sold.id)
  if (record === undefined) throw new Error('It is gone')
  shop.scan(record)
  shop.pay(record)
  exporter.reset()
  await shop.settle()
  const notification = only('notification')
  expect(notification.links.map(({ context }) => context.spanId)).toEqual([created.spanId])
  expect(wayUp('notification')).toEqual(['notification', 'POST /alipay/notify/:token'])
})

test('a refusal is an answer, with its code; no answer is a failure', async () => {
  const sold = await shop.sell()
  exporter.reset()
  await shop.payments.sync(sold.payment.id)
  const asked = only('alipay.trade.query')
  expect(asked.attributes['alipay.code']).toBe('ACQ.TRADE_NOT_EXIST')
  expect(asked.status.code).toBe(SpanStatusCode.UNSET)
  exporter.reset()
  shop.distortAnswers(async () => new Response('', { status: 502 }))
  await shop.payments.sync(sold.payment.id)
  shop.distortAnswers()
  expect(only('alipay.trade.query')).toMatchObject({
    attributes: {
      'saoma.outcome': 'unknown',
      'alipay.code': 'ERR_ALIPAY_GATEWAY_UNREACHABLE',
    },
    status: { code: SpanStatusCode.ERROR, message: 'ERR_ALIPAY_GATEWAY_UNREACHABLE' },
  })
})

test('a webhook is a span whose trace the receiver can go on with', async () => {
  const sink = await startWebhookSink()
  const webhooks = createWebhooks({
    store: shop.webhookStore,
    livemode: false,
    clock: shop.clock,
    addresses: { allowPrivate: true },
  })
  try {
    const { endpoint } = await webhooks.endpoints.create({ url: `${sink.url}/hook` })
    await order('水')
    exporter.reset()
    await webhooks.runDue()
    const [told] = named('webhook')
    expect(told?.attributes).toMatchObject({
      'saoma.webhook.endpoint': endpoint.id,
      'saoma.webhook.verdict': 'delivered',
      'saoma.event.type': 'payment.created',
      'http.response.status_code': 200,
    })
    const { traceId, spanId } = told?.spanContext() ?? {}
    const [delivery] = sink.deliveries
    expect(delivery?.headers['traceparent']).toBe(`00-${traceId}-${spanId}-01`)
  } finally {
    await webhooks.stop()
  }
})

test('no span has a key, a code, a token of a page, or the buyer', async () => {
  const sold = await shop.sellPaid()
  const code = shop.paymentCode()
  await shop.charge({ authCode: code })
  await shop.payments.refund({ paymentId: sold.payment.id })
  await shop.fetch(`/c/${sold.payment.checkoutToken}`)
  await shop.settle()
  const { credentials } = shop.emulator
  const record = await shop.payments.find(sold.payment.id)
  const secrets = [
    API_KEY,
    code,
    sold.payment.checkoutToken,
    new URL(shop.notifyUrl).pathname.split('/').at(-1) ?? '',
    shop.buyer,
    record?.payment.buyerLogonId ?? '',
    credentials.app_private_key,
    sold.payment.qrCode ?? '',
  ]
  expect(secrets.filter((secret) => secret.length < 5)).toEqual([])
  const seen = JSON.stringify(
    spans().map(({ name, attributes, status, events, links }) => {
      return { name, attributes, status, events, links }
    }),
  )
  expect(seen).toContain(sold.payment.id)
  expect(seen).toContain('GET /c/:token')
  expect(secrets.filter((secret) => seen.includes(secret))).toEqual([])
})

test('a trace that a page of everybody is asked with is not gone on with', async () => {
  const sold = await shop.sell()
  exporter.reset()
  await shop.fetch(`/c/${sold.payment.checkoutToken}`, {
    headers: { traceparent: `00-${CALLER}-${'b'.repeat(16)}-01` },
  })
  expect(only('GET /c/:token').spanContext().traceId).not.toBe(CALLER)
})
