/**
 * `saoma refund` at work.
 *
 * @module
 */

import { Failure } from './failure.ts'
import { ApiRefusal, connect, findPayment, type ApiRefund } from './merchant-api.ts'
import { describeRefund, readAmount, yuan } from './payment-text.ts'

/**
 * Refunds a payment.
 *
 * @param amount Yuan, or `undefined` for all that is left.
 * @returns Exit code: 0 refunded or under way, 1 refused.
 */
export async function refundPayment(
  env: Readonly<Record<string, string | undefined>>,
  name: string,
  amount: string | undefined,
  options: {
    readonly reference?: string
    readonly reason?: string
    readonly json: boolean
    readonly folder: string
  },
): Promise<number> {
  const { reference, reason, json, folder } = options
  const api = connect(env, folder)
  const payment = await findPayment(api, name)
  const refund = await api
    .call<ApiRefund>('POST', '/refunds', {
      payment: payment.id,
      ...(amount === undefined ? {} : { amount: readAmount(amount) }),
      ...(reference === undefined ? {} : { reference }),
      ...(reason === undefined ? {} : { reason }),
    })
    .catch((error: unknown) => {
      // The API counts in fen; here a person has typed yuan.
      if (!(error instanceof ApiRefusal) || error.code !== 'amount_too_large') throw error
      const left = yuan(payment.amount_refundable)
      throw new Failure(`At most ${left} of this payment can still be refunded.`, 1)
    })
  process.stdout.write(json ? `${JSON.stringify(refund)}\n` : describeRefund(refund))
  return Number(refund.status === 'failed')
}
