/**
 * The client and the server agree: on which operations there are, and on what the objects hold.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, expectTypeOf, test } from 'vitest'
import type { z } from 'zod'
import {
  createSaoma,
  type CreateEndpoint,
  type CreatePayment,
  type CreateRefund,
  type Delivery,
  type EndpointWithSecret,
  type EventType,
  type ListEvents,
  type ListPayments,
  type ListRefunds,
  type Payment,
  type Refund,
  type TimelineEntry,
  type UpdateEndpoint,
  type WebhookEndpoint,
} from '../../src/client/index.ts'
import type * as fields from '../../src/server/fields.ts'
import type * as schemas from '../../src/server/schemas.ts'
import { EVENT_TYPES } from '../../src/webhooks/index.ts'
import { root } from '../saoma-program.ts'

test('every operation on payments, refunds, events and endpoints is called as the API has it', async () => {
  const asked: string[] = []
  const saoma = createSaoma({
    url: 'http://saoma.example',
    apiKey: 'sk_test_1',
    async fetch(input, init) {
      asked.push(`${init?.method ?? 'GET'} ${new URL(input).pathname}`)
      return Response.json({ object: 'list', data: [], has_more: false })
    },
  })
  const { payments, refunds, events, webhookEndpoints } = saoma
  await payments.create({ amount: 1, subject: 'x' })
  await payments.get('{id}')
  await payments.list()
  await payments.cancel('{id}')
  await payments.sync('{id}')
  await payments.resolve('{id}', 'accept')
  await payments.timeline('{id}')
  await refunds.create({ payment: '{id}' })
  await refunds.get('{id}')
  await refunds.list()
  await refunds.retry('{id}')
  await refunds.cancel('{id}')
  await events.get('{id}')
  await events.list()
  await events.resend('{id}')
  await webhookEndpoints.create({ url: 'https://shop.example' })
  await webhookEndpoints.get('{id}')
  await webhookEndpoints.list()
  await webhookEndpoints.update('{id}', { status: 'disabled' })
  await webhookEndpoints.delete('{id}')
  await webhookEndpoints.rotateSecret('{id}')
  await webhookEndpoints.test('{id}')
  await webhookEndpoints.deliveries('{id}')
  await webhookEndpoints.recover('{id}', '2026-11-26T08:00:00+08:00')
  const over = new AbortController()
  const sleepless = { after: 'start', signal: over.signal }
  const following = events.follow(sleepless)[Symbol.asyncIterator]().next()
  over.abort()
  await following

  const { paths } = JSON.parse(
    readFileSync(join(root, 'docs', 'reference', 'openapi.json'), 'utf8'),
  ) as { paths: Record<string, object> }
  const operations = Object.entries(paths)
    .filter(([path]) => /^\/v1\/(?:payments|refunds|events|webhook_endpoints)\b/.test(path))
    .flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    )
  expect(asked.map((call) => decodeURIComponent(call)).toSorted()).toEqual(operations.toSorted())
})

// Held by the compiler.
test('objects hold what the API says, requests have the fields that it takes', () => {
  type Said<Schema extends keyof typeof schemas> = z.infer<
    Extract<(typeof schemas)[Schema], z.ZodType>
  >
  expectTypeOf<Said<'payment'>>().toExtend<Payment>()
  expectTypeOf<Said<'refund'>>().toExtend<Refund>()
  expectTypeOf<Said<'timelineEntry'>>().toExtend<TimelineEntry>()
  expectTypeOf<Said<'webhookEndpoint'>>().toExtend<WebhookEndpoint>()
  expectTypeOf<Said<'webhookEndpointWithSecret'>>().toExtend<EndpointWithSecret>()
  expectTypeOf<Said<'delivery'>>().toExtend<Delivery>()
  expectTypeOf<keyof Said<'delivery'>>().toEqualTypeOf<keyof Delivery>()
  expectTypeOf<keyof Said<'webhookEndpoint'>>().toEqualTypeOf<keyof WebhookEndpoint>()

  // What is expanded says at the call how its answer looks.
  type Asked<Schema extends keyof typeof fields> = Exclude<
    keyof z.input<Extract<(typeof fields)[Schema], z.ZodType>>,
    'expand[]'
  >
  expectTypeOf<keyof CreatePayment>().toEqualTypeOf<Asked<'createPaymentFields'>>()
  expectTypeOf<keyof CreateRefund>().toEqualTypeOf<Asked<'createRefundFields'>>()
  expectTypeOf<keyof CreateEndpoint>().toEqualTypeOf<Asked<'createEndpointFields'>>()
  expectTypeOf<keyof UpdateEndpoint>().toEqualTypeOf<Asked<'updateEndpointFields'>>()
  expectTypeOf<keyof ListPayments>().toEqualTypeOf<Asked<'listPaymentsFields'>>()
  expectTypeOf<keyof ListRefunds>().toEqualTypeOf<Asked<'listRefundsFields'>>()
  expectTypeOf<keyof ListEvents>().toEqualTypeOf<Asked<'listEventsFields'>>()
  expectTypeOf<(typeof EVENT_TYPES)[number]>().toEqualTypeOf<EventType>()
})
