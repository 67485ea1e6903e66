/**
 * The control API of an emulator, JSON under `/_emulator/`: what its pages and tests from outside
 * drive it with.
 *
 * A web page that a developer visits must not reach it: writes are taken as JSON alone, which a
 * page of another origin cannot send without being asked first, and a name that is not ours (DNS
 * rebinding) is refused.
 *
 * @module
 */

import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { z } from 'zod'
import { toFen } from '../alipay/money.ts'
import { formatRfc3339 } from '../alipay/time.ts'
import { controlFaults } from './control-faults.ts'
import { controlWallet } from './control-wallet.ts'
import type { Emulator } from './emulator.ts'
import type { NotificationRecord } from './records.ts'

/** The routes, to be mounted at `/_emulator`. */
export function createControl(emulator: Emulator): Hono {
  const { clock, wallet, notifications } = emulator
  const app = new Hono()
  app.use(refuseStrangers(emulator.baseUrl))
  app.onError((error, c) => {
    if (error instanceof z.ZodError) return problem(c, 400, z.prettifyError(error))
    if (error instanceof RangeError || error instanceof SyntaxError) {
      return problem(c, 400, error.message)
    }
    throw error
  })

  app.get('/buyers', (c) => c.json({ buyers: wallet.buyers() }))
  app.put('/buyers/:id', async (c) => {
    const { balance } = z.strictObject({ balance: z.int().min(0) }).parse(await readJson(c))
    const buyer = wallet.setBalance(c.req.param('id'), toFen(balance))
    return buyer === undefined ? problem(c, 404, 'There is no such buyer') : c.json(buyer)
  })
  app.route('/wallet', controlWallet(emulator))
  app.route('/faults', controlFaults(emulator))

  app.get('/trades', (c) => c.json({ trades: emulator.trades.list() }))
  app.get('/ledger', (c) => c.json({ entries: emulator.ledger() }))
  app.get('/requests', (c) =>
    c.json({
      requests: emulator.requests().map((entry) => ({ ...entry, time: formatRfc3339(entry.time) })),
    }),
  )
  app.get('/notifications', (c) => c.json({ notifications: notifications.list().map(view) }))
  app.post('/notifications/:notify_id/resend', async (c) => {
    const record = await notifications.resend(c.req.param('notify_id'))
    return record === undefined
      ? problem(c, 404, 'There is no such notification')
      : c.json(view(record))
  })

  const time = () => ({ now: formatRfc3339(clock.now()), offset_ms: clock.offsetMs })
  app.get('/clock', (c) => c.json(time()))
  app.post('/clock', async (c) => {
    const { advance_ms } = z.strictObject({ advance_ms: z.int().min(0) }).parse(await readJson(c))
    emulator.advanceClock(advance_ms)
    return c.json(time())
  })
  app.get('/settings', (c) => c.json(emulator.settings.get()))
  app.patch('/settings', async (c) =>
    c.json(emulator.settings.update(z.record(z.string(), z.unknown()).parse(await readJson(c)))),
  )
  app.get('/credentials', (c) =>
    c.json({ ...emulator.credentials, gateway: `${emulator.baseUrl}/gateway.do` }),
  )
  app.post('/reset', (c) => {
    emulator.reset()
    return c.json({})
  })
  app.all('*', (c) => problem(c, 404, 'There is no such route; see docs/reference/emulator.md'))
  return app
}

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]']

function refuseStrangers(baseUrl: string): MiddlewareHandler {
  const ours = new Set([...LOOPBACK, new URL(baseUrl).hostname])
  return async (c, next) => {
    const host = `http://${c.req.header('host') ?? new URL(c.req.url).host}`
    if (!URL.canParse(host) || !ours.has(new URL(host).hostname)) {
      return problem(c, 403, `Call this API as ${baseUrl}, not by another name`)
    }
    const isWrite = ['POST', 'PUT', 'PATCH'].includes(c.req.method)
    const type = c.req.header('content-type') ?? ''
    if (isWrite && !/^application\/json\s*(;|$)/i.test(type)) {
      return problem(c, 415, 'Send content-type: application/json')
    }
    return next()
  }
}

function problem(c: Context, status: 400 | 403 | 404 | 415, message: string): Response {
  return c.json({ error: { code: CODES[status], message } }, status)
}

const CODES = {
  400: 'invalid_request',
  403: 'foreign_host',
  404: 'not_found',
  415: 'not_json',
}

/** The body as JSON; an absent one is `{}`. */
async function readJson(c: Context): Promise<unknown> {
  const text = await c.req.text()
  return text === '' ? {} : (JSON.parse(text) as unknown)
}

/** A notification without what only matters inside, its times as text. */
function view(record: NotificationRecord) {
  const { notify_id, event, url, out_trade_no, trade_no, fields, status, due_at } = record
  return {
    notify_id,
    event,
    url,
    out_trade_no,
    trade_no,
    status,
    due_at: formatRfc3339(due_at),
    fields,
    attempts: record.attempts.map((attempt) => ({ ...attempt, at: formatRfc3339(attempt.at) })),
  }
}
