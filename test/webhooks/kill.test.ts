/**
 * The process dies without warning (kill -9) while it sends a webhook.
 *
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openSqliteStore } from '../../src/store/index.ts'
import { createWebhooks, verifyWebhook, type WebhookCrashPoint } from '../../src/webhooks/index.ts'
import { startGuarded } from '../machines/guarded-process.ts'
import { startReceiver } from './stand.ts'

test.each<[WebhookCrashPoint, number]>([
  ['delivery-claimed', 1],
  ['delivery-sent', 2],
])('killed at %s: the next process sends it; received %i time(s)', async (point, times) => {
  const folder = mkdtempSync(join(tmpdir(), 'saoma-webhooks-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'saoma.db')
  const receiver = await startReceiver()
  const script = join(import.meta.dirname, 'dying-process.ts')
  const child = startGuarded(
    process.execPath,
    ['--import', 'tsx', script, file, receiver.url, point],
    { cwd: process.cwd(), env: process.env },
  )
  const secret = await child.line(/^whsec_/)
  expect(await child.ended()).toBeNull()

  const store = await openSqliteStore(file)
  onTestFinished(() => store.close())
  const webhooks = createWebhooks({
    store: store.webhooks,
    livemode: false,
    addresses: { allowPrivate: true },
  })
  onTestFinished(() => webhooks.stop())
  expect(await webhooks.runDue()).toBe(1)

  expect(receiver.received).toHaveLength(times)
  for (const { body, headers } of receiver.received) {
    expect(verifyWebhook(body, headers, secret)).toMatchObject({ id: 'evt_1' })
  }
  const [endpoint] = await webhooks.endpoints.list()
  expect(await webhooks.deliveries(endpoint?.id ?? '', { limit: 2 })).toMatchObject([
    { eventId: 'evt_1', status: 'succeeded' },
  ])
})
