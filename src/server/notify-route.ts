/**
 * Alipay's notify address. `success` is said only after what arrived is stored; anything else makes
 * Alipay send again, for about a day.
 *
 * @module
 * @see Alipay: 异步通知说明
 */
import { createHash } from 'node:crypto'
import { Hono, type Context } from 'hono'
import { NotificationInvalid } from '../alipay/index.ts'
import { hashesTo } from './api-key.ts'
import { describeError, type RouteEnvironment, type ServerContext } from './options.ts'
import { readBody } from './request-body.ts'

/** Serves `POST /alipay/notify/:token`. */
export function notifyRoute(context: ServerContext): Hono<RouteEnvironment> {
  const { client, payments, log } = context
  const tokenHash = createHash('sha256').update(context.notifyToken).digest('hex')
  const app = new Hono<RouteEnvironment>()

  app.post('/:token', async (c) => {
    if (!hashesTo(c.req.param('token'), tokenHash)) return c.notFound()
    const request_id = c.get('requestId')
    try {
      const body = await readBody(c.req.raw)
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
        return answer(c, 'fail', 400)
      }
      log({ level: 'error', event: 'notification.failed', request_id, ...describeError(error) })
      return answer(c, 'fail', 500)
    }
  })

  return app
}

function answer(
  c: Context<RouteEnvironment>,
  text: 'success' | 'fail',
  status: 200 | 400 | 413 | 500,
): Response {
  return c.body(text, status, { 'content-type': 'text/plain; charset=utf-8' })
}
