/**
 * `saoma refund` at work.
 *
 * @module
 */

import { connect, findPayment, type ApiRefund } from './merchant-api.ts'
import { describeRefund, readAmount } from './payment-text.ts'

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
  const refund = await api.call<ApiRefund>('POST', '/refunds', {
    payment: payment.id,
    ...(amount === undefined ? {} : { amount: readAmount(amount) }),
    ...(reference === undefined ? {} : { reference }),
    ...(reason === undefined ? {} : { reason }),
  })
  process.stdout.write(json ? `${JSON.stringify(refund)}\n` : describeRefund(refund))
  return Number(refund.status === 'failed')
}
