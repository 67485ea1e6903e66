/**
 * `/v1/refund_hold`: after a restored backup refunds wait; how far it is, and who ends it.
 *
 * @module
 */
import { z } from 'zod'
import { formatRfc3339 } from '../alipay/index.ts'
import { instant } from './fields.ts'
import { ok, operation, type Answer, type AnyOperation } from './operation.ts'
import type { AppContext } from './options.ts'
import { conflict } from './problem.ts'
import { refundHold } from './schemas.ts'

const getRefundHold = operation({
  method: 'GET',
  path: '/v1/refund_hold',
  id: 'getRefundHold',
  summary: 'See whether refunds are held after a restored backup',
  description:
    'Refunds of what was sold before the restoring are held until Alipay’s bills have told what went back since the backup; those of later sales are not.',
  scope: 'refunds:read',
  answers: { 200: { description: 'How it stands.', schema: refundHold } },
  async handle({ app }) {
    return ok(await holdJson(app))
  },
})

const createRefundHold = operation({
  method: 'POST',
  path: '/v1/refund_hold',
  id: 'createRefundHold',
  summary: 'Hold refunds',
  description:
    'For a database that was put back in another way than by `saoma restore`, such as to a point in time, or to a standby that had not received all.',
  scope: 'refunds:write',
  audit: 'refund_hold.create',
  body: z.strictObject({
    since: instant('since').describe('What happened from then on is not in the books'),
  }),
  answers: { 200: { description: 'Refunds are held.', schema: refundHold } },
  problems: {
    parameter_invalid: { status: 400, description: '`since` lies in the future.' },
  },
  async handle({ app, body: { since } }) {
    if (since > app.clock.now()) {
      return {
        status: 400,
        type: 'invalid_request_error',
        code: 'parameter_invalid',
        message: 'since lies in the future: give the time of the last thing that the books know.',
        param: 'since',
      }
    }
    await app.payments.holdRefunds(since)
    return ok(await holdJson(app))
  },
})

const liftRefundHold = operation({
  method: 'POST',
  path: '/v1/refund_hold/lift',
  id: 'liftRefundHold',
  summary: 'Send refunds again that are held',
  description:
    'Before the bills have covered the gap: who does this has looked at Alipay’s console. What waits is sent; where money of a payment has gone back meanwhile, each of its refunds still asks for a retry of its own.',
  scope: 'settings:write',
  audit: 'refund_hold.lift',
  body: z.strictObject({
    reason: z.string('reason is a text').min(1, 'reason is given').max(500, 'reason is shorter'),
  }),
  answers: { 200: { description: 'Refunds are sent again.', schema: refundHold } },
  problems: { refunds_not_held: { status: 409, description: 'No refund is held.' } },
  async handle({ app, actor }) {
    const count = await app.payments.liftRefundHold(actor.id)
    if (count === undefined) {
      return conflict('refunds_not_held', 'No refund is held: there is nothing to lift.')
    }
    return ok(await holdJson(app))
  },
})

/** The operations of the hold. */
export const refundHoldOperations: readonly AnyOperation[] = [
  getRefundHold,
  createRefundHold,
  liftRefundHold,
]

async function holdJson({ payments, books }: AppContext): Promise<Answer['body'] & object> {
  const hold = await payments.refundHold()
  const days = (await books?.gap()) ?? []
  return {
    object: 'refund_hold',
    status: hold === undefined ? 'none' : hold.liftedAt === null ? 'held' : 'lifted',
    from: hold === undefined ? null : formatRfc3339(hold.from),
    until: hold === undefined || hold.until === null ? null : formatRfc3339(hold.until),
    days: days.map(({ date, isCovered }) => ({ date, covered: isCovered })),
    lifted_at: hold === undefined || hold.liftedAt === null ? null : formatRfc3339(hold.liftedAt),
    lifted_by: hold?.liftedBy ?? null,
  }
}
