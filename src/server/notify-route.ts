/**
 * Alipay's notify address. `success` is said only after what arrived is stored; anything else makes
 * Alipay send again, for about a day.
 *
 * @module
 * @see Alipay: 异步通知说明
 */
import { hash, timingSafeEqual } from 'node:crypto'
import { Hono, type Context } from 'hono'
import { NotificationInvalid } from '../alipay/index.ts'
import {
  describeError,
  type LogEntry,
  type RouteEnvironment,
  type ServedApp,
  type ServerContext,
} from './options.ts'
import { readBody } from './request-body.ts'

/** Serves `POST /alipay/notify/:token`. */
export function notifyRoute(context: ServerContext): Hono<RouteEnvironment> {
  const { apps, metrics } = context
  const app = new Hono<RouteEnvironment>()

  app.post('/:token', async (c) => {
    const addressed = listByToken(apps.list(), c.req.param('token'))
    let [served] = addressed
    if (served === undefined) return c.notFound()
    const log = (entry: LogEntry): void => {
      metrics.notified(entry.event.replace('notification.', ''))
      context.log({ ...entry, app: served?.id })
    }
    const request_id = c.get('requestId')
    let body: Uint8Array | undefined
    try {
      body = await readBody(c)
      served = whoseIs(body, addressed) ?? served
      const { client, payments } = served
      if (body === undefined) {
        log({ level: 'warn', event: 'notification.refused', request_id, problem: 'too_large' })
        return answer(c, 'fail', 413)
      }
      const notification = client.verifyNotification(body)
      const result = await payments.acceptNotification(notification)
      const { notify_id, out_trade_no, trade_status } = notification.params
      log({
        level: result === 'stored_for_review' ? 'warn' : 'info',
        event: `notification.${result}`,
        request_id,
        notify_id,
        out_trade_no,
        trade_status,
      })
      return answer(c, 'success', 200)
    } catch (error) {
      if (error instanceof NotificationInvalid) {
        const { problem } = error
        log({ level: 'warn', event: 'notification.refused', request_id, problem })
        // A change of keys may still prove it; Alipay sends it again in any case.
        if (body !== undefined && isOfOtherKey(error)) {
          await served.payments.quarantine(Buffer.from(body).toString('latin1')).catch(() => {})
        }
        return answer(c, 'fail', 400)
      }
      log({ level: 'error', event: 'notification.failed', request_id, ...describeError(error) })
      return answer(c, 'fail', 500)
    }
  })

  return app
}

/** Compares by hashes, in a time that does not depend on where they differ. */
function listByToken(apps: readonly ServedApp[], token: string): ServedApp[] {
  const given = digest(token)
  return apps.filter(({ notifyToken }) => timingSafeEqual(digest(notifyToken), given))
}

/**
 * The application that a notification names; its keys then prove that it may. In any charset an
 * APPID is written alike.
 */
function whoseIs(body: Uint8Array | undefined, apps: readonly ServedApp[]): ServedApp | undefined {
  if (body === undefined || apps.length < 2) return undefined
  const appId = new URLSearchParams(Buffer.from(body).toString('latin1')).get('app_id')
  return apps.find(({ client }) => client.appId !== undefined && client.appId === appId)
}

function digest(text: string): Buffer {
  return hash('sha256', text, 'buffer')
}

const OF_KEYS: ReadonlySet<NotificationInvalid['problem']> = new Set([
  'wrong_key',
  'own_public_key_configured',
  'unknown_certificate',
  'wrong_sign_type',
])

/** What is no notification at all would only fill the quarantine. */
function isOfOtherKey({ problem }: NotificationInvalid): boolean {
  return OF_KEYS.has(problem)
}

function answer(
  c: Context<RouteEnvironment>,
  text: 'success' | 'fail',
  status: 200 | 400 | 413 | 500,
): Response {
  return c.body(text, status, { 'content-type': 'text/plain; charset=utf-8' })
}
