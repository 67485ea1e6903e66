/**
 * A notification of a trade that there never was, for tests of a notify address of one's own.
 *
 * @module
 */

import { formatYuan, parseYuan } from '../alipay/money.ts'
import { formatBeijingTime } from '../alipay/time.ts'
import { signForm, type FormSigning } from './notification-signing.ts'
import type { World } from './world.ts'

/** What a made-up notification says: Alipay's parameters by their names. */
export interface MadeUpNotification {
  /** Your number of the order. */
  readonly out_trade_no: string
  /** In yuan, such as `88.88`. */
  readonly total_amount: string
  /** Default `TRADE_SUCCESS`. */
  readonly trade_status?: string
  /** Any other parameter, in place of the one that is made up; `undefined` leaves it out. */
  readonly [param: string]: string | undefined
}

/**
 * Makes the body of a `POST` to a notify address, signed by the emulator's Alipay.
 *
 * @param world Whose keys, clock and numbers are taken.
 * @param params What is told.
 * @param signing By default RSA2 over UTF-8, with the plain key.
 * @throws {RangeError} If `total_amount` is no amount in yuan.
 */
export async function signMadeUpNotification(
  world: World,
  params: MadeUpNotification,
  signing: Partial<FormSigning> = {},
): Promise<string> {
  const { sign_type = 'RSA2', charset = 'utf-8', mode = 'key' } = signing
  const { credentials, sellerEmail } = world.keys
  const total_amount = formatYuan(parseYuan(params.total_amount))
  const now = world.clock.now()
  const time = formatBeijingTime(now)
  const [buyer] = world.state.buyers.values()
  const isPaid = ['TRADE_SUCCESS', 'TRADE_FINISHED'].includes(
    params.trade_status ?? 'TRADE_SUCCESS',
  )
  const fields: Record<string, string | undefined> = {
    notify_type: 'trade_status_sync',
    notify_id: world.numbers.notifyId(now),
    notify_time: time,
    version: '1.0',
    charset,
    app_id: credentials.app_id,
    auth_app_id: credentials.app_id,
    trade_no: world.numbers.tradeNo(now),
    trade_status: 'TRADE_SUCCESS',
    seller_id: credentials.seller_id,
    seller_email: sellerEmail,
    buyer_id: buyer?.id,
    buyer_logon_id: buyer?.logon_id,
    gmt_create: time,
    ...(isPaid && {
      receipt_amount: total_amount,
      invoice_amount: total_amount,
      buyer_pay_amount: total_amount,
      point_amount: '0.00',
      fund_bill_list: JSON.stringify([{ amount: total_amount, fundChannel: 'ALIPAYACCOUNT' }]),
      gmt_payment: time,
    }),
    ...params,
  }
  const said = Object.entries(fields).filter((field): field is [string, string] => {
    return field[1] !== undefined
  })
  return signForm(world, Object.fromEntries(said), { sign_type, charset, mode })
}
